/** A booted lab for benchmarks, with one program on its workstation that calls the API. */
import { freezeDeep } from '../../src/ground/api/edit.ts';
import { DEPLOYMENTS } from '../../src/ground/api/names.ts';
import type { KubeObject } from '../../src/ground/api/object.ts';
import { type Micros, MILLISECOND } from '../../src/ground/base/event-loop.ts';
import type { Task } from '../../src/ground/base/task.ts';
import { Lab } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import type { Process } from '../../src/machines/machine/process.ts';
import { openClient } from '../../src/spine/client/client.ts';
import { loadKubeconfig } from '../../src/spine/client/kubeconfig.ts';
import type { Client } from '../../src/spine/client/types.ts';

const SEED = 7;
const STEP: Micros = 100 * MILLISECOND;
/** Steps after which something is wrong: ten simulated minutes. */
const STEPS_MAX = 6000;

type ApiCall = (client: Client) => Task<void>;

/** Which probes the pods of a Deployment have. */
export type Probes = 'none' | 'readiness' | 'both';

interface DeploymentStatus extends KubeObject {
  readonly status?: { readonly readyReplicas?: number; readonly replicas?: number };
}

export class BenchCluster {
  readonly lab: Lab;

  constructor(nodes: number) {
    this.lab = new Lab({
      base: { profile: 'modern', nodes, scenario: '', files: {} },
      seed: SEED,
      parts: shippedParts(),
    });
    this.lab.boot();
  }

  /** Starts calls to the API from the workstation. */
  begin(call: ApiCall): { readonly over: () => boolean } {
    let over = false;
    const program = {
      name: 'bench',
      version: '1',
      *main(process: Process): Task<number> {
        const config = loadKubeconfig(process, '/home/learner/.kube/config');
        if (!config.ok) throw new Error(config.error);
        const client = openClient(process, config.value, { qps: -1 });
        yield* call(client);
        over = true;
        return 0;
      },
    };
    const { workstation } = this.lab.cluster;
    workstation.files.write('/usr/local/bin/bench', program, 0o755);
    const child = workstation.spawn({ argv: ['bench'], uid: 1000, gid: 1000 });
    if (!child.ok) throw new Error('the workstation does not start the program');
    return { over: () => over };
  }

  /** Calls the API and runs until the answer is there. */
  call(call: ApiCall): void {
    const begun = this.begin(call);
    this.runUntil(begun.over);
  }

  runUntil(done: () => boolean): void {
    for (let step = 0; !done(); step += 1) {
      if (step > STEPS_MAX) throw new Error('ten minutes have passed in vain');
      this.lab.loop.run({ until: this.lab.loop.now + STEP });
    }
  }

  pass(span: Micros): void {
    this.lab.loop.run({ until: this.lab.loop.now + span });
  }

  ready(name: string): number {
    return this.#status(name)?.readyReplicas ?? 0;
  }

  replicas(name: string): number {
    return this.#status(name)?.replicas ?? 0;
  }

  #status(name: string): DeploymentStatus['status'] {
    return this.lab.cluster.stored<DeploymentStatus>(`/registry/deployments/default/${name}`)
      ?.status;
  }

  /** From the create to the last replica Ready. */
  deploy(name: string, replicas: number, probes: Probes = 'none'): void {
    this.begin(function* (client) {
      const made = yield* client.create(DEPLOYMENTS, deployment(name, replicas, probes));
      if (!made.ok) throw new Error(made.error.message);
    });
    this.runUntil(() => this.ready(name) >= replicas);
  }
}

function deployment(name: string, replicas: number, probes: Probes): KubeObject {
  const probe = { httpGet: { path: '/', port: 80 } };
  const probed = {
    ...(probes === 'none' ? {} : { readinessProbe: probe }),
    ...(probes === 'both' ? { livenessProbe: probe } : {}),
  };
  const labels = { app: name };
  return freezeDeep({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'nginx', ...probed }] },
      },
    },
  }) as unknown as KubeObject;
}
