/** Role (pkg/apis/rbac, 1.34): verbs on resources that a binding may grant in its namespace. */
import type { Role } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { describeKind } from './describe.ts';
import { RBAC, rulesErrors } from './rbac.ts';

export const ROLE_KIND = describeKind<Role>({
  group: RBAC,
  resource: 'roles',
  kind: 'Role',
  namespaced: true,
  createOnUpdate: true,
  validateCreate: (role) => [
    ...metaErrors(role, true, isPathSegmentName),
    ...rulesErrors(role.rules, true),
  ],
  validateUpdate: (role, old) => [...metaUpdateErrors(role, old), ...rulesErrors(role.rules, true)],
});
