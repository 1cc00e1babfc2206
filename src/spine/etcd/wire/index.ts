/**
 * What others may know of etcd: its messages, and a client (clientv3 of etcd 3.6, what the API server
 * and etcdctl use of it). One multiplexed connection to one endpoint, dialled at the first call and
 * again after it broke; every call is one request, a watch is one request whose answer streams.
 *
 *     const etcd = openEtcd(dial, '127.0.0.1:2379');
 *     const answer = yield* etcd.range({ key: '/registry/pods/', rangeEnd: prefixEnd('/registry/pods/') });
 *
 * Not modelled: balancing over endpoints and the retries inside clientv3.
 */
import type { Micros } from '../../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { Deferred, type Task } from '../../../ground/base/task.ts';
import type { Chunk } from '../../../machines/network/chunk.ts';
import { goError } from '../../../machines/network/errno.ts';
import type {
  Headers,
  HttpConnection,
  HttpError,
  HttpResponse,
} from '../../../machines/network/http-types.ts';
import type * as M from './messages.ts';
import { rpcMessage, rpcValue } from './rpc-message.ts';

export * from './messages.ts';
export { prefixEnd } from './keys.ts';

/** A watch that is open. Use either `receive` or `onResponse`. */
export interface EtcdWatch {
  /** The next response; undefined at the end. */
  receive(): Task<M.WatchResponse | undefined>;
  /** Called inside the arrival event of each response, and once with undefined at the end. */
  onResponse(sink: (response: M.WatchResponse | undefined) => void): void;
  close(): void;
}

type Answer<T> = Task<Result<T, M.RpcError>>;

export interface EtcdClient {
  /** `host:port` as in `--endpoints`. */
  readonly endpoint: string;
  range(request: M.RangeRequest): Answer<M.RangeResponse>;
  put(request: M.PutRequest): Answer<M.PutResponse>;
  deleteRange(request: M.DeleteRangeRequest): Answer<M.DeleteRangeResponse>;
  txn(request: M.TxnRequest): Answer<M.TxnResponse>;
  compact(request: M.CompactionRequest): Answer<M.CompactionResponse>;
  watch(request: M.WatchCreateRequest): Answer<EtcdWatch>;
  leaseGrant(request: M.LeaseGrantRequest): Answer<M.LeaseGrantResponse>;
  leaseRevoke(id: number): Answer<M.LeaseRevokeResponse>;
  leaseKeepAlive(id: number): Answer<M.LeaseKeepAliveResponse>;
  leaseTimeToLive(id: number, keys: boolean): Answer<M.LeaseTimeToLiveResponse>;
  leases(): Answer<M.LeaseLeasesResponse>;
  memberList(): Answer<M.MemberListResponse>;
  status(): Answer<M.StatusResponse>;
  /** Any call by path: `/etcdserverpb.Maintenance/Defragment`. */
  call<T>(path: string, request: unknown, payloadBytes?: number): Answer<T>;
  close(): void;
}

export type Dial = () => Task<Result<HttpConnection, HttpError>>;

const GRPC_HEADERS: Headers = new Map([
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
]);
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** A client of one endpoint. `timeout` bounds each call (not watches). */
export function openEtcd(dial: Dial, endpoint: string, timeout?: Micros): EtcdClient {
  const channel = new Channel(dial, endpoint, timeout);
  const call = <T>(path: string, request: unknown, bytes = 0): Answer<T> =>
    channel.call<T>(path, request, bytes);
  return {
    endpoint,
    call,
    range: (request) => call('/etcdserverpb.KV/Range', request, request.key.length),
    put: (request) => call('/etcdserverpb.KV/Put', request, putBytes(request)),
    deleteRange: (request) => call('/etcdserverpb.KV/DeleteRange', request, request.key.length),
    txn: (request) => call('/etcdserverpb.KV/Txn', request, txnBytes(request)),
    compact: (request) => call('/etcdserverpb.KV/Compact', request),
    watch: (request) => channel.watch(request),
    leaseGrant: (request) => call('/etcdserverpb.Lease/LeaseGrant', request),
    leaseRevoke: (id) => call('/etcdserverpb.Lease/LeaseRevoke', { id }),
    leaseKeepAlive: (id) => call('/etcdserverpb.Lease/LeaseKeepAlive', { id }),
    leaseTimeToLive: (id, keys) => call('/etcdserverpb.Lease/LeaseTimeToLive', { id, keys }),
    leases: () => call('/etcdserverpb.Lease/LeaseLeases', {}),
    memberList: () => call('/etcdserverpb.Cluster/MemberList', {}),
    status: () => call('/etcdserverpb.Maintenance/Status', {}),
    close: () => channel.close(),
  };
}

