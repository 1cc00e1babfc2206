/**
 * The watch cache: all objects in memory, kept by one watch on etcd, from which lists and watches are
 * served (k8s.io/apiserver/pkg/storage/cacher, v0.34). Objects are given out by reference; an event is
 * made once and shared by its receivers, who are found by index: by name, by node, by namespace.
 *
 * Upstream keeps one etcd watch per resource and asks etcd for progress when a list must be fresh.
 * Here one watch below the root feeds all resources: same events, same order, and the caches' revision
 * moves together, so being fresh is one comparison.
 */
import type { FieldTerm, Selector } from '../../../ground/api/selector.ts';
import { matches, matchesFields } from '../../../ground/api/selector.ts';
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Pod } from '../../../ground/api/types.ts';
import type { Message } from '../../../machines/network/chunk.ts';
import { SortedMap } from '../../../ground/base/sorted-map.ts';

/** Events kept per resource for watches that start in the past. */
const HISTORY_EVENTS_MAX = 4096;

/** An object in the cache, or as etcd gave it. */
export interface Cached {
  readonly key: string;
  /** With its resourceVersion. */
  readonly object: KubeObject;
  readonly revision: number;
  readonly lease: number;
}

/** A change of one object. `object` is undefined after a deletion, `previous` before a creation. */
export interface CacheEvent {
  readonly revision: number;
  readonly object: KubeObject | undefined;
  readonly previous: KubeObject | undefined;
  /** The last state with the revision of its deletion. */
  readonly last: KubeObject | undefined;
  /** Bodies for watchers, by type, each made at most once and shared. */
  readonly bodies: Bodies;
}

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

type Bodies = Record<EventType, Message | undefined>;

export interface Filter {
  readonly namespace: string;
  readonly labels: Selector;
  readonly fields: readonly FieldTerm[];
}

/** A receiver of events. */
export interface CacheWatcher {
  readonly filter: Filter;
  /** Gets events that may match; does the matching itself. */
  deliver(event: CacheEvent): void;
}

