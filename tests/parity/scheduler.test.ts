/**
 * kube-scheduler's figures: how many nodes are looked at (pkg/scheduler/schedule_one.go
 * numFeasibleNodesToFind), scores on a fixed node in both eras, texts of FailedScheduling.
 */
import { expect, test } from 'vitest';
import type { Container, Pod } from '../../src/ground/api/types.ts';
import { admit } from '../../src/programs/kubelet/admission.ts';
import { fitErrorMessage, preemptionMessage } from '../../src/programs/scheduler/attempt.ts';
import { SchedulerCore } from '../../src/programs/scheduler/core.ts';
import { feasibleNodesToFind } from '../../src/programs/scheduler/cycle.ts';
import { MODERN_SCHEDULER, SEED_ERA_SCHEDULER } from '../../src/programs/scheduler/profile.ts';
import {
  imageScore,
  normalisedImage,
} from '../../src/programs/scheduler/plugins/image-locality.ts';
import { hostPortsOf, portsConflict } from '../../src/programs/scheduler/plugins/node-ports.ts';
import { podRequest } from '../../src/programs/scheduler/plugins/resources.ts';
import * as layout from '../../assembly/scheduler/layout.ts';
import { wasmCore } from '../support/scheduler-cores.ts';

test.each([
  [3, 3],
  [99, 99],
  [100, 100],
  [500, 230],
  [1000, 420],
  [1761, 633],
  [5000, 500],
  [15000, 750],
])('of %i nodes %i feasible ones are wanted', (nodes, wanted) => {
  expect(feasibleNodesToFind(nodes)).toBe(wanted);
});

// Node: 4 CPU, 8 GiB. Used: cpu 1000m, memory 2 GiB. Pod: 500m, 1 GiB.
// modern: least = ((4000-1500)*100/4000 + (8-3)*100/8) / 2 = (62 + 62) / 2; balanced = 1 - |0.375-0.375|/2.
// seed era: (6 + 6) / 2; 10 - 0.
test.each([
  [MODERN_SCHEDULER, 62, 100],
  [SEED_ERA_SCHEDULER, 6, 10],
])('LeastAllocated and BalancedAllocation on a fixed node', (profile, fit, balanced) => {
  const GIB = 1024 ** 3;
  const core = new SchedulerCore(wasmCore());
  core.resize(2);
  core.setWeights(profile.weights);
  for (const node of [0, 1]) {
    core.setNode(node, { cpu: 4000, memory: 8 * GIB, pods: 110, extra: [] }, node);
    core.setUse(node, {
      cpu: 1000,
      memory: 2 * GIB,
      cpuNonzero: 1000,
      memoryNonzero: 2 * GIB,
      pods: 3,
      extra: [],
    });
    core.setClass(0, node, 0, 0, 0, 0);
  }
  const flags = profile.seedEra ? layout.FLAG_SEED_ERA : 0;
  core.schedule({
    cpu: 500,
    memory: GIB,
    cpuNonzero: 500,
    memoryNonzero: GIB,
    extra: [],
    classSlot: 0,
    flags,
    start: 0,
    wanted: 2,
    tieSeed: 1,
  });
  expect([core.column(layout.SCORE_FIT)[0], core.column(layout.SCORE_BALANCED)[0]]).toEqual([
    fit,
    balanced,
  ]);
});

// Requested with the pod, of 4 CPU and 8 GiB. least = ⌊(⌊free cpu %⌋ + ⌊free memory %⌋) / 2⌋, balanced = ⌊(1 − |fc − fm| / 2)·100⌋;
// seed era: on the scale of 10, balanced = ⌊10 − |fc − fm|·10⌋.
test.each([
  [4000, 8, 0, 100, 0, 0],
  [1000, 8, 37, 62, 3, 0],
  [4000, 2, 37, 62, 3, 0],
  [1000, 2, 75, 100, 7, 10],
  [3000, 2, 50, 75, 4, 5],
  [100, 7, 54, 57, 5, 1],
])(
  'cpu %i m and memory %i GiB: least %i, balanced %i; of old %i and %i',
  (cpu, memory, ...scores) => {
    const GIB = 1024 ** 3;
    const found = [MODERN_SCHEDULER, SEED_ERA_SCHEDULER].flatMap((profile) => {
      const core = new SchedulerCore(wasmCore());
      core.resize(2);
      core.setWeights(profile.weights);
      for (const node of [0, 1]) {
        core.setNode(node, { cpu: 4000, memory: 8 * GIB, pods: 110, extra: [] }, node);
        core.setClass(0, node, 0, 0, 0, 0);
      }
      core.schedule({
        cpu,
        memory: memory * GIB,
        cpuNonzero: cpu,
        memoryNonzero: memory * GIB,
        extra: [],
        classSlot: 0,
        flags: profile.seedEra ? layout.FLAG_SEED_ERA : 0,
        start: 0,
        wanted: 2,
        tieSeed: 1,
      });
      return [core.column(layout.SCORE_FIT)[0], core.column(layout.SCORE_BALANCED)[0]];
    });
    expect(found).toEqual(scores);
  },
);

