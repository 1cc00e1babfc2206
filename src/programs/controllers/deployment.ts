/**
 * The Deployment controller (k8s.io/kubernetes/pkg/controller/deployment, v1.34): one ReplicaSet per
 * template, scaled so that a roll keeps within surge and unavailability. Watches Deployments,
 * ReplicaSets and Pods; the key is the Deployment's. Events: ScalingReplicaSet, FailedCreate,
 * SelectingAll.
 *
 * Every sync starts from the caches and takes at most one step; what follows is another sync, caused
 * by the change that the step made. Rolling back is kubectl's work: it copies an old template.
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import { conditionOf, controllerOf, controllerRef } from '../../ground/api/meta.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import { matches, NOTHING, type Selector, selectorOf } from '../../ground/api/selector.ts';
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { parseRfc3339 } from '../../ground/base/time.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { ReplicaSets } from './deployment-sets.ts';
import {
  hasDeadline,
  isComplete,
  rolloutStatus,
  calculateStatus,
  setCondition,
} from './deployment-status.ts';
import {
  DESIRED_REPLICAS,
  isRollingUpdate,
  isSaturated,
  newSetReplicas,
  proportionalSizes,
  replicasOf,
  type Resize,
  scaleDownOld,
} from './deployment-sums.ts';
import { BY_OWNER, indexByOwner } from './owned-pods.ts';
import { isPodTerminal } from './pods.ts';

const WORKERS = 5;
const RETRIES_MAX = 15;
/** The index of ReplicaSets by the UID of their controller. */
const BY_DEPLOYMENT = 'deploymentUID';

export const deploymentController: Controller = {
  name: 'deployment-controller',
  account: 'deployment-controller',
  component: 'deployment-controller',
  start: (context) => new DeploymentController(context).start(),
};

