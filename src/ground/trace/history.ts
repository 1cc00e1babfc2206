/**
 * The past of the store: every value that a key ever had, by time, kept apart from etcd (whose
 * compaction must bite). Values are the store's own frozen objects, so this costs references only.
 * Leases and heartbeats are kept as their last value alone; of what has been deleted, the latest
 * DELETED_MAX keys are kept, so that a lab in which things come and go all day stays of one size.
 */
import type { Micros } from '../base/event-loop.ts';
import { Queue } from '../base/task.ts';
import { compareText } from '../base/text.ts';

/** Keys kept of objects that are no more; a lesson deletes some hundreds. */
const DELETED_MAX = 5_000;

export interface Moment {
  readonly time: Micros;
  readonly revision: number;
  /** The value from this moment on; undefined when it was deleted. */
  readonly value: unknown;
  /** The trace record that wrote it. */
  readonly cause: number;
}

export class History {
  readonly #keys = new Map<string, Moment[]>();
  /** Keys in the order of their deletion; one that came back stands here in vain. */
  readonly #deleted = new Queue<string>('a deletion');
  /** Told of every write: a view that follows the store. */
  onPut: ((key: string, moment: Moment) => void) | undefined;

  /** Notes a write. `keepLast` for heartbeats: only the newest value is kept. */
  put(key: string, moment: Moment, keepLast: boolean): void {
    const moments = this.#keys.get(key);
    if (moments === undefined) this.#keys.set(key, [moment]);
    else if (keepLast && moments.length > 0) moments[moments.length - 1] = moment;
    else moments.push(moment);
    if (moment.value === undefined) this.#forgetOldest(key);
    this.onPut?.(key, moment);
  }

  #forgetOldest(key: string): void {
    this.#deleted.put(key);
    if (this.#deleted.size <= DELETED_MAX) return;
    const oldest = this.#deleted.take() as string;
    const moments = this.#keys.get(oldest) ?? [];
    if (moments[moments.length - 1]?.value === undefined) this.#keys.delete(oldest);
  }

  /** All keys that have or had a value, in no order. */
  keys(): Iterable<string> {
    return this.#keys.keys();
  }

  /** The moments of a key, oldest first. */
  of(key: string): readonly Moment[] {
    return this.#keys.get(key) ?? [];
  }

  /** The moment of a key that was in force at a time. */
  at(key: string, time: Micros): Moment | undefined {
    const moments = this.#keys.get(key) ?? [];
    let low = 0;
    let high = moments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((moments[middle] as Moment).time <= time) low = middle + 1;
      else high = middle;
    }
    return moments[low - 1];
  }

  /** Keys below a prefix with a value at a time, in byte order. */
  list(prefix: string, time: Micros): readonly { readonly key: string; readonly moment: Moment }[] {
    const found: { key: string; moment: Moment }[] = [];
    for (const key of this.#keys.keys()) {
      if (!key.startsWith(prefix)) continue;
      const moment = this.at(key, time);
      if (moment !== undefined && moment.value !== undefined) found.push({ key, moment });
    }
    return found.sort((a, b) => compareText(a.key, b.key));
  }
}
