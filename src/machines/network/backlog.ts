/** The accept queue of a listening socket: connections that are made and that its process has yet to take. */
import { Queue, type Task } from '../../ground/base/task.ts';
import { BACKLOG_MAX } from './limits.ts';
import type { Connection } from './socket.ts';
import type { SocketOwner } from './socket-table.ts';

interface Pending extends Connection {
  reset(): void;
  /** True while it waits here: no descriptor of the process holds it yet. */
  inBacklog?: boolean;
}

export class Backlog<C extends Pending> {
  readonly #owner: SocketOwner;
  readonly #queue = new Queue<C>('accept a connection');
  #sink: ((connection: Connection) => void) | undefined;
  #closed = false;

  constructor(owner: SocketOwner) {
    this.#owner = owner;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get size(): number {
    return this.#queue.size;
  }

  get full(): boolean {
    return this.#queue.size >= BACKLOG_MAX;
  }

  *accept(): Task<C | undefined> {
    const next = yield* this.#queue.receive();
    if (next?.inBacklog === true) next.inBacklog = false;
    return next;
  }

  onAccept(sink: (connection: Connection) => void): void {
    this.#sink = sink;
    this.#drain();
  }

  /** A handshake is complete. */
  deliver(connection: C): void {
    if (this.#closed) connection.reset();
    else {
      this.#queue.put(connection);
      // Whoever waits in the backlog already has somebody coming for it.
      if (this.#sink !== undefined && this.#queue.size === 1) this.#drain();
    }
  }

  /** Nobody will accept any more: who waits is refused. */
  close(): void {
    this.#closed = true;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) next.reset();
    this.#queue.close();
  }

  /** The host is without power: nobody is told. */
  drop(): void {
    this.#closed = true;
  }

  /** Hands over what waits, as far as its process runs. */
  #drain(): void {
    while (this.#queue.size > 0) {
      if (this.#owner.held === true) {
        this.#owner.whenProceeds?.(() => this.#drain());
        return;
      }
      const next = this.#queue.take();
      if (next === undefined) return;
      if (next.inBacklog === true) next.inBacklog = false;
      this.#sink?.(next);
    }
  }
}
