/**
 * The trace as lines of text: `lab trace`. A record is one line; below one that carries evidence stand
 * the fields that were written, each group with what it was learnt from, when, and the record behind it.
 */
import { type Micros, SECOND } from '../ground/base/event-loop.ts';
import { evidenceOf, type FieldCause, recordBehind } from '../ground/trace/evidence.ts';
import type { TraceRecord } from '../ground/trace/record.ts';
import type { Recorder } from '../ground/trace/recorder.ts';

const RECORDS_MAX = 400;

/**
 * The newest records since a time whose component, verb or object holds the text; for `#512` that
 * record and all that it follows from. Undefined when no such record is kept.
 */
export function traceLines(
  recorder: Recorder,
  text: string,
  since: Micros,
): readonly string[] | undefined {
  const number = /^#?(\d+)$/.exec(text);
  if (number !== null) {
    const chain = recorder.chain(Number(number[1]));
    return chain.length === 0
      ? undefined
      : chain.flatMap((record) => recordLines(recorder, record));
  }
  return recorder
    .all()
    .filter(
      (record) =>
        record.time >= since &&
        (text === '' || `${record.component} ${record.verb} ${record.object}`.includes(text)),
    )
    .slice(-RECORDS_MAX)
    .flatMap((record) => recordLines(recorder, record));
}

function recordLines(recorder: Recorder, record: TraceRecord): string[] {
  const cause = record.cause > 1 ? ` <- #${record.cause}` : '';
  const note = record.note === '' ? '' : ` (${record.note})`;
  return [
    `${timeText(record.time)} ${nameOf(record)}${note}${cause}`,
    ...evidenceOf(record.detail).flatMap((each) => evidenceLines(recorder, each)),
  ];
}

/** `#512 kubelet@node-1 status Pod/default/web r31` */
function nameOf(record: TraceRecord): string {
  const revision = record.revision > 0 ? ` r${record.revision}` : '';
  return `#${record.id} ${record.component} ${record.verb} ${record.object}${revision}`;
}

function evidenceLines(recorder: Recorder, { fields, evidence }: FieldCause): string[] {
  const { kind, text, time } = evidence;
  const record = recordBehind(recorder, evidence);
  const note = record === undefined || record.note === '' ? '' : ` (${record.note})`;
  const behind = record === undefined ? '' : ` <- ${nameOf(record)}${note}`;
  return [`    ${fieldsText(fields)}`, `      ${timeText(time)} ${kind}: ${text}${behind}`];
}

/** `phase, conditions[Ready], containerStatuses[web].state`: fields of one container together. */
export function fieldsText(fields: readonly string[]): string {
  const groups = new Map<string, string[]>();
  for (const field of fields) {
    const match = /^(\w+)\[(.+?)\](?:\.(\w+))?$/.exec(field);
    const [head, part] =
      match === null
        ? [field, '']
        : match[3] === undefined
          ? [match[1] as string, match[2] as string]
          : [`${match[1]}[${match[2]}]`, match[3]];
    const parts = groups.get(head) ?? [];
    if (part !== '') parts.push(part);
    groups.set(head, parts);
  }
  return [...groups]
    .map(([head, parts]) => {
      if (parts.length === 0) return head;
      const text = parts.join(',');
      return head.endsWith(']')
        ? `${head}.${parts.length > 1 ? `{${text}}` : text}`
        : `${head}[${text}]`;
    })
    .join(', ');
}

function timeText(time: Micros): string {
  return (time / SECOND).toFixed(6);
}
