/**
 * The kubelet's own server on port 10250: logs, exec, attach, port-forward, pods and statistics, for
 * whoever the API server says may ask; and its health on 127.0.0.1:10248
 * (k8s.io/kubernetes/pkg/kubelet/server/server.go, v1.34).
 */
import { textOf, utf8 } from '../../ground/base/bytes.ts';
import { LOOPBACK } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatJson } from '../../ground/lang/json.ts';
import { certificatesFromContent, keyFromContent } from '../../ground/pki/document.ts';
import { goError } from '../../machines/network/errno.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import type { TlsServerOptions } from '../../machines/network/tls-types.ts';
import { KubeletAuth } from './auth.ts';
import type { Core } from './core.ts';
import { logOptions, serveLogs } from './logs.ts';
import type { PodManager } from './pod-manager.ts';
import { statsSummary, cadvisorMetrics } from './stats.ts';
import { servePortForward, serveRemoteCommand } from './streams.ts';

const HEALTH_PORT = 10248;
const TEXT = new Map([['content-type', 'text/plain; charset=utf-8']]);
const JSON_TYPE = new Map([['content-type', 'application/json']]);

/** Starts both servers; without a serving certificate the first is not there, as a log line says. */
export function serveKubelet(core: Core, pods: PodManager): void {
  const { process, config } = core;
  const health = process.net.listen(LOOPBACK, HEALTH_PORT);
  if (health.ok) {
    serveHttp(process, health.value, function* (exchange) {
      exchange.respond(
        exchange.request.target.startsWith('/healthz') ? 200 : 404,
        TEXT,
        utf8(exchange.request.target.startsWith('/healthz') ? 'ok' : '404 page not found\n'),
      );
    });
  }
  const listener = process.net.listen(0, config.port);
  if (!listener.ok) {
    process.log(
      'E',
      'server.go:205',
      `"Failed to listen and serve" err="listen tcp :${config.port}: bind: ${goError(listener.error)}"`,
    );
    return;
  }
  const auth = new KubeletAuth(core);
  serveHttp(process, listener.value, (exchange) => handle(core, pods, auth, exchange), {
    tls: () => tlsOptions(core),
    name: 'kubelet request',
  });
}

/** The serving certificate and the CA of clients, read for each connection: both may be replaced. */
function tlsOptions(core: Core): TlsServerOptions {
  const { process, config } = core;
  const read = (path: string): unknown => {
    const content = process.files.readContent(path);
    return content.ok ? content.value : undefined;
  };
  const chain = certificatesFromContent(read(config.tlsCertFile));
  const key = keyFromContent(read(config.tlsKeyFile));
  const roots =
    config.clientCaFile === '' ? undefined : certificatesFromContent(read(config.clientCaFile));
  const certificate = chain.ok ? chain.value[0] : undefined;
  if (certificate === undefined || !key.ok) {
    process.log(
      'E',
      'server.go:205',
      `"Failed to load serving certificate" path="${config.tlsCertFile}"`,
    );
  }
  return {
    identity: { certificate, key: key.ok ? key.value : undefined } as TlsServerOptions['identity'],
    ...(roots?.ok === true ? { clientRoots: roots.value } : {}),
  };
}

interface Target {
  readonly parts: readonly string[];
  readonly query: ReadonlyMap<string, string>;
  /** All values of `command`, in order. */
  readonly command: readonly string[];
}

function decode(text: string): string {
  const bytes: number[] = [];
  const plain = text.replace(/\+/g, ' ');
  for (let index = 0; index < plain.length; index += 1) {
    const hex = plain[index] === '%' ? plain.slice(index + 1, index + 3) : '';
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(parseInt(hex, 16));
      index += 2;
    } else bytes.push(...utf8(plain[index] as string));
  }
  return textOf(Uint8Array.from(bytes));
}

function targetOf(target: string): Target {
  const [path = '/', search = ''] = target.split('?');
  const query = new Map<string, string>();
  const command: string[] = [];
  for (const part of search.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : decode(part.slice(equals + 1));
    if (name === 'command') command.push(value);
    else if (name === 'ports' && query.has(name)) query.set(name, `${query.get(name)},${value}`);
    else query.set(name, value);
  }
  return { parts: path.split('/').slice(1).map(decode), query, command };
}

function* handle(
  core: Core,
  pods: PodManager,
  auth: KubeletAuth,
  exchange: HttpExchange,
): Task<void> {
  const refused = yield* auth.check(exchange);
  if (refused !== undefined) {
    exchange.respond(refused.status, TEXT, utf8(refused.text));
    return;
  }
  const target = targetOf(exchange.request.target);
  const [first, namespace = '', name = '', container = ''] = target.parts;
  const worker = pods.find(namespace, name);
  const missing = (): void =>
    exchange.respond(404, TEXT, utf8(`pod "${name}" not found in namespace "${namespace}"\n`));
  switch (first) {
    case 'healthz':
      exchange.respond(200, TEXT, utf8('ok'));
      return;
    case 'pods': {
      const items = [...pods.workers()].map((each) => ({
        ...each.pod,
        status: core.statuses.statusOf(each.uid) ?? each.pod.status,
      }));
      exchange.respond(
        200,
        JSON_TYPE,
        utf8(formatJson({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })),
      );
      return;
    }
    case 'containerLogs':
      if (worker === undefined) missing();
      else
        yield* serveLogs(
          core,
          exchange,
          worker,
          container,
          logOptions(target.query, core.process.clock.wall()),
        );
      return;
    case 'exec':
    case 'attach':
      if (worker === undefined) missing();
      else
        yield* serveRemoteCommand(
          core,
          exchange,
          worker,
          first,
          target.parts[target.parts.length - 1] ?? '',
          target.command,
          target.query,
        );
      return;
    case 'portForward':
      if (worker === undefined) missing();
      else yield* servePortForward(core, exchange, worker, target.query);
      return;
    case 'stats':
      exchange.respond(
        200,
        JSON_TYPE,
        utf8(formatJson(yield* statsSummary(core, pods), { indent: 1 })),
      );
      return;
    case 'metrics':
      exchange.respond(
        200,
        TEXT,
        utf8(
          namespace === 'cadvisor' ? yield* cadvisorMetrics(core, pods) : ownMetrics(core, pods),
        ),
      );
      return;
    default:
      exchange.respond(404, TEXT, utf8('404 page not found\n'));
  }
}

function ownMetrics(core: Core, pods: PodManager): string {
  const running = [...pods.workers()].filter(
    (worker) => worker.sandbox?.state === 'SANDBOX_READY',
  ).length;
  return [
    "# HELP kubelet_node_name [ALPHA] The node's name. The count is always 1.",
    '# TYPE kubelet_node_name gauge',
    `kubelet_node_name{node="${core.config.nodeName}"} 1`,
    '# HELP kubelet_running_pods [BETA] Number of pods that have a running pod sandbox',
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${running}`,
    '# HELP process_start_time_seconds [STABLE] Start time of the process since unix epoch in seconds.',
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${Math.floor(core.process.clock.wall() / 1_000_000)}`,
    '',
  ].join('\n');
}
