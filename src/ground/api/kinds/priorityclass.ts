/** PriorityClass. */
import type { PriorityClass } from '../types.ts';
import { describeKind } from './describe.ts';

export const PRIORITY_CLASS_KIND = describeKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  resource: 'priorityclasses',
  kind: 'PriorityClass',
  namespaced: false,
  shortNames: ['pc'],
});
