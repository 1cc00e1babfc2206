/**
 * etcd's messages, named as in `etcdserverpb` (etcd 3.6, api/etcdserverpb/rpc.proto). They travel as
 * frozen values over a multiplexed HTTP connection, one call per request: POST
 * `/etcdserverpb.KV/Range`. Keys are text; a value is bytes or the frozen object that the API server
 * stored, whose bytes (`k8s\0` and protobuf) are made when somebody reads them.
 */
import type { Message } from '../../../machines/network/chunk.ts';

/** A stored value: bytes, or a message that renders to them (an API object). */
export type StoredValue = Uint8Array | Message;

export interface KeyValue {
  readonly key: string;
  readonly value: StoredValue;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** Lease id, 0 for none. */
  readonly lease: number;
}

export interface ResponseHeader {
  /** Ids are 16 hex digits. */
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  readonly raftTerm: number;
}

export interface RangeRequest {
  readonly key: string;
  /** Exclusive end; `\0`: from `key` on; absent: the one key. */
  readonly rangeEnd?: string;
  readonly limit?: number;
  /** 0 or absent: the newest. */
  readonly revision?: number;
  readonly sortOrder?: 'NONE' | 'ASCEND' | 'DESCEND';
  readonly sortTarget?: 'KEY' | 'VERSION' | 'CREATE' | 'MOD' | 'VALUE';
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

export interface RangeResponse {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface PutRequest {
  readonly key: string;
  readonly value: StoredValue;
  readonly lease?: number;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface PutResponse {
  readonly header: ResponseHeader;
  readonly prevKv?: KeyValue;
}

export interface DeleteRangeRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly prevKv?: boolean;
}

export interface DeleteRangeResponse {
  readonly header: ResponseHeader;
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}

export interface Compare {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly target: 'VERSION' | 'CREATE' | 'MOD' | 'VALUE' | 'LEASE';
  readonly result: 'EQUAL' | 'GREATER' | 'LESS' | 'NOT_EQUAL';
  /** A number, or for VALUE the text or bytes. */
  readonly operand: number | string | Uint8Array;
}

export type RequestOp =
  | { readonly range: RangeRequest }
  | { readonly put: PutRequest }
  | { readonly deleteRange: DeleteRangeRequest }
  | { readonly txn: TxnRequest };

export type ResponseOp =
  | { readonly range: RangeResponse }
  | { readonly put: PutResponse }
  | { readonly deleteRange: DeleteRangeResponse }
  | { readonly txn: TxnResponse };

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header: ResponseHeader;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface CompactionRequest {
  readonly revision: number;
  readonly physical?: boolean;
}

export interface WatchCreateRequest {
  readonly key: string;
  readonly rangeEnd?: string;
  /** First revision wanted; 0: from now on. */
  readonly startRevision?: number;
  readonly progressNotify?: boolean;
  readonly filters?: readonly ('NOPUT' | 'NODELETE')[];
  readonly prevKv?: boolean;
  readonly watchId?: number;
}

export interface WatchEvent {
  readonly type: 'PUT' | 'DELETE';
  readonly kv: KeyValue;
  readonly prevKv?: KeyValue;
}

export interface WatchResponse {
  readonly header: ResponseHeader;
  readonly watchId: number;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly cancelReason?: string;
  readonly compactRevision?: number;
  readonly events: readonly WatchEvent[];
}

export interface LeaseGrantRequest {
  readonly ttl: number;
  /** 0: the server chooses. */
  readonly id?: number;
}

export interface LeaseGrantResponse {
  readonly header: ResponseHeader;
  readonly id: number;
  readonly ttl: number;
}

export interface AlarmRequest {
  readonly action: 'GET' | 'DEACTIVATE';
}

export interface AlarmMember {
  /** 16 hex digits. */
  readonly memberId: string;
  readonly alarm: 'NOSPACE' | 'CORRUPT';
}

export interface AlarmResponse {
  readonly header: ResponseHeader;
  readonly alarms: readonly AlarmMember[];
}

/** A failed call: gRPC's status. `message` begins with `etcdserver: `. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
}

export interface CompactionResponse {
  readonly header: ResponseHeader;
}

export interface LeaseRevokeResponse {
  readonly header: ResponseHeader;
}

export interface LeaseKeepAliveResponse {
  readonly header: ResponseHeader;
  readonly id: number;
  /** 0 when the lease is gone. */
  readonly ttl: number;
}

export interface LeaseTimeToLiveResponse {
  readonly header: ResponseHeader;
  readonly id: number;
  /** Seconds left; −1 when the lease is gone. */
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly string[];
}

export interface LeaseLeasesResponse {
  readonly header: ResponseHeader;
  readonly leases: readonly number[];
}

export interface Member {
  /** 16 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberListResponse {
  readonly header: ResponseHeader;
  readonly members: readonly Member[];
}

export interface StatusResponse {
  readonly header: ResponseHeader;
  readonly version: string;
  readonly storageVersion: string;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly dbSizeQuota: number;
  readonly leader: string;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
}
