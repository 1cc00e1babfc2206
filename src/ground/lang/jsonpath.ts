/**
 * kubectl's dialect of JSONPath (k8s.io/client-go/util/jsonpath, v0.34): templates of text and
 * actions, `{.items[*].metadata.name}{"\n"}`, with ranges, filters, unions, slices and recursive
 * descent. `$` and `@` both mean the present object. Maps are walked in the order of their keys.
 */
import { err, ok, type Result } from '../base/result.ts';
import { sortedText } from '../base/text.ts';
import { formatJson, formatNumber } from './json.ts';
import { type Operand, type Segment, type Step, TemplateParser } from './jsonpath-parser.ts';

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
