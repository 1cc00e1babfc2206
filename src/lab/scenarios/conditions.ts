/**
 * Conditions of scenarios: paths into objects and comparisons of what they find. No code, no state,
 * and no input that can hold the loop: regular expressions run in linear time.
 *
 *     spec.ports[0].port                          a field, an item
 *     status.conditions[type=Ready].status        the items whose field has a value
 *     spec.containers[*].image                    all items; a comparison must hold for each
 *     metadata.labels['app.kubernetes.io/name']   a key with dots
 *
 * `!=` and `absent` hold where there is no value; every other comparison wants at least one.
 */
import { entryOf } from '../../ground/api/meta.ts';
import { compareQuantity, parseQuantity } from '../../ground/api/quantity.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { compileRegexp } from '../../ground/lang/regexp.ts';
import type { Condition, Operator } from './format.ts';

export type PathStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'item'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'having'; readonly fields: readonly string[]; readonly value: string };

const STEPS_MAX = 30;

/** Reads a path; the error says what is wrong with it. */
export function parsePath(text: string): Result<readonly PathStep[], string> {
  const steps: PathStep[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const bracket = /^\[(?:(\*)|(\d+)|'([^']*)'|([\w.-]+)=([^\]]*))\]/.exec(rest);
    const field = steps.length === 0 ? /^[\w-]+/.exec(rest) : /^\.[\w-]+/.exec(rest);
    const step =
      bracket !== null ? bracketStep(bracket) : field !== null ? fieldStep(field[0]) : undefined;
    if (step === undefined) return err(`path "${text}": cannot read "${rest}"`);
    steps.push(step);
    at += (bracket ?? (field as RegExpExecArray))[0].length;
  }
  if (steps.length === 0) return err('an empty path');
  if (steps.length > STEPS_MAX) return err(`path "${text}": more than ${STEPS_MAX} steps`);
  return ok(steps);
}

function fieldStep(text: string): PathStep {
  return { kind: 'field', name: text.startsWith('.') ? text.slice(1) : text };
}

function bracketStep(match: RegExpExecArray): PathStep {
  const [, all, index, key, field, value] = match;
  if (all !== undefined) return { kind: 'all' };
  if (index !== undefined) return { kind: 'item', index: Number(index) };
  if (key !== undefined) return { kind: 'field', name: key };
  return { kind: 'having', fields: (field ?? '').split('.'), value: value ?? '' };
}

/** What a path finds in a value, in order. */
export function valuesAt(value: unknown, path: readonly PathStep[]): readonly unknown[] {
  let found: readonly unknown[] = [value];
  for (const step of path) found = found.flatMap((one) => stepInto(one, step));
  return found;
}

