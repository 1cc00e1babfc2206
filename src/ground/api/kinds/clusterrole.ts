/** ClusterRole (pkg/apis/rbac, 1.34): verbs on resources that a binding may grant anywhere. */
import type { ClusterRole } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isPathSegmentName } from '../validation/names.ts';
import { describeKind } from './describe.ts';
import { RBAC, rulesErrors } from './rbac.ts';

export const CLUSTER_ROLE_KIND = describeKind<ClusterRole>({
  group: RBAC,
  resource: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
  createOnUpdate: true,
  validateCreate: (role) => [
    ...metaErrors(role, false, isPathSegmentName),
    ...rulesErrors(role.rules, false),
  ],
  validateUpdate: (role, old) => [
    ...metaUpdateErrors(role, old),
    ...rulesErrors(role.rules, false),
  ],
});
