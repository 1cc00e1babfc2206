/** RoleBinding (pkg/apis/rbac, 1.34): gives the rules of a role to users, groups and service accounts. */
import type { RoleBinding } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { describeKind } from './describe.ts';
import {
  bindingColumns,
  bindingErrors,
  defaultedBinding,
  RBAC,
  roleRefChangeErrors,
} from './rbac.ts';

const ROLES = ['ClusterRole', 'Role'];

export const ROLE_BINDING_KIND = describeKind<RoleBinding>({
  group: RBAC,
  resource: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
  createOnUpdate: true,
  defaults: defaultedBinding,
  validateCreate: (binding) => [
    ...metaErrors(binding, true, isPathSegmentName),
    ...bindingErrors(binding, ROLES, true),
  ],
  validateUpdate: (binding, old) => [
    ...metaUpdateErrors(binding, old),
    ...bindingErrors(binding, ROLES, true),
    ...roleRefChangeErrors(binding, old),
  ],
  columns: bindingColumns(),
});
