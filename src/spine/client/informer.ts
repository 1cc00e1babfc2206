/**
 * Informers: a component's own copy of one resource, kept by list and watch, with handlers that hear
 * of every change (k8s.io/client-go/tools/cache: reflector, store, shared informer; v0.34).
 *
 * The contract:
 *
 * - Handlers are called inside the event that brings the change, in the order in which they were
 *   added, after the store has been changed. `loop.cause` is that of the delivered write: what a
 *   handler enqueues is explained by it. A handler never waits; it notes a key and returns.
 * - For one object, changes come in the order of its revisions. Changes may be merged: after a relist
 *   only the difference between before and after is told. Every object that was there and is gone
 *   gets `onDelete` with its last known state, though perhaps not its very last.
 * - Between two objects no order holds but that of the revisions at which they were stored.
 * - `synced` resolves after all objects of the first list have been told.
 * - Objects are the server's own frozen ones, by reference.
 *
 * The reflector lists at revision 0 (any state will do), watches with bookmarks for 5 to 10 minutes
 * at a time, goes on from the last revision when a watch ends, and lists again when that revision is
 * too old (410). Failures back off from 0.8 s to 30 s, jittered, and are forgiven after 2 minutes.
 * Not modelled: resync (nothing here loses events between store and handler), WatchList streaming.
 */
import { type KubeObject, keyOf, type ResourceName } from '../../ground/api/object.ts';
import type { Status } from '../../ground/api/types.ts';
import { type Micros, MILLISECOND, MINUTE, SECOND } from '../../ground/base/event-loop.ts';
import { Deferred, type Running, type Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { enterBackground, sleepInBackground } from './background.ts';
import type { ApiError, Client, WatchEvent, WatchStream } from './types.ts';

export interface InformerOptions<T> {
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Cuts an object down before it is stored. */
  readonly transform?: (object: T) => T;
}

export interface InformerHandler<T> {
  /** `initial`: part of the first list. */
  onAdd?(object: T, initial: boolean): void;
  onUpdate?(old: T, object: T): void;
  /** With the last known state. */
  onDelete?(object: T): void;
}

const BACKOFF_MIN = 800 * MILLISECOND;
const BACKOFF_MAX = 30 * SECOND;
const BACKOFF_RESET = 2 * MINUTE;
const WATCH_SECONDS_MIN = 300;
/** The page size of a list that must be consistent (pager.defaultPageSize). */
const PAGE_SIZE = 500;

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  /** What the values are computed from: while it is the same, so are they. */
  readonly basis: ((object: T) => unknown) | undefined;
  /** Index value → keys of objects, in order of arrival. */
  readonly entries: Map<string, Set<string>>;
}

export class Informer<T extends KubeObject> {
  readonly resource: ResourceName;
  /** Resolved once the first list has been delivered. */
  readonly synced = new Deferred<void>();
  readonly #process: Process;
  readonly #client: Client;
  readonly #options: InformerOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  /** The same, for the changes of objects, which go through all of them. */
  readonly #allIndexes: Index<T>[] = [];
  readonly #handlers: InformerHandler<T>[] = [];
  #running: Running<void> | undefined;
  #watch: WatchStream<T> | undefined;
  #revision = '0';
  #delay: Micros = BACKOFF_MIN;
  #failedAt: Micros = 0;
  #stopped = false;

  constructor(
    process: Process,
    client: Client,
    resource: ResourceName,
    options: InformerOptions<T> = {},
  ) {
    this.#process = process;
    this.#client = client;
    this.resource = resource;
    this.#options = options;
    this.addIndex(
      'namespace',
      (object) => [object.metadata.namespace ?? ''],
      () => undefined,
    );
  }

  get hasSynced(): boolean {
    return this.synced.settled;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Handlers are called in the order in which they were added. A late one hears of all objects first. */
  addHandler(handler: InformerHandler<T>): this {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) handler.onAdd?.(object, true);
    return this;
  }

