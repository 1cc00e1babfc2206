/**
 * An API server's worth of store behind the `Client` interface, for unit tests of controllers: objects
 * by key, revisions, generated names, generations, finalizers, merge patches, and watches that deliver
 * in an event of their own. No validation, no defaults.
 */
import { freezeDeep } from '../../src/ground/api/edit.ts';
import { type KubeObject, keyOf, type ResourceName } from '../../src/ground/api/object.ts';
import type { ObjectMeta, OwnerReference } from '../../src/ground/api/types.ts';
import type { EventLoop } from '../../src/ground/base/event-loop.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { err, ok } from '../../src/ground/base/result.ts';
import { formatRfc3339 } from '../../src/ground/base/time.ts';
import { MODERN_COSTS } from '../../src/machines/machine/costs.ts';
import { objectMessage } from '../../src/spine/client/api-body.ts';
import { genericFailure } from '../../src/spine/client/api-error.ts';
import { sleepWait, type Task } from '../../src/ground/base/task.ts';
import type { ApiError, Client, WatchEvent, WatchStream } from '../../src/spine/client/types.ts';

const LATENCY = 1_000;

interface Watcher {
  readonly resource: string;
  sink: ((event: WatchEvent<KubeObject> | undefined) => void) | undefined;
}

type Meta = { -readonly [K in keyof ObjectMeta]: ObjectMeta[K] };

export class FakeClient implements Client {
  readonly server = 'https://fake:6443';
  readonly userAgent = 'fake';
  /** Every call that changed something: `create pods default/web-1`. */
  readonly calls: string[] = [];
  /** Refuses a call by its line; the code of the failure. */
  refuse: (call: string) => number | undefined = () => undefined;
  readonly #loop: EventLoop;
  readonly #random = new RandomStream(1, 'fake-client');
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #watchers = new Set<Watcher>();
  #revision = 100;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** Puts an object in from outside, as a user or another component would. */
  put<T extends KubeObject>(resource: ResourceName, object: T): T {
    const old = this.peek(resource, keyOf(object));
    return this.#store(resource, object, old) as T;
  }

  /** Removes an object at once, from outside. */
  remove(resource: ResourceName, key: string): void {
    const old = this.#table(resource).get(key);
    if (old !== undefined) this.#drop(resource, old);
  }

  peek<T extends KubeObject>(resource: ResourceName, key: string): T | undefined {
    return this.#table(resource).get(key) as T | undefined;
  }

