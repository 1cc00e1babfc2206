/** A booted lab and a way to act in it as a program does: for tests of what runs on nodes. */
import { formatIp, parseIp } from '../../src/ground/base/ip.ts';
import type { KubeObject } from '../../src/ground/api/object.ts';
import { freezeDeep } from '../../src/ground/api/edit.ts';
import type { Task } from '../../src/ground/base/task.ts';
import { Lab } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import type { Process } from '../../src/machines/machine/process.ts';
import { openClient } from '../../src/spine/client/client.ts';
import { loadKubeconfig } from '../../src/spine/client/kubeconfig.ts';
import type { Client } from '../../src/spine/client/types.ts';

export const SECONDS = 1_000_000;

export class NodeHarness {
  readonly lab: Lab;

  constructor(nodes = 1, seed = 7) {
    this.lab = new Lab({
      base: { profile: 'modern', nodes, scenario: '', files: {} },
      seed,
      parts: shippedParts(),
    });
    this.lab.loop.run({ until: 8 * SECONDS });
  }

  /** Lets simulated time pass. */
  pass(seconds: number): void {
    this.lab.loop.run({ until: this.lab.loop.now + seconds * SECONDS });
  }

  host(name: string) {
    const host = this.lab.cluster.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  /** Runs a body on a host as root and gives what it returns; fails after a minute. */
  run<T>(hostName: string, body: (process: Process) => Task<T>): T {
    let result: { readonly value: T } | undefined;
    const spawned = this.host(hostName).spawn({
      argv: ['test'],
      comm: 'test',
      env: new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']]),
      fork: function* (process) {
        result = { value: yield* body(process) };
        return 0;
      },
    });
    if (!spawned.ok) throw new Error(`spawn: ${spawned.error.errno}`);
    this.lab.loop.run({
      until: this.lab.loop.now + 60 * SECONDS,
      when: () => result !== undefined,
    });
    if (result === undefined) throw new Error('the body did not end within a minute');
    return result.value;
  }

  /** Runs a body with an administrator's client. */
  admin<T>(body: (client: Client) => Task<T>): T {
    return this.run('cp-1', function* (process) {
      const config = loadKubeconfig(process, '/etc/kubernetes/admin.conf');
      if (!config.ok) throw new Error(config.error);
      return yield* body(openClient(process, config.value, { qps: 0 }));
    });
  }

  create(
    resource: { readonly group: string; readonly version: string; readonly resource: string },
    object: unknown,
  ): void {
    this.admin(function* (client) {
      const made = yield* client.create(resource, freezeDeep(object) as KubeObject);
      if (!made.ok) throw new Error(made.error.message);
    });
  }

  /** The routes that the distribution's unit writes, for as long as a host lacks `ip`. */
  routeNodes(): void {
    const nodes = this.lab.cluster.nodeNames;
    nodes.forEach((name, index) => {
      const { network } = this.host(name).kernel.namespaces;
      nodes.forEach((_other, target) => {
        const via = parseIp(formatIp(0xc0a8000a + target));
        if (target === index || via === undefined) return;
        network.addRoute({
          destination: { base: 0x0af40000 + target * 256, bits: 24 },
          via,
          device: 'eth0',
        });
      });
    });
  }
}
