/** Role. */
import type { Role } from '../types.ts';
import { describeKind } from './describe.ts';

export const ROLE_KIND = describeKind<Role>({
  group: 'rbac.authorization.k8s.io',
  resource: 'roles',
  kind: 'Role',
  namespaced: true,
});
