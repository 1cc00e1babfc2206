/**
 * The one clock. A synchronous loop of events ordered by (time, sequence), in integer microseconds;
 * everything that happens in a lab happens inside one of its events. Two lanes share an instant:
 * inputs from outside run before the model's own events.
 *
 * Every event has a *cause*: the trace record it follows from. `loop.cause` is the cause of what is
 * running now; whatever is scheduled inherits it unless another is named, and the recorder moves it
 * on with every record, so chains of cause come for free. A cause is *background* when its number is
 * odd: periodic timers start background chains, and only a write that matters ends one
 * (trace/recorder). Quiet means that no foreground event is due soon.
 *
 * The loop keeps a running hash over all events: same build, same seed, same inputs, same hash.
 */
import { AssertionError, assert } from './assert.ts';
import { Heap } from './heap.ts';

/** Simulated time: integer microseconds since the lab began. */
export type Micros = number;

/** Number of a trace record; odd numbers are background. */
export type CauseId = number;

export const NO_CAUSE: CauseId = 0;
/** The root of every chain that a periodic timer starts. */
export const BACKGROUND: CauseId = 1;

export function isBackground(cause: CauseId): boolean {
  return cause % 2 === 1;
}

export const MILLISECOND = 1_000;
export const SECOND = 1_000_000;
export const MINUTE = 60_000_000;
export const HOUR = 3_600_000_000;

/** How many events may run at one instant before the loop calls it a hot loop. */
const EVENTS_PER_INSTANT_MAX = 2_000_000;
/** How far ahead a foreground event still counts as "not quiet": longer than the default grace of 30 s. */
const QUIET_HORIZON: Micros = 35 * SECOND;

/** A scheduled event, and the handle that cancels it. */
export interface Timer {
  readonly time: Micros;
  readonly cause: CauseId;
  readonly pending: boolean;
  cancel(): void;
}

class Event implements Timer {
  readonly time: Micros;
  readonly sequence: number;
  readonly cause: CauseId;
  action: (() => void) | undefined;

  constructor(time: Micros, sequence: number, cause: CauseId, action: () => void) {
    this.time = time;
    this.sequence = sequence;
    this.cause = cause;
    this.action = action;
  }

  get pending(): boolean {
    return this.action !== undefined;
  }

  cancel(): void {
    this.action = undefined;
  }
}

function runsBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

export type StopReason = 'time' | 'count' | 'predicate' | 'quiet' | 'empty' | 'held';

export interface RunLimit {
  /** Stop before the first event later than this; the clock then stands at this time. */
  readonly until?: Micros;
  /** Stop after this many events. */
  readonly events?: number;
  /** Stop after the event that makes this true. Asked after every event. */
  readonly when?: () => boolean;
  /** Stop as soon as no foreground event is due within QUIET_HORIZON. */
  readonly quiet?: boolean;
}

/** Inputs come first at their instant: their sequence numbers lie below all others. */
const INPUT_SEQUENCE_BASE = -(2 ** 52);

export class EventLoop {
  #now: Micros = 0;
  #cause: CauseId = NO_CAUSE;
  #sequence = 0;
  #inputs = 0;
  #executed = 0;
  #instant: Micros = -1;
  #atInstant = 0;
  #hash = 0x811c9dc5;
  #held: string | undefined;
  readonly #foreground = new Heap<Event>(runsBefore);
  readonly #background = new Heap<Event>(runsBefore);

  /** The present. */
  get now(): Micros {
    return this.#now;
  }

  /** What the running event follows from. A work queue or a recorder may move it on. */
  get cause(): CauseId {
    return this.#cause;
  }

  set cause(cause: CauseId) {
    this.#cause = cause;
  }

  /** Events run so far. */
  get executed(): number {
    return this.#executed;
  }

