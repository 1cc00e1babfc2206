/** The time line of a dead node, with exact times; and what holds when everything is dead. */
import { expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { LEASES, NODES, PODS } from '../../../../src/ground/api/names.ts';
import type { Lease, Node, Pod } from '../../../../src/ground/api/types.ts';
import { MILLISECOND, SECOND } from '../../../../src/ground/base/event-loop.ts';
import { formatRfc3339, formatRfc3339Micro } from '../../../../src/ground/base/time.ts';
import { MODERN_COSTS } from '../../../../src/machines/machine/costs.ts';
import { nodeIpamController } from '../../../../src/programs/controllers/node-ipam.ts';
import { nodeLifecycleController } from '../../../../src/programs/controllers/node-lifecycle.ts';
import { taintEvictionController } from '../../../../src/programs/controllers/taint-eviction.ts';
import { type ControllerLab, controllerLab, makeReady } from '../../../support/controllers.ts';

const TOLERATION = {
  key: 'node.kubernetes.io/unreachable',
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
};

function node(lab: ControllerLab, name: string): void {
  const time = formatRfc3339(MODERN_COSTS.epoch + lab.loop.now);
  lab.client.put<Node>(
    NODES,
    freezeDeep<Node>({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: {},
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'KubeletReady',
            message: '',
            lastHeartbeatTime: time,
            lastTransitionTime: time,
          },
        ],
      },
    }),
  );
}

function renew(lab: ControllerLab, name: string): void {
  const old = lab.client.peek<Lease>(LEASES, `kube-node-lease/${name}`);
  const renewTime = formatRfc3339Micro(MODERN_COSTS.epoch + lab.loop.now);
  const metadata = old?.metadata ?? { name, namespace: 'kube-node-lease' };
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata,
    spec: { renewTime },
  };
  lab.client.put<Lease>(LEASES, freezeDeep(lease));
}

/** Two nodes that renew every 10 s; node-1 stops after its renewal at 100 s. */
function twoNodes(dead: readonly string[]): ControllerLab {
  const lab = controllerLab([nodeLifecycleController, taintEvictionController]);
  for (const name of ['node-1', 'node-2']) node(lab, name);
  makeReady(
    lab,
    freezeDeep<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { containers: [], tolerations: [TOLERATION] },
    }),
  );
  for (let tick = 0; tick <= 60; tick += 1) {
    lab.loop.at(
      tick * 10 * SECOND,
      () => {
        for (const name of ['node-1', 'node-2']) {
          if (tick <= 10 || !dead.includes(name)) renew(lab, name);
        }
      },
      1,
    );
  }
  return lab;
}

/** When something first holds, in seconds; looked at every 100 ms. */
function when(lab: ControllerLab, limit: number, holds: () => boolean): number | undefined {
  while (lab.loop.now < limit * SECOND) {
    lab.run(100 * MILLISECOND);
    if (holds()) return lab.loop.now / SECOND;
  }
  return undefined;
}

const ready = (lab: ControllerLab, name: string) =>
  lab.client.peek<Node>(NODES, name)?.status?.conditions?.find((each) => each.type === 'Ready');
const taints = (lab: ControllerLab, name: string) =>
  (lab.client.peek<Node>(NODES, name)?.spec?.taints ?? [])
    .map((each) => `${each.key}:${each.effect}`)
    .sort();

test('50 s after the last lease the node is Unknown and tainted, 300 s later its pods are deleted', () => {
  const lab = twoNodes(['node-1']);
  const unknown = when(lab, 200, () => ready(lab, 'node-1')?.status === 'Unknown') as number;
  // The renewal at 100 s is seen by the next round of 5 s; 50 s after that round it is over.
  expect(unknown).toBeGreaterThanOrEqual(150);
  expect(unknown).toBeLessThanOrEqual(155.2);
  expect(ready(lab, 'node-1')).toMatchObject({
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  lab.run(SECOND);
  expect(taints(lab, 'node-1')).toEqual([
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/unreachable:NoSchedule',
  ]);
  expect(taints(lab, 'node-2')).toEqual([]);
  const pod = lab.client.peek<Pod>(PODS, 'default/web');
  expect(pod?.status?.conditions?.find((each) => each.type === 'Ready')?.status).toBe('False');
  const deleted = when(
    lab,
    600,
    () => lab.client.peek(PODS, 'default/web') === undefined,
  ) as number;
  expect(deleted - unknown).toBeGreaterThanOrEqual(300);
  expect(deleted - unknown).toBeLessThan(301);
});

test('a node that comes back in time keeps its pods', () => {
  const lab = twoNodes(['node-1']);
  when(lab, 200, () => ready(lab, 'node-1')?.status === 'Unknown');
  lab.run(100 * SECOND);
  node(lab, 'node-1');
  lab.run(30 * SECOND);
  expect(taints(lab, 'node-1')).toEqual([]);
  lab.run(200 * SECOND);
  expect(lab.client.peek(PODS, 'default/web')).toBeDefined();
});

test('when every node is silent nothing is evicted', () => {
  const lab = twoNodes(['node-1', 'node-2']);
  lab.run(560 * SECOND);
  for (const name of ['node-1', 'node-2']) {
    expect(ready(lab, name)?.status).toBe('Unknown');
    expect(taints(lab, name)).toEqual(['node.kubernetes.io/unreachable:NoSchedule']);
  }
  expect(lab.client.peek(PODS, 'default/web')).toBeDefined();
  expect(lab.log.join('\n')).toContain('Entering master disruption mode');
});

test('nodes get /24 blocks in the order in which they register, and freed ones later', () => {
  const lab = controllerLab([nodeIpamController], { clusterCidr: '10.244.0.0/16' });
  for (const name of ['b', 'a']) {
    node(lab, name);
    lab.run(SECOND);
  }
  lab.client.remove(NODES, 'b');
  node(lab, 'c');
  lab.run(SECOND);
  expect(
    lab.client.all<Node>(NODES).map((each) => [each.metadata.name, each.spec?.podCIDR]),
  ).toEqual([
    ['a', '10.244.1.0/24'],
    ['c', '10.244.2.0/24'],
  ]);
});
