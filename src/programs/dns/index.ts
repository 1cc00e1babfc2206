/**
 * CoreDNS: the cluster's name server, a Deployment like any other. Reads a Corefile, answers for
 * Services and pods from its own watch of the API, forwards the rest (CoreDNS v1.12.1). Plugins:
 * errors, log, health, ready, kubernetes, prometheus, forward, cache, loop, reload, loadbalance.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { sha512Hex } from '../../ground/pki/digest.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import { openClient } from '../../spine/client/client.ts';
import { inClusterConfig } from '../../spine/client/kubeconfig.ts';
import { parseCorefile, type ServerBlock } from './corefile.ts';
import { DnsServer } from './server.ts';
import { ServiceIndex } from './service-index.ts';

const HEALTH_PORT = 8080;
const READY_PORT = 8181;
const METRICS_PORT = 9153;
const RELOAD_PERIOD = 30 * SECOND;
const LAMEDUCK = 5 * SECOND;

export const coredns: Program = {
  name: 'coredns',
  version: '1.12.1',
  *main(process) {
    process.memory(process.costs.memory.get('coredns') ?? 20 * 1024 * 1024);
    yield* process.work(process.costs.startMicros.get('coredns') ?? 150_000);
    const at = process.argv.indexOf('-conf');
    const path = at < 0 ? 'Corefile' : (process.argv[at + 1] ?? 'Corefile');
    const text = process.files.readText(path);
    const parsed = parseCorefile(text.ok ? text.value : '.:53 {\n whoami\n}\n', path);
    if (!parsed.ok) {
      yield* process.print(`${parsed.error}\n`);
      return 1;
    }
    return yield* serve(process, parsed.value, path, text.ok ? text.value : '');
  },
};

/** The servers of one Corefile, made but not listening yet. */
interface Setup {
  readonly blocks: readonly ServerBlock[];
  readonly servers: readonly DnsServer[];
}

/** What runs: servers come and go with the Corefile, what they know of the cluster stays. */
class Instance {
  readonly #process: Process;
  readonly #path: string;
  readonly #indexes = new Map<boolean, ServiceIndex>();
  /** Made, and not started yet. */
  readonly #fresh: ServiceIndex[] = [];
  #setup: Setup = { blocks: [], servers: [] };

  constructor(process: Process, path: string) {
    this.#process = process;
    this.#path = path;
  }

  get servers(): readonly DnsServer[] {
    return this.#setup.servers;
  }

