/**
 * The multi-version store: every write makes a revision, and a range may ask for the state at any
 * revision that has not been compacted. Models etcd's server/storage/mvcc (kvstore, key_index;
 * v3.6): revisions start at 1 and the first write is 2; a transaction that changes something takes
 * one revision, whatever the number of its writes; a key that is deleted and made again starts a new
 * generation with version 1.
 *
 * The index keeps, per key, the values in order of their revisions, a tombstone as an entry without
 * a value; upstream's tree of generations says the same. Not modelled: the pages of the backend (the
 * values are the writer's own frozen objects) and the pauses of a compaction.
 *
 * Nothing here waits or knows time. Watches and leases hear of changes through `onCommit`.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';
import { SortedMap } from '../../ground/base/sorted-map.ts';
import { compareText } from '../../ground/base/text.ts';
import { bytesOf, sizeOfChunk } from '../../machines/network/chunk.ts';
import { compareBytes, valueText } from './values.ts';
import type {
  Compare,
  DeleteRangeRequest,
  KeyValue,
  PutRequest,
  RangeRequest,
  RequestOp,
  RpcError,
  TxnRequest,
  WatchEvent,
} from './wire/messages.ts';
import { COMPACTED, FUTURE_REVISION } from './wire/errors.ts';

/** One state of a key: a value, or a tombstone. */
interface Entry {
  readonly revision: number;
  readonly kv: KeyValue | undefined;
}

/** What a range finds; without the header, which is the server's. */
export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export type OpResult =
  | { readonly range: RangeResult }
  | { readonly put: { readonly prevKv?: KeyValue } }
  | { readonly deleteRange: { readonly deleted: number; readonly prevKvs: readonly KeyValue[] } }
  | { readonly txn: TxnResult };

export interface TxnResult {
  readonly succeeded: boolean;
  readonly responses: readonly OpResult[];
  /** Revision after the transaction. */
  readonly revision: number;
}

/** A change with the state before it, as watches need it. */
export type Change = WatchEvent;

const NO_VALUE = new Uint8Array(0);

export class Mvcc {
  readonly #index = new SortedMap<Entry[]>();
  /** All changes since the last compaction, in order of revision. */
  #log: Change[] = [];
  #revision = 1;
  #compacted = 0;
  #bytes = 0;
  /** Changes of the transaction that runs. */
  #pending: Change[] = [];
  /** Told once per revision, after all of its changes are in. */
  onCommit: (revision: number, changes: readonly Change[]) => void = () => {};

  get revision(): number {
    return this.#revision;
  }

