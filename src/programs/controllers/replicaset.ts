/**
 * The ReplicaSet controller (k8s.io/kubernetes/pkg/controller/replicaset, v1.34): keeps as many active
 * pods as the spec asks for. Watches ReplicaSets and Pods; the key is the ReplicaSet's. Events:
 * SuccessfulCreate, SuccessfulDelete, FailedCreate, FailedDelete.
 *
 * Counts come from `owned-pods`, so a sync costs what changed. Not modelled: terminatingReplicas
 * (alpha in 1.34).
 */
import { freezeDeep, withFields } from '../../ground/api/edit.ts';
import { conditionOf, controllerOf, controllerRef } from '../../ground/api/meta.ts';
import { PODS, REPLICA_SETS } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import { matches } from '../../ground/api/selector.ts';
import type {
  Pod,
  ReplicaSet,
  ReplicaSetCondition,
  ReplicaSetStatus,
} from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import { isNamespaceTerminating } from '../../spine/client/api-error.ts';
import type { Informer } from '../../spine/client/informer.ts';
import type { ApiError } from '../../spine/client/types.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  inParallel,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { Expectations } from './expectations.ts';
import { BY_OWNER, OwnedPods, type Tally } from './owned-pods.ts';
import { comparePodsForDeletion, isPodActive, isPodAvailable, isPodReady } from './pods.ts';

/** Pods that one sync may create or delete. */
const BURST_REPLICAS = 500;
const WORKERS = 5;
const NOBODY: readonly string[] = [];

export const replicaSetController: Controller = {
  name: 'replicaset-controller',
  account: 'replicaset-controller',
  component: 'replicaset-controller',
  start: (context) => new ReplicaSetController(context).start(),
};

