/** awk's expressions, by descending precedence. */
import type { Cursor } from './cursor.ts';
import type { Expression } from './tree.ts';

const COMPARISONS = ['<', '<=', '==', '!=', '>', '>='];
const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^='];

export class ExpressionParser {
  /** Inside `print …` a bare `>` is a redirection. */
  noGreater = false;
  /** In the head of a `for` the statement looks for `in` itself. */
  noIn = false;
  readonly #at: Cursor;

  constructor(at: Cursor) {
    this.#at = at;
  }

  list(close: string): Expression[] {
    const items: Expression[] = [];
    this.#at.newlines();
    while (!this.#at.is(close) && this.#at.token.kind !== 'end') {
      items.push(this.free());
      this.#at.newlines();
      if (!this.#at.is(',')) break;
      this.#at.next();
      this.#at.newlines();
    }
    return items;
  }

  /** An expression inside brackets, where `>` and `in` are ordinary. */
  free(): Expression {
    const greater = this.noGreater;
    const inside = this.noIn;
    this.noGreater = false;
    this.noIn = false;
    const value = this.expression();
    this.noGreater = greater;
    this.noIn = inside;
    return value;
  }

  grouped(): Expression {
    this.#at.newlines();
    const value = this.free();
    this.#at.newlines();
    return value;
  }

  expression(): Expression {
    return this.#at.nested('expression', () => this.#assignment());
  }

  #assignment(): Expression {
    const target = this.#choice();
    if (
      this.#at.token.kind === 'operator' &&
      ASSIGNMENTS.includes(this.#at.token.text) &&
      isTarget(target)
    ) {
      const operator = this.#at.next().text;
      this.#at.newlines();
      return { kind: 'assign', operator, target, value: this.expression() };
    }
    return target;
  }

  #choice(): Expression {
    const test = this.#or();
    if (!this.#at.is('?')) return test;
    this.#at.next();
    this.#at.newlines();
    const yes = this.expression();
    this.#at.newlines();
    this.#at.expect(':');
    this.#at.newlines();
    return { kind: 'choice', test, yes, no: this.expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#at.is('||')) {
      this.#at.next();
      this.#at.newlines();
      left = { kind: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#at.is('&&')) {
      this.#at.next();
      this.#at.newlines();
      left = { kind: 'and', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (!this.noIn && this.#at.isKeyword('in')) {
      this.#at.next();
      const name = this.#at.next().text;
      left = { kind: 'in', name, keys: left.kind === 'group' ? left.items : [left] };
    }
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    while (this.#at.is('~', '!~')) {
      const negated = this.#at.next().text === '!~';
      left = { kind: 'match', negated, left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    let left = this.concatenation();
    for (;;) {
      if (this.#at.is('|') && this.#peekGetline()) {
        this.#at.next();
        this.#at.next();
        left = { kind: 'getline', form: 'command', source: left, target: this.#getlineTarget() };
        continue;
      }
      if (this.#at.token.kind !== 'operator' || !COMPARISONS.includes(this.#at.token.text))
        return left;
      if (this.noGreater && this.#at.token.text === '>') return left;
      const operator = this.#at.next().text;
      left = { kind: 'binary', operator, left, right: this.concatenation() };
    }
  }

  /** `cmd | getline`: in a print statement the pipe would be a redirection. */
  #peekGetline(): boolean {
    return this.#at.startsWithGetline();
  }

  #getlineTarget(): Expression | undefined {
    if (this.#at.token.kind === 'name' || this.#at.is('$')) return this.#postfixless();
    return undefined;
  }

  concatenation(): Expression {
    let left = this.#additive();
    while (this.#startsOperand()) {
      left = { kind: 'binary', operator: 'concat', left, right: this.#additive() };
    }
    return left;
  }

  #startsOperand(): boolean {
    const { kind, text } = this.#at.token;
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
    while (this.#at.is('+', '-')) {
      const operator = this.#at.next().text;
      left = { kind: 'binary', operator, left, right: this.#term() };
    }
    return left;
  }

  #term(): Expression {
    let left = this.unary();
    while (this.#at.is('*', '/', '%')) {
      const operator = this.#at.next().text;
      left = { kind: 'binary', operator, left, right: this.unary() };
    }
    return left;
  }

  unary(): Expression {
    if (this.#at.is('!', '-', '+')) {
      const operator = this.#at.next().text;
      const operand = this.#at.nested('expression', () => this.unary());
      return { kind: 'unary', operator, operand };
    }
    return this.#power();
  }

  #power(): Expression {
    const left = this.#postfix();
    if (!this.#at.is('^')) return left;
    this.#at.next();
    // Right-associative, and a sign binds closer on the right.
    const right = this.#at.is('-', '+', '!') ? this.unary() : this.#power();
    return { kind: 'binary', operator: '^', left, right };
  }

  #postfix(): Expression {
    const target = this.#primary();
    if (isTarget(target) && this.#at.is('++', '--')) {
      return { kind: 'step', operator: this.#at.next().text as '++', prefix: false, target };
    }
    return target;
  }

  #postfixless(): Expression {
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#at.token;
    switch (token.kind) {
      case 'number':
        this.#at.next();
        return { kind: 'number', value: Number(token.text) };
      case 'string':
        this.#at.next();
        return { kind: 'string', value: token.text };
      case 'regexp':
        this.#at.next();
        return { kind: 'regexp', source: token.text };
      case 'name':
        return this.#name();
      case 'call': {
        this.#at.next();
        this.#at.expect('(');
        const args = this.list(')');
        this.#at.expect(')');
        return { kind: 'call', name: token.text, args };
      }
      case 'builtin': {
        this.#at.next();
        let args: Expression[] = [];
        if (this.#at.is('(')) {
          this.#at.next();
          args = this.list(')');
          this.#at.expect(')');
        } else if (token.text !== 'length') this.#at.fail();
        return { kind: 'builtin', name: token.text, args };
      }
      case 'keyword':
        if (token.text === 'getline') return this.#getline();
        break;
      case 'operator':
        return this.#operatorPrimary(token.text);
      default:
    }
    this.#at.fail();
    return { kind: 'number', value: 0 };
  }

  #name(): Expression {
    const name = this.#at.next().text;
    if (!this.#at.is('[')) return { kind: 'variable', name };
    this.#at.next();
    const keys = this.list(']');
    this.#at.expect(']');
    return { kind: 'element', name, keys };
  }

  #getline(): Expression {
    this.#at.next();
    const target = this.#getlineTarget();
    if (!this.#at.is('<')) return { kind: 'getline', form: 'plain', source: undefined, target };
    this.#at.next();
    return { kind: 'getline', form: 'file', source: this.#primary(), target };
  }

  #operatorPrimary(text: string): Expression {
    if (text === '$') {
      this.#at.next();
      if (this.#at.is('++', '--')) {
        const operator = this.#at.next().text as '++' | '--';
        return {
          kind: 'field',
          index: { kind: 'step', operator, prefix: true, target: this.#primary() },
        };
      }
      if (this.#at.is('-', '+', '!')) return { kind: 'field', index: this.unary() };
      return { kind: 'field', index: this.#primary() };
    }
    if (text === '++' || text === '--') {
      this.#at.next();
      return { kind: 'step', operator: text, prefix: true, target: this.#primary() };
    }
    if (text === '(') {
      this.#at.next();
      const items = this.list(')');
      this.#at.expect(')');
      const only = items.length === 1 ? (items[0] as Expression) : undefined;
      return only === undefined || isTarget(only) || only.kind === 'regexp'
        ? { kind: 'group', items }
        : only;
    }
    this.#at.fail();
    return { kind: 'number', value: 0 };
  }
}

function isTarget(node: Expression): boolean {
  return node.kind === 'variable' || node.kind === 'field' || node.kind === 'element';
}
