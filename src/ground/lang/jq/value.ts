/** JSON values of jq: objects are maps, which keep the order of keys; order, text and parsing of them. */
import { err, ok, type Result } from '../../base/result.ts';
import { compareText } from '../../base/text.ts';

export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

const DEPTH_MAX = 1000;

export function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' ? 'object' : typeof value;
}

export function isObject(value: Json): value is ReadonlyMap<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isTruthy(value: Json): boolean {
  return value !== null && value !== false;
}

const RANKS: Readonly<Record<string, number>> = {
  null: 0,
  boolean: 1,
  number: 3,
  string: 4,
  array: 5,
  object: 6,
};

/** jq's order: null, false, true, numbers, strings, arrays, objects. */
export function compareJson(a: Json, b: Json): number {
  const left = RANKS[typeName(a)] as number;
  const right = RANKS[typeName(b)] as number;
  if (left !== right) return left - right;
  if (typeof a === 'boolean') return Number(a) - Number(b);
  // nan is less than every number, itself included.
  if (typeof a === 'number') return Number.isNaN(a) || a < (b as number) ? -1 : a === b ? 0 : 1;
  if (typeof a === 'string') return compareText(a, b as string);
  if (isArray(a) && isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
      const order = compareJson(a[index] as Json, b[index] as Json);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (!isObject(a) || !isObject(b)) return 0;
  const keysA = [...a.keys()].sort(compareText);
  const keysB = [...b.keys()].sort(compareText);
  const keys = compareJson(keysA, keysB);
  if (keys !== 0) return keys;
  for (const key of keysA) {
    const order = compareJson(a.get(key) as Json, b.get(key) as Json);
    if (order !== 0) return order;
  }
  return 0;
}

/** A number as jq 1.6 prints it: 17 digits, as short as they allow. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (value === Number.POSITIVE_INFINITY) return '1.7976931348623157e+308';
  if (value === Number.NEGATIVE_INFINITY) return '-1.7976931348623157e+308';
  if (Object.is(value, -0)) return '-0';
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return `${value}`;
  if (Math.abs(value) < 1e-4) {
    const [mantissa = '', power = ''] = value.toExponential().split('e');
    return `${mantissa}e-${power.slice(1).padStart(2, '0')}`;
  }
  const text = `${value}`;
  const scientific = /^(-?)(\d)(?:\.(\d+))?e([+-])(\d+)$/.exec(text);
  if (scientific !== null) {
    const [, sign, head, tail, direction, power = ''] = scientific;
    return `${sign}${head}${tail === undefined ? '' : `.${tail}`}e${direction}${power.padStart(2, '0')}`;
  }
  if (Math.abs(value) >= 1e17) {
    const [mantissa = '', power = ''] = value.toExponential().split('e');
    const exponent = Number(power);
    return exponent > 17 ? `${mantissa}e+${exponent}` : text;
  }
  return text;
}

function stringText(text: string, ascii = false): string {
  let out = '"';
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (char === '\b') out += '\\b';
    else if (char === '\f') out += '\\f';
    else if (point < 0x20 || point === 0x7f) out += `\\u${point.toString(16).padStart(4, '0')}`;
    else if (ascii && point > 0x7e)
      for (let index = 0; index < char.length; index += 1)
        out += `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return `${out}"`;
}

export interface PrintOptions {
  /** Spaces per level, or a tab; undefined: compact. */
  readonly indent: string | undefined;
  readonly sortKeys: boolean;
  readonly ascii: boolean;
  /** ANSI colors as jq -C. */
  readonly color: boolean;
}

export const COMPACT: PrintOptions = {
  indent: undefined,
  sortKeys: false,
  ascii: false,
  color: false,
};

