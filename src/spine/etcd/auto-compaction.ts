/**
 * Automatic compaction (etcd 3.6, server/etcdserver/api/v3compactor): `periodic` keeps the revisions of
 * the last hours or of a duration, `revision` keeps the last N. Off when the retention is 0, as kubeadm
 * has it: there the API server compacts.
 */
import { type Micros, MINUTE } from '../../ground/base/event-loop.ts';
import type { Database } from './database.ts';
import { type Flags, parseDuration } from './flags.ts';

export interface Compactor {
  readonly period: Micros;
  /** The revision to compact to now, if any. */
  next(now: Micros): number | undefined;
}

/** `revision` mode looks every five minutes; `periodic` ten times a retention, at most every 6 minutes. */
const REVISION_PERIOD = 5 * MINUTE;

export function compactorOf(flags: Flags, database: Database): Compactor | undefined {
  const text = flags.get('auto-compaction-retention') ?? '0';
  if (text === '0' || text === '') return undefined;
  if (flags.get('auto-compaction-mode') === 'revision') {
    const keep = Number(text);
    return {
      period: REVISION_PERIOD,
      next: () => later(database, database.store.revision - keep),
    };
  }
  const retention = /^\d+$/.test(text) ? Number(text) * 60 * MINUTE : (parseDuration(text) ?? 0);
  if (retention === 0) return undefined;
  const samples: { readonly at: Micros; readonly revision: number }[] = [];
  return {
    period: Math.min(Math.floor(retention / 10), 6 * MINUTE),
    next(now) {
      samples.push({ at: now, revision: database.store.revision });
      let revision: number | undefined;
      while (samples.length > 0 && (samples[0]?.at ?? 0) <= now - retention) {
        revision = samples.shift()?.revision;
      }
      return revision === undefined ? undefined : later(database, revision);
    },
  };
}

function later(database: Database, revision: number): number | undefined {
  return revision > database.store.compactRevision && revision > 0 ? revision : undefined;
}