export class ResourceCache {
  readonly descriptor: ResourceDescriptor;
  /** `/registry/pods/` */
  readonly prefix: string;
  readonly items = new SortedMap<Cached>();
  /** Pods by the node that they are bound to. */
  readonly #byNode = new Map<string, Map<string, Cached>>();
  readonly #indexesNodes: boolean;
  #events: CacheEvent[] = [];
  /** Watches may start at this revision or later. */
  #oldest = 0;
  readonly #watchers: Watchers = {
    everywhere: new Set(),
    byNamespace: new Map(),
    byName: new Map(),
    byNode: new Map(),
  };
  /** Told of every change before the watchers: allocators, authorizers. */
  readonly listeners: ((event: CacheEvent) => void)[] = [];

  constructor(descriptor: ResourceDescriptor) {
    this.descriptor = descriptor;
    this.prefix = `/registry/${descriptor.storagePrefix}/`;
    this.#indexesNodes = descriptor.fields.has('spec.nodeName');
  }

  get oldestRevision(): number {
    return this.#oldest;
  }

  /** Begins anew at a revision: the first list, or one after the watch was lost. */
  reset(revision: number): void {
    this.#oldest = revision;
    this.#events = [];
  }

  keyOf(namespace: string, name: string): string {
    return this.descriptor.namespaced
      ? `${this.prefix}${namespace}/${name}`
      : `${this.prefix}${name}`;
  }

  get(namespace: string, name: string): Cached | undefined {
    return this.items.get(this.keyOf(namespace, name));
  }

  /** Puts or removes an object; gives the event to send. */
  apply(
    key: string,
    next: Cached | undefined,
    last: KubeObject | undefined,
    revision: number,
  ): CacheEvent {
    const old = this.items.get(key);
    if (next === undefined) this.items.delete(key);
    else this.items.set(key, next);
    if (this.#indexesNodes) this.#index(key, old, next);
    const event: CacheEvent = {
      revision,
      object: next?.object,
      previous: old?.object,
      last,
      bodies: { ADDED: undefined, MODIFIED: undefined, DELETED: undefined },
    };
    this.#events.push(event);
    if (this.#events.length > HISTORY_EVENTS_MAX * 2) {
      const dropped = this.#events.splice(0, this.#events.length - HISTORY_EVENTS_MAX);
      this.#oldest = (dropped[dropped.length - 1] as CacheEvent).revision;
    }
    for (const listener of this.listeners) listener(event);
    return event;
  }

  /** The objects that a filter lets through, in order of their keys. */
  list(filter: Filter): Cached[] {
    const found: Cached[] = [];
    const plain = filter.labels.requirements.length === 0 && filter.fields.length === 0;
    for (const cached of this.#candidates(filter)) {
      if (plain || this.matches(filter, cached.object)) found.push(cached);
    }
    return found;
  }

  /** Labels and fields; the namespace is the caller's. */
  matches(filter: Filter, object: KubeObject): boolean {
    if (!matches(filter.labels, object.metadata.labels)) return false;
    return (
      filter.fields.length === 0 ||
      matchesFields(filter.fields, (path) => this.fieldOf(object, path))
    );
  }

  /** A selectable field of an object; empty when absent. */
  fieldOf(object: KubeObject, path: string): string {
    if (path === 'metadata.name') return object.metadata.name;
    if (path === 'metadata.namespace') return object.metadata.namespace ?? '';
    return this.descriptor.fields.get(path)?.(object) ?? '';
  }

  /** Events later than a revision, oldest first; undefined when some of them are gone. */
  eventsSince(revision: number): readonly CacheEvent[] | undefined {
    if (revision < this.#oldest) return undefined;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as CacheEvent).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low);
  }

  /** Adds a receiver; returns how to take it away. */
  watch(watcher: CacheWatcher): () => void {
    const [map, key] = this.#place(watcher.filter);
    if (map === undefined) {
      this.#watchers.everywhere.add(watcher);
      return () => this.#watchers.everywhere.delete(watcher);
    }
    const set = map.get(key) ?? new Set();
    map.set(key, set);
    set.add(watcher);
    return () => {
      set.delete(watcher);
      if (set.size === 0 && map.get(key) === set) map.delete(key);
    };
  }

  /** The receivers that may match an event. */
  receivers(event: CacheEvent): readonly CacheWatcher[] {
    const object = (event.object ?? event.previous) as KubeObject;
    const { everywhere, byNamespace, byName, byNode } = this.#watchers;
    const found = [...everywhere];
    const namespace = object.metadata.namespace ?? '';
    const add = (set: ReadonlySet<CacheWatcher> | undefined): void => {
      if (set !== undefined) found.push(...set);
    };
    if (byNamespace.size > 0) add(byNamespace.get(namespace));
    if (byName.size > 0) add(byName.get(nameKey(namespace, object.metadata.name)));
    if (byName.size > 0 && namespace !== '') add(byName.get(nameKey('', object.metadata.name)));
    if (byNode.size > 0) {
      const now = event.object === undefined ? '' : nodeOf(event.object);
      const before = event.previous === undefined ? '' : nodeOf(event.previous);
      add(byNode.get(now));
      if (before !== now) add(byNode.get(before));
    }
    return found;
  }

  /** Everybody who watches, for bookmarks and for ending them. */
  allWatchers(): readonly CacheWatcher[] {
    const { everywhere, byNamespace, byName, byNode } = this.#watchers;
    const found = [...everywhere];
    for (const map of [byNamespace, byName, byNode])
      for (const set of map.values()) found.push(...set);
    return found;
  }

  #place(filter: Filter): [Map<string, Set<CacheWatcher>> | undefined, string] {
    const name = exactly(filter.fields, 'metadata.name');
    if (name !== undefined) return [this.#watchers.byName, nameKey(filter.namespace, name)];
    const node = this.#indexesNodes ? exactly(filter.fields, 'spec.nodeName') : undefined;
    if (node !== undefined && filter.namespace === '') return [this.#watchers.byNode, node];
    if (filter.namespace !== '') return [this.#watchers.byNamespace, filter.namespace];
    return [undefined, ''];
  }

  *#candidates(filter: Filter): Generator<Cached, void, void> {
    const name = exactly(filter.fields, 'metadata.name');
    if (name !== undefined && (filter.namespace !== '' || !this.descriptor.namespaced)) {
      const one = this.get(filter.namespace, name);
      if (one !== undefined) yield one;
      return;
    }
    const node = this.#indexesNodes ? exactly(filter.fields, 'spec.nodeName') : undefined;
    if (node !== undefined && node !== '' && filter.namespace === '') {
      const pods = [...(this.#byNode.get(node)?.values() ?? [])];
      yield* pods.sort((a, b) => (a.key < b.key ? -1 : 1));
      return;
    }
    const start = filter.namespace === '' ? this.prefix : `${this.prefix}${filter.namespace}/`;
    for (const [, cached] of this.items.range(start, `${start.slice(0, -1)}0`)) yield cached;
  }

  /** Pods bound to a node, in no particular order. */
  onNode(node: string): Iterable<Cached> {
    return this.#byNode.get(node)?.values() ?? [];
  }

  #index(key: string, old: Cached | undefined, next: Cached | undefined): void {
    const before = old === undefined ? '' : nodeOf(old.object);
    const now = next === undefined ? '' : nodeOf(next.object);
    if (before !== '' && before !== now) {
      const pods = this.#byNode.get(before);
      pods?.delete(key);
      if (pods?.size === 0) this.#byNode.delete(before);
    }
    if (now === '' || next === undefined) return;
    const pods = this.#byNode.get(now);
    if (pods === undefined) this.#byNode.set(now, new Map([[key, next]]));
    else pods.set(key, next);
  }
}

interface Watchers {
  readonly everywhere: Set<CacheWatcher>;
  readonly byNamespace: Map<string, Set<CacheWatcher>>;
  readonly byName: Map<string, Set<CacheWatcher>>;
  readonly byNode: Map<string, Set<CacheWatcher>>;
}

function nameKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function nodeOf(object: KubeObject): string {
  return (object as Pod).spec?.nodeName ?? '';
}

/** The value that a field must equal, if a selector says so. */
function exactly(fields: readonly FieldTerm[], path: string): string | undefined {
  for (const term of fields) if (term.field === path && term.operator === '=') return term.value;
  return undefined;
}
