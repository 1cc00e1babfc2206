/**
 * Tasks: sequential code that waits. A task is a generator that yields *waits*; the loop resumes it
 * when the wait is over. `yield* sleep(5 * SECOND)`, `const item = yield* queue.receive()`. Waits can
 * be listed, so the model can always say what everybody is waiting for.
 *
 * A task that is *stopped* is told (a signal it waits for) and cleans up itself. A task that is
 * *killed* is dropped where it stands: its `finally` blocks do not run; the kernel model takes back
 * what it held. Nothing foreign is awaited: a wait ends inside an event of the loop.
 *
 *     const run = startTask(loop, worker(queue), 'worker');
 *     run.kill();
 */
import type { CauseId, EventLoop, Micros, Timer } from './event-loop.ts';

// biome-ignore lint/suspicious/noExplicitAny: a generator is resumed with whatever its wait delivers.
export type Task<T> = Generator<Wait, T, any>;

/** Whoever is resumed when a wait ends: a task, or one arm of `anyOf`. */
export interface Waiter {
  readonly loop: EventLoop;
  /** Ends the wait in an event of its own at this instant, with the cause that runs now. */
  wake(value: unknown): void;
  /** Ends the wait inside the running event, which must be a timer made for this wait. */
  resume(value: unknown): void;
}

/** Something to wait for. */
export interface Wait {
  /** In the model's words, for inspectors: "sleep", "receive from work queue deployment". */
  readonly description: string;
  /** Starts waiting. May wake the waiter at once. Returns how to withdraw. */
  arm(waiter: Waiter): () => void;
}

/** A task that runs in a loop. */
export class Running<T> implements Waiter {
  readonly loop: EventLoop;
  readonly name: string;
  /** Resolved with the task's value when it returns; never when it is killed. */
  readonly finished = new Deferred<T>();
  readonly #task: Task<T>;
  readonly #onEnd: ((value: T) => void) | undefined;
  readonly #onKill: (() => void) | undefined;
  #state: 'ready' | 'waiting' | 'running' | 'woken' | 'done' | 'killed' = 'ready';
  #wait: Wait | undefined;
  #withdraw: (() => void) | undefined;
  #timer: Timer | undefined;
  #held = false;
  /** A step that came while the task was held. */
  #late: { readonly value: unknown; readonly cause: CauseId } | undefined;

  constructor(
    loop: EventLoop,
    task: Task<T>,
    name: string,
    onEnd?: (value: T) => void,
    onKill?: () => void,
  ) {
    this.loop = loop;
    this.name = name;
    this.#task = task;
    this.#onEnd = onEnd;
    this.#onKill = onKill;
  }

  /** True while the task has neither returned nor been killed. */
  get alive(): boolean {
    return this.#state !== 'done' && this.#state !== 'killed';
  }

  /** What it waits for now, or undefined. */
  get waitingFor(): string | undefined {
    return this.#state === 'waiting' ? this.#wait?.description : undefined;
  }

  /** Schedules the first step at this instant. */
  begin(cause: CauseId = this.loop.cause): void {
    this.#state = 'woken';
    this.#timer = this.loop.at(this.loop.now, () => this.#step(undefined), cause);
  }

  wake(value: unknown): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'woken';
    this.#withdraw = undefined;
    this.#timer = this.loop.at(this.loop.now, () => this.#step(value));
  }

  resume(value: unknown): void {
    if (this.#state !== 'waiting') return;
    this.#withdraw = undefined;
    this.#step(value);
  }

  /** Drops the task where it stands. Its `finally` blocks do not run. */
  kill(): void {
    if (!this.alive) return;
    const withdraw = this.#withdraw;
    this.#state = 'killed';
    this.#withdraw = undefined;
    this.#wait = undefined;
    this.#timer?.cancel();
    withdraw?.();
    this.#onKill?.();
  }

  /** Stops all progress (SIGSTOP): whatever ends its wait meanwhile is kept until `proceed`. */
  hold(): void {
    this.#held = true;
  }

  proceed(): void {
    this.#held = false;
    const late = this.#late;
    if (late === undefined || !this.alive) return;
    this.#late = undefined;
    this.#timer = this.loop.at(this.loop.now, () => this.#step(late.value), late.cause);
  }

  #step(value: unknown): void {
    if (!this.alive) return;
    if (this.#held) {
      this.#state = 'woken';
      this.#late = { value, cause: this.loop.cause };
      return;
    }
    this.#state = 'running';
    this.#timer = undefined;
    const next = this.#task.next(value);
    // A task may have killed itself (exit) inside its own step.
    if (!this.alive) return;
    if (next.done === true) {
      this.#state = 'done';
      this.#wait = undefined;
      this.finished.resolve(next.value);
      this.#onEnd?.(next.value);
      return;
    }
    this.#wait = next.value;
    this.#state = 'waiting';
    const withdraw = next.value.arm(this);
    if (this.waitingFor !== undefined) this.#withdraw = withdraw;
  }
}

/** Starts a task; its first step runs in an event at this instant. */
export function startTask<T>(
  loop: EventLoop,
  task: Task<T>,
  name: string,
  onEnd?: (value: T) => void,
): Running<T> {
  const running = new Running(loop, task, name, onEnd);
  running.begin();
  return running;
}

