/**
 * Back-off by key: 10 s doubling to 5 min, forgotten after twice the maximum
 * (k8s.io/client-go/util/flowcontrol/backoff.go, v0.34, as the kubelet uses it).
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';

interface Entry {
  delay: Micros;
  updated: Micros;
}

export class Backoff {
  readonly #initial: Micros;
  readonly #max: Micros;
  readonly #entries = new Map<string, Entry>();

  constructor(initial: Micros = 10 * SECOND, max: Micros = 300 * SECOND) {
    this.#initial = initial;
    this.#max = max;
  }

  /** Time left of the back-off that began at `since`; 0 when there is none. */
  remaining(key: string, since: Micros, now: Micros): Micros {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, since)) return 0;
    return Math.max(0, since + entry.delay - now);
  }

  /** The back-off of a key; 0 when there is none. */
  delayOf(key: string): Micros {
    return this.#entries.get(key)?.delay ?? 0;
  }

  /** Begins or doubles the back-off for something that failed at `since`. */
  next(key: string, since: Micros, now: Micros): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, since)) {
      this.#entries.set(key, { delay: this.#initial, updated: now });
      return;
    }
    entry.delay = Math.min(entry.delay * 2, this.#max);
    entry.updated = now;
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: Entry, since: Micros): boolean {
    return since - entry.updated > 2 * this.#max;
  }
}
