/**
 * Strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch, v0.34): maps merge, lists merge
 * by the key that the schema gives, and directives in the patch say what merging cannot:
 * `$patch: replace|delete|merge`, `$retainKeys`, `$setElementOrder/<list>`,
 * `$deleteFromPrimitiveList/<list>`.
 */
import { DONE, err, ok, type Result } from '../../base/result.ts';
import { isValueMap, setOwn, type Value, type ValueMap } from '../../lang/value.ts';
import { newRecord, sameValue } from '../edit.ts';
import { type Definition, type Field, objectOf, type Shape } from '../schema.ts';

export const PATCH = '$patch';
export const RETAIN_KEYS = '$retainKeys';
export const ELEMENT_ORDER = '$setElementOrder/';
export const DELETE_FROM = '$deleteFromPrimitiveList/';

/** The object with the patch applied, or upstream's error. Without a definition lists are replaced. */
export function applyStrategicPatch(
  definition: Definition | undefined,
  original: Value,
  patch: Value,
): Result<Value, string> {
  if (!isValueMap(original) || !isValueMap(patch)) {
    return err('json: cannot unmarshal into Go value of type map[string]interface {}');
  }
  return mergeMaps(definition, original, patch);
}

function mergeMaps(
  definition: Definition | undefined,
  original: ValueMap,
  patch: ValueMap,
): Result<Value, string> {
  const directive = own(patch, PATCH);
  if (directive !== undefined) {
    const rest = without(patch, [PATCH]);
    if (directive === 'replace') return ok(withoutDirectives(rest));
    if (directive === 'delete') return ok({});
    if (directive !== 'merge') {
      return err(`Unknown patch type found: ${String(directive)}`);
    }
    return mergeMaps(definition, original, rest);
  }
  const kept = retained(original, patch);
  if (!kept.ok) return kept;
  const keys = Object.keys(patch);
  const result = begun(kept.value, patch, keys);
  let orders = false;
  for (const key of keys) {
    if (key.startsWith('$')) {
      if (key.startsWith(ELEMENT_ORDER)) orders = true;
      if (key === RETAIN_KEYS || key.startsWith(ELEMENT_ORDER)) continue;
    }
    const merged = key.startsWith(DELETE_FROM)
      ? deleted(result, key, patch)
      : mergedField(definition?.byName.get(key), result, key, patch);
    if (!merged.ok) return merged;
  }
  // An order alone may move what is there.
  for (const key of orders ? keys : []) {
    if (!key.startsWith(ELEMENT_ORDER)) continue;
    const name = key.slice(ELEMENT_ORDER.length);
    const list = own(result, name);
    const order = patch[key];
    if (!Array.isArray(list) || !Array.isArray(order)) continue;
    const before = own(original, name);
    const mergeKey = definition?.byName.get(name)?.patchKey;
    setOwn(result, name, ordered(list, order, Array.isArray(before) ? before : [], mergeKey));
  }
  return ok(result);
}

/**
 * A copy to merge into, without the fields that the patch takes away: a field deleted from a copy
 * would leave it the only object of its kind in the engine, and slow to read for ever (api/edit).
 */
function begun(
  original: ValueMap,
  patch: ValueMap,
  keys: readonly string[],
): Record<string, Value> {
  const removes = keys.some((key) => patch[key] === null && Object.hasOwn(original, key));
  if (!removes && Object.isFrozen(original)) return { ...original };
  const names = Object.keys(original);
  const copy = newRecord(names.length + keys.length) as Record<string, Value>;
  for (const name of names) {
    if (own(patch, name) !== null) setOwn(copy, name, original[name]);
  }
  return copy;
}

