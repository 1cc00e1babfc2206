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
import type { CauseId, Due, EventLoop, Micros } from './event-loop.ts';
import {
  firstWaiter,
  type Waiting,
  wakeWaiters,
  withoutFirst,
  withoutWaiter,
  withWaiter,
} from './waiting.ts';

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
  /** Starts waiting. May wake the waiter at once. */
  arm(waiter: Waiter): void;
  /** The waiter, which was armed and not woken, waits no longer. */
  withdraw(waiter: Waiter): void;
}

/** Who must hear when a task of his has returned or was killed. */
export interface TaskKeeper {
  forget(task: Running<unknown>): void;
}

/** A task that runs in a loop. */
export class Running<T> implements Waiter, Due {
  readonly loop: EventLoop;
  readonly name: string;
  readonly #task: Task<T>;
  readonly #keeper: TaskKeeper | undefined;
  readonly #onEnd: ((value: T) => void) | undefined;
  #finished: Deferred<T> | undefined;
  #state: 'ready' | 'waiting' | 'running' | 'woken' | 'done' | 'killed' = 'ready';
  #wait: Wait | undefined;
  /** What ends the wait, on its way; once done, what the task returned. */
  #value: unknown;
  #held = false;
  /** A step that came while the task was held. */
  #late: { readonly value: unknown; readonly cause: CauseId } | undefined;

  constructor(
    loop: EventLoop,
    task: Task<T>,
    name: string,
    onEnd?: (value: T) => void,
    keeper?: TaskKeeper,
  ) {
    this.loop = loop;
    this.name = name;
    this.#task = task;
    this.#onEnd = onEnd;
    this.#keeper = keeper;
  }

  /** True while the task has neither returned nor been killed. */
  get alive(): boolean {
    return this.#state !== 'done' && this.#state !== 'killed';
  }

  /** What it waits for now, or undefined. */
  get waitingFor(): string | undefined {
    return this.#state === 'waiting' ? this.#wait?.description : undefined;
  }

  /** Resolved with the task's value when it returns; never when it is killed. */
  get finished(): Deferred<T> {
    if (this.#finished === undefined) {
      this.#finished = new Deferred<T>();
      if (this.#state === 'done') this.#finished.resolve(this.#value as T);
    }
    return this.#finished;
  }

  /** For the loop: whether the step that it holds is still wanted. */
  get pending(): boolean {
    return this.#state === 'woken';
  }

  /** For the loop: takes the step that `wake` or `begin` has asked for. */
  due(): void {
    const value = this.#value;
    this.#value = undefined;
    this.#step(value);
  }

  /** Schedules the first step at this instant. */
  begin(cause: CauseId = this.loop.cause): void {
    this.#state = 'woken';
    this.loop.soon(this, cause);
  }

  wake(value: unknown): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'woken';
    this.#wait = undefined;
    this.#value = value;
    this.loop.soon(this);
  }

