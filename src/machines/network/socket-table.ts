/**
 * The sockets of a namespace: who listens where, which ports are taken, and the rows that `ss` shows.
 * Segments find an established peer by reference; only a SYN or a datagram asks this table.
 */
import { Roster } from '../../ground/base/roster.ts';
import type { Ip } from '../../ground/base/ip.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import type { Errno } from './errno.ts';
import { EPHEMERAL_FIRST, EPHEMERAL_LAST } from './limits.ts';
import type { Endpoint } from './socket.ts';

/** Whose sockets these are, for `ss -p` and for who may bind what. */
export interface SocketOwner {
  readonly pid: number;
  readonly comm: string;
  readonly uid: number;
  /** True while it is stopped: nothing of it runs, and what arrives waits in the kernel. Absent: never. */
  readonly held?: boolean;
  /** Calls back once, when it goes on. */
  whenProceeds?(action: () => void): void;
  /** Maps paths of unix sockets to what stands there; absent: no unix sockets. */
  readonly unixPaths?: UnixPaths;
}

/** How the machine layer finds a unix socket's inode; the key is opaque, one object per inode. */
export interface UnixPaths {
  /** Makes the socket file. EADDRINUSE when the path exists, ENOENT, EACCES. */
  bind(path: string): UnixPathResult;
  /** The inode of an existing socket file. ENOENT, EACCES; ECONNREFUSED when it is no socket. */
  lookup(path: string): UnixPathResult;
}

export type UnixPathResult =
  | { readonly ok: true; readonly value: object }
  | { readonly ok: false; readonly error: Errno };

export type SocketState =
  | 'LISTEN'
  | 'SYN-SENT'
  | 'SYN-RECV'
  | 'ESTAB'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'UNCONN';

/** One row of `ss`. */
export interface SocketRow {
  readonly protocol: 'tcp' | 'udp' | 'unix';
  readonly state: SocketState;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Who made it; whether it still holds it, `descriptor` says. */
  readonly owner: SocketOwner;
  /** 0: the kernel's alone, not accepted yet or already closed. */
  readonly descriptor: number;
  /** Path of a unix socket. */
  readonly path?: string;
}

/** A socket as the table sees it. */
export interface TableSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly local: Endpoint;
  readonly listening: boolean;
  row(): SocketRow;
  /** Forgets everything at once and tells nobody: power-off, end of the namespace. */
  drop(): void;
  /** A fault has come or gone somewhere. */
  noticeFault?(): void;
}

export class SocketTable {
  readonly #random: RandomStream;
  readonly #sockets = new Roster<TableSocket>();
  /** Receivers by port: TCP listeners and UDP sockets. */
  readonly #receivers = { tcp: new Map<number, TableSocket[]>(), udp: new Map<number, TableSocket[]>() };
  /** How many sockets use a port, listeners included. */
  readonly #used = { tcp: new Map<number, number>(), udp: new Map<number, number>() };
  #nextPort = 0;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  add(socket: TableSocket): void {
    this.#sockets.add(socket);
    const { protocol, local } = socket;
    const used = this.#used[protocol];
    used.set(local.port, (used.get(local.port) ?? 0) + 1);
    if (!socket.listening) return;
    const list = this.#receivers[protocol].get(local.port);
    if (list === undefined) this.#receivers[protocol].set(local.port, [socket]);
    else list.push(socket);
  }

  remove(socket: TableSocket): void {
    if (!this.#sockets.delete(socket)) return;
    const { protocol, local } = socket;
    const used = this.#used[protocol];
    const count = (used.get(local.port) ?? 1) - 1;
    if (count === 0) used.delete(local.port);
    else used.set(local.port, count);
    if (!socket.listening) return;
    const list = this.#receivers[protocol].get(local.port) ?? [];
    const left = list.filter((other) => other !== socket);
    if (left.length === 0) this.#receivers[protocol].delete(local.port);
    else this.#receivers[protocol].set(local.port, left);
  }

  /** Who receives what comes to this address: an exact address before the wildcard. */
  receiver(protocol: 'tcp' | 'udp', ip: Ip, port: number): TableSocket | undefined {
    const list = this.#receivers[protocol].get(port);
    if (list === undefined) return undefined;
    return list.find((socket) => socket.local.ip === ip) ?? list.find((socket) => socket.local.ip === 0);
  }

  /** True when a receiver at this address would clash with one that is there. */
  isTaken(protocol: 'tcp' | 'udp', ip: Ip, port: number): boolean {
    const list = this.#receivers[protocol].get(port) ?? [];
    return list.some((socket) => ip === 0 || socket.local.ip === 0 || socket.local.ip === ip);
  }

  /** A free port of the ephemeral range; undefined when all are in use. */
  ephemeral(protocol: 'tcp' | 'udp'): number | undefined {
    const span = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;
    if (this.#nextPort === 0) this.#nextPort = EPHEMERAL_FIRST + this.#random.below(span);
    for (let tries = 0; tries < span; tries += 1) {
      const port = this.#nextPort;
      this.#nextPort = port === EPHEMERAL_LAST ? EPHEMERAL_FIRST : port + 1;
      if (!this.#used[protocol].has(port)) return port;
    }
    return undefined;
  }

  /** What `ss` shows, in order of making. */
  rows(): readonly SocketRow[] {
    return [...this.#sockets].map((socket) => socket.row());
  }

  all(): Iterable<TableSocket> {
    return this.#sockets;
  }

  dropAll(): void {
    for (const socket of [...this.#sockets]) socket.drop();
  }
}
