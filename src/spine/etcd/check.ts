/**
 * What etcd refuses before it proposes or applies: empty keys, too many operations, a key put twice
 * in a transaction, puts that overlap deletes, leases that are not there (v3.6,
 * server/etcdserver/api/v3rpc/key.go and server/etcdserver/txn). A transaction that passed cannot fail.
 */
import { compareText } from '../../ground/base/text.ts';
import { sizeOfChunk } from '../../machines/network/chunk.ts';
import type { Lessor } from './lease.ts';
import type { Mvcc } from './mvcc.ts';
import {
  COMPACTED,
  DUPLICATE_KEY,
  EMPTY_KEY,
  FUTURE_REVISION,
  KEY_NOT_FOUND,
  LEASE_NOT_FOUND,
  LEASE_PROVIDED,
  REQUEST_TOO_LARGE,
  TOO_MANY_OPS,
  VALUE_PROVIDED,
} from './wire/errors.ts';
import type { PutRequest, RequestOp, RpcError, TxnRequest } from './wire/messages.ts';

/** `--max-txn-ops` and `--max-request-bytes`. */
export interface Limits {
  readonly txnOps: number;
  readonly requestBytes: number;
}

/** Refusals that need no state: made by the server that got the request. */
export function checkTxn(txn: TxnRequest, limits: Limits): RpcError | undefined {
  const count = Math.max(txn.compare.length, txn.success.length, txn.failure.length);
  if (count > limits.txnOps) return TOO_MANY_OPS;
  for (const compare of txn.compare) if (compare.key === '') return EMPTY_KEY;
  let size = 0;
  for (const op of [...txn.success, ...txn.failure]) {
    const refusal = checkOp(op, limits);
    if (refusal !== undefined) return refusal;
    if ('put' in op) size += sizeOfChunk(op.put.value) + op.put.key.length;
  }
  if (size > limits.requestBytes) return REQUEST_TOO_LARGE;
  return checkWrites(txn.success) ?? checkWrites(txn.failure);
}

function checkOp(op: RequestOp, limits: Limits): RpcError | undefined {
  if ('txn' in op) return checkTxn(op.txn, limits);
  if ('put' in op) return checkPut(op.put);
  const key = 'range' in op ? op.range.key : op.deleteRange.key;
  return key === '' ? EMPTY_KEY : undefined;
}

function checkPut(put: PutRequest): RpcError | undefined {
  if (put.key === '') return EMPTY_KEY;
  if (put.ignoreValue === true && sizeOfChunk(put.value) > 0) return VALUE_PROVIDED;
  if (put.ignoreLease === true && (put.lease ?? 0) !== 0) return LEASE_PROVIDED;
  return undefined;
}

/** Bytes that a transaction may add to the database: its puts, with what upstream adds to each. */
export function costOf(txn: TxnRequest): number {
  const sum = (ops: readonly RequestOp[]): number => {
    let bytes = 0;
    for (const op of ops) {
      if ('put' in op) bytes += PUT_OVERHEAD + op.put.key.length + sizeOfChunk(op.put.value);
      else if ('txn' in op) bytes += costOf(op.txn);
    }
    return bytes;
  };
  return Math.max(sum(txn.success), sum(txn.failure));
}

const PUT_OVERHEAD = 256;

/** No key put twice, none put and deleted. One write, the common case, cannot collide. */
function checkWrites(ops: readonly RequestOp[]): RpcError | undefined {
  if (ops.length < 2) return undefined;
  const puts = new Set<string>();
  const deletes: { readonly key: string; readonly end: string | undefined }[] = [];
  const collect = (list: readonly RequestOp[]): boolean => {
    for (const op of list) {
      if ('put' in op) {
        if (puts.has(op.put.key)) return false;
        puts.add(op.put.key);
      } else if ('deleteRange' in op) {
        deletes.push({ key: op.deleteRange.key, end: op.deleteRange.rangeEnd });
      } else if ('txn' in op && !(collect(op.txn.success) && collect(op.txn.failure))) return false;
    }
    return true;
  };
  if (!collect(ops)) return DUPLICATE_KEY;
  for (const put of puts) {
    if (deletes.some((range) => covers(range.key, range.end, put))) return DUPLICATE_KEY;
  }
  return undefined;
}

function covers(key: string, end: string | undefined, candidate: string): boolean {
  if (end === undefined || end === '') return key === candidate;
  if (compareText(candidate, key) < 0) return false;
  return end === '\0' || compareText(candidate, end) < 0;
}

/** Refusals that need the state: made when the entry is applied, before any of it changes something. */
export function checkApply(txn: TxnRequest, store: Mvcc, lessor: Lessor): RpcError | undefined {
  const ops = store.holds(txn.compare) ? txn.success : txn.failure;
  for (const op of ops) {
    if ('put' in op) {
      const lease = op.put.lease ?? 0;
      if (lease !== 0 && !lessor.has(lease)) return LEASE_NOT_FOUND;
      const needsOld = op.put.ignoreValue === true || op.put.ignoreLease === true;
      if (needsOld && store.get(op.put.key) === undefined) return KEY_NOT_FOUND;
    } else if ('range' in op) {
      const revision = op.range.revision ?? 0;
      if (revision > store.revision) return FUTURE_REVISION;
      if (revision > 0 && revision < store.compactRevision) return COMPACTED;
    } else if ('txn' in op) {
      const refusal = checkApply(op.txn, store, lessor);
      if (refusal !== undefined) return refusal;
    }
  }
  return undefined;
}
