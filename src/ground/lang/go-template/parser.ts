/** Go's text/template, parsed (text/template/parse/parse.go, Go 1.24), with its words for mistakes. */
import { err, ok, type Result } from '../../base/result.ts';
import { quote } from '../../base/text.ts';
import { FUNCTION_NAMES } from './functions.ts';
import { lex, type Token } from './lexer.ts';
import type { Command, GoTemplate, Node, Operand, Pipe } from './nodes.ts';

const KEYWORDS = new Set(
  'block break continue define else end if range nil template with'.split(' '),
);
/** Blocks in blocks, parentheses in parentheses. */
const DEPTH_MAX = 500;

/** Parses a template; the error is `template: output:1: unclosed action`. */
export function parseGoTemplate(source: string, name: string): Result<GoTemplate, string> {
  const told = (message: string, at: number): string => {
    const line = source.slice(0, at).split('\n').length;
    return `template: ${name}:${line}: ${message}`;
  };
  const tokens = lex(source);
  if (!tokens.ok) return err(told(tokens.error.message, tokens.error.at));
  const parser = new Parser(source, tokens.value);
  const body = parser.list([]);
  if (parser.error !== undefined) return err(told(parser.error.message, parser.error.at));
  return ok({ source, name, body: body.nodes, defined: parser.defined });
}

interface List {
  readonly nodes: readonly Node[];
  /** The word that ended it: `end`, `else` or '' for the end of the template. */
  readonly end: string;
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly defined = new Map<string, readonly Node[]>();
  error: { readonly message: string; readonly at: number } | undefined;
  #next = 0;
  #depth = 0;
  #ranges = 0;
  #variables: string[] = ['$'];

