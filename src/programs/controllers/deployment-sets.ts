/**
 * The ReplicaSets of a Deployment: finding the one of the current template, making it, giving it its
 * revision, scaling, and clearing away old ones (pkg/controller/deployment/sync.go and
 * util/deployment_util.go, v1.34).
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import {
  annotationOf,
  conditionOf,
  controllerOf,
  controllerRef,
  withAnnotation,
} from '../../ground/api/meta.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../ground/api/types.ts';
import type { Task } from '../../ground/base/task.ts';
import { quote } from '../../ground/base/text.ts';
import { isNamespaceTerminating } from '../../spine/client/api-error.ts';
import type { ApiError } from '../../spine/client/types.ts';
import type { ControllerContext, SyncFailure } from './context.ts';
import { hasDeadline, setCondition } from './deployment-status.ts';
import {
  compareCreation,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  maxSurge,
  newSetReplicas,
  POD_TEMPLATE_HASH,
  replicasOf,
  REVISION,
  REVISION_HISTORY,
} from './deployment-sums.ts';
import { templateHash } from './template-hash.ts';

/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

/** A revisionHistoryLimit that means "keep all". */
const NO_LIMIT = 2_147_483_647;

export interface Prepared {
  /** As it is stored now: preparing may have written its revision and conditions. */
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
}

interface Hashed {
  readonly template: PodTemplateSpec | undefined;
  readonly collisions: number | undefined;
  readonly hash: string;
}

