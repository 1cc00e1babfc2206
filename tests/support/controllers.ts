/** Controllers over a fake store, and a kubelet's worth of behaviour for their pods. */
import { freezeDeep } from '../../src/ground/api/edit.ts';
import { PODS } from '../../src/ground/api/names.ts';
import { keyOf } from '../../src/ground/api/object.ts';
import type { Deployment, Pod } from '../../src/ground/api/types.ts';
import { EventLoop, type Micros } from '../../src/ground/base/event-loop.ts';
import { formatRfc3339 } from '../../src/ground/base/time.ts';
import { MODERN_COSTS } from '../../src/machines/machine/costs.ts';
import {
  type Controller,
  type ControllerFlags,
  contextFor,
  DEFAULT_FLAGS,
  Informers,
} from '../../src/programs/controllers/context.ts';
import { FakeClient } from './fake-client.ts';
import { fakeProcess } from './fake-process.ts';

export interface ControllerLab {
  readonly loop: EventLoop;
  readonly client: FakeClient;
  readonly log: string[];
  run(span: Micros): void;
}

export function controllerLab(
  controllers: readonly Controller[],
  flags: Partial<ControllerFlags> = {},
): ControllerLab {
  const loop = new EventLoop();
  const client = new FakeClient(loop);
  const { process, log } = fakeProcess(loop, 'kube-controller-manager');
  const informers = new Informers(process, client);
  for (const controller of controllers) {
    const settings = { ...DEFAULT_FLAGS, ...flags };
    controller.start(contextFor(process, client, informers, settings, controller.component));
  }
  return { loop, client, log, run: (span) => void loop.run({ until: loop.now + span }) };
}

/** Says of a pod that it runs and is ready on a node, as its kubelet would. */
export function makeReady(lab: ControllerLab, pod: Pod, node = 'node-1', ip = '10.244.1.2'): void {
  const time = formatRfc3339(MODERN_COSTS.epoch + lab.loop.now);
  lab.client.put<Pod>(
    PODS,
    freezeDeep<Pod>({
      ...pod,
      spec: { containers: [], ...pod.spec, nodeName: node },
      status: {
        phase: 'Running',
        podIP: ip,
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }],
      },
    }),
  );
}

/** Makes every pod that is not ready yet ready; addresses count up. */
export function makeAllReady(lab: ControllerLab): number {
  let count = 0;
  lab.client.all<Pod>(PODS).forEach((pod, index) => {
    if (pod.status?.phase === 'Running') return;
    count += 1;
    makeReady(lab, pod, `node-${1 + (index % 3)}`, `10.244.${1 + (index % 3)}.${2 + index}`);
  });
  return count;
}

export function deployment(name: string, replicas: number, image = 'nginx:1.27'): Deployment {
  return freezeDeep<Deployment>({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      selector: { matchLabels: { app: name } },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      },
      template: {
        metadata: { name: '', labels: { app: name } },
        spec: { containers: [{ name: 'web', image }] },
      },
    },
  });
}

export function names(pods: readonly Pod[]): readonly string[] {
  return pods.map(keyOf);
}
