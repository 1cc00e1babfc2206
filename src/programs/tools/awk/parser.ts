/** awk's grammar: program text to rules, functions and statements. The first error stops reading. */
import { Lexer, type Token } from './lexer.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'regexp'; readonly source: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'field'; readonly index: Expression }
  | { readonly kind: 'element'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly kind: 'in'; readonly name: string; readonly keys: readonly Expression[] }
  | {
      readonly kind: 'assign';
      readonly operator: string;
      readonly target: Expression;
      readonly value: Expression;
    }
  | {
      readonly kind: 'step';
      readonly operator: '++' | '--';
      readonly prefix: boolean;
      readonly target: Expression;
    }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'match';
      readonly negated: boolean;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'choice';
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'builtin'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'getline';
      readonly form: 'plain' | 'file' | 'command';
      readonly source: Expression | undefined;
      readonly target: Expression | undefined;
    }
  | { readonly kind: 'group'; readonly items: readonly Expression[] };

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expression }
  | {
      readonly kind: 'print' | 'printf';
      readonly args: readonly Expression[];
      readonly target: Redirect | undefined;
    }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly yes: Statement;
      readonly no: Statement | undefined;
    }
  | { readonly kind: 'while' | 'do'; readonly test: Expression; readonly body: Statement }
  | {
      readonly kind: 'for';
      readonly start: Statement | undefined;
      readonly test: Expression | undefined;
      readonly step: Statement | undefined;
      readonly body: Statement;
    }
  | {
      readonly kind: 'each';
      readonly variable: string;
      readonly array: string;
      readonly body: Statement;
    }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | { readonly kind: 'switch'; readonly value: Expression; readonly cases: readonly SwitchCase[] }
  | {
      readonly kind: 'delete';
      readonly name: string;
      readonly keys: readonly Expression[] | undefined;
    }
  | { readonly kind: 'exit' | 'return'; readonly value: Expression | undefined }
  | { readonly kind: 'break' | 'continue' | 'next' | 'nextfile' };

export interface SwitchCase {
  /** Undefined: default. */
  readonly value: Expression | undefined;
  readonly body: readonly Statement[];
}

export interface Redirect {
  readonly operator: '>' | '>>' | '|';
  readonly target: Expression;
}

export interface Rule {
  readonly kind: 'BEGIN' | 'END' | 'BEGINFILE' | 'ENDFILE' | 'pattern';
  readonly pattern: Expression | undefined;
  readonly last: Expression | undefined;
  /** Undefined: print $0. */
  readonly body: Statement | undefined;
}

