/** The rate-limiting work queue of controllers. Signatures first. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Task, Wait } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';

export interface WorkQueueOptions {
  /** First delay of `addRateLimited`, doubled each time; default 5 ms. */
  readonly baseDelay?: Micros;
  /** Default 1000 s. */
  readonly maxDelay?: Micros;
  /** Overall bucket; default 10 a second, burst 100. */
  readonly qps?: number;
  readonly burst?: number;
}

export declare class WorkQueue {
  constructor(process: Process, name: string, options?: WorkQueueOptions);
  readonly name: string;
  get length(): number;
  /** Waits to be taken once, however often it is added; while it is processed it waits for `done`. */
  add(key: string): void;
  /** Adds after a delay. `background`: the delay is periodic work, not part of what runs now. */
  addAfter(key: string, delay: Micros, background?: boolean): void;
  /** Adds after the key's back-off and the bucket. */
  addRateLimited(key: string): void;
  /** Ends the back-off of a key that succeeded. */
  forget(key: string): void;
  numRequeues(key: string): number;
  /** The next key, with its cause as the running cause; undefined once closed and empty. */
  get(): Task<string | undefined>;
  done(key: string): void;
  close(): void;
  /** For `anyOf`: ends when `get` would not wait. */
  readonly ready: Wait;
}
