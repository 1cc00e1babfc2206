/** `/dev/tcp/HOST/PORT` and `/dev/udp/HOST/PORT`: names that bash itself opens in redirections (netopen.c). */
import type { Task, Wait } from '../../ground/base/task.ts';
import { utf8 } from '../../ground/base/bytes.ts';
import { formatIp, type Ip, parseIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { resolveErrorText, resolveHost } from '../../machines/machine/resolver.ts';
import { bytesOf, type Chunk } from '../../machines/network/chunk.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { Connection, UdpSocket } from '../../machines/network/socket.ts';
import type { Shell } from './state.ts';

const NAME = /^\/dev\/(tcp|udp)\/([^/]+)\/([^/]+)$/;

export function isNetworkName(target: string): boolean {
  return NAME.test(target);
}

/** Opens a connection; undefined after a fault, which is printed as bash does, in two lines. */
export function* openNetworkFile(shell: Shell, target: string): Task<OpenFile | undefined> {
  const [, protocol, host = '', service = ''] = NAME.exec(target) ?? [];
  const ip = yield* addressOf(shell, host);
  const port = /^\d+$/.test(service) ? Number(service) : serviceOf(shell, service, protocol ?? '');
  if (ip !== undefined && (port === undefined || port > 65_535))
    yield* shell.complain(`${service}: Servname not supported for ai_socktype`);
  if (ip === undefined || port === undefined || port > 65_535) {
    yield* shell.complain(`${target}: ${strerror('EINVAL')}`);
    return undefined;
  }
  if (protocol === 'udp') {
    const socket = shell.process.net.udp(0, 0);
    if (socket.ok) return datagramFile(socket.value, { ip, port });
    return yield* refused(shell, target, socket.error);
  }
  const dialled = yield* shell.process.net.connect(ip, port);
  if (dialled.ok) return streamFile(dialled.value);
  return yield* refused(shell, target, dialled.error);
}

function* refused(shell: Shell, target: string, errno: Errno): Task<undefined> {
  yield* shell.write(2, `${shell.source.name}: connect: ${strerror(errno)}\n`);
  yield* shell.complain(`${target}: ${strerror(errno)}`);
  return undefined;
}

function* addressOf(shell: Shell, host: string): Task<Ip | undefined> {
  const given = parseIp(host);
  if (given !== undefined) return given;
  const found = yield* resolveHost(shell.process, host);
  if (found.ok && found.value[0] !== undefined) return found.value[0];
  const words = found.ok ? 'Name or service not known' : resolveErrorText(found.error);
  yield* shell.complain(`${host}: ${words}`);
  return undefined;
}

/** A port by its name in /etc/services. */
function serviceOf(shell: Shell, name: string, protocol: string): number | undefined {
  const text = shell.process.files.readText('/etc/services');
  if (!text.ok) return undefined;
  for (const line of text.value.split('\n')) {
    const match = /^(\S+)\s+(\d+)\/(\w+)/.exec(line);
    if (match?.[1] === name && match[3] === protocol) return Number(match[2]);
  }
  return undefined;
}

const AT_ONCE: Wait = {
  description: 'socket',
  arm(waiter) {
    waiter.wake(undefined);
  },
  withdraw() {},
};

function bytesFrom(chunk: Chunk | string): Chunk {
  return typeof chunk === 'string' ? utf8(chunk) : chunk;
}

/** What both kinds share: bytes that were received but not read yet, and the count of references. */
function socketFile(
  name: string,
  receive: () => Task<Result<Chunk | undefined, Errno>>,
  send: (chunk: Chunk) => Task<Result<void, Errno>>,
  readable: Wait,
  close: () => void,
): OpenFile {
  let rest: Uint8Array | undefined;
  let references = 1;
  function* read(max = 65_536): Task<Result<Uint8Array | undefined, Errno>> {
    if (rest === undefined) {
      const received = yield* receive();
      if (!received.ok) return received;
      if (received.value === undefined) return ok(undefined);
      rest = bytesOf(received.value);
    }
    const piece = rest.subarray(0, max);
    rest = rest.length > max ? rest.subarray(max) : undefined;
    return ok(piece);
  }
  return {
    kind: 'socket',
    name,
    terminal: undefined,
    get readable() {
      return rest === undefined ? readable : AT_ONCE;
    },
    read,
    readChunk: () => read(),
    write: (chunk) => send(bytesFrom(chunk)),
    post: () => false,
    retain() {
      references += 1;
    },
    close() {
      references -= 1;
      if (references === 0) close();
    },
  };
}

function streamFile(connection: Connection): OpenFile {
  const { ip, port } = connection.remote;
  return socketFile(
    `socket:${formatIp(ip)}:${port}`,
    () => connection.receive(),
    (chunk) => connection.send(chunk),
    connection.readable,
    () => connection.close(),
  );
}

function datagramFile(
  socket: UdpSocket,
  target: { readonly ip: Ip; readonly port: number },
): OpenFile {
  function* receive(): Task<Result<Chunk | undefined, Errno>> {
    const received = yield* socket.receive();
    return received.ok ? ok(received.value.payload) : err(received.error);
  }
  function* send(chunk: Chunk): Task<Result<void, Errno>> {
    return socket.sendTo(target, chunk);
  }
  return socketFile(`socket:${formatIp(target.ip)}:${target.port}`, receive, send, AT_ONCE, () =>
    socket.close(),
  );
}
