/** Pod. */
import type { Pod } from '../types.ts';
import { describeKind, statusSubresource } from './describe.ts';

export const POD_KIND = describeKind<Pod>({
  group: '',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  generationOf: ['spec'],
  subresources: [statusSubresource('', 'Pod')],
});
