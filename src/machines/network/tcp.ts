/**
 * One end of an established TCP connection. Segments go from end to end by reference, one event per
 * chunk and direction, acknowledgements implied; a full window makes the sender wait. The path of a
 * direction is walked once and kept until something on it changes; on a broken path segments are sent
 * again with back-off (200 ms doubling to 120 s) until the connection dies with ETIMEDOUT after 924.6 s
 * (Linux: net.ipv4.tcp_retries2 = 15) or the path is mended. Keep-alive, as Go's dialer sets it, costs
 * nothing on a sound path: it is armed when a fault cuts the connection.
 *
 * Not modelled: congestion control, TIME-WAIT (a port is free as soon as both sides are done) and the
 * 60 s after which an orphan in FIN-WAIT-2 is dropped.
 * Opening a connection is in `tcp-open`.
 */
import {
  BACKGROUND,
  type Due,
  type EventLoop,
  type Micros,
  type Timer,
} from '../../ground/base/event-loop.ts';
import { DONE, err, type Result } from '../../ground/base/result.ts';
import { Condition, type Task, type Wait } from '../../ground/base/task.ts';
import { type Chunk, sizeOfChunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import { delayOf, wireTime } from './flight.ts';
import { Inbox, type Taker } from './inbox.ts';
import {
  KEEPALIVE_INTERVAL,
  KEEPALIVE_PROBES,
  RETRANSMIT_COUNT,
  RETRANSMIT_FIRST,
  RETRANSMIT_LAST,
  TCP_HEADER_BYTES,
  TTL_FIRST,
  WINDOW_BYTES,
} from './limits.ts';
import type { NetworkNamespace } from './namespace.ts';
import { TCP } from './netfilter/types.ts';
import type { Connection, Endpoint } from './socket.ts';
import type { SocketOwner, SocketRow, SocketState, TableSocket } from './socket-table.ts';
import { countPath, isCurrent, noteTcp, type Path, type PacketTuple, walk } from './walk.ts';

/** What travels between two ends, apart from RST, which is never sent again. */
type Segment = Chunk | 'ACK' | 'FIN';

export class TcpConnection implements Connection, TableSocket, Taker {
  readonly protocol = 'tcp';
  readonly listening = false;
  readonly namespace: NetworkNamespace;
  readonly owner: SocketOwner;
  descriptor: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  state: SocketState = 'SYN-SENT';
  /** The handshake is over and its process has yet to accept it. */
  inBacklog = false;
  /** Told once when its process has no more to do with it. */
  onRelease: { forget(socket: TcpConnection): void } | undefined;
  /** Told when the handshake's last ACK arrives (server side). */
  onEstablished: { established(connection: TcpConnection): void } | undefined;
  #peer: TcpConnection | undefined;
  readonly #inbox: Inbox<Errno>;
  #gone = false;
  #closed = false;
  #finSent = false;
  #finReceived = false;
  #error: Errno | undefined;
  #softError: Errno | undefined;
  #path: Path | undefined;
  #lineFree: Micros = 0;
  #lastArrival: Micros = 0;
  #outstanding = 0;
  #blocked = 0;
  #roomDue = false;
  #room: Condition | undefined;
  #pending: Segment[] | undefined;
  #retransmit: Timer | undefined;
  #wait = RETRANSMIT_FIRST;
  #tries = 0;
  #keepAlive: Timer | undefined;
  #onTrouble: ((loop: EventLoop) => void) | undefined;
  #probes = 0;

  constructor(
    namespace: NetworkNamespace,
    owner: SocketOwner,
    descriptor: number,
    local: Endpoint,
    remote: Endpoint,
  ) {
    this.namespace = namespace;
    this.owner = owner;
    this.descriptor = descriptor;
    this.local = local;
    this.remote = remote;
    this.#inbox = new Inbox<Errno>('a TCP segment', 'ETIMEDOUT', this, owner);
  }

  get readable(): Wait {
    return this.#inbox;
  }

  get open(): boolean {
    return !this.#gone && !this.#closed && !(this.#finSent && this.#finReceived);
  }

  /** True once nothing is left of it. */
  get gone(): boolean {
    return this.#gone;
  }

  *send(chunk: Chunk): Task<Result<void, Errno>> {
    while (this.#canSend && this.#outstanding >= WINDOW_BYTES) {
      this.#blocked += 1;
      this.#room ??= new Condition('room in a TCP window');
      yield this.#room;
      this.#blocked -= 1;
    }
    return this.post(chunk) ? DONE : err(this.#error ?? 'EPIPE');
  }

  post(chunk: Chunk): boolean {
    if (!this.#canSend) return false;
    this.#outstanding += sizeOfChunk(chunk);
    this.#emit(chunk);
    return !this.#gone;
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, Errno>> {
    return this.#inbox.receive(deadline);
  }

  onReceive(sink: (event: Result<Chunk | undefined, Errno>) => void): void {
    this.#inbox.onReceive(sink);
  }

  closeWrite(): void {
    if (!this.#canSend) return;
    this.#finSent = true;
    this.state = this.#finReceived ? 'LAST-ACK' : 'FIN-WAIT-2';
    this.#emit('FIN');
    this.#retireIfDone();
  }

  close(): void {
    if (this.#closed || this.#gone) return;
    if (this.state === 'SYN-SENT') {
      this.#retire();
      return;
    }
    // The kernel resets when data that was received is thrown away unread (RFC 2525 section 2.17).
    if (this.#inbox.count > 0) {
      this.reset();
      return;
    }
    this.closeWrite();
    this.#closed = true;
    this.#release();
    this.#retireIfDone();
  }

  reset(): void {
    if (this.#gone) return;
    this.#sendReset();
    this.#die('ECONNRESET');
  }

  row(): SocketRow {
    return {
      protocol: 'tcp',
      state: this.state,
      receiveQueue: this.#inbox.bytes,
      sendQueue: (this.#pending ?? []).reduce((sum, segment) => sum + bytesOfSegment(segment), 0),
      local: this.local,
      remote: this.remote,
      owner: this.owner,
      descriptor: this.#closed || this.inBacklog ? 0 : this.descriptor,
    };
  }

  drop(): void {
    this.#retire();
  }

  onTrouble(listener: (loop: EventLoop) => void): void {
    this.#onTrouble = listener;
  }

  /** The handshake has reached this end: from now on it may send. `path` serves until it changes. */
  establish(peer: TcpConnection, path: Path | undefined): void {
    this.#peer = peer;
    this.#path = path;
    if (path !== undefined) this.state = 'SYN-RECV';
    else {
      this.state = 'ESTAB';
      this.#emit('ACK');
    }
  }

  /** A fault has come or gone: a connection that it cuts begins to probe. */
  noticeFault(): void {
    if (this.state !== 'ESTAB' || this.#keepAlive !== undefined || this.#reachesPeer()) return;
    this.#probes = 0;
    this.#armKeepAlive();
    this.#onTrouble?.(this.namespace.fabric.loop);
  }

  get #canSend(): boolean {
    return !this.#finSent && !this.#gone && this.state !== 'SYN-SENT';
  }

  #emit(segment: Segment): void {
    if (this.#pending === undefined && this.#launch(segment)) return;
    this.#pending ??= [];
    this.#pending.push(segment);
    if (this.#retransmit !== undefined || this.#gone) return;
    this.#armRetransmit();
    this.#onTrouble?.(this.namespace.fabric.loop);
  }

  /** Sends a segment on the current path; false when it is lost or there is no path. */
  #launch(segment: Segment): boolean {
    const peer = this.#peer;
    if (peer === undefined) return false;
    const size = bytesOfSegment(segment) + TCP_HEADER_BYTES;
    const path = this.#currentPath(size, peer);
    if (path === undefined) return false;
    const { fabric } = this.namespace;
    const wire = wireTime(fabric, path, size);
    const delay = delayOf(fabric, path);
    if (delay === undefined) return false;
    const { loop } = fabric;
    const start = this.#lineFree > loop.now ? this.#lineFree : loop.now;
    this.#lineFree = start + wire;
    let arrival = start + wire + delay;
    // Segments overtake each other on a jittery link; the receiver puts them back in order.
    if (arrival < this.#lastArrival) arrival = this.#lastArrival;
    this.#lastArrival = arrival;
    loop.schedule(arrival, new Arrival(peer, segment));
    return true;
  }

  #currentPath(size: number, peer: TcpConnection): Path | undefined {
    const known = this.#path;
    if (known !== undefined && isCurrent(known)) {
      countPath(known, size);
      return known;
    }
    const path = walk(this.namespace, this.#tuple(), {
      size,
      syn: false,
      ttl: TTL_FIRST,
      record: false,
    });
    if (path.outcome === 'deliver' && leadsTo(path, peer)) {
      this.#path = path;
      return path;
    }
    this.#path = undefined;
    if (path.outcome === 'deliver' || path.rejectWith === 'tcp-reset')
      this.#resetAfter(path.delay * 2);
    else if (path.outcome !== 'drop') this.#softError = errnoOf(path);
    return undefined;
  }

  /** A segment is here. */
  arrive(segment: Segment): void {
    const { namespace } = this;
    if (!namespace.host.powered || !namespace.alive) return;
    if (this.#gone || (this.#closed && segment !== 'FIN')) {
      if (!(this.#gone && this.#finReceived && segment === 'FIN')) this.#sendReset();
      if (this.#closed) this.#die('EPIPE');
      return;
    }
    if (segment === 'ACK') {
      this.state = 'ESTAB';
      const established = this.onEstablished;
      this.onEstablished = undefined;
      established?.established(this);
    } else if (segment === 'FIN') {
      this.#finReceived = true;
      this.state = this.#finSent ? 'TIME-WAIT' : 'CLOSE-WAIT';
      this.#inbox.end();
      this.#retireIfDone();
    } else this.#inbox.put(segment);
  }

  /** The reader took bytes: the peer's window opens. */
  taken(bytes: number): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    peer.#outstanding -= bytes;
    if (peer.#blocked === 0 || peer.#roomDue || peer.#outstanding >= WINDOW_BYTES) return;
    peer.#roomDue = true;
    this.namespace.fabric.loop.after(this.#path?.delay ?? 0, () => {
      peer.#roomDue = false;
      peer.#room?.notify();
    });
  }

  #armRetransmit(): void {
    this.#retransmit = this.namespace.fabric.loop.after(this.#wait, () => {
      this.#retransmit = undefined;
      this.#tries += 1;
      if (this.#tries > RETRANSMIT_COUNT) {
        this.#die(this.#softError ?? 'ETIMEDOUT');
        return;
      }
      let sent = 0;
      const pending = this.#pending ?? [];
      for (const segment of pending) {
        if (!this.#launch(segment)) break;
        sent += 1;
      }
      if (this.#gone) return;
      if (sent === pending.length) this.#pending = undefined;
      else pending.splice(0, sent);
      if (sent > 0) {
        this.#tries = 0;
        this.#wait = RETRANSMIT_FIRST;
        this.#softError = undefined;
      } else this.#wait = Math.min(this.#wait * 2, RETRANSMIT_LAST);
      if (this.#pending !== undefined) this.#armRetransmit();
      else this.#retireIfDone();
    });
  }

  #armKeepAlive(): void {
    this.#keepAlive = this.namespace.fabric.loop.after(
      KEEPALIVE_INTERVAL,
      () => {
        this.#keepAlive = undefined;
        if (this.#gone || this.state !== 'ESTAB') return;
        if (this.#reachesPeer()) {
          if (this.#peer?.gone === true) this.#resetAfter((this.#path?.delay ?? 0) * 2);
          return;
        }
        this.#probes += 1;
        if (this.#probes <= KEEPALIVE_PROBES) this.#armKeepAlive();
        // With data on the way the retransmission timer decides, not the probes.
        else if (this.#pending === undefined) this.#die('ETIMEDOUT');
      },
      BACKGROUND,
    );
  }

  /** Whether links and hosts between the ends work both ways. Rules are not asked. */
  #reachesPeer(): boolean {
    const peer = this.#peer;
    if (peer === undefined) return true;
    const { fabric, host } = this.namespace;
    const other = peer.namespace.host;
    if (!other.powered) return false;
    return !fabric.fault(host, other).cut && !fabric.fault(other, host).cut;
  }

  #sendReset(): void {
    const peer = this.#peer;
    if (peer === undefined || peer.#gone) return;
    const path = this.#currentPath(TCP_HEADER_BYTES, peer);
    const { fabric } = this.namespace;
    const delay = path && delayOf(fabric, path);
    if (delay === undefined) return;
    const { loop } = fabric;
    const arrival = Math.max(loop.now + delay, this.#lastArrival);
    loop.at(arrival, () => {
      const { namespace } = peer;
      if (namespace.host.powered && namespace.alive) peer.#die('ECONNRESET');
    });
  }

  #resetAfter(delay: Micros): void {
    this.namespace.fabric.loop.after(delay, () => this.#die('ECONNRESET'));
  }

  /** Ends it with an error, for this side alone. */
  #die(errno: Errno): void {
    if (this.#gone) return;
    this.#error = errno;
    this.#inbox.fail(errno);
    this.#retire();
  }

  #retireIfDone(): void {
    if (this.#finSent && this.#finReceived && this.#pending === undefined) this.#retire();
  }

  #retire(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#retransmit?.cancel();
    this.#keepAlive?.cancel();
    this.#pending = undefined;
    this.namespace.sockets.remove(this);
    if (this.#path !== undefined) noteTcp(this.#path, 'closed');
    this.#room?.notify();
    this.#release();
  }

  /** The process has let go of it, whatever the kernel still does. */
  #release(): void {
    const release = this.onRelease;
    this.onRelease = undefined;
    release?.forget(this);
  }

  #tuple(): PacketTuple {
    const { local, remote } = this;
    return { protocol: TCP, src: local.ip, dst: remote.ip, sport: local.port, dport: remote.port };
  }
}

/** A segment under way. */
class Arrival implements Due {
  readonly pending = true;
  readonly #target: TcpConnection;
  readonly #segment: Segment;

  constructor(target: TcpConnection, segment: Segment) {
    this.#target = target;
    this.#segment = segment;
  }

  due(): void {
    this.#target.arrive(this.#segment);
  }
}

/** Whether a path ends at this socket, under the names by which it knows both ends. */
export function leadsTo(path: Path, end: TcpConnection): boolean {
  const { tuple } = path;
  return (
    path.target === end.namespace &&
    tuple.dst === end.local.ip &&
    tuple.dport === end.local.port &&
    tuple.src === end.remote.ip &&
    tuple.sport === end.remote.port
  );
}

/** The error that a connecting socket gets for a walk that did not arrive (Linux: icmp_err_convert). */
export function errnoOf(path: Path): Errno {
  switch (path.outcome) {
    case 'refused':
      return path.errno ?? 'ENETUNREACH';
    case 'net-unreachable':
      return 'ENETUNREACH';
    case 'reject':
      return path.rejectWith === 'tcp-reset' || path.rejectWith === 'icmp-port-unreachable'
        ? 'ECONNREFUSED'
        : path.rejectWith === 'icmp-net-unreachable'
          ? 'ENETUNREACH'
          : 'EHOSTUNREACH';
    default:
      return 'EHOSTUNREACH';
  }
}

function bytesOfSegment(segment: Segment): number {
  return typeof segment === 'string' ? 0 : sizeOfChunk(segment);
}
