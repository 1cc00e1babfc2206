/**
 * Metadata of objects: labels, annotations, owners, finalizers and conditions. Maps with user keys
 * are read here only, with `Object.hasOwn`, so that a label named `constructor` or `__proto__` is a
 * label like any other. Everything is pure; edits return new frozen objects (api/edit).
 */
import { replacedAt, withEntry, withFields, withoutEntry } from './edit.ts';
import type { KubeObject } from './object.ts';
import type { ObjectMeta, OwnerReference } from './types.ts';

type Texts = Readonly<Record<string, string>>;

/** The value of a key in a map with user keys, or undefined. */
export function entryOf<V>(
  map: Readonly<Record<string, V>> | undefined,
  key: string,
): V | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The entries of a map with user keys; none when absent. */
export function entriesOf<V>(map: Readonly<Record<string, V>> | undefined): [string, V][] {
  return map === undefined ? [] : Object.entries(map);
}

export function labelsOf(object: KubeObject): Texts {
  return object.metadata.labels ?? NO_TEXTS;
}

export function labelOf(object: KubeObject, key: string): string | undefined {
  return entryOf(object.metadata.labels, key);
}

export function annotationOf(object: KubeObject, key: string): string | undefined {
  return entryOf(object.metadata.annotations, key);
}

const NO_TEXTS: Texts = Object.freeze({});

/** A copy with other metadata fields; `undefined` removes one. */
export function withMeta<T extends KubeObject>(object: T, changes: Partial<ObjectMeta>): T {
  const metadata = withFields(object.metadata, changes);
  return metadata === object.metadata
    ? object
    : (withFields<KubeObject>(object, { metadata }) as T);
}

/** A copy with a label set, or removed when the value is undefined. */
export function withLabel<T extends KubeObject>(
  object: T,
  key: string,
  value: string | undefined,
): T {
  const labels = changed(object.metadata.labels, key, value);
  return withMeta(object, { labels });
}

/** A copy with an annotation set, or removed when the value is undefined. */
export function withAnnotation<T extends KubeObject>(
  object: T,
  key: string,
  value: string | undefined,
): T {
  const annotations = changed(object.metadata.annotations, key, value);
  return withMeta(object, { annotations });
}

function changed(map: Texts | undefined, key: string, value: string | undefined) {
  return value === undefined ? withoutEntry(map, key) : withEntry(map, key, value);
}

/** The owner that manages the object, if it has one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** True when the owner with this UID controls the object. */
export function isControlledBy(object: KubeObject, uid: string): boolean {
  return controllerOf(object)?.uid === uid;
}

/** The reference by which `owner` controls what it makes (metav1.NewControllerRef). */
export function controllerRef(owner: KubeObject): OwnerReference {
  return Object.freeze({
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  });
}

export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function hasFinalizer(object: KubeObject, name: string): boolean {
  return object.metadata.finalizers?.includes(name) === true;
}

/** What all conditions have. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
}

export function conditionOf<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(
  conditions: readonly Condition[] | undefined,
  type: string,
): boolean {
  return conditionOf(conditions, type)?.status === 'True';
}

/** The list with a condition replaced or appended. Keeps the transition time when the status stays. */
export function withCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  condition: C,
): readonly C[] {
  const list = conditions ?? [];
  const at = list.findIndex((each) => each.type === condition.type);
  const old = list[at];
  if (old === undefined) return Object.freeze([...list, Object.freeze(condition)]);
  const next =
    old.status === condition.status && old.lastTransitionTime !== undefined
      ? withFields(Object.freeze(condition), {
          lastTransitionTime: old.lastTransitionTime,
        } as Partial<C>)
      : Object.freeze(condition);
  return replacedAt(list, at, next);
}

/**
 * A time that was never set, where Go's struct holds it by value: JSON has it as null, and the types
 * call it absent (PodCondition.lastProbeTime, the times of an Event).
 */
export const ZERO_TIME = null as unknown as undefined;
