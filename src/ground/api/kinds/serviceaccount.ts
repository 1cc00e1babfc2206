/** ServiceAccount (pkg/apis/core, 1.34): who a pod is. Its tokens come from the token subresource. */
import type { ServiceAccount } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain } from '../validation/names.ts';
import { ageColumn, describeKind, integerColumn, nameColumn } from './describe.ts';

export const SERVICE_ACCOUNT_KIND = describeKind<ServiceAccount>({
  group: '',
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
  shortNames: ['sa'],
  subresources: [
    {
      name: 'token',
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
      verbs: ['create'],
    },
  ],
  validateCreate: (account) => metaErrors(account, true, isDns1123Subdomain),
  validateUpdate: metaUpdateErrors,
  columns: [
    nameColumn(),
    integerColumn('Secrets', 'Secrets it names.', (account) => (account.secrets ?? []).length),
    ageColumn(),
  ],
  unsupported: [
    { path: 'imagePullSecrets', how: 'ignored', why: 'The registry asks nobody for a password.' },
  ],
});
