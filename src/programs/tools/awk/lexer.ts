/** Tokens of awk (POSIX awk with gawk's common additions). A newline is a token where it ends a statement. */

export interface Token {
  readonly kind:
    | 'number'
    | 'string'
    | 'regexp'
    | 'name'
    | 'call'
    | 'builtin'
    | 'keyword'
    | 'operator'
    | 'newline'
    | 'end'
    | 'bad';
  readonly text: string;
  readonly line: number;
}

const KEYWORDS = new Set([
  'BEGIN',
  'END',
  'BEGINFILE',
  'ENDFILE',
  'function',
  'func',
  'if',
  'else',
  'while',
  'for',
  'do',
  'break',
  'continue',
  'next',
  'nextfile',
  'exit',
  'return',
  'delete',
  'in',
  'getline',
  'print',
  'printf',
  'switch',
  'case',
  'default',
]);

const BUILTINS = new Set([
  'length',
  'substr',
  'index',
  'split',
  'sub',
  'gsub',
  'gensub',
  'match',
  'sprintf',
  'sin',
  'cos',
  'atan2',
  'exp',
  'log',
  'sqrt',
  'int',
  'rand',
  'srand',
  'tolower',
  'toupper',
  'system',
  'close',
  'fflush',
  'systime',
  'strftime',
  'mktime',
  'asort',
  'asorti',
  'strtonum',
  'and',
  'or',
  'xor',
  'lshift',
  'rshift',
  'compl',
  'isarray',
  'typeof',
]);

const OPERATORS = [
  '**=',
  '...',
  '&&',
  '||',
  '++',
  '--',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '^=',
  '**',
  '==',
  '<=',
  '>=',
  '!=',
  '!~',
  '>>',
  '|&',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ';',
  ',',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '!',
  '>',
  '<',
  '|',
  '?',
  ':',
  '~',
  '$',
  '=',
];

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  '/': '/',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Decodes the escapes of a string constant. */
export function unescapeString(text: string): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|\n|([\s\S]))/g,
    (
      whole: string,
      octal: string | undefined,
      hex: string | undefined,
      letter: string | undefined,
    ) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (letter === undefined) return '';
      return Object.hasOwn(ESCAPES, letter) ? (ESCAPES[letter] as string) : whole;
    },
  );
}

export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Does `getline` come next? Asked at a `|`. */
  startsWithGetline(): boolean {
    return /^\s*getline\b/.test(this.#text.slice(this.#at, this.#at + 40));
  }

  /** The next token; a `/` begins a regular expression where an operand may stand. */
  next(operand: boolean): Token {
    const text = this.#text;
    for (;;) {
      const char = text[this.#at];
      if (char === ' ' || char === '\t' || char === '\r') this.#at += 1;
      else if (char === '\\' && /^\\\r?\n/.test(text.slice(this.#at, this.#at + 3))) {
        this.#at = text.indexOf('\n', this.#at) + 1;
        this.#line += 1;
      } else if (char === '#') {
        const end = text.indexOf('\n', this.#at);
        this.#at = end < 0 ? text.length : end;
      } else break;
    }
    const line = this.#line;
    const make = (kind: Token['kind'], value: string): Token => ({ kind, text: value, line });
    const char = text[this.#at];
    if (char === undefined) return make('end', '');
    if (char === '\n') {
      this.#at += 1;
      this.#line += 1;
      return make('newline', '\n');
    }
    const rest = text.slice(this.#at, this.#at + 64);
    const number = /^(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/.exec(
      rest,
    );
    if (number !== null) {
      this.#at += number[0].length;
      return make('number', number[0]);
    }
    if (char === '"') return this.#quoted('"', 'string', line);
    if (char === '/' && operand) return this.#quoted('/', 'regexp', line);
    const name = /^[A-Za-z_]\w*/.exec(text.slice(this.#at));
    if (name !== null) {
      this.#at += name[0].length;
      if (KEYWORDS.has(name[0])) return make('keyword', name[0]);
      if (BUILTINS.has(name[0])) return make('builtin', name[0]);
      return make(text[this.#at] === '(' ? 'call' : 'name', name[0]);
    }
    const operator = OPERATORS.find((each) => rest.startsWith(each));
    if (operator === undefined) {
      this.#at += 1;
      return make('bad', char);
    }
    this.#at += operator.length;
    return make('operator', operator === '**' ? '^' : operator === '**=' ? '^=' : operator);
  }

  #quoted(mark: string, kind: 'string' | 'regexp', line: number): Token {
    const text = this.#text;
    let at = this.#at + 1;
    let inSet = false;
    while (at < text.length) {
      const char = text[at] as string;
      if (char === '\n') break;
      if (char === '\\') {
        if (text[at + 1] === '\n') this.#line += 1;
        at += 2;
        continue;
      }
      if (kind === 'regexp' && char === '[' && !inSet) {
        inSet = true;
        if (text[at + 1] === '^') at += 1;
        if (text[at + 1] === ']') at += 1;
      } else if (char === ']') inSet = false;
      else if (char === mark && !inSet) {
        const body = text.slice(this.#at + 1, at);
        this.#at = at + 1;
        return {
          kind,
          text: kind === 'string' ? unescapeString(body) : body.replace(/\\\//g, '/'),
          line,
        };
      }
      at += 1;
    }
    this.#at = text.length;
    return {
      kind: 'bad',
      text: kind === 'string' ? 'unterminated string' : 'unterminated regexp',
      line,
    };
  }
}
