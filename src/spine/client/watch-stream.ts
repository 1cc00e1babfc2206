/** The client's end of a watch: events out of the pieces of a streamed answer, by reference. */
import type { KubeObject } from '../../ground/api/object.ts';
import type { Task, Wait, Waiter } from '../../ground/base/task.ts';
import { type Waiting, wakeWaiters, withoutWaiter, withWaiter } from '../../ground/base/waiting.ts';
import type { HttpResponse } from '../../machines/network/http-types.ts';
import { watchEventsOf } from './api-body.ts';
import type { WatchEvent, WatchStream } from './types.ts';

/** A stream of watch events; the last of `buffer` may be followed by the end. */
export class ResponseWatch<T extends KubeObject> implements WatchStream<T> {
  readonly readable: Wait;
  readonly #response: HttpResponse;
  #buffer: WatchEvent<T>[] = [];
  #sink: ((event: WatchEvent<T> | undefined) => void) | undefined;
  #waiters: Waiting;
  #rest = '';
  #ended = false;

  constructor(response: HttpResponse) {
    this.#response = response;
    this.readable = {
      description: 'a watch event',
      arm: (waiter) => this.#arm(waiter),
      withdraw: (waiter) => {
        this.#waiters = withoutWaiter(this.#waiters, waiter);
      },
    };
    response.onReceive((piece) => {
      if (!piece.ok || piece.value === undefined) {
        this.#end();
        return;
      }
      const parsed = watchEventsOf(piece.value, this.#rest);
      this.#rest = parsed.rest;
      for (const event of parsed.events) this.#deliver(event as WatchEvent<T>);
    });
  }

  *receive(): Task<WatchEvent<T> | undefined> {
    for (;;) {
      const event = this.#buffer.shift();
      if (event !== undefined) return event;
      if (this.#ended) return undefined;
      yield this.readable;
    }
  }

  onEvent(sink: (event: WatchEvent<T> | undefined) => void): void {
    this.#sink = sink;
    const early = this.#buffer;
    this.#buffer = [];
    for (const event of early) sink(event);
    if (this.#ended) sink(undefined);
  }

  stop(): void {
    if (this.#ended) return;
    this.#response.cancel();
    this.#end();
  }

  #deliver(event: WatchEvent<T>): void {
    if (this.#ended) return;
    if (this.#sink !== undefined) this.#sink(event);
    else {
      this.#buffer.push(event);
      this.#wakeAll();
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#sink !== undefined) this.#sink(undefined);
    else this.#wakeAll();
  }

  #arm(waiter: Waiter): void {
    if (this.#buffer.length > 0 || this.#ended) waiter.wake(undefined);
    else this.#waiters = withWaiter(this.#waiters, waiter);
  }

  #wakeAll(): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    wakeWaiters(waiters, undefined);
  }
}
