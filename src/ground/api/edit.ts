/**
 * The one way to change API objects. Objects are frozen from birth and shared; a change makes a new
 * object that shares everything it did not touch, and gives back the old one when nothing changed.
 *
 * How an object is built decides how fast it is read afterwards. V8 (Node 20) keeps objects of one
 * make in one hidden class only if they are made in one of these ways; a field walk over stored pods
 * is then as fast as over plain literals:
 *
 *   a literal, then frozen                                   1×   (reads, relative to a plain literal)
 *   `{...frozen}`, fields set or added, then frozen          1×
 *   `{}`, up to about 16 fields set by key, then frozen      1×
 *   `{...unfrozen}`, then frozen                           100×   one hidden class per object
 *   `{}`, 20 and more fields set by key, then frozen       300×   dictionary mode, one class each
 *
 * So: copies are made of frozen objects only, and wide objects are begun by `newRecord`, which makes
 * room for the fields inside the object, where the limit on fields set by key does not count.
 *
 * Order of fields: a copy keeps the order of its source, new fields go to the end. The order of the
 * schema is made where objects are printed (api/encode).
 */
import { assert } from '../base/assert.ts';
import { type PathStep, setOwn } from '../lang/value.ts';

type Fields = Record<string, unknown>;

export type { PathStep };

/** How many fields `newRecord` gives room inside the object. */
const WIDE_ROOM = 24;

function Wide(this: Fields, full: boolean): void {
  if (!full) return;
  // Written out, because the engine counts assignments in the constructor to size the object.
  this['a'] = this['b'] = this['c'] = this['d'] = this['e'] = this['f'] = this['g'] = 0;
  this['h'] = this['i'] = this['j'] = this['k'] = this['l'] = this['m'] = this['n'] = 0;
  this['o'] = this['p'] = this['q'] = this['r'] = this['s'] = this['t'] = this['u'] = 0;
  this['v'] = this['w'] = this['x'] = 0;
}
Wide.prototype = Object.prototype;
const WideRecord = Wide as unknown as new (full: boolean) => Fields;
// The engine shrinks the room to what the first objects used; these use all of it.
for (let round = 0; round < WIDE_ROOM; round += 1) new WideRecord(true);

/** An empty plain object to fill by key and then freeze; say how many fields it may get at most. */
export function newRecord(fieldsMax: number): Fields {
  return fieldsMax > 14 ? new WideRecord(false) : {};
}

/** A copy with these fields set; `undefined` removes a field. The object itself when nothing differs. */
export function withFields<T extends object>(
  object: T,
  changes: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const source = object as Fields;
  const given = changes as Fields;
  let copy: Fields | undefined;
  for (const key in given) {
    const value = given[key];
    if (value === source[key]) {
      // A field that is present but undefined would print; take it out.
      if (value === undefined && Object.hasOwn(source, key)) return rebuilt(source, given) as T;
      continue;
    }
    if (value === undefined) return rebuilt(source, given) as T;
    if (copy === undefined) {
      if (!Object.isFrozen(source)) return rebuilt(source, given) as T;
      copy = { ...source };
    }
    copy[key] = value;
  }
  return copy === undefined ? object : (Object.freeze(copy) as T);
}

function rebuilt(source: Fields, given: Fields): Fields {
  const copy = newRecord(Object.keys(source).length + Object.keys(given).length);
  for (const key of Object.keys(source)) {
    const value = Object.hasOwn(given, key) ? given[key] : source[key];
    if (value !== undefined) setOwn(copy, key, value);
  }
  for (const key of Object.keys(given)) {
    if (given[key] !== undefined && !Object.hasOwn(copy, key)) setOwn(copy, key, given[key]);
  }
  return Object.freeze(copy);
}

/**
 * Sets the value at a path, making missing maps on the way; an index equal to the length of a list
 * appends. Returns the object itself when the value is already there.
 */
export function setIn<T>(object: T, path: readonly PathStep[], value: unknown): T {
  return setAt(object, path, 0, value) as T;
}

function setAt(node: unknown, path: readonly PathStep[], depth: number, value: unknown): unknown {
  if (depth === path.length) return sameValue(node, value) ? node : freezeDeep(value);
  const step = path[depth] as PathStep;
  if (typeof step === 'number') {
    const list = (node ?? []) as readonly unknown[];
    assert(step <= list.length, `list index ${step} beyond the end ${list.length}`);
    const next = setAt(list[step], path, depth + 1, value);
    if (next === list[step] && step < list.length) return node;
    const copy = list.slice();
    copy[step] = next;
    return Object.freeze(copy);
  }
  const map = (node ?? {}) as Fields;
  const old = Object.hasOwn(map, step) ? map[step] : undefined;
  const next = setAt(old, path, depth + 1, value);
  if (next === old && node !== undefined) return node;
  return withEntry(map, step, next);
}

/** A copy of a map with one entry set; safe for any key. */
export function withEntry<V>(
  map: Readonly<Record<string, V>> | undefined,
  key: string,
  value: V,
): Readonly<Record<string, V>> {
  if (map !== undefined && Object.hasOwn(map, key) && map[key] === value) return map;
  const copy: Fields = map !== undefined && Object.isFrozen(map) ? { ...map } : copied(map);
  setOwn(copy, key, value);
  return Object.freeze(copy) as Readonly<Record<string, V>>;
}

function copied(map: Fields | undefined): Fields {
  const copy: Fields = {};
  if (map !== undefined) for (const key of Object.keys(map)) setOwn(copy, key, map[key]);
  return copy;
}

/** A copy of a map without one entry; undefined when none is left. */
export function withoutEntry<V>(
  map: Readonly<Record<string, V>> | undefined,
  key: string,
): Readonly<Record<string, V>> | undefined {
  if (map === undefined || !Object.hasOwn(map, key)) return map;
  const keys = Object.keys(map);
  if (keys.length === 1) return undefined;
  const copy: Fields = {};
  for (const each of keys) if (each !== key) setOwn(copy, each, map[each]);
  return Object.freeze(copy) as Readonly<Record<string, V>>;
}

/**
 * Freezes a value that its caller has just built, leaves first. What is frozen already is taken to be
 * frozen all the way down.
 */
export function freezeDeep<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) for (const item of value) freezeDeep(item);
  else for (const key of Object.keys(value)) freezeDeep((value as Fields)[key]);
  return Object.freeze(value);
}

/**
 * Equality of values: maps by key whatever the order, lists in order. A field that is present but
 * undefined equals an absent one. Shared parts are equal at once.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index += 1) {
      if (!sameValue(a[index], b[index])) return false;
    }
    return true;
  }
  if (Array.isArray(b)) return false;
  const left = a as Fields;
  const right = b as Fields;
  let seen = 0;
  for (const key of Object.keys(left)) {
    if (left[key] === undefined) continue;
    if (!Object.hasOwn(right, key) || !sameValue(left[key], right[key])) return false;
    seen += 1;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) seen -= 1;
  return seen === 0;
}

/** A frozen copy of a list with one item replaced. */
export function replacedAt<T>(list: readonly T[], index: number, item: T): readonly T[] {
  const copy = list.slice();
  copy[index] = item;
  return Object.freeze(copy);
}