function stepInto(value: unknown, step: PathStep): readonly unknown[] {
  switch (step.kind) {
    case 'field': {
      const inner = fieldOf(value, step.name);
      return inner === undefined ? [] : [inner];
    }
    case 'item':
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
    case 'all':
      return Array.isArray(value) ? value : [];
    case 'having':
      return Array.isArray(value)
        ? value.filter((item) => {
            const inner = step.fields.reduce<unknown>(fieldOf, item);
            return inner !== undefined && String(inner) === step.value;
          })
        : [];
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return entryOf(value as Readonly<Record<string, unknown>>, name);
}

// ---------------------------------------------------------------------------------------------
// Comparisons

/** Longest first. */
const SIGNS: readonly Operator[] = ['!=', '>=', '<=', '=', '>', '<', '~'];

/** Reads the right side of a condition: `10`, `">=3"`, `"~^backend-"`, `"10%±5"`, `exists`, `"count<2"`. */
export function parseCondition(value: unknown): Result<Condition, string> {
  if (typeof value === 'number' || typeof value === 'boolean') return ok(equals(String(value)));
  if (typeof value !== 'string') return err('a condition is a text, a number or a boolean');
  const text = value.trim();
  if (text === 'exists' || text === 'absent') {
    return ok({ operator: text, operand: '', tolerance: 0 });
  }
  const count = /^count\s*(!=|>=|<=|=|>|<)\s*(\d+)$/.exec(text);
  if (count !== null) {
    return ok({ operator: `count${count[1]}` as Operator, operand: count[2] ?? '', tolerance: 0 });
  }
  const sign = SIGNS.find((each) => text.startsWith(each));
  const operand = sign === undefined ? text : text.slice(sign.length).trim();
  if (sign === '~') {
    const compiled = compileRegexp(operand);
    if (!compiled.ok) return err(`condition "${text}": ${compiled.error}`);
    return ok({ operator: '~', operand, tolerance: 0 });
  }
  if (sign !== undefined && sign !== '=' && sign !== '!=' && numberOf(operand) === undefined) {
    return err(`condition "${text}": ${sign} compares numbers, and "${operand}" is none`);
  }
  const tolerant = /^(-?[\d.]+%?)\s*(?:±|\+-)\s*([\d.]+)%?$/.exec(operand);
  if (tolerant === null) return ok({ operator: sign ?? '=', operand, tolerance: 0 });
  if (sign !== undefined && sign !== '=') return err(`condition "${text}": ± goes with = only`);
  return ok({ operator: '=', operand: tolerant[1] ?? '', tolerance: Number(tolerant[2]) });
}

function equals(operand: string): Condition {
  return { operator: '=', operand, tolerance: 0 };
}

/** Whether a condition holds for what a path found. */
export function holds(condition: Condition, values: readonly unknown[]): boolean {
  const { operator } = condition;
  if (operator === 'exists') return values.length > 0;
  if (operator === 'absent') return values.length === 0;
  if (operator.startsWith('count')) {
    const only = values.length === 1 ? values[0] : undefined;
    const count = Array.isArray(only) ? only.length : values.length;
    return compares(operator.slice('count'.length), count - Number(condition.operand));
  }
  if (operator === '!=') return values.every((value) => !isEqual(condition, value));
  if (operator === '~') {
    const compiled = compileRegexp(condition.operand);
    return (
      values.length > 0 && compiled.ok && values.every((one) => compiled.value.test(String(one)))
    );
  }
  return values.length > 0 && values.every((value) => holdsFor(condition, value));
}

function holdsFor(condition: Condition, value: unknown): boolean {
  const { operator, operand } = condition;
  if (operator === '=') return isEqual(condition, value);
  const difference = differenceOf(value, operand);
  return difference !== undefined && compares(operator, difference);
}

function isEqual(condition: Condition, value: unknown): boolean {
  if (condition.tolerance > 0) {
    const seen = numberOf(value);
    const wanted = numberOf(condition.operand);
    if (seen === undefined || wanted === undefined) return false;
    return Math.abs(seen - wanted) <= condition.tolerance;
  }
  if (typeof value === 'number') return value === numberOf(condition.operand);
  return typeof value !== 'object' && String(value) === condition.operand;
}

function compares(sign: string, difference: number): boolean {
  switch (sign) {
    case '=':
      return difference === 0;
    case '!=':
      return difference !== 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    case '<':
      return difference < 0;
    default:
      return difference <= 0;
  }
}

/** Sign of value - operand: as numbers (percent signs dropped), else as quantities. */
function differenceOf(value: unknown, operand: string): number | undefined {
  const seen = numberOf(value);
  const wanted = numberOf(operand);
  if (seen !== undefined && wanted !== undefined && isPlain(value) && isPlain(operand)) {
    return seen - wanted;
  }
  const quantity = parseQuantity(String(value));
  const bound = parseQuantity(operand);
  return quantity.ok && bound.ok ? compareQuantity(quantity.value, bound.value) : undefined;
}

function isPlain(value: unknown): boolean {
  return /^-?\d+(\.\d+)?%?$/.test(String(value));
}

/** A number, a percentage's number, or a quantity in its base unit. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (isPlain(value)) return Number(value.replace('%', ''));
  const quantity = parseQuantity(value);
  return quantity.ok ? Number(quantity.value.nano) / 1e9 : undefined;
}

/** What was found, as people read it; empty for nothing. */
export function seenText(condition: Condition, values: readonly unknown[]): string {
  if (condition.operator.startsWith('count')) {
    const only = values.length === 1 ? values[0] : undefined;
    return String(Array.isArray(only) ? only.length : values.length);
  }
  return [...new Set(values.map(shortText))].slice(0, 4).join(', ');
}

function shortText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (typeof value === 'object' && value !== null) return '{…}';
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
