/**
 * The scheduling queue (pkg/scheduler/backend/queue, v1.34): active, back-off and unschedulable pods.
 * Active pods go by priority, then by the time they came. A rejected pod remembers the plugins that
 * rejected it; a cluster event moves it only when one of those plugins could now say otherwise
 * (QueueingHints). Back-off is 1 s doubling to 10 s; a pod in back-off may be popped when nothing is
 * active (SchedulerPopFromBackoffQ, on since 1.33), except after an error. What has been
 * unschedulable for 5 minutes is tried again. A pod with scheduling gates is not tried at all until the
 * last of them is taken away (the SchedulingGates plugin at PreEnqueue).
 */
import { keyOf } from '../../ground/api/object.ts';
import type { Pod } from '../../ground/api/types.ts';
import { type CauseId, type Micros, MINUTE, SECOND } from '../../ground/base/event-loop.ts';
import { Heap } from '../../ground/base/heap.ts';
import { Condition } from '../../ground/base/task.ts';

const BACKOFF_MIN: Micros = SECOND;
const BACKOFF_MAX: Micros = 10 * SECOND;
/** Leftovers are flushed when older than this. */
const UNSCHEDULABLE_MAX: Micros = 5 * MINUTE;

/** A change in the cluster that may make a rejected pod fit. */
export type ClusterEvent =
  | 'NodeAdd'
  | 'NodeAllocatable'
  | 'NodeLabel'
  | 'NodeTaint'
  | 'AssignedPodDelete'
  | 'PodUpdate';

/** Which events may help a pod that a plugin rejected (EventsToRegister of each plugin). */
const HINTS: Readonly<Record<string, readonly ClusterEvent[]>> = {
  NodeUnschedulable: ['NodeAdd', 'NodeTaint', 'PodUpdate'],
  NodeName: ['NodeAdd'],
  TaintToleration: ['NodeAdd', 'NodeTaint', 'PodUpdate'],
  NodeAffinity: ['NodeAdd', 'NodeLabel'],
  NodePorts: ['NodeAdd', 'AssignedPodDelete'],
  NodeResourcesFit: ['NodeAdd', 'NodeAllocatable', 'AssignedPodDelete', 'PodUpdate'],
};

export interface QueuedPod {
  pod: Pod;
  readonly key: string;
  /** When it came into the queue for the first time. */
  readonly since: Micros;
  attempts: number;
  /** Plugins that rejected it at the last attempt. */
  rejectedBy: readonly string[];
  /** The last attempt failed with an error, not a verdict. */
  errored: boolean;
  /** When it came into the part of the queue it is in. */
  entered: Micros;
  /** What the next attempt follows from. */
  cause: CauseId;
  where: 'active' | 'backoff' | 'unschedulable' | 'gated' | 'in-flight';
}

export class SchedulingQueue {
  readonly #pods = new Map<string, QueuedPod>();
  /** Active pods in order; entries that are no longer active are skipped when they surface. */
  readonly #active = new Heap<QueuedPod>(goesBefore);
  readonly #now: () => Micros;
  /** Events since a pod was popped: replayed to it when it comes back. */
  readonly #inFlight = new Map<string, Set<ClusterEvent>>();
  readonly changed = new Condition('a pod to schedule');

  constructor(now: () => Micros) {
    this.#now = now;
  }

  counts(): { readonly active: number; readonly backoff: number; readonly unschedulable: number } {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0 };
    for (const one of this.#pods.values()) if (one.where !== 'in-flight') counts[one.where] += 1;
    const { active, backoff, unschedulable } = counts;
    return { active, backoff, unschedulable };
  }

  get size(): number {
    return this.#pods.size;
  }

  add(pod: Pod, cause: CauseId): void {
    const key = keyOf(pod);
    const now = this.#now();
    const queued: QueuedPod = {
      pod,
      key,
      since: now,
      attempts: 0,
      rejectedBy: [],
      errored: false,
      entered: now,
      cause,
      where: isGated(pod) ? 'gated' : 'active',
    };
    this.#pods.set(key, queued);
    if (queued.where === 'gated') return;
    this.#active.push(queued);
    this.changed.notify();
  }

