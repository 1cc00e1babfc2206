/** JSON Merge Patch (RFC 7396): maps merge, null removes, everything else replaces. */
import { isValueMap, setOwn, type Value } from '../../lang/value.ts';
import { newRecord, sameValue } from '../edit.ts';

/** The document with the patch applied; parts that do not change are shared. */
export function applyMergePatch(document: Value | undefined, patch: Value): Value {
  if (!isValueMap(patch)) return patch;
  const source = isValueMap(document) ? document : {};
  const fields = Object.keys(source).length + Object.keys(patch).length;
  const result = newRecord(fields) as Record<string, Value>;
  for (const key of Object.keys(source)) {
    if (!Object.hasOwn(patch, key)) setOwn(result, key, source[key]);
    else if (patch[key] !== null) {
      setOwn(result, key, applyMergePatch(source[key], patch[key] as Value));
    }
  }
  for (const key of Object.keys(patch)) {
    if (Object.hasOwn(source, key) || patch[key] === null) continue;
    setOwn(result, key, applyMergePatch(undefined, patch[key] as Value));
  }
  return result;
}

/** The merge patch that makes `modified` of `original`; an empty map when they are equal. */
export function mergeDiff(original: Value, modified: Value): Value {
  if (!isValueMap(original) || !isValueMap(modified)) return modified;
  const patch: Record<string, Value> = {};
  for (const key of Object.keys(original)) {
    if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
  }
  for (const key of Object.keys(modified)) {
    const value = modified[key] as Value;
    if (!Object.hasOwn(original, key)) setOwn(patch, key, value);
    else if (!sameValue(original[key], value)) {
      setOwn(patch, key, mergeDiff(original[key] as Value, value));
    }
  }
  return patch;
}
