/**
 * TaintToleration and NodeUnschedulable (pkg/scheduler/framework/plugins/{tainttoleration,
 * nodeunschedulable}, v1.34; k8s.io/component-helpers/scheduling/corev1).
 */
import type { Node, Taint, Toleration } from '../../../ground/api/types.ts';

const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

/** v1.Toleration.ToleratesTaint: empty effect matches all, empty key with Exists matches all. */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  const effect = toleration.effect ?? '';
  if (effect !== '' && effect !== taint.effect) return false;
  const key = toleration.key ?? '';
  if (key !== '' && key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  if ((toleration.operator ?? 'Equal') !== 'Equal') return false;
  return (toleration.value ?? '') === (taint.value ?? '');
}

function tolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint));
}

/** The first taint that keeps the pod away, or undefined. */
export function untoleratedTaint(
  node: Node,
  tolerations: readonly Toleration[],
): Taint | undefined {
  for (const taint of node.spec?.taints ?? []) {
    if (taint.effect !== 'NoSchedule' && taint.effect !== 'NoExecute') continue;
    if (!tolerated(taint, tolerations)) return taint;
  }
  return undefined;
}

/** Raw score: PreferNoSchedule taints that are not tolerated. */
export function preferNoScheduleCount(node: Node, tolerations: readonly Toleration[]): number {
  const relevant = tolerations.filter(
    (one) => (one.effect ?? '') === '' || one.effect === 'PreferNoSchedule',
  );
  let count = 0;
  for (const taint of node.spec?.taints ?? []) {
    if (taint.effect === 'PreferNoSchedule' && !tolerated(taint, relevant)) count += 1;
  }
  return count;
}

/** True when the node is cordoned and the pod does not tolerate that. */
export function isClosed(node: Node, tolerations: readonly Toleration[]): boolean {
  if (node.spec?.unschedulable !== true) return false;
  return !tolerated({ key: UNSCHEDULABLE_TAINT, effect: 'NoSchedule' }, tolerations);
}

/** `node(s) had untolerated taint {key: value}`, the text of 1.22 to 1.34.1. */
export function taintReason(taint: Taint): string {
  return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
}
