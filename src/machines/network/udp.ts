/**
 * UDP sockets. Every datagram goes its way alone, but a flow keeps its path once the second packet
 * has walked it (the first one is new to connection tracking and counts on other rules). A port that
 * nobody reads is answered with ICMP port unreachable, which a socket on an ephemeral port sees as
 * ECONNREFUSED, as connected client sockets do.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Condition, type Task } from '../../ground/base/task.ts';
import { type Chunk, sizeOfChunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import { flightOf, returnOf } from './flight.ts';
import {
  ARP_FAILURE,
  DATAGRAM_BYTES_MAX,
  DATAGRAMS_MAX,
  TTL_FIRST,
  UDP_HEADER_BYTES,
} from './limits.ts';
import type { NetworkNamespace } from './namespace.ts';
import { UDP } from './netfilter/types.ts';
import type { Datagram, Endpoint, UdpSocket } from './socket.ts';
import type { SocketRow, TableSocket } from './socket-table.ts';
import { errnoOf } from './tcp.ts';
import type { SocketKeeper } from './tcp-open.ts';
import { countPath, isCurrent, type Path, walk } from './walk.ts';

/** nf_conntrack_udp_timeout: a flow that was silent for longer is a new one. */
const FLOW_SILENCE: Micros = 30_000_000;
/** Flows that a socket keeps; a server forgets them all at this many. */
const FLOWS_MAX = 1024;

interface Flow {
  path: Path;
  /** True once a packet that was not the first has walked it. */
  settled: boolean;
  used: Micros;
}

export class UdpEnd implements UdpSocket, TableSocket {
  readonly protocol = 'udp';
  readonly listening = true;
  readonly local: Endpoint;
  readonly #namespace: NetworkNamespace;
  readonly #keeper: SocketKeeper;
  readonly #descriptor: number;
  /** True for clients: ICMP errors are theirs to hear. */
  readonly #hearsErrors: boolean;
  readonly #flows = new Map<string, Flow>();
  readonly #arrived = new Condition('a datagram');
  #queue: Datagram[] = [];
  #bytes = 0;
  #error: Errno | undefined;
  #sink: ((datagram: Datagram) => void) | undefined;
  #closed = false;

  constructor(
    namespace: NetworkNamespace,
    keeper: SocketKeeper,
    local: Endpoint,
    hearsErrors: boolean,
  ) {
    this.#namespace = namespace;
    this.#keeper = keeper;
    this.local = local;
    this.#hearsErrors = hearsErrors;
    this.#descriptor = keeper.keep(this);
    namespace.sockets.add(this);
  }

