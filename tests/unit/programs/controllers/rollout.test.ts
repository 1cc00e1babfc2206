/** Deployments and ReplicaSets over a fake store: creation, rolling update, conditions, adoption. */
import { describe, expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS } from '../../../../src/ground/api/names.ts';
import type { Deployment, Event, Pod, ReplicaSet } from '../../../../src/ground/api/types.ts';
import { MILLISECOND, SECOND } from '../../../../src/ground/base/event-loop.ts';
import { deploymentController } from '../../../../src/programs/controllers/deployment.ts';
import { replicaSetController } from '../../../../src/programs/controllers/replicaset.ts';
import { controllerLab, deployment, makeAllReady } from '../../../support/controllers.ts';

const KEY = 'default/web';

function settled(replicas: number) {
  const lab = controllerLab([deploymentController, replicaSetController]);
  lab.client.put<Deployment>(DEPLOYMENTS, deployment('web', replicas));
  lab.run(2 * SECOND);
  makeAllReady(lab);
  lab.run(2 * SECOND);
  return lab;
}

describe('a Deployment', () => {
  test('makes one ReplicaSet and its pods, and becomes available', () => {
    const lab = settled(3);
    const set = lab.client.all<ReplicaSet>(REPLICA_SETS)[0] as ReplicaSet;
    expect(lab.client.all(REPLICA_SETS)).toHaveLength(1);
    expect(set.metadata.name).toMatch(/^web-[bcdf-hj-np-tv-xz2456789]{8,10}$/);
    expect(lab.client.all(PODS)).toHaveLength(3);
    const status = lab.client.peek<Deployment>(DEPLOYMENTS, KEY)?.status;
    expect(status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    expect(
      status?.conditions?.map((each) => [each.type, each.status, each.reason, each.message]),
    ).toEqual([
      ['Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'],
      [
        'Progressing',
        'True',
        'NewReplicaSetAvailable',
        `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
      ],
    ]);
    const messages = lab.client
      .all<Event>(EVENTS)
      .map((event) => `${event.reason}: ${event.message}`);
    expect(messages).toContain(
      `ScalingReplicaSet: Scaled up replica set ${set.metadata.name} from 0 to 3`,
    );
    expect(
      messages.filter((each) => each.startsWith('SuccessfulCreate: Created pod: web-')),
    ).toHaveLength(3);
  });

  test('is idempotent: nothing is written once everything matches', () => {
    const lab = settled(3);
    lab.client.calls.length = 0;
    lab.run(60 * SECOND);
    expect(lab.client.calls).toEqual([]);
  });

  test('rolls within surge and unavailability, and keeps the old set for history', () => {
    const lab = settled(4);
    const old = lab.client.peek<Deployment>(DEPLOYMENTS, KEY) as Deployment;
    lab.client.put<Deployment>(DEPLOYMENTS, {
      ...old,
      spec: deployment('web', 4, 'nginx:1.28').spec,
    });
    let most = 0;
    let least = 4;
    for (let round = 0; round < 200; round += 1) {
      lab.run(50 * MILLISECOND);
      if (round % 10 === 0) makeAllReady(lab);
      const pods = lab.client.all<Pod>(PODS);
      most = Math.max(most, pods.length);
      least = Math.min(least, pods.filter((pod) => pod.status?.phase === 'Running').length);
    }
    expect([most, least]).toEqual([5, 3]);
    const sets = lab.client.all<ReplicaSet>(REPLICA_SETS);
    expect(
      sets.map((set) => [
        set.spec?.replicas,
        set.metadata.annotations?.['deployment.kubernetes.io/revision'],
      ]),
    ).toEqual([
      [0, '1'],
      [4, '2'],
    ]);
    expect(lab.client.all<Pod>(PODS)).toHaveLength(4);
    expect(lab.client.peek<Deployment>(DEPLOYMENTS, KEY)?.metadata.annotations).toEqual({
      'deployment.kubernetes.io/revision': '2',
    });
  });

  test('takes the old ReplicaSet again when it is rolled back', () => {
    const lab = settled(2);
    const first = lab.client.peek<Deployment>(DEPLOYMENTS, KEY) as Deployment;
    const change = (image: string) => {
      const now = lab.client.peek<Deployment>(DEPLOYMENTS, KEY) as Deployment;
      lab.client.put<Deployment>(DEPLOYMENTS, { ...now, spec: deployment('web', 2, image).spec });
      for (let round = 0; round < 20; round += 1) {
        lab.run(SECOND / 2);
        makeAllReady(lab);
      }
    };
    change('nginx:1.28');
    change('nginx:1.27');
    const sets = lab.client.all<ReplicaSet>(REPLICA_SETS);
    expect(sets).toHaveLength(2);
    const back = sets.find((set) => set.spec?.replicas === 2);
    expect(back?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
    expect(first.metadata.uid).toBe(back?.metadata.ownerReferences?.[0]?.uid);
  });

  test('says when it is paused, and starts no roll', () => {
    const lab = settled(2);
    const now = lab.client.peek<Deployment>(DEPLOYMENTS, KEY) as Deployment;
    const spec = { ...deployment('web', 3, 'nginx:1.28').spec, paused: true };
    lab.client.put<Deployment>(DEPLOYMENTS, freezeDeep({ ...now, spec }) as Deployment);
    lab.run(2 * SECOND);
    expect(lab.client.all<ReplicaSet>(REPLICA_SETS).map((set) => set.spec?.replicas)).toEqual([3]);
    const condition = lab.client
      .peek<Deployment>(DEPLOYMENTS, KEY)
      ?.status?.conditions?.find((each) => each.type === 'Progressing');
    expect(condition).toMatchObject({
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    });
  });

  test('times out after its deadline', () => {
    const lab = controllerLab([deploymentController, replicaSetController]);
    lab.client.put<Deployment>(DEPLOYMENTS, deployment('web', 1));
    lab.run(650 * SECOND);
    const condition = lab.client
      .peek<Deployment>(DEPLOYMENTS, KEY)
      ?.status?.conditions?.find((each) => each.type === 'Progressing');
    expect(condition?.reason).toBe('ProgressDeadlineExceeded');
    expect(condition?.message).toMatch(/^ReplicaSet "web-.*" has timed out progressing\.$/);
  });
});

describe('a ReplicaSet', () => {
  test('replaces a pod that is deleted', () => {
    const lab = settled(3);
    const victim = lab.client.all<Pod>(PODS)[0] as Pod;
    lab.client.remove(PODS, `default/${victim.metadata.name}`);
    lab.run(SECOND);
    expect(lab.client.all(PODS)).toHaveLength(3);
  });

  test('adopts a pod that its selector matches, and releases one whose label was changed', () => {
    const lab = settled(2);
    const pod = lab.client.all<Pod>(PODS)[0] as Pod;
    lab.client.put<Pod>(
      PODS,
      freezeDeep({
        ...pod,
        metadata: { ...pod.metadata, labels: { app: 'other' } },
      }) as Pod,
    );
    lab.run(SECOND);
    const released = lab.client.peek<Pod>(PODS, `default/${pod.metadata.name}`);
    expect(released?.metadata.ownerReferences).toEqual([]);
    expect(lab.client.all(PODS)).toHaveLength(3);
  });

  test('slow start: a refused first pod is the only one that is tried', () => {
    const lab = controllerLab([deploymentController, replicaSetController]);
    lab.client.refuse = (call) => (call.startsWith('create pods') ? 403 : undefined);
    let tries = 0;
    const refuse = lab.client.refuse;
    lab.client.refuse = (call) => {
      if (call.startsWith('create pods')) tries += 1;
      return refuse(call);
    };
    lab.client.put<Deployment>(DEPLOYMENTS, deployment('web', 100));
    lab.run(10 * MILLISECOND);
    expect(tries).toBeLessThanOrEqual(3);
    lab.run(SECOND);
    const set = lab.client.all<ReplicaSet>(REPLICA_SETS)[0];
    expect(set?.status?.conditions?.[0]).toMatchObject({
      type: 'ReplicaFailure',
      reason: 'FailedCreate',
    });
  });

  test('a thousand pods: every one is created once', () => {
    const lab = settled(1000);
    expect(lab.client.all(PODS)).toHaveLength(1000);
    const creations = lab.client.calls.filter((call) => call.startsWith('create pods'));
    expect(creations).toHaveLength(1000);
  });
});
