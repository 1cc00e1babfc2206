/**
 * JSON: a strict reader with Go's error texts (encoding/json), duplicate keys as data and a depth
 * limit; and a writer in Go's form: sorted or given key order, indent, `<`, `>` and `&` escaped
 * unless told otherwise.
 *
 * The reader is one pass over the text, without the host's parser, because that keeps neither
 * duplicates nor positions nor large whole numbers.
 */
import { err, ok, type Result } from '../base/result.ts';
import { compareText } from '../base/text.ts';
import { DEPTH_MAX, type DuplicateKey, type PathStep, setOwn, type Value } from './value.ts';

export interface JsonDocument {
  readonly value: Value;
  readonly duplicates: readonly DuplicateKey[];
}

export interface JsonError {
  /** Go's text: `invalid character '}' looking for beginning of value`. */
  readonly message: string;
  readonly offset: number;
}

/** Reads one JSON value, with nothing but blanks around it. */
export function parseJson(text: string): Result<JsonDocument, JsonError> {
  const reader = new JsonReader(text);
  const value = reader.document();
  if (reader.error !== undefined) return err(reader.error);
  return ok({ value: value as Value, duplicates: reader.duplicates });
}

export interface JsonPrefix {
  readonly value: Value;
  /** Where the text goes on behind the value and its blanks. */
  readonly end: number;
}

/** Reads the value that a text begins with, for streams of several. */
export function parseJsonPrefix(text: string): Result<JsonPrefix, JsonError> {
  const reader = new JsonReader(text);
  const prefix = reader.prefix();
  return reader.error === undefined ? ok(prefix) : err(reader.error);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;

/** Reads until the first error, which it keeps; after one, results mean nothing. */
class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  readonly #path: PathStep[] = [];
  readonly duplicates: DuplicateKey[] = [];
  error: JsonError | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  prefix(): JsonPrefix {
    const value = this.#value();
    this.#blanks();
    return { value, end: this.#at };
  }

  document(): Value | undefined {
    const value = this.#value();
    if (this.error !== undefined) return undefined;
    this.#blanks();
    if (this.#at < this.#text.length) this.#unexpected('after top-level value');
    return value;
  }

  #value(): Value {
    this.#blanks();
    const char = this.#text[this.#at];
    switch (char) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        if (char !== undefined && (char === '-' || (char >= '0' && char <= '9'))) {
          return this.#number();
        }
        return this.#unexpected('looking for beginning of value');
    }
  }

  #nested(read: () => Value): Value {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      this.#fail(`exceeded this simulator's max depth of ${DEPTH_MAX}`);
      return null;
    }
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): Value {
    const map: Record<string, Value> = {};
    this.#at += 1;
    this.#blanks();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return map;
    }
    for (;;) {
      this.#blanks();
      if (this.#text[this.#at] !== '"') {
        return this.#unexpected('looking for beginning of object key string');
      }
      const keyAt = this.#at;
      const key = this.#string() as string;
      if (this.error !== undefined) return null;
      this.#blanks();
      if (this.#text[this.#at] !== ':') return this.#unexpected('after object key');
      this.#at += 1;
      if (Object.hasOwn(map, key)) {
        this.duplicates.push({ path: this.#path.slice(), key, offset: keyAt });
      }
      this.#path.push(key);
      const value = this.#value();
      this.#path.pop();
      if (this.error !== undefined) return null;
      setOwn(map, key, value);
      this.#blanks();
      const next = this.#text[this.#at];
      if (next === '}') {
        this.#at += 1;
        return map;
      }
      if (next !== ',') return this.#unexpected('after object key:value pair');
      this.#at += 1;
    }
  }

  #array(): Value {
    const list: Value[] = [];
    this.#at += 1;
    this.#blanks();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return list;
    }
    for (;;) {
      this.#path.push(list.length);
      const value = this.#value();
      this.#path.pop();
      if (this.error !== undefined) return null;
      list.push(value);
      this.#blanks();
      const next = this.#text[this.#at];
      if (next === ']') {
        this.#at += 1;
        return list;
      }
      if (next !== ',') return this.#unexpected('after array element');
      this.#at += 1;
    }
  }

  #string(): Value {
    const text = this.#text;
    let out = '';
    this.#at += 1;
    for (;;) {
      PLAIN_TEXT.lastIndex = this.#at;
      const plain = PLAIN_TEXT.exec(text)?.[0] ?? '';
      this.#at += plain.length;
      out = out === '' ? plain : out + plain;
      const char = text[this.#at];
      if (char === '"') {
        this.#at += 1;
        return out;
      }
      if (char !== '\\') return this.#unexpected('in string literal');
      const escaped = text[this.#at + 1] ?? '';
      if (escaped === 'u') {
        const hex = text.slice(this.#at + 2, this.#at + 6);
        const good = /^[0-9a-fA-F]*/.exec(hex)?.[0].length ?? 0;
        if (good < 4) {
          this.#at += 2 + good;
          return this.#unexpected('in \\u hexadecimal character escape');
        }
        out += String.fromCharCode(Number.parseInt(hex, 16));
        this.#at += 6;
      } else if (Object.hasOwn(ESCAPES, escaped)) {
        out += ESCAPES[escaped];
        this.#at += 2;
      } else {
        this.#at += 1;
        return this.#unexpected('in string escape code');
      }
    }
  }

  #number(): Value {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text)?.[0];
    if (match === undefined) {
      this.#at += 1;
      return this.#unexpected('in numeric literal');
    }
    this.#at += match.length;
    const next = this.#text[this.#at];
    if (next === '.') {
      this.#at += 1;
      return this.#unexpected('after decimal point in numeric literal');
    }
    if ((next === 'e' || next === 'E') && !/[eE]/.test(match)) {
      this.#at += 1;
      const sign = this.#text[this.#at];
      if (sign === '+' || sign === '-') this.#at += 1;
      return this.#unexpected('in exponent of numeric literal');
    }
    const value = Number(match);
    if (!Number.isSafeInteger(value) && /^-?\d+$/.test(match)) return BigInt(match);
    return value;
  }

  #literal(word: string, value: Value): Value {
    for (let index = 1; index < word.length; index += 1) {
      this.#at += 1;
      if (this.#text[this.#at] !== word[index]) {
        return this.#unexpected(`in literal ${word} (expecting '${word[index] as string}')`);
      }
    }
    this.#at += 1;
    return value;
  }

  #blanks(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return;
      this.#at += 1;
    }
  }

  #unexpected(where: string): null {
    const point = this.#text.codePointAt(this.#at);
    this.#fail(
      point === undefined
        ? 'unexpected end of JSON input'
        : `invalid character ${quotedChar(point)} ${where}`,
    );
    return null;
  }

  #fail(message: string): void {
    this.error ??= { message, offset: this.#at };
  }
}

