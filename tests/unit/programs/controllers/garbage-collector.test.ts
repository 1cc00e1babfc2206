/** The garbage collector over a fake store: background, foreground, orphan, absent owners, cycles. */
import { expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import {
  CONFIGMAPS,
  DEPLOYMENTS,
  EVENTS,
  PODS,
  REPLICA_SETS,
} from '../../../../src/ground/api/names.ts';
import type { KubeObject, ResourceName } from '../../../../src/ground/api/object.ts';
import type { Event, OwnerReference } from '../../../../src/ground/api/types.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { garbageCollector } from '../../../../src/programs/controllers/garbage-collector.ts';
import { type ControllerLab, controllerLab } from '../../../support/controllers.ts';

const KINDS = {
  Pod: { resource: PODS, apiVersion: 'v1' },
  ConfigMap: { resource: CONFIGMAPS, apiVersion: 'v1' },
  ReplicaSet: { resource: REPLICA_SETS, apiVersion: 'apps/v1' },
  Deployment: { resource: DEPLOYMENTS, apiVersion: 'apps/v1' },
} as const;

type Kind = keyof typeof KINDS;

function owner(kind: Kind, name: string, block = true): OwnerReference {
  const { apiVersion } = KINDS[kind];
  return {
    apiVersion,
    kind,
    name,
    uid: `uid-${name}`,
    controller: true,
    blockOwnerDeletion: block,
  };
}

function put(
  lab: ControllerLab,
  kind: Kind,
  name: string,
  owners: readonly OwnerReference[],
  namespace = 'default',
) {
  const { resource, apiVersion } = KINDS[kind];
  const metadata = { name, namespace, uid: `uid-${name}`, ownerReferences: owners };
  lab.client.put(resource, freezeDeep<KubeObject>({ apiVersion, kind, metadata }));
}

/** Deployment d → ReplicaSet r → pods p1, p2; and a ConfigMap of nobody. */
function tree(): ControllerLab {
  const lab = controllerLab([garbageCollector]);
  put(lab, 'Deployment', 'd', []);
  put(lab, 'ReplicaSet', 'r', [owner('Deployment', 'd')]);
  put(lab, 'Pod', 'p1', [owner('ReplicaSet', 'r')]);
  put(lab, 'Pod', 'p2', [owner('ReplicaSet', 'r')]);
  put(lab, 'ConfigMap', 'c', []);
  lab.run(2 * SECOND);
  lab.client.calls.length = 0;
  return lab;
}

const left = (lab: ControllerLab) =>
  (['deployments', 'replicasets', 'pods', 'configmaps'] as const).flatMap((resource) =>
    lab.client
      .all<KubeObject>({ group: '', version: 'v1', resource } as ResourceName)
      .map((each) => each.metadata.name),
  );

test('nothing is touched while owners live', () => {
  const lab = tree();
  lab.run(120 * SECOND);
  expect(lab.client.calls).toEqual([]);
});

test('background: the owner goes at once, its dependents after it', () => {
  const lab = tree();
  lab.client.deleteObject(DEPLOYMENTS, 'default/d', 'Background');
  lab.run(SECOND);
  expect(left(lab)).toEqual(['c']);
  expect(lab.client.calls).toEqual([
    'delete replicasets default/r',
    'delete pods default/p1',
    'delete pods default/p2',
  ]);
});

test('foreground: the owner waits until its blocking dependents have gone', () => {
  const lab = tree();
  lab.client.deleteObject(DEPLOYMENTS, 'default/d', 'Foreground');
  lab.run(2 * SECOND);
  expect(left(lab)).toEqual(['c']);
  const order = lab.client.calls.filter((call) => !call.startsWith('delete replicasets'));
  expect(order.slice(0, 2).sort()).toEqual(['delete pods default/p1', 'delete pods default/p2']);
  expect(order.slice(2)).toEqual(['patch replicasets default/r', 'patch deployments default/d']);
});

test('orphan: the dependents stay, without their owner', () => {
  const lab = tree();
  lab.client.deleteObject(DEPLOYMENTS, 'default/d', 'Orphan');
  lab.run(2 * SECOND);
  expect(left(lab)).toEqual(['r', 'p1', 'p2', 'c']);
  expect(lab.client.peek(REPLICA_SETS, 'default/r')?.metadata.ownerReferences).toEqual([]);
});

test('an owner that never was is looked up, found absent, and its dependent collected', () => {
  const lab = tree();
  put(lab, 'Pod', 'stray', [owner('ReplicaSet', 'nobody')]);
  lab.run(SECOND);
  expect(left(lab)).not.toContain('stray');
});

test('an owner of the same name but another UID does not count', () => {
  const lab = tree();
  put(lab, 'Pod', 'late', [{ ...owner('ReplicaSet', 'r'), uid: 'uid-of-yesterday' }]);
  lab.run(SECOND);
  expect(left(lab)).toEqual(['d', 'r', 'p1', 'p2', 'c']);
});

test('of two owners the dangling one is taken off the list', () => {
  const lab = tree();
  put(lab, 'Pod', 'shared', [
    owner('ReplicaSet', 'r'),
    { ...owner('ReplicaSet', 'gone'), controller: false },
  ]);
  lab.run(SECOND);
  const references = lab.client.peek(PODS, 'default/shared')?.metadata.ownerReferences;
  expect(references?.map((each) => each.name)).toEqual(['r']);
});

test('an owner in another namespace is no owner, and an event says so', () => {
  const lab = tree();
  put(lab, 'Pod', 'abroad', [owner('ReplicaSet', 'r')], 'other');
  lab.run(SECOND);
  expect(left(lab)).not.toContain('abroad');
  expect(lab.client.all<Event>(EVENTS).map((event) => `${event.reason} ${event.message}`)).toEqual([
    'OwnerRefInvalidNamespace ownerRef [apps/v1/ReplicaSet, namespace: other, name: r, uid: uid-r] does not exist in namespace "other"',
  ]);
});

test('two objects that own each other are both deleted in the foreground', () => {
  const lab = tree();
  put(lab, 'ConfigMap', 'a', [owner('ConfigMap', 'b')]);
  put(lab, 'ConfigMap', 'b', [owner('ConfigMap', 'a')]);
  lab.run(SECOND);
  lab.client.deleteObject(CONFIGMAPS, 'default/a', 'Foreground');
  lab.run(5 * SECOND);
  expect(left(lab)).toEqual(['d', 'r', 'p1', 'p2', 'c']);
});