export function formatJson(value: Json, options: PrintOptions = COMPACT, depth = 0): string {
  const { color } = options;
  const paint = (code: string, text: string): string =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text;
  if (value === null) return paint('1;30', 'null');
  if (typeof value === 'boolean') return paint('0;39', `${value}`);
  if (typeof value === 'number') return paint('0;39', numberText(value));
  if (typeof value === 'string') return paint('0;32', stringText(value, options.ascii));
  const line = options.indent === undefined ? '' : `\n${options.indent.repeat(depth + 1)}`;
  const end = options.indent === undefined ? '' : `\n${options.indent.repeat(depth)}`;
  if (isArray(value)) {
    if (value.length === 0) return paint('1;39', '[]');
    const items = value.map((item) => formatJson(item, options, depth + 1));
    if (!color) return `[${line}${items.join(`,${line}`)}${end}]`;
    return `\x1b[1;39m[${line}${items.map((item, index) => `${index === 0 ? '' : `\x1b[1;39m,${line}`}${item}`).join('')}\x1b[1;39m${end}\x1b[1;39m]\x1b[0m`;
  }
  let keys = [...(value as ReadonlyMap<string, Json>).keys()];
  if (keys.length === 0) return paint('1;39', '{}');
  if (options.sortKeys) keys = keys.sort(compareText);
  const colon = options.indent === undefined ? ':' : ': ';
  const parts = keys.map((key) => {
    const shown = formatJson(
      (value as ReadonlyMap<string, Json>).get(key) as Json,
      options,
      depth + 1,
    );
    return color
      ? `\x1b[0m\x1b[34;1m${stringText(key, options.ascii)}\x1b[0m\x1b[1;39m${colon}\x1b[0m${shown}\x1b[1;39m`
      : stringText(key, options.ascii) + colon + shown;
  });
  if (!color) return `{${line}${parts.join(`,${line}`)}${end}}`;
  return `\x1b[1;39m{${line}${parts.join(`\x1b[1;39m,${line}`)}\x1b[1;39m${end}\x1b[1;39m}\x1b[0m`;
}

/** Reads JSON documents one after another from a text. */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  #error: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next document; undefined at the end; the words of the error otherwise. */
  next(): Result<Json, string> | undefined {
    this.#blank();
    if (this.#at >= this.#text.length) return undefined;
    const value = this.#value(0);
    if (this.#error === undefined) {
      const after = this.#text[this.#at];
      const scalar = /[A-Za-z0-9]/.test(this.#text[this.#at - 1] ?? '');
      if (after !== undefined && scalar && /[A-Za-z0-9_"]/.test(after))
        this.#fail('Invalid literal');
    }
    return this.#error === undefined ? ok(value) : err(this.#error);
  }

  #blank(): void {
    while (/[ \t\r\n\uFEFF]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #fail(message: string): null {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    this.#error ??= `${message} at line ${line}, column ${column}`;
    this.#at = this.#text.length;
    return null;
  }

  #value(depth: number): Json {
    if (depth > DEPTH_MAX) return this.#fail('Exceeds depth limit for parsing');
    this.#blank();
    const char = this.#text[this.#at];
    if (char === '"') return this.#string();
    if (char === '[') return this.#array(depth);
    if (char === '{') return this.#object(depth);
    const word = /^[^\s,:[\]{}"]+/.exec(this.#text.slice(this.#at, this.#at + 400))?.[0];
    if (word === undefined) {
      if (char === undefined) return this.#fail('Unfinished JSON term');
      this.#at += 1;
      return this.#fail(
        char === ','
          ? "Expected value before ','"
          : char === ':'
            ? "':' not as part of an object"
            : `Unmatched '${char}'`,
      );
    }
    this.#at += word.length;
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (word === 'null') return null;
    if (word === 'nan') return Number.NaN;
    if (/^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(word)) return Number(word);
    return this.#fail(
      /^[-\d]/.test(word)
        ? 'Invalid numeric literal'
        : /^(t|f|n)/.test(word) && word.length < 6
          ? 'Invalid literal'
          : 'Invalid numeric literal',
    );
  }

  #string(): string {
    let out = '';
    this.#at += 1;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#fail('Unfinished string');
        return '';
      }
      this.#at += 1;
      if (char === '"') return out;
      if (char !== '\\') {
        out += char;
        continue;
      }
      const letter = this.#text[this.#at] ?? '';
      this.#at += 1;
      if (letter === 'u') {
        const hex = this.#text.slice(this.#at, this.#at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) {
          this.#fail('Invalid escape');
          return '';
        }
        out += String.fromCharCode(Number.parseInt(hex, 16));
        this.#at += 4;
      } else {
        const at = 'nrtbf"\\/'.indexOf(letter);
        if (at < 0 || letter === '') {
          this.#fail('Invalid escape');
          return '';
        }
        out += '\n\r\t\b\f"\\/'[at];
      }
    }
  }

  #array(depth: number): Json {
    const items: Json[] = [];
    this.#at += 1;
    this.#blank();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return items;
    }
    while (this.#error === undefined) {
      items.push(this.#value(depth + 1));
      this.#blank();
      const char = this.#text[this.#at];
      if (char === ']' || char === ',') this.#at += 1;
      if (char === ']') return items;
      if (char !== ',')
        return this.#fail(
          char === undefined ? 'Unfinished JSON term' : 'Expected separator between values',
        );
      this.#blank();
      if (this.#text[this.#at] === ']') {
        this.#at += 1;
        return this.#fail('Expected another array element');
      }
    }
    return null;
  }

  #object(depth: number): Json {
    const map = new Map<string, Json>();
    this.#at += 1;
    this.#blank();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return map;
    }
    while (this.#error === undefined) {
      this.#blank();
      if (this.#text[this.#at] !== '"') {
        if (this.#at >= this.#text.length) return this.#fail('Unfinished JSON term');
        const before = this.#at;
        this.#value(depth + 1);
        if (this.#error !== undefined) return null;
        this.#at = before + 1;
        return this.#fail('Object keys must be strings');
      }
      const key = this.#string();
      this.#blank();
      if (this.#text[this.#at] !== ':')
        return this.#fail(
          this.#at >= this.#text.length
            ? 'Unfinished JSON term'
            : 'Objects must consist of key:value pairs',
        );
      this.#at += 1;
      map.set(key, this.#value(depth + 1));
      this.#blank();
      const char = this.#text[this.#at];
      if (char === '}' || char === ',') this.#at += 1;
      if (char === '}') return map;
      if (char !== ',')
        return this.#fail(
          char === undefined ? 'Unfinished JSON term' : 'Expected separator between values',
        );
    }
    return null;
  }
}

/** Reads exactly one document. */
export function parseJson(text: string): Result<Json, string> {
  const reader = new JsonReader(text);
  const first = reader.next();
  if (first === undefined) return ok(null);
  if (!first.ok) return first;
  const second = reader.next();
  return second === undefined ? first : err('Unexpected extra JSON values');
}

/** From the plain objects of the rest of the program. */
export function fromPlain(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const map = new Map<string, Json>();
  if (typeof value === 'object')
    for (const [key, item] of Object.entries(value)) map.set(key, fromPlain(item));
  return map;
}
