/** The grammar of the shell's arithmetic: C's operators on 64-bit integers, text to a tree (bash 5.2 expr.c). */

/** An error in bash's words, without prefix. */
export interface ArithmeticFault {
  readonly message: string;
}

export type Expression =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'variable'; readonly name: string; readonly index: string | undefined }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'step';
      readonly operator: '++' | '--';
      readonly prefix: boolean;
      readonly target: Expression;
    }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
      readonly rest: string;
    }
  | {
      readonly kind: 'assign';
      readonly operator: string;
      readonly target: Expression;
      readonly value: Expression;
      readonly rest: string;
    }
  | {
      readonly kind: 'choice';
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    };

const DEPTH_MAX = 200;

const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const ASSIGNMENTS = ['=', '*=', '/=', '%=', '+=', '-=', '<<=', '>>=', '&=', '^=', '|='];
const OPERATORS = [
  '<<=',
  '>>=',
  '**',
  '++',
  '--',
  '<<',
  '>>',
  '<=',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  '*=',
  '/=',
  '%=',
  '+=',
  '-=',
  '&=',
  '^=',
  '|=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '<',
  '>',
  '=',
  '!',
  '~',
  '&',
  '|',
  '^',
  '?',
  ':',
  ',',
  '(',
  ')',
];

interface Token {
  readonly kind: 'number' | 'name' | 'operator' | 'end' | 'bad';
  readonly text: string;
  readonly index?: string;
  /** Where the token begins. */
  readonly pos: number;
}

export function parseArithmetic(text: string): Expression | ArithmeticFault {
  const parser = new Parser(text);
  const expression = parser.whole();
  return parser.fault ?? expression;
}

export function isFault(value: Expression | ArithmeticFault): value is ArithmeticFault {
  return !('kind' in value);
}

class Parser {
  readonly text: string;
  fault: ArithmeticFault | undefined;
  #at = 0;
  #depth = 0;
  #token: Token;

  constructor(text: string) {
    this.text = text;
    this.#token = this.#read();
  }

  whole(): Expression {
    const first: Token = this.#token;
    if (first.kind === 'end') return { kind: 'number', value: 0n };
    const expression = this.#comma();
    // Reading on has moved the token since it was asked for.
    const left: Token = this.#token;
    if (left.kind !== 'end') this.#fail('syntax error in expression', left.pos);
    return expression;
  }