  all<T extends KubeObject>(resource: ResourceName): readonly T[] {
    return [...this.#table(resource).values()] as unknown as readonly T[];
  }

  *get(resource: ResourceName, namespace: string, name: string): Task<never> {
    yield sleepWait(LATENCY);
    const found = this.peek(resource, namespace === '' ? name : `${namespace}/${name}`);
    return (found === undefined ? err(failure(404, 'NotFound', name)) : ok(found)) as never;
  }

  *list(resource: ResourceName, namespace: string): Task<never> {
    yield sleepWait(LATENCY);
    const items = this.all(resource).filter(
      (each) => namespace === '' || each.metadata.namespace === namespace,
    );
    return ok({ items, resourceVersion: `${this.#revision}`, continue: '' }) as never;
  }

  *create(resource: ResourceName, object: KubeObject): Task<never> {
    yield sleepWait(LATENCY);
    const { generateName, name } = object.metadata;
    const named =
      name === '' && generateName !== undefined
        ? {
            ...object,
            metadata: { ...object.metadata, name: generateName + this.#random.suffix(5) },
          }
        : object;
    const refused = this.#note('create', resource, keyOf(named));
    if (refused !== undefined) return err(refused) as never;
    if (this.peek(resource, keyOf(named)) !== undefined) {
      return err(failure(409, 'AlreadyExists', named.metadata.name)) as never;
    }
    return ok(this.#store(resource, named, undefined)) as never;
  }

  *update(
    resource: ResourceName,
    object: KubeObject,
    options: { readonly subresource?: string } = {},
  ): Task<never> {
    yield sleepWait(LATENCY);
    const key = keyOf(object);
    const refused = this.#note(`update${suffix(options)}`, resource, key);
    if (refused !== undefined) return err(refused) as never;
    const old = this.peek(resource, key);
    if (old === undefined) return err(failure(404, 'NotFound', key)) as never;
    const version = object.metadata.resourceVersion;
    if (version !== undefined && version !== old.metadata.resourceVersion) {
      return err(failure(409, 'Conflict', key)) as never;
    }
    return ok(this.#store(resource, object, old)) as never;
  }

  *patch(
    resource: ResourceName,
    namespace: string,
    name: string,
    _type: string,
    patch: unknown,
    options: { readonly subresource?: string } = {},
  ): Task<never> {
    yield sleepWait(LATENCY);
    const key = namespace === '' ? name : `${namespace}/${name}`;
    const refused = this.#note(`patch${suffix(options)}`, resource, key);
    if (refused !== undefined) return err(refused) as never;
    const old = this.peek(resource, key);
    if (old === undefined) return err(failure(404, 'NotFound', key)) as never;
    const merged = merge(old, patch) as KubeObject;
    return ok(this.#store(resource, merged, old)) as never;
  }

  *delete(
    resource: ResourceName,
    namespace: string,
    name: string,
    options: { readonly propagationPolicy?: string | undefined } = {},
  ): Task<never> {
    yield sleepWait(LATENCY);
    const key = namespace === '' ? name : `${namespace}/${name}`;
    const refused = this.#note('delete', resource, key);
    if (refused !== undefined) return err(refused) as never;
    const old = this.peek(resource, key);
    if (old === undefined) return err(failure(404, 'NotFound', key)) as never;
    this.deleteObject(resource, key, options.propagationPolicy);
    return ok(old) as never;
  }

  /** Deletes as a user would: with finalizers for the foreground and for orphans. */
  deleteObject(resource: ResourceName, key: string, policy?: string): void {
    const old = this.#table(resource).get(key);
    if (old === undefined) return;
    const finalizers = [...(old.metadata.finalizers ?? [])];
    if (policy === 'Foreground') finalizers.push('foregroundDeletion');
    if (policy === 'Orphan') finalizers.push('orphan');
    if (finalizers.length === 0) {
      this.#drop(resource, old);
      return;
    }
    const deletionTimestamp = old.metadata.deletionTimestamp ?? this.#time();
    this.#store(
      resource,
      { ...old, metadata: { ...old.metadata, finalizers, deletionTimestamp } },
      old,
    );
  }

  *watch(resource: ResourceName): Task<never> {
    yield sleepWait(LATENCY);
    const watcher: Watcher = { resource: resource.resource, sink: undefined };
    this.#watchers.add(watcher);
    const stream: WatchStream<KubeObject> = {
      *receive() {
        return undefined;
      },
      onEvent: (sink) => {
        watcher.sink = sink;
      },
      readable: sleepWait(0),
      stop: () => {
        this.#watchers.delete(watcher);
      },
    };
    return ok(stream) as never;
  }

  /** Discovery, of pods, ConfigMaps, Deployments and ReplicaSets. */
  *raw(request: { readonly target: string }): Task<never> {
    yield sleepWait(LATENCY);
    const body = DISCOVERY[request.target];
    if (body === undefined) return err(failure(404, 'NotFound', request.target)) as never;
    return ok({
      status: 200,
      headers: new Map(),
      *whole() {
        return ok(objectMessage(body));
      },
    }) as never;
  }

  close(): void {}

  #table(resource: ResourceName): Map<string, KubeObject> {
    let table = this.#objects.get(resource.resource);
    if (table === undefined) {
      table = new Map();
      this.#objects.set(resource.resource, table);
    }
    return table;
  }

  #time(): string {
    return formatRfc3339(MODERN_COSTS.epoch + this.#loop.now);
  }

  #note(verb: string, resource: ResourceName, key: string): ApiError | undefined {
    const call = `${verb} ${resource.resource} ${key}`;
    const code = this.refuse(call);
    if (code !== undefined) return genericFailure(code, '', '', 0);
    this.calls.push(call);
    return undefined;
  }

  #store(resource: ResourceName, object: KubeObject, old: KubeObject | undefined): KubeObject {
    this.#revision += 1;
    const metadata: Meta = { ...object.metadata, resourceVersion: `${this.#revision}` };
    metadata.uid ??= old?.metadata.uid ?? this.#random.uuid();
    metadata.creationTimestamp ??= old?.metadata.creationTimestamp ?? this.#time();
    const specOf = (each: KubeObject | undefined) => (each as { spec?: unknown } | undefined)?.spec;
    const generation = old?.metadata.generation ?? 0;
    metadata.generation =
      specOf(old) === specOf(object) && old !== undefined ? generation : generation + 1;
    const gone =
      metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
    const stored = freezeDeep({ ...object, metadata }) as KubeObject;
    if (gone && old !== undefined) {
      this.#drop(resource, stored);
      return stored;
    }
    this.#table(resource).set(keyOf(stored), stored);
    this.#tell(resource, old === undefined ? 'ADDED' : 'MODIFIED', stored);
    return stored;
  }

  #drop(resource: ResourceName, object: KubeObject): void {
    this.#revision += 1;
    this.#table(resource).delete(keyOf(object));
    const last = freezeDeep({
      ...object,
      metadata: { ...object.metadata, resourceVersion: `${this.#revision}` },
    });
    this.#tell(resource, 'DELETED', last);
  }

