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
import { TimerHeap } from './timer-heap.ts';

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

/** The handle of a scheduled event. */
export interface Timer {
  readonly pending: boolean;
  cancel(): void;
}

/**
 * What can be scheduled without a closure: an object that knows what to do when its time has come. It
 * must be scheduled once at a time.
 */
export interface Due {
  /** False once nobody wants it to run: it is then passed over, as a cancelled timer is. */
  readonly pending: boolean;
  due(): void;
}

class Event implements Timer, Due {
  action: (() => void) | Due | undefined;

  constructor(action: (() => void) | Due) {
    this.action = action;
  }

  get pending(): boolean {
    return this.action !== undefined;
  }

  cancel(): void {
    this.action = undefined;
  }

  due(): void {
    const { action } = this;
    this.action = undefined;
    if (typeof action === 'function') action();
    else action?.due();
  }
}

/** A first-in, first-out queue of what is due now, in a ring that grows and never shrinks. */
class DueRing {
  #actions: (Due | undefined)[] = new Array<Due | undefined>(64).fill(undefined);
  #causes = new Float64Array(64);
  #head = 0;
  size = 0;

  put(action: Due, cause: CauseId): void {
    if (this.size === this.#actions.length) this.#grow();
    const at = (this.#head + this.size) & (this.#actions.length - 1);
    this.#actions[at] = action;
    this.#causes[at] = cause;
    this.size += 1;
  }

  /** The cause of the first; there must be one. */
  get cause(): CauseId {
    return this.#causes[this.#head] as CauseId;
  }

  take(): Due {
    const action = this.#actions[this.#head] as Due;
    this.#actions[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#actions.length - 1);
    this.size -= 1;
    return action;
  }

  get hasForeground(): boolean {
    for (let index = 0; index < this.size; index += 1) {
      const at = (this.#head + index) & (this.#actions.length - 1);
      if (!isBackground(this.#causes[at] as CauseId) && this.#actions[at]?.pending === true)
        return true;
    }
    return false;
  }

  #grow(): void {
    const { size } = this;
    const actions: (Due | undefined)[] = [];
    const causes = new Float64Array(size * 2);
    for (let index = 0; index < size * 2; index += 1) {
      const at = (this.#head + index) & (size - 1);
      actions.push(index < size ? this.#actions[at] : undefined);
      causes[index] = index < size ? (this.#causes[at] as number) : 0;
    }
    this.#actions = actions;
    this.#causes = causes;
    this.#head = 0;
  }
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
  #held: { readonly reason: string; readonly from: Micros } | undefined;
  readonly #foreground = new TimerHeap<Due>();
  readonly #background = new TimerHeap<Due>();
  /** What is due at this instant: all timers of the instant were set before it and go first. */
  readonly #soon = new DueRing();

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

  /** True when more is due at this very instant: a stop here lies between two events of one time. */
  get withinInstant(): boolean {
    return this.#soon.size > 0 || this.#nextHeap()?.time === this.#now;
  }

  /** The event hash so far, a 32-bit word. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Schedules at an absolute time, which may be now but not the past. */
  at(time: Micros, action: (() => void) | Due, cause: CauseId = this.#cause): Timer {
    const event = new Event(action);
    this.schedule(time, event, cause);
    return event;
  }

  /** Schedules what has its own word on whether it is still wanted. */
  schedule(time: Micros, action: Due, cause: CauseId = this.#cause): void {
    const now = this.#now;
    if (!(time >= now)) throw new AssertionError(`event scheduled at ${time} before ${now}`);
    const whole = Math.floor(time);
    if (whole === now) this.#soon.put(action, cause);
    else {
      const heap = isBackground(cause) ? this.#background : this.#foreground;
      heap.push(action, whole, this.#sequence++, cause);
    }
  }

  /** Schedules after a delay in microseconds. */
  after(delay: Micros, action: (() => void) | Due, cause: CauseId = this.#cause): Timer {
    return this.at(this.#now + delay, action, cause);
  }

  /** Schedules at this instant, after all that is due at it already. */
  soon(action: Due, cause: CauseId = this.#cause): void {
    this.#soon.put(action, cause);
  }

  /** Schedules an input from outside: before all else at its instant, inputs in order of arrival. */
  input(time: Micros, action: () => void): Timer {
    assert(time >= this.#now, 'an input comes after the present');
    const event = new Event(action);
    this.#foreground.push(event, time, INPUT_SEQUENCE_BASE + this.#inputs++, NO_CAUSE);
    return event;
  }

  /** Mixes a word into the event hash; the recorder folds its records in. */
  fold(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, 0x01000193) ^ (this.#hash >>> 13);
  }

  /**
   * Lets no event at `from` or later run until `release`, without taking time: the only stop from
   * outside is loading code. Of several holds the earliest counts.
   */
  hold(reason: string, from: Micros = this.#now): void {
    if (this.#held === undefined || from < this.#held.from) this.#held = { reason, from };
  }

  release(): void {
    this.#held = undefined;
  }

  /** What the next event waits for; undefined when it may run. */
  get held(): string | undefined {
    return this.#isHeld(Number.POSITIVE_INFINITY) ? this.#held?.reason : undefined;
  }

  /** Time of the next foreground event, if any. */
  nextForegroundTime(): Micros | undefined {
    if (this.#soon.hasForeground) return this.#now;
    return this.#foreground.settle() ? this.#foreground.time : undefined;
  }

  /** True when no foreground event is due within the quiet horizon. */
  isQuiet(): boolean {
    const next = this.nextForegroundTime();
    return next === undefined || next > this.#now + QUIET_HORIZON;
  }

  /** Runs events in order until a limit is reached, and says which. */
  run(limit: RunLimit): StopReason {
    const until = limit.until ?? Number.POSITIVE_INFINITY;
    const eventsMax = limit.events ?? Number.POSITIVE_INFINITY;
    const when = limit.when;
    let count = 0;
    while (count < eventsMax) {
      if (this.#held !== undefined && this.#isHeld(until)) return 'held';
      if (limit.quiet === true && this.isQuiet()) return 'quiet';
      // The timers of this instant go before what has become due in it.
      const heap = this.#soonIsNext() ? undefined : this.#nextHeap();
      if (this.#soon.size > 0 && (heap === undefined || heap.time > this.#now)) {
        const { cause } = this.#soon;
        const event = this.#soon.take();
        if (!event.pending) continue;
        this.#take(event, this.#now, cause);
      } else if (heap === undefined || heap.time > until) {
        if (until !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, until);
        return heap === undefined && until === Number.POSITIVE_INFINITY ? 'empty' : 'time';
      } else {
        const { time, cause } = heap;
        this.#take(heap.pop(), time, cause);
      }
      count += 1;
      if (when?.() === true) return 'predicate';
    }
    return 'count';
  }

  /** True when the next event, or a limit before it, is at or after a hold. */
  #isHeld(until: Micros): boolean {
    if (this.#held === undefined) return false;
    const next = this.#soon.size > 0 ? this.#now : (this.#nextHeap()?.time ?? until);
    return Math.min(next, until) >= this.#held.from;
  }

  /** Whether something is due now and no timer of this instant is left, nor a cancelled one above it. */
  #soonIsNext(): boolean {
    const now = this.#now;
    return this.#soon.size > 0 && this.#foreground.time > now && this.#background.time > now;
  }

  /** The heap whose first event comes next. */
  #nextHeap(): TimerHeap<Due> | undefined {
    const foreground = this.#foreground;
    const background = this.#background;
    if (!foreground.settle()) return background.settle() ? background : undefined;
    if (!background.settle()) return foreground;
    const difference = foreground.time - background.time;
    if (difference !== 0) return difference < 0 ? foreground : background;
    return foreground.sequence < background.sequence ? foreground : background;
  }

  #take(event: Due, time: Micros, cause: CauseId): void {
    if (time === this.#instant) {
      this.#atInstant += 1;
      if (this.#atInstant > EVENTS_PER_INSTANT_MAX) {
        throw new AssertionError(`hot loop: endless events at ${time} caused by #${cause}`);
      }
    } else {
      this.#instant = time;
      this.#atInstant = 0;
    }
    this.#now = time;
    this.#cause = cause;
    this.#executed += 1;
    this.fold(time | 0);
    event.due();
  }
}