  /** A change of a waiting pod itself. */
  update(pod: Pod, cause: CauseId): void {
    const known = this.#pods.get(keyOf(pod));
    if (known === undefined) {
      this.add(pod, cause);
      return;
    }
    const old = known.pod;
    known.pod = pod;
    if (known.where === 'gated') {
      if (isGated(pod)) return;
      known.cause = cause;
      this.#activate(known);
      return;
    }
    const relevant = old.spec !== pod.spec || old.metadata.labels !== pod.metadata.labels;
    if (relevant && known.where === 'unschedulable') this.#offer(known, 'PodUpdate', cause);
  }

  remove(key: string): void {
    this.#pods.delete(key);
    this.#inFlight.delete(key);
  }

  /** The next pod, now in flight; undefined when there is none to try. */
  pop(): QueuedPod | undefined {
    const next = this.#nextActive() ?? this.#nextInBackoff();
    if (next === undefined) return undefined;
    next.where = 'in-flight';
    next.attempts += 1;
    this.#inFlight.set(next.key, new Set());
    return next;
  }

  /** The pod was bound, or is gone. */
  done(key: string): void {
    this.remove(key);
  }

  /** The pod did not fit, or the attempt failed: it waits for an event, or backs off. */
  giveBack(queued: QueuedPod, rejectedBy: readonly string[], errored: boolean): void {
    const events = this.#inFlight.get(queued.key) ?? new Set<ClusterEvent>();
    this.#inFlight.delete(queued.key);
    if (!this.#pods.has(queued.key)) return;
    queued.rejectedBy = rejectedBy;
    queued.errored = errored;
    queued.entered = this.#now();
    const helped = [...events].some((event) => isHelpful(event, rejectedBy));
    queued.where = errored || helped ? 'backoff' : 'unschedulable';
    if (queued.where === 'backoff') this.changed.notify();
  }

  /** A cluster event: pods that it may help become active, or back off first. */
  moveOn(event: ClusterEvent, cause: CauseId): void {
    for (const events of this.#inFlight.values()) events.add(event);
    for (const one of this.#pods.values()) {
      if (one.where === 'unschedulable') this.#offer(one, event, cause);
    }
  }

  /** Flushes what is due; gives the time of the next flush that would change something. */
  flush(): Micros | undefined {
    const now = this.#now();
    let next: Micros | undefined;
    for (const one of this.#pods.values()) {
      const due =
        one.where === 'backoff'
          ? one.entered + backoffOf(one)
          : one.where === 'unschedulable'
            ? one.entered + UNSCHEDULABLE_MAX
            : undefined;
      if (due === undefined) continue;
      if (due <= now) this.#activate(one);
      else if (next === undefined || due < next) next = due;
    }
    return next;
  }

  waiting(): Iterable<QueuedPod> {
    return this.#pods.values();
  }

  #offer(one: QueuedPod, event: ClusterEvent, cause: CauseId): void {
    if (!isHelpful(event, one.rejectedBy)) return;
    one.cause = cause;
    if (one.entered + backoffOf(one) <= this.#now()) this.#activate(one);
    else {
      one.where = 'backoff';
      this.changed.notify();
    }
  }

  #activate(one: QueuedPod): void {
    one.where = 'active';
    one.errored = false;
    this.#active.push(one);
    this.changed.notify();
  }

  #nextActive(): QueuedPod | undefined {
    for (;;) {
      const next = this.#active.pop();
      if (next === undefined) return undefined;
      if (next.where === 'active' && this.#pods.get(next.key) === next) return next;
    }
  }

  #nextInBackoff(): QueuedPod | undefined {
    let best: QueuedPod | undefined;
    for (const one of this.#pods.values()) {
      if (one.where !== 'backoff' || one.errored) continue;
      if (best === undefined || goesBefore(one, best)) best = one;
    }
    return best;
  }
}

function isGated(pod: Pod): boolean {
  return (pod.spec?.schedulingGates ?? []).length > 0;
}

function goesBefore(a: QueuedPod, b: QueuedPod): boolean {
  const x = a.pod.spec?.priority ?? 0;
  const y = b.pod.spec?.priority ?? 0;
  return x > y || (x === y && a.since < b.since);
}

function isHelpful(event: ClusterEvent, rejectedBy: readonly string[]): boolean {
  return rejectedBy.some((plugin) => HINTS[plugin]?.includes(event) === true);
}

function backoffOf(one: QueuedPod): Micros {
  let backoff = BACKOFF_MIN;
  for (let attempt = 1; attempt < one.attempts && backoff < BACKOFF_MAX; attempt += 1) backoff *= 2;
  return Math.min(backoff, BACKOFF_MAX);
}
