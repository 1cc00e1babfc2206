/**
 * Which field of a status shows which piece of evidence: the counterpart of `status`, read when a
 * status is written, so that the trace can name the cause of each field that changed. A field made
 * from several pieces names the newest of them: that is the one whose coming changed it.
 */
import { sameValue } from '../../ground/api/edit.ts';
import { conditionOf } from '../../ground/api/meta.ts';
import type { ContainerStatus, PodCondition, PodStatus } from '../../ground/api/types.ts';
import type { Evidence, FieldCause } from '../../ground/trace/evidence.ts';
import { type ContainerEvidence, NOTHING, type PodEvidence } from './evidence.ts';
import { sameCondition } from './status.ts';

type Pieces = readonly (Evidence | undefined)[];

/** The last piece that came; of those of one instant the last in the list. */
function newest(pieces: Pieces, origin: Evidence): Evidence {
  let found: Evidence | undefined;
  for (const piece of pieces)
    if (piece !== undefined && (found === undefined || piece.time >= found.time)) found = piece;
  return found ?? origin;
}

/** Each changed field with its cause, fields of one cause together. */
export function causesOf(
  old: PodStatus | undefined,
  next: PodStatus,
  evidence: PodEvidence,
): readonly FieldCause[] {
  const found = new Map<Evidence, string[]>();
  const note = (field: string, cause: Evidence): void => {
    const fields = found.get(cause);
    if (fields === undefined) found.set(cause, [field]);
    else fields.push(field);
  };
  const before = (old ?? {}) as Readonly<Record<string, unknown>>;
  const after = next as unknown as Readonly<Record<string, unknown>>;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (sameValue(before[key], after[key])) continue;
    if (key === 'conditions') noteConditions(old, next, evidence, note);
    else if (key === 'containerStatuses' || key === 'initContainerStatuses')
      noteContainers(key, old?.[key] ?? [], next[key] ?? [], evidence, note);
    else note(key, fieldCause(key, evidence));
  }
  return [...found].map(([cause, fields]) => ({ fields, evidence: cause }));
}

function fieldCause(key: string, evidence: PodEvidence): Evidence {
  switch (key) {
    case 'podIP':
    case 'podIPs':
      return evidence.sandbox ?? evidence.origin;
    case 'message':
    case 'reason':
      return evidence.refusal ?? evidence.origin;
    case 'phase':
      return evidence.refusal ?? newest(lives(evidence), evidence.origin);
    case 'observedGeneration':
      return evidence.write;
    default:
      return evidence.origin;
  }
}

/** What is known of the lives of containers: which run, which ended, which wait. */
function lives(evidence: PodEvidence): Pieces {
  return [...evidence.containers.values()].flatMap(({ seen, wait }) => [seen, wait]);
}

/** What the readiness of these containers is made from. */
function readiness(evidence: PodEvidence, statuses: readonly ContainerStatus[] = []): Pieces {
  return statuses.flatMap(({ name }) => {
    const known = evidence.containers.get(name);
    return [known?.seen, known?.probe];
  });
}

function noteConditions(
  old: PodStatus | undefined,
  next: PodStatus,
  evidence: PodEvidence,
  note: (field: string, cause: Evidence) => void,
): void {
  for (const condition of next.conditions ?? []) {
    const before = conditionOf(old?.conditions, condition.type);
    if (before !== undefined && sameCondition(before, condition)) continue;
    const field = `conditions[${condition.type}]`;
    if (before !== undefined && saysTheSame(before, condition)) note(field, evidence.write);
    else note(field, conditionCause(condition, before, next, evidence));
  }
}

/** They differ in the generation that they were made for, and in nothing else. */
function saysTheSame(a: PodCondition, b: PodCondition): boolean {
  return a.status === b.status && a.reason === b.reason && a.message === b.message;
}

const GATES = 'ReadinessGatesNotReady';

function conditionCause(
  condition: PodCondition,
  before: PodCondition | undefined,
  next: PodStatus,
  evidence: PodEvidence,
): Evidence {
  const { origin, write, sandbox, refusal } = evidence;
  switch (condition.type) {
    case 'PodReadyToStartContainers':
      return sandbox ?? refusal ?? origin;
    case 'Initialized':
      return refusal ?? newest(readiness(evidence, next.initContainerStatuses), origin);
    case 'Ready':
    case 'ContainersReady': {
      // A readiness gate is a condition that somebody else writes.
      const gated = condition.reason === GATES || before?.reason === GATES;
      const pieces = readiness(evidence, next.containerStatuses);
      return refusal ?? newest(gated ? [...pieces, write] : pieces, origin);
    }
    default:
      return origin;
  }
}

function noteContainers(
  list: string,
  old: readonly ContainerStatus[],
  next: readonly ContainerStatus[],
  evidence: PodEvidence,
  note: (field: string, cause: Evidence) => void,
): void {
  for (const status of next) {
    const found = old.find((one) => one.name === status.name);
    const before = (found ?? {}) as Readonly<Record<string, unknown>>;
    const after = status as unknown as Readonly<Record<string, unknown>>;
    const known = evidence.containers.get(status.name) ?? NOTHING;
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (sameValue(before[key], after[key])) continue;
      note(`${list}[${status.name}].${key}`, containerCause(key, status, known, evidence));
    }
  }
}

function containerCause(
  key: string,
  status: ContainerStatus,
  known: ContainerEvidence,
  evidence: PodEvidence,
): Evidence {
  const { origin, write } = evidence;
  switch (key) {
    case 'state':
      if (status.state?.waiting !== undefined && known.wait !== undefined) return known.wait;
      return known.seen ?? origin;
    case 'lastState':
      return exitOf(status.lastState?.terminated?.containerID, known) ?? origin;
    case 'ready':
    case 'started':
      return newest([known.seen, known.probe], origin);
    case 'allocatedResources':
    case 'volumeMounts':
    case 'name':
      return write;
    default:
      return known.seen ?? write;
  }
}

/** The answer that reported the end of this container. */
function exitOf(id: string | undefined, known: ContainerEvidence): Evidence | undefined {
  const name = (id ?? '').replace('containerd://', '');
  return known.exits.find((exit) => name.startsWith((exit.object ?? '').replace('Container/', '')));
}