  /** The same state, apart from this one from now on; values are shared. */
  copy(): Mvcc {
    const copy = new Mvcc();
    for (const [key, entries] of this.#index.range('')) copy.#index.set(key, [...entries]);
    copy.#log = [...this.#log];
    copy.#revision = this.#revision;
    copy.#compacted = this.#compacted;
    copy.#bytes = this.#bytes;
    return copy;
  }

  /** States of keys that are kept, tombstones included. */
  get entryCount(): number {
    let count = 0;
    for (const [, entries] of this.#index.range('')) count += entries.length;
    return count;
  }

  /** Ranges and watches below this revision are refused. */
  get compactRevision(): number {
    return this.#compacted;
  }

  /** Bytes of keys and values that the store holds, old revisions included. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  /** The newest value of a key. */
  get(key: string): KeyValue | undefined {
    const entries = this.#index.get(key);
    return entries?.[entries.length - 1]?.kv;
  }

  /** The state at a revision: COMPACTED below the last compaction, FUTURE_REVISION above the present. */
  range(request: RangeRequest): Result<RangeResult, RpcError> {
    const revision = request.revision ?? 0;
    if (revision > this.#revision) return err(FUTURE_REVISION);
    if (revision > 0 && revision < this.#compacted) return err(COMPACTED);
    return ok(this.#read(request, revision));
  }

  /** Runs a checked transaction (`check.ts`); it cannot fail. */
  txn(request: TxnRequest): TxnResult {
    const { succeeded, responses } = this.#runTxn(request);
    this.#commit();
    return { succeeded, responses, revision: this.#revision };
  }

  /** Whether all comparisons hold now. */
  holds(compares: readonly Compare[]): boolean {
    return compares.every((compare) => this.#compare(compare));
  }

  /** Deletes keys that a lease held, in one revision. */
  deleteKeys(keys: readonly string[]): void {
    for (const key of keys) this.#delete({ key });
    this.#commit();
  }

  /** Forgets what is older than the newest state at or below the revision. */
  compact(revision: number): Result<void, RpcError> {
    if (revision <= this.#compacted) return err(COMPACTED);
    if (revision > this.#revision) return err(FUTURE_REVISION);
    this.#compacted = revision;
    const gone: string[] = [];
    for (const [key, entries] of this.#index.range('')) {
      const first = lastAt(entries, revision);
      if (first < 0) continue;
      // The newest value at or below stays; a tombstone there goes with its generation.
      const keepFrom = entries[first]?.kv === undefined ? first + 1 : first;
      for (const entry of entries.splice(0, keepFrom)) this.#bytes -= sizeOfEntry(key, entry);
      if (entries.length === 0) gone.push(key);
    }
    for (const key of gone) this.#index.delete(key);
    this.#log = this.#log.slice(this.#logIndex(revision));
    return ok(undefined);
  }

  /** Changes from a revision on, in order; the revision must not be compacted. */
  changesFrom(revision: number): readonly Change[] {
    return this.#log.slice(this.#logIndex(revision));
  }

  #logIndex(revision: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle] as Change).kv.modRevision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Keys and values in a range at a revision (0: with the running transaction's own writes). */
  #select(key: string, rangeEnd: string | undefined, revision: number): KeyValue[] {
    if (rangeEnd === undefined || rangeEnd === '') {
      const entries = this.#index.get(key);
      const kv = entries === undefined ? undefined : stateAt(entries, revision);
      return kv === undefined ? [] : [kv];
    }
    const found: KeyValue[] = [];
    const end = rangeEnd === '\0' ? undefined : rangeEnd;
    for (const [, entries] of this.#index.range(key, end)) {
      const kv = stateAt(entries, revision);
      if (kv !== undefined) found.push(kv);
    }
    return found;
  }

  #read(request: RangeRequest, revision: number): RangeResult {
    let kvs = this.#select(request.key, request.rangeEnd, revision);
    const count = kvs.length;
    if (request.countOnly === true) return { kvs: [], more: false, count };
    if (hasBounds(request)) kvs = kvs.filter((kv) => inBounds(kv, request));
    sortKeyValues(kvs, request);
    const limit = request.limit ?? 0;
    const more = limit > 0 && kvs.length > limit;
    if (more) kvs.length = limit;
    if (request.keysOnly === true) kvs = kvs.map((kv) => ({ ...kv, value: NO_VALUE }));
    return { kvs, more, count };
  }

  #runTxn(request: TxnRequest): TxnResult {
    const succeeded = this.holds(request.compare);
    const ops = succeeded ? request.success : request.failure;
    return { succeeded, responses: ops.map((op) => this.#runOp(op)), revision: 0 };
  }

  #runOp(op: RequestOp): OpResult {
    if ('range' in op) return { range: this.#read(op.range, op.range.revision ?? 0) };
    if ('put' in op) return { put: this.#put(op.put) };
    if ('deleteRange' in op) return { deleteRange: this.#delete(op.deleteRange) };
    return { txn: this.#runTxn(op.txn) };
  }

  #put(request: PutRequest): { readonly prevKv?: KeyValue } {
    const revision = this.#revision + 1;
    const old = this.get(request.key);
    const kv: KeyValue = {
      key: request.key,
      value: request.ignoreValue === true && old !== undefined ? old.value : request.value,
      createRevision: old?.createRevision ?? revision,
      modRevision: revision,
      version: (old?.version ?? 0) + 1,
      lease: request.ignoreLease === true ? (old?.lease ?? 0) : (request.lease ?? 0),
    };
    this.#append(request.key, { revision, kv });
    this.#pending.push(old === undefined ? { type: 'PUT', kv } : { type: 'PUT', kv, prevKv: old });
    return request.prevKv === true && old !== undefined ? { prevKv: old } : {};
  }

  #delete(request: DeleteRangeRequest): { deleted: number; prevKvs: readonly KeyValue[] } {
    const revision = this.#revision + 1;
    const victims = this.#select(request.key, request.rangeEnd, 0);
    for (const prevKv of victims) {
      const kv: KeyValue = {
        key: prevKv.key,
        value: NO_VALUE,
        createRevision: 0,
        modRevision: revision,
        version: 0,
        lease: 0,
      };
      this.#append(prevKv.key, { revision, kv: undefined });
      this.#pending.push({ type: 'DELETE', kv, prevKv });
    }
    return { deleted: victims.length, prevKvs: request.prevKv === true ? victims : [] };
  }

  #append(key: string, entry: Entry): void {
    const entries = this.#index.get(key);
    if (entries === undefined) this.#index.set(key, [entry]);
    else entries.push(entry);
    this.#bytes += sizeOfEntry(key, entry);
  }

  #commit(): void {
    if (this.#pending.length === 0) return;
    const changes = this.#pending;
    this.#pending = [];
    this.#revision += 1;
    for (const change of changes) this.#log.push(change);
    this.onCommit(this.#revision, changes);
  }

  #compare(compare: Compare): boolean {
    const { rangeEnd } = compare;
    if (rangeEnd === undefined || rangeEnd === '') {
      const kv = this.get(compare.key);
      return kv === undefined ? absent(compare) : decide(difference(kv, compare), compare.result);
    }
    const kvs = this.#select(compare.key, rangeEnd, 0);
    if (kvs.length === 0) return absent(compare);
    return kvs.every((kv) => decide(difference(kv, compare), compare.result));
  }
}

/** An absent key compares as all zero; an absent value never compares. */
function absent(compare: Compare): boolean {
  return compare.target !== 'VALUE' && decide(0 - Number(compare.operand), compare.result);
}

function difference(kv: KeyValue, compare: Compare): number {
  switch (compare.target) {
    case 'VERSION':
      return kv.version - Number(compare.operand);
    case 'CREATE':
      return kv.createRevision - Number(compare.operand);
    case 'MOD':
      return kv.modRevision - Number(compare.operand);
    case 'LEASE':
      return kv.lease - Number(compare.operand);
    case 'VALUE':
      return typeof compare.operand === 'string'
        ? compareText(valueText(kv.value), compare.operand)
        : compareBytes(bytesOf(kv.value), compare.operand as Uint8Array);
  }
}

function decide(order: number, result: Compare['result']): boolean {
  if (result === 'EQUAL') return order === 0;
  if (result === 'NOT_EQUAL') return order !== 0;
  return result === 'GREATER' ? order > 0 : order < 0;
}

/** Index of the last entry at or below a revision, or -1. */
function lastAt(entries: readonly Entry[], revision: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as Entry).revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function stateAt(entries: readonly Entry[], revision: number): KeyValue | undefined {
  const at = revision === 0 ? entries.length - 1 : lastAt(entries, revision);
  return at < 0 ? undefined : entries[at]?.kv;
}

function sizeOfEntry(key: string, entry: Entry): number {
  return key.length + 24 + (entry.kv === undefined ? 0 : sizeOfChunk(entry.kv.value));
}

function hasBounds(request: RangeRequest): boolean {
  return (
    request.minModRevision !== undefined ||
    request.maxModRevision !== undefined ||
    request.minCreateRevision !== undefined ||
    request.maxCreateRevision !== undefined
  );
}

function inBounds(kv: KeyValue, request: RangeRequest): boolean {
  const within = (value: number, min: number | undefined, max: number | undefined): boolean =>
    value >= (min ?? 0) && (max === undefined || max === 0 || value <= max);
  return (
    within(kv.modRevision, request.minModRevision, request.maxModRevision) &&
    within(kv.createRevision, request.minCreateRevision, request.maxCreateRevision)
  );
}

/** Sorts in place; keys come in order already. */
function sortKeyValues(kvs: KeyValue[], request: RangeRequest): void {
  const target = request.sortTarget ?? 'KEY';
  const order = request.sortOrder ?? 'NONE';
  // Upstream sorts ascending by a target other than the key when no order is given.
  if (target === 'KEY' && order !== 'DESCEND') return;
  const sign = order === 'DESCEND' ? -1 : 1;
  kvs.sort((a, b) => sign * orderBy(a, b, target));
}

function orderBy(
  a: KeyValue,
  b: KeyValue,
  target: NonNullable<RangeRequest['sortTarget']>,
): number {
  switch (target) {
    case 'KEY':
      return compareText(a.key, b.key);
    case 'VERSION':
      return a.version - b.version;
    case 'CREATE':
      return a.createRevision - b.createRevision;
    case 'MOD':
      return a.modRevision - b.modRevision;
    case 'VALUE':
      return compareBytes(bytesOf(a.value), bytesOf(b.value));
  }
}
