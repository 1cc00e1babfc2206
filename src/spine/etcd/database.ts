/**
 * What a member keeps on disk: the store, the leases, its identity and its place in the log. It is a
 * document in the data directory (`member/snap/db`) whose value is this very object: a process that is
 * killed and started again finds it as it was. Entries are applied to it only once they are on disk
 * (see log.ts), so what a power-off loses is exactly what nobody was told of.
 */
import type { Document } from '../../machines/machine/files-types.ts';
import { concatBytes, utf8 } from '../../ground/base/bytes.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import { Lessor } from './lease.ts';
import { Mvcc } from './mvcc.ts';

export interface Identity {
  /** 16 hex digits each. */
  readonly clusterId: string;
  readonly memberId: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
}

export class Database implements Document {
  readonly kind = 'etcd-database';
  readonly identity: Identity;
  readonly store = new Mvcc();
  readonly lessor = new Lessor();
  /** Raised by every start: with one member, each start is an election. */
  term = 1;
  /** Index of the last applied entry. */
  index = 3;

  constructor(identity: Identity) {
    this.identity = identity;
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
