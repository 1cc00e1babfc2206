/** ReplicaSet. */
import type { ReplicaSet } from '../types.ts';
import { describeKind, SCALE, statusSubresource } from './describe.ts';

export const REPLICA_SET_KIND = describeKind<ReplicaSet>({
  group: 'apps',
  resource: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  generationOf: ['spec'],
  subresources: [SCALE, statusSubresource('apps', 'ReplicaSet')],
});