export interface AwkFunction {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface AwkProgram {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, AwkFunction>;
  readonly error:
    | { readonly line: number; readonly message: string; readonly near: string }
    | undefined;
}

const DEPTH_MAX = 400;
const COMPARISONS = ['<', '<=', '==', '!=', '>', '>='];
const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^='];

export function parseAwk(text: string): AwkProgram {
  const parser = new Parser(text);
  return parser.program();
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #error: AwkProgram['error'];
  #depth = 0;
  /** Inside `print …` a bare `>` is a redirection; inside parentheses of a `for` `in` is looked at by it. */
  #noGreater = false;
  #noIn = false;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next(true);
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    this.#newlines();
    while (this.#token.kind !== 'end') {
      if (this.#isKeyword('function') || this.#isKeyword('func')) this.#function(functions);
      else rules.push(this.#rule());
      while (this.#is(';') || this.#token.kind === 'newline') this.#next();
    }
    return { rules, functions, error: this.#error };
  }

  #fail(message = 'syntax error'): void {
    this.#error ??= { line: this.#token.line, message, near: this.#token.text };
    this.#token = { kind: 'end', text: '', line: this.#token.line };
  }

  #next(): Token {
    const token = this.#token;
    if (this.#error !== undefined) return token;
    const after =
      token.kind === 'number' ||
      token.kind === 'string' ||
      token.kind === 'name' ||
      token.kind === 'regexp' ||
      token.kind === 'builtin' ||
      (token.kind === 'operator' &&
        (token.text === ')' || token.text === ']' || token.text === '$'));
    this.#token = this.#lexer.next(!after);
    if (this.#token.kind === 'bad')
      this.#fail(this.#token.text.startsWith('unterminated') ? this.#token.text : 'syntax error');
    return token;
  }

  #is(...operators: readonly string[]): boolean {
    return this.#token.kind === 'operator' && operators.includes(this.#token.text);
  }

  #isKeyword(word: string): boolean {
    return this.#token.kind === 'keyword' && this.#token.text === word;
  }

  #expect(operator: string): void {
    if (this.#is(operator)) this.#next();
    else this.#fail();
  }

  #newlines(): void {
    while (this.#token.kind === 'newline') this.#next();
  }

  #function(functions: Map<string, AwkFunction>): void {
    this.#next();
    const name = this.#next().text;
    this.#expect('(');
    const parameters: string[] = [];
    while (this.#token.kind === 'name') {
      parameters.push(this.#next().text);
      if (this.#is(',')) this.#next();
      this.#newlines();
    }
    this.#expect(')');
    this.#newlines();
    functions.set(name, { name, parameters, body: this.#block() });
  }

  #rule(): Rule {
    const special = this.#token;
    if (special.kind === 'keyword' && /^(BEGIN|END|BEGINFILE|ENDFILE)$/.test(special.text)) {
      this.#next();
      return {
        kind: special.text as 'BEGIN',
        pattern: undefined,
        last: undefined,
        body: this.#block(),
      };
    }
    let pattern: Expression | undefined;
    let last: Expression | undefined;
    if (!this.#is('{')) {
      pattern = this.#expression();
      if (this.#is(',')) {
        this.#next();
        this.#newlines();
        last = this.#expression();
      }
    }
    const body = this.#is('{') ? this.#block() : undefined;
    return { kind: 'pattern', pattern, last, body };
  }

  #block(): Statement {
    this.#expect('{');
    const body: Statement[] = [];
    this.#terminators();
    while (!this.#is('}') && this.#token.kind !== 'end') {
      body.push(this.#statement());
      this.#terminators();
    }
    this.#expect('}');
    return { kind: 'block', body };
  }

  #terminators(): void {
    while (this.#is(';') || this.#token.kind === 'newline') this.#next();
  }

  #endSimple(): void {
    if (this.#is(';') || this.#token.kind === 'newline') this.#next();
    else if (!this.#is('}') && this.#token.kind !== 'end') this.#fail();
  }

  #statement(): Statement {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('program nested too deep');
    const statement = this.#statementInner();
    this.#depth -= 1;
    return statement;
  }

  /** The body of if, while, for: a statement on this or the next line, or an empty one. */
  #bodyStatement(): Statement {
    this.#newlines();
    if (this.#is(';')) {
      this.#next();
      return { kind: 'block', body: [] };
    }
    return this.#statement();
  }

  #statementInner(): Statement {
    const token = this.#token;
    if (this.#is('{')) return this.#block();
    if (token.kind !== 'keyword') {
      const simple = this.#simple();
      this.#endSimple();
      return simple;
    }
    switch (token.text) {
      case 'if':
        return this.#if();
      case 'while': {
        this.#next();
        this.#expect('(');
        const test = this.#grouped();
        this.#expect(')');
        return { kind: 'while', test, body: this.#bodyStatement() };
      }
      case 'do': {
        this.#next();
        const body = this.#bodyStatement();
        this.#terminators();
        if (!this.#isKeyword('while')) this.#fail();
        this.#next();
        this.#expect('(');
        const test = this.#grouped();
        this.#expect(')');
        this.#endSimple();
        return { kind: 'do', test, body };
      }
      case 'for':
        return this.#for();
      case 'switch':
        return this.#switch();
      case 'break':
      case 'continue':
      case 'next':
      case 'nextfile':
        this.#next();
        this.#endSimple();
        return { kind: token.text };
      case 'exit':
      case 'return': {
        this.#next();
        const value =
          this.#is(';', '}') || this.#token.kind === 'newline' || this.#token.kind === 'end'
            ? undefined
            : this.#expression();
        this.#endSimple();
        return { kind: token.text, value };
      }
      default: {
        const simple = this.#simple();
        this.#endSimple();
        return simple;
      }
    }
  }

  #if(): Statement {
    this.#next();
    this.#expect('(');
    const test = this.#grouped();
    this.#expect(')');
    const yes = this.#bodyStatement();
    // `; else` and a newline before else belong to the if.
    while ((this.#is(';') || this.#token.kind === 'newline') && this.#error === undefined)
      this.#next();
    if (!this.#isKeyword('else')) return { kind: 'if', test, yes, no: undefined };
    this.#next();
    return { kind: 'if', test, yes, no: this.#bodyStatement() };
  }

  #for(): Statement {
    this.#next();
    this.#expect('(');
    if (this.#is(';')) return this.#forRest(undefined);
    this.#noIn = true;
    const start = this.#simple();
    this.#noIn = false;
    if (this.#isKeyword('in') && start.kind === 'expression' && start.value.kind === 'variable') {
      this.#next();
      const array = this.#next().text;
      if (this.#is(')')) {
        this.#next();
        return { kind: 'each', variable: start.value.name, array, body: this.#bodyStatement() };
      }
      this.#fail();
    }
    return this.#forRest(start);
  }

  #forRest(start: Statement | undefined): Statement {
    this.#expect(';');
    this.#newlines();
    const test = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    this.#newlines();
    const step = this.#is(')') ? undefined : this.#simple();
    this.#expect(')');
    return { kind: 'for', start, test, step, body: this.#bodyStatement() };
  }

  #switch(): Statement {
    this.#next();
    this.#expect('(');
    const value = this.#grouped();
    this.#expect(')');
    this.#newlines();
    this.#expect('{');
    this.#terminators();
    const cases: SwitchCase[] = [];
    while (this.#isKeyword('case') || this.#isKeyword('default')) {
      const isDefault = this.#next().text === 'default';
      const test = isDefault ? undefined : this.#unary();
      this.#expect(':');
      this.#terminators();
      const body: Statement[] = [];
      while (
        !this.#is('}') &&
        !this.#isKeyword('case') &&
        !this.#isKeyword('default') &&
        this.#token.kind !== 'end'
      ) {
        body.push(this.#statement());
        this.#terminators();
      }
      cases.push({ value: test, body });
    }
    this.#expect('}');
    return { kind: 'switch', value, cases };
  }

  #simple(): Statement {
    const { kind, text } = this.#token;
    if (kind === 'keyword' && (text === 'print' || text === 'printf')) return this.#print(text);
    if (kind === 'keyword' && text === 'delete') {
      this.#next();
      const parens = this.#is('(');
      if (parens) this.#next();
      const name = this.#next().text;
      let keys: Expression[] | undefined;
      if (this.#is('[')) {
        this.#next();
        keys = this.#list(']');
        this.#expect(']');
      }
      if (parens) this.#expect(')');
      return { kind: 'delete', name, keys };
    }
    return { kind: 'expression', value: this.#expression() };
  }

  #print(kind: 'print' | 'printf'): Statement {
    this.#next();
    const outer = this.#noGreater;
    this.#noGreater = true;
    let args: readonly Expression[] = [];
    const ends =
      this.#is(';', '}', '>', '>>', '|') ||
      this.#token.kind === 'newline' ||
      this.#token.kind === 'end';
    if (!ends) {
      const items = [this.#expression()];
      while (this.#is(',')) {
        this.#next();
        this.#newlines();
        items.push(this.#expression());
      }
      const only = items.length === 1 ? items[0] : undefined;
      args = only?.kind === 'group' ? only.items : items;
    }
    let target: Redirect | undefined;
    if (this.#is('>', '>>', '|')) {
      const operator = this.#next().text as '>' | '>>' | '|';
      target = { operator, target: this.#concatenation() };
    }
    this.#noGreater = outer;
    return { kind, args, target };
  }

  #list(close: string): Expression[] {
    const items: Expression[] = [];
    this.#newlines();
    while (!this.#is(close) && this.#token.kind !== 'end') {
      items.push(this.#free());
      this.#newlines();
      if (!this.#is(',')) break;
      this.#next();
      this.#newlines();
    }
    return items;
  }

  /** An expression inside brackets, where `>` and `in` are ordinary. */
  #free(): Expression {
    const greater = this.#noGreater;
    const inside = this.#noIn;
    this.#noGreater = false;
    this.#noIn = false;
    const value = this.#expression();
    this.#noGreater = greater;
    this.#noIn = inside;
    return value;
  }

  #grouped(): Expression {
    this.#newlines();
    const value = this.#free();
    this.#newlines();
    return value;
  }

  #expression(): Expression {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('expression nested too deep');
    const value = this.#assignment();
    this.#depth -= 1;
    return value;
  }

  #assignment(): Expression {
    const target = this.#choice();
    if (
      this.#token.kind === 'operator' &&
      ASSIGNMENTS.includes(this.#token.text) &&
      isTarget(target)
    ) {
      const operator = this.#next().text;
      this.#newlines();
      return { kind: 'assign', operator, target, value: this.#expression() };
    }
    return target;
  }

  #choice(): Expression {
    const test = this.#or();
    if (!this.#is('?')) return test;
    this.#next();
    this.#newlines();
    const yes = this.#expression();
    this.#newlines();
    this.#expect(':');
    this.#newlines();
    return { kind: 'choice', test, yes, no: this.#expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#is('||')) {
      this.#next();
      this.#newlines();
      left = { kind: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#is('&&')) {
      this.#next();
      this.#newlines();
      left = { kind: 'and', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (!this.#noIn && this.#isKeyword('in')) {
      this.#next();
      const name = this.#next().text;
      left = { kind: 'in', name, keys: left.kind === 'group' ? left.items : [left] };
    }
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    while (this.#is('~', '!~')) {
      const negated = this.#next().text === '!~';
      left = { kind: 'match', negated, left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    let left = this.#concatenation();
    for (;;) {
      if (this.#is('|') && this.#peekGetline()) {
        this.#next();
        this.#next();
        left = { kind: 'getline', form: 'command', source: left, target: this.#getlineTarget() };
        continue;
      }
      if (this.#token.kind !== 'operator' || !COMPARISONS.includes(this.#token.text)) return left;
      if (this.#noGreater && this.#token.text === '>') return left;
      const operator = this.#next().text;
      left = { kind: 'binary', operator, left, right: this.#concatenation() };
    }
  }

  /** `cmd | getline`: in a print statement the pipe would be a redirection. */
  #peekGetline(): boolean {
    return this.#lexer.startsWithGetline();
  }

  #getlineTarget(): Expression | undefined {
    if (this.#token.kind === 'name' || this.#is('$')) return this.#postfixless();
    return undefined;
  }

  #concatenation(): Expression {
    let left = this.#additive();
    while (this.#startsOperand()) {
      left = { kind: 'binary', operator: 'concat', left, right: this.#additive() };
    }
    return left;
  }

  #startsOperand(): boolean {
    const { kind, text } = this.#token;
    if (
      kind === 'number' ||
      kind === 'string' ||
      kind === 'name' ||
      kind === 'call' ||
      kind === 'builtin' ||
      kind === 'regexp'
    )
      return true;
    return kind === 'operator' && ['$', '!', '(', '-', '+', '++', '--'].includes(text);
  }

  #additive(): Expression {
    let left = this.#term();
    while (this.#is('+', '-')) {
      const operator = this.#next().text;
      left = { kind: 'binary', operator, left, right: this.#term() };
    }
    return left;
  }

  #term(): Expression {
    let left = this.#unary();
    while (this.#is('*', '/', '%')) {
      const operator = this.#next().text;
      left = { kind: 'binary', operator, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Expression {
    if (this.#is('!', '-', '+')) {
      const operator = this.#next().text;
      this.#depth += 1;
      if (this.#depth > DEPTH_MAX) this.#fail('expression nested too deep');
      const operand = this.#unary();
      this.#depth -= 1;
      return { kind: 'unary', operator, operand };
    }
    return this.#power();
  }

  #power(): Expression {
    const left = this.#postfix();
    if (!this.#is('^')) return left;
    this.#next();
    // Right-associative, and a sign binds closer on the right.
    const right = this.#is('-', '+', '!') ? this.#unary() : this.#power();
    return { kind: 'binary', operator: '^', left, right };
  }

  #postfix(): Expression {
    const target = this.#primary();
    if (isTarget(target) && this.#is('++', '--')) {
      return { kind: 'step', operator: this.#next().text as '++', prefix: false, target };
    }
    return target;
  }

  #postfixless(): Expression {
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#token;
    switch (token.kind) {
      case 'number':
        this.#next();
        return { kind: 'number', value: Number(token.text) };
      case 'string':
        this.#next();
        return { kind: 'string', value: token.text };
      case 'regexp':
        this.#next();
        return { kind: 'regexp', source: token.text };
      case 'name':
        return this.#name();
      case 'call': {
        this.#next();
        this.#expect('(');
        const args = this.#list(')');
        this.#expect(')');
        return { kind: 'call', name: token.text, args };
      }
      case 'builtin': {
        this.#next();
        let args: Expression[] = [];
        if (this.#is('(')) {
          this.#next();
          args = this.#list(')');
          this.#expect(')');
        } else if (token.text !== 'length') this.#fail();
        return { kind: 'builtin', name: token.text, args };
      }
      case 'keyword':
        if (token.text === 'getline') return this.#getline();
        break;
      case 'operator':
        return this.#operatorPrimary(token.text);
      default:
    }
    this.#fail();
    return { kind: 'number', value: 0 };
  }

  #name(): Expression {
    const name = this.#next().text;
    if (!this.#is('[')) return { kind: 'variable', name };
    this.#next();
    const keys = this.#list(']');
    this.#expect(']');
    return { kind: 'element', name, keys };
  }

  #getline(): Expression {
    this.#next();
    const target = this.#getlineTarget();
    if (!this.#is('<')) return { kind: 'getline', form: 'plain', source: undefined, target };
    this.#next();
    return { kind: 'getline', form: 'file', source: this.#primary(), target };
  }

  #operatorPrimary(text: string): Expression {
    if (text === '$') {
      this.#next();
      if (this.#is('++', '--')) {
        const operator = this.#next().text as '++' | '--';
        return {
          kind: 'field',
          index: { kind: 'step', operator, prefix: true, target: this.#primary() },
        };
      }
      if (this.#is('-', '+', '!')) return { kind: 'field', index: this.#unary() };
      return { kind: 'field', index: this.#primary() };
    }
    if (text === '++' || text === '--') {
      this.#next();
      return { kind: 'step', operator: text, prefix: true, target: this.#primary() };
    }
    if (text === '(') {
      this.#next();
      const items = this.#list(')');
      this.#expect(')');
      const only = items.length === 1 ? (items[0] as Expression) : undefined;
      return only === undefined || isTarget(only) || only.kind === 'regexp'
        ? { kind: 'group', items }
        : only;
    }
    this.#fail();
    return { kind: 'number', value: 0 };
  }
}

function isTarget(node: Expression): boolean {
  return node.kind === 'variable' || node.kind === 'field' || node.kind === 'element';
}