// A claim of a port of the host beside another one.
test.each([
  ['', 'TCP', '', 'TCP', true],
  ['', 'TCP', '0.0.0.0', 'TCP', true],
  ['', 'TCP', '', 'UDP', false],
  ['127.0.0.1', 'TCP', '', 'TCP', true],
  ['127.0.0.1', 'TCP', '127.0.0.1', 'TCP', true],
  ['127.0.0.1', 'TCP', '192.168.0.11', 'TCP', false],
  ['127.0.0.1', 'TCP', '0.0.0.0', 'UDP', false],
])('port 80 on "%s" %s beside "%s" %s', (hostIP, protocol, otherIP, otherProtocol, clash) => {
  const pod = (ip: string, kind: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      containers: [
        { name: 'c', ports: [{ containerPort: 1, hostPort: 80, hostIP: ip, protocol: kind }] },
      ],
    },
  });
  const [one, other] = [pod(hostIP, protocol), pod(otherIP, otherProtocol)];
  expect(portsConflict(hostPortsOf(one), hostPortsOf(other))).toBe(clash);
  const room = { cpuMilli: 1000, memory: 1 };
  expect(admit(one, undefined, [other], room, 110)?.reason).toBe(clash ? 'NodePorts' : undefined);
});

test('FailedScheduling counts reasons per text and sorts them', () => {
  const taint = 'node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }';
  const reasons = [
    [taint],
    ['Insufficient cpu', 'Insufficient memory'],
    ['Insufficient cpu'],
    ['Insufficient cpu'],
  ];
  expect(fitErrorMessage(4, reasons, preemptionMessage(1, 3))).toBe(
    `0/4 nodes are available: 1 Insufficient memory, 1 ${taint}, 3 Insufficient cpu. ` +
      'preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.',
  );
  expect(fitErrorMessage(0, [], '')).toBe('no nodes available to schedule pods');
});

test('ImageLocality clamps and scales', () => {
  const MIB = 1024 * 1024;
  expect(imageScore([], 1, 3)).toBe(0);
  expect(imageScore([{ size: 72_188_133, nodes: 3 }], 1, 3)).toBe(4);
  expect(imageScore([{ size: 2000 * MIB, nodes: 3 }], 1, 3)).toBe(100);
  expect(
    ['nginx', 'xiaorui/backend:v2', 'registry.k8s.io/pause:3.10.1'].map(normalisedImage),
  ).toEqual([
    'docker.io/library/nginx:latest',
    'docker.io/xiaorui/backend:v2',
    'registry.k8s.io/pause:3.10.1',
  ]);
});

// Init containers in order, then containers; `+` marks one that stays (a sidecar).
test.each([
  ['', '500 500', 1000],
  ['900', '500', 900],
  ['900', '500 500', 1000],
  ['+2000 1900', '500', 3900],
  ['1900 +2000', '500', 2500],
  ['+100 +200 400', '300', 700],
  ['+100 +200 400', '600', 900],
])('init %s, containers %s: %i m', (init, main, total) => {
  const containers = (text: string): Container[] =>
    text
      .split(' ')
      .filter((each) => each !== '')
      .map((each, index) => ({
        name: `c${index}`,
        resources: { requests: { cpu: `${each.replace('+', '')}m` } },
        ...(each.startsWith('+') ? { restartPolicy: 'Always' } : {}),
      }));
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: containers(main), initContainers: containers(init) },
  };
  expect(podRequest(pod).cpu).toBe(total);
  const fits = (cpuMilli: number) => admit(pod, undefined, [], { cpuMilli, memory: 0 }, 110);
  expect([fits(total)?.reason, fits(total - 1)?.reason]).toEqual([undefined, 'OutOfcpu']);
});
