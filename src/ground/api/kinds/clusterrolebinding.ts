/** ClusterRoleBinding (pkg/apis/rbac, 1.34): gives the rules of a role to users, groups and service accounts. */
import type { ClusterRoleBinding } from '../types.ts';
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

const ROLES = ['ClusterRole'];

export const CLUSTER_ROLE_BINDING_KIND = describeKind<ClusterRoleBinding>({
  group: RBAC,
  resource: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  namespaced: false,
  createOnUpdate: true,
  defaults: defaultedBinding,
  validateCreate: (binding) => [
    ...metaErrors(binding, false, isPathSegmentName),
    ...bindingErrors(binding, ROLES, false),
  ],
  validateUpdate: (binding, old) => [
    ...metaUpdateErrors(binding, old),
    ...bindingErrors(binding, ROLES, false),
    ...roleRefChangeErrors(binding, old),
  ],
  columns: bindingColumns(),
});