  constructor(source: string, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  #fail(message: string): void {
    const at = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]?.at ?? 0;
    this.error ??= { message, at };
  }

  #peek(): Token | undefined {
    let at = this.#next;
    while (this.#tokens[at]?.kind === 'space') at += 1;
    return this.#tokens[at];
  }

  #take(): Token | undefined {
    while (this.#tokens[this.#next]?.kind === 'space') this.#next += 1;
    const token = this.#tokens[this.#next];
    this.#next += 1;
    return token;
  }

  /** Nodes up to one of the words, or to the end. */
  list(ends: readonly string[]): List {
    const nodes: Node[] = [];
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('blocks are nested too deeply for this simulator');
    while (this.error === undefined) {
      const token = this.#tokens[this.#next];
      if (token === undefined) {
        if (ends.length > 0) this.#fail('unexpected EOF');
        break;
      }
      this.#next += 1;
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      const word = this.#peek();
      if (word?.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        if (!ends.includes(word.text)) {
          this.#fail(`unexpected {{${word.text}}}`);
          break;
        }
        this.#take();
        this.#depth -= 1;
        return { nodes, end: word.text };
      }
      const node = this.#action(word);
      if (node !== undefined) nodes.push(node);
    }
    this.#depth -= 1;
    return { nodes, end: '' };
  }

  #action(word: Token | undefined): Node | undefined {
    if (word?.kind === 'word') {
      switch (word.text) {
        case 'if':
        case 'with':
        case 'range':
          this.#take();
          return this.#control(word.text);
        case 'break':
        case 'continue':
          this.#take();
          if (this.#ranges === 0) this.#fail(`{{${word.text}}} outside {{range}}`);
          this.#close(word.text);
          return { kind: word.text };
        case 'define':
          this.#take();
          this.#define('define clause');
          return undefined;
        case 'block':
        case 'template':
          this.#take();
          return this.#template(word);
        default:
      }
    }
    const pipe = this.#pipe('command', '}}');
    return { kind: 'action', pipe };
  }

  #close(context: string): void {
    const token = this.#take();
    if (token?.kind !== 'close') this.#unexpected(token, context);
  }

  #unexpected(token: Token | undefined, context: string): void {
    const text =
      token === undefined
        ? 'EOF'
        : token.kind === 'dot' || KEYWORDS.has(token.text)
          ? `<${token.text}>`
          : quote(token.text);
    this.#fail(`unexpected ${text} in ${context}`);
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const outer = this.#variables.length;
    const pipe = this.#pipe(kind, '}}');
    if (kind === 'range') this.#ranges += 1;
    const { nodes: body, end } = this.list(['else', 'end']);
    if (kind === 'range') this.#ranges -= 1;
    let otherwise: readonly Node[] = [];
    if (end === 'else') {
      const next = this.#peek();
      if (kind !== 'range' && next?.kind === 'word' && next.text === kind) {
        // `else if` is an if of its own that shares the end.
        this.#take();
        otherwise = [this.#control(kind)];
        this.#variables.length = outer;
        return { kind, pipe, body, otherwise };
      }
      this.#close('else');
      otherwise = this.list(['end']).nodes;
    }
    this.#close('end');
    this.#variables.length = outer;
    return { kind, pipe, body, otherwise };
  }

  #define(context: string): string {
    const name = this.#take();
    if (name?.kind !== 'string') this.#unexpected(name, context);
    this.#close(context);
    const outer = this.#variables;
    this.#variables = ['$'];
    const body = this.list(['end']).nodes;
    this.#close('end');
    this.#variables = outer;
    const text = stringValue(name?.text ?? '""');
    this.defined.set(text, body);
    return text;
  }

  #template(word: Token): Node {
    const name = this.#take();
    if (name?.kind !== 'string') this.#unexpected(name, `${word.text} clause`);
    const text = stringValue(name?.text ?? '""');
    let pipe: Pipe | undefined;
    if (this.#peek()?.kind === 'close') this.#take();
    else pipe = this.#pipe(`${word.text} clause`, '}}');
    if (word.text === 'block') {
      const body = this.list(['end']).nodes;
      this.#close('end');
      if (!this.defined.has(text)) this.defined.set(text, body);
    }
    return { kind: 'template', at: name?.at ?? word.at, name: text, pipe };
  }

  /** A pipeline up to its closing delimiter or parenthesis, which is taken. */
  #pipe(context: string, end: '}}' | ')'): Pipe {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('parentheses are nested too deeply for this simulator');
    const start = this.#peek()?.at ?? 0;
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const command = this.#command();
      if (this.error !== undefined) break;
      if (command !== undefined) commands.push(command);
      const token = this.#take();
      const ends =
        end === ')' ? token?.text === ')' && token.kind === 'sign' : token?.kind === 'close';
      if (ends) {
        if (commands.length === 0) this.#fail(`missing value for ${context}`);
        break;
      }
      if (token?.kind !== 'sign' || token.text !== '|') {
        this.#unexpected(token, command === undefined ? context : 'operand');
        break;
      }
      if (command === undefined) {
        this.#fail(`missing value for ${context}`);
        break;
      }
    }
    const wrong = commands
      .slice(1)
      .find(({ args }) => ['literal', 'nil', 'dot'].includes(args[0]?.kind ?? ''));
    if (wrong !== undefined && this.error === undefined)
      this.#fail(`non executable command in pipeline stage ${commands.indexOf(wrong) + 1}`);
    this.#depth -= 1;
    const shown = commands.map((each) => each.source).join(' | ');
    const head = variables.length === 0 ? '' : `${variables.join(', ')} ${assigns ? '=' : ':='} `;
    return { at: start, source: head + shown, variables, assigns, commands };
  }

  /** `$x :=`, `$x =`, `$i, $e :=`. */
  #declarations(context: string): { variables: readonly string[]; assigns: boolean } {
    const before = this.#next;
    const first = this.#take();
    if (first?.kind === 'variable') {
      const names = [first.text];
      let sign = this.#take();
      if (sign?.text === ',' && context === 'range') {
        const second = this.#take();
        if (second?.kind === 'variable') names.push(second.text);
        sign = this.#take();
      }
      if (sign?.text === ':=') {
        this.#variables.push(...names);
        return { variables: names, assigns: false };
      }
      if (sign?.text === '=') {
        const unknown = names.find((name) => !this.#variables.includes(name));
        if (unknown !== undefined) this.#fail(`undefined variable ${quote(unknown)}`);
        return { variables: names, assigns: true };
      }
    }
    this.#next = before;
    return { variables: [], assigns: false };
  }

  #command(): Command | undefined {
    const args: Operand[] = [];
    const at = this.#peek()?.at ?? 0;
    while (this.error === undefined) {
      const operand = this.#operand();
      if (operand === undefined) break;
      args.push(operand);
      const after = this.#tokens[this.#next];
      if (
        after?.kind === 'space' ||
        after?.kind === 'close' ||
        after?.text === '|' ||
        after?.text === ')'
      )
        continue;
      this.#unexpected(after, 'operand');
    }
    if (args.length === 0) return undefined;
    return { at, source: args.map((each) => each.source).join(' '), args };
  }

  #operand(): Operand | undefined {
    const token = this.#peek();
    if (token === undefined) return undefined;
    const { at, text } = token;
    const taken = <T>(value: T): T => {
      this.#take();
      return value;
    };
    switch (token.kind) {
      case 'string':
        return taken({ kind: 'literal', at, source: text, value: stringValue(text) } as const);
      case 'char':
        return taken({
          kind: 'literal',
          at,
          source: text,
          value: BigInt(stringValue(`"${text.slice(1, -1)}"`).codePointAt(0) ?? 0),
        } as const);
      case 'number':
        return taken({ kind: 'literal', at, source: text, value: numberValue(text) } as const);
      case 'word':
        return this.#word(taken(token));
      case 'dot':
        return taken({ kind: 'dot', at, source: '.' } as const);
      case 'field': {
        this.#take();
        const chained = this.#chainedAt(at);
        const names = [text.slice(1), ...this.#fields()];
        return { kind: 'field', at: chained, source: `.${names.join('.')}`, names };
      }
      case 'variable': {
        this.#take();
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${quote(text)}`);
        const chained = this.#chainedAt(at);
        const names = this.#fields();
        return {
          kind: 'variable',
          at: chained,
          source: [text, ...names].join('.'),
          name: text,
          names,
        };
      }
      case 'sign': {
        if (text !== '(') return undefined;
        this.#take();
        const pipe = this.#pipe('parenthesized pipeline', ')');
        const names = this.#fields();
        return { kind: 'pipe', at, source: [`(${pipe.source})`, ...names].join('.'), pipe, names };
      }
      default:
        return undefined;
    }
  }

  #word({ text, at }: Token): Operand {
    if (text === 'true' || text === 'false')
      return { kind: 'literal', at, source: text, value: text === 'true' };
    if (text === 'nil') return { kind: 'nil', at, source: 'nil' };
    if (!FUNCTION_NAMES.has(text)) {
      this.#next -= 1;
      this.#fail(`function ${quote(text)} not defined`);
    }
    return { kind: 'function', at, source: text, name: text };
  }

  /** Go notes a chain of fields where its second one stands. */
  #chainedAt(at: number): number {
    const next = this.#tokens[this.#next];
    return next?.kind === 'field' ? next.at : at;
  }

  /** Fields that follow without a blank. */
  #fields(): readonly string[] {
    const names: string[] = [];
    for (
      let token = this.#tokens[this.#next];
      token?.kind === 'field';
      token = this.#tokens[this.#next]
    ) {
      names.push(token.text.slice(1));
      this.#next += 1;
    }
    return names;
  }
}

/** An int, or a float where there is a point or an exponent. */
function numberValue(literal: string): number | bigint {
  const text = literal.replaceAll('_', '');
  if (/^[+-]?0[xX]|^[+-]?0[bB]|^[+-]?\d+$/.test(text))
    return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace('+', ''));
  return Number(text);
}

/** The value of a Go string literal. */
function stringValue(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner;
  return inner.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3}|.)/g, (_, code: string) => {
    const kind = code[0] as string;
    if (code.length > 1)
      return String.fromCodePoint(
        parseInt(
          kind === 'x' || kind === 'u' ? code.slice(1) : code,
          kind === 'x' || kind === 'u' ? 16 : 8,
        ),
      );
    return ESCAPES.get(kind) ?? kind;
  });
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
]);
