/**
 * The timers of a loop, ordered by (time, sequence): a heap with four children per node whose keys
 * stand in typed arrays, so that a comparison touches no object and a time beyond 2³¹ µs no
 * allocation. What was cancelled is dropped when it comes up.
 *
 *     node i has its children at 4i + 1 … 4i + 4, its parent at (i − 1) >> 2
 */

/** What stands in the heap: it says whether it still wants to run. */
export interface Entry {
  readonly pending: boolean;
}

const FIRST_CAPACITY = 256;

export class TimerHeap<E extends Entry> {
  #times = new Float64Array(FIRST_CAPACITY);
  #sequences = new Float64Array(FIRST_CAPACITY);
  #causes = new Float64Array(FIRST_CAPACITY);
  readonly #entries: E[] = [];
  #size = 0;

  /** Entries, cancelled ones that have not come up included. */
  get size(): number {
    return this.#size;
  }

  /** Time of the first entry; infinite without one. `settle` has dropped cancelled ones before. */
  get time(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  /** Sequence number of the first entry. */
  get sequence(): number {
    return this.#sequences[0] as number;
  }

  /** Cause of the first entry. */
  get cause(): number {
    return this.#causes[0] as number;
  }

  push(entry: E, time: number, sequence: number, cause: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const sequences = this.#sequences;
    const causes = this.#causes;
    const entries = this.#entries;
    let index = this.#size;
    this.#size += 1;
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 2;
      const above = times[parent] as number;
      if (above < time || (above === time && (sequences[parent] as number) < sequence)) break;
      times[index] = above;
      sequences[index] = sequences[parent] as number;
      causes[index] = causes[parent] as number;
      entries[index] = entries[parent] as E;
      index = parent;
    }
    times[index] = time;
    sequences[index] = sequence;
    causes[index] = cause;
    entries[index] = entry;
  }

  /** Drops what was cancelled from the top; false when nothing is left. */
  settle(): boolean {
    while (this.#size > 0) {
      if ((this.#entries[0] as E).pending) return true;
      this.pop();
    }
    return false;
  }

  /** Takes the first entry; there must be one. */
  pop(): E {
    const entries = this.#entries;
    const top = entries[0] as E;
    const last = entries.pop() as E;
    this.#size -= 1;
    if (this.#size > 0) this.#sink(last);
    return top;
  }

  /** Puts the entry that stood last in the place of the first, and down to where it belongs. */
  #sink(entry: E): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const causes = this.#causes;
    const entries = this.#entries;
    const size = this.#size;
    const time = times[size] as number;
    const sequence = sequences[size] as number;
    const cause = causes[size] as number;
    let index = 0;
    for (;;) {
      let least = 4 * index + 1;
      if (least >= size) break;
      let leastTime = times[least] as number;
      const end = Math.min(least + 4, size);
      for (let child = least + 1; child < end; child += 1) {
        const other = times[child] as number;
        if (
          other < leastTime ||
          (other === leastTime && (sequences[child] as number) < (sequences[least] as number))
        ) {
          least = child;
          leastTime = other;
        }
      }
      if (time < leastTime || (time === leastTime && sequence < (sequences[least] as number)))
        break;
      times[index] = leastTime;
      sequences[index] = sequences[least] as number;
      causes[index] = causes[least] as number;
      entries[index] = entries[least] as E;
      index = least;
    }
    times[index] = time;
    sequences[index] = sequence;
    causes[index] = cause;
    entries[index] = entry;
  }

  #grow(): void {
    this.#times = doubled(this.#times);
    this.#sequences = doubled(this.#sequences);
    this.#causes = doubled(this.#causes);
  }
}

function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(numbers.length * 2);
  more.set(numbers);
  return more;
}
