/**
 * exec, attach and port-forward: the kubelet asks the runtime for a stream and copies between it and
 * the caller (k8s.io/kubernetes/pkg/kubelet/server/server.go getExec …; upstream proxies the upgraded
 * connection as it is).
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import type { Chunk } from '../../machines/network/chunk.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import type { Connection } from '../../machines/network/socket.ts';
import { type ForwardEnd, isForwardRequest, serveForward } from '../../spine/client/portforward.ts';
import {
  type ExecOutcome,
  isStreamRequest,
  serveExec,
  type ServerStreams,
  STDERR,
  STDOUT,
} from '../../spine/client/remotecommand.ts';
import {
  formatRpcError,
  isStreamEvent,
  type StreamEvent,
  STREAM_SOCKET,
  streamHello,
  streamMessage,
} from '../runtime/wire/index.ts';
import type { Core } from './core.ts';
import type { PodWorker } from './pod-worker.ts';

const TEXT = new Map([['content-type', 'text/plain; charset=utf-8']]);

const on = (query: ReadonlyMap<string, string>, name: string): boolean =>
  query.get(name) === '1' || query.get(name) === 'true';

export function* serveRemoteCommand(
  core: Core,
  exchange: HttpExchange,
  worker: PodWorker,
  kind: 'exec' | 'attach',
  container: string,
  command: readonly string[],
  query: ReadonlyMap<string, string>,
): Task<void> {
  const [latest] = worker.containers.get(container) ?? [];
  if (latest?.state !== 'CONTAINER_RUNNING') {
    const { name, namespace } = worker.pod.metadata;
    // GetExec and GetAttach of pkg/kubelet/kubelet_pods.go say it each in its own words.
    const why =
      kind === 'exec'
        ? `container not found ("${container}")`
        : `container ${container} not found in pod ${name}_${namespace}`;
    exchange.respond(500, TEXT, utf8(why));
    return;
  }
  if (!isStreamRequest(exchange)) {
    exchange.respond(400, TEXT, utf8('Upgrade request required\n'));
    return;
  }
  const options = {
    stdin: on(query, 'input'),
    stdout: on(query, 'output'),
    stderr: on(query, 'error'),
    tty: on(query, 'tty'),
  };
  const prepared =
    kind === 'exec'
      ? yield* core.cri.call('Exec', { containerId: latest.id, cmd: command, ...options })
      : yield* core.cri.call('Attach', { containerId: latest.id, ...options });
  if (!prepared.ok) {
    exchange.respond(500, TEXT, utf8(`${formatRpcError(prepared.error)}\n`));
    return;
  }
  const { url } = prepared.value;
  yield* serveExec(core.process, exchange, options, (streams) => copyStreams(core, streams, url));
}

function* openStream(core: Core, url: string): Task<Connection | undefined> {
  const dialled = yield* core.process.net.connectUnix(STREAM_SOCKET);
  if (!dialled.ok) return undefined;
  dialled.value.post(streamHello(url));
  return dialled.value;
}

function* copyStreams(core: Core, streams: ServerStreams, url: string): Task<ExecOutcome> {
  const connection = yield* openStream(core, url);
  if (connection === undefined)
    return { code: 0, message: 'error dialing backend: container runtime is down' };
  const tasks = [
    core.process.start('stdin', copyInput(connection, streams)),
    core.process.start('sizes', copySizes(connection, streams)),
  ];
  const outcome = yield* copyOutput(connection, streams);
  for (const task of tasks) task.kill();
  connection.close();
  return outcome;
}

function* copyOutput(connection: Connection, streams: ServerStreams): Task<ExecOutcome> {
  for (;;) {
    const ready = yield* anyOf([connection.readable, streams.whenGone]);
    if (ready.index === 1) return { code: 0, message: '' };
    const received = yield* connection.receive();
    if (!received.ok || received.value === undefined)
      return { code: 0, message: 'error reading from the runtime: EOF' };
    const event = received.value;
    if (!isStreamEvent(event)) continue;
    if (event.channel === 'exit') return { code: event.code, message: wrapped(event.message) };
    if (event.chunk === undefined || (event.channel !== 'stdout' && event.channel !== 'stderr'))
      continue;
    yield* streams.write(event.channel === 'stderr' ? STDERR : STDOUT, event.chunk);
  }
}

/**
 * An error of the runtime's streaming server is a Status of its own, which the API server's translation
 * for WebSocket clients puts into another (apiserver/pkg/util/proxy/streamtranslator.go); frames pass
 * through here, so both are made at once.
 */
