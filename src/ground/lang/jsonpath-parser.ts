/**
 * The parser of kubectl's JSONPath templates (see jsonpath.ts): text and actions, and inside braces
 * paths, texts, numbers and booleans side by side. Error texts are client-go's.
 */
import { DEPTH_MAX } from './value.ts';

export type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'recursive' }
  | {
      readonly kind: 'slice';
      readonly start?: number;
      readonly end?: number;
      readonly step?: number;
      readonly single: boolean;
    }
  | { readonly kind: 'union'; readonly paths: readonly (readonly Step[])[] }
  | {
      readonly kind: 'filter';
      readonly left: Operand;
      readonly operator: string;
      readonly right: Operand | undefined;
    };

export type Operand =
  | { readonly kind: 'path'; readonly steps: readonly Step[] }
  | { readonly kind: 'value'; readonly value: unknown };

export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly operands: readonly Operand[] }
  | { readonly kind: 'range'; readonly steps: readonly Step[]; readonly body: readonly Segment[] };

const SLICE = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/;
const COMPARISON = /^([^!<>=]+)([!<>=]+)(.+)$/s;

/** Reads a template; stops at the first error, which it keeps. */
export class TemplateParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  error: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  segments(inRange: boolean): readonly Segment[] {
    const segments: Segment[] = [];
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) this.#fail('ranges are nested too deep');
    while (this.#at < this.#text.length && this.error === undefined) {
      const open = this.#text.indexOf('{', this.#at);
      const end = open < 0 ? this.#text.length : open;
      if (end > this.#at) segments.push({ kind: 'text', text: this.#text.slice(this.#at, end) });
      if (open < 0) {
        this.#at = end;
        break;
      }
      const action = this.#action(open);
      if (action === undefined) break;
      const word = action.trim();
      if (word === 'end') {
        if (!inRange) this.#fail('not in range, nothing to end');
        this.#depth -= 1;
        return segments;
      }
      if (/^range\b/.test(word)) {
        const steps = new PathParser(word.slice(5).trim(), this).steps();
        segments.push({ kind: 'range', steps, body: this.segments(true) });
      } else segments.push({ kind: 'action', operands: new PathParser(action, this).operands() });
    }
    this.#depth -= 1;
    return segments;
  }

  fail(message: string): void {
    this.#fail(message);
  }

  /** The text between braces; braces inside quotes do not count. */
  #action(open: number): string | undefined {
    let quote = '';
    for (let at = open + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at] as string;
      if (quote !== '') {
        if (char === '\\') at += 1;
        else if (char === quote) quote = '';
      } else if (char === '"' || char === "'") quote = char;
      else if (char === '}') {
        this.#at = at + 1;
        return this.#text.slice(open + 1, at);
      }
    }
    this.#fail(quote === '' ? 'unclosed action' : 'unterminated quoted string');
    return undefined;
  }

  #fail(message: string): void {
    this.error ??= message;
  }
}

/** Reads what stands inside braces: paths, texts, numbers and booleans, side by side. */
class PathParser {
  readonly #text: string;
  readonly #owner: TemplateParser;
  #at = 0;

  constructor(text: string, owner: TemplateParser) {
    this.#text = text;
    this.#owner = owner;
  }

  steps(): readonly Step[] {
    return this.operands().flatMap((each) => (each.kind === 'path' ? each.steps : []));
  }

