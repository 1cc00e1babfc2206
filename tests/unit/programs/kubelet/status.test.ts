/** Phases, conditions and the patch that a status change becomes. */
import { describe, expect, it } from 'vitest';
import type { Pod, PodStatus } from '../../../../src/ground/api/types.ts';
import {
  podStatusOf,
  type StatusInput,
  statusPatch,
} from '../../../../src/programs/kubelet/status.ts';
import type { ContainerStatus } from '../../../../src/programs/runtime/wire/messages.ts';

function container(state: ContainerStatus['state'], exitCode = 0, attempt = 0): ContainerStatus {
  return {
    id: `id${attempt}`,
    podSandboxId: 's',
    metadata: { name: 'web', attempt },
    image: 'nginx',
    imageRef: 'ref',
    state,
    createdAt: 0,
    labels: {},
    annotations: {},
    startedAt: 0,
    finishedAt: 0,
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    message: '',
    logPath: '',
    mounts: [],
    pid: 1,
    user: { uid: 0, gid: 0, supplementalGroups: [0] },
  };
}

function input(fields: Partial<StatusInput>, restartPolicy = 'Always'): StatusInput {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    spec: { containers: [{ name: 'web', image: 'nginx' }], restartPolicy },
  };
  return {
    pod,
    sandboxReady: true,
    podIp: '10.244.1.5',
    hostIp: '192.168.0.11',
    containers: new Map(),
    waiting: new Map(),
    startTime: '',
    now: 0,
    terminal: false,
    ready: () => true,
    started: () => true,
    refused: undefined,
    ...fields,
  };
}

describe('phase', () => {
  it.each([
    ['Always', 'CONTAINER_RUNNING', 0, false, 'Running'],
    ['Always', 'CONTAINER_EXITED', 1, false, 'Running'],
    ['Always', 'CONTAINER_EXITED', 1, true, 'Failed'],
    ['OnFailure', 'CONTAINER_EXITED', 0, false, 'Succeeded'],
    ['OnFailure', 'CONTAINER_EXITED', 1, false, 'Running'],
    ['Never', 'CONTAINER_EXITED', 1, false, 'Failed'],
    ['Never', 'CONTAINER_EXITED', 0, false, 'Succeeded'],
  ] as const)('%s %s %d terminal %s: %s', (policy, state, code, terminal, phase) => {
    const containers = new Map([['web', [container(state, code)]]]);
    expect(podStatusOf(input({ containers, terminal }, policy)).phase).toBe(phase);
  });
});

describe('containers', () => {
  it('shows CrashLoopBackOff over the state that it follows', () => {
    const containers = new Map([['web', [container('CONTAINER_EXITED', 3, 2)]]]);
    const waiting = new Map([['web', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
    const [status] = podStatusOf(input({ containers, waiting })).containerStatuses ?? [];
    expect(status?.state).toEqual({
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' },
    });
    expect(status?.lastState?.terminated?.exitCode).toBe(3);
    expect(status?.restartCount).toBe(2);
  });

  it('shows the end of a container that is not run again, whatever was said of its start', () => {
    const failed = { ...container('CONTAINER_EXITED', 128), reason: 'StartError' };
    const containers = new Map([['web', [failed]]]);
    const waiting = new Map([['web', { reason: 'RunContainerError', message: 'no such file' }]]);
    const reasons = ['Always', 'OnFailure', 'Never'].map((restartPolicy) => {
      const made = input({ containers, waiting });
      const pod = { ...made.pod, spec: { ...made.pod.spec, restartPolicy } } as typeof made.pod;
      const [status] = podStatusOf({ ...made, pod }).containerStatuses ?? [];
      return status?.state?.waiting?.reason ?? status?.state?.terminated?.reason;
    });
    expect(reasons).toEqual(['RunContainerError', 'RunContainerError', 'StartError']);
  });

  it('names the unready ones in the conditions', () => {
    const containers = new Map([['web', [container('CONTAINER_RUNNING')]]]);
    const status = podStatusOf(input({ containers, ready: () => false }));
    expect(
      status.conditions?.map(({ type, status: value, reason, message }) => [
        type,
        value,
        reason,
        message,
      ]),
    ).toEqual([
      ['PodReadyToStartContainers', 'True', undefined, undefined],
      ['Initialized', 'True', undefined, undefined],
      ['Ready', 'False', 'ContainersNotReady', 'containers with unready status: [web]'],
      ['ContainersReady', 'False', 'ContainersNotReady', 'containers with unready status: [web]'],
      ['PodScheduled', 'True', undefined, undefined],
    ]);
  });
});

describe('patch', () => {
  const ready: PodStatus = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'b' }],
  };
  const unready: PodStatus = {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'False', reason: 'R', message: 'm', lastTransitionTime: 'a' },
    ],
  };

  it('is nothing when nothing changed', () => {
    expect(statusPatch(ready, { ...ready })).toBeUndefined();
  });

  it('takes away what a condition no longer has', () => {
    expect(statusPatch(unready, ready)).toEqual({
      '$setElementOrder/conditions': [{ type: 'Ready' }],
      conditions: [
        { type: 'Ready', status: 'True', lastTransitionTime: 'b', reason: null, message: null },
      ],
    });
  });
});