  /** Takes a Corefile in place of the one that runs, which stays when this one cannot be set up. */
  start(blocks: readonly ServerBlock[]): Result<void, string> {
    const made = this.#make(blocks);
    if (!made.ok) return made;
    for (const server of this.#setup.servers) server.close();
    this.#setup = made.value;
    for (const [index, block] of blocks.entries()) {
      const listening = made.value.servers[index]?.serve(block.port);
      if (listening !== undefined && !listening.ok) return listening;
    }
    for (const index of this.#fresh.splice(0)) index.start();
    return DONE;
  }

  #make(blocks: readonly ServerBlock[]): Result<Setup, string> {
    const credentials = inClusterConfig(this.#process);
    const servers: DnsServer[] = [];
    for (const block of blocks) {
      const needsCluster = block.directives.some((directive) => directive.name === 'kubernetes');
      if (needsCluster && !credentials.ok) return err(`plugin/kubernetes: ${credentials.error}`);
      const made = DnsServer.make(this.#process, block, this.#path, () => {
        const verified = block.directives.some((directive) =>
          directive.options.some(
            (option) => option.name === 'pods' && option.args[0] === 'verified',
          ),
        );
        const known = this.#indexes.get(verified);
        if (known !== undefined || !credentials.ok) return known as ServiceIndex;
        const client = openClient(this.#process, credentials.value, { qps: 0 });
        const index = new ServiceIndex(this.#process, client, verified);
        this.#indexes.set(verified, index);
        this.#fresh.push(index);
        return index;
      });
      if (!made.ok) return made;
      servers.push(made.value);
    }
    return ok({ blocks, servers });
  }
}

function* serve(
  process: Process,
  blocks: readonly ServerBlock[],
  path: string,
  text: string,
): Task<number> {
  const instance = new Instance(process, path);
  const started = instance.start(blocks);
  if (!started.ok) {
    yield* process.print(`${started.error}\n`);
    return 1;
  }
  const directives = blocks.flatMap((block) => block.directives.map((directive) => directive.name));
  serveEndpoints(process, instance, directives);
  for (const block of blocks)
    yield* process.print(`${block.zones.map((zone) => `${zone}:${block.port}`).join('\n')}\n`);
  const reloads = directives.includes('reload');
  yield* process.print(
    `${reloads ? configurationLine(text) : ''}CoreDNS-1.12.1\nlinux/amd64, go1.24.1, 707c7c1\n`,
  );
  if (reloads) process.start('reload', watchCorefile(process, instance, path, text));
  yield process.terminated;
  yield* process.print('[INFO] SIGTERM: Shutting down servers then terminating\n');
  if (directives.includes('health')) {
    yield* process.print('[INFO] plugin/health: Going into lameduck mode for 5s\n');
    yield* anyOf([], LAMEDUCK);
  }
  return 0;
}

/** The real one's digest is of what it has parsed, this one's of the text. */
function configurationLine(text: string): string {
  return `[INFO] plugin/reload: Running configuration SHA512 = ${sha512Hex(text)}\n`;
}

/** Looks at the Corefile every half minute; one that can be set up takes the place of the old one. */
function* watchCorefile(
  process: Process,
  instance: Instance,
  path: string,
  text: string,
): Task<void> {
  let last = text;
  for (;;) {
    yield* sleepInBackground(process, RELOAD_PERIOD);
    const now = process.files.readText(path);
    if (!now.ok || now.value === last) continue;
    last = now.value;
    yield* process.print('[INFO] Reloading\n');
    const parsed = parseCorefile(now.value, path);
    const started = parsed.ok ? instance.start(parsed.value) : parsed;
    if (started.ok)
      yield* process.print(`${configurationLine(now.value)}[INFO] Reloading complete\n`);
    else
      yield* process.print(
        `[ERROR] Restart failed: ${started.error}\n[ERROR] plugin/reload: Corefile changed but reload failed: ${started.error}\n`,
      );
  }
}

function serveEndpoints(process: Process, instance: Instance, directives: readonly string[]): void {
  const text = new Map([['content-type', 'text/plain; charset=utf-8']]);
  const listen = (port: number, path: string, answer: () => readonly [number, string]): void => {
    const listener = process.net.listen(0, port);
    if (!listener.ok) return;
    serveHttp(process, listener.value, function* (exchange) {
      const [status, body] =
        exchange.request.target.split('?')[0] === path
          ? answer()
          : ([404, '404 page not found\n'] as const);
      exchange.respond(status, text, utf8(body));
    });
  };
  if (directives.includes('health')) listen(HEALTH_PORT, '/health', () => [200, 'OK']);
  if (directives.includes('ready'))
    listen(READY_PORT, '/ready', () =>
      instance.servers.every((server) => server.ready) ? [200, 'OK'] : [503, 'kubernetes'],
    );
  if (directives.includes('prometheus')) {
    listen(METRICS_PORT, '/metrics', () => {
      const { servers } = instance;
      const total = servers.reduce((sum, server) => sum + server.queries, 0);
      const hits = servers.reduce((sum, server) => sum + (server.cache?.hits ?? 0), 0);
      const misses = servers.reduce((sum, server) => sum + (server.cache?.misses ?? 0), 0);
      return [
        200,
        `# HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.\n# TYPE coredns_dns_requests_total counter\ncoredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="A",view="",zone="."} ${total}\n# HELP coredns_cache_hits_total The count of cache hits.\n# TYPE coredns_cache_hits_total counter\ncoredns_cache_hits_total{server="dns://:53",type="success",view="",zones="."} ${hits}\n# HELP coredns_cache_misses_total The count of cache misses. Deprecated, derive misses from cache hits/requests counters.\n# TYPE coredns_cache_misses_total counter\ncoredns_cache_misses_total{server="dns://:53",view="",zones="."} ${misses}\n`,
      ];
    });
  }
}
