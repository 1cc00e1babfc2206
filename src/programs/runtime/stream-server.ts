/**
 * Streams of exec, attach and port-forward: prepared over CRI, opened by token on the streaming
 * socket, and copied between that connection and the process (or the pod's port).
 */
import { LOOPBACK } from '../../ground/base/ip.ts';
import { ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Deferred, type Running, type Task } from '../../ground/base/task.ts';
import { goError } from '../../machines/network/errno.ts';
import type { Connection } from '../../machines/network/socket.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { Pty } from '../../machines/machine/terminal.ts';
import { greet } from './container-terminal.ts';
import { runExec } from './containers.ts';
import { CollectDescriptor } from './log-file.ts';
import type { ContainerRecord } from './records.ts';
import type { RuntimeService } from './service.ts';
import { isStreamEvent, isStreamHello, STREAM_SOCKET, streamMessage } from './wire/streaming.ts';

export interface ExecStream {
  readonly kind: 'exec' | 'attach';
  readonly containerId: string;
  readonly cmd: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface PortStream {
  readonly kind: 'port-forward';
  readonly podSandboxId: string;
  readonly port: number;
}

/** Streams that wait to be opened. */
export class StreamTokens {
  readonly #waiting = new Map<string, ExecStream | PortStream>();
  #next = 1;

  prepare(stream: ExecStream | PortStream): string {
    const url = `/${stream.kind}/${this.#next++}`;
    this.#waiting.set(url, stream);
    return url;
  }

