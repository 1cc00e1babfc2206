/** Service. */
import type { Service } from '../types.ts';
import { describeKind, statusSubresource } from './describe.ts';

export const SERVICE_KIND = describeKind<Service>({
  group: '',
  resource: 'services',
  kind: 'Service',
  namespaced: true,
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  storagePrefix: 'services/specs',
  subresources: [statusSubresource('', 'Service')],
});
