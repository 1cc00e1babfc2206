/**
 * Leases: keys that live as long as somebody keeps them alive. Models etcd's server/lease/lessor
 * (v3.6): a lease has a TTL of at least two seconds, expiry is looked for every 500 ms on the
 * monotonic clock, a revoked lease takes all its keys in one revision. A restarted server gives every
 * lease its whole TTL again. Not modelled: checkpoints of the remaining time.
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { sortedText } from '../../ground/base/text.ts';
import type { Change } from './mvcc.ts';
import { LEASE_EXISTS, LEASE_NOT_FOUND, LEASE_TTL_TOO_LARGE } from './wire/errors.ts';
import type { RpcError } from './wire/messages.ts';

/** 1.5 election time-outs of 1 s, in whole seconds. */
const TTL_SECONDS_MIN = 2;
const TTL_SECONDS_MAX = 9_000_000_000;
/** How often the lessor looks for expired leases. */
export const EXPIRY_CHECK: Micros = 500_000;

export interface Lease {
  readonly id: number;
  /** Granted, in seconds. */
  readonly ttl: number;
  /** On the monotonic clock of the server. */
  expires: Micros;
  readonly keys: Set<string>;
}

export class Lessor {
  readonly #leases = new Map<number, Lease>();

  /** The same leases, apart from these from now on. */
  copy(): Lessor {
    const copy = new Lessor();
    for (const [id, lease] of this.#leases) {
      copy.#leases.set(id, { ...lease, keys: new Set(lease.keys) });
    }
    return copy;
  }

  has(id: number): boolean {
    return this.#leases.has(id);
  }

  find(id: number): Lease | undefined {
    return this.#leases.get(id);
  }

  /** Ids, oldest lease first. */
  ids(): readonly number[] {
    return [...this.#leases.keys()];
  }

  grant(id: number, ttl: number, now: Micros): Result<Lease, RpcError> {
    if (ttl > TTL_SECONDS_MAX) return err(LEASE_TTL_TOO_LARGE);
    if (this.#leases.has(id)) return err(LEASE_EXISTS);
    const seconds = Math.max(TTL_SECONDS_MIN, ttl);
    const lease: Lease = { id, ttl: seconds, expires: now + seconds * SECOND, keys: new Set() };
    this.#leases.set(id, lease);
    return ok(lease);
  }

  renew(id: number, now: Micros): Result<Lease, RpcError> {
    const lease = this.#leases.get(id);
    if (lease === undefined) return err(LEASE_NOT_FOUND);
    lease.expires = now + lease.ttl * SECOND;
    return ok(lease);
  }

  /** Takes a lease away; its keys, in byte order, are for the caller to delete. */
  revoke(id: number): Result<readonly string[], RpcError> {
    const lease = this.#leases.get(id);
    if (lease === undefined) return err(LEASE_NOT_FOUND);
    this.#leases.delete(id);
    return ok(sortedText(lease.keys));
  }

  /** Moves keys between leases as their values change. */
  note(changes: readonly Change[]): void {
    for (const { kv, prevKv } of changes) {
      const old = prevKv?.lease ?? 0;
      if (old === kv.lease) continue;
      if (old !== 0) this.#leases.get(old)?.keys.delete(kv.key);
      if (kv.lease !== 0) this.#leases.get(kv.lease)?.keys.add(kv.key);
    }
  }

  /** Whole TTL again, on a new monotonic clock: after a restart. */
  extendAll(now: Micros): void {
    for (const lease of this.#leases.values()) lease.expires = now + lease.ttl * SECOND;
  }

  /** When the first lease runs out, or undefined. */
  nextExpiry(): Micros | undefined {
    let next: Micros | undefined;
    for (const lease of this.#leases.values()) {
      if (next === undefined || lease.expires < next) next = lease.expires;
    }
    return next;
  }

  expired(now: Micros): readonly number[] {
    const ids: number[] = [];
    for (const lease of this.#leases.values()) if (lease.expires <= now) ids.push(lease.id);
    return ids;
  }
}
