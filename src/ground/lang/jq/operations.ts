/** jq's operators on values: indexing, slices, arithmetic (jq 1.6 texts). */
import { describe, JqError } from './signals.ts';
import { compareJson, isArray, isObject, type Json, typeName } from './value.ts';

export function indexValue(target: Json, key: Json): Json | JqError {
  if (isObject(target) && typeof key === 'string') return target.get(key) ?? null;
  if (isArray(target) && typeof key === 'number') {
    const at = Math.floor(key);
    return target[at < 0 ? target.length + at : at] ?? null;
  }
  if (
    target === null &&
    (typeof key === 'string' || typeof key === 'number' || key === null || isObject(key))
  )
    return null;
  if ((isArray(target) || target === null) && isObject(key))
    return sliceValue(target, key.get('start') ?? null, key.get('end') ?? null);
  if (isArray(target) && isArray(key)) {
    const found: Json[] = [];
    for (let at = 0; at + key.length <= target.length && key.length > 0; at += 1) {
      if (compareJson(target.slice(at, at + key.length), key) === 0) found.push(at);
    }
    return found;
  }
  const shown = typeof key === 'string' ? `string "${key}"` : typeName(key);
  return new JqError(`Cannot index ${typeName(target)} with ${shown}`);
}

export function sliceValue(target: Json, from: Json, to: Json): Json | JqError {
  if (target === null) return null;
  if (typeof target !== 'string' && !isArray(target))
    return new JqError(`Cannot index ${typeName(target)} with object`);
  if ((from !== null && typeof from !== 'number') || (to !== null && typeof to !== 'number')) {
    return new JqError('Start and end indices of an array slice must be numbers');
  }
  const items = typeof target === 'string' ? [...target] : target;
  const place = (value: number | null, usual: number): number => {
    if (value === null) return usual;
    return value < 0 ? Math.max(0, items.length + value) : Math.min(value, items.length);
  };
  const start = Math.floor(place(from, 0));
  const end = Math.ceil(place(to, items.length));
  const part = items.slice(start, Math.max(start, end));
  return typeof target === 'string' ? part.join('') : (part as readonly Json[]);
}

export function add(left: Json, right: Json): Json | JqError {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (isArray(left) && isArray(right)) return [...left, ...right];
  if (isObject(left) && isObject(right)) return new Map([...left, ...right]);
  return new JqError(`${describe(left)} and ${describe(right)} cannot be added`);
}

function arithmetic(operator: string, left: Json, right: Json): Json | JqError {
  switch (operator) {
    case '-':
      if (typeof left === 'number' && typeof right === 'number') return left - right;
      if (isArray(left) && isArray(right))
        return left.filter((item) => !right.some((other) => compareJson(item, other) === 0));
      return new JqError(`${describe(left)} and ${describe(right)} cannot be subtracted`);
    case '*':
      return multiply(left, right);
    case '/':
      if (typeof left === 'number' && typeof right === 'number') {
        if (right === 0)
          return new JqError(
            `${describe(left)} and ${describe(right)} cannot be divided because the divisor is zero`,
          );
        return left / right;
      }
      if (typeof left === 'string' && typeof right === 'string') return splitText(left, right);
      return new JqError(`${describe(left)} and ${describe(right)} cannot be divided`);
    default:
      if (typeof left === 'number' && typeof right === 'number') {
        const divisor = Math.trunc(right);
        if (divisor === 0)
          return new JqError(
            `${describe(left)} and ${describe(right)} cannot be divided because the divisor is zero`,
          );
        return (Math.trunc(left) % Math.abs(divisor)) + 0;
      }
      return new JqError(`${describe(left)} and ${describe(right)} cannot be divided (remainder)`);
  }
}

export function splitText(text: string, separator: string): Json {
  if (text === '') return [];
  return separator === '' ? [...text] : text.split(separator);
}

function multiply(left: Json, right: Json): Json | JqError {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  const text = typeof left === 'string' ? left : typeof right === 'string' ? right : undefined;
  const count = typeof left === 'number' ? left : typeof right === 'number' ? right : undefined;
  if (text !== undefined && count !== undefined) {
    if (count <= 0) return null;
    if (text.length * count > 20_000_000) return new JqError('Repeat string result too long');
    return text.repeat(Math.max(1, Math.ceil(count)));
  }
  if (isObject(left) && isObject(right)) return merge(left, right, 0);
  return new JqError(`${describe(left)} and ${describe(right)} cannot be multiplied`);
}

function merge(
  left: ReadonlyMap<string, Json>,
  right: ReadonlyMap<string, Json>,
  depth: number,
): Json {
  const out = new Map(left);
  for (const [key, value] of right) {
    const old = out.get(key);
    out.set(
      key,
      depth < 900 && old !== undefined && isObject(old) && isObject(value)
        ? merge(old, value, depth + 1)
        : value,
    );
  }
  return out;
}

/** Comparisons, and the operators of arithmetic. */
export function binary(operator: string, left: Json, right: Json): Json | JqError {
  switch (operator) {
    case '+':
      return add(left, right);
    case '==':
      return compareJson(left, right) === 0;
    case '!=':
      return compareJson(left, right) !== 0;
    case '<':
      return compareJson(left, right) < 0;
    case '<=':
      return compareJson(left, right) <= 0;
    case '>':
      return compareJson(left, right) > 0;
    case '>=':
      return compareJson(left, right) >= 0;
    default:
      return arithmetic(operator, left, right);
  }
}
