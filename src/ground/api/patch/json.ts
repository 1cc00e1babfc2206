/**
 * JSON Patch (RFC 6902) with the error texts of the library that the API server uses
 * (gopkg.in/evanphx/json-patch.v4). Values are never changed in place: each operation makes new ones
 * that share the rest.
 */
import { err, ok, type Result } from '../../base/result.ts';
import { isValueMap, setOwn, type Value, type ValueMap } from '../../lang/value.ts';
import { sameValue } from '../edit.ts';

export const OPERATIONS_MAX = 10_000;

/** Applies a patch document, which must be a list of operations. */
export function applyJsonPatch(document: Value, patch: Value): Result<Value, string> {
  if (!Array.isArray(patch)) {
    return err('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  }
  let current = document;
  for (const operation of patch as readonly Value[]) {
    if (!isValueMap(operation)) return err('json: cannot unmarshal into jsonpatch.Operation');
    const next = applyOperation(current, operation);
    if (!next.ok) return next;
    current = next.value;
  }
  return ok(current);
}

function applyOperation(document: Value, operation: ValueMap): Result<Value, string> {
  const kind = textOf(operation, 'op') ?? 'unknown';
  const path = textOf(operation, 'path');
  if (path === undefined) return err(`${kind} operation failed to decode path: missing value`);
  const value = Object.hasOwn(operation, 'value') ? (operation['value'] as Value) : undefined;
  switch (kind) {
    case 'add':
      return add(document, path, value ?? null);
    case 'remove':
      return remove(document, path);
    case 'replace':
      return replace(document, path, value ?? null);
    case 'test':
      return test(document, path, value ?? null);
    case 'move':
    case 'copy':
      return transfer(document, path, textOf(operation, 'from') ?? '', kind);
    default:
      return err(`Unexpected kind: ${kind}`);
  }
}

function textOf(operation: ValueMap, field: string): string | undefined {
  const value = Object.hasOwn(operation, field) ? operation[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function stepsOf(path: string): readonly string[] {
  if (path === '') return [];
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
}

/** The value at steps, or undefined. */
function at(document: Value, steps: readonly string[]): Value | undefined {
  let current: Value | undefined = document;
  for (const step of steps) {
    if (Array.isArray(current)) {
      const index = indexOf(step, current.length);
      current = index === undefined ? undefined : (current[index] as Value | undefined);
    } else if (isValueMap(current) && Object.hasOwn(current, step)) current = current[step];
    else return undefined;
  }
  return current;
}

function indexOf(step: string, length: number): number | undefined {
  if (!/^-?\d+$/.test(step)) return undefined;
  const index = Number(step);
  return index < 0 ? index + length : index;
}

/** Rebuilds the way down to a container, which `change` replaces. */
function rebuilt(
  document: Value,
  steps: readonly string[],
  change: (container: Value) => Result<Value, string>,
): Result<Value, string> {
  const [step, ...rest] = steps;
  if (step === undefined) return change(document);
  if (Array.isArray(document)) {
    const index = indexOf(step, document.length) as number;
    const next = rebuilt(document[index] as Value, rest, change);
    if (!next.ok) return next;
    const copy = document.slice();
    copy[index] = next.value;
    return ok(copy);
  }
  const map = document as ValueMap;
  const next = rebuilt(map[step] as Value, rest, change);
  return next.ok ? ok(withKey(map, step, next.value)) : next;
}

function withKey(map: ValueMap, key: string, value: Value | undefined): ValueMap {
  const copy: Record<string, Value> = {};
  for (const each of Object.keys(map)) {
    if (each !== key) setOwn(copy, each, map[each]);
    else if (value !== undefined) setOwn(copy, each, value);
  }
  if (value !== undefined && !Object.hasOwn(map, key)) setOwn(copy, key, value);
  return copy;
}

/** The container of a path: it must be a map or list. */
function containerOf(document: Value, steps: readonly string[]): Value | undefined {
  const container = at(document, steps.slice(0, -1));
  return container !== null && typeof container === 'object' ? container : undefined;
}

function add(document: Value, path: string, value: Value): Result<Value, string> {
  const steps = stepsOf(path);
  const key = steps[steps.length - 1];
  if (key === undefined) return ok(value);
  if (containerOf(document, steps) === undefined) {
    return err(`add operation does not apply: doc is missing path: "${path}": missing value`);
  }
  return rebuilt(document, steps.slice(0, -1), (container) => {
    if (!Array.isArray(container)) return ok(withKey(container as ValueMap, key, value));
    if (key === '-') return ok([...container, value]);
    if (!/^-?\d+$/.test(key)) {
      return err(
        `error in add for path: '${path}': value was not a proper array index: '${key}': strconv.Atoi: parsing "${key}": invalid syntax`,
      );
    }
    const index = indexOf(key, container.length + 1) as number;
    if (index < 0 || index > container.length) {
      return err(
        `error in add for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`,
      );
    }
    return ok([...container.slice(0, index), value, ...container.slice(index)]);
  });
}

function remove(document: Value, path: string): Result<Value, string> {
  const steps = stepsOf(path);
  const key = steps[steps.length - 1] ?? '';
  if (steps.length === 0 || containerOf(document, steps) === undefined) {
    return err(`remove operation does not apply: doc is missing path: "${path}": missing value`);
  }
  return rebuilt(document, steps.slice(0, -1), (container) => {
    if (Array.isArray(container)) {
      const index = indexOf(key, container.length);
      if (index === undefined || index < 0 || index >= container.length) {
        return err(
          `error in remove for path: '${path}': Unable to access invalid index: ${key}: invalid index referenced`,
        );
      }
      return ok(container.filter((_, position) => position !== index));
    }
    if (!Object.hasOwn(container as object, key)) {
      return err(
        `error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`,
      );
    }
    return ok(withKey(container as ValueMap, key, undefined));
  });
}

function replace(document: Value, path: string, value: Value): Result<Value, string> {
  const steps = stepsOf(path);
  const key = steps[steps.length - 1];
  if (key === undefined) return ok(value);
  if (containerOf(document, steps) === undefined) {
    return err(`replace operation does not apply: doc is missing path: ${path}: missing value`);
  }
  if (at(document, steps) === undefined) {
    return err(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  }
  return rebuilt(document, steps.slice(0, -1), (container) => {
    if (!Array.isArray(container)) return ok(withKey(container as ValueMap, key, value));
    const copy = container.slice();
    copy[indexOf(key, container.length) as number] = value;
    return ok(copy);
  });
}

function test(document: Value, path: string, value: Value): Result<Value, string> {
  const steps = stepsOf(path);
  if (steps.length > 0 && containerOf(document, steps) === undefined) {
    return err(`test operation does not apply: is missing path: ${path}: missing value`);
  }
  const found = at(document, steps);
  if (sameValue(found ?? null, value)) return ok(document);
  return err(`testing value ${path} failed: test failed`);
}

function transfer(
  document: Value,
  path: string,
  from: string,
  kind: 'move' | 'copy',
): Result<Value, string> {
  const value = at(document, stepsOf(from));
  if (value === undefined) {
    return err(
      `${kind} operation does not apply: doc is missing from path: ${from}: missing value`,
    );
  }
  if (kind === 'copy') return add(document, path, value);
  const removed = remove(document, from);
  return removed.ok ? add(removed.value, path, value) : removed;
}