/** Waits for a span of simulated time. */
export function sleepWait(delay: Micros): Wait {
  return {
    description: 'sleep',
    arm(waiter) {
      const timer = waiter.loop.after(Math.max(0, delay), () => waiter.resume(undefined));
      return () => timer.cancel();
    },
  };
}

export function* sleep(delay: Micros): Task<void> {
  yield sleepWait(delay);
}

/** Lets everything else that is due at this instant run first. */
export function* breathe(): Task<void> {
  yield sleepWait(0);
}

/** A value that comes once. */
export class Deferred<T> implements Wait {
  description = 'a result';
  #settled = false;
  #value: T | undefined;
  #waiters: Waiter[] = [];

  get settled(): boolean {
    return this.#settled;
  }

  get value(): T | undefined {
    return this.#value;
  }

  /** The first call counts; later ones change nothing. */
  resolve(value: T): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#value = value;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.wake(value);
  }

  arm(waiter: Waiter): () => void {
    if (this.#settled) {
      waiter.wake(this.#value);
      return () => {};
    }
    this.#waiters.push(waiter);
    return () => {
      remove(this.#waiters, waiter);
    };
  }

  *wait(): Task<T> {
    return this.#settled ? (this.#value as T) : ((yield this) as T);
  }
}

/** Wakes everybody who waits; keeps no memory of a notification that nobody waited for. */
export class Condition implements Wait {
  readonly description: string;
  #waiters: Waiter[] = [];

  constructor(description: string) {
    this.description = description;
  }

  notify(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    for (const waiter of waiters) waiter.wake(undefined);
  }

  arm(waiter: Waiter): () => void {
    this.#waiters.push(waiter);
    return () => {
      remove(this.#waiters, waiter);
    };
  }

  *wait(): Task<void> {
    yield this;
  }
}

/** A first-in, first-out queue between tasks. `receive` gives undefined once it is closed and empty. */
export class Queue<T> implements Wait {
  readonly description: string;
  readonly #items: T[] = [];
  #head = 0;
  #closed = false;
  #waiters: Waiter[] = [];

  constructor(description: string) {
    this.description = description;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  put(item: T): void {
    if (this.#closed) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.wake(item);
    else this.#items.push(item);
  }

  /** No more items will come; receivers get what is left, then undefined. */
  close(): void {
    this.#closed = true;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.wake(undefined);
  }

  /** The next item without waiting, or undefined. */
  take(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head] as T;
    (this.#items as (T | undefined)[])[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  arm(waiter: Waiter): () => void {
    if (this.size > 0 || this.#closed) {
      waiter.wake(this.take());
      return () => {};
    }
    this.#waiters.push(waiter);
    return () => {
      remove(this.#waiters, waiter);
    };
  }

  *receive(): Task<T | undefined> {
    if (this.size > 0) return this.take();
    if (this.#closed) return undefined;
    return (yield this) as T | undefined;
  }
}

/** Which of several waits ended first: its index and value; index −1 when the deadline came first. */
export interface FirstOf {
  readonly index: number;
  readonly value: unknown;
}

/** Waits for the first of several, or for a deadline in microseconds from now. */
function anyOfWait(waits: readonly Wait[], deadline?: Micros): Wait {
  return {
    description: waits.map((wait) => wait.description).join(' or '),
    arm(waiter) {
      let over = false;
      const withdrawals: (() => void)[] = [];
      const end = (except: number): void => {
        over = true;
        withdrawals.forEach((withdraw, position) => {
          if (position !== except) withdraw();
        });
      };
      waits.forEach((wait, index) => {
        if (over) return;
        const withdraw = wait.arm({
          loop: waiter.loop,
          wake(value) {
            if (over) return;
            end(index);
            waiter.wake({ index, value } satisfies FirstOf);
          },
          resume(value) {
            if (over) return;
            end(index);
            waiter.resume({ index, value } satisfies FirstOf);
          },
        });
        withdrawals[index] = withdraw;
      });
      if (!over && deadline !== undefined) {
        const timer = waiter.loop.after(Math.max(0, deadline), () => {
          if (over) return;
          end(-1);
          waiter.resume({ index: -1, value: undefined } satisfies FirstOf);
        });
        withdrawals[waits.length] = () => timer.cancel();
      }
      return () => {
        if (!over) end(-1);
      };
    },
  };
}

export function* anyOf(waits: readonly Wait[], deadline?: Micros): Task<FirstOf> {
  return (yield anyOfWait(waits, deadline)) as FirstOf;
}

/** A counted permit: `yield* gate.acquire()` … `gate.release()`. Fair, in order of arrival. */
export class Semaphore implements Wait {
  readonly description: string;
  #free: number;
  #waiters: Waiter[] = [];

  constructor(description: string, permits: number) {
    this.description = description;
    this.#free = permits;
  }

  arm(waiter: Waiter): () => void {
    if (this.#free > 0) {
      this.#free -= 1;
      waiter.wake(undefined);
      return () => {};
    }
    this.#waiters.push(waiter);
    return () => {
      remove(this.#waiters, waiter);
    };
  }

  *acquire(): Task<void> {
    if (this.#free > 0 && this.#waiters.length === 0) {
      this.#free -= 1;
      return;
    }
    yield this;
  }

  release(): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.wake(undefined);
    else this.#free += 1;
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
