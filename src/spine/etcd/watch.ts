/**
 * Watches: events from any revision on, in order, all events of a revision together. Models etcd's
 * server/storage/mvcc/watchable_store (v3.6). Watchers are found by exact key or by prefix, so a
 * write costs what it matches, not what is watched. A watch that starts in the past is caught up at
 * once (upstream: every 100 ms, in batches of 1,000 revisions).
 */
import type { Change, Mvcc } from './mvcc.ts';
import { prefixEnd } from './wire/keys.ts';
import type { WatchCreateRequest, WatchEvent } from './wire/messages.ts';

/** Revisions sent in one response when a watch catches up. */
const CATCH_UP_EVENTS_MAX = 1000;

/** Gets batches of events; false when its client has gone or does not read. */
export type WatchSink = (revision: number, events: readonly WatchEvent[]) => boolean;

export interface Watcher {
  readonly request: WatchCreateRequest;
  /** Revision up to which everything was sent. */
  sent: number;
  close(): void;
}

export class WatchHub {
  readonly #store: Mvcc;
  readonly #byKey = new Map<string, Set<Entry>>();
  readonly #byPrefix = new Map<string, Set<Entry>>();
  /** Lengths of the prefixes in use, with how many watchers have each. */
  readonly #lengths = new Map<number, number>();
  /** Ranges that are no prefix: looked at one by one. */
  readonly #ranges = new Set<Entry>();
  #count = 0;

  constructor(store: Mvcc) {
    this.#store = store;
  }

  get count(): number {
    return this.#count;
  }

  /** Begins a watch; undefined when its first revision has been compacted. */
  open(request: WatchCreateRequest, sink: WatchSink): Watcher | undefined {
    const start = request.startRevision ?? 0;
    const current = this.#store.revision;
    if (start > 0 && start <= current && start < this.#store.compactRevision) return undefined;
    const entry: Entry = {
      request,
      sink,
      from: start > 0 ? start : current + 1,
      sent: current,
      open: true,
    };
    this.#add(entry);
    if (start > 0 && start <= current) this.#catchUp(entry, start);
    const hub = this;
    return {
      request,
      get sent() {
        return entry.sent;
      },
      set sent(revision) {
        entry.sent = revision;
      },
      close() {
        hub.#remove(entry);
      },
    };
  }

  /** Tells the watchers that match, each its own events of the revision in one piece. */
  notify(revision: number, changes: readonly Change[]): void {
    if (this.#count === 0) return;
    const first = changes[0];
    if (changes.length === 1 && first !== undefined) {
      for (const entry of this.#matching(first.kv.key)) this.#send(entry, revision, changes);
      return;
    }
    const batches = new Map<Entry, Change[]>();
    for (const change of changes) {
      for (const entry of this.#matching(change.kv.key)) {
        const batch = batches.get(entry);
        if (batch === undefined) batches.set(entry, [change]);
        else batch.push(change);
      }
    }
    for (const [entry, batch] of batches) this.#send(entry, revision, batch);
  }

  #catchUp(entry: Entry, start: number): void {
    let batch: Change[] = [];
    let revision = 0;
    for (const change of this.#store.changesFrom(start)) {
      if (!covers(entry.request, change.kv.key)) continue;
      // A revision is never split over two responses.
      if (batch.length >= CATCH_UP_EVENTS_MAX && change.kv.modRevision !== revision) {
        this.#send(entry, revision, batch);
        batch = [];
      }
      revision = change.kv.modRevision;
      batch.push(change);
    }
    if (batch.length > 0) this.#send(entry, this.#store.revision, batch);
  }

  #send(entry: Entry, revision: number, changes: readonly Change[]): void {
    if (!entry.open || revision < entry.from) return;
    const events = shape(entry.request, changes);
    entry.sent = revision;
    if (events.length > 0 && !entry.sink(revision, events)) this.#remove(entry);
  }

  #matching(key: string): readonly Entry[] {
    const matching: Entry[] = [];
    const exact = this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
    if (exact !== undefined) matching.push(...exact);
    for (const length of this.#lengths.keys()) {
      if (length > key.length) continue;
      const found = this.#byPrefix.get(key.slice(0, length));
      if (found !== undefined) matching.push(...found);
    }
    for (const entry of this.#ranges) if (covers(entry.request, key)) matching.push(entry);
    return matching;
  }

  #setOf(request: WatchCreateRequest): Set<Entry> {
    const { key, rangeEnd } = request;
    const map = rangeEnd === undefined || rangeEnd === '' ? this.#byKey : this.#byPrefix;
    if (map === this.#byPrefix && rangeEnd !== prefixEnd(key)) return this.#ranges;
    let set = map.get(key);
    if (set === undefined) {
      set = new Set();
      map.set(key, set);
      if (map === this.#byPrefix) {
        this.#lengths.set(key.length, (this.#lengths.get(key.length) ?? 0) + 1);
      }
    }
    return set;
  }

  #add(entry: Entry): void {
    this.#setOf(entry.request).add(entry);
    this.#count += 1;
  }

  #remove(entry: Entry): void {
    if (!entry.open) return;
    entry.open = false;
    this.#count -= 1;
    const set = this.#setOf(entry.request);
    set.delete(entry);
    if (set.size > 0 || set === this.#ranges) return;
    const { key } = entry.request;
    if (this.#byKey.get(key) === set) {
      this.#byKey.delete(key);
      return;
    }
    this.#byPrefix.delete(key);
    const left = (this.#lengths.get(key.length) ?? 1) - 1;
    if (left === 0) this.#lengths.delete(key.length);
    else this.#lengths.set(key.length, left);
  }
}

interface Entry {
  readonly request: WatchCreateRequest;
  readonly sink: WatchSink;
  /** First revision wanted. */
  readonly from: number;
  sent: number;
  open: boolean;
}

/** The events as this watch asked for them. */
function shape(request: WatchCreateRequest, changes: readonly Change[]): readonly WatchEvent[] {
  const filters = request.filters ?? [];
  const wanted =
    filters.length === 0
      ? changes
      : changes.filter((change) => !filters.includes(change.type === 'PUT' ? 'NOPUT' : 'NODELETE'));
  if (request.prevKv === true) return wanted;
  return wanted.map(({ type, kv }) => ({ type, kv }));
}

/** Whether a watch's key or range holds a key. */
function covers(
  request: { readonly key: string; readonly rangeEnd?: string },
  key: string,
): boolean {
  const end = request.rangeEnd;
  if (end === undefined || end === '') return key === request.key;
  return key >= request.key && (end === '\0' || key < end);
}
