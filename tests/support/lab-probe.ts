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

export function createPod(
  lab: Lab,
  name: string,
  image: string,
  spec: object = {},
  namespace = 'default',
): void {
  create(lab, PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
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

/** Runs a shell line as root on a host, or in a pod's network namespace, and gives what it printed. */
export function onHost(lab: Lab, host: string, line: string, limit = 60): string {
  let text: string | undefined;
  const machine = lab.cluster.hosts.get(host);
  if (machine === undefined) throw new Error(`no host ${host}`);
  const started = machine.spawn({
    argv: ['probe'],
    comm: 'probe',
    env: new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']]),
    *fork(process) {
      const [reader, writer] = process.pipe();
      const shell = process.spawn({
        argv: ['bash', '-c', line],
        descriptors: new Map([
          [0, process.stdin],
          [1, writer],
          [2, writer],
        ]),
      });
      writer.close();
      if (!shell.ok) throw new Error(`bash: ${shell.error.errno}`);
      let output = '';
      for (;;) {
        const bytes = yield* reader.read();
        if (!bytes.ok || bytes.value === undefined) break;
        output += new TextDecoder().decode(bytes.value);
      }
      yield* shell.value.wait();
      text = output;
      return 0;
    },
  });
  if (!started.ok) throw new Error(`probe: ${started.error.errno}`);
  lab.run({ until: lab.loop.now + limit * SECOND, when: () => text !== undefined });
  if (text === undefined) throw new Error(`${line}: no end after ${limit} s of simulated time`);
  return text;
}

/** Runs a command in a pod through kubectl on the workstation. */
export function inPod(lab: Lab, pod: string, line: string, limit = 60): string {
  const quoted = line.replaceAll("'", "'\\''");
  const config = '--kubeconfig /home/learner/.kube/config';
  return onHost(lab, 'workstation', `kubectl ${config} exec ${pod} -- sh -c '${quoted}'`, limit);
}
