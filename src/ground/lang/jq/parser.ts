/** jq's grammar (1.6): filter text to a tree, or the words of the first error. */
import { err, ok, type Result } from '../../base/result.ts';
import type { Definition, Filter, Pattern } from './filter.ts';
import { Lexer, type Token } from './lexer.ts';
import type { Json } from './value.ts';

const DEPTH_MAX = 300;
/** What jq's grammar calls its tokens in an error. */
const YACC_NAMES: { readonly [kind in Token['kind']]?: string } = {
  end: '$end',
  text: 'QQSTRING_START',
  number: 'LITERAL',
  name: 'IDENT',
  field: 'FIELD',
  variable: "'$'",
  format: 'FORMAT',
};

export function parseJq(text: string): Result<Filter, string> {
  const parser = new Parser(text);
  const filter = parser.whole();
  return parser.error === undefined ? ok(filter) : err(parser.error);
}

/** Definitions only: the prelude. */
export function parseDefinitions(text: string): readonly Definition[] {
  const out: Definition[] = [];
  let filter = new Parser(`${text} .`).whole();
  while (filter.kind === 'define') {
    out.push(filter.definition);
    filter = filter.body;
  }
  return out;
}

class Parser {
  error: string | undefined;
  readonly #lexer: Lexer;
  #token: Token;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text, (inner) => {
      const parser = new Parser(inner);
      return { filter: parser.whole(), error: parser.error };
    });
    this.#token = this.#read();
  }

  /** The next token; a fault of the lexer is the parser's. */
  #read(): Token {
    const token = this.#lexer.next();
    this.error ??= this.#lexer.error;
    return token;
  }

  whole(): Filter {
    const first: Token = this.#token;
    if (first.kind === 'end') return { kind: 'identity' };
    const filter = this.#pipe();
    const left: Token = this.#token;
    if (left.kind !== 'end') this.#unexpected();
    return filter;
  }

  #fail(message: string): void {
    this.error ??= message;
    this.#token = { kind: 'end', text: '' };
  }

  #unexpected(): void {
    const { kind, text } = this.#token;
    const quoted = kind === 'operator' && text.length === 1 ? `'${text}'` : text;
    this.#fail(
      `syntax error, unexpected ${YACC_NAMES[kind] ?? quoted} (Unix shell quoting issues?)`,
    );
  }

  #next(): Token {
    const token = this.#token;
    if (this.error === undefined) this.#token = this.#read();
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
    else this.#unexpected();
  }

  #expectKeyword(word: string): void {
    if (this.#isKeyword(word)) this.#next();
    else this.#unexpected();
  }

  #pipe(): Filter {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('syntax error, filter nested too deep');
    const filter = this.#pipeInner();
    this.#depth -= 1;
    return filter;
  }

  #pipeInner(): Filter {
    if (this.#isKeyword('def')) {
      const definition = this.#definition();
      const body = this.#token.kind === 'end' ? { kind: 'identity' as const } : this.#pipe();
      return { kind: 'define', definition, body };
    }
    if (this.#isKeyword('label')) {
      this.#next();
      const name = this.#next().text;
      this.#expect('|');
      return { kind: 'label', name, body: this.#pipe() };
    }
    const left = this.#comma();
    if (this.#isKeyword('as')) {
      this.#next();
      const patterns = [this.#pattern()];
      while (this.#is('?//')) {
        this.#next();
        patterns.push(this.#pattern());
      }
      this.#expect('|');
      return { kind: 'bind', source: left, patterns, body: this.#pipe() };
    }
    if (!this.#is('|')) return left;
    this.#next();
    return { kind: 'pipe', left, right: this.#pipe() };
  }

  #definition(): Definition {
    this.#next();
    const name = this.#next().text;
    const parameters: string[] = [];
    if (this.#is('(')) {
      do {
        this.#next();
        const token = this.#next();
        parameters.push(token.kind === 'variable' ? `$${token.text}` : token.text);
      } while (this.#is(';'));
      this.#expect(')');
    }
    this.#expect(':');
    const body = this.#pipe();
    this.#expect(';');
    return { name, parameters, body };
  }

  #pattern(): Pattern {
    if (this.#token.kind === 'variable') return { kind: 'variable', name: this.#next().text };
    if (this.#is('[')) {
      const items: Pattern[] = [];
      do {
        this.#next();
        items.push(this.#pattern());
      } while (this.#is(','));
      this.#expect(']');
      return { kind: 'array', items };
    }
    if (!this.#is('{')) {
      this.#unexpected();
      return { kind: 'variable', name: '' };
    }
    const entries: { key: Filter; variable: string | undefined; pattern: Pattern | undefined }[] =
      [];
    do {
      this.#next();
      let key: Filter = { kind: 'literal', value: null };
      let variable: string | undefined;
      const token: Token = this.#token;
      if (token.kind === 'variable') {
        variable = this.#next().text;
        key = { kind: 'literal', value: variable };
      } else if (this.#is('(')) {
        this.#next();
        key = this.#pipe();
        this.#expect(')');
      } else key = this.#key();
      let pattern: Pattern | undefined;
      if (this.#is(':')) {
        this.#next();
        pattern = this.#pattern();
      }
      entries.push({ key, variable, pattern });
    } while (this.#is(','));
    this.#expect('}');
    return { kind: 'object', entries };
  }

  #comma(): Filter {
    let left = this.#update();
    while (this.#is(',')) {
      this.#next();
      left = { kind: 'comma', left, right: this.#update() };
    }
    return left;
  }

  #update(): Filter {
    const target = this.#alternative();
    if (!this.#is('=', '|=', '+=', '-=', '*=', '/=', '%=', '//=')) return target;
    const operator = this.#next().text;
    return { kind: 'update', operator, target, value: this.#alternative() };
  }

  #alternative(): Filter {
    const left = this.#or();
    if (!this.#is('//')) return left;
    this.#next();
    return { kind: 'alternative', left, right: this.#alternative() };
  }

  #or(): Filter {
    let left = this.#and();
    while (this.#isKeyword('or')) {
      this.#next();
      left = { kind: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Filter {
    let left = this.#comparison();
    while (this.#isKeyword('and')) {
      this.#next();
      left = { kind: 'and', left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Filter {
    const left = this.#sum();
    if (!this.#is('==', '!=', '<', '<=', '>', '>=')) return left;
    const operator = this.#next().text;
    return { kind: 'binary', operator, left, right: this.#sum() };
  }

  #sum(): Filter {
    let left = this.#product();
    while (this.#is('+', '-')) {
      const operator = this.#next().text;
      left = { kind: 'binary', operator, left, right: this.#product() };
    }
    return left;
  }

  #product(): Filter {
    let left = this.#unary();
    while (this.#is('*', '/', '%')) {
      const operator = this.#next().text;
      left = { kind: 'binary', operator, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Filter {
    if (this.#is('-')) {
      this.#next();
      return { kind: 'negate', operand: this.#unary() };
    }
    return this.#postfix();
  }

  #postfix(): Filter {
    let target = this.#term();
    for (;;) {
      if (this.#token.kind === 'field') {
        target = { kind: 'index', target, key: { kind: 'literal', value: this.#next().text } };
      } else if (this.#is('.')) {
        this.#next();
        if (this.#token.kind === 'text')
          target = { kind: 'index', target, key: this.#textOf(undefined) };
        else if (!this.#is('[')) this.#unexpected();
      } else if (this.#is('[')) target = this.#bracket(target);
      else if (this.#is('?')) {
        this.#next();
        target = { kind: 'try', body: target, handler: undefined };
      } else break;
    }
    return target;
  }

  #bracket(target: Filter): Filter {
    this.#next();
    if (this.#is(']')) {
      this.#next();
      return { kind: 'iterate', target };
    }
    if (this.#is(':')) {
      this.#next();
      const to = this.#pipe();
      this.#expect(']');
      return { kind: 'slice', target, from: undefined, to };
    }
    const key = this.#pipe();
    if (!this.#is(':')) {
      this.#expect(']');
      return { kind: 'index', target, key };
    }
    this.#next();
    const to = this.#is(']') ? undefined : this.#pipe();
    this.#expect(']');
    return { kind: 'slice', target, from: key, to };
  }

  #textOf(format: string | undefined): Filter {
    const token = this.#next();
    const parts = token.parts ?? [];
    if (parts.length === 1 && typeof parts[0] === 'string')
      return { kind: 'literal', value: parts[0] };
    return { kind: 'text', format, parts };
  }

  #term(): Filter {
    const token = this.#token;
    switch (token.kind) {
      case 'number':
        this.#next();
        return { kind: 'literal', value: Number(token.text) };
      case 'text':
        return this.#textOf(undefined);
      case 'format':
        this.#next();
        return this.#token.kind === 'text'
          ? this.#textOf(token.text)
          : { kind: 'format', name: token.text };
      case 'field':
        this.#next();
        return {
          kind: 'index',
          target: { kind: 'identity' },
          key: { kind: 'literal', value: token.text },
        };
      case 'variable':
        this.#next();
        return token.text === '__loc__'
          ? {
              kind: 'literal',
              value: new Map<string, Json>([
                ['file', '<top-level>'],
                ['line', 1],
              ]),
            }
          : { kind: 'variable', name: token.text };
      case 'name':
        return this.#call();
      case 'keyword':
        return this.#keyword(token.text);
      case 'operator':
        return this.#operator(token.text);
      default:
        this.#unexpected();
        return { kind: 'identity' };
    }
  }

  #call(): Filter {
    const name = this.#next().text;
    const after: Token = this.#token;
    if (name === 'break' && after.kind === 'variable')
      return { kind: 'break', name: this.#next().text };
    const args: Filter[] = [];
    if (this.#is('(')) {
      do {
        this.#next();
        args.push(this.#pipe());
      } while (this.#is(';'));
      this.#expect(')');
    }
    if (args.length === 0) {
      if (name === 'null') return { kind: 'literal', value: null };
      if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true' };
    }
    return { kind: 'call', name, args };
  }

  #keyword(word: string): Filter {
    switch (word) {
      case 'if':
        return this.#if();
      case 'try': {
        this.#next();
        const body = this.#postfix();
        let handler: Filter | undefined;
        if (this.#isKeyword('catch')) {
          this.#next();
          handler = this.#postfix();
        }
        return { kind: 'try', body, handler };
      }
      case 'reduce':
      case 'foreach': {
        this.#next();
        const source = this.#postfix();
        this.#expectKeyword('as');
        const pattern = this.#pattern();
        this.#expect('(');
        const start = this.#pipe();
        this.#expect(';');
        const update = this.#pipe();
        let extract: Filter | undefined;
        if (word === 'foreach' && this.#is(';')) {
          this.#next();
          extract = this.#pipe();
        }
        this.#expect(')');
        if (word === 'reduce') return { kind: 'reduce', source, pattern, start, update };
        return { kind: 'foreach', source, pattern, start, update, extract };
      }
      case 'def': {
        const definition = this.#definition();
        return { kind: 'define', definition, body: this.#pipe() };
      }
      default:
        this.#unexpected();
        return { kind: 'identity' };
    }
  }

  #if(): Filter {
    this.#next();
    const test = this.#pipe();
    this.#expectKeyword('then');
    const yes = this.#pipe();
    if (this.#isKeyword('elif')) return { kind: 'if', test, yes, no: this.#if() };
    let no: Filter | undefined;
    if (this.#isKeyword('else')) {
      this.#next();
      no = this.#pipe();
    }
    this.#expectKeyword('end');
    return { kind: 'if', test, yes, no };
  }

  #operator(text: string): Filter {
    if (text === '..') {
      this.#next();
      return { kind: 'recurse' };
    }
    if (text === '.') {
      this.#next();
      const token: Token = this.#token;
      if (token.kind === 'text')
        return { kind: 'index', target: { kind: 'identity' }, key: this.#textOf(undefined) };
      return { kind: 'identity' };
    }
    if (text === '(') {
      this.#next();
      const inner = this.#pipe();
      this.#expect(')');
      return inner;
    }
    if (text === '[') {
      this.#next();
      if (this.#is(']')) {
        this.#next();
        return { kind: 'array', body: undefined };
      }
      const body = this.#pipe();
      this.#expect(']');
      return { kind: 'array', body };
    }
    if (text === '{') return this.#object();
    this.#unexpected();
    return { kind: 'identity' };
  }

  #key(): Filter {
    const token = this.#token;
    if (token.kind === 'text') return this.#textOf(undefined);
    if (token.kind === 'name' || token.kind === 'keyword') {
      this.#next();
      return { kind: 'literal', value: token.text };
    }
    this.#unexpected();
    return { kind: 'identity' };
  }

  #object(): Filter {
    const entries: { key: Filter; value: Filter }[] = [];
    this.#next();
    while (!this.#is('}') && this.error === undefined) {
      entries.push(this.#entry());
      if (!this.#is(',')) break;
      this.#next();
    }
    this.#expect('}');
    return { kind: 'object', entries };
  }

  #entry(): { readonly key: Filter; readonly value: Filter } {
    const token = this.#token;
    if (token.kind === 'variable') {
      this.#next();
      return {
        key: { kind: 'literal', value: token.text },
        value: { kind: 'variable', name: token.text },
      };
    }
    let key: Filter;
    if (this.#is('(')) {
      this.#next();
      key = this.#pipe();
      this.#expect(')');
    } else if (token.kind === 'number') {
      this.#next();
      key = { kind: 'literal', value: Number(token.text) };
    } else if (token.kind === 'format') {
      this.#next();
      key = this.#textOf(token.text);
    } else key = this.#key();
    if (!this.#is(':')) return { key, value: { kind: 'index', target: { kind: 'identity' }, key } };
    this.#next();
    return { key, value: this.#objectValue() };
  }

  /** Values of objects bind tighter than a comma; `|` may join terms. */
  #objectValue(): Filter {
    const left = this.#alternative();
    if (!this.#is('|')) return left;
    this.#next();
    return { kind: 'pipe', left, right: this.#objectValue() };
  }
}
