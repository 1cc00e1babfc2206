/**
 * Why a component wrote what it wrote: what it had learnt, from whom, when, and from which record that
 * followed. A component that turns many answers into one object (the kubelet and a pod's status) hangs
 * this on the record of the write, one entry for each thing learnt, with the fields that show it.
 */
import { BACKGROUND, type CauseId, type Micros } from '../base/event-loop.ts';
import type { TraceRecord } from './record.ts';
import type { Recorder } from './recorder.ts';

/**
 * - `binding`, `manifest`: the pod is this node's, by the API or by a file
 * - `write`: somebody wrote the object and the component saw it
 * - `cri`: an answer of the runtime
 * - `exit`: an answer of the runtime that reports the end of a process, with its exit code
 * - `probe`, `hook`: the verdict of a probe, the outcome of a lifecycle hook
 * - `refusal`: the component itself refused: no room, a deadline, a name that cannot be
 * - `lookup`: an object that the API server has or has not
 */
export type EvidenceKind =
  | 'binding'
  | 'manifest'
  | 'write'
  | 'cri'
  | 'exit'
  | 'probe'
  | 'hook'
  | 'refusal'
  | 'lookup';

export interface Evidence {
  readonly kind: EvidenceKind;
  readonly time: Micros;
  /** In words: `PodSandboxStatus 9f4c05b394878: SANDBOX_READY 10.244.1.2`. */
  readonly text: string;
  /** The record that it follows from; 0: nothing but the clock. */
  readonly cause: CauseId;
  /** What it is about, as records name it: `Container/9f4c05b394878`. */
  readonly object?: string;
  /** Which of its records can be behind this. */
  readonly verbs?: readonly string[];
}

export interface FieldCause {
  /** Paths below the status: `phase`, `containerStatuses[web].state`, `conditions[Ready]`. */
  readonly fields: readonly string[];
  readonly evidence: Evidence;
}

/** The detail of a record of a write. */
export interface WriteEvidence {
  readonly kind: 'evidence';
  readonly causes: readonly FieldCause[];
}

/**
 * The record behind a piece of evidence: what last happened to the object that it is about, and else
 * what it follows from.
 */
export function recordBehind(recorder: Recorder, evidence: Evidence): TraceRecord | undefined {
  const { object, time, cause, verbs } = evidence;
  if (object !== undefined) {
    const records = recorder.all();
    for (let index = firstAfter(records, time) - 1; index >= 0; index -= 1) {
      const record = records[index];
      if (record?.object === object && verbs?.includes(record.verb) !== false) return record;
    }
  }
  return cause > BACKGROUND ? recorder.find(cause) : undefined;
}

/** Position of the first record later than a time. */
function firstAfter(records: readonly TraceRecord[], time: Micros): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((records[middle] as TraceRecord).time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The evidence that a record carries, if it does. */
export function evidenceOf(detail: unknown): readonly FieldCause[] {
  const found = detail as Partial<WriteEvidence> | undefined;
  return found?.kind === 'evidence' ? (found.causes ?? []) : [];
}
