/** Deployment. */
import type { Deployment } from '../types.ts';
import { describeKind, SCALE, statusSubresource } from './describe.ts';

export const DEPLOYMENT_KIND = describeKind<Deployment>({
  group: 'apps',
  resource: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  generationOf: ['spec'],
  subresources: [SCALE, statusSubresource('apps', 'Deployment')],
});
