/**
 * Sockets as a program sees them, IPv4 and unix. Refusal, reset, time-out and unreachable are errno
 * values. A connection is a stream of chunks in order, one event per chunk and direction; flow
 * control is a window, so `send` may wait.
 *
 * The implementation is in `namespace`, `tcp`, `udp` and `unix`; programs reach it through
 * `process.net`, which notes the owner, so that `ss -p` can name it and a killed process loses its
 * sockets (its peers see a reset or a FIN, as the kernel would send).
 */
import type { EventLoop, Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Task, Wait } from '../../ground/base/task.ts';
import type { Chunk } from './chunk.ts';
import type { Errno } from './errno.ts';

export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
}

/** An established stream: TCP, or unix (then both endpoints are 0:0 and `path` is set). */
export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Path of a unix socket. */
  readonly path?: string;
  /** False once either side has closed both directions, or it was reset. */
  readonly open: boolean;
  /** Sends in order; waits while the peer's window is full. EPIPE after close, ECONNRESET after a reset. */
  send(chunk: Chunk): Task<Result<void, Errno>>;
  /** Sends without waiting; false when it is broken. For servers whose peers always read. */
  post(chunk: Chunk): boolean;
  /** The next chunk; undefined at the end of the stream; ETIMEDOUT when `deadline` (from now) passes. */
  receive(deadline?: Micros): Task<Result<Chunk | undefined, Errno>>;
  /** Instead of `receive`: called inside the arrival event for each chunk, and once with the end. */
  onReceive(sink: (event: Result<Chunk | undefined, Errno>) => void): void;
  /** For `anyOf`: ends when a chunk, the end or an error can be received without waiting. */
  readonly readable: Wait;
  /** No more will be sent (FIN); receiving goes on. */
  closeWrite(): void;
  /** Closes both directions in order (FIN). */
  close(): void;
  /** Drops the connection (RST). */
  reset(): void;
  /** Called when segments stop getting through (TCP only), for protocols that then ping their peer. */
  onTrouble?(listener: (loop: EventLoop) => void): void;
}

export interface Listener {
  readonly local: Endpoint;
  readonly path?: string;
  /** The next connection; undefined once the listener is closed. */
  accept(): Task<Connection | undefined>;
  /** Instead of `accept`: called inside the event that establishes each connection. */
  onAccept(sink: (connection: Connection) => void): void;
  close(): void;
}

export interface Datagram {
  readonly source: Endpoint;
  readonly payload: Chunk;
}

export interface UdpSocket {
  readonly local: Endpoint;
  /** Sends one datagram. An error is what an earlier ICMP answer left (ECONNREFUSED on a connected socket). */
  sendTo(target: Endpoint, payload: Chunk): Result<void, Errno>;
  /** The next datagram; EAGAIN when `deadline` (from now) passes; ECONNREFUSED after an ICMP port unreachable. */
  receive(deadline?: Micros): Task<Result<Datagram, Errno>>;
  /** Instead of `receive`: called inside the arrival event. */
  onReceive(sink: (datagram: Datagram) => void): void;
  close(): void;
}

export interface PingReply {
  readonly source: Ip;
  readonly ttl: number;
  /** Round-trip time in microseconds. */
  readonly time: Micros;
  /** Set when an ICMP error came instead of the echo reply. */
  readonly unreachable?: 'net' | 'host' | 'port' | 'prohibited' | 'ttl';
}

export interface ConnectOptions {
  /** Bind the local side first. */
  readonly source?: { readonly ip?: Ip; readonly port?: number };
  /** Give up after this long: ETIMEDOUT. Without it the SYN retries of Linux apply (1, 2, 4 … s, 127 s in all). */
  readonly deadline?: Micros;
}

/** The sockets of one process. All addresses are those of its network namespace. */
export interface Sockets {
  /** ip 0 listens on every address. EADDRINUSE, EADDRNOTAVAIL, EACCES (port below 1024 without root). */
  listen(ip: Ip, port: number): Result<Listener, Errno>;
  connect(ip: Ip, port: number, options?: ConnectOptions): Task<Result<Connection, Errno>>;
  listenUnix(path: string): Result<Listener, Errno>;
  connectUnix(path: string): Task<Result<Connection, Errno>>;
  /** port 0 draws an ephemeral one. */
  udp(ip: Ip, port: number): Result<UdpSocket, Errno>;
  ping(
    ip: Ip,
    options: { readonly ttl?: number; readonly deadline: Micros; readonly sequence: number },
  ): Task<Result<PingReply, Errno>>;
}
