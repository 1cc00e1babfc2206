/** jq's functions of one value: lengths, keys, order, groups, searches. */
import { compareText } from '../../base/text.ts';
import { indexValue } from './operations.ts';
import { toText } from './format.ts';
import { describe, JqError } from './signals.ts';
import { compareJson, isArray, isObject, type Json, parseJson, typeName } from './value.ts';

export function lengthOf(value: Json): Json | JqError {
  if (value === null) return 0;
  if (typeof value === 'string') return [...value].length;
  if (typeof value === 'number') return Math.abs(value);
  if (isArray(value)) return value.length;
  if (isObject(value)) return value.size;
  return new JqError(`${describe(value)} has no length`);
}

export function keysOf(value: Json, sorted: boolean): Json | JqError {
  if (isArray(value)) return value.map((_, index) => index);
  if (!isObject(value)) return new JqError(`${describe(value)} has no keys`);
  const keys = [...value.keys()];
  return sorted ? keys.sort(compareText) : keys;
}

export function fromJson(value: Json): Json | JqError {
  if (typeof value !== 'string')
    return new JqError(`${describe(value)} only strings can be parsed`);
  const parsed = parseJson(value);
  return parsed.ok ? parsed.value : new JqError(`${parsed.error} (while parsing '${value}')`);
}

export function toNumber(value: Json): Json | JqError {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string')
    return new JqError(`${describe(value)} cannot be parsed as a number`);
  const parsed = parseJson(value);
  if (parsed.ok && typeof parsed.value === 'number') return parsed.value;
  return new JqError(
    parsed.ok
      ? `${describe(value)} cannot be parsed as a number`
      : `${parsed.error.replace(/ at line .*/, '')} at EOF at line 1, column ${value.length} (while parsing '${value}')`,
  );
}

export function extreme(value: Json, sign: number): Json | JqError {
  if (!isArray(value))
    return new JqError(`${describe(value)} and ${describe(value)} cannot be iterated over`);
  return value.reduce<Json>(
    (best, item, index) =>
      index === 0 ||
      compareJson(item, best) * sign > 0 ||
      (sign > 0 && compareJson(item, best) === 0)
        ? item
        : best,
    null,
  );
}

export function flatten(value: Json, depth: number): Json | JqError {
  if (isObject(value)) return flatten([...value.values()], depth);
  if (!isArray(value)) return new JqError(`Cannot iterate over ${describe(value)}`);
  return value.flatMap((item): readonly Json[] =>
    isArray(item) && depth > 0 ? (flatten(item, depth - 1) as readonly Json[]) : [item],
  );
}

export function hasKey(value: Json, key: Json): Json | JqError {
  if (isObject(value) && typeof key === 'string') return value.has(key);
  if (isArray(value) && typeof key === 'number') return key >= 0 && key < value.length;
  if (value === null) return false;
  return new JqError(
    `Cannot check whether ${typeName(value)} has a ${typeof key === 'string' ? 'string' : typeName(key)} key`,
  );
}

export function contains(value: Json, other: Json): Json | JqError {
  if (isObject(value) && isObject(other)) {
    for (const [key, item] of other) {
      const mine = value.get(key);
      if (mine === undefined || contains(mine, item) !== true) return false;
    }
    return true;
  }
  if (isArray(value) && isArray(other))
    return other.every((item) => value.some((mine) => contains(mine, item) === true));
  if (typeof value === 'string' && typeof other === 'string') return value.includes(other);
  if (typeName(value) === typeName(other)) return compareJson(value, other) === 0;
  return new JqError(
    `${describe(value)} and ${describe(other)} cannot have their containment checked`,
  );
}

export function join(value: Json, glue: Json): Json | JqError {
  if (isObject(value)) return join([...value.values()], glue);
  if (!isArray(value)) return new JqError(`Cannot iterate over ${describe(value)}`);
  if (value.length === 0) return '';
  if (typeof glue !== 'string' && value.length > 1)
    return new JqError(`${describe('')} and ${describe(glue)} cannot be added`);
  const parts: string[] = [];
  for (const item of value) {
    if (item === null) parts.push('');
    else if (typeof item === 'object')
      return new JqError(
        `${describe(parts.join(String(glue)) + (parts.length > 0 ? String(glue) : ''))} and ${describe(item)} cannot be added`,
      );
    else parts.push(toText(item));
  }
  return parts.join(String(glue));
}

export function indices(value: Json, other: Json): Json | JqError {
  if (value === null) return null;
  if (typeof value === 'string' && typeof other === 'string') {
    const out: Json[] = [];
    for (let at = value.indexOf(other); at >= 0 && other !== ''; at = value.indexOf(other, at + 1))
      out.push([...value.slice(0, at)].length);
    return out;
  }
  if (isArray(value) && !isArray(other))
    return value.flatMap((item, index) => (compareJson(item, other) === 0 ? [index] : []));
  return indexValue(value, other);
}

export function orderBy(value: Json, keys: Json, word: string): readonly Json[] {
  if (!isArray(value) || !isArray(keys)) return [];
  const pairs = value.map((item, index): readonly Json[] => [keys[index] as Json, item]);
  return pairs.sort((a, b) =>
    compareJson(a[0] as Json, b[0] as Json),
  ) as unknown as readonly Json[] & { readonly word?: typeof word };
}

export function groupBy(value: Json, keys: Json): Json | JqError {
  if (!isArray(value) || !isArray(keys))
    return new JqError(
      `${describe(value)} and ${describe(keys)} cannot be sorted, as they are not both arrays`,
    );
  const groups: Json[][] = [];
  let last: Json | undefined;
  for (const pair of orderBy(value, keys, 'grouped')) {
    const [key, item] = pair as readonly Json[];
    if (last === undefined || compareJson(last, key as Json) !== 0) groups.push([]);
    last = key as Json;
    groups.at(-1)?.push(item as Json);
  }
  return groups;
}

export function byExtreme(value: Json, keys: Json, sign: number): Json | JqError {
  if (!isArray(value) || !isArray(keys))
    return new JqError(`${describe(value)} and ${describe(keys)} cannot be iterated over`);
  let best = 0;
  for (let index = 1; index < value.length; index += 1) {
    const order = compareJson(keys[index] as Json, keys[best] as Json) * sign;
    if (order > 0 || (order === 0 && sign > 0)) best = index;
  }
  return value[best] ?? null;
}

export function search(value: Json, target: Json): Json | JqError {
  if (!isArray(value)) return new JqError(`${describe(value)} cannot be searched from`);
  let low = 0;
  let high = value.length - 1;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const order = compareJson(value[middle] as Json, target);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1 - low;
}