  #tell(resource: ResourceName, type: WatchEvent<KubeObject>['type'], object: KubeObject): void {
    for (const watcher of this.#watchers) {
      if (watcher.resource !== resource.resource) continue;
      this.#loop.after(LATENCY, () => watcher.sink?.({ type, object }));
    }
  }
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const served = (name: string, kind: string) => ({ name, kind, namespaced: true, verbs: VERBS });
const DISCOVERY: Readonly<Record<string, unknown>> = {
  '/api/v1': { resources: [served('pods', 'Pod'), served('configmaps', 'ConfigMap')] },
  '/apis': {
    groups: [{ name: 'apps', preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } }],
  },
  '/apis/apps/v1': {
    resources: [served('deployments', 'Deployment'), served('replicasets', 'ReplicaSet')],
  },
};

function suffix(options: { readonly subresource?: string }): string {
  return options.subresource === undefined ? '' : `/${options.subresource}`;
}

function failure(code: number, reason: string, name: string): ApiError {
  return {
    code,
    reason,
    message: `${name}: ${reason}`,
    status: undefined,
    transport: undefined,
    retryAfter: 0,
  };
}

/** A merge patch; owner references are merged by UID, with `$patch: delete`. */
function merge(old: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(old as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (key === 'ownerReferences') {
      result[key] = mergeOwners(
        (result[key] ?? []) as readonly OwnerReference[],
        value as readonly (OwnerReference & { $patch?: string })[],
      );
    } else result[key] = merge(result[key], value);
  }
  return result;
}

function mergeOwners(
  old: readonly OwnerReference[],
  patch: readonly (OwnerReference & { $patch?: string })[],
): readonly OwnerReference[] {
  let owners = [...old];
  for (const each of patch) {
    const at = owners.findIndex((owner) => owner.uid === each.uid);
    if (each.$patch === 'delete') owners = owners.filter((owner) => owner.uid !== each.uid);
    else if (at >= 0) owners[at] = { ...(owners[at] as OwnerReference), ...each };
    else owners.push(each);
  }
  return owners;
}
