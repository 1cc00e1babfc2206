/** RoleBinding. */
import type { RoleBinding } from '../types.ts';
import { describeKind } from './describe.ts';

export const ROLE_BINDING_KIND = describeKind<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  resource: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
});
