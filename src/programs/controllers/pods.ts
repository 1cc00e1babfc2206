/**
 * Pods as controllers judge them (k8s.io/kubernetes/pkg/controller/controller_utils.go and
 * pkg/api/v1/pod/util.go, v1.34).
 */
import { conditionOf, entryOf } from '../../ground/api/meta.ts';
import type { Pod } from '../../ground/api/types.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { log2Floor } from '../../ground/base/math.ts';
import { compareText } from '../../ground/base/text.ts';
import { parseRfc3339, type WallTime } from '../../ground/base/time.ts';

/** Neither finished nor going away. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isPodTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

export function isPodReady(pod: Pod): boolean {
  const conditions = pod.status?.conditions;
  if (conditions === undefined) return false;
  for (const condition of conditions) {
    if (condition.type === 'Ready') return condition.status === 'True';
  }
  return false;
}

/** Since when the Ready condition has stood as it stands; undefined when there is none. */
function readyTransition(pod: Pod): WallTime | undefined {
  const time = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  return time === undefined ? undefined : parseRfc3339(time);
}

/** Ready for at least `minReady` microseconds. */
export function isPodAvailable(pod: Pod, minReady: Micros, now: WallTime): boolean {
  if (!isPodReady(pod)) return false;
  if (minReady === 0) return true;
  const since = readyTransition(pod);
  return since !== undefined && since + minReady <= now;
}

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** The cost of deleting a pod by its annotation; 0 when there is none or it is malformed. */
function deletionCost(pod: Pod): number {
  const text = entryOf(pod.metadata.annotations, DELETION_COST);
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

/** Pending goes before Unknown, Unknown before Running. */
function phaseRank(pod: Pod): number {
  const phase = pod.status?.phase;
  return phase === 'Running' ? 2 : phase === 'Unknown' ? 1 : 0;
}

function restarts(pod: Pod): number {
  let most = 0;
  for (const status of pod.status?.containerStatuses ?? []) {
    most = Math.max(most, status.restartCount);
  }
  return most;
}

/**
 * Ages are compared in powers of two of nanoseconds, an absent time goes first; times that differ
 * within a bucket are ordered by UID. 0 only when the times are equal.
 */
function compareAges(
  a: { readonly time: WallTime | undefined; readonly pod: Pod },
  b: { readonly time: WallTime | undefined; readonly pod: Pod },
  now: WallTime,
): number {
  if (a.time === b.time) return 0;
  if (a.time === undefined) return -1;
  if (b.time === undefined) return 1;
  const buckets = ageBucket(a.time, now) - ageBucket(b.time, now);
  return buckets !== 0 ? buckets : compareUids(a.pod, b.pod);
}

function compareUids(a: Pod, b: Pod): number {
  return compareText(a.metadata.uid ?? '', b.metadata.uid ?? '');
}

function ageBucket(time: WallTime, now: WallTime): number {
  const age = (now - time) * 1000;
  return age <= 0 ? -1 : log2Floor(age);
}

/**
 * Orders pods for deletion: the first goes first. `podsOnNode` counts the owner's active pods per node
 * (ActivePodsWithRanks of pkg/controller, with the rules of 1.21 and later).
 */
export function comparePodsForDeletion(
  podsOnNode: ReadonlyMap<string, number>,
  now: WallTime,
): (a: Pod, b: Pod) => number {
  return (a, b) => {
    const nodeA = a.spec?.nodeName ?? '';
    const nodeB = b.spec?.nodeName ?? '';
    if ((nodeA === '') !== (nodeB === '')) return nodeA === '' ? -1 : 1;
    const phase = phaseRank(a) - phaseRank(b);
    if (phase !== 0) return phase;
    const readyA = isPodReady(a);
    const readyB = isPodReady(b);
    if (readyA !== readyB) return readyA ? 1 : -1;
    const cost = deletionCost(a) - deletionCost(b);
    if (cost !== 0) return cost;
    const crowd = (podsOnNode.get(nodeB) ?? 0) - (podsOnNode.get(nodeA) ?? 0);
    if (crowd !== 0) return crowd;
    if (readyA && readyB) {
      const [first, second] = [readyTransition(a), readyTransition(b)];
      const ready = compareAges({ time: first, pod: a }, { time: second, pod: b }, now);
      if (ready !== 0) return ready;
    }
    const restarted = restarts(b) - restarts(a);
    if (restarted !== 0) return restarted;
    const created = compareAges(
      { time: createdAt(a), pod: a },
      { time: createdAt(b), pod: b },
      now,
    );
    return created !== 0 ? created : compareUids(a, b);
  };
}

function createdAt(pod: Pod): WallTime | undefined {
  const text = pod.metadata.creationTimestamp;
  return text === undefined ? undefined : parseRfc3339(text);
}
