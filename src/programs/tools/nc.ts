/** nc of OpenBSD (1.219): connects, scans, listens, over TCP, UDP and unix sockets. */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip, parseIp } from '../../ground/base/ip.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Connection, UdpSocket } from '../../machines/network/socket.ts';
import type { Process } from '../../machines/machine/process.ts';
import { resolveErrorText, resolveHost } from '../../machines/machine/resolver.ts';
import { portOf, serviceName } from './services.ts';
import { defineTool, parseOptions, type ParsedOptions } from './support.ts';

/** A probe of a UDP port waits this long for the port to be refused. */
const UDP_PROBE: Micros = SECOND;

export const nc = defineTool('nc', function* run(process, args) {
  const parsed = parseOptions(args, { short: 'lzvunkNp:w:s:U4q:d' });
  if (!parsed.ok) {
    yield* process.printError(
      `nc: ${parsed.error}\nusage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n`,
    );
    return 1;
  }
  const options = parsed.value;
  if (options.has('U')) return yield* overUnix(process, options);
  if (options.has('l')) return yield* listen(process, options);
  const [name, ports] = options.operands;
  if (name === undefined || ports === undefined) {
    yield* process.printError('nc: missing port number\n');
    return 1;
  }
  return yield* connectAll(process, options, name, ports);
});

function* overUnix(process: Process, options: ParsedOptions): Task<number> {
  const path = options.operands[0] ?? '';
  const dialled = yield* process.net.connectUnix(path);
  if (dialled.ok) return yield* relay(process, dialled.value, options);
  yield* process.printError(`nc: unix connect failed: ${strerror(dialled.error)}\n`);
  return 1;
}

function* connectAll(
  process: Process,
  options: ParsedOptions,
  name: string,
  written: string,
): Task<number> {
  const range = /^(\d+)-(\d+)$/.exec(written);
  const single = portOf(written);
  if (range === null && single === undefined) {
    yield* process.printError(`nc: service "${written}" unknown\n`);
    return 1;
  }
  const found = options.has('n') ? undefined : yield* resolveHost(process, name);
  const ip = found === undefined ? parseIp(name) : found.ok ? found.value[0] : undefined;
  if (ip === undefined) {
    const why =
      found === undefined || found.ok ? 'Name or service not known' : resolveErrorText(found.error);
    yield* process.printError(`nc: getaddrinfo for host "${name}" port ${written}: ${why}\n`);
    return 1;
  }
  const first = range === null ? (single as number) : Number(range[1]);
  const last = range === null ? first : Number(range[2]);
  let code = 1;
  for (let port = first; port <= last; port += 1) {
    const result = options.has('u')
      ? yield* udpTo(process, options, name, ip, port)
      : yield* tcpTo(process, options, name, ip, port);
    if (result === 0) code = 0;
  }
  return code;
}

/** `name (address) port`, or the address alone. */
function shown(name: string, ip: Ip): string {
  const text = formatIp(ip);
  return name === text ? text : `${name} (${text})`;
}

function* tcpTo(
  process: Process,
  options: ParsedOptions,
  name: string,
  ip: Ip,
  port: number,
): Task<number> {
  const wait = options.get('w');
  const dialled = yield* process.net.connect(
    ip,
    port,
    wait === undefined ? {} : { deadline: Number(wait) * SECOND },
  );
  if (!dialled.ok) {
    if (options.has('v'))
      yield* process.printError(
        `nc: connect to ${shown(name, ip)} port ${port} (tcp) ${dialled.error === 'ETIMEDOUT' && wait !== undefined ? 'timed out: Operation now in progress' : `failed: ${strerror(dialled.error)}`}\n`,
      );
    return 1;
  }
  yield* succeeded(process, options, name, ip, port, 'tcp');
  if (options.has('z')) {
    dialled.value.close();
    return 0;
  }
  return yield* relay(process, dialled.value, options);
}

function* succeeded(
  process: Process,
  options: ParsedOptions,
  name: string,
  ip: Ip,
  port: number,
  protocol: string,
): Task<void> {
  if (!options.has('v')) return;
  const service = serviceName(port) ?? '*';
  yield* process.printError(
    `Connection to ${shown(name, ip)} ${port} port [${protocol}/${service}] succeeded!\n`,
  );
}

