/**
 * The strategic patches that kubectl makes (k8s.io/apimachinery/pkg/util/strategicpatch, v0.34):
 * between two objects, and between three, which is `kubectl apply`: what the manifest changes against
 * the live object, and what it has dropped since it was last applied.
 */
import { sortedText } from '../../base/text.ts';
import { isValueMap, setOwn, type Value, type ValueMap } from '../../lang/value.ts';
import { sameValue } from '../edit.ts';
import { type Definition, type Field, objectOf, type Shape } from '../schema.ts';
import { DELETE_FROM, ELEMENT_ORDER, PATCH, RETAIN_KEYS } from './strategic.ts';

interface DiffOptions {
  /** Say nothing of what is gone. */
  readonly ignoreDeletions: boolean;
  /** Say nothing of what is new or different. */
  readonly ignoreChanges: boolean;
  readonly elementOrder: boolean;
}

/** The patch that makes `modified` of `original`; an empty map when they are equal. */
export function twoWayPatch(
  definition: Definition | undefined,
  original: ValueMap,
  modified: ValueMap,
): ValueMap {
  const options = { ignoreDeletions: false, ignoreChanges: false, elementOrder: false };
  return diffMaps(definition, original, modified, options, false);
}

/**
 * kubectl apply's patch: changes from `current` to `modified`, deletions from `original` (the last
 * applied manifest) to `modified`.
 */
export function threeWayPatch(
  definition: Definition | undefined,
  original: ValueMap,
  modified: ValueMap,
  current: ValueMap,
): ValueMap {
  const delta = diffMaps(
    definition,
    current,
    modified,
    { ignoreDeletions: true, ignoreChanges: false, elementOrder: true },
    false,
  );
  const deletions = diffMaps(
    definition,
    original,
    modified,
    { ignoreDeletions: false, ignoreChanges: true, elementOrder: true },
    false,
  );
  return combined(definition, deletions, delta);
}

function diffMaps(
  definition: Definition | undefined,
  original: ValueMap,
  modified: ValueMap,
  options: DiffOptions,
  retainKeys: boolean,
): ValueMap {
  const patch: Record<string, Value> = {};
  for (const key of Object.keys(modified)) {
    const value = modified[key] as Value;
    const before = Object.hasOwn(original, key) ? original[key] : undefined;
    if (before === undefined) {
      if (!options.ignoreChanges) setOwn(patch, key, value);
      continue;
    }
    diffField(patch, definition?.byName.get(key), key, before, value, options);
  }
  if (!options.ignoreDeletions) {
    for (const key of Object.keys(original)) {
      if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
    }
  }
  if (retainKeys) {
    const kept = Object.keys(modified).filter((key) => modified[key] !== null);
    const dropped = Object.keys(original).some((key) => !Object.hasOwn(modified, key));
    if (kept.length > 0 && (Object.keys(patch).length > 0 || dropped)) {
      patch[RETAIN_KEYS] = sortedText(kept);
    }
  }
  return patch;
}

function diffField(
  patch: Record<string, Value>,
  field: Field | undefined,
  key: string,
  before: Value,
  value: Value,
  options: DiffOptions,
): void {
  if (isValueMap(before) && isValueMap(value)) {
    const definition = field === undefined ? undefined : objectOf(field);
    const inner = diffMaps(definition, before, value, options, field?.retainKeys === true);
    if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
  } else if (Array.isArray(before) && Array.isArray(value) && field?.patchMerge === true) {
    diffLists(patch, field, before, value, options);
  } else if (!options.ignoreChanges && !sameValue(before, value)) setOwn(patch, key, value);
}

function diffLists(
  patch: Record<string, Value>,
  field: Field,
  before: readonly Value[],
  value: readonly Value[],
  options: DiffOptions,
): void {
  const key = field.patchKey;
  const maps = key !== undefined && [...before, ...value].every(isValueMap);
  const items = maps
    ? diffListOfMaps(
        field,
        key,
        before as readonly ValueMap[],
        value as readonly ValueMap[],
        options,
      )
    : options.ignoreChanges
      ? []
      : value.filter((item) => !before.includes(item));
  const gone =
    maps || options.ignoreDeletions ? [] : before.filter((item) => !value.includes(item));
  if (items.length > 0) setOwn(patch, field.name, items);
  if (gone.length > 0) setOwn(patch, `${DELETE_FROM}${field.name}`, gone);
  if (!options.elementOrder || value.length === 0) return;
  const idOf = (item: Value): Value =>
    maps ? { [key as string]: (item as ValueMap)[key as string] as Value } : item;
  const common = before.map(idOf).filter((id) => value.some((item) => sameValue(idOf(item), id)));
  const kept = value.map(idOf).filter((id) => before.some((item) => sameValue(idOf(item), id)));
  if (items.length > 0 || gone.length > 0 || (!options.ignoreChanges && !sameValue(common, kept))) {
    setOwn(patch, `${ELEMENT_ORDER}${field.name}`, value.map(idOf));
  }
}

function diffListOfMaps(
  field: Field,
  key: string,
  before: readonly ValueMap[],
  value: readonly ValueMap[],
  options: DiffOptions,
): Value[] {
  const items: Value[] = [];
  const definition = field.of === undefined ? undefined : objectOf(field.of as Shape);
  for (const item of value) {
    const old = before.find((each) => sameValue(each[key], item[key]));
    if (old === undefined) {
      if (!options.ignoreChanges) items.push(item);
      continue;
    }
    const inner = diffMaps(definition, old, item, options, field.retainKeys);
    if (Object.keys(inner).length === 0) continue;
    items.push({ ...inner, [key]: item[key] as Value });
  }
  if (options.ignoreDeletions) return items;
  for (const old of before) {
    if (value.some((item) => sameValue(item[key], old[key]))) continue;
    items.push({ [PATCH]: 'delete', [key]: old[key] as Value });
  }
  return items;
}

/** Deletions and changes in one patch; where both speak, the changes do. */
function combined(
  definition: Definition | undefined,
  deletions: ValueMap,
  delta: ValueMap,
): ValueMap {
  const result: Record<string, Value> = {};
  for (const key of Object.keys(deletions)) setOwn(result, key, deletions[key]);
  for (const key of Object.keys(delta)) {
    const value = delta[key] as Value;
    const before = Object.hasOwn(result, key) ? (result[key] as Value) : undefined;
    const field = definition?.byName.get(key);
    if (isValueMap(before) && isValueMap(value)) {
      const inner = field === undefined ? undefined : objectOf(field);
      setOwn(result, key, combined(inner, before, value));
    } else if (Array.isArray(before) && Array.isArray(value) && field?.patchKey !== undefined) {
      setOwn(result, key, combinedLists(field, field.patchKey, before, value));
    } else setOwn(result, key, value);
  }
  return result;
}

function combinedLists(
  field: Field,
  key: string,
  deletions: readonly Value[],
  delta: readonly Value[],
): Value[] {
  const definition = field.of === undefined ? undefined : objectOf(field.of as Shape);
  const result = [...deletions];
  for (const item of delta) {
    const index = result.findIndex(
      (each) => isValueMap(each) && isValueMap(item) && sameValue(each[key], item[key]),
    );
    if (index < 0) result.push(item);
    else result[index] = combined(definition, result[index] as ValueMap, item as ValueMap);
  }
  return result;
}
