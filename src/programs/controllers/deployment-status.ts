/**
 * Status and conditions of a Deployment (pkg/controller/deployment/{sync,progress}.go, v1.34), as pure
 * functions: what is available, whether it progresses, is complete, or has timed out.
 */
import { freezeDeep, withFields } from '../../ground/api/edit.ts';
import { conditionOf } from '../../ground/api/meta.ts';
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { quote } from '../../ground/base/text.ts';
import { formatRfc3339, parseRfc3339, type WallTime } from '../../ground/base/time.ts';
import { maxUnavailable, replicasOf, sumAvailable, sumReplicas } from './deployment-sums.ts';

/** A progressDeadlineSeconds that means "none". */
const NO_DEADLINE = 2_147_483_647;

export type Conditions = readonly DeploymentCondition[];

export function hasDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== NO_DEADLINE;
}

/** Sets a condition; one of the same status and reason stays as it is. */
export function setCondition(
  conditions: Conditions,
  type: string,
  status: string,
  reason: string,
  message: string,
  now: WallTime,
): Conditions {
  const old = conditionOf(conditions, type);
  if (old?.status === status && old.reason === reason) return conditions;
  const time = formatRfc3339(now);
  const condition: DeploymentCondition = {
    type,
    status,
    lastUpdateTime: time,
    lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? time) : time,
    reason,
    message,
  };
  return [...conditions.filter((each) => each.type !== type), freezeDeep(condition)];
}

function withoutCondition(conditions: Conditions, type: string): Conditions {
  return conditions.some((each) => each.type === type)
    ? conditions.filter((each) => each.type !== type)
    : conditions;
}

/** The counts and the Available condition. */
export function calculateStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: WallTime,
): DeploymentStatus {
  const available = sumAvailable(sets);
  const total = sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0);
  const ready = sets.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0);
  const updated = newSet?.status?.replicas ?? 0;
  const unavailable = Math.max(0, sumReplicas(sets) - available);
  const enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  const collisions = deployment.status?.collisionCount;
  const conditions = setCondition(
    deployment.status?.conditions ?? [],
    'Available',
    enough ? 'True' : 'False',
    enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    enough
      ? 'Deployment has minimum availability.'
      : 'Deployment does not have minimum availability.',
    now,
  );
  const generation = deployment.metadata.generation;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(total > 0 ? { replicas: total } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    ...(unavailable > 0 ? { unavailableReplicas: unavailable } : {}),
    ...(collisions === undefined ? {} : { collisionCount: collisions }),
    conditions,
  };
}

/** All pods are of the new template and available, and the spec has been seen. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing(deployment: Deployment, status: DeploymentStatus): boolean {
  const old = deployment.status ?? {};
  const oldUpdated = old.updatedReplicas ?? 0;
  const updated = status.updatedReplicas ?? 0;
  return (
    updated > oldUpdated ||
    (status.replicas ?? 0) - updated < (old.replicas ?? 0) - oldUpdated ||
    (status.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

/** True when nothing has progressed for the deadline. */
function isTimedOut(deployment: Deployment, conditions: Conditions, now: WallTime): boolean {
  const condition = conditionOf(conditions, 'Progressing');
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  const from = parseRfc3339(condition.lastUpdateTime ?? '') ?? now;
  return from + (deployment.spec?.progressDeadlineSeconds ?? 0) * SECOND < now;
}

/** The status after a rollout step, with the Progressing and ReplicaFailure conditions. */
export function rolloutStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: WallTime,
): DeploymentStatus {
  const status = calculateStatus(deployment, sets, newSet, now);
  let conditions: Conditions = status.conditions ?? [];
  const current = conditionOf(conditions, 'Progressing');
  if (!hasDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  else {
    const finished =
      (status.replicas ?? 0) === (status.updatedReplicas ?? 0) &&
      current?.reason === 'NewReplicaSetAvailable';
    if (!finished) conditions = progressCondition(deployment, status, newSet, conditions, now);
  }
  conditions = withFailure(conditions, sets, newSet);
  return freezeDeep({ ...status, conditions });
}

function progressCondition(
  deployment: Deployment,
  status: DeploymentStatus,
  newSet: ReplicaSet | undefined,
  conditions: Conditions,
  now: WallTime,
): Conditions {
  const subject =
    newSet === undefined
      ? `Deployment ${quote(deployment.metadata.name)}`
      : `ReplicaSet ${quote(newSet.metadata.name)}`;
  const set = (list: Conditions, value: string, reason: string, message: string) =>
    setCondition(list, 'Progressing', value, reason, message, now);
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return set(conditions, 'True', 'NewReplicaSetAvailable', message);
  }
  if (isProgressing(deployment, status)) {
    const old = conditionOf(conditions, 'Progressing');
    const fresh = set(
      withoutCondition(conditions, 'Progressing'),
      'True',
      'ReplicaSetUpdated',
      `${subject} is progressing.`,
    );
    if (old?.status !== 'True') return fresh;
    const lastTransitionTime = old.lastTransitionTime;
    return fresh.map((each) =>
      each.type === 'Progressing' ? withFields(each, { lastTransitionTime }) : each,
    );
  }
  return isTimedOut(deployment, conditions, now)
    ? set(conditions, 'False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`)
    : conditions;
}

/** The ReplicaFailure condition is that of the new ReplicaSet, else of any. */
function withFailure(
  conditions: Conditions,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): Conditions {
  const failing = [newSet, ...sets].find(
    (set) => conditionOf(set?.status?.conditions, 'ReplicaFailure') !== undefined,
  );
  const failure = conditionOf(failing?.status?.conditions, 'ReplicaFailure');
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  const old = conditionOf(conditions, 'ReplicaFailure');
  if (old?.status === failure.status && old?.reason === failure.reason) return conditions;
  const time = failure.lastTransitionTime;
  const condition: DeploymentCondition = {
    type: 'ReplicaFailure',
    status: failure.status,
    ...(time === undefined ? {} : { lastUpdateTime: time, lastTransitionTime: time }),
    ...(failure.reason === undefined ? {} : { reason: failure.reason }),
    ...(failure.message === undefined ? {} : { message: failure.message }),
  };
  return [...conditions.filter((each) => each !== old), freezeDeep(condition)];
}
