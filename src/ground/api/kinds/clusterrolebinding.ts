/** ClusterRoleBinding. */
import type { ClusterRoleBinding } from '../types.ts';
import { describeKind } from './describe.ts';

export const CLUSTER_ROLE_BINDING_KIND = describeKind<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  resource: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
});