  take(url: string): ExecStream | PortStream | undefined {
    const stream = this.#waiting.get(url);
    this.#waiting.delete(url);
    return stream;
  }
}

/** Serves the streaming socket. */
export function serveStreams(
  service: RuntimeService,
  tokens: StreamTokens,
): Result<() => void, string> {
  const { process } = service;
  process.files.unlink(STREAM_SOCKET);
  const listener = process.net.listenUnix(STREAM_SOCKET);
  if (!listener.ok)
    return { ok: false, error: `listen unix ${STREAM_SOCKET}: bind: ${goError(listener.error)}` };
  listener.value.onAccept((connection) => {
    process.start('stream', serveStream(service, tokens, connection));
  });
  return ok(() => listener.value.close());
}

function* serveStream(
  service: RuntimeService,
  tokens: StreamTokens,
  connection: Connection,
): Task<void> {
  const hello = yield* connection.receive();
  const stream =
    hello.ok && hello.value !== undefined && isStreamHello(hello.value)
      ? tokens.take(hello.value.url)
      : undefined;
  if (stream === undefined) {
    connection.reset();
    return;
  }
  if (stream.kind === 'port-forward') yield* forwardPort(service, connection, stream);
  else {
    const outcome = yield* runStream(service, connection, stream);
    connection.post(streamMessage('exit', outcome));
  }
  connection.close();
}

interface Outcome {
  readonly code: number;
  readonly message: string;
}

function* runStream(
  service: RuntimeService,
  connection: Connection,
  stream: ExecStream,
): Task<Outcome> {
  const found = service.container(stream.containerId);
  if (!found.ok) return { code: 0, message: found.error.message };
  const record = found.value;
  if (record.state !== 'CONTAINER_RUNNING') {
    return { code: 0, message: `container is in ${record.state} state` };
  }
  return stream.kind === 'exec'
    ? yield* exec(service, connection, record, stream)
    : yield* attach(connection, record, stream);
}

function post(connection: Connection, channel: 'stdout' | 'stderr'): (bytes: Uint8Array) => void {
  return (chunk) => {
    connection.post(streamMessage(channel, { chunk }));
  };
}

function* exec(
  service: RuntimeService,
  connection: Connection,
  record: ContainerRecord,
  stream: ExecStream,
): Task<Outcome> {
  const gone = new Deferred<number>();
  const { process } = service;
  let descriptors: ReadonlyMap<number, OpenFile> = new Map();
  let pty: Pty | undefined;
  let shown: Running<void> | undefined;
  let input: OpenFile | undefined;
  if (stream.tty) {
    pty = new Pty({ name: '/dev/pts/0', columns: 80, rows: 24 });
    const { file } = pty;
    descriptors = new Map([0, 1, 2].map((number) => [number, file]));
    shown = process.start('terminal output', copyTerminal(connection, pty));
  } else {
    const [reader, writer] = process.pipe();
    if (stream.stdin) input = writer;
    else writer.close();
    descriptors = new Map<number, OpenFile>([
      [0, reader],
      [1, new CollectDescriptor(post(connection, 'stdout'))],
      [2, new CollectDescriptor(post(connection, 'stderr'))],
    ]);
  }
  listenInput(connection, input, pty, gone, 'session');
  const done = yield* runExec(service, record, stream.cmd, descriptors, gone, undefined, pty?.file);
  // The session ends when nobody has the terminal any more; what was written last comes first.
  pty?.file.close();
  if (shown !== undefined && !gone.settled) yield* shown.finished.wait();
  return done.ok
    ? { code: done.value, message: '' }
    : { code: 0, message: `error executing command in container: ${done.error.message}` };
}

/** What programs write to the terminal, prompts for the far end included. */
function* copyTerminal(connection: Connection, pty: Pty): Task<void> {
  for (;;) {
    const chunk = yield* pty.readOutput();
    if (chunk === undefined) return;
    connection.post(streamMessage('stdout', { chunk }));
  }
}

function* attach(
  connection: Connection,
  record: ContainerRecord,
  stream: ExecStream,
): Task<Outcome> {
  const gone = new Deferred<number>();
  const stop = record.log.listen((channel, chunk) => {
    if (channel === 'stdout' ? stream.stdout : stream.stderr)
      connection.post(streamMessage(channel, { chunk }));
  });
  const pty = stream.stdin ? record.pty : undefined;
  const input = stream.stdin ? record.stdin : undefined;
  listenInput(connection, input, pty, gone, record.config.stdinOnce ? 'input' : 'nothing');
  if (pty !== undefined && stream.tty) {
    greet(pty, (chunk) => connection.post(streamMessage('stdout', { chunk })));
  }
  while (record.state === 'CONTAINER_RUNNING' && !gone.settled)
    yield* anyOf([record.log.changed, gone]);
  stop();
  return { code: 0, message: '' };
}

/** Copies what the client sends to the process. */
function listenInput(
  connection: Connection,
  input: OpenFile | undefined,
  pty: Pty | undefined,
  gone: Deferred<number>,
  /** What ends with the client's input: an exec's whole session, a container's input (stdinOnce). */
  ends: 'session' | 'input' | 'nothing',
): void {
  connection.onReceive((event) => {
    if (!event.ok || event.value === undefined) {
      if (ends !== 'nothing') input?.close();
      if (ends === 'session') pty?.hangUp();
      gone.resolve(137);
      return;
    }
    const message = event.value;
    if (!isStreamEvent(message)) return;
    if (message.channel === 'stdin' && message.chunk !== undefined) {
      if (pty !== undefined) pty.feed(message.chunk);
      else input?.post(message.chunk);
    } else if (message.channel === 'resize') pty?.resize(message.width, message.height);
    else if (message.channel === 'close' && ends !== 'nothing') input?.close();
  });
}

/** One connection to a port of the pod, from inside its network namespace. */
function* forwardPort(
  service: RuntimeService,
  connection: Connection,
  stream: PortStream,
): Task<void> {
  const found = service.sandbox(stream.podSandboxId);
  if (!found.ok || !found.value.ready) {
    connection.post(
      streamMessage('exit', { code: 1, message: 'sandbox container is not running' }),
    );
    return;
  }
  const spawned = service.process.spawn({
    argv: ['containerd', 'port-forward'],
    namespaces: { network: found.value.namespaces.network },
    fork: function* (process) {
      const dialled = yield* process.net.connect(LOOPBACK, stream.port);
      if (!dialled.ok) {
        const { id, namespaces } = found.value;
        const text = `failed to execute portforward in network namespace "/var/run/netns/${namespaces.network.name}": failed to connect to localhost:${stream.port} inside namespace "${id}", IPv4: dial tcp4 127.0.0.1:${stream.port}: connect: ${goError(dialled.error)} IPv6 dial tcp6: address localhost: no suitable address found `;
        connection.post(streamMessage('exit', { code: 1, message: text }));
        return 1;
      }
      const port = dialled.value;
      connection.onReceive((event) => {
        if (!event.ok || event.value === undefined) port.closeWrite();
        else if (isStreamEvent(event.value) && event.value.chunk !== undefined)
          port.post(event.value.chunk);
        else if (isStreamEvent(event.value) && event.value.channel === 'close') port.closeWrite();
      });
      for (;;) {
        const received = yield* port.receive();
        if (!received.ok || received.value === undefined) {
          connection.post(streamMessage('exit'));
          return 0;
        }
        connection.post(streamMessage('stdout', { chunk: received.value }));
      }
    },
  });
  if (spawned.ok) yield* spawned.value.wait();
}
