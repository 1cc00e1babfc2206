/** Query strings: percent-decoded names and values; a name may come several times. */
import { textOf, utf8 } from '../../../ground/base/bytes.ts';

export interface Query {
  /** The first value of a name. */
  get(name: string): string | undefined;
  all(name: string): readonly string[];
  has(name: string): boolean;
  /** As it was sent, without the question mark. */
  readonly text: string;
}

const NONE: readonly string[] = [];
const EMPTY: Query = { get: () => undefined, all: () => NONE, has: () => false, text: '' };

export function parseQuery(text: string): Query {
  if (text === '') return EMPTY;
  const values = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals), true);
    const value = equals < 0 ? '' : decodeComponent(pair.slice(equals + 1), true);
    const list = values.get(name);
    if (list === undefined) values.set(name, [value]);
    else list.push(value);
  }
  return {
    get: (name) => values.get(name)?.[0],
    all: (name) => values.get(name) ?? NONE,
    has: (name) => values.has(name),
    text,
  };
}

/** Percent-decoded; in a query `+` is a blank. A `%` without two digits stays. */
export function decodeComponent(text: string, plusIsBlank: boolean): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const source = utf8(plusIsBlank ? text.replace(/\+/g, ' ') : text);
  const out = new Uint8Array(source.length);
  let length = 0;
  for (let index = 0; index < source.length; index += 1) {
    const byte = source[index] as number;
    const high = hexDigit(source[index + 1]);
    const low = hexDigit(source[index + 2]);
    if (byte === 0x25 && high >= 0 && low >= 0) {
      out[length++] = high * 16 + low;
      index += 2;
    } else out[length++] = byte;
  }
  return textOf(out.subarray(0, length));
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