class ReplicaSetController {
  readonly #context: ControllerContext;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #owned: OwnedPods;
  readonly #queue: WorkQueue;
  readonly #expectations = new Expectations();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#sets = context.informers.of<ReplicaSet>(REPLICA_SETS);
    this.#pods = context.informers.of<Pod>(PODS);
    this.#owned = new OwnedPods(this.#pods);
    this.#queue = new WorkQueue(context.process, 'replicaset');
    this.#sets.addIndex('ownerUID', (set) => [controllerOf(set)?.uid ?? '']);
  }

  start(): void {
    this.#sets.addHandler({
      onAdd: (set) => this.#queue.add(keyOf(set)),
      onUpdate: (_, set) => this.#queue.add(keyOf(set)),
      onDelete: (set) => {
        this.#expectations.forget(keyOf(set));
        this.#owned.forget(set.metadata.uid ?? '');
        this.#queue.add(keyOf(set));
      },
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podAdded(pod),
      onUpdate: (old, pod) => this.#podUpdated(old, pod),
      onDelete: (pod) => this.#podGone(pod),
    });
    const informers = [this.#sets, this.#pods];
    startWorkers(this.#context, this.#queue, informers, { workers: WORKERS }, (key) =>
      this.#reconcile(key),
    );
  }

  /** The ReplicaSet that controls a pod, if it is really that one and not a later one of its name. */
  #ownerOf(pod: Pod): ReplicaSet | undefined {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicaSet') return undefined;
    const set = this.#sets.get(`${pod.metadata.namespace}/${owner.name}`);
    return set?.metadata.uid === owner.uid ? set : undefined;
  }

  #podAdded(pod: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#podGone(pod);
      return;
    }
    const set = this.#ownerOf(pod);
    if (set !== undefined) {
      this.#expectations.creationObserved(keyOf(set));
      this.#queue.add(keyOf(set));
    } else if (controllerOf(pod) === undefined) this.#enqueueMatching(pod);
  }

  #podUpdated(old: Pod, pod: Pod): void {
    if (old.metadata.deletionTimestamp === undefined && !isActiveOrFinished(pod)) {
      this.#podGone(pod);
      if (old.metadata.labels !== pod.metadata.labels) this.#podGone(old);
      return;
    }
    const before = this.#ownerOf(old);
    const set = this.#ownerOf(pod);
    if (before !== undefined && before !== set) this.#queue.add(keyOf(before));
    if (set !== undefined) {
      this.#queue.add(keyOf(set));
      const wait = set.spec?.minReadySeconds ?? 0;
      if (wait > 0 && !isPodReady(old) && isPodReady(pod)) {
        this.#queue.addAfter(keyOf(set), (wait + 1) * SECOND);
      }
    } else if (controllerOf(pod) === undefined) {
      const changed = old.metadata.labels !== pod.metadata.labels;
      if (changed || controllerOf(old) !== undefined) this.#enqueueMatching(pod);
    }
  }

  #podGone(pod: Pod): void {
    const set = this.#ownerOf(pod);
    if (set === undefined) return;
    this.#expectations.deletionObserved(keyOf(set), keyOf(pod));
    this.#queue.add(keyOf(set));
  }

  /** An ownerless pod may be adopted by whoever selects it. */
  #enqueueMatching(pod: Pod): void {
    for (const set of this.#sets.byIndex('namespace', pod.metadata.namespace ?? '')) {
      if (matches(this.#owned.of(set).selector, pod.metadata.labels)) this.#queue.add(keyOf(set));
    }
  }

  *#reconcile(key: string): Task<SyncFailure> {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#expectations.forget(key);
      return undefined;
    }
    const now = this.#context.process.clock.monotonic();
    const mayManage = this.#expectations.satisfied(key, now);
    const tally = this.#owned.of(set);
    const claim = yield* this.#claim(set, tally);
    if (typeof claim === 'string') return claim;
    let failure: SyncFailure;
    if (mayManage && set.metadata.deletionTimestamp === undefined) {
      failure = yield* this.#manage(
        key,
        set,
        this.#owned.of(set).active + this.#unseen(set, claim),
      );
    }
    const latest = this.#sets.get(key) ?? set;
    const written = yield* this.#updateStatus(latest, this.#owned.of(latest), failure);
    return failure ?? written;
  }

  /** Of the pods just adopted, how many the informer still shows without an owner. */
  #unseen(set: ReplicaSet, adopted: readonly string[]): number {
    let count = 0;
    for (const key of adopted) {
      const pod = this.#pods.get(key);
      if (pod !== undefined && controllerOf(pod)?.uid !== set.metadata.uid) count += 1;
    }
    return count;
  }

  /**
   * Adopts ownerless pods that the selector matches, and lets go of owned ones that it does not. Gives
   * the keys of the adopted ones, or what went wrong.
   */
  *#claim(set: ReplicaSet, tally: Tally): Task<readonly string[] | string> {
    const { client } = this.#context;
    const namespace = set.metadata.namespace ?? '';
    for (const key of [...tally.mismatched]) {
      const pod = this.#pods.get(key);
      if (pod === undefined) continue;
      const patch = freezeDeep({
        metadata: {
          uid: pod.metadata.uid,
          ownerReferences: [{ $patch: 'delete', uid: set.metadata.uid }],
        },
      });
      const name = pod.metadata.name;
      const released = yield* client.patch(PODS, namespace, name, 'strategic', patch);
      // Gone, or another one of the same name by now.
      const gone = !released.ok && (released.error.code === 404 || released.error.code === 422);
      if (!released.ok && !gone) return released.error.message;
    }
    if (set.metadata.deletionTimestamp !== undefined) return NOBODY;
    const claimed: string[] = [];
    for (const pod of [...this.#pods.byIndex(BY_OWNER, `orphan/${namespace}`)]) {
      if (!isPodActive(pod) || !matches(tally.selector, pod.metadata.labels)) continue;
      const patch = freezeDeep({
        metadata: { ownerReferences: [controllerRef(set)], uid: pod.metadata.uid },
      });
      const adopted = yield* client.patch(PODS, namespace, pod.metadata.name, 'strategic', patch);
      if (adopted.ok) claimed.push(keyOf(pod));
      else if (adopted.error.code !== 404) return adopted.error.message;
    }
    return claimed;
  }

  *#manage(key: string, set: ReplicaSet, active: number): Task<SyncFailure> {
    const wanted = set.spec?.replicas ?? 1;
    const difference = wanted - active;
    const now = this.#context.process.clock.monotonic();
    if (difference > 0) {
      const count = Math.min(difference, BURST_REPLICAS);
      this.#expectations.expectCreations(key, count, now);
      return yield* this.#create(key, set, count);
    }
    if (difference < 0) {
      const victims = this.#victims(set, Math.min(-difference, BURST_REPLICAS));
      this.#expectations.expectDeletions(key, victims.map(keyOf), now);
      return yield* this.#delete(key, set, victims);
    }
    return undefined;
  }

  /** Slow start: batches of 1, 2, 4 …; the first batch with a failure is the last. */
  *#create(key: string, set: ReplicaSet, count: number): Task<SyncFailure> {
    const { process } = this.#context;
    const pod = podOf(set);
    let done = 0;
    for (let batch = 1; done < count; batch *= 2) {
      const size = Math.min(batch, count - done);
      const tasks = Array.from({ length: size }, () => this.#createOne(key, set, pod));
      const failures = yield* inParallel(process, 'create pod', tasks);
      done += size;
      const failure = failures.find((each) => each !== undefined);
      if (failure !== undefined) {
        for (let rest = done; rest < count; rest += 1) this.#expectations.creationObserved(key);
        return failure;
      }
    }
    return undefined;
  }

  *#createOne(key: string, set: ReplicaSet, pod: Pod): Task<SyncFailure> {
    const { client, recorder } = this.#context;
    const created = yield* client.create<Pod>(PODS, pod);
    if (created.ok) {
      const message = `Created pod: ${created.value.metadata.name}`;
      recorder.event(set, 'Normal', 'SuccessfulCreate', message);
      return undefined;
    }
    this.#expectations.creationObserved(key);
    if (isNamespaceTerminating(created.error)) return undefined;
    recorder.event(set, 'Warning', 'FailedCreate', `Error creating: ${created.error.message}`);
    return created.error.message;
  }

  /** Which pods to delete: the ranking of facts 5.1 over the active pods of the set. */
  #victims(set: ReplicaSet, count: number): readonly Pod[] {
    const uid = set.metadata.uid ?? '';
    const active = [...this.#pods.byIndex(BY_OWNER, uid)].filter(isPodActive);
    if (count >= active.length) return active;
    const onNode = new Map<string, number>();
    for (const related of this.#related(set)) {
      for (const pod of this.#pods.byIndex(BY_OWNER, related.metadata.uid ?? '')) {
        const node = pod.spec?.nodeName;
        if (node === undefined || !isPodActive(pod)) continue;
        onNode.set(node, (onNode.get(node) ?? 0) + 1);
      }
    }
    const now = this.#context.process.clock.wall();
    return active.sort(comparePodsForDeletion(onNode, now)).slice(0, count);
  }

  /** The set and those of the same owner: pods of all of them crowd a node. */
  #related(set: ReplicaSet): Iterable<ReplicaSet> {
    const owner = controllerOf(set)?.uid;
    return owner === undefined ? [set] : this.#sets.byIndex('ownerUID', owner);
  }

  *#delete(key: string, set: ReplicaSet, victims: readonly Pod[]): Task<SyncFailure> {
    const { process } = this.#context;
    const tasks = victims.map((pod) => this.#deleteOne(key, set, pod));
    const failures = yield* inParallel(process, 'delete pod', tasks);
    return failures.find((each) => each !== undefined);
  }

  *#deleteOne(key: string, set: ReplicaSet, pod: Pod): Task<SyncFailure> {
    const { client, recorder } = this.#context;
    const { namespace = '', name } = pod.metadata;
    const deleted = yield* client.delete(PODS, namespace, name);
    if (deleted.ok) {
      recorder.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
      return undefined;
    }
    this.#expectations.deletionObserved(key, keyOf(pod));
    if (deleted.error.code === 404) return undefined;
    const message = `Error deleting: ${deleted.error.message}`;
    recorder.event(set, 'Warning', 'FailedDelete', message);
    return deleted.error.message;
  }

  *#updateStatus(set: ReplicaSet, tally: Tally, failure: SyncFailure): Task<SyncFailure> {
    const { client } = this.#context;
    const status = this.#statusOf(set, tally, failure);
    const waits = (set.spec?.minReadySeconds ?? 0) > 0;
    if (waits && status.readyReplicas !== status.availableReplicas) {
      this.#queue.addAfter(keyOf(set), (set.spec?.minReadySeconds ?? 0) * SECOND);
    }
    if (sameStatus(set.status, status)) return undefined;
    let target = set;
    let error: ApiError | undefined;
    for (let tries = 0; tries < 2; tries += 1) {
      const next = withFields<ReplicaSet>(target, { status });
      const updated = yield* client.update<ReplicaSet>(REPLICA_SETS, next, {
        subresource: 'status',
      });
      if (updated.ok) return undefined;
      error = updated.error;
      const { namespace = '', name } = set.metadata;
      const fresh = yield* client.get<ReplicaSet>(REPLICA_SETS, namespace, name);
      if (!fresh.ok) return fresh.error.code === 404 ? undefined : fresh.error.message;
      target = fresh.value;
    }
    return error?.message;
  }

  #statusOf(set: ReplicaSet, tally: Tally, failure: SyncFailure): ReplicaSetStatus {
    const old = set.status;
    const conditions = this.#conditions(set, tally, failure);
    const minReady = (set.spec?.minReadySeconds ?? 0) * SECOND;
    return freezeDeep<ReplicaSetStatus>({
      replicas: tally.active,
      ...positive('fullyLabeledReplicas', tally.fullyLabelled),
      ...positive('readyReplicas', tally.ready),
      ...positive(
        'availableReplicas',
        minReady === 0 ? tally.ready : this.#available(set, minReady),
      ),
      ...(set.metadata.generation === undefined
        ? old?.observedGeneration === undefined
          ? {}
          : { observedGeneration: old.observedGeneration }
        : { observedGeneration: set.metadata.generation }),
      ...(conditions.length === 0 ? {} : { conditions }),
    });
  }

  /** Only with minReadySeconds: time makes pods available, so they must be looked at. */
  #available(set: ReplicaSet, minReady: number): number {
    const now = this.#context.process.clock.wall();
    let count = 0;
    for (const pod of this.#pods.byIndex(BY_OWNER, set.metadata.uid ?? '')) {
      if (isPodActive(pod) && isPodAvailable(pod, minReady, now)) count += 1;
    }
    return count;
  }

  #conditions(set: ReplicaSet, tally: Tally, failure: SyncFailure): readonly ReplicaSetCondition[] {
    const old = set.status?.conditions ?? [];
    const known = conditionOf(old, 'ReplicaFailure');
    if (failure === undefined) {
      return known === undefined ? old : old.filter((each) => each !== known);
    }
    if (known !== undefined) return old;
    const missing = tally.active < (set.spec?.replicas ?? 1);
    return [
      ...old,
      {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: formatRfc3339(this.#context.process.clock.wall()),
        reason: missing ? 'FailedCreate' : 'FailedDelete',
        message: failure,
      },
    ];
  }
}

function isActiveOrFinished(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined;
}

/** A count that is left out when it is zero, as Go's omitempty does. */
function positive<K extends string>(name: K, count: number): { readonly [P in K]?: number } {
  return (count > 0 ? { [name]: count } : {}) as { readonly [P in K]?: number };
}

function sameStatus(old: ReplicaSetStatus | undefined, next: ReplicaSetStatus): boolean {
  if (old === undefined) return false;
  return (
    old.replicas === next.replicas &&
    (old.fullyLabeledReplicas ?? 0) === (next.fullyLabeledReplicas ?? 0) &&
    (old.readyReplicas ?? 0) === (next.readyReplicas ?? 0) &&
    (old.availableReplicas ?? 0) === (next.availableReplicas ?? 0) &&
    (old.observedGeneration ?? 0) === (next.observedGeneration ?? 0) &&
    (old.conditions?.length ?? 0) === (next.conditions?.length ?? 0) &&
    (next.conditions ?? []).every((each, index) => each === old.conditions?.[index])
  );
}

/** The pod that the template asks for; made once per sync, its spec shared by all pods. */
function podOf(set: ReplicaSet): Pod {
  const template = set.spec?.template;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return freezeDeep<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerRef(set)],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  });
}
