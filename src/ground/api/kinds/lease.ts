/** Lease. */
import type { Lease } from '../types.ts';
import { describeKind } from './describe.ts';

export const LEASE_KIND = describeKind<Lease>({
  group: 'coordination.k8s.io',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
  storagePrefix: 'leases',
  createOnUpdate: true,
});
