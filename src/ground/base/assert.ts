/**
 * Assertions: what must be true if the program is right. A failed one stops the lab; the door that
 * drives the loop catches it and shows seed, simulated time and a link that replays to just before.
 */

/** A mistake of ours, not of the learner. Caught only in `worker`, `headless` and the tests. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AssertionError';
  }
}

/** Throws unless the condition holds. The message says what should have been true. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which the caller knows is there; the message says why it must be. */
export function required<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new AssertionError(message);
  return value;
}
