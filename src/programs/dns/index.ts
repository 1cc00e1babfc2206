/**
 * CoreDNS: the cluster's name server, a Deployment like any other. Reads a Corefile, answers for
 * Services and pods from its own watch of the API, forwards the rest (CoreDNS v1.12.1). Plugins:
 * errors, log, health, ready, kubernetes, prometheus, forward, cache, loop, reload, loadbalance.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
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

function* serve(
  process: Process,
  blocks: readonly ServerBlock[],
  path: string,
  text: string,
): Task<number> {
  let index: ServiceIndex | undefined;
  const credentials = inClusterConfig(process);
  const servers: DnsServer[] = [];
  for (const block of blocks) {
    const needsCluster = block.directives.some((directive) => directive.name === 'kubernetes');
    if (needsCluster && !credentials.ok) {
      yield* process.print(`plugin/kubernetes: ${credentials.error}\n`);
      return 1;
    }
    const made = DnsServer.make(process, block, path, () => {
      const verified = block.directives.some((directive) =>
        directive.options.some((option) => option.name === 'pods' && option.args[0] === 'verified'),
      );
      if (credentials.ok)
        index ??= new ServiceIndex(
          process,
          openClient(process, credentials.value, { qps: 0 }),
          verified,
        );
      return index as ServiceIndex;
    });
    const listening = made.ok ? made.value.serve(block.port) : made;
    if (!made.ok || !listening.ok) {
      yield* process.print(`${made.ok ? (listening.ok ? '' : listening.error) : made.error}\n`);
      return 1;
    }
    servers.push(made.value);
  }
  index?.start();
  const directives = blocks.flatMap((block) => block.directives.map((directive) => directive.name));
  serveEndpoints(process, servers, directives);
  for (const block of blocks)
    yield* process.print(`${block.zones.map((zone) => `${zone}:${block.port}`).join('\n')}\n`);
  yield* process.print('CoreDNS-1.12.1\nlinux/amd64, go1.24.1, 707c7c1\n');
  if (directives.includes('reload')) process.start('reload', watchCorefile(process, path, text));
  yield process.terminated;
  yield* process.print('[INFO] SIGTERM: Shutting down servers then terminating\n');
  if (directives.includes('health')) {
    yield* process.print('[INFO] plugin/health: Going into lameduck mode for 5s\n');
    yield* anyOf([], LAMEDUCK);
  }
  return 0;
}

/** Looks at the Corefile every half minute; a new one that parses is taken by starting over. */
function* watchCorefile(process: Process, path: string, text: string): Task<void> {
  let last = text;
  for (;;) {
    yield* sleepInBackground(process, RELOAD_PERIOD);
    const now = process.files.readText(path);
    if (!now.ok || now.value === last) continue;
    last = now.value;
    yield* process.print('[INFO] Reloading\n');
    const parsed = parseCorefile(now.value, path);
    if (!parsed.ok) {
      yield* process.print(`[ERROR] Restart failed: ${parsed.error}\n`);
      continue;
    }
    // The sockets move to a fresh set of servers in one process; the model ends this one and lets its
    // container start again, which a learner sees as a restart.
    yield* process.print('[INFO] Reloading complete\n');
    yield* process.exit(0);
  }
}

function serveEndpoints(
  process: Process,
  servers: readonly DnsServer[],
  directives: readonly string[],
): void {
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
      servers.every((server) => server.ready) ? [200, 'OK'] : [503, 'kubernetes'],
    );
  if (directives.includes('prometheus')) {
    listen(METRICS_PORT, '/metrics', () => {
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
