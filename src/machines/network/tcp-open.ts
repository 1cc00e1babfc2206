/**
 * Opening TCP connections: listeners, the handshake of one and a half round trips, refusal, SYN
 * retries (1, 2, 4 … s, 127 s in all) and what ICMP errors and REJECT rules make of a connect. The
 * established connection is in `tcp`.
 */
import type { Due, Micros } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task, Wait, Waiter } from '../../ground/base/task.ts';
import { Backlog } from './backlog.ts';
import type { Errno } from './errno.ts';
import { flightOf, returnOf } from './flight.ts';
import {
  ARP_FAILURE,
  BACKLOG_MAX,
  SYN_RETRIES,
  SYN_TIMEOUT,
  TCP_HEADER_BYTES,
  TTL_FIRST,
} from './limits.ts';
import type { NetworkNamespace } from './namespace.ts';
import { TCP } from './netfilter/types.ts';
import type { ConnectOptions, Connection, Endpoint, Listener } from './socket.ts';
import type { SocketOwner, SocketRow, TableSocket } from './socket-table.ts';
import { errnoOf, leadsTo, TcpConnection } from './tcp.ts';
import { noteTcp, type Path, walk } from './walk.ts';

/** What a façade is told about sockets that a listener makes. */
export interface SocketKeeper {
  readonly owner: SocketOwner;
  /** A new socket of the process; returns its descriptor. */
  keep(socket: { close(): void }): number;
  forget(socket: { close(): void }): void;
}

export class TcpListener implements Listener, TableSocket {
  readonly protocol = 'tcp';
  readonly listening = true;
  readonly local: Endpoint;
  readonly namespace: NetworkNamespace;
  readonly keeper: SocketKeeper;
  readonly #descriptor: number;
  readonly #backlog: Backlog<TcpConnection>;

  constructor(namespace: NetworkNamespace, keeper: SocketKeeper, local: Endpoint) {
    this.namespace = namespace;
    this.keeper = keeper;
    this.local = local;
    this.#backlog = new Backlog(keeper.owner);
    this.#descriptor = keeper.keep(this);
    namespace.sockets.add(this);
  }

  get full(): boolean {
    return this.#backlog.full;
  }

  accept(): Task<Connection | undefined> {
    return this.#backlog.accept();
  }

  onAccept(sink: (connection: Connection) => void): void {
    this.#backlog.onAccept(sink);
  }

  /** A handshake is complete. */
  established(connection: TcpConnection): void {
    connection.descriptor = this.keeper.keep(connection);
    connection.onRelease = this.keeper;
    connection.inBacklog = true;
    this.#backlog.deliver(connection);
  }

  close(): void {
    if (this.#backlog.closed) return;
    this.namespace.sockets.remove(this);
    this.keeper.forget(this);
    this.#backlog.close();
  }

  drop(): void {
    this.#backlog.drop();
    this.namespace.sockets.remove(this);
    this.keeper.forget(this);
  }

  row(): SocketRow {
    return {
      protocol: 'tcp',
      state: 'LISTEN',
      receiveQueue: this.#backlog.size,
      sendQueue: BACKLOG_MAX,
      local: this.local,
      remote: { ip: 0, port: 0 },
      owner: this.keeper.owner,
      descriptor: this.#descriptor,
    };
  }
}

/** Opens a connection; see `Sockets.connect` for the errors. */
export function* connectTcp(
  namespace: NetworkNamespace,
  keeper: SocketKeeper,
  target: Endpoint,
  options: ConnectOptions,
): Task<Result<TcpConnection, Errno>> {
  const local = chooseLocal(namespace, target.ip, options);
  if (!local.ok) return local;
  const connection = new TcpConnection(namespace, keeper.owner, 0, local.value, target);
  connection.descriptor = keeper.keep(connection);
  connection.onRelease = keeper;
  namespace.sockets.add(connection);
  const opening = new Opening(connection, options.deadline);
  opening.begin();
  return opening.result ?? ((yield opening) as Result<TcpConnection, Errno>);
}

function chooseLocal(
  namespace: NetworkNamespace,
  target: Ip,
  options: ConnectOptions,
): Result<Endpoint, Errno> {
  const wanted = options.source?.ip ?? 0;
  if (wanted !== 0 && namespace.ownerOf(wanted) === undefined) return err('EADDRNOTAVAIL');
  const route = namespace.route(target);
  if (typeof route === 'string') return err(route);
  const port = options.source?.port ?? namespace.sockets.ephemeral('tcp');
  if (port === undefined) return err('EADDRNOTAVAIL');
  return ok({ ip: wanted === 0 ? route.source : wanted, port });
}

/** A handshake under way, for the one task that waits for it. */
class Opening implements Wait, Due {
  readonly description = 'a result';
  readonly pending = true;
  result: Result<TcpConnection, Errno> | undefined;
  readonly #connection: TcpConnection;
  readonly #namespace: NetworkNamespace;
  readonly #patience: Micros | undefined;
  #deadline: Deadline | undefined;
  #waiter: Waiter | undefined;
  #attempt = 0;
  #sent: Micros = 0;
  /** The way of the SYN, and the server's end once it has answered. */
  #path: Path | undefined;
  #server: TcpConnection | undefined;

  constructor(connection: TcpConnection, patience: Micros | undefined) {
    this.#connection = connection;
    this.#namespace = connection.namespace;
    this.#patience = patience;
  }

