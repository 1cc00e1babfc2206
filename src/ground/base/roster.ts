/**
 * Collections of things that come and go all the time: tasks of a process, requests on a connection,
 * jobs on a CPU. A `Set` or `Map` would do but for the garbage: every few changes it moves to a new
 * table, and the old one points to the new one (V8 keeps iterators valid so). Once one table has grown
 * old, all that follow it are kept until the next full collection, with everything they ever held. An
 * array in order of arrival has no such past. Whoever came last leaves first, more often than not, so
 * the search begins at the end.
 */

/** A set in order of arrival; the same member must not come twice. */
export class Roster<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    this.#members.push(member);
  }

  has(member: T): boolean {
    return this.#members.includes(member);
  }

  delete(member: T): boolean {
    const at = this.#members.lastIndexOf(member);
    if (at < 0) return false;
    takeOut(this.#members, at);
    return true;
  }

  clear(): void {
    this.#members.length = 0;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#members[Symbol.iterator]();
  }
}

/** A map from numbers, in order of arrival; a number must not be set twice. */
export class NumberedRoster<T> {
  readonly #numbers: number[] = [];
  readonly #members: T[] = [];

  get size(): number {
    return this.#numbers.length;
  }

  get(number: number): T | undefined {
    const at = this.#numbers.lastIndexOf(number);
    return at < 0 ? undefined : this.#members[at];
  }

  set(number: number, member: T): void {
    this.#numbers.push(number);
    this.#members.push(member);
  }

  delete(number: number): void {
    const at = this.#numbers.lastIndexOf(number);
    if (at < 0) return;
    takeOut(this.#numbers, at);
    takeOut(this.#members, at);
  }

  values(): readonly T[] {
    return this.#members;
  }

  clear(): void {
    this.#numbers.length = 0;
    this.#members.length = 0;
  }
}

/** As `splice` does, without a list of what was taken out. */
function takeOut(list: unknown[], at: number): void {
  for (let index = at + 1; index < list.length; index += 1) list[index - 1] = list[index];
  list.pop();
}