/** A character as Go's scanner quotes it: `'x'`, `'\''`, `'"'`, `'\n'`. */
function quotedChar(point: number): string {
  if (point === 39) return "'\\''";
  if (point === 34) return "'\"'";
  if (point === 10) return "'\\n'";
  if (point === 13) return "'\\r'";
  if (point === 9) return "'\\t'";
  if (point === 92) return "'\\\\'";
  if (point < 32 || point === 127) return `'\\x${point.toString(16).padStart(2, '0')}'`;
  return `'${String.fromCodePoint(point)}'`;
}

export interface JsonFormat {
  /** Blanks per level; 0 prints on one line. */
  readonly indent?: number;
  /** Keys in byte order; otherwise in the order of the value. */
  readonly sortKeys?: boolean;
  /** `<`, `>` and `&` as escapes, which is Go's default. */
  readonly escapeHtml?: boolean;
}

/** The value as JSON in Go's form. Fields that are undefined are left out. */
export function formatJson(value: unknown, format: JsonFormat = {}): string {
  const parts: string[] = [];
  const writer: Writer = {
    parts,
    indent: format.indent ?? 0,
    sortKeys: format.sortKeys ?? false,
    escapeHtml: format.escapeHtml ?? true,
  };
  write(writer, value, 0);
  return parts.join('');
}

interface Writer {
  readonly parts: string[];
  readonly indent: number;
  readonly sortKeys: boolean;
  readonly escapeHtml: boolean;
}

function write(writer: Writer, value: unknown, level: number): void {
  const { parts, indent } = writer;
  if (value === null || value === undefined) parts.push('null');
  else if (typeof value === 'string') parts.push(quoteJson(value, writer.escapeHtml));
  else if (typeof value === 'number') parts.push(formatNumber(value));
  else if (typeof value !== 'object') parts.push(String(value));
  else if (Array.isArray(value)) {
    if (value.length === 0) {
      parts.push('[]');
      return;
    }
    parts.push('[');
    value.forEach((item, index) => {
      if (index > 0) parts.push(',');
      breakLine(parts, indent, level + 1);
      write(writer, item, level + 1);
    });
    breakLine(parts, indent, level);
    parts.push(']');
  } else writeMap(writer, value as Record<string, unknown>, level);
}

function writeMap(writer: Writer, map: Record<string, unknown>, level: number): void {
  const { parts, indent } = writer;
  const keys = Object.keys(map);
  if (writer.sortKeys) keys.sort(compareText);
  let first = true;
  for (const key of keys) {
    const item = map[key];
    if (item === undefined) continue;
    parts.push(first ? '{' : ',');
    first = false;
    breakLine(parts, indent, level + 1);
    parts.push(quoteJson(key, writer.escapeHtml), indent > 0 ? ': ' : ':');
    write(writer, item, level + 1);
  }
  if (first) {
    parts.push('{}');
    return;
  }
  breakLine(parts, indent, level);
  parts.push('}');
}

function breakLine(parts: string[], indent: number, level: number): void {
  if (indent > 0) parts.push('\n', ' '.repeat(indent * level));
}

/** A number as Go's encoding/json prints a float64: plain below 1e21, else `1e+21`. */
export function formatNumber(value: number): string {
  const text = String(value);
  return text.startsWith('-0') && value === 0 ? '0' : text;
}

const SPECIAL = /["\\\u0000-\u001f\u007f<>&\u2028\u2029\ud800-\udfff]/;

/** A JSON string in Go's escapes. */
function quoteJson(text: string, escapeHtml = true): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  let out = '"';
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (point >= 32 && point < 127) {
      const html = escapeHtml && (char === '<' || char === '>' || char === '&');
      out += html ? unicodeEscape(point) : char;
    } else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (char === '\b') out += '\\b';
    else if (char === '\f') out += '\\f';
    else if (point < 32 || point === 0x2028 || point === 0x2029) out += unicodeEscape(point);
    else if (point >= 0xd800 && point < 0xe000) out += '\\ufffd';
    else out += char;
  }
  return `${out}"`;
}

function unicodeEscape(point: number): string {
  return `\\u${point.toString(16).padStart(4, '0')}`;
}