  operands(): readonly Operand[] {
    const operands: Operand[] = [];
    let steps: Step[] | undefined;
    const path = (): Step[] => {
      if (steps === undefined) {
        steps = [];
        operands.push({ kind: 'path', steps });
      }
      return steps;
    };
    while (this.#at < this.#text.length && this.#owner.error === undefined) {
      const char = this.#text[this.#at] as string;
      if (/\s/.test(char)) {
        this.#at += 1;
        steps = undefined;
      } else if (char === '$' || char === '@') {
        this.#at += 1;
        path();
      } else if (char === '.') this.#dot(path());
      else if (char === '[') this.#bracket(path());
      else if (char === '"' || char === "'") {
        operands.push({ kind: 'value', value: this.#quoted(char) });
        steps = undefined;
      } else if (/[-+0-9]/.test(char)) {
        const word = /^[-+]?[0-9.]+/.exec(this.#text.slice(this.#at))?.[0] ?? char;
        this.#at += word.length;
        if (Number.isNaN(Number(word))) this.#owner.fail(`cannot parse number ${word}`);
        operands.push({ kind: 'value', value: Number(word) });
      } else if (/[A-Za-z_]/.test(char)) {
        const word = /^\w+/.exec(this.#text.slice(this.#at))?.[0] as string;
        this.#at += word.length;
        if (word === 'true' || word === 'false') {
          operands.push({ kind: 'value', value: word === 'true' });
        } else this.#owner.fail(`unrecognized identifier ${word}`);
      } else this.#owner.fail(`unrecognized character in action: ${codePoint(char)}`);
    }
    return operands;
  }

  #dot(steps: Step[]): void {
    if (this.#text.startsWith('..', this.#at)) {
      this.#at += 1;
      steps.push({ kind: 'recursive' });
      const next = this.#text[this.#at + 1];
      if (next === '[' || next === undefined) this.#at += 1;
      return;
    }
    this.#at += 1;
    if (this.#text[this.#at] === '*') {
      this.#at += 1;
      steps.push({ kind: 'wildcard' });
      return;
    }
    let name = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      if (char === '\\') {
        name += this.#text[this.#at + 1] ?? '';
        this.#at += 2;
      } else if (/[\s.[\]{}]/.test(char)) break;
      else {
        name += char;
        this.#at += 1;
      }
    }
    if (name !== '') steps.push({ kind: 'field', name });
  }

  #bracket(steps: Step[]): void {
    const inside = this.#inside();
    if (inside === undefined) return;
    if (inside.startsWith('?(')) {
      if (!inside.endsWith(')')) this.#owner.fail('unterminated filter');
      else steps.push(this.#filter(inside.slice(2, -1)));
      return;
    }
    const parts = splitTop(inside);
    if (parts.length > 1) {
      const paths = parts.map((part) => new PathParser(`[${part.trim()}]`, this.#owner).steps());
      steps.push({ kind: 'union', paths });
      return;
    }
    // Upstream reads what stands in quotes as a path of its own: dots in keys need a backslash here too.
    const quoted = /^'([^']*)'$/.exec(inside.trim());
    if (quoted !== null) {
      steps.push(...new PathParser(`.${quoted[1] as string}`, this.#owner).steps());
      return;
    }
    const text = inside === '*' ? ':' : inside;
    const match = SLICE.exec(text);
    if (match === null || text === '') {
      this.#owner.fail(`invalid array index ${inside}`);
      return;
    }
    const number = (part: string | undefined) =>
      part === undefined || part === '' ? {} : { value: Number(part) };
    const start = number(match[1]).value;
    const end = number(match[2]).value;
    const step = number(match[3]).value;
    steps.push({
      kind: 'slice',
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(step === undefined ? {} : { step }),
      single: match[2] === undefined,
    });
  }

  /** The text of a bracket, brackets and quotes inside it matched. */
  #inside(): string | undefined {
    let depth = 0;
    let quote = '';
    for (let at = this.#at; at < this.#text.length; at += 1) {
      const char = this.#text[at] as string;
      if (quote !== '') {
        if (char === '\\') at += 1;
        else if (char === quote) quote = '';
      } else if (char === '"' || char === "'") quote = char;
      else if (char === '[') depth += 1;
      else if (char === ']') {
        depth -= 1;
        if (depth > 0) continue;
        const inside = this.#text.slice(this.#at + 1, at);
        this.#at = at + 1;
        return inside;
      }
    }
    const filter = this.#text.startsWith('[?(', this.#at);
    this.#owner.fail(filter ? 'unterminated filter' : 'unterminated array');
    return undefined;
  }

  #filter(text: string): Step {
    const operand = (part: string): Operand =>
      new PathParser(part.trim(), this.#owner).operands()[0] ?? { kind: 'path', steps: [] };
    const match = COMPARISON.exec(text);
    if (match === null) {
      return { kind: 'filter', left: operand(text), operator: 'exists', right: undefined };
    }
    return {
      kind: 'filter',
      left: operand(match[1] as string),
      operator: match[2] as string,
      right: operand(match[3] as string),
    };
  }

  #quoted(quote: string): string {
    let out = '';
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at] as string;
      if (char === quote) {
        this.#at = at + 1;
        return out;
      }
      if (char === '\\') {
        at += 1;
        const next = this.#text[at] ?? '';
        out += ESCAPES.get(next) ?? next;
      } else out += char;
    }
    this.#owner.fail('unterminated quoted string');
    return out;
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
]);

function codePoint(char: string): string {
  const hex = (char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  return `U+${hex} '${char}'`;
}

/** Splits at commas outside quotes and brackets. */
function splitTop(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '[' || char === '(') depth += 1;
    else if (char === ']' || char === ')') depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