export class ReplicaSets {
  readonly #context: ControllerContext;
  /** The hash of each Deployment's template, made once per template. */
  readonly #hashes = new Map<string, Hashed>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  forget(key: string): void {
    this.#hashes.delete(key);
  }

  /** The oldest ReplicaSet whose template is the Deployment's, but for the hash label. */
  findNew(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
    const template = deployment.spec?.template;
    const ordered = sets.length > 1 ? [...sets].sort(compareCreation) : sets;
    return ordered.find((set) => sameTemplate(set.spec?.template, template));
  }

  /**
   * The new and the old ReplicaSets, with revisions brought up to date; makes the new one when
   * `create` says so. A text is a failure.
   */
  *prepare(
    deployment: Deployment,
    sets: readonly ReplicaSet[],
    create: boolean,
  ): Task<Prepared | string> {
    const existing = this.findNew(deployment, sets);
    const oldSets = [...sets].filter((set) => set !== existing).sort(compareCreation);
    const revision = oldSets.reduce((most, set) => Math.max(most, revisionOf(set)), 0) + 1;
    if (existing !== undefined) {
      return yield* this.#refresh(deployment, existing, oldSets, revision);
    }
    if (!create) return { deployment, newSet: undefined, oldSets };
    return yield* this.#make(deployment, oldSets, revision);
  }

  /** Scales a ReplicaSet and keeps its size annotations right; does nothing when all is as it should be. */
  *scale(deployment: Deployment, set: ReplicaSet, replicas: number): Task<SyncFailure> {
    const { client, recorder } = this.#context;
    const before = replicasOf(set);
    const annotated = withSizes(set, deployment);
    if (annotated === set && before === replicas) return undefined;
    const next = withFields<ReplicaSet>(annotated, {
      spec: set.spec && withFields(set.spec, { replicas }),
    });
    const updated = yield* client.update<ReplicaSet>(REPLICA_SETS, next);
    if (!updated.ok) return updated.error.message;
    if (before !== replicas) {
      const direction = before < replicas ? 'up' : 'down';
      recorder.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`,
      );
    }
    return undefined;
  }

  /** Deletes old, empty ReplicaSets beyond the history limit, those of the lowest revisions first. */
  *cleanUp(deployment: Deployment, oldSets: readonly ReplicaSet[]): Task<SyncFailure> {
    const limit = deployment.spec?.revisionHistoryLimit ?? NO_LIMIT;
    if (limit === NO_LIMIT) return undefined;
    const alive = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined);
    const surplus = alive.length - limit;
    if (surplus <= 0) return undefined;
    const ordered = [...alive].sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of ordered.slice(0, surplus)) {
      const seen = (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
      if ((set.status?.replicas ?? 0) !== 0 || replicasOf(set) !== 0 || !seen) continue;
      const { namespace = '', name } = set.metadata;
      const deleted = yield* this.#context.client.delete(REPLICA_SETS, namespace, name);
      if (!deleted.ok && deleted.error.code !== 404) return deleted.error.message;
    }
    return undefined;
  }

  /** Writes the status (and, as upstream, annotations with it) of a Deployment. */
  *writeDeployment(deployment: Deployment): Task<Deployment | string> {
    const written = yield* this.#context.client.update<Deployment>(DEPLOYMENTS, deployment, {
      subresource: 'status',
    });
    return written.ok ? written.value : written.error.message;
  }

  #hashOf(deployment: Deployment): string {
    const key = keyOf(deployment);
    const template = deployment.spec?.template;
    const collisions = deployment.status?.collisionCount;
    const known = this.#hashes.get(key);
    if (known?.template === template && known?.collisions === collisions && known !== undefined) {
      return known.hash;
    }
    const hash = templateHash(template, collisions);
    this.#hashes.set(key, { template, collisions, hash });
    return hash;
  }

  /** Brings the existing new ReplicaSet, and the Deployment's note of it, up to date. */
  *#refresh(
    deployment: Deployment,
    existing: ReplicaSet,
    oldSets: readonly ReplicaSet[],
    revision: number,
  ): Task<Prepared | string> {
    const annotated = annotate(existing, deployment, revision, true);
    const minReadySeconds = deployment.spec?.minReadySeconds;
    const spec =
      annotated.spec !== undefined &&
      (annotated.spec.minReadySeconds ?? 0) !== (minReadySeconds ?? 0)
        ? withFields(annotated.spec, { minReadySeconds })
        : annotated.spec;
    const next = withFields<ReplicaSet>(annotated, { spec });
    if (next !== existing) {
      const updated = yield* this.#context.client.update<ReplicaSet>(REPLICA_SETS, next);
      if (!updated.ok) return updated.error.message;
      return { deployment, newSet: updated.value, oldSets };
    }
    const set = annotationOf(existing, REVISION);
    let noted = withAnnotation(deployment, REVISION, set);
    if (hasDeadline(deployment) && progressOf(deployment) === undefined) {
      const message = `Found new replica set ${quote(existing.metadata.name)}`;
      noted = this.#withProgress(noted, 'True', 'FoundNewReplicaSet', message);
    }
    const written = yield* this.#note(deployment, noted);
    if (typeof written === 'string') return written;
    return { deployment: written, newSet: existing, oldSets };
  }

  *#make(
    deployment: Deployment,
    oldSets: readonly ReplicaSet[],
    revision: number,
  ): Task<Prepared | string> {
    const { client, recorder } = this.#context;
    const hash = this.#hashOf(deployment);
    const wanted = newSetOf(deployment, oldSets, hash, revision);
    const created = yield* client.create<ReplicaSet>(REPLICA_SETS, wanted);
    let newSet: ReplicaSet;
    if (created.ok) {
      newSet = created.value;
      if (replicasOf(newSet) > 0) {
        const message = `Scaled up replica set ${newSet.metadata.name} from 0 to ${replicasOf(newSet)}`;
        recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
      }
    } else {
      const found = yield* this.#afterFailure(deployment, wanted, created.error);
      if (typeof found === 'string') return found;
      if (found === undefined) return { deployment, newSet: undefined, oldSets };
      newSet = found;
    }
    let noted = withAnnotation(deployment, REVISION, annotationOf(newSet, REVISION));
    if (created.ok && hasDeadline(deployment)) {
      const message = `Created new replica set ${quote(newSet.metadata.name)}`;
      noted = this.#withProgress(noted, 'True', 'NewReplicaSetCreated', message);
    }
    const written = yield* this.#note(deployment, noted);
    if (typeof written === 'string') return written;
    return { deployment: written, newSet, oldSets };
  }

  /** A failed creation: ours already, a hash collision, a namespace that goes, or a real failure. */
  *#afterFailure(
    deployment: Deployment,
    wanted: ReplicaSet,
    error: ApiError,
  ): Task<ReplicaSet | undefined | string> {
    const { client, recorder } = this.#context;
    if (isNamespaceTerminating(error)) return undefined;
    if (error.reason === 'AlreadyExists') {
      const { namespace = '', name } = wanted.metadata;
      const found = yield* client.get<ReplicaSet>(REPLICA_SETS, namespace, name);
      if (!found.ok) return found.error.message;
      const ours = controllerOf(found.value)?.uid === deployment.metadata.uid;
      if (ours && sameTemplate(found.value.spec?.template, deployment.spec?.template)) {
        return found.value;
      }
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      const written = yield* this.writeDeployment(
        withFields<Deployment>(deployment, {
          status: freezeDeep({ ...deployment.status, collisionCount }),
        }),
      );
      return typeof written === 'string' ? written : error.message;
    }
    const message = `Failed to create new replica set ${quote(wanted.metadata.name)}: ${error.message}`;
    if (hasDeadline(deployment)) {
      const noted = this.#withProgress(deployment, 'False', 'ReplicaSetCreateError', message);
      yield* this.#note(deployment, noted);
    }
    recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
    return error.message;
  }

  #withProgress(
    deployment: Deployment,
    status: string,
    reason: string,
    message: string,
  ): Deployment {
    const conditions = setCondition(
      deployment.status?.conditions ?? [],
      'Progressing',
      status,
      reason,
      message,
      this.#context.process.clock.wall(),
    );
    return withFields<Deployment>(deployment, {
      status: freezeDeep({ ...deployment.status, conditions }),
    });
  }

  *#note(before: Deployment, after: Deployment): Task<Deployment | string> {
    return sameValue(before, after) ? before : yield* this.writeDeployment(after);
  }
}

function progressOf(deployment: Deployment) {
  return conditionOf(deployment.status?.conditions, 'Progressing');
}

function revisionOf(set: ReplicaSet): number {
  return Number(annotationOf(set, REVISION) ?? '0');
}

/** Equal but for the hash label. Shared parts make this cheap. */
function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  if (!sameValue(a?.spec, b?.spec)) return false;
  return sameValue(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): Readonly<Record<string, unknown>> {
  const { labels, annotations, ...rest } = template?.metadata ?? { name: '' };
  const kept = Object.entries(labels ?? {}).filter(([key]) => key !== POD_TEMPLATE_HASH);
  const { creationTimestamp, name, ...others } = rest;
  const marked = Object.keys(annotations ?? {}).length === 0 ? undefined : annotations;
  void creationTimestamp;
  void name;
  return {
    ...others,
    labels: new Map(kept).size === 0 ? undefined : asMap(kept),
    annotations: marked,
  };
}

function asMap(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries);
}

/** Size annotations: what the Deployment wants, and how many pods it may have in a roll. */
function withSizes(set: ReplicaSet, deployment: Deployment): ReplicaSet {
  const wanted = replicasOf(deployment);
  const most = wanted + maxSurge(deployment);
  return withAnnotation(
    withAnnotation(set, DESIRED_REPLICAS, `${wanted}`),
    MAX_REPLICAS,
    `${most}`,
  );
}

/** Copies the Deployment's annotations and sets revision and history; sizes only on a new one. */
function annotate(
  set: ReplicaSet,
  deployment: Deployment,
  revision: number,
  exists: boolean,
): ReplicaSet {
  let next = set;
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) next = withAnnotation(next, key, value);
  }
  const oldText = annotationOf(set, REVISION);
  if (Number(oldText ?? '0') < revision) {
    next = withAnnotation(next, REVISION, `${revision}`);
    if (oldText !== undefined && oldText !== '0') {
      const history = annotationOf(set, REVISION_HISTORY);
      const list = history === undefined || history === '' ? [] : history.split(',');
      next = withAnnotation(next, REVISION_HISTORY, [...list, oldText].join(','));
    }
  }
  return exists ? next : withSizes(next, deployment);
}

function newSetOf(
  deployment: Deployment,
  oldSets: readonly ReplicaSet[],
  hash: string,
  revision: number,
): ReplicaSet {
  const spec = deployment.spec;
  const labels = Object.freeze({ ...spec?.template.metadata?.labels, [POD_TEMPLATE_HASH]: hash });
  const template: PodTemplateSpec = Object.freeze({
    ...spec?.template,
    metadata: Object.freeze({ ...(spec?.template.metadata ?? { name: '' }), labels }),
  });
  const minReady = spec?.minReadySeconds ?? 0;
  const set = freezeDeep<ReplicaSet>({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      ownerReferences: [controllerRef(deployment)],
    },
    spec: {
      replicas: newSetReplicas(deployment, oldSets, undefined),
      ...(minReady > 0 ? { minReadySeconds: minReady } : {}),
      selector: {
        ...spec?.selector,
        matchLabels: { ...spec?.selector.matchLabels, [POD_TEMPLATE_HASH]: hash },
      },
      template,
    },
  });
  return annotate(set, deployment, revision, false);
}
