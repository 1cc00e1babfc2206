/**
 * What a member keeps on disk: the store, the leases, its identity and its place in the log. It is a
 * document in the data directory (`member/snap/db`) whose value is this very object: a process that is
 * killed and started again finds it as it was, and who copies the file gets a copy. Entries are applied to it only once they are on disk
 * (see log.ts), so what a power-off loses is exactly what nobody was told of.
 */
import { concatBytes, utf8 } from '../../ground/base/bytes.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import { Lessor } from './lease.ts';
import { Mvcc } from './mvcc.ts';
import type { Identity, SnapshotFile } from './wire/snapshot.ts';

export type Alarm = 'NOSPACE' | 'CORRUPT';

/** A database file as small as it gets, and the size of its pages. */
const FILE_BYTES_MIN = 20_480;
const PAGE_BYTES = 4096;

export class Database implements SnapshotFile {
  readonly kind = 'etcd-database';
  readonly identity: Identity;
  readonly store: Mvcc;
  readonly lessor: Lessor;
  readonly alarms = new Set<Alarm>();
  /** Raised by every start: with one member, each start is an election. */
  term = 1;
  /** Index of the last applied entry. */
  index = 3;
  /** The file grows and does not shrink until it is defragmented. */
  #fileBytes = FILE_BYTES_MIN;

  constructor(identity: Identity, store = new Mvcc(), lessor = new Lessor()) {
    this.identity = identity;
    this.store = store;
    this.lessor = lessor;
  }

  /** The same state, apart from this one from now on. */
  snapshot(): Database {
    const copy = this.restoredAs(this.identity);
    copy.term = this.term;
    copy.index = this.index;
    copy.#fileBytes = this.fileBytes;
    for (const alarm of this.alarms) copy.alarms.add(alarm);
    return copy;
  }

  restoredAs(identity: Identity): Database {
    return new Database(identity, this.store.copy(), this.lessor.copy());
  }

  get revision(): number {
    return this.store.revision;
  }

  get totalKeys(): number {
    return this.store.entryCount;
  }

  get sizeBytes(): number {
    return this.fileBytes;
  }

  /** Bytes that are used by what is kept, in whole pages. */
  get usedBytes(): number {
    return Math.max(FILE_BYTES_MIN, Math.ceil(this.store.sizeBytes / PAGE_BYTES) * PAGE_BYTES);
  }

  get fileBytes(): number {
    this.#fileBytes = Math.max(this.#fileBytes, this.usedBytes);
    return this.#fileBytes;
  }

  /** Gives back what compactions freed. */
  defragment(): void {
    this.#fileBytes = this.usedBytes;
  }

  get value(): Database {
    return this;
  }

  /** Keys and values of the present, one after the other; not bolt's pages. */
  render(): Uint8Array {
    const all = this.store.range({ key: '\0', rangeEnd: '\0' });
    if (!all.ok) return new Uint8Array(0);
    return concatBytes([
      utf8('etcd db\n'),
      ...all.value.kvs.flatMap((kv) => [utf8(`${kv.key}\n`), bytesOf(kv.value), utf8('\n')]),
    ]);
  }
}