  /**
   * An index by values computed from the object. `namespace` is always there. `basis` gives the part
   * that the values depend on: an update that shares it does not touch the index.
   */
  addIndex(
    name: string,
    values: (object: T) => readonly string[],
    basis?: (object: T) => unknown,
  ): this {
    if (this.#indexes.has(name)) return this;
    const index: Index<T> = { values, basis, entries: new Map() };
    this.#indexes.set(name, index);
    this.#allIndexes.push(index);
    for (const [key, object] of this.#objects) enter(index, key, object);
    return this;
  }

  /** By `namespace/name`, or `name` of what has no namespace. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** All objects, in order of arrival. */
  list(): Iterable<T> {
    return this.#objects.values();
  }

  /** The objects of an index value, in order of arrival; no copy. */
  *byIndex(index: string, value: string): Generator<T, void, void> {
    const keys = this.#indexes.get(index)?.entries.get(value);
    if (keys === undefined) return;
    for (const key of keys) yield this.#objects.get(key) as T;
  }

  countByIndex(index: string, value: string): number {
    return this.#indexes.get(index)?.entries.get(value)?.size ?? 0;
  }

  /** The values that an index has now. */
  indexValues(index: string): Iterable<string> {
    return this.#indexes.get(index)?.entries.keys() ?? [];
  }

  /** Starts the reflector as a task of the process; later calls do nothing. */
  start(): this {
    const name = `informer ${this.resource.resource}`;
    this.#running ??= this.#process.start(name, this.run());
    return this;
  }

  stop(): void {
    this.#stopped = true;
    this.#watch?.stop();
    this.#running?.kill();
  }

  /** The reflector itself. Ends only when stopped. */
  *run(): Task<void> {
    while (!this.#stopped) {
      const failure = yield* this.#relist();
      if (failure === undefined) yield* this.#follow();
      else {
        if (isExpired(failure)) this.#revision = '';
        this.#complain('list', failure);
        yield* this.#backOff();
      }
    }
  }

  /** Lists everything, tells the differences, and remembers the revision to watch from. */
  *#relist(): Task<ApiError | undefined> {
    const { namespace = '', labelSelector, fieldSelector } = this.#options;
    const items: T[] = [];
    let next = '';
    let revision = '';
    do {
      const page = yield* this.#client.list<T>(this.resource, namespace, {
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
        ...(this.#revision === '' ? { limit: PAGE_SIZE } : { resourceVersion: this.#revision }),
        ...(next === '' ? {} : { continue: next }),
      });
      if (!page.ok) return page.error;
      for (const item of page.value.items) items.push(item);
      next = page.value.continue;
      revision = page.value.resourceVersion;
    } while (next !== '');
    this.#replace(items);
    this.#revision = revision;
    this.synced.resolve(undefined);
    return undefined;
  }

