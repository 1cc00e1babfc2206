/**
 * When a cluster counts as booted: every node Ready, CoreDNS available and every static pod Ready, as
 * the API server tells it.
 */
import { isConditionTrue } from '../ground/api/meta.ts';
import type { Deployment, Node, Pod } from '../ground/api/types.ts';
import type { Cluster } from './cluster-builder.ts';

/** True when all nodes of the plan are Ready and CoreDNS has all its replicas. */
export function isBooted(cluster: Cluster): boolean {
  const dns = cluster.stored<Deployment>('/registry/deployments/kube-system/coredns');
  if (dns?.spec === undefined || (dns.status?.availableReplicas ?? 0) < (dns.spec.replicas ?? 1))
    return false;
  const ready = cluster
    .storedBelow<Pod>('/registry/pods/kube-system/')
    .every((pod) => isConditionTrue(pod.status?.conditions, 'Ready'));
  return (
    ready &&
    cluster.nodeNames.every((name) => {
      const node = cluster.stored<Node>(`/registry/minions/${name}`);
      return node !== undefined && isConditionTrue(node.status?.conditions, 'Ready');
    })
  );
}
