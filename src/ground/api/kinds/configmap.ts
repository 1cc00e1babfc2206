/** ConfigMap. */
import type { ConfigMap } from '../types.ts';
import { describeKind } from './describe.ts';

export const CONFIG_MAP_KIND = describeKind<ConfigMap>({
  group: '',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  shortNames: ['cm'],
});