class DeploymentController {
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #queue: WorkQueue;
  readonly #work: ReplicaSets;
  readonly #selectors = new Map<
    string,
    { readonly source: unknown; readonly selector: Selector }
  >();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deployments = context.informers.of<Deployment>(DEPLOYMENTS);
    this.#sets = context.informers.of<ReplicaSet>(REPLICA_SETS);
    this.#pods = context.informers.of<Pod>(PODS);
    indexByOwner(this.#pods);
    this.#sets.addIndex(BY_DEPLOYMENT, (set) => [
      controllerOf(set)?.uid ?? `orphan/${set.metadata.namespace ?? ''}`,
    ]);
    this.#queue = new WorkQueue(context.process, 'deployment');
    this.#work = new ReplicaSets(context);
  }

  start(): void {
    this.#deployments.addHandler({
      onAdd: (deployment) => this.#queue.add(keyOf(deployment)),
      onUpdate: (_, deployment) => this.#queue.add(keyOf(deployment)),
      onDelete: (deployment) => {
        this.#selectors.delete(keyOf(deployment));
        this.#work.forget(keyOf(deployment));
        this.#queue.add(keyOf(deployment));
      },
    });
    this.#sets.addHandler({
      onAdd: (set) => this.#setChanged(set),
      onUpdate: (old, set) => {
        if (controllerOf(old)?.uid !== controllerOf(set)?.uid) this.#setChanged(old);
        this.#setChanged(set);
      },
      onDelete: (set) => this.#setChanged(set),
    });
    this.#pods.addHandler({ onDelete: (pod) => this.#podGone(pod) });
    const informers = [this.#deployments, this.#sets, this.#pods];
    const options = { workers: WORKERS, retriesMax: RETRIES_MAX };
    startWorkers(this.#context, this.#queue, informers, options, (key) => this.#reconcile(key));
  }

  #deploymentOf(set: ReplicaSet): Deployment | undefined {
    const owner = controllerOf(set);
    if (owner?.kind !== 'Deployment') return undefined;
    const deployment = this.#deployments.get(`${set.metadata.namespace}/${owner.name}`);
    return deployment?.metadata.uid === owner.uid ? deployment : undefined;
  }

  #setChanged(set: ReplicaSet): void {
    const deployment = this.#deploymentOf(set);
    if (deployment !== undefined) {
      this.#queue.add(keyOf(deployment));
      return;
    }
    if (controllerOf(set) !== undefined) return;
    for (const each of this.#deployments.byIndex('namespace', set.metadata.namespace ?? '')) {
      if (matches(this.#selectorOf(each), set.metadata.labels)) this.#queue.add(keyOf(each));
    }
  }

  /** Recreate waits for the last old pod to go. */
  #podGone(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicaSet') return;
    const set = this.#sets.get(`${pod.metadata.namespace}/${owner.name}`);
    const deployment = set === undefined ? undefined : this.#deploymentOf(set);
    if (deployment === undefined || isRollingUpdate(deployment)) return;
    if (this.#pods.countByIndex(BY_OWNER, owner.uid) === 0) this.#queue.add(keyOf(deployment));
  }

  #selectorOf(deployment: Deployment): Selector {
    const key = keyOf(deployment);
    const source = deployment.spec?.selector;
    const known = this.#selectors.get(key);
    if (known !== undefined && known.source === source) return known.selector;
    const parsed = selectorOf(source);
    const selector = parsed.ok ? parsed.value : NOTHING;
    this.#selectors.set(key, { source, selector });
    return selector;
  }

  *#reconcile(key: string): Task<SyncFailure> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) return undefined;
    const selector = deployment.spec?.selector;
    if (
      Object.keys(selector?.matchLabels ?? {}).length === 0 &&
      (selector?.matchExpressions ?? []).length === 0
    ) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      this.#context.recorder.event(deployment, 'Warning', 'SelectingAll', message);
      return undefined;
    }
    const claimed = yield* this.#claim(deployment);
    if (typeof claimed === 'string') return claimed;
    const sets = claimed;
    if (deployment.metadata.deletionTimestamp !== undefined) {
      const newSet = this.#work.findNew(deployment, sets);
      return yield* this.#writeStatus(deployment, this.#status(deployment, sets, newSet));
    }
    const paused = yield* this.#notePause(deployment);
    if (typeof paused === 'string') return paused;
    if (paused.spec?.paused === true || this.#isScaling(paused, sets)) {
      return yield* this.#scaleOnly(paused, sets);
    }
    return isRollingUpdate(paused)
      ? yield* this.#rollingUpdate(paused, sets)
      : yield* this.#recreate(paused, sets);
  }

  /** The ReplicaSets that belong to the Deployment, after adopting and releasing. */
  *#claim(deployment: Deployment): Task<readonly ReplicaSet[] | string> {
    const { client } = this.#context;
    const selector = this.#selectorOf(deployment);
    const { uid = '', namespace = '' } = deployment.metadata;
    const sets: ReplicaSet[] = [];
    for (const set of [...this.#sets.byIndex(BY_DEPLOYMENT, uid)]) {
      if (matches(selector, set.metadata.labels)) {
        sets.push(set);
        continue;
      }
      const patch = freezeDeep({
        metadata: { uid: set.metadata.uid, ownerReferences: [{ $patch: 'delete', uid }] },
      });
      const name = set.metadata.name;
      const released = yield* client.patch(REPLICA_SETS, namespace, name, 'strategic', patch);
      if (!released.ok && released.error.code !== 404) return released.error.message;
    }
    if (deployment.metadata.deletionTimestamp !== undefined) return sets;
    for (const set of [...this.#sets.byIndex(BY_DEPLOYMENT, `orphan/${namespace}`)]) {
      const deleting = set.metadata.deletionTimestamp !== undefined;
      if (deleting || !matches(selector, set.metadata.labels)) continue;
      const patch = freezeDeep({
        metadata: { ownerReferences: [controllerRef(deployment)], uid: set.metadata.uid },
      });
      const adopted = yield* client.patch<ReplicaSet>(
        REPLICA_SETS,
        namespace,
        set.metadata.name,
        'strategic',
        patch,
      );
      if (adopted.ok) sets.push(adopted.value);
      else if (adopted.error.code !== 404) return adopted.error.message;
    }
    return sets;
  }

  /** Pausing and resuming are noted in the Progressing condition, so that time-outs do not count. */
  *#notePause(deployment: Deployment): Task<Deployment | string> {
    if (!hasDeadline(deployment)) return deployment;
    const conditions = deployment.status?.conditions ?? [];
    const condition = conditionOf(conditions, 'Progressing');
    if (condition?.reason === 'ProgressDeadlineExceeded') return deployment;
    const noted = condition?.reason === 'DeploymentPaused';
    const paused = deployment.spec?.paused === true;
    if (paused === noted) return deployment;
    const now = this.#context.process.clock.wall();
    const next = setCondition(
      conditions,
      'Progressing',
      'Unknown',
      paused ? 'DeploymentPaused' : 'DeploymentResumed',
      paused ? 'Deployment is paused' : 'Deployment is resumed',
      now,
    );
    return yield* this.#work.writeDeployment(
      withFields<Deployment>(deployment, {
        status: freezeDeep({ ...deployment.status, conditions: next }),
      }),
    );
  }

  /** True when the Deployment's size differs from what its active ReplicaSets were told. */
  #isScaling(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
    return sets.some((set) => {
      if (replicasOf(set) === 0) return false;
      const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
      return desired !== undefined && Number(desired) !== replicasOf(deployment);
    });
  }

  /** Paused, or a change of size: scales what is there, and starts no new roll. */
  *#scaleOnly(deployment: Deployment, sets: readonly ReplicaSet[]): Task<SyncFailure> {
    const prepared = yield* this.#work.prepare(deployment, sets, false);
    if (typeof prepared === 'string') return prepared;
    const { newSet, oldSets } = prepared;
    const all = newSet === undefined ? oldSets : [...oldSets, newSet];
    for (const step of this.#scaling(prepared.deployment, newSet, oldSets)) {
      const failure = yield* this.#work.scale(prepared.deployment, step.set, step.replicas);
      if (failure !== undefined) return failure;
    }
    if (deployment.spec?.paused === true) {
      const failure = yield* this.#work.cleanUp(prepared.deployment, oldSets);
      if (failure !== undefined) return failure;
    }
    const status = this.#status(prepared.deployment, all, newSet);
    return yield* this.#writeStatus(prepared.deployment, status);
  }

  #scaling(
    deployment: Deployment,
    newSet: ReplicaSet | undefined,
    oldSets: readonly ReplicaSet[],
  ): readonly Resize[] {
    const wanted = replicasOf(deployment);
    const all = newSet === undefined ? oldSets : [newSet, ...oldSets];
    const active = all.filter((set) => replicasOf(set) > 0);
    if (active.length <= 1) {
      const only = active[0] ?? newSet ?? oldSets.at(-1);
      return only === undefined || replicasOf(only) === wanted
        ? []
        : [{ set: only, replicas: wanted }];
    }
    if (isSaturated(deployment, newSet)) {
      return oldSets.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
    }
    return isRollingUpdate(deployment) ? proportionalSizes(deployment, all) : [];
  }

  *#rollingUpdate(deployment: Deployment, sets: readonly ReplicaSet[]): Task<SyncFailure> {
    const prepared = yield* this.#work.prepare(deployment, sets, true);
    if (typeof prepared === 'string') return prepared;
    const { newSet, oldSets } = prepared;
    const current = prepared.deployment;
    if (newSet === undefined) return undefined;
    const all = [...oldSets, newSet];
    const wanted = replicasOf(current);
    const size = replicasOf(newSet) > wanted ? wanted : newSetReplicas(current, all, newSet);
    if (size !== replicasOf(newSet)) {
      const failure = yield* this.#work.scale(current, newSet, size);
      return failure ?? (yield* this.#writeRollout(current, all, newSet));
    }
    const steps = scaleDownOld(current, newSet, oldSets);
    for (const step of steps) {
      const failure = yield* this.#work.scale(current, step.set, step.replicas);
      if (failure !== undefined) return failure;
    }
    if (steps.length === 0 && isComplete(current, current.status ?? {})) {
      const failure = yield* this.#work.cleanUp(current, oldSets);
      if (failure !== undefined) return failure;
    }
    return yield* this.#writeRollout(current, all, newSet);
  }

  *#recreate(deployment: Deployment, sets: readonly ReplicaSet[]): Task<SyncFailure> {
    const prepared = yield* this.#work.prepare(deployment, sets, false);
    if (typeof prepared === 'string') return prepared;
    const { oldSets } = prepared;
    const all = prepared.newSet === undefined ? oldSets : [...oldSets, prepared.newSet];
    const active = oldSets.filter((set) => replicasOf(set) > 0);
    for (const set of active) {
      const failure = yield* this.#work.scale(prepared.deployment, set, 0);
      if (failure !== undefined) return failure;
    }
    if (active.length > 0 || this.#oldPodsRun(oldSets)) {
      return yield* this.#writeRollout(prepared.deployment, all, prepared.newSet);
    }
    const created = yield* this.#work.prepare(prepared.deployment, sets, true);
    if (typeof created === 'string') return created;
    const { newSet } = created;
    if (newSet === undefined) return undefined;
    const failure = yield* this.#work.scale(created.deployment, newSet, replicasOf(deployment));
    if (failure !== undefined) return failure;
    if (isComplete(created.deployment, created.deployment.status ?? {})) {
      const uncleaned = yield* this.#work.cleanUp(created.deployment, oldSets);
      if (uncleaned !== undefined) return uncleaned;
    }
    return yield* this.#writeRollout(created.deployment, [...oldSets, newSet], newSet);
  }

  #oldPodsRun(oldSets: readonly ReplicaSet[]): boolean {
    for (const set of oldSets) {
      for (const pod of this.#pods.byIndex(BY_OWNER, set.metadata.uid ?? '')) {
        if (!isPodTerminal(pod)) return true;
      }
    }
    return false;
  }

  #status(
    deployment: Deployment,
    sets: readonly ReplicaSet[],
    newSet: ReplicaSet | undefined,
  ): DeploymentStatus {
    const now = this.#context.process.clock.wall();
    return freezeDeep(calculateStatus(deployment, sets, newSet, now));
  }

  *#writeRollout(
    deployment: Deployment,
    sets: readonly ReplicaSet[],
    newSet: ReplicaSet | undefined,
  ): Task<SyncFailure> {
    const now = this.#context.process.clock.wall();
    const status = rolloutStatus(deployment, sets, newSet, now);
    if (sameValue(deployment.status, status)) {
      this.#awaitDeadline(deployment, status);
      return undefined;
    }
    return yield* this.#writeStatus(deployment, status);
  }

  /** Nothing changed: the deadline itself must bring the next sync. */
  #awaitDeadline(deployment: Deployment, status: DeploymentStatus): void {
    const condition = conditionOf(deployment.status?.conditions, 'Progressing');
    if (!hasDeadline(deployment) || condition === undefined) return;
    if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return;
    const now = this.#context.process.clock.wall();
    const from = parseRfc3339(condition.lastUpdateTime ?? '') ?? now;
    const left = from + (deployment.spec?.progressDeadlineSeconds ?? 0) * SECOND - now;
    const key = keyOf(deployment);
    if (left < SECOND) this.#queue.addRateLimited(key);
    else this.#queue.addAfter(key, left + SECOND, true);
  }

  *#writeStatus(deployment: Deployment, status: DeploymentStatus): Task<SyncFailure> {
    if (sameValue(deployment.status, status)) return undefined;
    const next = withFields<Deployment>(deployment, { status });
    const written = yield* this.#work.writeDeployment(next);
    return typeof written === 'string' ? written : undefined;
  }
}