  resume(value: unknown): void {
    if (this.#state !== 'waiting') return;
    this.#step(value);
  }

  /** Drops the task where it stands. Its `finally` blocks do not run. */
  kill(): void {
    if (!this.alive) return;
    const wait = this.#state === 'waiting' ? this.#wait : undefined;
    this.#state = 'killed';
    this.#wait = undefined;
    this.#value = undefined;
    wait?.withdraw(this);
    this.#keeper?.forget(this as unknown as Running<unknown>);
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
    this.#value = late.value;
    this.loop.soon(this, late.cause);
  }

  #step(value: unknown): void {
    if (!this.alive) return;
    if (this.#held) {
      this.#state = 'woken';
      this.#late = { value, cause: this.loop.cause };
      return;
    }
    this.#state = 'running';
    const next = this.#task.next(value);
    // A task may have killed itself (exit) inside its own step.
    if (!this.alive) return;
    if (next.done === true) {
      this.#state = 'done';
      this.#wait = undefined;
      this.#value = next.value;
      this.#finished?.resolve(next.value);
      this.#onEnd?.(next.value);
      this.#keeper?.forget(this as unknown as Running<unknown>);
      return;
    }
    this.#wait = next.value;
    this.#state = 'waiting';
    next.value.arm(this);
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

/** A span of simulated time; for one waiter. */
class Sleep implements Wait, Due {
  readonly description = 'sleep';
  readonly #delay: Micros;
  #waiter: Waiter | undefined;

  constructor(delay: Micros) {
    this.#delay = Math.max(0, delay);
  }

  arm(waiter: Waiter): void {
    const { loop } = waiter;
    this.#waiter = waiter;
    loop.schedule(loop.now + this.#delay, this);
  }

  withdraw(): void {
    this.#waiter = undefined;
  }

  get pending(): boolean {
    return this.#waiter !== undefined;
  }

  due(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resume(undefined);
  }
}

/** Waits for a span of simulated time. */
export function sleepWait(delay: Micros): Wait {
  return new Sleep(delay);
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
  #waiters: Waiting;

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
    this.#waiters = undefined;
    wakeWaiters(waiters, value);
  }

  arm(waiter: Waiter): void {
    if (this.#settled) waiter.wake(this.#value);
    else this.#waiters = withWaiter(this.#waiters, waiter);
  }

  withdraw(waiter: Waiter): void {
    this.#waiters = withoutWaiter(this.#waiters, waiter);
  }

  *wait(): Task<T> {
    return this.#settled ? (this.#value as T) : ((yield this) as T);
  }
}

/** Wakes everybody who waits; keeps no memory of a notification that nobody waited for. */
export class Condition implements Wait {
  readonly description: string;
  #waiters: Waiting;

  constructor(description: string) {
    this.description = description;
  }

  notify(): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    wakeWaiters(waiters, undefined);
  }

  arm(waiter: Waiter): void {
    this.#waiters = withWaiter(this.#waiters, waiter);
  }

  withdraw(waiter: Waiter): void {
    this.#waiters = withoutWaiter(this.#waiters, waiter);
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
  #waiters: Waiting;

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
    const waiter = firstWaiter(this.#waiters);
    if (waiter === undefined) {
      this.#items.push(item);
      return;
    }
    this.#waiters = withoutFirst(this.#waiters);
    waiter.wake(item);
  }

  /** No more items will come; receivers get what is left, then undefined. */
  close(): void {
    this.#closed = true;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    wakeWaiters(waiters, undefined);
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

  arm(waiter: Waiter): void {
    if (this.size > 0 || this.#closed) waiter.wake(this.take());
    else this.#waiters = withWaiter(this.#waiters, waiter);
  }

  withdraw(waiter: Waiter): void {
    this.#waiters = withoutWaiter(this.#waiters, waiter);
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

const NO_WAITS: readonly Wait[] = [];

/**
 * The first of several waits, or a deadline in microseconds from now; for one waiter. It is itself the
 * arm of its first wait, which is often the only one.
 */
class AnyOf implements Wait, Waiter, Due {
  #waits: readonly Wait[];
  readonly #deadline: Micros | undefined;
  #others: Arm[] | undefined;
  #waiter: Waiter | undefined;

  constructor(waits: readonly Wait[], deadline: Micros | undefined) {
    this.#waits = waits;
    this.#deadline = deadline;
  }

  get loop(): EventLoop {
    return (this.#waiter as Waiter).loop;
  }

  get description(): string {
    return this.#waits.map((wait) => wait.description).join(' or ');
  }

  arm(waiter: Waiter): void {
    this.#waiter = waiter;
    const waits = this.#waits;
    waits[0]?.arm(this);
    for (let index = 1; index < waits.length && this.pending; index += 1) {
      const arm = new Arm(this, index, waiter.loop);
      this.#others ??= [];
      this.#others.push(arm);
      waits[index]?.arm(arm);
    }
    if (this.pending && this.#deadline !== undefined)
      waiter.loop.schedule(waiter.loop.now + Math.max(0, this.#deadline), this);
  }

  withdraw(): void {
    this.end(-1);
  }

  /** True until one of the waits has ended, or the deadline has passed. */
  get pending(): boolean {
    return this.#waiter !== undefined;
  }

  /** The deadline has passed. */
  due(): void {
    this.end(-1)?.resume(new First(-1, undefined));
  }

  wake(value: unknown): void {
    this.end(0)?.wake(new First(0, value));
  }

  resume(value: unknown): void {
    this.end(0)?.resume(new First(0, value));
  }

  /** Withdraws from all but one; gives whoever waited, once. */
  end(except: number): Waiter | undefined {
    const waiter = this.#waiter;
    if (waiter === undefined) return undefined;
    this.#waiter = undefined;
    if (except !== 0) this.#waits[0]?.withdraw(this);
    if (this.#others !== undefined)
      for (const arm of this.#others)
        if (arm.index !== except) this.#waits[arm.index]?.withdraw(arm);
    // The deadline may stand in the loop for long: it keeps nothing alive.
    this.#others = undefined;
    this.#waits = NO_WAITS;
    return waiter;
  }
}

class Arm implements Waiter {
  readonly #any: AnyOf;
  readonly index: number;
  readonly loop: EventLoop;

  constructor(any: AnyOf, index: number, loop: EventLoop) {
    this.#any = any;
    this.index = index;
    this.loop = loop;
  }

  wake(value: unknown): void {
    this.#any.end(this.index)?.wake(new First(this.index, value));
  }

  resume(value: unknown): void {
    this.#any.end(this.index)?.resume(new First(this.index, value));
  }
}

class First implements FirstOf {
  readonly index: number;
  readonly value: unknown;

  constructor(index: number, value: unknown) {
    this.index = index;
    this.value = value;
  }
}

export function* anyOf(waits: readonly Wait[], deadline?: Micros): Task<FirstOf> {
  return (yield new AnyOf(waits, deadline)) as FirstOf;
}

/** A counted permit: `yield* gate.acquire()` … `gate.release()`. Fair, in order of arrival. */
export class Semaphore implements Wait {
  readonly description: string;
  #free: number;
  #waiters: Waiting;

  constructor(description: string, permits: number) {
    this.description = description;
    this.#free = permits;
  }

  arm(waiter: Waiter): void {
    if (this.#free > 0) {
      this.#free -= 1;
      waiter.wake(undefined);
    } else this.#waiters = withWaiter(this.#waiters, waiter);
  }

  withdraw(waiter: Waiter): void {
    this.#waiters = withoutWaiter(this.#waiters, waiter);
  }

  *acquire(): Task<void> {
    if (this.#free > 0 && this.#waiters === undefined) {
      this.#free -= 1;
      return;
    }
    yield this;
  }

  release(): void {
    const waiter = firstWaiter(this.#waiters);
    if (waiter === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiters = withoutFirst(this.#waiters);
    waiter.wake(undefined);
  }
}
