/** The end of a namespace: pods first and by their grace, then the rest, and what holds it is named. */
import { expect, test } from 'vitest';
import { CONFIGMAPS, NAMESPACES } from '../../src/ground/api/names.ts';
import type { ConfigMap, Namespace } from '../../src/ground/api/types.ts';
import { asAdmin, create, createPod, pods, wait } from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

test('a deleted namespace goes when everything in it has gone', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  const stored = () => lab.cluster.stored<Namespace>('/registry/namespaces/tenant');
  const condition = (type: string) =>
    stored()?.status?.conditions?.find((one) => one.type === type);
  create(lab, NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenant' } });
  wait(lab, 5);
  createPod(lab, 'web', 'nginx', {}, 'tenant');
  create(lab, CONFIGMAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'held', namespace: 'tenant', finalizers: ['example.com/hold'] },
  });
  wait(lab, 30);
  expect(pods(lab, 'tenant')).toHaveLength(1);
  asAdmin(lab, (client) => client.delete(NAMESPACES, '', 'tenant'));
  expect(stored()?.status?.phase).toBe('Terminating');
  wait(lab, 60);
  // The pod had its grace and is gone; the map waits for whoever put the finalizer there.
  expect(pods(lab, 'tenant')).toEqual([]);
  expect(condition('NamespaceContentRemaining')).toMatchObject({
    status: 'True',
    reason: 'SomeResourcesRemain',
    message: 'Some resources are remaining: configmaps. has 1 resource instances',
  });
  expect(condition('NamespaceFinalizersRemaining')).toMatchObject({
    status: 'True',
    reason: 'SomeFinalizersRemain',
    message:
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  });
  const made = create(lab, CONFIGMAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'late', namespace: 'tenant' },
  });
  expect(made?.ok === false && made.error.message).toBe(
    'configmaps "late" is forbidden: unable to create new content in namespace tenant because it is being terminated',
  );
  asAdmin(lab, (client) =>
    client.patch<ConfigMap>(CONFIGMAPS, 'tenant', 'held', 'merge', {
      metadata: { finalizers: null },
    }),
  );
  wait(lab, 60);
  expect(stored()).toBeUndefined();
  expect(lab.cluster.storedBelow('/registry/configmaps/tenant/')).toEqual([]);
});
