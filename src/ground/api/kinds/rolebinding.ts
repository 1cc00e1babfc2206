/** RoleBinding (pkg/apis/rbac, 1.34): gives the rules of a role to users, groups and service accounts. */
import type { RoleBinding } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { ageColumn, describeKind, nameColumn, textColumn } from './describe.ts';
import {
  bindingErrors,
  defaultedBinding,
  RBAC,
  roleRefChangeErrors,
  roleText,
  subjectsText,
} from './rbac.ts';

const ROLES = ['ClusterRole', 'Role'];

export const ROLE_BINDING_KIND = describeKind<RoleBinding>({
  group: RBAC,
  resource: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
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
  columns: [
    nameColumn(),
    textColumn('Role', 'The role whose rules are given.', (each) => roleText(each)),
    ageColumn(),
    textColumn('Users', 'Users it holds for.', (each) => subjectsText(each, 'User'), true),
    textColumn('Groups', 'Groups it holds for.', (each) => subjectsText(each, 'Group'), true),
    textColumn(
      'ServiceAccounts',
      'Service accounts it holds for.',
      (each) => subjectsText(each, 'ServiceAccount'),
      true,
    ),
  ],
});
