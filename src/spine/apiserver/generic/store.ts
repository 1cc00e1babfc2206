/**
 * The way to etcd: writes as compare-and-set transactions, reads of single keys and of past
 * revisions, and the watch that feeds the caches (k8s.io/apiserver/pkg/storage/etcd3 and cacher,
 * v0.34).
 *
 * Causes: who writes registers what it is about to write. Whoever sees the commit first, the answer
 * or the watch, makes the trace record with the revision; the events of that revision then follow
 * from the record, and so does the answer to the client.
 */
import type { CauseId, EventLoop } from '../../../ground/base/event-loop.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, Condition, Queue, type Task } from '../../../ground/base/task.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { sleepInBackground } from '../../client/background.ts';
import type {
  EtcdClient,
  KeyValue,
  RequestOp,
  RpcError,
  StoredValue,
  TxnResponse,
  WatchEvent,
  WatchResponse,
} from '../../etcd/wire/index.ts';
import { StoredObject, storedObjectOf, withRevision } from './stored.ts';
import { expired, internalError, type Failure } from './status.ts';
import type { Cached, CacheEvent, CacheWatcher, ResourceCache } from './watch-cache.ts';
import { recordWrite, type WriteNote } from './write-record.ts';

const ROOT = '/registry/';
/** Objects read at once when the caches are filled. */
const PAGE = 10_000;
/** How long a list waits for the cache to reach a revision. */
const FRESH_WAIT = 3 * SECOND;
/** `--lease-reuse-duration-seconds` of the storage layer, and how many objects share a lease. */
const LEASE_REUSE = 60 * SECOND;
const LEASE_OBJECTS_MAX = 1000;

/** A write that is under way: noted when its commit is seen. */
interface Intent {
  readonly note: WriteNote;
  cause: CauseId;
  /** What the request that asks for it follows from. */
  readonly asked: CauseId;
}

export interface Written {
  readonly object: KubeObject;
  readonly revision: number;
}

