/** Namespace. */
import type { Namespace } from '../types.ts';
import { ALL_VERBS, describeKind, statusSubresource } from './describe.ts';

export const NAMESPACE_KIND = describeKind<Namespace>({
  group: '',
  resource: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  shortNames: ['ns'],
  hasStatus: true,
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  subresources: [statusSubresource('', 'Namespace')],
});
