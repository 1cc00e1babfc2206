/**
 * Headers of a request with a service-account token that goes by reference: a server that knows such
 * tokens checks it without its text; who reads the header, or the bytes, has it signed.
 */
import type { SignedToken } from '../../ground/pki/jwt.ts';
import type { Headers } from './http-types.ts';

const NAME = 'authorization';

export class BearerHeaders implements ReadonlyMap<string, string> {
  readonly token: SignedToken;
  readonly size: number;
  readonly #others: Headers;
  #all: Headers | undefined;

  /** `others` has no authorization. */
  constructor(token: SignedToken, others: Headers) {
    this.token = token;
    this.#others = others;
    this.size = others.size + 1;
  }

  /** The same with more headers, which replace those of their names. */
  with(more: Headers): Headers {
    if (more.has(NAME)) return new Map([...this.#others, ...more]);
    return new BearerHeaders(this.token, new Map([...this.#others, ...more]));
  }

  get #map(): Headers {
    this.#all ??= new Map([...this.#others, [NAME, `Bearer ${this.token.text()}`]]);
    return this.#all;
  }

  get(name: string): string | undefined {
    return name === NAME ? this.#map.get(name) : this.#others.get(name);
  }

  has(name: string): boolean {
    return name === NAME || this.#others.has(name);
  }

  forEach(each: (value: string, name: string, headers: Headers) => void): void {
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