function* udpTo(
  process: Process,
  options: ParsedOptions,
  name: string,
  ip: Ip,
  port: number,
): Task<number> {
  const socket = process.net.udp(0, Number(options.get('p') ?? 0));
  if (!socket.ok) {
    yield* process.printError(`nc: ${strerror(socket.error)}\n`);
    return 1;
  }
  const target = { ip, port };
  if (options.has('z')) {
    socket.value.sendTo(target, new Uint8Array([0x58]));
    const answer = yield* socket.value.receive(UDP_PROBE);
    const refused = !answer.ok && answer.error === 'ECONNREFUSED';
    if (!refused) yield* succeeded(process, options, name, ip, port, 'udp');
    socket.value.close();
    return refused ? 1 : 0;
  }
  const receiver = process.start('receive', printDatagrams(process, socket.value));
  yield* sendLines(process, socket.value, target);
  const wait = options.get('w');
  const first = yield* anyOf(
    [receiver.finished, process.terminated],
    wait === undefined ? undefined : Number(wait) * SECOND,
  );
  return first.index === 0 ? 1 : 0;
}

function* printDatagrams(process: Process, socket: UdpSocket): Task<void> {
  for (;;) {
    const received = yield* socket.receive();
    if (!received.ok) return;
    yield* process.stdout.write(bytesOf(received.value.payload));
  }
}

function* sendLines(
  process: Process,
  socket: UdpSocket,
  target: { readonly ip: Ip; readonly port: number },
): Task<void> {
  for (;;) {
    const read = yield* process.stdin.read();
    if (!read.ok || read.value === undefined) return;
    socket.sendTo(target, read.value);
  }
}

function* listen(process: Process, options: ParsedOptions): Task<number> {
  const words = options.operands;
  const port = portOf(options.get('p') ?? words.at(-1) ?? '');
  const ip = words.length > 1 ? (parseIp(words[0] ?? '') ?? 0) : 0;
  if (port === undefined) {
    yield* process.printError('nc: missing port number\n');
    return 1;
  }
  if (options.has('u')) return yield* listenUdp(process, options, ip, port);
  const listener = process.net.listen(ip, port);
  if (!listener.ok) {
    yield* process.printError(`nc: ${strerror(listener.error)}\n`);
    return 1;
  }
  if (options.has('v')) yield* process.printError(`Listening on ${formatIp(ip)} ${port}\n`);
  for (;;) {
    const connection = yield* listener.value.accept();
    if (connection === undefined) return 0;
    if (options.has('v'))
      yield* process.printError(
        `Connection received on ${formatIp(connection.remote.ip)} ${connection.remote.port}\n`,
      );
    if (!options.has('k')) listener.value.close();
    const code = yield* relay(process, connection, options);
    if (!options.has('k')) return code;
  }
}

function* listenUdp(process: Process, options: ParsedOptions, ip: Ip, port: number): Task<number> {
  const socket = process.net.udp(ip, port);
  if (!socket.ok) {
    yield* process.printError(`nc: ${strerror(socket.error)}\n`);
    return 1;
  }
  if (options.has('v')) yield* process.printError(`Bound on ${formatIp(ip)} ${port}\n`);
  const first = yield* socket.value.receive();
  if (!first.ok) return 1;
  const { source, payload } = first.value;
  if (options.has('v'))
    yield* process.printError(`Connection received on ${formatIp(source.ip)} ${source.port}\n`);
  yield* process.stdout.write(bytesOf(payload));
  process.start('send', sendLines(process, socket.value, source));
  yield* printDatagrams(process, socket.value);
  return 0;
}

/** Both directions until the other side ends, or -w and -q say that it is enough. */
export function* relay(
  process: Process,
  connection: Connection,
  options: ParsedOptions,
): Task<number> {
  if (!options.has('d')) process.start('input', sendInput(process, connection, options));
  const wait = options.get('w');
  for (;;) {
    const received = yield* connection.receive(
      wait === undefined ? undefined : Number(wait) * SECOND,
    );
    if (!received.ok || received.value === undefined) break;
    const written = yield* process.stdout.write(bytesOf(received.value));
    if (!written.ok) break;
  }
  connection.close();
  return 0;
}

function* sendInput(process: Process, connection: Connection, options: ParsedOptions): Task<void> {
  for (;;) {
    const read = yield* process.stdin.read();
    if (!read.ok || read.value === undefined) break;
    const sent = yield* connection.send(read.value);
    if (!sent.ok) return;
  }
  const linger = options.get('q');
  if (options.has('N') || linger !== undefined) connection.closeWrite();
  if (linger === undefined || Number(linger) < 0) return;
  yield* process.sleep(Number(linger) * SECOND);
  yield* process.exit(0);
}
