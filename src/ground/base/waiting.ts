/**
 * Who waits for one thing: nobody, one, or a list in order of arrival. Nearly always it is one, and
 * then no list is made.
 */
import type { Waiter } from './task.ts';

export type Waiting = Waiter | Waiter[] | undefined;

/** With one more at the end. */
export function withWaiter(waiting: Waiting, waiter: Waiter): Waiting {
  if (waiting === undefined) return waiter;
  if (!Array.isArray(waiting)) return [waiting, waiter];
  waiting.push(waiter);
  return waiting;
}

/** Without the first place of this one. */
export function withoutWaiter(waiting: Waiting, waiter: Waiter): Waiting {
  if (waiting === waiter) return undefined;
  if (!Array.isArray(waiting)) return waiting;
  const at = waiting.indexOf(waiter);
  if (at >= 0) waiting.splice(at, 1);
  return waiting.length === 0 ? undefined : waiting;
}

export function firstWaiter(waiting: Waiting): Waiter | undefined {
  return Array.isArray(waiting) ? waiting[0] : waiting;
}

export function withoutFirst(waiting: Waiting): Waiting {
  if (!Array.isArray(waiting)) return undefined;
  waiting.shift();
  return waiting.length === 0 ? undefined : waiting;
}

/** Wakes all, in order; the list is theirs no longer. */
export function wakeWaiters(waiting: Waiting, value: unknown): void {
  if (waiting === undefined) return;
  if (Array.isArray(waiting)) for (const waiter of waiting) waiter.wake(value);
  else waiting.wake(value);
}
