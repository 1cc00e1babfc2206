/**
 * The generic registry of one resource: create, get, update and what both patches and subresources
 * build on (k8s.io/apiserver/pkg/registry/generic/registry/store.go and rest/{create,update}.go,
 * v0.34). What is particular to a kind comes from its descriptor and its hooks. Deletes are in
 * `delete.ts`, lists and watches in `list.ts` and `watch.ts`.
 *
 * An update is built on the cached object first; only if etcd has a newer one is it read and built
 * anew, so the usual write is one transaction.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { sameValue } from '../../../ground/api/edit.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { invalidField, requiredField } from '../../../ground/api/field-error.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { quote } from '../../../ground/base/text.ts';
import { formatRfc3339 } from '../../../ground/base/time.ts';
import type { AdmissionPlugin, Hooks, RequestContext } from './context.ts';
import { mayBeGone } from './finalize.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  type Failure,
  generateNameConflict,
  invalid,
  notFound,
  unknownError,
  wrongObject,
} from './status.ts';
import type { Store } from './store.ts';
import type { Cached, ResourceCache } from './watch-cache.ts';
import type { WriteNote } from './write-record.ts';
import { isHeartbeat } from './heartbeat.ts';

/** Tries for a generated name before giving up. */
const NAME_TRIES = 8;
/** Characters of a generated suffix, and how long the part before it may be. */
const SUFFIX_LENGTH = 5;
const GENERATED_BASE_MAX = 58;

/** Makes the wanted state from the present one. */
export type Build = (current: KubeObject) => Result<KubeObject, Failure>;

export interface UpdateOptions {
  /** `status`: only the status is taken over. `spec`: the usual. `raw`: exactly what was built. */
  readonly part: 'main' | 'status' | 'raw';
  /** Rebuild on the newest state when somebody else was faster (patches without resourceVersion). */
  readonly retry: boolean;
  readonly verb: string;
}

/** Attempts of a patch against concurrent writers. */
const RETRIES_MAX = 5;

export class Registry {
  readonly descriptor: ResourceDescriptor;
  readonly cache: ResourceCache;
  readonly store: Store;
  readonly hooks: Hooks;
  readonly component: string;
  readonly watchSecondsMin: number;
  readonly #admission: readonly AdmissionPlugin[];

  constructor(
    cache: ResourceCache,
    store: Store,
    hooks: Hooks,
    admission: readonly AdmissionPlugin[],
    options: { readonly component: string; readonly watchSecondsMin: number },
    descriptor: ResourceDescriptor = cache.descriptor,
  ) {
    this.descriptor = descriptor;
    this.cache = cache;
    this.store = store;
    this.hooks = hooks;
    this.#admission = admission;
    this.component = options.component;
    this.watchSecondsMin = options.watchSecondsMin;
  }

  /** The newest state of one object. `minimum` 0 takes any cached state. */
  *get(namespace: string, name: string, minimum?: number): Task<Result<KubeObject, Failure>> {
    const key = this.cache.keyOf(namespace, name);
    let cached: Cached | undefined;
    if (minimum !== undefined && minimum <= this.store.revision) cached = this.cache.items.get(key);
    else {
      const read = yield* this.store.read(key);
      if (!read.ok) return read;
      cached = read.value;
    }
    return cached === undefined ? notFound(this.descriptor, name) : ok(cached.object);
  }

  /** Creates an object that has been decoded and defaulted. */
  *create(context: RequestContext, given: KubeObject): Task<Result<KubeObject, Failure>> {
    const { descriptor } = this;
    if ((given.metadata.resourceVersion ?? '') !== '') {
      return badRequest('resourceVersion should not be set on objects to be created');
    }
    for (let attempt = 1; ; attempt += 1) {
      const prepared = this.#prepareCreate(context, given);
      if (!prepared.ok) return prepared;
      const object = prepared.value;
      const key = this.cache.keyOf(object.metadata.namespace ?? '', object.metadata.name);
      const written = yield* this.#storeNew(context, key, object);
      if (written !== 'taken') return written;
      this.hooks.abandon?.(object, undefined);
      const generated =
        (given.metadata.generateName ?? '') !== '' && (given.metadata.name ?? '') === '';
      if (!generated) return alreadyExists(descriptor, object.metadata.name);
      if (attempt === NAME_TRIES) return generateNameConflict(descriptor, object.metadata.name);
    }
  }

