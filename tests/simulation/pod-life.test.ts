/** What becomes of a pod's containers: shared folders, changed images, probes at their limits, endpoints, environment. */
import { expect, test } from 'vitest';
import { freezeDeep } from '../../src/ground/api/edit.ts';
import { PODS, SERVICES } from '../../src/ground/api/names.ts';
import type { EndpointSlice, Pod } from '../../src/ground/api/types.ts';
import type { Lab } from '../../src/lab/lab.ts';
import {
  asAdmin,
  create,
  createPod,
  inPod,
  onHost,
  pods,
  readyPods,
  wait,
} from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const boot = () => bootLab({ seed: 7, nodes: 1, profile: 'modern' });

const pod = (lab: Lab, name: string): Pod | undefined =>
  pods(lab).find((one) => one.metadata.name === name);

test('two containers of a pod share a folder of the node: one serves what the other writes (R174)', () => {
  const lab = boot();
  const volumeMounts = [{ name: 'shared', mountPath: '/tmp/mypod' }];
  createPod(lab, 'mypod', '', {
    volumes: [{ name: 'shared', hostPath: { path: '/tmp/mypod' } }],
    containers: [
      {
        name: 'webserver',
        image: 'ubuntu',
        command: ['python3', '-m', 'http.server', '80'],
        workingDir: '/tmp/mypod',
        volumeMounts,
      },
      { name: 'busybox', image: 'sttts/busybox-curl', command: ['sleep', '3600'], volumeMounts },
    ],
  });
  wait(lab, 30);
  expect(readyPods(lab)).toBe(1);
  const kubectl = 'kubectl --kubeconfig /home/learner/.kube/config exec mypod -c busybox --';
  const said = onHost(
    lab,
    'workstation',
    `${kubectl} sh -c 'echo hello > /tmp/mypod/index.html; curl -s localhost'`,
  );
  expect(said).toBe('hello\n');
  expect(onHost(lab, 'node-1', 'cat /tmp/mypod/index.html')).toBe('hello\n');
});

test('a changed image restarts its container; an annotation leaves everything as it is (R192)', () => {
  const lab = boot();
  createPod(lab, 'web', 'nginx');
  wait(lab, 20);
  const patch = (value: object) =>
    asAdmin(lab, (client) => client.patch(PODS, 'default', 'web', 'strategic', freezeDeep(value)));
  const container = () => pod(lab, 'web')?.status?.containerStatuses?.[0];
  const before = container();
  patch({ metadata: { annotations: { note: 'x' } } });
  wait(lab, 20);
  expect(container()).toEqual(before);
  patch({ spec: { containers: [{ name: 'main', image: 'httpd' }] } });
  wait(lab, 60);
  expect(container()?.restartCount).toBe(1);
  expect(container()?.image).toContain('httpd');
  expect(container()?.containerID).not.toBe(before?.containerID);
});

test.each([
  ['exec true', { exec: { command: ['true'] } }, true],
  ['exec false', { exec: { command: ['false'] } }, false],
  ['exec that takes too long', { exec: { command: ['sleep', '5'] } }, false],
  ['a port that is open', { tcpSocket: { port: 80 } }, true],
  ['a port that is closed', { tcpSocket: { port: 81 } }, false],
  ['a page', { httpGet: { path: '/', port: 80 } }, true],
  ['no such page', { httpGet: { path: '/none', port: 80 } }, false],
])('readiness by %s (R196, R197, R198)', (_name, probe, ready) => {
  const lab = boot();
  createPod(lab, 'web', 'nginx', {
    containers: [{ name: 'main', image: 'nginx', readinessProbe: { ...probe, periodSeconds: 2 } }],
  });
  wait(lab, 25);
  expect(readyPods(lab)).toBe(ready ? 1 : 0);
});

test('an endpoint goes with the readiness of its pod, and traffic with it (R195)', () => {
  const lab = boot();
  createPod(lab, 'web', 'nginx', {
    containers: [
      {
        name: 'main',
        image: 'nginx',
        readinessProbe: {
          exec: { command: ['cat', '/etc/nginx/nginx.conf'] },
          periodSeconds: 1,
          failureThreshold: 1,
        },
      },
    ],
  });
  asAdmin(lab, (client) =>
    client.patch(
      PODS,
      'default',
      'web',
      'merge',
      freezeDeep({ metadata: { labels: { app: 'web' } } }),
    ),
  );
  create(lab, SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.77', selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  wait(lab, 20);
  const ready = (): boolean | undefined =>
    lab.cluster.storedBelow<EndpointSlice>('/registry/endpointslices/default/web-')[0]
      ?.endpoints?.[0]?.conditions?.ready;
  const ask = (): string =>
    onHost(lab, 'node-1', "curl -s -o /dev/null -m 3 -w '%{http_code}' http://10.96.0.77/");
  expect(ready()).toBe(true);
  expect(ask()).toBe('200');
  inPod(lab, 'web', 'mv /etc/nginx/nginx.conf /etc/nginx/gone');
  const from = lab.loop.now;
  lab.run({ until: from + 10_000_000, when: () => ready() === false });
  expect(lab.loop.now - from).toBeLessThan(1_500_000);
  wait(lab, 2);
  expect(ask()).toBe('000');
  inPod(lab, 'web', 'mv /etc/nginx/gone /etc/nginx/nginx.conf');
  wait(lab, 5);
  expect(ask()).toBe('200');
});

test('a service is in the environment of pods made after it, and has a name for all (R217, R218)', () => {
  const lab = boot();
  const box = (name: string): void =>
    createPod(lab, name, '', {
      containers: [{ name: 'main', image: 'sttts/busybox-curl', command: ['sleep', '3600'] }],
    });
  box('early');
  wait(lab, 15);
  createPod(lab, 'web', 'nginx');
  asAdmin(lab, (client) =>
    client.patch(
      PODS,
      'default',
      'web',
      'merge',
      freezeDeep({ metadata: { labels: { app: 'web' } } }),
    ),
  );
  create(lab, SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'my-web', namespace: 'default' },
    spec: {
      clusterIP: '10.96.0.78',
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80 }],
    },
  });
  wait(lab, 5);
  box('late');
  wait(lab, 20);
  const env = (name: string): string[] =>
    inPod(lab, name, 'env')
      .split('\n')
      .filter((line) => line.startsWith('MY_WEB_'))
      .sort();
  expect(env('early')).toEqual([]);
  expect(env('late')).toEqual([
    'MY_WEB_PORT=tcp://10.96.0.78:80',
    'MY_WEB_PORT_80_TCP=tcp://10.96.0.78:80',
    'MY_WEB_PORT_80_TCP_ADDR=10.96.0.78',
    'MY_WEB_PORT_80_TCP_PORT=80',
    'MY_WEB_PORT_80_TCP_PROTO=tcp',
    'MY_WEB_SERVICE_HOST=10.96.0.78',
    'MY_WEB_SERVICE_PORT=80',
    'MY_WEB_SERVICE_PORT_HTTP=80',
  ]);
  for (const name of ['early', 'late'])
    expect(inPod(lab, name, 'curl -s http://my-web/')).toContain('Welcome to nginx!');
});
