/**
 * The arithmetic of a Deployment (k8s.io/kubernetes/pkg/controller/deployment/util, v1.34), as pure
 * functions of the Deployment and its ReplicaSets: surge and unavailability, how far to scale up and
 * down in a rolling update, and how to share a change of size between ReplicaSets in mid-roll.
 */
import { entryOf } from '../../ground/api/meta.ts';
import type { Deployment, ReplicaSet } from '../../ground/api/types.ts';
import { compareText } from '../../ground/base/text.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
export const POD_TEMPLATE_HASH = 'pod-template-hash';

/** A ReplicaSet and the size that it should get. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

function availableOf(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0;
}

export function sumReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

export function sumAvailable(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + availableOf(set), 0);
}

/** A number, or a percentage of the total, rounded up or down. */
function scaledValue(value: number | string | undefined, total: number, up: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = Number(value.replace(/%$/, ''));
  if (!Number.isInteger(percent)) return 0;
  // Whole numbers only, so that no fraction is rounded twice.
  return up ? Math.ceil((percent * total) / 100) : Math.floor((percent * total) / 100);
}

/** maxSurge and maxUnavailable in pods; both 0 means maxUnavailable 1. */
export function fenceposts(deployment: Deployment): {
  readonly surge: number;
  readonly unavailable: number;
} {
  const total = replicasOf(deployment);
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const surge = scaledValue(rolling?.maxSurge, total, true);
  const unavailable = scaledValue(rolling?.maxUnavailable, total, false);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type !== 'Recreate';
}

export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

/** How many pods may be unavailable; never more than there are. */
export function maxUnavailable(deployment: Deployment): number {
  if (!isRollingUpdate(deployment) || replicasOf(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, replicasOf(deployment));
}

/** The size that the new ReplicaSet should have now. */
export function newSetReplicas(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): number {
  const wanted = replicasOf(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const current = newSet === undefined ? 0 : replicasOf(newSet);
  const most = wanted + maxSurge(deployment);
  const total = sumReplicas(sets);
  if (total >= most) return current;
  return current + Math.min(most - total, wanted - current);
}

/** Steps that scale the old ReplicaSets down without falling below what must be available. */
export function scaleDownOld(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const all = [...oldSets, newSet];
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const newUnavailable = replicasOf(newSet) - availableOf(newSet);
  const room = sumReplicas(all) - minAvailable - newUnavailable;
  if (sumReplicas(oldSets) === 0 || room <= 0) return [];
  const sizes = new Map(oldSets.map((set) => [set, replicasOf(set)]));
  const oldestFirst = [...oldSets].sort(compareCreation);
  let cleaned = 0;
  for (const set of oldestFirst) {
    if (cleaned >= room) break;
    const size = replicasOf(set);
    if (size === 0 || size === availableOf(set)) continue;
    const step = Math.min(room - cleaned, size - availableOf(set));
    if (step <= 0) continue;
    sizes.set(set, size - step);
    cleaned += step;
  }
  let healthy = sumAvailable(all) - minAvailable;
  for (const set of oldestFirst) {
    if (healthy <= 0) break;
    const size = sizes.get(set) as number;
    const step = Math.min(size, healthy);
    sizes.set(set, size - step);
    healthy -= step;
  }
  return oldestFirst
    .filter((set) => sizes.get(set) !== replicasOf(set))
    .map((set) => ({ set, replicas: sizes.get(set) as number }));
}

/** Shares a change of size between the active ReplicaSets of an unfinished roll. */
export function proportionalSizes(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): readonly Resize[] {
  const active = sets.filter((set) => replicasOf(set) > 0);
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - sumReplicas(active);
  const sorted = [...active].sort(toAdd >= 0 ? bySizeNewer : bySizeOlder);
  let added = 0;
  const sizes = sorted.map((set) => {
    const size = replicasOf(set);
    if (toAdd === 0) return size;
    const share = proportion(set, deployment, toAdd, added);
    added += share;
    return size + share;
  });
  if (sizes.length > 0) sizes[0] = Math.max(0, (sizes[0] as number) + toAdd - added);
  return sorted.map((set, index) => ({ set, replicas: sizes[index] as number }));
}

function proportion(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  const size = replicasOf(set);
  if (size === 0 || toAdd === 0 || toAdd === added) return 0;
  const left = toAdd - added;
  const most = replicasOf(deployment) + maxSurge(deployment);
  let fraction = -size;
  if (replicasOf(deployment) !== 0) {
    const before = Number(entryOf(set.metadata.annotations, MAX_REPLICAS) ?? '0');
    const base = before > 0 ? before : (deployment.status?.replicas ?? 0);
    if (base === 0) return 0;
    fraction = roundHalfAway((size * most) / base) - size;
  }
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function roundHalfAway(value: number): number {
  return value < 0 ? Math.ceil(value - 0.5) : Math.floor(value + 0.5);
}

export function compareCreation(a: ReplicaSet, b: ReplicaSet): number {
  const order = compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '');
  return order !== 0 ? order : compareText(a.metadata.name, b.metadata.name);
}

function bySizeNewer(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || compareCreation(b, a);
}

function bySizeOlder(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || compareCreation(a, b);
}

/** True when the new ReplicaSet alone carries the Deployment and is fully available. */
export function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  if (set === undefined) return false;
  const wanted = replicasOf(deployment);
  const desired = entryOf(set.metadata.annotations, DESIRED_REPLICAS);
  return (
    replicasOf(set) === wanted && Number(desired ?? '-1') === wanted && availableOf(set) === wanted
  );
}