  /** Builds a new state of an object and stores it. */
  *update(
    context: RequestContext,
    namespace: string,
    name: string,
    build: Build,
    options: UpdateOptions,
  ): Task<Result<KubeObject, Failure>> {
    const key = this.cache.keyOf(namespace, name);
    let current = this.cache.items.get(key);
    let fromCache = current !== undefined;
    for (let attempt = 0; attempt <= RETRIES_MAX; attempt += 1) {
      if (current === undefined) {
        const read = yield* this.store.read(key);
        if (!read.ok) return read;
        current = read.value;
        fromCache = false;
        if (current === undefined) return notFound(this.descriptor, name);
      }
      const next = this.#prepareUpdate(context, current.object, build, options);
      if (!next.ok && fromCache) {
        // The cached state may be behind: judge again by what etcd has.
        const stale: Cached = current;
        const read = yield* this.store.read(key);
        if (!read.ok) return read;
        if (read.value?.revision === stale.revision) return next;
        current = read.value;
        fromCache = false;
        if (current === undefined) return notFound(this.descriptor, name);
        continue;
      }
      if (!next.ok) return next;
      if (next.value === current.object) return ok(current.object);
      if (context.dryRun) {
        this.hooks.abandon?.(next.value, current.object);
        return ok(next.value);
      }
      const outcome = yield* this.#replace(context, current, next.value, options.verb);
      if (outcome.kind === 'written') return ok(outcome.written.object);
      this.hooks.abandon?.(next.value, current.object);
      if (outcome.kind === 'failed') return { ok: false, error: outcome.failure };
      current = outcome.current;
      fromCache = false;
      if (current === undefined) return notFound(this.descriptor, name);
    }
    return conflict(this.descriptor, name);
  }

  /** What the trace says of a write of this resource. */
  noteOf(context: RequestContext, verb: string, heartbeat: boolean): WriteNote {
    const { resource } = this.descriptor;
    return {
      component: this.component,
      verb,
      who: context.userAgent === '' ? context.user.name : context.userAgent,
      heartbeat,
      keepLast: heartbeat || resource === 'leases',
    };
  }

  /** Runs the admission plugins. */
  admit(
    context: RequestContext,
    operation: 'CREATE' | 'UPDATE' | 'DELETE',
    object: KubeObject,
    old: KubeObject | undefined,
  ): Result<KubeObject, Failure> {
    let result = object;
    for (const plugin of this.#admission) {
      const admitted = plugin.admit(context, operation, result, old);
      if (!admitted.ok) return admitted;
      result = admitted.value;
    }
    return ok(result);
  }

  #prepareCreate(context: RequestContext, given: KubeObject): Result<KubeObject, Failure> {
    const { descriptor } = this;
    const admitted = this.admit(context, 'CREATE', given, undefined);
    if (!admitted.ok) return admitted;
    let object = descriptor.prepareForCreate(admitted.value);
    object = withMeta(object, this.#birth(context, object));
    if (object.metadata.name === '') {
      const missing = requiredField('metadata.name', 'name or generateName is required');
      return invalid(descriptor.group, descriptor.kind, '', [missing]);
    }
    if (this.hooks.allocate !== undefined) {
      const allocated = this.hooks.allocate(context, object, undefined);
      if (!allocated.ok) return allocated;
      object = allocated.value;
    }
    const errors = descriptor.validateCreate(object);
    if (errors.length > 0) {
      this.hooks.abandon?.(object, undefined);
      return invalid(descriptor.group, descriptor.kind, object.metadata.name, errors);
    }
    this.#warn(context, object);
    return ok(object);
  }