/** What a compare-and-set found instead of the expected state. */
export type Outcome =
  | { readonly kind: 'written'; readonly written: Written }
  | { readonly kind: 'changed'; readonly current: Cached | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

export class Store {
  readonly caches = new Map<string, ResourceCache>();
  readonly #process: Process;
  readonly #etcd: EtcdClient;
  readonly #loop: EventLoop;
  #revision = 0;
  #ready = false;
  #connected = false;
  #lease: { id: number; seconds: number; until: number; left: number } | undefined;
  readonly #progress = new Condition('the watch cache to be fresh');
  /** Puts under way by the value that they store; deletions by key and the revision that they end. */
  readonly #puts = new Map<StoredValue, Intent>();
  readonly #deletes = new Map<string, Intent>();
  readonly #responses = new Queue<Arrival | undefined>('events from etcd');

  constructor(process: Process, etcd: EtcdClient) {
    this.#process = process;
    this.#etcd = etcd;
    this.#loop = process.trace.loop;
  }

  /** Revision up to which the caches have seen everything. */
  get revision(): number {
    return this.#revision;
  }

  /** True once the caches are filled. */
  get ready(): boolean {
    return this.#ready;
  }

  /** True while the watch on etcd is open. */
  get connected(): boolean {
    return this.#connected;
  }

  get etcd(): EtcdClient {
    return this.#etcd;
  }

  addCache(cache: ResourceCache): void {
    this.caches.set(cache.descriptor.storagePrefix, cache);
  }

  stored(object: KubeObject): StoredObject {
    return new StoredObject(object);
  }

  /** Fills the caches and keeps them; never returns. */
  *run(): Task<void> {
    for (;;) {
      const listed = yield* this.#fill();
      if (listed.ok) yield* this.#follow(listed.value);
      else this.#process.log('W', 'cacher.go:171', `failed to list: ${listed.error.message}`);
      yield* sleepInBackground(this.#process, SECOND);
    }
  }

  /** A linearizable read of one key. */
  *read(key: string): Task<Result<Cached | undefined, Failure>> {
    const found = yield* this.#etcd.range({ key });
    if (!found.ok) return etcdFailure(found.error);
    const kv = found.value.kvs[0];
    return ok(kv === undefined ? undefined : this.#cached(kv));
  }

  /** A page of a past state, from a key on. */
  *page(
    key: string,
    rangeEnd: string,
    revision: number,
    limit: number,
  ): Task<
    Result<
      {
        readonly items: Cached[];
        readonly more: boolean;
        readonly count: number;
        readonly revision: number;
      },
      Failure
    >
  > {
    const found = yield* this.#etcd.range({ key, rangeEnd, revision, limit });
    if (!found.ok) {
      return found.error.message.includes('compacted')
        ? expired('The resourceVersion for the provided list is too old.')
        : etcdFailure(found.error);
    }
    const items: Cached[] = [];
    for (const kv of found.value.kvs) {
      const cached = this.#cached(kv);
      if (cached !== undefined) items.push(cached);
    }
    const { more, count, header } = found.value;
    return ok({ items, more, count, revision: revision === 0 ? header.revision : revision });
  }

  /** etcd's present revision: what a consistent read must not be older than. */
  *currentRevision(): Task<Result<number, Failure>> {
    const found = yield* this.#etcd.range({ key: 'compact_rev_key', keysOnly: true });
    return found.ok ? ok(found.value.header.revision) : etcdFailure(found.error);
  }

  /** A lease for objects that live for a while; shared by those of the same minute (lease_manager.go). */
  *lease(seconds: number): Task<Result<number, Failure>> {
    const now = this.#process.clock.monotonic();
    const kept = this.#lease;
    if (kept !== undefined && kept.seconds === seconds && now < kept.until && kept.left > 0) {
      kept.left -= 1;
      return ok(kept.id);
    }
    const granted = yield* this.#etcd.leaseGrant({ ttl: seconds + LEASE_REUSE / SECOND });
    if (!granted.ok) return etcdFailure(granted.error);
    const id = granted.value.id;
    this.#lease = { id, seconds, until: now + LEASE_REUSE, left: LEASE_OBJECTS_MAX - 1 };
    return ok(id);
  }

  /** Waits until the caches have seen a revision; false after three seconds. */
  *fresh(revision: number): Task<boolean> {
    const deadline = this.#loop.now + FRESH_WAIT;
    while (this.#revision < revision || !this.#ready) {
      const left = deadline - this.#loop.now;
      if (left <= 0) return false;
      yield* anyOf([this.#progress], left);
    }
    return true;
  }

  /** Creates an object; `changed` with what is there when the key is taken. */
  *create(
    key: string,
    object: KubeObject,
    note: WriteNote,
    more: readonly RequestOp[],
    lease = 0,
  ): Task<Outcome> {
    return yield* this.#put(key, object, 0, note, more, lease);
  }

  /** Replaces the state of a revision. */
  *update(
    current: Cached,
    object: KubeObject,
    note: WriteNote,
    more: readonly RequestOp[],
  ): Task<Outcome> {
    return yield* this.#put(current.key, object, current.revision, note, more, current.lease);
  }

  /** Deletes the state of a revision; the object comes back with the revision of the deletion. */
  *remove(current: Cached, note: WriteNote, more: readonly RequestOp[]): Task<Outcome> {
    const { key, revision } = current;
    const slot = `${key}@${revision}`;
    const intent: Intent = { note, cause: 0, asked: this.#loop.cause };
    this.#deletes.set(slot, intent);
    const answer = yield* this.#etcd.txn({
      compare: [{ key, target: 'MOD', result: 'EQUAL', operand: revision }],
      success: [{ deleteRange: { key } }, ...more],
      failure: [{ range: { key } }],
    });
    if (answer.ok && answer.value.succeeded) {
      const at = answer.value.header.revision;
      const object = withRevision(current.object, at);
      this.#commit(intent, key, object, at, true);
      return { kind: 'written', written: { object, revision: at } };
    }
    this.#deletes.delete(slot);
    return this.#lost(answer);
  }

  *#put(
    key: string,
    object: KubeObject,
    expected: number,
    note: WriteNote,
    more: readonly RequestOp[],
    lease: number,
  ): Task<Outcome> {
    const value = this.stored(object);
    const intent: Intent = { note, cause: 0, asked: this.#loop.cause };
    this.#puts.set(value, intent);
    const put = lease === 0 ? { key, value } : { key, value, lease };
    const answer = yield* this.#etcd.txn({
      compare: [{ key, target: 'MOD', result: 'EQUAL', operand: expected }],
      success: [{ put }, ...more],
      failure: [{ range: { key } }],
    });
    if (answer.ok && answer.value.succeeded) {
      const revision = answer.value.header.revision;
      const seen = this.#seen(key, revision);
      const result = seen ?? withRevision(object, revision);
      this.#commit(intent, key, result, revision, false);
      return { kind: 'written', written: { object: result, revision } };
    }
    this.#puts.delete(value);
    return this.#lost(answer);
  }

  #lost(answer: Result<TxnResponse, RpcError>): Outcome {
    if (!answer.ok) return { kind: 'failed', failure: etcdFailure(answer.error).error };
    const first = answer.value.responses[0];
    const kv = first !== undefined && 'range' in first ? first.range.kvs[0] : undefined;
    return { kind: 'changed', current: kv === undefined ? undefined : this.#cached(kv) };
  }

  /** The object that the cache already made for this revision of a key. */
  #seen(key: string, revision: number): KubeObject | undefined {
    const cached = this.cacheOfKey(key)?.items.get(key);
    return cached?.revision === revision ? cached.object : undefined;
  }

  /** Puts into the past what the server wrote of its own accord: nobody asked, so there is no record. */
  remember(key: string, object: KubeObject, revision: number): void {
    const { history } = this.#process.trace;
    const value = withRevision(object, revision);
    history.put(key, { time: this.#loop.now, revision, value, cause: this.#loop.cause }, false);
  }

  /** Records a write once, and makes what follows follow from it. */
  #commit(intent: Intent, key: string, object: KubeObject, revision: number, gone: boolean): void {
    if (intent.cause === 0) {
      // Writes that etcd commits together follow from their own requests, not from each other.
      this.#loop.cause = intent.asked;
      intent.cause = recordWrite(this.#process.trace, intent.note, key, object, revision, gone);
    }
    this.#loop.cause = intent.cause;
  }

  #cached(kv: KeyValue): Cached | undefined {
    const known = this.cacheOfKey(kv.key)?.items.get(kv.key);
    if (known !== undefined && known.revision === kv.modRevision) return known;
    const object = storedObjectOf(kv.value);
    if (object === undefined) return undefined;
    const { key, modRevision, lease } = kv;
    return { key, object: withRevision(object, modRevision), revision: modRevision, lease };
  }

  /** The cache that a key belongs to: one or two path elements name the resource. */
  cacheOfKey(key: string): ResourceCache | undefined {
    const first = key.indexOf('/', ROOT.length);
    if (first < 0) return undefined;
    const short = this.caches.get(key.slice(ROOT.length, first));
    if (short !== undefined) return short;
    const second = key.indexOf('/', first + 1);
    return second < 0 ? undefined : this.caches.get(key.slice(ROOT.length, second));
  }

  *#fill(): Task<Result<number, RpcError>> {
    const found: KeyValue[] = [];
    let key = ROOT;
    let revision = 0;
    for (;;) {
      const page = yield* this.#etcd.range({ key, rangeEnd: '/registry0', limit: PAGE, revision });
      if (!page.ok) return page;
      revision = revision === 0 ? page.value.header.revision : revision;
      found.push(...page.value.kvs);
      const last = page.value.kvs[page.value.kvs.length - 1];
      if (!page.value.more || last === undefined) break;
      key = `${last.key}\0`;
    }
    this.#replace(found, revision);
    return ok(revision);
  }

  /** Makes the caches equal to a list; what changed meanwhile becomes events. */
  #replace(kvs: readonly KeyValue[], revision: number): void {
    const present = new Set<string>();
    for (const cache of this.caches.values()) cache.reset(revision);
    for (const kv of kvs) {
      const cache = this.cacheOfKey(kv.key);
      const cached = this.#cached(kv);
      if (cache === undefined || cached === undefined) continue;
      present.add(kv.key);
      if (cache.items.get(kv.key) !== cached) {
        this.#post([[cache, cache.apply(kv.key, cached, undefined, kv.modRevision)]]);
      }
    }
    for (const cache of this.caches.values()) {
      for (const [key, cached] of [...cache.items.range('')]) {
        if (present.has(key)) continue;
        const last = withRevision(cached.object, revision);
        this.#post([[cache, cache.apply(key, undefined, last, revision)]]);
      }
    }
    this.#advance(revision);
    this.#ready = true;
  }

  #advance(revision: number): void {
    this.#revision = revision;
    this.#progress.notify();
  }

  /** Follows etcd's watch until it ends. */
  *#follow(revision: number): Task<void> {
    const watch = yield* this.#etcd.watch({
      key: '\0',
      rangeEnd: '\0',
      startRevision: revision + 1,
      prevKv: true,
    });
    if (!watch.ok) return;
    this.#connected = true;
    const responses = this.#responses;
    watch.value.onResponse((response) =>
      responses.put(response === undefined ? undefined : { response, cause: this.#loop.cause }),
    );
    for (;;) {
      const first = yield* responses.receive();
      let ended = false;
      const deliveries: Delivery[] = [];
      for (let next: Arrival | undefined = first; ; next = responses.take()) {
        if (next === undefined || next.response.canceled === true) ended = true;
        else this.#absorb(next, deliveries);
        if (ended || responses.size === 0) break;
      }
      yield* this.#deliver(deliveries);
      if (ended) {
        this.#connected = false;
        return;
      }
    }
  }

  /** Takes a response into the caches and notes who gets which event. */
  #absorb({ response, cause: arrived }: Arrival, deliveries: Delivery[]): void {
    for (const event of response.events) {
      this.#loop.cause = arrived;
      const cache = this.cacheOfKey(event.kv.key);
      if (cache === undefined) continue;
      const change = this.#change(cache, event);
      if (change === undefined) continue;
      const cause = this.#loop.cause;
      for (const watcher of cache.receivers(change))
        deliveries.push({ watcher, event: change, cause });
    }
    this.#advance(Math.max(this.#revision, response.header.revision));
  }

  #change(cache: ResourceCache, event: WatchEvent): CacheEvent | undefined {
    const { key, modRevision } = event.kv;
    if (event.type === 'DELETE') {
      const old = cache.items.get(key);
      const slot = `${key}@${event.prevKv?.modRevision ?? 0}`;
      const intent = this.#deletes.get(slot);
      this.#deletes.delete(slot);
      if (old === undefined) return undefined;
      const last = withRevision(old.object, modRevision);
      if (intent !== undefined) this.#commit(intent, key, last, modRevision, true);
      else this.#noteExpiry(key, modRevision);
      return cache.apply(key, undefined, last, modRevision);
    }
    const cached = this.#cached(event.kv);
    if (cached === undefined) return undefined;
    const intent = this.#puts.get(event.kv.value);
    this.#puts.delete(event.kv.value);
    if (intent !== undefined) this.#commit(intent, key, cached.object, modRevision, false);
    return cache.apply(key, cached, undefined, modRevision);
  }

  /** What nobody here has deleted is gone all the same: an event whose hour is over, a key taken by etcdctl. */
  #noteExpiry(key: string, revision: number): void {
    const { history } = this.#process.trace;
    if ((history.of(key).at(-1)?.revision ?? revision) >= revision) return;
    const moment = { time: this.#loop.now, revision, value: undefined, cause: this.#loop.cause };
    history.put(key, moment, false);
  }

  *#deliver(deliveries: readonly Delivery[]): Task<void> {
    if (deliveries.length === 0) return;
    yield* this.#process.work(deliveries.length * this.#process.costs.apiWatchEventMicros);
    for (const { watcher, event, cause } of deliveries) {
      this.#loop.cause = cause;
      watcher.deliver(event);
    }
  }

  /** Sends at once, outside the watch: what a new list found. */
  #post(events: readonly (readonly [ResourceCache, CacheEvent])[]): void {
    for (const [cache, event] of events) {
      for (const watcher of cache.receivers(event)) watcher.deliver(event);
    }
  }
}

/** What etcd told, and what that follows from. */
interface Arrival {
  readonly response: WatchResponse;
  readonly cause: CauseId;
}

interface Delivery {
  readonly watcher: CacheWatcher;
  readonly event: CacheEvent;
  readonly cause: CauseId;
}

/** etcd's refusal as the API server passes it on. */
function etcdFailure(error: RpcError): { readonly ok: false; readonly error: Failure } {
  const known: Readonly<Record<number, string>> = { 14: 'Unavailable', 4: 'DeadlineExceeded' };
  const code = known[error.code];
  if (error.message.startsWith('etcdserver: ') || code === undefined) {
    return { ok: false, error: internalMessage(error.message) };
  }
  return { ok: false, error: internalMessage(`rpc error: code = ${code} desc = ${error.message}`) };
}

/** Storage errors come out bare, with code 500. */
function internalMessage(message: string): Failure {
  const { error } = internalError(message);
  return { status: Object.freeze({ ...error.status, message, reason: 'InternalError' }) };
}
