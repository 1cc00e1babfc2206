/** jq's tokens. A string comes with its interpolations parsed. */
import type { Filter } from './filter.ts';

export interface Token {
  readonly kind:
    | 'number'
    | 'text'
    | 'name'
    | 'field'
    | 'variable'
    | 'format'
    | 'keyword'
    | 'operator'
    | 'end';
  readonly text: string;
  readonly parts?: readonly (string | Filter)[];
}

const KEYWORDS = new Set([
  'def',
  'if',
  'then',
  'elif',
  'else',
  'end',
  'as',
  'reduce',
  'foreach',
  'try',
  'catch',
  'label',
  'import',
  'include',
  'and',
  'or',
  '__loc__',
]);
const OPERATORS = [
  '?//=',
  '?//',
  '|=',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '//=',
  '==',
  '!=',
  '<=',
  '>=',
  '//',
  '..',
  '.',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  '|',
  ',',
  ':',
  ';',
  '=',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '%',
  '?',
  '$',
];

/** What stands between the parentheses of an interpolation, as a filter. */
export type ParseInner = (text: string) => {
  readonly filter: Filter;
  readonly error: string | undefined;
};

export class Lexer {
  error: string | undefined;
  readonly #text: string;
  readonly #parse: ParseInner;
  #at = 0;

  constructor(text: string, parse: ParseInner) {
    this.#text = text;
    this.#parse = parse;
  }

  next(): Token {
    const text = this.#text;
    for (;;) {
      const char = text[this.#at];
      if (char !== undefined && /\s/.test(char)) this.#at += 1;
      else if (char === '#') {
        const end = text.indexOf('\n', this.#at);
        this.#at = end < 0 ? text.length : end;
      } else break;
    }
    const rest = text.slice(this.#at, this.#at + 200);
    if (rest === '') return { kind: 'end', text: '' };
    if (rest[0] === '"') return this.#string();
    const field = /^\.([A-Za-z_]\w*)/.exec(rest);
    const number = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(rest);
    const name = /^[A-Za-z_](?:\w|::)*/.exec(rest);
    const variable = /^\$(?:__loc__|[A-Za-z_](?:\w|::)*)/.exec(rest);
    const format = /^@[A-Za-z0-9]+/.exec(rest);
    const take = (kind: Token['kind'], match: RegExpExecArray, value: string): Token => {
      this.#at += match[0].length;
      return { kind, text: value };
    };
    if (field !== null) return take('field', field, field[1] as string);
    if (number !== null) return take('number', number, number[0]);
    if (variable !== null) return take('variable', variable, variable[0].slice(1));
    if (name !== null) return take(KEYWORDS.has(name[0]) ? 'keyword' : 'name', name, name[0]);
    if (format !== null) return take('format', format, format[0]);
    const operator = OPERATORS.find((each) => rest.startsWith(each));
    if (operator === undefined) {
      this.error ??= `syntax error, unexpected INVALID_CHARACTER (Unix shell quoting issues?)`;
      return { kind: 'end', text: '' };
    }
    this.#at += operator.length;
    return { kind: 'operator', text: operator };
  }

  /** A string with its interpolations. */
  #string(): Token {
    const text = this.#text;
    const parts: (string | Filter)[] = [];
    let plain = '';
    this.#at += 1;
    for (;;) {
      const char = text[this.#at];
      if (char === undefined) {
        this.error ??=
          'syntax error, unexpected QQSTRING_START, expecting $end (Unix shell quoting issues?)';
        return { kind: 'end', text: '' };
      }
      this.#at += 1;
      if (char === '"') break;
      if (char !== '\\') {
        plain += char;
        continue;
      }
      const letter = text[this.#at] ?? '';
      this.#at += 1;
      if (letter === '(') {
        const end = this.#closing(this.#at);
        if (plain !== '') parts.push(plain);
        plain = '';
        const inner = this.#parse(text.slice(this.#at, end));
        parts.push(inner.filter);
        this.error ??= inner.error;
        this.#at = end + 1;
      } else if (letter === 'u') {
        plain += String.fromCharCode(Number.parseInt(text.slice(this.#at, this.#at + 4), 16) || 0);
        this.#at += 4;
      } else {
        const at = 'nrtbf"\\/'.indexOf(letter);
        if (at < 0)
          this.error ??= 'syntax error, unexpected INVALID_CHARACTER (Unix shell quoting issues?)';
        plain += '\n\r\t\b\f"\\/'[at] ?? '';
      }
    }
    if (plain !== '' || parts.length === 0) parts.push(plain);
    return { kind: 'text', text: '', parts };
  }

  /** Index of the parenthesis that closes an interpolation. */
  #closing(from: number): number {
    let depth = 1;
    let index = from;
    while (index < this.#text.length) {
      const char = this.#text[index];
      if (char === '"') {
        index += 1;
        while (index < this.#text.length && this.#text[index] !== '"') {
          if (this.#text[index] === '\\' && this.#text[index + 1] === '(')
            index = this.#closing(index + 2);
          else if (this.#text[index] === '\\') index += 1;
          index += 1;
        }
      } else if (char === '(') depth += 1;
      else if (char === ')') {
        depth -= 1;
        if (depth === 0) return index;
      }
      index += 1;
    }
    return index;
  }
}