  /** The metadata that only the server gives. */
  #birth(context: RequestContext, object: KubeObject): Partial<KubeObject['metadata']> {
    const { metadata } = object;
    const random = context.process.random;
    const base = metadata.generateName ?? '';
    const name =
      (metadata.name ?? '') === '' && base !== ''
        ? base.slice(0, GENERATED_BASE_MAX) + random.suffix(SUFFIX_LENGTH)
        : (metadata.name ?? '');
    return {
      name,
      namespace: this.descriptor.namespaced ? metadata.namespace : undefined,
      uid: random.uuid(),
      creationTimestamp: formatRfc3339(context.now),
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
      selfLink: undefined,
      managedFields: undefined,
      resourceVersion: undefined,
    };
  }

  *#storeNew(
    context: RequestContext,
    key: string,
    object: KubeObject,
  ): Task<Result<KubeObject, Failure> | 'taken'> {
    if (context.dryRun) {
      this.hooks.abandon?.(object, undefined);
      return this.cache.items.has(key) ? 'taken' : ok(object);
    }
    let lease = 0;
    if (this.hooks.ttlSeconds !== undefined) {
      const granted = yield* this.store.lease(this.hooks.ttlSeconds);
      if (!granted.ok) return granted;
      lease = granted.value;
    }
    const note = this.noteOf(context, 'create', false);
    const more = this.hooks.more?.(object, undefined) ?? [];
    const outcome = yield* this.store.create(key, object, note, more, lease);
    if (outcome.kind === 'written') return ok(outcome.written.object);
    if (outcome.kind === 'failed') {
      this.hooks.abandon?.(object, undefined);
      return { ok: false, error: outcome.failure };
    }
    return 'taken';
  }

  #prepareUpdate(
    context: RequestContext,
    old: KubeObject,
    build: Build,
    options: UpdateOptions,
  ): Result<KubeObject, Failure> {
    const { descriptor } = this;
    const built = build(old);
    if (!built.ok) return built;
    if (built.value === old) return ok(old);
    const refused = this.#checkIdentity(old, built.value, options);
    if (!refused.ok) return refused;
    let object = withMeta(built.value, keptMetadata(old));
    if (options.part === 'main') object = descriptor.prepareForUpdate(object, old);
    else if (options.part === 'status') object = descriptor.prepareForStatusUpdate(object, old);
    const admitted = this.admit(context, 'UPDATE', object, old);
    if (!admitted.ok) return admitted;
    object = admitted.value;
    if (options.part === 'main' && this.hooks.allocate !== undefined) {
      const allocated = this.hooks.allocate(context, object, old);
      if (!allocated.ok) return allocated;
      object = allocated.value;
    }
    const errors =
      options.part === 'status'
        ? (descriptor.validateStatusUpdate?.(object, old) ?? [])
        : options.part === 'main'
          ? descriptor.validateUpdate(object, old)
          : [];
    if (errors.length > 0) {
      this.hooks.abandon?.(object, old);
      return invalid(descriptor.group, descriptor.kind, object.metadata.name, errors);
    }
    if (options.part === 'main') this.#warn(context, object);
    return ok(sameValue(object, old) ? old : object);
  }

  /** Conflicts by resourceVersion and UID. */
  #checkIdentity(old: KubeObject, next: KubeObject, options: UpdateOptions): Result<void, Failure> {
    const { descriptor } = this;
    const name = old.metadata.name;
    const wanted = next.metadata.resourceVersion ?? '';
    if (!/^\d*$/.test(wanted)) {
      return unknownError(`strconv.ParseUint: parsing ${quote(wanted)}: invalid syntax`);
    }
    if ((next.metadata.namespace ?? '') !== (old.metadata.namespace ?? '')) {
      return badRequest(ELSEWHERE);
    }
    if (wanted === '' && !descriptor.unconditionalUpdate && !options.retry) {
      const error = invalidField('metadata.resourceVersion', 0, 'must be specified for an update');
      return invalid(descriptor.group, descriptor.kind, name, [error]);
    }
    if (wanted !== '' && wanted !== old.metadata.resourceVersion) return conflict(descriptor, name);
    const uid = next.metadata.uid ?? '';
    if (uid === '' || uid === old.metadata.uid) return ok(undefined);
    if (options.verb === 'patch') {
      const error = invalidField('metadata.uid', uid, 'field is immutable');
      return invalid(descriptor.group, descriptor.kind, name, [error]);
    }
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`;
    const key = this.cache.keyOf(old.metadata.namespace ?? '', name);
    return wrongObject(descriptor, name, key, why);
  }

  *#replace(context: RequestContext, current: Cached, next: KubeObject, verb: string) {
    const old = current.object;
    // An object whose deletion waited for its finalizers goes with the last of them.
    if (mayBeGone(next, old, this.hooks)) {
      const doomed: Cached = { ...current, object: next };
      const more = this.hooks.more?.(undefined, old) ?? [];
      return yield* this.store.remove(doomed, this.noteOf(context, 'delete', false), more);
    }
    const heartbeat = isHeartbeat(this.descriptor.resource, next, old);
    const more = this.hooks.more?.(next, old) ?? [];
    return yield* this.store.update(current, next, this.noteOf(context, verb, heartbeat), more);
  }

  #warn(context: RequestContext, object: KubeObject): void {
    for (const text of this.descriptor.warnings?.(object) ?? []) context.warnings.add(text);
  }

  /** An object of the store as this version shows it. */
  shown(object: KubeObject): KubeObject {
    return this.hooks.view === undefined ? object : this.hooks.view.shown(object);
  }

  /** An object of this version as the store keeps it. */
  kept(object: KubeObject): KubeObject {
    return this.hooks.view === undefined ? object : this.hooks.view.kept(object);
  }
}

const ELSEWHERE =
  'the namespace of the provided object does not match the namespace sent on the request';

/** What no update changes, and the old revision, so that equal states compare equal. */
function keptMetadata(old: KubeObject): Partial<KubeObject['metadata']> {
  const { metadata } = old;
  return {
    uid: metadata.uid,
    creationTimestamp: metadata.creationTimestamp,
    deletionTimestamp: metadata.deletionTimestamp,
    deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds,
    generation: metadata.generation,
    resourceVersion: metadata.resourceVersion,
    selfLink: undefined,
    managedFields: undefined,
  };
}
