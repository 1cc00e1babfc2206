/** The kubelet's own duties: what it exits over, says about its node, refuses, and restarts when. */
import { expect, test } from 'vitest';
import { PODS } from '../../src/ground/api/names.ts';
import { parseRfc3339 } from '../../src/ground/base/time.ts';
import type { Event, Pod } from '../../src/ground/api/types.ts';
import type { Lab } from '../../src/lab/lab.ts';
import {
  asAdmin,
  createPod,
  onHost,
  pods,
  readiness,
  readyPods,
  wait,
} from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const boot = (nodes = 1) => bootLab({ seed: 7, nodes, profile: 'modern' });

const reasons = (lab: Lab, object: string): string[] =>
  lab.cluster
    .storedBelow<Event>('/registry/events/default/')
    .filter((event) => event.involvedObject?.name === object)
    .map((event) => event.reason ?? '');

const pod = (lab: Lab, name: string, namespace = 'default'): Pod | undefined =>
  pods(lab, namespace).find((one) => one.metadata.name === name);

test('without a runtime the kubelet exits, and its unit starts it again until there is one', () => {
  const lab = boot();
  onHost(lab, 'node-1', 'systemctl stop containerd; systemctl restart kubelet');
  wait(lab, 25);
  const journal = onHost(lab, 'node-1', 'journalctl -u kubelet');
  expect(
    journal.match(/failed to run Kubelet: validate service connection/g)?.length,
  ).toBeGreaterThanOrEqual(2);
  expect(journal).toMatch(/kubelet.service: Main process exited, code=exited, status=1\/FAILURE/);
  onHost(lab, 'node-1', 'systemctl start containerd');
  wait(lab, 40);
  expect(readiness(lab, 'node-1')).toBe('True');
});

test('a node says that it is ready, and that it has been rebooted', () => {
  const lab = boot();
  expect(reasons(lab, 'node-1')).toContain('NodeReady');
  expect(reasons(lab, 'node-1')).not.toContain('Rebooted');
  const fault = lab.faults.powerOff('node-1');
  wait(lab, 70);
  expect(readiness(lab, 'node-1')).toBe('Unknown');
  if (fault.ok) lab.faults.remove(fault.value.name);
  wait(lab, 60);
  expect(readiness(lab, 'node-1')).toBe('True');
  expect(reasons(lab, 'node-1')).toContain('Rebooted');
});

test('a pod that was put on a node against its affinity is refused there', () => {
  const lab = boot();
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
        ],
      },
    },
  };
  createPod(lab, 'fast', 'nginx', { nodeName: 'node-1', affinity });
  wait(lab, 5);
  expect(pod(lab, 'fast')?.status).toMatchObject({
    phase: 'Failed',
    reason: 'NodeAffinity',
    message:
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  });
});

test('a mirror pod that is deleted comes back; with its file both go (R193)', () => {
  const lab = boot();
  const manifest =
    'apiVersion: v1\\nkind: Pod\\nmetadata:\\n  name: still\\nspec:\\n  containers:\\n  - name: main\\n    image: nginx\\n';
  onHost(lab, 'node-1', `printf '${manifest}' > /etc/kubernetes/manifests/still.yaml`);
  wait(lab, 40);
  const first = pod(lab, 'still-node-1');
  const { annotations } = first?.metadata ?? {};
  expect(annotations?.['kubernetes.io/config.source']).toBe('file');
  expect(annotations?.['kubernetes.io/config.mirror']).toBe(
    annotations?.['kubernetes.io/config.hash'],
  );
  asAdmin(lab, (client) => client.delete(PODS, 'default', 'still-node-1'));
  wait(lab, 5);
  const second = pod(lab, 'still-node-1');
  expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
  expect(second?.status?.containerStatuses?.[0]?.containerID).toBe(
    first?.status?.containerStatuses?.[0]?.containerID,
  );
  onHost(lab, 'node-1', 'rm /etc/kubernetes/manifests/still.yaml');
  wait(lab, 60);
  expect(pod(lab, 'still-node-1')).toBeUndefined();
  expect(onHost(lab, 'node-1', 'pgrep nginx; true').trim()).toBe('');
});

test('a second server on a port of the pod cannot bind, and is restarted after 10 s to 5 min (R171)', () => {
  const lab = boot();
  createPod(lab, 'twins', 'nginx', {
    containers: [
      { name: 'first', image: 'nginx' },
      { name: 'second', image: 'nginx' },
    ],
  });
  const delays: string[] = [];
  for (let second = 0; second < 1500; second += 1) {
    wait(lab, 1);
    const status = pod(lab, 'twins')?.status?.containerStatuses?.find(
      (one) => one.name === 'second',
    );
    const { waiting } = status?.state ?? {};
    const delay = /^back-off (\S+) restarting failed container=second pod=twins_default/.exec(
      waiting?.message ?? '',
    )?.[1];
    if (delay === undefined) continue;
    expect(waiting?.reason).toBe('CrashLoopBackOff');
    if (delays.at(-1) !== delay) delays.push(delay);
  }
  expect(delays).toEqual(['10s', '20s', '40s', '1m20s', '2m40s', '5m0s']);
  const log = onHost(
    lab,
    'workstation',
    'kubectl --kubeconfig /home/learner/.kube/config logs twins -c second -p',
  );
  expect(log).toContain('bind() to 0.0.0.0:80 failed (98: Address already in use)');
  expect(readyPods(lab)).toBe(0);
});

test('the first probe comes after initialDelaySeconds, a container that fails them is restarted (R199)', () => {
  const lab = boot();
  const httpGet = { path: '/_status/healthz', port: 80 };
  createPod(lab, 'checked', 'nginx', {
    containers: [
      {
        name: 'main',
        image: 'nginx',
        livenessProbe: { httpGet, initialDelaySeconds: 30, timeoutSeconds: 1 },
      },
    ],
  });
  wait(lab, 30);
  const started =
    pod(lab, 'checked')?.status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '';
  wait(lab, 60);
  const last = pod(lab, 'checked')?.status?.containerStatuses?.[0]?.lastState?.terminated;
  const ran = ((parseRfc3339(last?.finishedAt ?? '') ?? 0) - (parseRfc3339(started) ?? 0)) / 1e6;
  // Three failures ten seconds apart, the first 30 s to 40 s after the start.
  expect(ran).toBeGreaterThanOrEqual(50);
  expect(ran).toBeLessThanOrEqual(61);
  expect(reasons(lab, 'checked').filter((reason) => reason === 'Unhealthy').length).toBe(1);
});