function own(map: ValueMap, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function without(map: ValueMap, keys: readonly string[]): ValueMap {
  const copy: Record<string, Value> = {};
  for (const key of Object.keys(map)) if (!keys.includes(key)) setOwn(copy, key, map[key]);
  return copy;
}

function retained(original: ValueMap, patch: ValueMap): Result<ValueMap, string> {
  const list = own(patch, RETAIN_KEYS);
  if (list === undefined) return ok(original);
  if (!Array.isArray(list)) return err('invalid patch format of retainKeys directive');
  const names = new Set(list as readonly Value[]);
  for (const key of Object.keys(patch)) {
    if (key.startsWith('$') || patch[key] === null || names.has(key)) continue;
    return err('patch.Spec: the fields of a patch must be listed in its retainKeys directive');
  }
  const dropped = Object.keys(original).filter((key) => !names.has(key));
  return ok(dropped.length === 0 ? original : without(original, dropped));
}

function mergedField(
  field: Field | undefined,
  result: Record<string, Value>,
  key: string,
  patch: ValueMap,
): Result<void, string> {
  const value = patch[key] as Value;
  const before = own(result, key);
  if (value === null) return DONE;
  if (before === undefined || Array.isArray(before) !== Array.isArray(value)) {
    setOwn(result, key, withoutDirectives(value));
    return DONE;
  }
  if (isValueMap(before) && isValueMap(value)) {
    const merged = mergeMaps(field === undefined ? undefined : objectOf(field), before, value);
    if (!merged.ok) return merged;
    setOwn(result, key, merged.value);
  } else if (Array.isArray(before) && Array.isArray(value) && field?.patchMerge === true) {
    const order = own(patch, `${ELEMENT_ORDER}${key}`);
    const merged = mergeLists(field, before, value, Array.isArray(order) ? order : undefined);
    if (!merged.ok) return merged;
    setOwn(result, key, merged.value);
  } else setOwn(result, key, withoutDirectives(value));
  return DONE;
}

function deleted(
  result: Record<string, Value>,
  key: string,
  patch: ValueMap,
): Result<void, string> {
  const name = key.slice(DELETE_FROM.length);
  const gone = patch[key];
  const list = own(result, name);
  if (!Array.isArray(gone)) return err('invalid patch format of primitive list');
  if (!Array.isArray(list)) return DONE;
  setOwn(
    result,
    name,
    list.filter((item: Value) => !gone.includes(item)),
  );
  return DONE;
}

function mergeLists(
  field: Field,
  original: readonly Value[],
  patch: readonly Value[],
  order: readonly Value[] | undefined,
): Result<Value, string> {
  const key = field.patchKey;
  if (key === undefined || !(patch.some(isValueMap) || original.some(isValueMap))) {
    const merged = [...original, ...patch.filter((item) => !original.includes(item))];
    return ok(merged);
  }
  let base: Value[] = [...original];
  const items: ValueMap[] = [];
  let replaces = false;
  for (const item of patch) {
    if (!isValueMap(item)) return err('expected a map in a list that merges by key');
    const directive = own(item, PATCH);
    if (directive === 'replace') {
      replaces = true;
      continue;
    }
    if (own(item, key) === undefined) {
      return err(`map: ${goMap(item)} does not contain declared merge key: ${key}`);
    }
    if (directive === 'delete') {
      base = base.filter((each) => !isValueMap(each) || !sameValue(own(each, key), own(item, key)));
    } else if (directive === 'merge' || directive === undefined)
      items.push(directive === undefined ? item : without(item, [PATCH]));
    else return err(`Unknown patch type found: ${String(directive)}`);
  }
  if (replaces) return ok(items.map((item) => withoutDirectives(item)));
  const definition = field.of === undefined ? undefined : objectOf(field.of as Shape);
  for (const item of items) {
    const index = base.findIndex(
      (each) => isValueMap(each) && sameValue(own(each, key), own(item, key)),
    );
    if (index < 0) {
      base.push(withoutDirectives(item));
      continue;
    }
    const merged = mergeMaps(definition, base[index] as ValueMap, item);
    if (!merged.ok) return merged;
    base[index] = merged.value;
  }
  return ok(order === undefined ? base : ordered(base, order, original, key));
}

/**
 * The items in the given order; items that the order does not name keep their place behind the item
 * that they followed in the original.
 */
function ordered(
  list: readonly Value[],
  order: readonly Value[],
  original: readonly Value[],
  key: string | undefined,
): Value[] {
  const idOf = (item: Value): Value | undefined =>
    key !== undefined && isValueMap(item) ? own(item, key) : item;
  const stands = (item: Value, index: number): boolean => {
    const named = order[index];
    return named !== undefined && sameValue(idOf(item), idOf(named));
  };
  if (list.length <= order.length && list.every(stands)) return [...list];
  const position = (item: Value, within: readonly Value[]): number =>
    within.findIndex((each) => sameValue(idOf(each), idOf(item)));
  const named = list
    .filter((item) => position(item, order) >= 0)
    .sort((a, b) => position(a, order) - position(b, order));
  const others = list
    .filter((item) => position(item, order) < 0)
    .sort((a, b) => position(a, original) - position(b, original));
  const result: Value[] = [];
  let at = 0;
  for (const item of named) {
    const place = position(item, original);
    while (place >= 0 && at < others.length) {
      const other = others[at] as Value;
      if (position(other, original) > place) break;
      result.push(other);
      at += 1;
    }
    result.push(item);
  }
  return [...result, ...others.slice(at)];
}

/** A patch's value as it enters the object: directives and nulls gone. */
function withoutDirectives(value: Value): Value {
  if (Array.isArray(value)) {
    return value
      .filter((item: Value) => !isValueMap(item) || own(item, PATCH) === undefined)
      .map((item: Value) => withoutDirectives(item));
  }
  if (!isValueMap(value)) return value;
  const copy: Record<string, Value> = {};
  for (const key of Object.keys(value)) {
    if (key === PATCH || key === RETAIN_KEYS || value[key] === null) continue;
    if (key.startsWith(ELEMENT_ORDER) || key.startsWith(DELETE_FROM)) continue;
    setOwn(copy, key, withoutDirectives(value[key] as Value));
  }
  return copy;
}

/** A map as Go prints it with %v. */
function goMap(map: ValueMap): string {
  const text = (value: Value): string => {
    if (Array.isArray(value)) return `[${value.map(text).join(' ')}]`;
    return isValueMap(value) ? goMap(value) : String(value ?? '<nil>');
  };
  const parts = Object.keys(map)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => `${key}:${text(map[key] as Value)}`);
  return `map[${parts.join(' ')}]`;
}