function putBytes(request: M.PutRequest): number {
  const value = request.value;
  return request.key.length + (value instanceof Uint8Array ? value.length : value.wireSize);
}

function txnBytes(request: M.TxnRequest): number {
  let size = 40 * request.compare.length;
  for (const op of request.success) size += 'put' in op ? putBytes(op.put) : 40;
  return size;
}

/** The connection and what fails on it, in gRPC's words. */
class Channel {
  readonly #dial: Dial;
  readonly #endpoint: string;
  readonly #timeout: Micros | undefined;
  #connection: HttpConnection | undefined;
  #dialling: Deferred<Result<HttpConnection, HttpError>> | undefined;

  constructor(dial: Dial, endpoint: string, timeout: Micros | undefined) {
    this.#dial = dial;
    this.#endpoint = endpoint;
    this.#timeout = timeout;
  }

  close(): void {
    this.#connection?.close();
  }

  *call<T>(path: string, request: unknown, bytes: number): Answer<T> {
    const sent = yield* this.#send(path, request, bytes, this.#timeout);
    if (!sent.ok) return sent;
    const body = yield* sent.value.whole();
    if (!body.ok) return err(this.#describe(body.error));
    const failure = statusOf(sent.value.headers);
    if (failure !== undefined) return err(failure);
    return ok(rpcValue(body.value) as T);
  }

  *watch(request: M.WatchCreateRequest): Answer<EtcdWatch> {
    const sent = yield* this.#send('/etcdserverpb.Watch/Watch', request, 40, undefined);
    if (!sent.ok) return sent;
    const failure = statusOf(sent.value.headers);
    if (failure !== undefined) return err(failure);
    return ok(watchOf(sent.value));
  }

  *#send(
    path: string,
    request: unknown,
    bytes: number,
    deadline: Micros | undefined,
  ): Task<Result<HttpResponse, M.RpcError>> {
    const connection = yield* this.#connect();
    if (!connection.ok) return err(this.#describe(connection.error));
    const response = yield* connection.value.request(
      {
        method: 'POST',
        target: path,
        host: this.#endpoint,
        headers: GRPC_HEADERS,
        body: rpcMessage(request, bytes),
      },
      deadline,
    );
    if (!response.ok) return err(this.#describe(response.error));
    return response;
  }

  *#connect(): Task<Result<HttpConnection, HttpError>> {
    if (this.#connection?.open === true) return ok(this.#connection);
    if (this.#dialling !== undefined) return yield* this.#dialling.wait();
    const dialling = new Deferred<Result<HttpConnection, HttpError>>();
    this.#dialling = dialling;
    const connection = yield* this.#dial();
    this.#dialling = undefined;
    if (connection.ok) this.#connection = connection.value;
    dialling.resolve(connection);
    return connection;
  }

  #describe(error: HttpError): M.RpcError {
    if (error.kind === 'timeout') {
      return { code: DEADLINE_EXCEEDED, message: 'context deadline exceeded' };
    }
    const dialling = (text: string): string =>
      `connection error: desc = "transport: Error while dialing: dial tcp ${this.#endpoint}: ${text}"`;
    if (error.kind === 'socket' && error.phase === 'dial') {
      return { code: UNAVAILABLE, message: dialling(`connect: ${goError(error.errno)}`) };
    }
    if (error.kind === 'tls') {
      const text = `connection error: desc = "transport: authentication handshake failed: ${error.message}"`;
      return { code: UNAVAILABLE, message: text };
    }
    return { code: UNAVAILABLE, message: 'error reading from server: EOF' };
  }
}

function statusOf(headers: Headers): M.RpcError | undefined {
  const code = Number(headers.get('grpc-status') ?? '0');
  return code === 0 ? undefined : { code, message: headers.get('grpc-message') ?? '' };
}

function watchOf(response: HttpResponse): EtcdWatch {
  const read = (chunk: Chunk | undefined): M.WatchResponse | undefined =>
    rpcValue(chunk) as M.WatchResponse | undefined;
  return {
    *receive() {
      const event = yield* response.receive();
      return event.ok ? read(event.value) : undefined;
    },
    onResponse(sink) {
      response.onReceive((event) => sink(event.ok ? read(event.value) : undefined));
    },
    close: () => response.cancel(),
  };
}