function wrapped(message: string): string {
  return message === '' ? '' : `Internal error occurred: Internal error occurred: ${message}`;
}

function* copyInput(connection: Connection, streams: ServerStreams): Task<void> {
  if (!streams.stdin) return;
  for (;;) {
    const bytes = yield* streams.receive();
    if (bytes === undefined) break;
    connection.post(streamMessage('stdin', { chunk: bytes }));
  }
  connection.post(streamMessage('close'));
}

function* copySizes(connection: Connection, streams: ServerStreams): Task<void> {
  for (;;) {
    const size = yield* streams.sizes.receive();
    if (size === undefined) return;
    connection.post(streamMessage('resize', { width: size.width, height: size.height }));
  }
}

/**
 * Ports of the pod, joined to the caller's channels; the runtime connects from inside the pod's network
 * namespace. An error reaches the caller as upstream words it.
 */
export function* servePortForward(
  core: Core,
  exchange: HttpExchange,
  worker: PodWorker,
  query: ReadonlyMap<string, string>,
): Task<void> {
  const text = query.get('ports') ?? query.get('port') ?? '';
  const ports = text === '' ? [] : text.split(',').map(Number);
  const refused = (message: string): void => exchange.respond(400, TEXT, utf8(`${message}\n`));
  if (ports.length === 0) return refused('query parameter "port" is required');
  const bad = ports.findIndex((port) => !Number.isInteger(port) || port < 1 || port > 65_535);
  if (bad >= 0) return refused(`unable to parse "${text.split(',')[bad]}" as a port`);
  const { sandbox } = worker;
  if (sandbox === undefined) return refused('pod is not running');
  if (!isForwardRequest(exchange)) return refused('Upgrade request required');
  yield* serveForward(core.process, exchange, ports, (port) => new PortEnd(core, sandbox.id, port));
}

/** One connection to one port, through the runtime; opened when it is first read. */
class PortEnd implements ForwardEnd {
  readonly #core: Core;
  readonly #sandbox: string;
  readonly #port: number;
  #connection: Connection | undefined;
  #early: StreamEvent[] = [];

  constructor(core: Core, sandbox: string, port: number) {
    this.#core = core;
    this.#sandbox = sandbox;
    this.#port = port;
  }

  post(chunk: Chunk): void {
    this.#send(streamMessage('stdin', { chunk }));
  }

  closeWrite(): void {
    this.#send(streamMessage('close'));
  }

  close(): void {
    this.#connection?.close();
  }

  *receive(): Task<Result<Chunk | undefined, string>> {
    this.#connection ??= yield* this.#open();
    const received = yield* this.#connection?.receive() ?? nothing();
    const event = received.ok ? received.value : undefined;
    if (event === undefined || !isStreamEvent(event)) return err(this.#failure('EOF'));
    if (event.channel !== 'exit') return ok(event.chunk);
    return event.message === '' ? ok(undefined) : err(this.#failure(event.message));
  }

  #send(event: StreamEvent): void {
    if (this.#connection === undefined) this.#early.push(event);
    else this.#connection.post(event);
  }

  #failure(text: string): string {
    return `error forwarding port ${this.#port} to pod ${this.#sandbox}, uid : ${text}`;
  }

  *#open(): Task<Connection | undefined> {
    const request = { podSandboxId: this.#sandbox, port: [this.#port] };
    const prepared = yield* this.#core.cri.call('PortForward', request);
    if (!prepared.ok) return undefined;
    const connection = yield* openStream(this.#core, prepared.value.url);
    for (const event of this.#early) connection?.post(event);
    this.#early = [];
    return connection;
  }
}

function* nothing(): Task<Result<undefined, never>> {
  return ok(undefined);
}