  #fail(message: string, pos: number): void {
    if (this.fault !== undefined) return;
    const rest = this.text.slice(pos);
    const shown = this.text.replace(/^\s+/, '');
    this.fault = { message: `${shown}: ${message} (error token is "${rest}")` };
    this.#at = this.text.length;
    this.#token = { kind: 'end', text: '', pos: this.text.length };
  }

  #next(): Token {
    const token = this.#token;
    this.#token = this.#read();
    return token;
  }

  #read(): Token {
    const { text } = this;
    while (/\s/.test(text[this.#at] ?? '')) this.#at += 1;
    const pos = this.#at;
    if (pos >= text.length) return { kind: 'end', text: '', pos };
    const rest = text.slice(pos, pos + 200);
    const number = /^[0-9][0-9A-Za-z_@#]*/.exec(rest);
    if (number !== null) {
      this.#at += number[0].length;
      return { kind: 'number', text: number[0], pos };
    }
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest);
    if (name !== null) {
      this.#at += name[0].length;
      if (text[this.#at] !== '[') return { kind: 'name', text: name[0], pos };
      const close = closingBracket(text, this.#at);
      if (close < 0) return { kind: 'bad', text: name[0], pos };
      const index = text.slice(this.#at + 1, close);
      this.#at = close + 1;
      return { kind: 'name', text: name[0], index, pos };
    }
    const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
    if (operator === undefined) return { kind: 'bad', text: rest.charAt(0), pos };
    this.#at += operator.length;
    return { kind: 'operator', text: operator, pos };
  }

  #is(...operators: readonly string[]): boolean {
    return this.#token.kind === 'operator' && operators.includes(this.#token.text);
  }

  #comma(): Expression {
    let left = this.#assign();
    while (this.#is(',')) {
      this.#next();
      const right = this.#assign();
      left = { kind: 'binary', operator: ',', left, right, rest: '' };
    }
    return left;
  }

  #assign(): Expression {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('expression recursion level exceeded', this.#token.pos);
    const target = this.#choice();
    let result = target;
    if (this.#token.kind === 'operator' && ASSIGNMENTS.includes(this.#token.text)) {
      const operator = this.#next();
      if (target.kind !== 'variable')
        this.#fail('attempted assignment to non-variable', operator.pos);
      const at = this.#token.pos;
      const value = this.#assign();
      result = {
        kind: 'assign',
        operator: operator.text,
        target,
        value,
        rest: this.text.slice(at),
      };
    }
    this.#depth -= 1;
    return result;
  }

  #choice(): Expression {
    const test = this.#binary(0);
    if (!this.#is('?')) return test;
    this.#next();
    if (this.#is(':')) this.#fail('expression expected', this.#token.pos);
    const yes = this.#comma();
    if (!this.#is(':')) this.#fail("`:' expected for conditional expression", this.#token.pos);
    else this.#next();
    const no = this.#assign();
    return { kind: 'choice', test, yes, no };
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#power();
    let left = this.#binary(level + 1);
    while (this.#token.kind === 'operator' && operators.includes(this.#token.text)) {
      const operator = this.#next().text;
      const at = this.#token.pos;
      const right = this.#binary(level + 1);
      left = { kind: 'binary', operator, left, right, rest: this.text.slice(at) };
    }
    return left;
  }

  #power(): Expression {
    const left = this.#unary();
    if (!this.#is('**')) return left;
    this.#next();
    const at = this.#token.pos;
    return {
      kind: 'binary',
      operator: '**',
      left,
      right: this.#power(),
      rest: this.text.slice(at),
    };
  }

  #unary(): Expression {
    if (this.#is('!', '~', '-', '+')) {
      const operator = this.#next().text;
      this.#depth += 1;
      if (this.#depth > DEPTH_MAX)
        this.#fail('expression recursion level exceeded', this.#token.pos);
      const operand = this.#unary();
      this.#depth -= 1;
      return { kind: 'unary', operator, operand };
    }
    if (this.#is('++', '--')) {
      const operator = this.#next().text as '++' | '--';
      const target = this.#unary();
      if (target.kind !== 'variable') {
        const one: Expression = { kind: 'unary', operator: operator.charAt(0), operand: target };
        return { kind: 'unary', operator: operator.charAt(0), operand: one };
      }
      return { kind: 'step', operator, prefix: true, target };
    }
    return this.#postfix();
  }

  #postfix(): Expression {
    const target = this.#primary();
    if (target.kind === 'variable' && this.#is('++', '--')) {
      const operator = this.#next().text as '++' | '--';
      return { kind: 'step', operator, prefix: false, target };
    }
    return target;
  }

  #primary(): Expression {
    const token = this.#token;
    if (token.kind === 'number') {
      this.#next();
      const value = numberOf(token.text);
      if (typeof value === 'bigint') return { kind: 'number', value };
      this.fault ??= {
        message: `${this.text.trimStart()}: ${value} (error token is "${token.text}")`,
      };
      return { kind: 'number', value: 0n };
    }
    if (token.kind === 'name') {
      this.#next();
      return { kind: 'variable', name: token.text, index: token.index };
    }
    if (this.#is('(')) {
      this.#next();
      const inner = this.#comma();
      if (!this.#is(')')) this.#fail("missing `)'", this.#token.pos);
      else this.#next();
      return inner;
    }
    this.#fail('syntax error: operand expected', token.pos);
    return { kind: 'number', value: 0n };
  }
}

function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === '[') depth += 1;
    else if (text[index] === ']') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

/** Reads `12`, `0x1f`, `017`, `2#101`; the error's words when it is none. */
function numberOf(text: string): bigint | string {
  const based = /^([0-9]+)#([0-9A-Za-z@_]*)$/.exec(text);
  if (based !== null) {
    const base = Number(based[1]);
    if (base < 2 || base > 64) return 'invalid arithmetic base';
    return digitsOf(based[2] as string, base);
  }
  if (/^0[xX]/.test(text)) return digitsOf(text.slice(2), 16);
  if (/^0/.test(text)) return digitsOf(text.slice(1), 8);
  return digitsOf(text, 10);
}

function digitsOf(text: string, base: number): bigint | string {
  let value = 0n;
  for (const char of text) {
    let digit = 64;
    if (char >= '0' && char <= '9') digit = char.charCodeAt(0) - 48;
    else if (char >= 'a' && char <= 'z') digit = char.charCodeAt(0) - 97 + 10;
    else if (char >= 'A' && char <= 'Z') digit = char.charCodeAt(0) - 65 + (base <= 36 ? 10 : 36);
    else if (char === '@') digit = 62;
    else if (char === '_') digit = 63;
    if (digit >= base) return 'value too great for base';
    value = value * BigInt(base) + BigInt(digit);
  }
  return BigInt.asIntN(64, value);
}
