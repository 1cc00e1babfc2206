/**
 * The receiving side of a stream: chunks that have arrived and nobody has read. Read by a task
 * (`receive`), or by a sink that runs inside the arrival events and costs no task at all. The end, or
 * an error, comes once, after all that arrived before it. A sink is code of the process that owns the
 * stream: while that is stopped, arrivals wait. Connections of every kind and the streams inside them
 * share this.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, type Task, type Wait, type Waiter } from '../../ground/base/task.ts';
import { type Waiting, wakeWaiters, withoutWaiter, withWaiter } from '../../ground/base/waiting.ts';
import { type Chunk, sizeOfChunk } from './chunk.ts';
import type { SocketOwner } from './socket-table.ts';

/** Who runs the sinks. */
export type SinkOwner = Pick<SocketOwner, 'held' | 'whenProceeds'>;

export type Sink<E> = (event: Result<Chunk | undefined, E>) => void;

/** Who hears how many bytes were read. */
export interface Taker {
  taken(bytes: number): void;
}

export class Inbox<E> implements Wait {
  readonly description: string;
  /** Made when something has to wait here. */
  #items: Chunk[] | undefined;
  #head = 0;
  #bytes = 0;
  #ended = false;
  #error: E | undefined;
  #sink: Sink<E> | undefined;
  #told = false;
  #waiters: Waiting;
  readonly #timeout: E;
  readonly #taker: Taker | undefined;
  readonly #owner: SinkOwner | undefined;
  /** Its owner will call when it goes on. */
  #waits = false;

  /** `timeout` is the error of a deadline that passes. */
  constructor(description: string, timeout: E, taker?: Taker, owner?: SinkOwner) {
    this.description = description;
    this.#timeout = timeout;
    this.#taker = taker;
    this.#owner = owner;
  }

  /** Bytes that have arrived and nobody has read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks that have arrived and nobody has read. */
  get count(): number {
    return this.#items === undefined ? 0 : this.#items.length - this.#head;
  }

  /** True when nothing more will arrive. */
  get over(): boolean {
    return this.#ended || this.#error !== undefined;
  }

  put(chunk: Chunk): void {
    if (this.over) return;
    const sink = this.#sink;
    if (sink !== undefined && !this.#held()) {
      this.#taker?.taken(sizeOfChunk(chunk));
      sink(ok(chunk));
      return;
    }
    this.#items ??= [];
    this.#items.push(chunk);
    this.#bytes += sizeOfChunk(chunk);
    this.#wake();
  }

  /** No more will come. */
  end(): void {
    if (this.over) return;
    this.#ended = true;
    this.#finish();
  }

  /** Broken. What arrived before it is lost when `discard` is set (a reset does that). */
  fail(error: E, discard = false): void {
    if (this.over) return;
    this.#error = error;
    if (discard) {
      this.#items = undefined;
      this.#head = 0;
      this.#bytes = 0;
    }
    this.#finish();
  }

  *receive(deadline?: Micros): Task<Result<Chunk | undefined, E>> {
    while (this.count === 0 && !this.over) {
      if (deadline === undefined) yield this;
      else {
        const first = yield* anyOf([this], deadline);
        if (first.index < 0) return err(this.#timeout);
      }
    }
    return this.take() ?? this.#last();
  }

  /** The next chunk if one is there. */
  take(): Result<Chunk, E> | undefined {
    const items = this.#items;
    if (items === undefined) return undefined;
    const chunk = items[this.#head] as Chunk;
    this.#head += 1;
    if (this.#head === items.length) {
      this.#items = undefined;
      this.#head = 0;
    } else if (this.#head > 64 && this.#head * 2 > items.length) {
      items.splice(0, this.#head);
      this.#head = 0;
    }
    const bytes = sizeOfChunk(chunk);
    this.#bytes -= bytes;
    this.#taker?.taken(bytes);
    return ok(chunk);
  }

  /** Puts back what a reader took too much of. */
  unread(chunk: Chunk): void {
    if (this.#items === undefined) this.#items = [chunk];
    else if (this.#head > 0) {
      this.#head -= 1;
      this.#items[this.#head] = chunk;
    } else this.#items.unshift(chunk);
    this.#bytes += sizeOfChunk(chunk);
  }

  onReceive(sink: Sink<E>): void {
    this.#sink = sink;
    this.#drain();
  }

  /** Gives the sink what waits for it. */
  #drain(): void {
    const sink = this.#sink;
    while (sink !== undefined && this.#sink === sink && !this.#held()) {
      const next = this.take();
      if (next === undefined) break;
      sink(next);
    }
    if (this.over) this.#finish();
  }

  /** Whether the sink must wait because its process is stopped; then it is called when that goes on. */
  #held(): boolean {
    const owner = this.#owner;
    if (owner?.held !== true) return false;
    if (!this.#waits && this.#sink !== undefined) {
      this.#waits = true;
      owner.whenProceeds?.(() => {
        this.#waits = false;
        this.#drain();
      });
    }
    return true;
  }

  arm(waiter: Waiter): void {
    if (this.count > 0 || this.over) waiter.wake(undefined);
    else this.#waiters = withWaiter(this.#waiters, waiter);
  }

  withdraw(waiter: Waiter): void {
    this.#waiters = withoutWaiter(this.#waiters, waiter);
  }

  #last(): Result<undefined, E> {
    return this.#error === undefined ? ok(undefined) : err(this.#error);
  }

  #finish(): void {
    const sink = this.#sink;
    if (sink !== undefined && !this.#told && !this.#held()) {
      this.#told = true;
      sink(this.#last());
    }
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    wakeWaiters(waiters, undefined);
  }
}
