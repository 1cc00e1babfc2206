/**
 * What client-go is, as types: requests to an API server from inside a program. Everything waits, so
 * everything is a task. Failures are values: the server's Status, or what kept the request from it.
 *
 *     const answer = yield* client.get<Pod>(PODS, 'default', 'web-1');
 *     if (!answer.ok) return answer.error.code === 404 ? gone() : retry();
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Task, Wait } from '../../ground/base/task.ts';
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import type { DeleteOptions, Status } from '../../ground/api/types.ts';
import type { HttpError, HttpRequest, HttpResponse } from '../../machines/network/http-types.ts';

/** Why a request failed. */
export interface ApiError {
  /** HTTP code of the Status; 0 when the server was not reached or did not answer. */
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid` …; empty when there is no Status. */
  readonly reason: string;
  /** The Status's message, or Go's words for the transport error:
   *  `Get "https://192.168.10.10:6443/api/v1/pods": dial tcp 192.168.10.10:6443: connect: connection refused`. */
  readonly message: string;
  readonly status: Status | undefined;
  readonly transport: HttpError | undefined;
  /** Seconds of a Retry-After header, 0 for none. */
  readonly retryAfter: number;
}

export type ApiResult<T> = Result<T, ApiError>;

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue: string;
}

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /** `status`, `scale`, `binding` … */
  readonly subresource?: string;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** For ERROR a Status. */
  readonly object: T;
}

export interface WatchStream<T> {
  /** The next event; undefined when the server ended the watch or the connection broke. */
  receive(): Task<WatchEvent<T> | undefined>;
  /** Instead of `receive`: called inside the arrival event for each event, and once with undefined at the end. */
  onEvent(sink: (event: WatchEvent<T> | undefined) => void): void;
  readonly readable: Wait;
  stop(): void;
}

/** A client with an identity, a rate limit (QPS and burst) and kept-alive connections. */
export interface Client {
  /** As in kubeconfig: `https://192.168.0.10:6443`. */
  readonly server: string;
  readonly userAgent: string;
  get<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    name: string,
    subresource?: string,
  ): Task<ApiResult<T>>;
  list<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    options?: ListOptions,
  ): Task<ApiResult<ObjectList<T>>>;
  create<T extends KubeObject>(
    resource: ResourceName,
    object: T,
    options?: WriteOptions & { readonly name?: string },
  ): Task<ApiResult<T>>;
  update<T extends KubeObject>(
    resource: ResourceName,
    object: T,
    options?: WriteOptions,
  ): Task<ApiResult<T>>;
  patch<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    name: string,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Task<ApiResult<T>>;
  /** The answer is the object (still terminating) or a Status. */
  delete(
    resource: ResourceName,
    namespace: string,
    name: string,
    options?: Partial<DeleteOptions>,
  ): Task<ApiResult<KubeObject | Status>>;
  watch<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    options: ListOptions & {
      readonly timeoutSeconds?: number;
      readonly allowWatchBookmarks?: boolean;
    },
  ): Task<ApiResult<WatchStream<T>>>;
  /** Any request, with this client's identity and connection. */
  raw(request: Omit<HttpRequest, 'host'>, deadline?: Micros): Task<Result<HttpResponse, ApiError>>;
  close(): void;
}
