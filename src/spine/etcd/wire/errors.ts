/** etcd's errors as gRPC statuses (etcd 3.6, api/v3rpc/rpctypes/error.go). */
import type { RpcError } from './messages.ts';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;
const UNIMPLEMENTED = 12;

function server(code: number, text: string): RpcError {
  return { code, message: `etcdserver: ${text}` };
}

export const EMPTY_KEY = server(INVALID_ARGUMENT, 'key is not provided');
export const KEY_NOT_FOUND = server(INVALID_ARGUMENT, 'key not found');
export const VALUE_PROVIDED = server(INVALID_ARGUMENT, 'value is provided');
export const LEASE_PROVIDED = server(INVALID_ARGUMENT, 'lease is provided');
export const TOO_MANY_OPS = server(INVALID_ARGUMENT, 'too many operations in txn request');
export const DUPLICATE_KEY = server(INVALID_ARGUMENT, 'duplicate key given in txn request');
export const REQUEST_TOO_LARGE = server(INVALID_ARGUMENT, 'request is too large');
export const LEASE_NOT_FOUND = server(NOT_FOUND, 'requested lease not found');
export const LEASE_EXISTS = server(FAILED_PRECONDITION, 'lease already exists');
export const LEASE_TTL_TOO_LARGE = server(OUT_OF_RANGE, 'too large lease TTL');
export const COMPACTED = server(OUT_OF_RANGE, 'mvcc: required revision has been compacted');
export const FUTURE_REVISION = server(OUT_OF_RANGE, 'mvcc: required revision is a future revision');

export const NO_SPACE = server(RESOURCE_EXHAUSTED, 'mvcc: database space exceeded');

/** A method that this model does not serve; gRPC's own words. */
export function unimplemented(service: string, method: string): RpcError {
  return { code: UNIMPLEMENTED, message: `unknown method ${method} for service ${service}` };
}
