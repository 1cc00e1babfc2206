/** awk's grammar: program text to rules, functions and statements. The first error stops reading. */
import { Cursor } from './cursor.ts';
import { ExpressionParser } from './expressions.ts';
import type {
  AwkFunction,
  AwkProgram,
  Expression,
  Redirect,
  Rule,
  Statement,
  SwitchCase,
} from './tree.ts';

export function parseAwk(text: string): AwkProgram {
  return new Parser(new Cursor(text)).program();
}

class Parser {
  readonly #at: Cursor;
  /** Its expressions. */
  readonly #of: ExpressionParser;

  constructor(at: Cursor) {
    this.#at = at;
    this.#of = new ExpressionParser(at);
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    this.#at.newlines();
    while (this.#at.token.kind !== 'end') {
      if (this.#at.isKeyword('function') || this.#at.isKeyword('func')) this.#function(functions);
      else rules.push(this.#rule());
      while (this.#at.is(';') || this.#at.token.kind === 'newline') this.#at.next();
    }
    return { rules, functions, error: this.#at.error };
  }

  #function(functions: Map<string, AwkFunction>): void {
    this.#at.next();
    const name = this.#at.next().text;
    this.#at.expect('(');
    const parameters: string[] = [];
    while (this.#at.token.kind === 'name') {
      parameters.push(this.#at.next().text);
      if (this.#at.is(',')) this.#at.next();
      this.#at.newlines();
    }
    this.#at.expect(')');
    this.#at.newlines();
    functions.set(name, { name, parameters, body: this.#block() });
  }

  #rule(): Rule {
    const special = this.#at.token;
    if (special.kind === 'keyword' && /^(BEGIN|END|BEGINFILE|ENDFILE)$/.test(special.text)) {
      this.#at.next();
      return {
        kind: special.text as 'BEGIN',
        pattern: undefined,
        last: undefined,
        body: this.#block(),
      };
    }
    let pattern: Expression | undefined;
    let last: Expression | undefined;
    if (!this.#at.is('{')) {
      pattern = this.#of.expression();
      if (this.#at.is(',')) {
        this.#at.next();
        this.#at.newlines();
        last = this.#of.expression();
      }
    }
    const body = this.#at.is('{') ? this.#block() : undefined;
    return { kind: 'pattern', pattern, last, body };
  }

  #block(): Statement {
    this.#at.expect('{');
    const body: Statement[] = [];
    this.#terminators();
    while (!this.#at.is('}') && this.#at.token.kind !== 'end') {
      body.push(this.#statement());
      this.#terminators();
    }
    this.#at.expect('}');
    return { kind: 'block', body };
  }

  #terminators(): void {
    while (this.#at.is(';') || this.#at.token.kind === 'newline') this.#at.next();
  }

  #endSimple(): void {
    if (this.#at.is(';') || this.#at.token.kind === 'newline') this.#at.next();
    else if (!this.#at.is('}') && this.#at.token.kind !== 'end') this.#at.fail();
  }

  #statement(): Statement {
    return this.#at.nested('program', () => this.#statementInner());
  }

  /** The body of if, while, for: a statement on this or the next line, or an empty one. */
  #bodyStatement(): Statement {
    this.#at.newlines();
    if (this.#at.is(';')) {
      this.#at.next();
      return { kind: 'block', body: [] };
    }
    return this.#statement();
  }

  #statementInner(): Statement {
    const token = this.#at.token;
    if (this.#at.is('{')) return this.#block();
    if (token.kind !== 'keyword') {
      const simple = this.#simple();
      this.#endSimple();
      return simple;
    }
    switch (token.text) {
      case 'if':
        return this.#if();
      case 'while': {
        this.#at.next();
        this.#at.expect('(');
        const test = this.#of.grouped();
        this.#at.expect(')');
        return { kind: 'while', test, body: this.#bodyStatement() };
      }
      case 'do': {
        this.#at.next();
        const body = this.#bodyStatement();
        this.#terminators();
        if (!this.#at.isKeyword('while')) this.#at.fail();
        this.#at.next();
        this.#at.expect('(');
        const test = this.#of.grouped();
        this.#at.expect(')');
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
        this.#at.next();
        this.#endSimple();
        return { kind: token.text };
      case 'exit':
      case 'return': {
        this.#at.next();
        const value =
          this.#at.is(';', '}') ||
          this.#at.token.kind === 'newline' ||
          this.#at.token.kind === 'end'
            ? undefined
            : this.#of.expression();
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
    this.#at.next();
    this.#at.expect('(');
    const test = this.#of.grouped();
    this.#at.expect(')');
    const yes = this.#bodyStatement();
    // `; else` and a newline before else belong to the if.
    while ((this.#at.is(';') || this.#at.token.kind === 'newline') && this.#at.error === undefined)
      this.#at.next();
    if (!this.#at.isKeyword('else')) return { kind: 'if', test, yes, no: undefined };
    this.#at.next();
    return { kind: 'if', test, yes, no: this.#bodyStatement() };
  }

  #for(): Statement {
    this.#at.next();
    this.#at.expect('(');
    if (this.#at.is(';')) return this.#forRest(undefined);
    this.#of.noIn = true;
    const start = this.#simple();
    this.#of.noIn = false;
    if (
      this.#at.isKeyword('in') &&
      start.kind === 'expression' &&
      start.value.kind === 'variable'
    ) {
      this.#at.next();
      const array = this.#at.next().text;
      if (this.#at.is(')')) {
        this.#at.next();
        return { kind: 'each', variable: start.value.name, array, body: this.#bodyStatement() };
      }
      this.#at.fail();
    }
    return this.#forRest(start);
  }

  #forRest(start: Statement | undefined): Statement {
    this.#at.expect(';');
    this.#at.newlines();
    const test = this.#at.is(';') ? undefined : this.#of.expression();
    this.#at.expect(';');
    this.#at.newlines();
    const step = this.#at.is(')') ? undefined : this.#simple();
    this.#at.expect(')');
    return { kind: 'for', start, test, step, body: this.#bodyStatement() };
  }

  #switch(): Statement {
    this.#at.next();
    this.#at.expect('(');
    const value = this.#of.grouped();
    this.#at.expect(')');
    this.#at.newlines();
    this.#at.expect('{');
    this.#terminators();
    const cases: SwitchCase[] = [];
    while (this.#at.isKeyword('case') || this.#at.isKeyword('default')) {
      const isDefault = this.#at.next().text === 'default';
      const test = isDefault ? undefined : this.#of.unary();
      this.#at.expect(':');
      this.#terminators();
      const body: Statement[] = [];
      while (
        !this.#at.is('}') &&
        !this.#at.isKeyword('case') &&
        !this.#at.isKeyword('default') &&
        this.#at.token.kind !== 'end'
      ) {
        body.push(this.#statement());
        this.#terminators();
      }
      cases.push({ value: test, body });
    }
    this.#at.expect('}');
    return { kind: 'switch', value, cases };
  }

  #simple(): Statement {
    const { kind, text } = this.#at.token;
    if (kind === 'keyword' && (text === 'print' || text === 'printf')) return this.#print(text);
    if (kind === 'keyword' && text === 'delete') {
      this.#at.next();
      const parens = this.#at.is('(');
      if (parens) this.#at.next();
      const name = this.#at.next().text;
      let keys: Expression[] | undefined;
      if (this.#at.is('[')) {
        this.#at.next();
        keys = this.#of.list(']');
        this.#at.expect(']');
      }
      if (parens) this.#at.expect(')');
      return { kind: 'delete', name, keys };
    }
    return { kind: 'expression', value: this.#of.expression() };
  }

  #print(kind: 'print' | 'printf'): Statement {
    this.#at.next();
    const outer = this.#of.noGreater;
    this.#of.noGreater = true;
    let args: readonly Expression[] = [];
    const ends =
      this.#at.is(';', '}', '>', '>>', '|') ||
      this.#at.token.kind === 'newline' ||
      this.#at.token.kind === 'end';
    if (!ends) {
      const items = [this.#of.expression()];
      while (this.#at.is(',')) {
        this.#at.next();
        this.#at.newlines();
        items.push(this.#of.expression());
      }
      const only = items.length === 1 ? items[0] : undefined;
      args = only?.kind === 'group' ? only.items : items;
    }
    let target: Redirect | undefined;
    if (this.#at.is('>', '>>', '|')) {
      const operator = this.#at.next().text as '>' | '>>' | '|';
      target = { operator, target: this.#of.concatenation() };
    }
    this.#of.noGreater = outer;
    return { kind, args, target };
  }
}
