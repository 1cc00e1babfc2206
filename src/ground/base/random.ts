/**
 * Seeded random streams. Every component draws from its own stream, named after it, so that adding
 * a component does not shift what the others draw. The generator is sfc32 (Chris Doty-Humphrey,
 * PractRand), 128 bits of state, seeded from the lab's seed and the stream's name.
 */
import { assert } from './assert.ts';
import { fnv1a, mixWord } from './hash.ts';

/** Letters and digits of generated names (k8s.io/apimachinery/pkg/util/rand, v0.34). */
const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

const BLANK_UUID = '00000000-0000-0000-0000-000000000000';

export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;
  readonly #seed: number;
  readonly #name: string;
  /** The letters of a UUID, filled anew for each: a text made of parts would keep its parts. */
  #uuid: number[] | undefined;

  constructor(seed: number, name: string) {
    this.#seed = seed;
    this.#name = name;
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    this.#a = mixWord(fnv1a(name), low);
    this.#b = mixWord(this.#a, high);
    this.#c = mixWord(this.#b, name.length);
    this.#counter = 1;
    for (let round = 0; round < 12; round += 1) this.word();
  }

  /** A stream of its own below this one; drawing from it does not move this one. */
  fork(name: string): RandomStream {
    return new RandomStream(this.#seed, `${this.#name}/${name}`);
  }

  /** A uniform 32-bit word. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** A uniform integer in [0, bound); bound at most 2³². Without modulo bias. */
  below(bound: number): number {
    assert(bound > 0 && bound <= 2 ** 32, 'a random bound is in (0, 2³²]');
    const limit = Math.floor(2 ** 32 / bound) * bound;
    for (;;) {
      const word = this.word();
      if (word < limit) return word % bound;
    }
  }

  /** A uniform number in [0, 1), 53 bits. */
  fraction(): number {
    return ((this.word() >>> 5) * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }

  /** The suffix of a generated name: `count` letters of upstream's safe alphabet. */
  suffix(count: number): string {
    let text = '';
    for (let index = 0; index < count; index += 1) {
      text += SAFE_ALPHABET[this.below(SAFE_ALPHABET.length)];
    }
    return text;
  }

  /** A random UUID, version 4 (RFC 9562 section 5.4). */
  uuid(): string {
    const a = this.word();
    const b = this.word();
    const c = this.word();
    const d = this.word();
    this.#uuid ??= [...BLANK_UUID].map((letter) => letter.charCodeAt(0));
    const codes = this.#uuid;
    putHex(codes, 0, a, 8);
    putHex(codes, 9, b >>> 16, 4);
    putHex(codes, 14, (b & 0x0fff) | 0x4000, 4);
    putHex(codes, 19, ((c >>> 16) & 0x3fff) | 0x8000, 4);
    putHex(codes, 24, c & 0xffff, 4);
    putHex(codes, 28, d, 8);
    return String.fromCharCode(...codes);
  }

  /** `count` lower-case hex digits. */
  hex(count: number): string {
    let text = '';
    while (text.length < count) text += this.word().toString(16).padStart(8, '0');
    return text.slice(0, count);
  }
}

/** Writes the lowest hex digits of a word as letters. */
function putHex(codes: number[], at: number, word: number, digits: number): void {
  for (let index = digits - 1, rest = word; index >= 0; index -= 1, rest >>>= 4) {
    const digit = rest & 15;
    codes[at + index] = digit < 10 ? 48 + digit : 87 + digit;
  }
}
