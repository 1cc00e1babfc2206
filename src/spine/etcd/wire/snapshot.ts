/**
 * A database as a file: what `etcdctl snapshot save` writes and `etcdutl` reads. The file holds the
 * database itself by reference; whoever is not etcd sees this much of it.
 */
import type { Content, Document } from '../../../machines/machine/files-types.ts';

const KIND = 'etcd-database';

/** Who a member is. Ids are 16 hex digits. */
export interface Identity {
  readonly clusterId: string;
  readonly memberId: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
}

export interface SnapshotFile extends Document {
  readonly kind: typeof KIND;
  readonly revision: number;
  /** Keys with all of their revisions that are kept. */
  readonly totalKeys: number;
  readonly sizeBytes: number;
  /** The same data as the database of a new member of a new cluster. */
  restoredAs(identity: Identity): Document;
}

/** The database in a file; undefined when the file is none. */
export function snapshotFileOf(content: Content): SnapshotFile | undefined {
  return 'kind' in content && content.kind === KIND ? (content as SnapshotFile) : undefined;
}
