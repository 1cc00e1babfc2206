/** Node. */
import type { Node } from '../types.ts';
import { describeKind, statusSubresource } from './describe.ts';

export const NODE_KIND = describeKind<Node>({
  group: '',
  resource: 'nodes',
  kind: 'Node',
  namespaced: false,
  shortNames: ['no'],
  hasStatus: true,
  storagePrefix: 'minions',
  subresources: [statusSubresource('', 'Node')],
});
