/**
 * The sockets of one process: the façade that `process.net` is. It notes the owner, so that `ss -p`
 * can name it, and takes everything back when the process ends.
 */
import type { Ip } from '../../ground/base/ip.ts';
import { err, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Errno } from './errno.ts';
import type { NetworkNamespace } from './namespace.ts';
import type { ConnectOptions, Connection, Listener, PingReply, Sockets, UdpSocket } from './socket.ts';
import type { SocketOwner } from './socket-table.ts';

/** What the kernel keeps of a process's sockets. */
export interface ProcessSockets extends Sockets {
  /** Open sockets: listeners, connections, datagram sockets. */
  readonly count: number;
  /**
   * The process has ended, by whatever means: listeners close, connections end with FIN, or with RST
   * when data was left unread, as the kernel does. Calling it twice changes nothing.
   */
  closeAll(): void;
}

/** The sockets of a process in a namespace. One façade per process; unix sockets need `owner.unixPaths`. */
export function socketsOf(namespace: NetworkNamespace, owner: SocketOwner): ProcessSockets {
  return new OwnedSockets(namespace, owner);
}

class OwnedSockets implements ProcessSockets {
  readonly #namespace: NetworkNamespace;
  readonly #owner: SocketOwner;
  readonly #open = new Set<{ close(): void }>();

  constructor(namespace: NetworkNamespace, owner: SocketOwner) {
    this.#namespace = namespace;
    this.#owner = owner;
  }

  get count(): number {
    return this.#open.size;
  }

  listen(ip: Ip, port: number): Result<Listener, Errno> {
    return err('ENOSYS');
  }

  *connect(ip: Ip, port: number, options: ConnectOptions = {}): Task<Result<Connection, Errno>> {
    return err('ENOSYS');
  }

  listenUnix(path: string): Result<Listener, Errno> {
    return err('ENOSYS');
  }

  *connectUnix(path: string): Task<Result<Connection, Errno>> {
    return err('ENOSYS');
  }

  udp(ip: Ip, port: number): Result<UdpSocket, Errno> {
    return err('ENOSYS');
  }

  *ping(ip: Ip, options: { readonly ttl?: number; readonly deadline: number; readonly sequence: number }): Task<Result<PingReply, Errno>> {
    return err('ENOSYS');
  }

  closeAll(): void {
    for (const socket of [...this.#open]) socket.close();
    this.#open.clear();
  }
}
