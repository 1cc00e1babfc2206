/**
 * The rate-limiting work queue of controllers (k8s.io/client-go/util/workqueue, v0.34): keys, not
 * objects. Its contract:
 *
 * - A key that waits is there once, however often it is added; keys come out in order of arrival.
 * - A key that is being processed is never handed to a second worker: added meanwhile, it comes again
 *   after `done`.
 * - A key keeps the cause of what added it: `get` makes it the running cause, so what a worker does is
 *   explained by the event that asked for it. A foreground cause is not replaced by a background one.
 * - Delayed keys wait as tasks of the process and vanish with it.
 *
 * Not modelled: the queue's metrics.
 */
import {
  type CauseId,
  isBackground,
  type Micros,
  MILLISECOND,
  SECOND,
} from '../../ground/base/event-loop.ts';
import { powInt } from '../../ground/base/math.ts';
import { Queue, type Running, type Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { enterBackground } from './background.ts';
import { TokenBucket } from './rate-limit.ts';

export interface WorkQueueOptions {
  /** First delay of `addRateLimited`, doubled each time; default 5 ms. */
  readonly baseDelay?: Micros;
  /** Default 1000 s. */
  readonly maxDelay?: Micros;
  /** Overall bucket; default 10 a second, burst 100. */
  readonly qps?: number;
  readonly burst?: number;
}

interface Delayed {
  readonly due: Micros;
  readonly task: Running<void>;
}

export class WorkQueue {
  readonly name: string;
  readonly #process: Process;
  readonly #baseDelay: Micros;
  readonly #maxDelay: Micros;
  readonly #bucket: TokenBucket;
  readonly #waiting: Queue<string>;
  /** Keys that must be processed, with the cause that asked for it. */
  readonly #dirty = new Map<string, CauseId>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new Map<string, Delayed>();

  constructor(process: Process, name: string, options: WorkQueueOptions = {}) {
    this.name = name;
    this.#process = process;
    this.#baseDelay = options.baseDelay ?? 5 * MILLISECOND;
    this.#maxDelay = options.maxDelay ?? 1000 * SECOND;
    this.#bucket = new TokenBucket(options.qps ?? 10, options.burst ?? 100);
    this.#waiting = new Queue(`work queue ${name}`);
  }

  /** Keys that wait to be taken. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Waits to be taken once, however often it is added; while it is processed it waits for `done`. */
  add(key: string): void {
    if (this.#waiting.closed) return;
    const cause = this.#process.trace.loop.cause;
    const known = this.#dirty.get(key);
    if (known === undefined || isBackground(known) || !isBackground(cause)) {
      this.#dirty.set(key, cause);
    }
    if (known === undefined && !this.#processing.has(key)) this.#waiting.put(key);
  }

  /**
   * Adds after a delay; of two delays of one key the earlier counts. `background`: the delay is
   * periodic work, not part of what runs now.
   */
  addAfter(key: string, delay: Micros, background = false): void {
    if (this.#waiting.closed) return;
    if (delay <= 0) {
      this.add(key);
      return;
    }
    const due = this.#process.clock.monotonic() + delay;
    const before = this.#delayed.get(key);
    if (before !== undefined) {
      if (before.due <= due) return;
      before.task.kill();
    }
    const task = this.#process.start(`${this.name}: later`, this.#later(key, delay, background));
    this.#delayed.set(key, { due, task });
  }

  /** Adds after the key's back-off and the bucket, whichever is longer. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const backoff = Math.min(this.#baseDelay * powInt(2, Math.min(failures, 40)), this.#maxDelay);
    const bucket = this.#bucket.reserve(this.#process.clock.monotonic());
    this.addAfter(key, Math.max(backoff, bucket));
  }

  /** Ends the back-off of a key that succeeded. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  numRequeues(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, with its cause as the running cause; undefined once closed and empty. */
  *get(): Task<string | undefined> {
    const key = yield* this.#waiting.receive();
    if (key === undefined) return undefined;
    const cause = this.#dirty.get(key);
    if (cause !== undefined) this.#process.trace.loop.cause = cause;
    this.#dirty.delete(key);
    this.#processing.add(key);
    return key;
  }

  /** The key has been processed; if it was added meanwhile, it waits again. */
  done(key: string): void {
    this.#processing.delete(key);
    if (!this.#dirty.has(key)) return;
    this.#waiting.put(key);
  }

  /** No more keys; workers get what is left, then undefined. */
  close(): void {
    this.#waiting.close();
    for (const delayed of this.#delayed.values()) delayed.task.kill();
    this.#delayed.clear();
  }

  *#later(key: string, delay: Micros, background: boolean): Task<void> {
    if (background) enterBackground(this.#process);
    yield* this.#process.sleep(delay);
    this.#delayed.delete(key);
    this.add(key);
  }
}
