/** Small questions to a booted lab, for simulation tests: objects, processes, a client of one's own. */
import { freezeDeep } from '../../src/ground/api/edit.ts';
import { DEPLOYMENTS, PODS } from '../../src/ground/api/names.ts';
import type { KubeObject, ResourceName } from '../../src/ground/api/object.ts';
import type { Node, Pod } from '../../src/ground/api/types.ts';
import { SECOND } from '../../src/ground/base/event-loop.ts';
import type { Task } from '../../src/ground/base/task.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Process, Signal } from '../../src/machines/machine/process.ts';
import { openClient } from '../../src/spine/client/client.ts';
import { loadKubeconfig } from '../../src/spine/client/kubeconfig.ts';
import type { ApiResult, Client } from '../../src/spine/client/types.ts';

/** Runs a task on the workstation as the administrator, and the lab until it has ended. */
export function asAdmin<T>(
  lab: Lab,
  task: (client: Client, process: Process) => Task<T>,
  limit = 120,
): T | undefined {
  let result: T | undefined;
  let done = false;
  const program = {
    name: 'probe',
    version: '1',
    *main(process: Process): Task<number> {
      const config = loadKubeconfig(process, '/home/learner/.kube/config');
      if (!config.ok) throw new Error(config.error);
      result = yield* task(openClient(process, config.value, { qps: -1 }), process);
      done = true;
      return 0;
    },
  };
  lab.cluster.workstation.files.write('/usr/local/bin/probe', program, 0o755);
  const child = lab.cluster.workstation.spawn({ argv: ['probe'] });
  if (!child.ok) throw new Error(`probe: ${child.error.errno}`);
  lab.run({ until: lab.loop.now + limit * SECOND, when: () => done });
  return result;
}

export function create(
  lab: Lab,
  resource: ResourceName,
  object: unknown,
): ApiResult<KubeObject> | undefined {
  return asAdmin(lab, (client) => client.create(resource, freezeDeep(object) as KubeObject));
}

export function createPod(lab: Lab, name: string, image: string, spec: object = {}): void {
  create(lab, PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image }], ...spec },
  });
}

export function createDeployment(lab: Lab, name: string, replicas: number, image = 'nginx'): void {
  create(lab, DEPLOYMENTS, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image }] },
      },
    },
  });
}

export function pods(lab: Lab, namespace = 'default'): readonly Pod[] {
  return lab.cluster.storedBelow<Pod>(`/registry/pods/${namespace}/`);
}

export function readyPods(lab: Lab): number {
  return pods(lab).filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  ).length;
}

export function readiness(lab: Lab, node: string): string {
  const stored = lab.cluster.stored<Node>(`/registry/minions/${node}`);
  return stored?.status?.conditions?.find((one) => one.type === 'Ready')?.status ?? 'absent';
}

/** Length of a command name in the kernel (TASK_COMM_LEN less one). */
const COMM_MAX = 15;

/** Sends a signal to every process of a name on a host; says how many there were. */
export function signal(lab: Lab, host: string, comm: string, what: Signal): number {
  const kernel = lab.cluster.hosts.get(host)?.kernel;
  const found =
    kernel?.processes().filter((process) => process.comm === comm.slice(0, COMM_MAX)) ?? [];
  for (const process of found) kernel?.signal(process.pid, what);
  return found.length;
}

/** Runs on for so many simulated seconds. */
export function wait(lab: Lab, seconds: number): void {
  lab.run({ until: lab.loop.now + seconds * SECOND });
}
