/**
 * kubectl's dialect of JSONPath (k8s.io/client-go/util/jsonpath, v0.34): templates of text and
 * actions, `{.items[*].metadata.name}{"\n"}`, with ranges, filters, unions, slices and recursive
 * descent. `$` and `@` both mean the present object. Maps are walked in the order of their keys.
 */
import { err, ok, type Result } from '../base/result.ts';
import { sortedText } from '../base/text.ts';
import { formatJson, formatNumber } from './json.ts';
import { DEPTH_MAX } from './value.ts';

type Step =
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

type Operand =
  | { readonly kind: 'path'; readonly steps: readonly Step[] }
  | { readonly kind: 'value'; readonly value: unknown };

type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly operands: readonly Operand[] }
  | { readonly kind: 'range'; readonly steps: readonly Step[]; readonly body: readonly Segment[] };

/** A parsed template. */
export interface JsonPath {
  readonly segments: readonly Segment[];
}

/** Parses a template; the error is upstream's: `unterminated array`. */
export function parseJsonPath(template: string): Result<JsonPath, string> {
  const parser = new TemplateParser(template);
  const segments = parser.segments(false);
  return parser.error === undefined ? ok({ segments }) : err(parser.error);
}

/** The template's text for an object; the error is upstream's: `array index out of bounds: …`. */
export function printJsonPath(
  path: JsonPath,
  object: unknown,
  allowMissing = true,
): Result<string, string> {
  const evaluation = new Evaluation(allowMissing);
  const text = evaluation.print(path.segments, object);
  return evaluation.error === undefined ? ok(text) : err(evaluation.error);
}

/** The values that a template of one action finds, for custom columns, sorting and waiting. */
export function findJsonPath(
  path: JsonPath,
  object: unknown,
  allowMissing = true,
): Result<readonly unknown[], string> {
  const evaluation = new Evaluation(allowMissing);
  const found: unknown[] = [];
  for (const segment of path.segments) {
    if (segment.kind !== 'action') continue;
    for (const operand of segment.operands) found.push(...evaluation.operand(operand, object));
  }
  return evaluation.error === undefined ? ok(found) : err(evaluation.error);
}

/** A value as an action prints it. */
export function printValue(value: unknown): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'object') return formatJson(value, { sortKeys: true });
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

const SLICE = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/;
const COMPARISON = /^([^!<>=]+)([!<>=]+)(.+)$/s;

class TemplateParser {
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
    if (inRange && this.error === undefined) this.#fail('unterminated range');
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
    const quoted = /^'([^']*)'$|^"([^"]*)"$/.exec(inside.trim());
    if (quoted !== null) {
      steps.push({ kind: 'field', name: quoted[1] ?? quoted[2] ?? '' });
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

class Evaluation {
  readonly #allowMissing: boolean;
  error: string | undefined;

  constructor(allowMissing: boolean) {
    this.#allowMissing = allowMissing;
  }

  print(segments: readonly Segment[], object: unknown): string {
    let out = '';
    for (const segment of segments) {
      if (this.error !== undefined) return out;
      if (segment.kind === 'text') out += segment.text;
      else if (segment.kind === 'range') {
        for (const item of this.#walk(segment.steps, object)) out += this.print(segment.body, item);
      } else {
        const values = segment.operands.flatMap((each) => this.operand(each, object));
        out += values.map(printValue).join(' ');
      }
    }
    return out;
  }

  operand(operand: Operand, object: unknown): readonly unknown[] {
    return operand.kind === 'value' ? [operand.value] : this.#walk(operand.steps, object);
  }

  #walk(steps: readonly Step[], object: unknown): readonly unknown[] {
    let values: readonly unknown[] = [object];
    for (const step of steps) {
      values = values.flatMap((value) => this.#step(step, value));
      if (this.error !== undefined) return [];
    }
    return values;
  }

  #step(step: Step, value: unknown): readonly unknown[] {
    switch (step.kind) {
      case 'field':
        return this.#field(step.name, value);
      case 'wildcard':
        return childrenOf(value);
      case 'recursive':
        return descendantsOf(value);
      case 'union':
        return step.paths.flatMap((path) => this.#walk(path, value));
      case 'slice':
        return this.#slice(step, value);
      default:
        return this.#filter(step, value);
    }
  }

  #field(name: string, value: unknown): readonly unknown[] {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      const found = Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined;
      if (found !== undefined) return [found];
    }
    if (!this.#allowMissing) this.#fail(`${name} is not found`);
    return [];
  }

  #slice(step: Extract<Step, { kind: 'slice' }>, value: unknown): readonly unknown[] {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) return this.#fail(`${goValue(value)} is not array or slice`);
    const length = value.length;
    let start = step.start ?? 0;
    let end = step.single ? start + 1 : (step.end ?? length);
    if (start < 0) start += length;
    if (end < 0 || (end === 0 && step.single)) end += length;
    if (start === end) return [];
    const bounds = (index: number) =>
      this.#fail(`array index out of bounds: index ${index}, length ${length}`);
    if (start >= length || start < 0) return bounds(start);
    if (end > length || end < 0) return bounds(end - 1);
    if (start > end) {
      return this.#fail(`starting index ${start} is greater than ending index ${end}`);
    }
    const stride = step.step ?? 1;
    if (stride <= 0) return this.#fail('step must be > 0');
    return value.slice(start, end).filter((_, index) => index % stride === 0);
  }

  #filter(step: Extract<Step, { kind: 'filter' }>, value: unknown): readonly unknown[] {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) {
      return this.#fail(`${goValue(value)} is not array or slice and cannot be filtered`);
    }
    return value.filter((item) => {
      const left = this.operand(step.left, item);
      if (step.right === undefined) return left.length > 0;
      if (left.length === 0) return false;
      const right = this.operand(step.right, item);
      if (right.length === 0) return false;
      if (left.length > 1 || right.length > 1) {
        this.#fail('can only compare one element at a time');
        return false;
      }
      return this.#compare(left[0], step.operator, right[0]);
    });
  }

  #compare(left: unknown, operator: string, right: unknown): boolean {
    if (typeof left !== typeof right) {
      this.#fail('incompatible types for comparison');
      return false;
    }
    const a = left as number;
    const b = right as number;
    switch (operator) {
      case '==':
        return a === b;
      case '!=':
        return a !== b;
      case '<':
        return a < b;
      case '<=':
        return a <= b;
      case '>':
        return a > b;
      case '>=':
        return a >= b;
      default:
        this.#fail(`unrecognized filter operator ${operator}`);
        return false;
    }
  }

  #fail(message: string): readonly unknown[] {
    this.error ??= message;
    return [];
  }
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || typeof value !== 'object') return [];
  const map = value as Record<string, unknown>;
  return sortedText(Object.keys(map)).map((key) => map[key]);
}

function descendantsOf(value: unknown): readonly unknown[] {
  const found: unknown[] = [];
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (next === null || typeof next !== 'object') continue;
    found.push(next);
    pending.push(...[...childrenOf(next)].reverse());
  }
  return found;
}

/** A value as Go prints it with %v. */
function goValue(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  const map = value as Record<string, unknown>;
  const parts = sortedText(Object.keys(map)).map((key) => `${key}:${goValue(map[key])}`);
  return Array.isArray(value) ? `[${value.map(goValue).join(' ')}]` : `map[${parts.join(' ')}]`;
}
