/**
 * Unix stream sockets. A listener is registered under an opaque key, the inode that the machine layer
 * finds behind a path; both ends are on one host, so nothing is lost and nothing is walked.
 */
import { Roster } from '../../ground/base/roster.ts';
import type { EventLoop, Micros } from '../../ground/base/event-loop.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { Condition, type Task, type Wait } from '../../ground/base/task.ts';
import { Backlog } from './backlog.ts';
import { type Chunk, sizeOfChunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import { Inbox, type Taker } from './inbox.ts';
import { BACKLOG_MAX, WINDOW_BYTES } from './limits.ts';
import type { Connection, Listener } from './socket.ts';
import type { SocketRow, SocketState } from './socket-table.ts';
import type { SocketKeeper } from './tcp-open.ts';

const NOWHERE = { ip: 0, port: 0 };

/** All unix sockets of a host, by inode. */
export class UnixSockets {
  readonly #loop: EventLoop;
  readonly #delay: Micros;
  readonly #listeners = new Map<object, UnixListener>();
  readonly #ends = new Roster<UnixListener | UnixConnection>();

  /** `delay`: one way between two processes. */
  constructor(loop: EventLoop, delay: Micros) {
    this.#loop = loop;
    this.#delay = delay;
  }

  listen(inode: object, path: string, keeper: SocketKeeper): Result<Listener, Errno> {
    if (this.#listeners.has(inode)) return err('EADDRINUSE');
    const listener = new UnixListener(path, keeper, () => {
      this.#listeners.delete(inode);
      this.#ends.delete(listener);
    });
    this.#listeners.set(inode, listener);
    this.#ends.add(listener);
    return ok(listener);
  }

  /** ECONNREFUSED when nobody listens (the file outlives its process), EAGAIN when the backlog is full. */
  *connect(inode: object, path: string, keeper: SocketKeeper): Task<Result<Connection, Errno>> {
    const listener = this.#listeners.get(inode);
    if (listener === undefined) return err('ECONNREFUSED');
    if (listener.full) return err('EAGAIN');
    const client = this.#end(path, keeper);
    const server = this.#end(path, listener.keeper);
    client.join(server);
    server.join(client);
    this.#loop.after(this.#delay, () => listener.deliver(server));
    return ok(client);
  }

  /** What `ss -x` shows. */
  rows(): readonly SocketRow[] {
    return [...this.#ends].map((end) => end.row());
  }

  #end(path: string, keeper: SocketKeeper): UnixConnection {
    const end = new UnixConnection(this.#loop, this.#delay, path, keeper, () =>
      this.#ends.delete(end),
    );
    this.#ends.add(end);
    return end;
  }
}

class UnixListener implements Listener {
  readonly local = NOWHERE;
  readonly path: string;
  readonly keeper: SocketKeeper;
  readonly #descriptor: number;
  readonly #onClose: () => void;
  readonly #backlog: Backlog<UnixConnection>;

  constructor(path: string, keeper: SocketKeeper, onClose: () => void) {
    this.path = path;
    this.keeper = keeper;
    this.#onClose = onClose;
    this.#backlog = new Backlog(keeper.owner);
    this.#descriptor = keeper.keep(this);
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
  deliver(connection: UnixConnection): void {
    this.#backlog.deliver(connection);
  }

  close(): void {
    if (this.#backlog.closed) return;
    this.#onClose();
    this.keeper.forget(this);
    this.#backlog.close();
  }

  row(): SocketRow {
    return rowOf(this, 'LISTEN', this.#backlog.size, BACKLOG_MAX, this.keeper, this.#descriptor);
  }
}

class UnixConnection implements Connection, Taker {
  readonly local = NOWHERE;
  readonly remote = NOWHERE;
  readonly path: string;
  readonly readable: Wait;
  readonly #loop: EventLoop;
  readonly #delay: Micros;
  readonly #keeper: SocketKeeper;
  readonly #descriptor: number;
  readonly #onGone: () => void;
  readonly #inbox: Inbox<Errno>;
  readonly #room = new Condition('room in a socket buffer');
  #peer: UnixConnection | undefined;
  #outstanding = 0;
  #writeClosed = false;
  #readEnded = false;
  #closed = false;
  #broken = false;

  constructor(
    loop: EventLoop,
    delay: Micros,
    path: string,
    keeper: SocketKeeper,
    onGone: () => void,
  ) {
    this.#loop = loop;
    this.#delay = delay;
    this.path = path;
    this.#keeper = keeper;
    this.#onGone = onGone;
    this.#descriptor = keeper.keep(this);
    this.#inbox = new Inbox<Errno>('a unix socket', 'ETIMEDOUT', this, keeper.owner);
    this.readable = this.#inbox;
  }

  get open(): boolean {
    return !this.#closed && !this.#broken && !(this.#writeClosed && this.#readEnded);
  }

  join(peer: UnixConnection): void {
    this.#peer = peer;
  }

  *send(chunk: Chunk): Task<Result<void, Errno>> {
    while (this.#canSend && this.#outstanding >= WINDOW_BYTES) yield this.#room;
    return this.post(chunk) ? DONE : err(this.#broken ? 'ECONNRESET' : 'EPIPE');
  }

  post(chunk: Chunk): boolean {
    const peer = this.#peer;
    if (!this.#canSend || peer === undefined) return false;
    this.#outstanding += sizeOfChunk(chunk);
    this.#loop.after(this.#delay, () => peer.#arrive(chunk));
    return true;
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, Errno>> {
    return this.#inbox.receive(deadline);
  }

  onReceive(sink: (event: Result<Chunk | undefined, Errno>) => void): void {
    this.#inbox.onReceive(sink);
  }

  closeWrite(): void {
    const peer = this.#peer;
    if (this.#writeClosed || peer === undefined) return;
    this.#writeClosed = true;
    this.#loop.after(this.#delay, () => peer.#end());
    this.#retireIfDone();
  }

  close(): void {
    if (this.#closed) return;
    if (this.#inbox.count > 0) {
      this.reset();
      return;
    }
    this.closeWrite();
    this.#closed = true;
    this.#retire();
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    const peer = this.#peer;
    if (peer !== undefined) this.#loop.after(this.#delay, () => peer.#break());
    this.#retire();
  }

  row(): SocketRow {
    return rowOf(this, 'ESTAB', this.#inbox.bytes, 0, this.#keeper, this.#descriptor);
  }

  get #canSend(): boolean {
    return !this.#writeClosed && !this.#closed && !this.#broken;
  }

  #arrive(chunk: Chunk): void {
    // Writing to a peer that is gone gives EPIPE at the next attempt.
    if (!this.#closed) this.#inbox.put(chunk);
    else if (this.#peer !== undefined) this.#peer.#break();
  }

  #end(): void {
    this.#readEnded = true;
    this.#inbox.end();
    this.#retireIfDone();
  }

  #break(): void {
    if (this.#closed || this.#broken) return;
    this.#broken = true;
    this.#inbox.fail('ECONNRESET');
    this.#room.notify();
    this.#retire();
  }

  taken(bytes: number): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    peer.#outstanding -= bytes;
    if (peer.#outstanding < WINDOW_BYTES) peer.#room.notify();
  }

  #retireIfDone(): void {
    if (this.#writeClosed && this.#readEnded) this.#retire();
  }

  #retire(): void {
    this.#onGone();
    this.#keeper.forget(this);
    this.#room.notify();
  }
}

function rowOf(
  socket: { readonly path: string },
  state: SocketState,
  receiveQueue: number,
  sendQueue: number,
  keeper: SocketKeeper,
  descriptor: number,
): SocketRow {
  const { owner } = keeper;
  return {
    protocol: 'unix',
    state,
    receiveQueue,
    sendQueue,
    local: NOWHERE,
    remote: NOWHERE,
    owner,
    descriptor,
    path: socket.path,
  };
}
