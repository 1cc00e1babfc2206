/** Endpoints. */
import type { Endpoints } from '../types.ts';
import { describeKind } from './describe.ts';

export const ENDPOINTS_KIND = describeKind<Endpoints>({
  group: '',
  resource: 'endpoints',
  kind: 'Endpoints',
  namespaced: true,
  shortNames: ['ep'],
  singular: 'endpoints',
  storagePrefix: 'services/endpoints',
  createOnUpdate: true,
});
