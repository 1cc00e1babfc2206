/** What belongs to one request on its way through the server: who asks, for what, and what it found. */
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Result } from '../../../ground/base/result.ts';
import type { WallTime } from '../../../ground/base/time.ts';
import type { Process } from '../../../machines/machine/process.ts';
import type { RequestOp } from '../../etcd/wire/index.ts';
import type { ApiRequest } from './api-request.ts';
import type { Failure } from './status.ts';
import type { Cached } from './watch-cache.ts';

export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** Whether the user may; a failure is 403 with the exact text. */
export interface Authorizer {
  authorize(user: User, info: ApiRequest): Result<void, Failure>;
}

export interface RequestContext {
  readonly process: Process;
  readonly info: ApiRequest;
  readonly user: User;
  readonly userAgent: string;
  readonly dryRun: boolean;
  /** When the request came, on the host's wall clock. */
  readonly now: WallTime;
  /** Asked again where a request turns out to want more than its verb says; absent for the server itself. */
  readonly authorizer?: Authorizer;
  /** Texts of Warning headers, once each. */
  readonly warnings: Set<string>;
}

/** What a write does besides storing its object, in the same transaction. */
export type MoreOps = readonly RequestOp[];

/** Another version's form of the objects of one store. */
export interface View {
  /** As this version shows a kept object. */
  shown(object: KubeObject): KubeObject;
  /** As the store keeps an object of this version. */
  kept(object: KubeObject): KubeObject;
}

/** What the server knows of a kind beyond its descriptor: allocation, grace, special deletes. */
export interface Hooks {
  /** Makes what a new object is given: addresses, ports. Called after admission, before validation. */
  allocate?(
    context: RequestContext,
    object: KubeObject,
    old: KubeObject | undefined,
  ): Result<KubeObject, Failure>;
  /** Writes that go with a create, update or delete. */
  more?(next: KubeObject | undefined, old: KubeObject | undefined): MoreOps;
  /** Takes back what `allocate` gave when the write did not happen. */
  abandon?(object: KubeObject, old: KubeObject | undefined): void;
  /** Seconds of grace for a delete; undefined: the kind has no graceful delete. */
  grace?(object: KubeObject, asked: number | undefined): number;
  /** True when the answer to a delete is the object, not a Status. */
  readonly returnsDeleted?: boolean;
  /** True when the object may go now although it has no deletion to wait for (namespaces: spec finalizers). */
  mayRemove?(object: KubeObject): boolean;
  /** Changes an object as its deletion begins (namespaces: phase Terminating). */
  beginDelete?(object: KubeObject): KubeObject;
  /** Set when this version is not the one that is stored. */
  readonly view?: View;
  /** A lease for the object's key, in seconds (events). */
  readonly ttlSeconds?: number;
}

/** An admission plugin. It reads caches, never waits. */
export interface AdmissionPlugin {
  readonly name: string;
  admit(
    context: RequestContext,
    operation: 'CREATE' | 'UPDATE' | 'DELETE',
    object: KubeObject,
    old: KubeObject | undefined,
  ): Result<KubeObject, Failure>;
}

/** The state that an update starts from, and whether it may be behind etcd. */
export interface Origin {
  readonly current: Cached;
  readonly fromCache: boolean;
}
