/**
 * A map in byte order of its keys, for ranges by prefix: the index of the store. A sorted array of
 * chunks (a two-level B-list): insert and delete touch one chunk of at most CHUNK_MAX keys. A new key
 * finds its place when somebody asks for an order: most keys come and are only ever asked for by name.
 */
import { compareText } from './text.ts';

const CHUNK_MAX = 256;

export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #chunks: string[][] = [];
  /** New keys that have no place yet. */
  #fresh: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#fresh.push(key);
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    this.#settle();
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at] as string[];
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /** Keys and values with start ≤ key < end, in order; no end means to the last. */
  *range(start: string, end?: string): Generator<[string, V], void, void> {
    this.#settle();
    for (let at = this.#chunkOf(start); at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] as string[];
      for (let index = lowerBound(chunk, start); index < chunk.length; index += 1) {
        const key = chunk[index] as string;
        if (end !== undefined && compareText(key, end) >= 0) return;
        yield [key, this.#values.get(key) as V];
      }
    }
  }

  /** The chunk that holds or would hold the key. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle] as string[];
      if (compareText(chunk[chunk.length - 1] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts the new keys in their places. */
  #settle(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const key of fresh) this.#insert(key);
  }

  #insert(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > CHUNK_MAX) {
      this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
    }
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareText(keys[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
