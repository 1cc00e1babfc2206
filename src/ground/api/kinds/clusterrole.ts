/** ClusterRole. */
import type { ClusterRole } from '../types.ts';
import { describeKind } from './describe.ts';

export const CLUSTER_ROLE_KIND = describeKind<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  resource: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
});
