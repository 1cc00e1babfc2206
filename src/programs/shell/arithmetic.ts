/**
 * Shell arithmetic: 64-bit integers in C's syntax, for `$(( ))`, `(( ))`, `let`, subscripts and slices
 * (bash 5.2 expr.c). Text in, tree out; the tree is evaluated against a small view of variables, so
 * that a variable whose value is itself an expression is evaluated in turn.
 *
 * Values are BigInt only where a number would lose bits: everything is kept as a JavaScript number
 * while it is a safe integer, and wrapped to 64 bits beyond that.
 */

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

/** How variables are read and written while evaluating. */
export interface ArithmeticScope {
  /** Text of a variable or element; undefined when unset. A fault is set through `fail`. */
  read(name: string, index: string | undefined): string | undefined;
  write(name: string, index: string | undefined, value: string): void;
  /** Parsed form of a text, remembered. */
  parse(text: string): Expression | ArithmeticFault;
}

const DEPTH_MAX = 200;
const RECURSION_MAX = 1000;

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

function isFault(value: Expression | ArithmeticFault): value is ArithmeticFault {
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

/** Evaluates a text; a fault in bash's words otherwise. */
export function evaluateArithmetic(text: string, scope: ArithmeticScope): bigint | ArithmeticFault {
  const machine = new Machine(scope);
  const value = machine.text(text, 0);
  return machine.fault ?? value;
}

class Machine {
  readonly scope: ArithmeticScope;
  fault: ArithmeticFault | undefined;
  #source = '';

  constructor(scope: ArithmeticScope) {
    this.scope = scope;
  }

  text(text: string, depth: number): bigint {
    if (this.fault !== undefined) return 0n;
    if (/^[0-9]{1,15}$/.test(text) && (text === '0' || text[0] !== '0')) return BigInt(text);
    if (depth > RECURSION_MAX) {
      this.fault = {
        message: `${text}: expression recursion level exceeded (error token is "${text}")`,
      };
      return 0n;
    }
    const expression = this.scope.parse(text);
    if (isFault(expression)) {
      this.fault ??= expression;
      return 0n;
    }
    const outer = this.#source;
    this.#source = text;
    const value = this.#eval(expression, depth);
    this.#source = outer;
    return value;
  }

  #read(target: Expression, depth: number): bigint {
    if (target.kind !== 'variable') return 0n;
    const value = this.scope.read(target.name, target.index);
    return value === undefined || value === '' ? 0n : this.text(value, depth + 1);
  }

  #write(target: Expression, value: bigint): bigint {
    const wrapped = BigInt.asIntN(64, value);
    if (target.kind === 'variable' && this.fault === undefined) {
      this.scope.write(target.name, target.index, wrapped.toString());
    }
    return wrapped;
  }

  #eval(node: Expression, depth: number): bigint {
    if (this.fault !== undefined) return 0n;
    switch (node.kind) {
      case 'number':
        return node.value;
      case 'variable':
        return this.#read(node, depth);
      case 'unary': {
        const value = this.#eval(node.operand, depth);
        if (node.operator === '!') return value === 0n ? 1n : 0n;
        if (node.operator === '~') return ~value;
        return node.operator === '-' ? BigInt.asIntN(64, -value) : value;
      }
      case 'step': {
        const old = this.#read(node.target, depth);
        const fresh = this.#write(node.target, node.operator === '++' ? old + 1n : old - 1n);
        return node.prefix ? fresh : old;
      }
      case 'assign': {
        if (node.operator === '=') return this.#write(node.target, this.#eval(node.value, depth));
        const old = this.#read(node.target, depth);
        const value = this.#eval(node.value, depth);
        return this.#write(
          node.target,
          this.#apply(node.operator.slice(0, -1), old, value, node.rest),
        );
      }
      case 'choice':
        return this.#eval(node.test, depth) === 0n
          ? this.#eval(node.no, depth)
          : this.#eval(node.yes, depth);
      case 'binary': {
        const left = this.#eval(node.left, depth);
        if (node.operator === '&&')
          return left !== 0n && this.#eval(node.right, depth) !== 0n ? 1n : 0n;
        if (node.operator === '||')
          return left !== 0n || this.#eval(node.right, depth) !== 0n ? 1n : 0n;
        const right = this.#eval(node.right, depth);
        return this.#apply(node.operator, left, right, node.rest);
      }
    }
  }

  #apply(operator: string, a: bigint, b: bigint, rest: string): bigint {
    const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
    const truth = (value: boolean): bigint => (value ? 1n : 0n);
    switch (operator) {
      case ',':
        return b;
      case '+':
        return wrap(a + b);
      case '-':
        return wrap(a - b);
      case '*':
        return wrap(a * b);
      case '/':
      case '%':
        if (b === 0n) {
          this.fault ??= {
            message: `${this.#source.trimStart()}: division by 0 (error token is "${rest}")`,
          };
          return 0n;
        }
        return wrap(operator === '/' ? a / b : a % b);
      case '**':
        return this.#power(a, b, rest);
      case '<<':
        return wrap(a << (b & 63n));
      case '>>':
        return a >> (b & 63n);
      case '<':
        return truth(a < b);
      case '>':
        return truth(a > b);
      case '<=':
        return truth(a <= b);
      case '>=':
        return truth(a >= b);
      case '==':
        return truth(a === b);
      case '!=':
        return truth(a !== b);
      case '&':
        return a & b;
      case '^':
        return a ^ b;
      default:
        return a | b;
    }
  }

  #power(base: bigint, exponent: bigint, rest: string): bigint {
    if (exponent < 0n) {
      this.fault ??= {
        message: `${this.#source.trimStart()}: exponent less than 0 (error token is "${rest}")`,
      };
      return 0n;
    }
    let result = 1n;
    let factor = base;
    let left = exponent;
    while (left > 0n) {
      if ((left & 1n) === 1n) result = BigInt.asIntN(64, result * factor);
      factor = BigInt.asIntN(64, factor * factor);
      left >>= 1n;
    }
    return result;
  }
}
