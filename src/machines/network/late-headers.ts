/**
 * Headers of a response that are made when somebody reads them: a probe asks for the status alone, and
 * a server's dates and tags are text that nobody looks at. None of them frames the message
 * (connection, content-length, transfer-encoding).
 */
export class LateHeaders implements ReadonlyMap<string, string> {
  readonly size: number;
  readonly #make: () => readonly (readonly [string, string])[];
  #made: ReadonlyMap<string, string> | undefined;

  /** `make` gives exactly `size` headers. */
  constructor(size: number, make: () => readonly (readonly [string, string])[]) {
    this.size = size;
    this.#make = make;
  }

  get #map(): ReadonlyMap<string, string> {
    this.#made ??= new Map(this.#make());
    return this.#made;
  }

  get(name: string): string | undefined {
    return this.#map.get(name);
  }

  has(name: string): boolean {
    return this.#map.has(name);
  }

  forEach(each: (value: string, name: string, headers: ReadonlyMap<string, string>) => void): void {
    this.#map.forEach(each);
  }

  entries(): MapIterator<[string, string]> {
    return this.#map.entries();
  }

  keys(): MapIterator<string> {
    return this.#map.keys();
  }

  values(): MapIterator<string> {
    return this.#map.values();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#map[Symbol.iterator]();
  }
}
