/** Phases with init containers and sidecars, pods that are not let in, and those that outlive their deadline. */
import { describe, expect, it } from 'vitest';
import type { Container, Pod } from '../../../../src/ground/api/types.ts';
import { admit } from '../../../../src/programs/kubelet/admission.ts';
import { podStatusOf, type StatusInput } from '../../../../src/programs/kubelet/status.ts';
import type { ContainerStatus } from '../../../../src/programs/runtime/wire/messages.ts';

type Life = 'running' | 'absent' | number;

function cri(name: string, life: Life): readonly ContainerStatus[] {
  if (life === 'absent') return [];
  const exited = typeof life === 'number';
  return [
    {
      id: name,
      podSandboxId: 's',
      metadata: { name, attempt: 0 },
      image: 'i',
      imageRef: 'r',
      state: exited ? 'CONTAINER_EXITED' : 'CONTAINER_RUNNING',
      createdAt: 0,
      labels: {},
      annotations: {},
      startedAt: 0,
      finishedAt: 0,
      exitCode: exited ? life : 0,
      reason: life === 0 ? 'Completed' : 'Error',
      message: '',
      logPath: '',
      mounts: [],
      pid: 1,
      user: { uid: 0, gid: 0, supplementalGroups: [0] },
    },
  ];
}

function statusOf(
  lives: { readonly init: Life; readonly sidecar: Life; readonly main: Life },
  restartPolicy: string,
  fields: Partial<StatusInput> = {},
) {
  const container = (name: string, more: object = {}): Container =>
    ({ name, image: 'i', ...more }) as Container;
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    spec: {
      initContainers: [container('sidecar', { restartPolicy: 'Always' }), container('init')],
      containers: [container('main')],
      restartPolicy,
    },
  };
  return podStatusOf({
    pod,
    sandboxReady: true,
    podIp: '10.244.1.5',
    hostIp: '192.168.0.11',
    containers: new Map(Object.entries(lives).map(([name, life]) => [name, cri(name, life)])),
    waiting: new Map(),
    startTime: '2026-03-02T09:00:00Z',
    now: 0,
    terminal: false,
    ready: () => true,
    started: () => true,
    refused: undefined,
    ...fields,
  });
}

describe('phase with init containers', () => {
  it.each([
    // init, sidecar, main, policy, terminal: phase
    ['absent', 'absent', 'absent', 'Always', false, 'Pending'],
    ['running', 'running', 'absent', 'Always', false, 'Pending'],
    [1, 'running', 'absent', 'Always', false, 'Pending'],
    [1, 'running', 'absent', 'Never', false, 'Failed'],
    [1, 143, 'absent', 'Always', true, 'Failed'],
    [0, 'running', 'running', 'Always', false, 'Running'],
    [0, 143, 'running', 'Always', false, 'Running'],
    [0, 'running', 0, 'Never', false, 'Running'],
    [0, 143, 0, 'Never', false, 'Succeeded'],
    [0, 143, 2, 'Never', false, 'Failed'],
    [0, 143, 2, 'OnFailure', false, 'Running'],
  ] as const)(
    'init %s, sidecar %s, main %s, %s, terminal %s: %s',
    (init, sidecar, main, policy, terminal, phase) => {
      expect(statusOf({ init, sidecar, main }, policy, { terminal }).phase).toBe(phase);
    },
  );

  it('says PodInitializing of everything that waits for its turn', () => {
    const status = statusOf({ init: 'absent', sidecar: 'absent', main: 'absent' }, 'Always');
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    expect(all.map((one) => one.state?.waiting?.reason)).toEqual(Array(3).fill('PodInitializing'));
  });
});

describe('pods that do not run on', () => {
  const why = { reason: 'DeadlineExceeded', message: 'too long' };

  it('fails with its reason and keeps what its containers were', () => {
    const lives = { init: 0, sidecar: 0, main: 137 } as const;
    const status = statusOf(lives, 'Always', { expired: why });
    expect([status.phase, status.reason, status.message]).toEqual([
      'Failed',
      'DeadlineExceeded',
      'too long',
    ]);
    expect(status.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137);
  });

  it('shows of a pod that was not let in only why', () => {
    const refused = { reason: 'OutOfcpu', message: "Node didn't have enough" };
    const lives = { init: 'absent', sidecar: 'absent', main: 'absent' } as const;
    expect(statusOf(lives, 'Always', { refused })).toEqual({
      message: "Pod was rejected: Node didn't have enough",
      phase: 'Failed',
      qosClass: 'BestEffort',
      reason: 'OutOfcpu',
      startTime: '2026-03-02T09:00:00Z',
    });
  });
});

describe('admission by the node', () => {
  const pod = (name: string, spec: object): Pod =>
    ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { containers: [], ...spec },
    }) as Pod;
  const ports = (hostPort: number, protocol = 'TCP'): object => ({
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort, protocol }] }],
  });
  const node = (taints: readonly object[]) =>
    ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { taints } }) as never;
  const room = { cpuMilli: 4000, memory: 1e9 };
  const evict = { key: 'gone', effect: 'NoExecute' };

  it.each([
    ['a free port', ports(81), [], undefined],
    ['a taken port', ports(80), [], 'NodePorts'],
    ['the same number of another protocol', ports(80, 'UDP'), [], undefined],
    ['a taint that evicts', {}, [evict], 'TaintToleration'],
    [
      'a taint that only keeps the scheduler away',
      {},
      [{ ...evict, effect: 'NoSchedule' }],
      undefined,
    ],
    ['a taint that is borne', { tolerations: [{ operator: 'Exists' }] }, [evict], undefined],
    ['a selector', { nodeSelector: { disk: 'ssd' } }, [], 'NodeAffinity'],
  ] as const)('%s', (_, spec, taints, reason) => {
    const others = [pod('other', ports(80))];
    expect(admit(pod('new', spec), node(taints), others, room, 110)?.reason).toBe(reason);
  });
});