  sendTo(target: Endpoint, payload: Chunk): Result<void, Errno> {
    if (this.#closed) return err('EBADF');
    const left = this.#error;
    if (left !== undefined) {
      this.#error = undefined;
      return err(left);
    }
    const size = sizeOfChunk(payload);
    if (size > DATAGRAM_BYTES_MAX) return err('EMSGSIZE');
    const path = this.#pathTo(target, size + UDP_HEADER_BYTES);
    if (path.errno !== undefined) return err(path.errno);
    const { fabric } = this.#namespace;
    const flight = flightOf(fabric, path, size);
    if (flight === undefined || path.outcome === 'drop') return DONE;
    const delay = flight.delay + flight.wire;
    if (path.outcome === 'deliver') fabric.loop.after(delay, () => this.#deliver(path, payload));
    else this.#returnError(path, delay, errnoOf(path));
    return DONE;
  }

  *receive(deadline?: Micros): Task<Result<Datagram, Errno>> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        this.#bytes -= sizeOfChunk(next.payload);
        return ok(next);
      }
      const left = this.#error;
      this.#error = undefined;
      if (left !== undefined) return err(left);
      if (this.#closed) return err('EBADF');
      if (deadline === undefined) yield this.#arrived;
      else if ((yield* anyOf([this.#arrived], deadline)).index < 0) return err('EAGAIN');
    }
  }

  onReceive(sink: (datagram: Datagram) => void): void {
    this.#sink = sink;
    this.#drain();
  }

  /** Gives the sink what waits for it, as far as its process runs. */
  #drain(): void {
    const { owner } = this.#keeper;
    while (this.#queue.length > 0) {
      if (owner.held === true) {
        owner.whenProceeds?.(() => this.#drain());
        return;
      }
      const next = this.#queue.shift() as Datagram;
      this.#bytes -= sizeOfChunk(next.payload);
      this.#sink?.(next);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.drop();
    this.#arrived.notify();
  }

  drop(): void {
    this.#closed = true;
    this.#namespace.sockets.remove(this);
    this.#keeper.forget(this);
  }

  row(): SocketRow {
    return {
      protocol: 'udp',
      state: 'UNCONN',
      receiveQueue: this.#bytes,
      sendQueue: 0,
      local: this.local,
      remote: { ip: 0, port: 0 },
      owner: this.#keeper.owner,
      descriptor: this.#descriptor,
    };
  }

  #pathTo(target: Endpoint, size: number): Path {
    const { fabric } = this.#namespace;
    const { now } = fabric.loop;
    const key = `${target.ip}:${target.port}`;
    const flow = this.#flows.get(key);
    if (flow?.settled === true && now - flow.used < FLOW_SILENCE && isCurrent(flow.path)) {
      flow.used = now;
      countPath(flow.path, size);
      return flow.path;
    }
    const record = flow === undefined && fabric.recordWalk(this.#namespace, this.#keeper.owner);
    const tuple = {
      protocol: UDP,
      src: this.local.ip,
      dst: target.ip,
      sport: this.local.port,
      dport: target.port,
    };
    const path = walk(this.#namespace, tuple, { size, syn: false, ttl: TTL_FIRST, record });
    if (record) this.#record(path);
    if (path.outcome !== 'deliver') this.#flows.delete(key);
    else {
      if (this.#flows.size >= FLOWS_MAX) this.#flows.clear();
      this.#flows.set(key, { path, settled: flow !== undefined, used: now });
    }
    return path;
  }

  #deliver(path: Path, payload: Chunk): void {
    const { target, tuple } = path;
    if (!target.host.powered || !target.alive) return;
    const receiver = target.sockets.receiver('udp', tuple.dst, tuple.dport);
    if (receiver instanceof UdpEnd)
      receiver.#arrive({ source: { ip: tuple.src, port: tuple.sport }, payload });
    else this.#returnError(path, 0, 'ECONNREFUSED');
  }

  #arrive(datagram: Datagram): void {
    const held = this.#keeper.owner.held === true;
    if (this.#sink !== undefined && !held) this.#sink(datagram);
    else if (this.#queue.length < DATAGRAMS_MAX) {
      this.#queue.push(datagram);
      this.#bytes += sizeOfChunk(datagram.payload);
      if (this.#sink !== undefined && this.#queue.length === 1) this.#drain();
      this.#arrived.notify();
    }
  }

  /** An ICMP error on its way back to this socket. */
  #returnError(path: Path, delay: Micros, errno: Errno): void {
    if (!this.#hearsErrors) return;
    const back = returnOf(this.#namespace.fabric, path);
    if (back === undefined) return;
    const arp = path.outcome === 'host-unreachable' ? ARP_FAILURE : 0;
    this.#namespace.fabric.loop.after(delay + arp + back, () => {
      if (this.#closed) return;
      this.#error = errno;
      this.#arrived.notify();
    });
  }

  #record(path: Path): void {
    const { tuple } = path;
    this.#namespace.fabric.recorder.record({
      component: `${this.#keeper.owner.comm}@${this.#namespace.host.name}`,
      verb: 'packet',
      object: `udp ${nameOf(tuple.src, tuple.sport)} > ${nameOf(tuple.dst, tuple.dport)}`,
      note: path.outcome,
      detail: path,
    });
  }
}

function nameOf(ip: Ip, port: number): string {
  return `${formatIp(ip)}:${port}`;
}
