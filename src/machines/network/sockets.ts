/**
 * The sockets of one process: the façade that `process.net` is. It notes the owner, so that `ss -p`
 * can name it, and takes everything back when the process ends.
 */
import { Roster } from '../../ground/base/roster.ts';
import { ANY_ADDRESS, type Ip, LOOPBACK } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Errno } from './errno.ts';
import { type PingOptions, ping } from './icmp.ts';
import type { NetworkNamespace } from './namespace.ts';
import type {
  ConnectOptions,
  Connection,
  Endpoint,
  Listener,
  PingReply,
  Sockets,
  UdpSocket,
} from './socket.ts';
import type { SocketOwner } from './socket-table.ts';
import { connectTcp, type SocketKeeper, TcpListener } from './tcp-open.ts';
import { UdpEnd } from './udp.ts';

/** 0, 1 and 2 are the standard streams. */
const FIRST_DESCRIPTOR = 3;

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

class OwnedSockets implements ProcessSockets, SocketKeeper {
  readonly owner: SocketOwner;
  readonly #namespace: NetworkNamespace;
  readonly #open = new Roster<{ close(): void }>();
  #descriptor = FIRST_DESCRIPTOR;
  #over = false;

  constructor(namespace: NetworkNamespace, owner: SocketOwner) {
    this.#namespace = namespace;
    this.owner = owner;
  }

  get count(): number {
    return this.#open.size;
  }

  keep(socket: { close(): void }): number {
    this.#open.add(socket);
    return this.#descriptor++;
  }

  forget(socket: { close(): void }): void {
    this.#open.delete(socket);
  }

  listen(ip: Ip, port: number): Result<Listener, Errno> {
    const local = this.#bind('tcp', ip, port);
    return local.ok ? ok(new TcpListener(this.#namespace, this, local.value)) : local;
  }

  connect(ip: Ip, port: number, options: ConnectOptions = {}): Task<Result<Connection, Errno>> {
    // Linux takes 0.0.0.0 for this host.
    const target = { ip: ip === ANY_ADDRESS ? LOOPBACK : ip, port };
    return connectTcp(this.#namespace, this, target, options);
  }

  listenUnix(path: string): Result<Listener, Errno> {
    const inode = this.owner.unixPaths?.bind(path);
    if (inode === undefined) return err('EACCES');
    return inode.ok ? this.#namespace.host.unixSockets.listen(inode.value, path, this) : inode;
  }

  *connectUnix(path: string): Task<Result<Connection, Errno>> {
    const inode = this.owner.unixPaths?.lookup(path);
    if (inode === undefined) return err('EACCES');
    if (!inode.ok) return inode;
    return yield* this.#namespace.host.unixSockets.connect(inode.value, path, this);
  }

  udp(ip: Ip, port: number): Result<UdpSocket, Errno> {
    const local = this.#bind('udp', ip, port);
    return local.ok ? ok(new UdpEnd(this.#namespace, this, local.value, port === 0)) : local;
  }

  ping(ip: Ip, options: PingOptions): Task<Result<PingReply, Errno>> {
    return ping(this.#namespace, this.owner.pid & 0xffff, ip, options);
  }

  closeAll(): void {
    this.#over = true;
    for (const socket of [...this.#open]) socket.close();
    this.#open.clear();
  }

  #bind(protocol: 'tcp' | 'udp', ip: Ip, port: number): Result<Endpoint, Errno> {
    const { sockets, sysctls } = this.#namespace;
    if (this.#over) return err('EBADF');
    if (ip !== ANY_ADDRESS && this.#namespace.ownerOf(ip) === undefined)
      return err('EADDRNOTAVAIL');
    if (port === 0) {
      const drawn = sockets.ephemeral(protocol);
      return drawn === undefined ? err('EADDRINUSE') : ok({ ip, port: drawn });
    }
    const free = Number(sysctls.get('net.ipv4.ip_unprivileged_port_start'));
    if (port < free && this.owner.uid !== 0) return err('EACCES');
    return sockets.isTaken(protocol, ip, port) ? err('EADDRINUSE') : ok({ ip, port });
  }
}
