/** Secret. */
import type { Secret } from '../types.ts';
import { describeKind } from './describe.ts';

export const SECRET_KIND = describeKind<Secret>({
  group: '',
  resource: 'secrets',
  kind: 'Secret',
  namespaced: true,
});
