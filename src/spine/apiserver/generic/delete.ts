/**
 * Deletion (k8s.io/apiserver/pkg/registry/generic/registry/store.go Delete and rest/delete.go, v0.34):
 * at once, or by grace (pods), or by finalizers: then the object gets a deletionTimestamp and stays
 * until a kubelet deletes it with grace 0, or the last finalizer is taken away.
 */
import { sameValue } from '../../../ground/api/edit.ts';
import { isDeleting, withMeta } from '../../../ground/api/meta.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { DeleteOptions, ObjectMeta, Status } from '../../../ground/api/types.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRfc3339, parseRfc3339 } from '../../../ground/base/time.ts';
import type { RequestContext } from './context.ts';
import type { Registry } from './registry.ts';
import { conflict, type Failure, notFound } from './status.ts';
import type { Cached } from './watch-cache.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const ATTEMPTS_MAX = 5;

/** Deletes one object; the answer is the object, or a Status when it is gone. */
export function* deleteObject(
  registry: Registry,
  context: RequestContext,
  namespace: string,
  name: string,
  options: Partial<DeleteOptions>,
): Task<Result<KubeObject | Status, Failure>> {
  const key = registry.cache.keyOf(namespace, name);
  let current = registry.cache.items.get(key);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (current === undefined) {
      const read = yield* registry.store.read(key);
      if (!read.ok) return read;
      current = read.value;
      if (current === undefined) return notFound(registry.descriptor, name);
    }
    const refused = checkPreconditions(registry, current.object, options);
    if (!refused.ok) return refused;
    const admitted = registry.admit(context, 'DELETE', current.object, current.object);
    if (!admitted.ok) return admitted;
    const dying = doomed(registry, context, current.object, options);
    if (context.dryRun) return ok(dying ?? gone(registry, current.object));
    if (dying !== undefined && sameValue(dying, current.object)) return ok(current.object);
    const outcome = yield* write(registry, context, current, dying);
    if (outcome.kind === 'written') {
      return ok(
        dying === undefined ? gone(registry, outcome.written.object) : outcome.written.object,
      );
    }
    if (outcome.kind === 'failed') return { ok: false, error: outcome.failure };
    current = outcome.current;
    if (current === undefined) return notFound(registry.descriptor, name);
  }
  return conflict(registry.descriptor, name);
}

function* write(
  registry: Registry,
  context: RequestContext,
  current: Cached,
  dying: KubeObject | undefined,
) {
  const note = registry.noteOf(context, 'delete', false);
  const more = registry.hooks.more?.(dying, current.object) ?? [];
  if (dying === undefined) return yield* registry.store.remove(current, note, more);
  return yield* registry.store.update(current, dying, note, more);
}

function checkPreconditions(
  registry: Registry,
  object: KubeObject,
  options: Partial<DeleteOptions>,
): Result<void, Failure> {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  // Told by the kind here, not by the resource.
  const of = { group: registry.descriptor.group, resource: registry.descriptor.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`;
    return conflict(of, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`;
    return conflict(of, metadata.name, why);
  }
  return ok(undefined);
}

/** The object as it waits for its end, or undefined when it may go at once. */
function doomed(
  registry: Registry,
  context: RequestContext,
  object: KubeObject,
  options: Partial<DeleteOptions>,
): KubeObject | undefined {
  const { hooks } = registry;
  const graceful = hooks.grace !== undefined;
  let grace = hooks.grace?.(object, options.gracePeriodSeconds) ?? 0;
  if (isDeleting(object)) {
    // A second delete may only shorten the grace.
    const left = object.metadata.deletionGracePeriodSeconds ?? 0;
    if (graceful && options.gracePeriodSeconds === undefined) grace = left;
    grace = Math.min(left, grace);
  }
  const finalizers = finalizersAfter(object, options);
  const waits =
    finalizers.length > 0 ||
    grace > 0 ||
    (hooks.mayRemove !== undefined && !hooks.mayRemove(object));
  if (!waits) return undefined;
  const started = isDeleting(object)
    ? shortened(object, graceful ? grace : 0)
    : {
        deletionTimestamp: formatRfc3339(context.now + grace * 1_000_000),
        deletionGracePeriodSeconds: grace,
        ...counted(object.metadata),
      };
  const marked = withMeta(object, {
    ...started,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
  });
  return hooks.beginDelete?.(marked) ?? marked;
}

/** A deletion counts as a change of the spec. */
function counted(metadata: ObjectMeta): Partial<ObjectMeta> {
  return metadata.generation === undefined ? {} : { generation: metadata.generation + 1 };
}

function shortened(object: KubeObject, grace: number): Partial<ObjectMeta> {
  const { deletionTimestamp = '', deletionGracePeriodSeconds: left = 0 } = object.metadata;
  if (grace >= left) return {};
  const end = (parseRfc3339(deletionTimestamp) ?? 0) - (left - grace) * 1_000_000;
  return { deletionTimestamp: formatRfc3339(end), deletionGracePeriodSeconds: grace };
}

/** Finalizers that the propagation policy adds or takes away. */
function finalizersAfter(object: KubeObject, options: Partial<DeleteOptions>): readonly string[] {
  const present = object.metadata.finalizers ?? [];
  const policy =
    options.propagationPolicy ??
    (options.orphanDependents === undefined
      ? undefined
      : options.orphanDependents
        ? 'Orphan'
        : 'Background');
  // Without a policy, what an earlier delete asked for stays.
  if (policy === undefined) return present;
  const others = present.filter((each) => each !== ORPHAN && each !== FOREGROUND);
  if (policy === 'Orphan') others.push(ORPHAN);
  if (policy === 'Foreground') others.push(FOREGROUND);
  return sameValue(others, present) ? present : Object.freeze(others);
}

function gone(registry: Registry, object: KubeObject): KubeObject | Status {
  if (registry.hooks.returnsDeleted === true) return object;
  const { group, resource } = registry.descriptor;
  const { name, uid } = object.metadata;
  const more = group === '' ? {} : { group };
  return Object.freeze({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: Object.freeze({}),
    status: 'Success',
    details: Object.freeze({ name, ...more, kind: resource, uid }),
  });
}
