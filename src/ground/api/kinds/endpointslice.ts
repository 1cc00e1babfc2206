/** EndpointSlice. */
import type { EndpointSlice } from '../types.ts';
import { describeKind } from './describe.ts';

export const ENDPOINT_SLICE_KIND = describeKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  resource: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
  generationOf: ['endpoints', 'ports', 'addressType'],
});