  /** The event hash so far, a 32-bit word. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Schedules at an absolute time, which may be now but not the past. */
  at(time: Micros, action: () => void, cause: CauseId = this.#cause): Timer {
    assert(time >= this.#now, `event scheduled at ${time} before the present ${this.#now}`);
    const event = new Event(Math.floor(time), this.#sequence++, cause, action);
    (isBackground(cause) ? this.#background : this.#foreground).push(event);
    return event;
  }

  /** Schedules after a delay in microseconds. */
  after(delay: Micros, action: () => void, cause: CauseId = this.#cause): Timer {
    return this.at(this.#now + delay, action, cause);
  }

  /** Schedules an input from outside: before all else at its instant, inputs in order of arrival. */
  input(time: Micros, action: () => void): Timer {
    assert(time >= this.#now, `input at ${time} before the present ${this.#now}`);
    const event = new Event(time, INPUT_SEQUENCE_BASE + this.#inputs++, NO_CAUSE, action);
    this.#foreground.push(event);
    return event;
  }

  /** Mixes a word into the event hash; the recorder folds its records in. */
  fold(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, 0x01000193) ^ (this.#hash >>> 13);
  }

  /** Stops the run without taking time until `release`: the only stop from outside is loading code. */
  hold(reason: string): void {
    this.#held = reason;
  }

  release(): void {
    this.#held = undefined;
  }

  get held(): string | undefined {
    return this.#held;
  }

  /** Time of the next event, if any. */
  nextTime(): Micros | undefined {
    return this.#next()?.time;
  }

  /** Time of the next foreground event, if any. */
  nextForegroundTime(): Micros | undefined {
    return top(this.#foreground)?.time;
  }

  /** True when no foreground event is due within the quiet horizon. */
  isQuiet(): boolean {
    const next = this.nextForegroundTime();
    return next === undefined || next > this.#now + QUIET_HORIZON;
  }

  /** Events that wait, for inspectors: how many in the foreground and in the background. */
  pendingCounts(): { readonly foreground: number; readonly background: number } {
    return { foreground: this.#foreground.size, background: this.#background.size };
  }

  /** Runs events in order until a limit is reached, and says which. */
  run(limit: RunLimit): StopReason {
    const until = limit.until ?? Number.POSITIVE_INFINITY;
    const eventsMax = limit.events ?? Number.POSITIVE_INFINITY;
    const when = limit.when;
    let count = 0;
    while (count < eventsMax) {
      if (this.#held !== undefined) return 'held';
      if (limit.quiet === true && this.isQuiet()) return 'quiet';
      const event = this.#next();
      if (event === undefined || event.time > until) {
        if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until);
        return event === undefined && until === Number.POSITIVE_INFINITY ? 'empty' : 'time';
      }
      this.#take(event);
      count += 1;
      if (when?.() === true) return 'predicate';
    }
    return 'count';
  }

  #next(): Event | undefined {
    const foreground = top(this.#foreground);
    const background = top(this.#background);
    if (foreground === undefined) return background;
    if (background === undefined) return foreground;
    return runsBefore(foreground, background) ? foreground : background;
  }

  #take(event: Event): void {
    (isBackground(event.cause) ? this.#background : this.#foreground).pop();
    if (event.time === this.#instant) {
      this.#atInstant += 1;
      if (this.#atInstant > EVENTS_PER_INSTANT_MAX) {
        throw new AssertionError(
          `hot loop: endless events at ${event.time} caused by #${event.cause}`,
        );
      }
    } else {
      this.#instant = event.time;
      this.#atInstant = 0;
    }
    this.#now = event.time;
    this.#cause = event.cause;
    this.#executed += 1;
    this.fold(event.time | 0);
    const action = event.action;
    event.action = undefined;
    if (action !== undefined) action();
  }
}

/** The first event that has not been cancelled. */
function top(heap: Heap<Event>): Event | undefined {
  for (;;) {
    const event = heap.peek();
    if (event === undefined || event.pending) return event;
    heap.pop();
  }
}