  arm(waiter: Waiter): void {
    this.#waiter = waiter;
    if (this.#patience === undefined) return;
    const { loop } = waiter;
    this.#deadline = new Deadline(this);
    loop.schedule(loop.now + Math.max(0, this.#patience), this.#deadline);
  }

  withdraw(): void {
    this.#release();
  }

  /** The dialler's patience is over. */
  expire(): void {
    const waiter = this.#release();
    this.fail('ETIMEDOUT');
    waiter?.resume(this.result);
  }

  /** The next segment of the handshake is where it goes: the SYN, then the SYN-ACK. */
  due(): void {
    const path = this.#path as Path;
    if (this.#server === undefined) this.#arrive(path);
    else this.#answered(this.#server, path);
  }

  #settle(result: Result<TcpConnection, Errno>): void {
    this.result = result;
    this.#release()?.wake(result);
  }

  /** Nobody waits from now on; gives who did. */
  #release(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (this.#deadline !== undefined) this.#deadline.opening = undefined;
    return waiter;
  }

  begin(): void {
    const { local, remote } = this.#connection;
    const { fabric } = this.#namespace;
    this.#sent = fabric.loop.now;
    const record = fabric.recordWalk(this.#namespace, this.#connection.owner);
    const tuple = {
      protocol: TCP,
      src: local.ip,
      dst: remote.ip,
      sport: local.port,
      dport: remote.port,
    };
    const path = walk(this.#namespace, tuple, {
      size: TCP_HEADER_BYTES + 8,
      syn: true,
      ttl: TTL_FIRST,
      record,
    });
    if (record) this.#record(path);
    if (path.outcome === 'refused') {
      this.fail(errnoOf(path));
      return;
    }
    const flight = flightOf(fabric, path, TCP_HEADER_BYTES);
    if (flight === undefined || path.outcome === 'drop') this.#lost();
    else if (path.outcome === 'deliver') {
      this.#path = path;
      fabric.loop.schedule(fabric.loop.now + flight.delay, this);
    } else this.#answeredByIcmp(path, flight.delay);
  }

  /** Ends the attempt; the socket is gone. */
  fail(errno: Errno): void {
    if (this.result !== undefined) return;
    this.#settle(err(errno));
    this.#connection.drop();
  }

  get #over(): boolean {
    return this.result !== undefined || this.#connection.gone;
  }

  #answeredByIcmp(path: Path, delay: Micros): void {
    const { fabric } = this.#namespace;
    const back = returnOf(fabric, path);
    if (back === undefined) {
      this.#lost();
      return;
    }
    const arp = path.outcome === 'host-unreachable' ? ARP_FAILURE : 0;
    fabric.loop.after(delay + arp + back, () => this.fail(errnoOf(path)));
  }

  /** No answer will come: the SYN is sent again when its time is up. */
  #lost(): void {
    this.#namespace.fabric.loop.at(this.#sent + SYN_TIMEOUT * 2 ** this.#attempt, () => {
      if (this.#over) return;
      this.#attempt += 1;
      if (this.#attempt > SYN_RETRIES) this.fail('ETIMEDOUT');
      else this.begin();
    });
  }

  /** The SYN is at the target. */
  #arrive(path: Path): void {
    if (this.#over) return;
    const { target, tuple } = path;
    if (!target.host.powered || !target.alive) {
      this.#lost();
      return;
    }
    const listener = target.sockets.receiver('tcp', tuple.dst, tuple.dport);
    const back = walk(
      target,
      { protocol: TCP, src: tuple.dst, dst: tuple.src, sport: tuple.dport, dport: tuple.sport },
      { size: TCP_HEADER_BYTES, syn: false, ttl: TTL_FIRST, record: false },
    );
    const flight =
      back.outcome === 'deliver' ? flightOf(target.fabric, back, TCP_HEADER_BYTES) : undefined;
    const full = listener instanceof TcpListener && listener.full;
    // An answer under a name that the client never called is answered with RST and counts as lost.
    if (flight === undefined || full || !leadsTo(back, this.#connection)) {
      this.#lost();
      return;
    }
    const { loop } = target.fabric;
    if (!(listener instanceof TcpListener)) {
      loop.after(flight.delay, () => this.fail('ECONNREFUSED'));
      return;
    }
    const server = this.#serverEnd(listener, path);
    server.establish(this.#connection, back);
    this.#server = server;
    loop.schedule(loop.now + flight.delay, this);
  }

  #serverEnd(listener: TcpListener, path: Path): TcpConnection {
    const { tuple } = path;
    const { keeper } = listener;
    const server = new TcpConnection(
      path.target,
      keeper.owner,
      0,
      { ip: tuple.dst, port: tuple.dport },
      { ip: tuple.src, port: tuple.sport },
    );
    path.target.sockets.add(server);
    server.onEstablished = listener;
    return server;
  }

  /** The SYN-ACK is back. */
  #answered(server: TcpConnection, path: Path): void {
    if (this.#over || !this.#namespace.host.powered) {
      server.drop();
      return;
    }
    this.#connection.establish(server, undefined);
    noteTcp(path, 'established');
    this.#settle(ok(this.#connection));
  }

  #record(path: Path): void {
    const { local, remote, owner } = this.#connection;
    this.#namespace.fabric.recorder.record({
      component: `${owner.comm}@${this.#namespace.host.name}`,
      verb: 'packet',
      object: `tcp ${formatIp(local.ip)}:${local.port} > ${formatIp(remote.ip)}:${remote.port}`,
      note: path.outcome,
      detail: path,
    });
  }
}

/** When a dialler's patience is over, unless the handshake has ended before. */
class Deadline implements Due {
  opening: Opening | undefined;

  constructor(opening: Opening) {
    this.opening = opening;
  }

  get pending(): boolean {
    return this.opening !== undefined;
  }

  due(): void {
    this.opening?.expire();
  }
}