  /** Watches, again and again, until only a list can help. */
  *#follow(): Task<void> {
    while (!this.#stopped) {
      const { namespace = '', labelSelector, fieldSelector } = this.#options;
      const opened = yield* this.#client.watch<T>(this.resource, namespace, {
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
        resourceVersion: this.#revision,
        allowWatchBookmarks: true,
        timeoutSeconds: WATCH_SECONDS_MIN + this.#process.random.below(WATCH_SECONDS_MIN),
      });
      if (!opened.ok) {
        if (!isRefused(opened.error)) {
          if (!isExpired(opened.error)) this.#complain('watch', opened.error);
          return;
        }
        yield* this.#backOff();
        continue;
      }
      const began = this.#process.clock.monotonic();
      const ended = yield* this.#receive(opened.value);
      if (ended.error !== undefined) {
        if (ended.error.code !== 410) yield* this.#backOff();
        else this.#revision = '';
        return;
      }
      enterBackground(this.#process);
      if (ended.count === 0 && this.#process.clock.monotonic() - began < SECOND) {
        yield* this.#backOff();
      }
    }
  }

  /** Takes events as they arrive, inside their arrival, until the watch ends. */
  *#receive(
    stream: WatchStream<T>,
  ): Task<{ readonly count: number; readonly error: Status | undefined }> {
    const ended = new Deferred<Status | undefined>();
    ended.description = `${this.resource.resource} watch`;
    this.#watch = stream;
    let count = 0;
    stream.onEvent((event) => {
      if (event === undefined) {
        ended.resolve(undefined);
        return;
      }
      count += 1;
      if (event.type === 'ERROR') ended.resolve(event.object as unknown as Status);
      else this.#apply(event);
    });
    const error = yield* ended.wait();
    this.#watch = undefined;
    stream.stop();
    return { count, error };
  }

  #apply(event: WatchEvent<T>): void {
    const revision = event.object.metadata.resourceVersion;
    if (revision !== undefined) this.#revision = revision;
    if (event.type === 'BOOKMARK') return;
    const object = this.#options.transform?.(event.object) ?? event.object;
    const key = keyOf(object);
    if (event.type === 'DELETED') this.#remove(key, object);
    else this.#put(key, object, false);
  }

  #replace(items: readonly T[]): void {
    const initial = !this.synced.settled;
    const gone = new Set(this.#objects.keys());
    for (const item of items) {
      const object = this.#options.transform?.(item) ?? item;
      const key = keyOf(object);
      gone.delete(key);
      const old = this.#objects.get(key);
      if (old !== undefined && old.metadata.uid !== object.metadata.uid) this.#remove(key, old);
      if (old?.metadata.resourceVersion !== object.metadata.resourceVersion || old === undefined) {
        this.#put(key, object, initial);
      }
    }
    for (const key of gone) this.#remove(key, undefined);
  }

  #put(key: string, object: T, initial: boolean): void {
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#allIndexes) {
      if (old !== undefined) moveEntry(index, key, old, object);
      else enter(index, key, object);
    }
    for (const handler of this.#handlers) {
      if (old === undefined) handler.onAdd?.(object, initial);
      else handler.onUpdate?.(old, object);
    }
  }

  #remove(key: string, last: T | undefined): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#objects.delete(key);
    for (const index of this.#allIndexes) leave(index, key, old);
    for (const handler of this.#handlers) handler.onDelete?.(last ?? old);
  }

  *#backOff(): Task<void> {
    const now = this.#process.clock.monotonic();
    if (now - this.#failedAt > BACKOFF_RESET) this.#delay = BACKOFF_MIN;
    this.#failedAt = now;
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, BACKOFF_MAX);
    yield* sleepInBackground(
      this.#process,
      delay + Math.floor(delay * this.#process.random.fraction()),
    );
  }

  #complain(verb: 'list' | 'watch', error: ApiError): void {
    const { resource, group, version } = this.resource;
    const kind = group === '' ? `${version}.${resource}` : `${version}.${resource}.${group}`;
    this.#process.log(
      'E',
      'reflector.go:205',
      `"Failed to watch" err="failed to ${verb} *${kind}: ${error.message.replace(/"/g, '\\"')}" logger="UnhandledError" reflector="k8s.io/client-go/informers/factory.go:160" type="*${kind}"`,
    );
  }
}

function isExpired(error: ApiError): boolean {
  return error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone';
}

/** The server is away or busy: the same revision may be watched again later. */
function isRefused(error: ApiError): boolean {
  const transport = error.transport;
  return error.code === 429 || (transport?.kind === 'socket' && transport.errno === 'ECONNREFUSED');
}

function enter<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.values(object)) {
    const keys = index.entries.get(value);
    if (keys === undefined) index.entries.set(value, new Set([key]));
    else keys.add(key);
  }
}

function leave<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.values(object)) {
    const keys = index.entries.get(value);
    keys?.delete(key);
    if (keys?.size === 0) index.entries.delete(value);
  }
}

/** Most updates leave the values of an index as they are. */
function moveEntry<T>(index: Index<T>, key: string, old: T, object: T): void {
  const basis = index.basis;
  if (basis !== undefined && basis(old) === basis(object)) return;
  const before = index.values(old);
  const after = index.values(object);
  if (before.length === after.length && before.every((value, at) => value === after[at])) return;
  leave(index, key, old);
  enter(index, key, object);
}
