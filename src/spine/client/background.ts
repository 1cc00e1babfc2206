/**
 * Periodic work and its causes. A heartbeat, a resync or a poll follows from nothing but the clock:
 * before it waits for its next turn, its task steps out of the chain of causes that it happens to be
 * in, so that a quiet lab counts as quiet although its leases are renewed.
 */
import { BACKGROUND, type Micros } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';

/** From here on the running task follows from the clock alone. */
export function enterBackground(process: Process): void {
  process.trace.loop.cause = BACKGROUND;
}

/** Waits as periodic work does: in the background, and what follows the wait is background too. */
export function* sleepInBackground(process: Process, delay: Micros): Task<void> {
  enterBackground(process);
  yield* process.sleep(delay);
}
