/** ServiceAccount. */
import type { ServiceAccount } from '../types.ts';
import { describeKind } from './describe.ts';

export const SERVICE_ACCOUNT_KIND = describeKind<ServiceAccount>({
  group: '',
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
  shortNames: ['sa'],
});
