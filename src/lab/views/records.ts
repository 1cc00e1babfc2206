/** Rows of the trace: who did what when, what a write was learnt from, and what it followed. */
import { evidenceOf, recordBehind } from '../../ground/trace/evidence.ts';
import type { TraceRecord } from '../../ground/trace/record.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import { fieldsText } from '../trace-text.ts';
import type { RecordRow, RecordsAnswer } from '../view-types.ts';

/** Rows that one answer holds. */
const ROWS_MAX = 200;

interface Wanted {
  /** Key of an object, `Pod/default/web-1`; empty: all; `#512`: that record and all it follows from. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** The newest records of a span of time, oldest first. */
export function recordsOf(recorder: Recorder, { key, from, to }: Wanted): RecordsAnswer {
  const chain = /^#(\d+)$/.exec(key)?.[1];
  if (chain !== undefined) {
    const records = [...recorder.chain(Number(chain))]
      .reverse()
      .map((record) => rowOf(recorder, record));
    return { total: records.length, records };
  }
  const found = recorder
    .all()
    .filter(
      (record) => record.time >= from && record.time <= to && (key === '' || isAbout(record, key)),
    );
  return {
    total: found.length,
    records: found.slice(-ROWS_MAX).map((record) => rowOf(recorder, record)),
  };
}

/** Whether a record is about an object, about its events, or about its twin of the same name. */
function isAbout({ object }: TraceRecord, key: string): boolean {
  if (object === key) return true;
  const [, ...wanted] = key.split('/');
  const [, ...parts] = object.split('/');
  const name = parts.at(-1) ?? '';
  const own = wanted.at(-1) ?? '';
  const foreign = wanted.length === 2 && parts.length === 2 && wanted[0] !== parts[0];
  return !foreign && own !== '' && (name === own || name.startsWith(`${own}.`));
}

function rowOf(recorder: Recorder, record: TraceRecord): RecordRow {
  const { id, time, cause, component, verb, object, revision, note } = record;
  const learnt = evidenceOf(record.detail).map(({ fields, evidence }) => ({
    fields: fieldsText(fields),
    time: evidence.time,
    kind: evidence.kind,
    text: evidence.text,
    record: recordBehind(recorder, evidence)?.id ?? 0,
  }));
  return { id, time, cause, component, verb, object, revision, note, learnt };
}
