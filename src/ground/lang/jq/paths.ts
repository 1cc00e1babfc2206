/** Paths into values: reading, setting, deleting. */
import { indexValue } from './operations.ts';
import { JqError } from './signals.ts';
import { compareJson, isArray, isObject, type Json, typeName } from './value.ts';

/** Longest array that an index may make. */
const LENGTH_MAX = 1_000_000;

export function getPath(value: Json, path: readonly Json[]): Json | JqError {
  let current = value;
  for (const key of path) {
    if (current === null) return null;
    const next = indexValue(current, key);
    if (next instanceof JqError) return next;
    current = next;
  }
  return current;
}

export function setPath(value: Json, path: readonly Json[], leaf: Json, at = 0): Json | JqError {
  const key = path[at];
  if (key === undefined) return leaf;
  const old = value === null ? null : indexValue(value, key);
  if (old instanceof JqError) return old;
  const inner = setPath(old, path, leaf, at + 1);
  if (inner instanceof JqError) return inner;
  return setKey(value, key, inner);
}

function setKey(value: Json, key: Json, inner: Json): Json | JqError {
  if (typeof key === 'string') {
    if (value !== null && !isObject(value))
      return new JqError(`Cannot index ${typeName(value)} with "${key}"`);
    return new Map(value ?? []).set(key, inner);
  }
  if (typeof key === 'number') {
    if (value !== null && !isArray(value))
      return new JqError(`Cannot index ${typeName(value)} with number`);
    const items = [...(value ?? [])];
    const index = Math.floor(key) < 0 ? items.length + Math.floor(key) : Math.floor(key);
    if (index < 0) return new JqError('Out of bounds negative array index');
    if (index > LENGTH_MAX) return new JqError('Array index too large');
    while (items.length <= index) items.push(null);
    items[index] = inner;
    return items;
  }
  if (isObject(key)) {
    if (value !== null && !isArray(value))
      return new JqError(`Cannot update field at object index of ${typeName(value)}`);
    if (!isArray(inner))
      return new JqError('A slice of an array can only be assigned another array');
    const items = [...(value ?? [])];
    const [start, end] = bounds(key, items.length);
    items.splice(start, end - start, ...inner);
    return items;
  }
  return new JqError(`Invalid path component ${typeName(key)}`);
}

function bounds(key: ReadonlyMap<string, Json>, length: number): readonly [number, number] {
  const place = (value: Json | undefined, usual: number): number => {
    if (typeof value !== 'number') return usual;
    return value < 0 ? Math.max(0, length + value) : Math.min(value, length);
  };
  const start = Math.floor(place(key.get('start'), 0));
  return [start, Math.max(start, Math.ceil(place(key.get('end'), length)))];
}

/** Deletes longest and last paths first, so that indexes stay right. */
export function deletePaths(value: Json, paths: readonly (readonly Json[])[]): Json | JqError {
  const ordered = [...paths].sort((a, b) => compareJson(b, a));
  let result: Json | JqError = value;
  for (const path of ordered) {
    result = deletePath(result as Json, path, 0);
    if (result instanceof JqError) return result;
  }
  return result;
}

function deletePath(value: Json, path: readonly Json[], at: number): Json | JqError {
  const key = path[at];
  if (key === undefined || value === null) return null;
  if (at < path.length - 1) {
    const old = indexValue(value, key);
    if (old instanceof JqError) return old;
    if (old === null) return value;
    const inner = deletePath(old, path, at + 1);
    return inner instanceof JqError ? inner : setKey(value, key, inner);
  }
  if (isObject(value) && typeof key === 'string') {
    const out = new Map(value);
    out.delete(key);
    return out;
  }
  if (isArray(value) && typeof key === 'number') {
    const index = key < 0 ? value.length + key : key;
    return value.filter((_, position) => position !== index);
  }
  if (isArray(value) && isObject(key)) {
    const [start, end] = bounds(key, value.length);
    return [...value.slice(0, start), ...value.slice(end)];
  }
  return new JqError(
    typeof key === 'string'
      ? `Cannot delete field at object index of ${typeName(value)}`
      : `Cannot delete field at ${isObject(value) ? 'array' : typeName(key)} index of ${typeName(value)}`,
  );
}
