/**
 * Expected failures as values. An operation that can fail in a way that the model knows (a refused
 * connection, a missing file, a bad manifest) returns `Ok | Err`; it never throws. What throws is an
 * assertion (see assert.ts): a mistake of ours, caught only at the doors.
 */

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

export type Result<T, E> = Ok<T> | Err<E>;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}

/** The one success without a value. */
export const DONE: Ok<void> = { ok: true, value: undefined };
