/**
 * No toy: components meet only over the wire, so a stopped process and a cut link have consequences of
 * their own. Each test breaks one thing in a booted cluster and looks at what follows.
 */
import { expect, test } from 'vitest';
import { NAMESPACES, PODS } from '../../src/ground/api/names.ts';
import {
  asAdmin,
  createDeployment,
  createPod,
  pods,
  readiness,
  readyPods,
  signal,
  wait,
} from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const boot = (nodes = 2) => bootLab({ seed: 7, nodes, profile: 'modern' });

test('only kube-apiserver has connections to etcd (R040)', () => {
  const lab = boot();
  createDeployment(lab, 'web', 4);
  wait(lab, 30);
  const owners = new Set<string>();
  for (const host of lab.cluster.hosts.values()) {
    for (const namespace of host.port.namespaces) {
      for (const row of namespace.sockets.rows()) {
        if (row.remote.port === 2379 && row.state === 'ESTAB') owners.add(row.owner?.comm ?? '?');
      }
    }
  }
  expect([...owners]).toEqual(['kube-apiserver']);
});

test('a stopped scheduler schedules nothing; continued, it goes on', () => {
  const lab = boot();
  expect(signal(lab, 'cp-1', 'kube-scheduler', 'SIGSTOP')).toBe(1);
  createPod(lab, 'waiting', 'nginx');
  wait(lab, 5);
  expect(pods(lab).map((pod) => pod.spec?.nodeName ?? '')).toEqual(['']);
  signal(lab, 'cp-1', 'kube-scheduler', 'SIGCONT');
  wait(lab, 60);
  expect(readyPods(lab)).toBe(1);
});

test('a stopped controller manager repairs nothing', () => {
  const lab = boot();
  signal(lab, 'cp-1', 'kube-controller-manager', 'SIGSTOP');
  createDeployment(lab, 'web', 2);
  wait(lab, 10);
  expect(pods(lab)).toEqual([]);
  signal(lab, 'cp-1', 'kube-controller-manager', 'SIGCONT');
  wait(lab, 90);
  expect(readyPods(lab)).toBe(2);
});

test('a stopped etcd stops every write; the API server answers what it has', () => {
  const lab = boot();
  signal(lab, 'cp-1', 'etcd', 'SIGSTOP');
  const made = asAdmin(
    lab,
    (client) =>
      client.create(
        NAMESPACES,
        Object.freeze({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: Object.freeze({ name: 'late' }),
        }),
      ),
    20,
  );
  expect(made?.ok ?? false).toBe(false);
  signal(lab, 'cp-1', 'etcd', 'SIGCONT');
  wait(lab, 30);
  const again = asAdmin(
    lab,
    (client) =>
      client.create(
        NAMESPACES,
        Object.freeze({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: Object.freeze({ name: 'later' }),
        }),
      ),
    60,
  );
  expect(again?.ok).toBe(true);
});

test('a stopped kubelet goes silent: its node becomes Unknown, its pods run on', () => {
  const lab = boot();
  createPod(lab, 'web', 'nginx', { nodeName: 'node-1' });
  wait(lab, 20);
  signal(lab, 'node-1', 'kubelet', 'SIGSTOP');
  wait(lab, 70);
  expect(readiness(lab, 'node-1')).toBe('Unknown');
  expect(
    lab.cluster.hosts
      .get('node-1')
      ?.kernel.processes()
      .filter((one) => one.comm === 'nginx' && one.state !== 'Z').length,
  ).toBeGreaterThan(0);
  signal(lab, 'node-1', 'kubelet', 'SIGCONT');
  wait(lab, 30);
  expect(readiness(lab, 'node-1')).toBe('True');
});

test('a stopped containerd starts no container', () => {
  const lab = boot();
  signal(lab, 'node-1', 'containerd', 'SIGSTOP');
  createPod(lab, 'web', 'nginx', { nodeName: 'node-1' });
  wait(lab, 30);
  expect(readyPods(lab)).toBe(0);
  signal(lab, 'node-1', 'containerd', 'SIGCONT');
  wait(lab, 90);
  expect(readyPods(lab)).toBe(1);
});

test.each(['cp-1', 'node-1'])(
  'the way from node-1 or the workstation to the API server, cut at %s',
  (name) => {
    const lab = boot();
    const other = name === 'cp-1' ? 'workstation' : 'node-1';
    lab.faults.cut(other, 'cp-1', false);
    if (other === 'workstation') {
      const listed = asAdmin(lab, (client) => client.list(PODS, 'default'), 60);
      expect(listed?.ok ?? false).toBe(false);
    } else {
      wait(lab, 70);
      expect(readiness(lab, 'node-1')).toBe('Unknown');
    }
    lab.faults.remove('');
    wait(lab, 60);
    expect(readiness(lab, 'node-1')).toBe('True');
    expect(asAdmin(lab, (client) => client.list(PODS, 'default'), 120)?.ok).toBe(true);
  },
);

test('a delayed link makes the node late, not dead', () => {
  const lab = boot();
  lab.faults.degrade('node-1', 'cp-1', { delay: 200_000 }, 'delay node-1 cp-1 200ms');
  createPod(lab, 'far', 'nginx', { nodeName: 'node-1' });
  createPod(lab, 'near', 'nginx', { nodeName: 'node-2' });
  wait(lab, 60);
  const startOf = (pod: string): string =>
    pods(lab).find((one) => one.metadata.name === pod)?.status?.containerStatuses?.[0]?.state
      ?.running?.startedAt ?? '';
  expect(readyPods(lab)).toBe(2);
  expect(startOf('far') > startOf('near')).toBe(true);
  expect(readiness(lab, 'node-1')).toBe('True');
});

test('a powered-off node sends nothing', () => {
  const lab = boot();
  const port = lab.cluster.hosts.get('node-2')?.port;
  lab.faults.powerOff('node-2');
  const before = port?.namespace.interface('eth0')?.txPackets;
  wait(lab, 120);
  expect(port?.namespace.interface('eth0')?.txPackets).toBe(before);
  expect(readiness(lab, 'node-2')).toBe('Unknown');
});
