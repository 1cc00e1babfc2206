/** ICMP echo: what `ping` sends, the kernel's own answer, and the errors that routers return. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Deferred, type Task } from '../../ground/base/task.ts';
import type { Errno } from './errno.ts';
import { flightOf, returnOf } from './flight.ts';
import { ARP_FAILURE, TTL_FIRST } from './limits.ts';
import type { NetworkNamespace } from './namespace.ts';
import { ICMP } from './netfilter/types.ts';
import type { PingReply } from './socket.ts';
import { type Path, walk } from './walk.ts';

/** 56 bytes of data, 8 of ICMP, 20 of IP: ping's default. */
const ECHO_BYTES = 84;

export interface PingOptions {
  readonly ttl?: number;
  /** ETIMEDOUT when neither answer nor error has come by then. */
  readonly deadline: Micros;
  readonly sequence: number;
}

/** Sends one echo request and waits for what comes back. `identifier` tells pings of one host apart. */
export function* ping(
  namespace: NetworkNamespace,
  identifier: number,
  target: Ip,
  options: PingOptions,
): Task<Result<PingReply, Errno>> {
  const { fabric } = namespace;
  const path = walk(
    namespace,
    { protocol: ICMP, src: 0, dst: target, sport: identifier, dport: identifier },
    { size: ECHO_BYTES, syn: false, ttl: options.ttl ?? TTL_FIRST, record: false },
  );
  if (path.errno !== undefined) return err(path.errno);
  const answer = new Deferred<PingReply>();
  const flight = path.outcome === 'drop' ? undefined : flightOf(fabric, path, ECHO_BYTES);
  if (flight !== undefined) {
    const sent = fabric.loop.now;
    if (path.outcome === 'deliver') {
      fabric.loop.after(flight.delay, () => echo(namespace, path, target, sent, answer));
    } else returnError(namespace, path, sent, answer);
  }
  const first = yield* anyOf([answer], options.deadline);
  return first.index < 0 ? err('ETIMEDOUT') : ok(first.value as PingReply);
}

/** At the target: the kernel answers. */
function echo(
  namespace: NetworkNamespace,
  path: Path,
  asked: Ip,
  sent: Micros,
  answer: Deferred<PingReply>,
): void {
  const { target, tuple } = path;
  if (!target.host.powered || !target.alive) return;
  if (target.sysctls.get('net.ipv4.icmp_echo_ignore_all') === '1') return;
  const back = walk(
    target,
    { protocol: ICMP, src: tuple.dst, dst: tuple.src, sport: tuple.sport, dport: tuple.dport },
    { size: ECHO_BYTES, syn: false, ttl: TTL_FIRST, record: false },
  );
  const { fabric } = namespace;
  const flight = back.outcome === 'deliver' ? flightOf(fabric, back, ECHO_BYTES) : undefined;
  if (flight === undefined || back.target !== namespace) return;
  const source = back.tuple.src === 0 ? asked : back.tuple.src;
  fabric.loop.after(flight.delay, () => {
    answer.resolve({ source, ttl: back.ttl, time: fabric.loop.now - sent });
  });
}

function returnError(
  namespace: NetworkNamespace,
  path: Path,
  sent: Micros,
  answer: Deferred<PingReply>,
): void {
  const { fabric } = namespace;
  const back = returnOf(fabric, path);
  if (back === undefined) return;
  const arp = path.outcome === 'host-unreachable' ? ARP_FAILURE : 0;
  const route = path.target.route(path.tuple.src);
  const source = typeof route === 'string' ? 0 : route.source;
  const hops = path.links.length / 2;
  fabric.loop.after(path.delay + arp + back, () => {
    const time = fabric.loop.now - sent;
    answer.resolve({ source, ttl: TTL_FIRST - hops, time, unreachable: reasonOf(path) });
  });
}

function reasonOf(path: Path): NonNullable<PingReply['unreachable']> {
  switch (path.outcome) {
    case 'ttl':
      return 'ttl';
    case 'net-unreachable':
      return 'net';
    case 'prohibited':
      return 'prohibited';
    case 'reject':
      if (path.rejectWith === 'icmp-net-unreachable') return 'net';
      if (path.rejectWith === 'icmp-host-unreachable') return 'host';
      return path.rejectWith === 'icmp-port-unreachable' ? 'port' : 'prohibited';
    default:
      return 'host';
  }
}
