/**
 * kubectl's requests: one client of 50 queries a second and bursts of 300, headers as kubectl sends
 * them, warnings once per text, and answers by reference (k8s.io/cli-runtime/pkg/resource/helper.go,
 * v0.34). What is asked of the server for each command is the table of the facts, section 2.
 *
 * Bodies are sent as JSON by reference; upstream sends protobuf for some, which nobody here can see.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { textOf } from '../../../ground/base/bytes.ts';
import { type Micros, SECOND } from '../../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { bytesOf, type Chunk, isBytes } from '../../../machines/network/chunk.ts';
import type { Headers, HttpResponse } from '../../../machines/network/http-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { objectMessage, type ObjectMessage, objectOf } from '../../../spine/client/api-body.ts';
import { localFailure } from '../../../spine/client/api-error.ts';
import { failureOf, openClient, userAgentOf } from '../../../spine/client/client.ts';
import type { ClientConfig } from '../../../spine/client/kubeconfig.ts';
import { queryOf, resourcePath } from '../../../spine/client/paths.ts';
import { TokenBucket } from '../../../spine/client/rate-limit.ts';
import type { ApiError, ApiResult, Client, WatchStream } from '../../../spine/client/types.ts';
import { ResponseWatch } from '../../../spine/client/watch-stream.ts';
import { formatGoDuration } from './duration.ts';
import type { Mapping } from './mapper.ts';
import type { RequestLog } from './request-log.ts';

/** Any object, fields by name. */
export type Loose = KubeObject & { readonly [field: string]: unknown };

export const JSON_ACCEPT = 'application/json';
export const TABLE_ACCEPT =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

export const STRATEGIC = 'application/strategic-merge-patch+json';
export const MERGE = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';

const RETRIES_MAX = 10;

export type Query = readonly (readonly [string, string | number | boolean | undefined])[];

export interface CallOptions {
  readonly accept?: string;
  /** A value, or bytes that are no JSON. */
  readonly body?: unknown;
  readonly type?: string;
}

export interface WriteQuery {
  readonly manager?: string;
  readonly dryRun?: boolean;
  readonly validation?: string;
  readonly subresource?: string;
}

export interface ListQuery {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly includeObject?: string;
  readonly resourceVersion?: string;
}

export interface ApiOptions {
  onWarning(text: string): void;
  /** For `-v`; undefined when nothing is told. */
  readonly log: RequestLog | undefined;
  /** `--request-timeout` in microseconds; 0 for none. */
  readonly timeout: Micros;
}

export class Api {
  readonly client: Client;
  readonly server: string;
  readonly #process: Process;
  readonly #bucket = new TokenBucket(50, 300);
  readonly #log: RequestLog | undefined;
  readonly #timeout: Micros;

  constructor(process: Process, config: ClientConfig, options: ApiOptions) {
    this.#process = process;
    this.#log = options.log;
    this.#timeout = options.timeout;
    this.server = config.server;
    const userAgent = userAgentOf('kubectl');
    const { onWarning } = options;
    this.client = openClient(process, config, { userAgent, qps: -1, onWarning });
  }

  /** One object, or a subresource of it. */
  *get(
    mapping: Mapping,
    namespace: string,
    name: string,
    subresource = '',
    accept = JSON_ACCEPT,
  ): Task<ApiResult<Loose>> {
    const path = resourcePath(mapping, scoped(mapping, namespace), name, subresource);
    return (yield* this.call('GET', path, { accept })) as ApiResult<Loose>;
  }

  /** A list as the server gives it: a …List or a Table. */
  *list(
    mapping: Mapping,
    namespace: string,
    query: ListQuery,
    accept = JSON_ACCEPT,
  ): Task<ApiResult<Loose>> {
    const target = resourcePath(mapping, scoped(mapping, namespace)) + listQuery(query, []);
    return (yield* this.call('GET', target, { accept })) as ApiResult<Loose>;
  }

  /** All objects of a list. */
  *items(mapping: Mapping, namespace: string, query: ListQuery): Task<ApiResult<readonly Loose[]>> {
    const found: Loose[] = [];
    let more = '';
    for (;;) {
      const page =
        more === '' ? { limit: 500, ...query } : { limit: 500, ...query, continue: more };
      const answer = yield* this.list(mapping, namespace, page);
      if (!answer.ok) return answer;
      found.push(...itemsOf(answer.value));
      more = continueOf(answer.value);
      if (more === '') return ok(found);
    }
  }

  *create(mapping: Mapping, object: KubeObject, query: WriteQuery = {}): Task<ApiResult<Loose>> {
    const namespace = scoped(mapping, object.metadata.namespace ?? '');
    const target = resourcePath(mapping, namespace) + writeQuery(query);
    return (yield* this.call('POST', target, { body: object })) as ApiResult<Loose>;
  }

  /** Creates below an object: an eviction, a token. */
  *createSub(
    mapping: Mapping,
    namespace: string,
    name: string,
    subresource: string,
    body: unknown,
  ): Task<ApiResult<Loose>> {
    const target = resourcePath(mapping, scoped(mapping, namespace), name, subresource);
    return (yield* this.call('POST', target, { body })) as ApiResult<Loose>;
  }

  *replace(mapping: Mapping, object: KubeObject, query: WriteQuery = {}): Task<ApiResult<Loose>> {
    const namespace = scoped(mapping, object.metadata.namespace ?? '');
    const { name } = object.metadata;
    const target =
      resourcePath(mapping, namespace, name, query.subresource ?? '') + writeQuery(query);
    return (yield* this.call('PUT', target, { body: object })) as ApiResult<Loose>;
  }

  *patch(
    mapping: Mapping,
    namespace: string,
    name: string,
    type: string,
    patch: unknown,
    query: WriteQuery = {},
  ): Task<ApiResult<Loose>> {
    const path = resourcePath(mapping, scoped(mapping, namespace), name, query.subresource ?? '');
    const target = path + writeQuery(query);
    return (yield* this.call('PATCH', target, { body: patch, type })) as ApiResult<Loose>;
  }

  *delete(
    mapping: Mapping,
    namespace: string,
    name: string,
    options: object,
  ): Task<ApiResult<Loose>> {
    const path = resourcePath(mapping, scoped(mapping, namespace), name);
    return (yield* this.call('DELETE', path, { body: options })) as ApiResult<Loose>;
  }

  /** Events from a revision on; without one, of all that is there first. */
  *watch(
    mapping: Mapping,
    namespace: string,
    query: ListQuery & { readonly timeoutSeconds?: number },
    accept = JSON_ACCEPT,
  ): Task<ApiResult<WatchStream<Loose>>> {
    const path = resourcePath(mapping, scoped(mapping, namespace));
    const target =
      path +
      listQuery(query, [
        ['timeoutSeconds', query.timeoutSeconds],
        ['watch', true],
      ]);
    const response = yield* this.open('GET', target, { accept });
    if (!response.ok) return response;
    const events = new ResponseWatch<Loose>(response.value);
    if (this.#timeout > 0) this.#process.start('request timeout', this.#stopLater(events));
    return ok(events);
  }

  *#stopLater(events: WatchStream<Loose>): Task<void> {
    yield* this.#process.sleep(this.#timeout);
    events.stop();
  }

  /** Any request with a whole answer, as an object. */
  *call(method: string, target: string, options: CallOptions = {}): Task<ApiResult<unknown>> {
    const response = yield* this.open(method, target, options);
    if (!response.ok) return response;
    const body = yield* response.value.whole();
    if (!body.ok) return err(localFailure('unexpected EOF'));
    if (this.#log?.bodies === true) this.#log.answer(body.value);
    if (body.value === undefined) return ok(undefined);
    const object = objectOf(body.value);
    return object.ok ? ok(object.value) : err(localFailure(object.error));
  }

  /** The text of an answer: logs, health, metrics; an object that came by reference in a form of its own. */
  *text(
    target: string,
    method = 'GET',
    format?: (object: Loose) => string,
    body?: Uint8Array,
  ): Task<ApiResult<string>> {
    const accept = 'application/json, */*';
    const options = body === undefined ? { accept } : { accept, body };
    const response = yield* this.open(method, target, options);
    if (!response.ok) return response;
    const answer = yield* response.value.whole();
    if (!answer.ok) return err(localFailure('unexpected EOF'));
    const chunk = answer.value;
    if (chunk === undefined) return ok('');
    if (format !== undefined && !isBytes(chunk) && chunk.protocol === 'api-object') {
      const object = (chunk as ObjectMessage).object as Loose;
      if (object.apiVersion !== undefined && object.kind !== undefined) return ok(format(object));
    }
    return ok(textOf(bytesOf(chunk)));
  }

  /** One request, told as `-v` asks for it, and given up when its time is over. */
  *#send(
    method: string,
    target: string,
    headers: Headers,
    body: Chunk | undefined,
  ): Task<Result<HttpResponse, ApiError>> {
    const timed = this.#timeout > 0 ? timedTarget(target, this.#timeout) : target;
    const deadline = this.#timeout > 0 ? this.#timeout : undefined;
    const url = this.server + timed;
    const begun = this.#process.clock.monotonic();
    this.#log?.request(
      method,
      url,
      new Map([...headers, ['user-agent', this.client.userAgent]]),
      body,
    );
    const response = yield* this.client.raw({ method, target: timed, headers, body }, deadline);
    const took = this.#process.clock.monotonic() - begun;
    if (response.ok) {
      this.#log?.response(method, url, response.value.status, response.value.headers, took);
    }
    return response;
  }

  /** A request up to the head of its answer; what the server tells to try later is sent again. */
  *open(
    method: string,
    target: string,
    options: CallOptions,
  ): Task<Result<HttpResponse, ApiError>> {
    const headers = new Map([['accept', options.accept ?? JSON_ACCEPT]]);
    if (options.body !== undefined) headers.set('content-type', options.type ?? JSON_ACCEPT);
    const { body: given } = options;
    const body =
      given === undefined || given instanceof Uint8Array ? given : objectMessage(freezeDeep(given));
    for (let attempt = 0; ; attempt += 1) {
      const delay = this.#bucket.reserve(this.#process.clock.monotonic());
      if (delay > 0) yield* this.#process.sleep(delay);
      const response = yield* this.#send(method, target, headers, body);
      if (!response.ok) return response;
      if (response.value.status < 400) return response;
      const failure = yield* failureOf(method, target, response.value);
      const again = failure.retryAfter > 0 && (failure.code === 429 || failure.code >= 500);
      if (!again || attempt >= RETRIES_MAX) return err(failure);
      yield* this.#process.sleep(failure.retryAfter * SECOND);
    }
  }
}

function timedTarget(target: string, timeout: Micros): string {
  const joint = target.includes('?') ? '&' : '?';
  return `${target}${joint}timeout=${formatGoDuration(timeout)}`;
}

function scoped(mapping: Mapping, namespace: string): string {
  return mapping.namespaced ? namespace : '';
}

function listQuery(query: ListQuery, more: Query): string {
  return queryOf([
    ['continue', query.continue],
    ['fieldSelector', query.fieldSelector],
    ['includeObject', query.includeObject],
    ['labelSelector', query.labelSelector],
    ['limit', query.limit],
    ['resourceVersion', query.resourceVersion],
    ...more,
  ]);
}

function writeQuery(query: WriteQuery): string {
  return queryOf([
    ['dryRun', query.dryRun === true ? 'All' : undefined],
    ['fieldManager', query.manager],
    ['fieldValidation', query.validation],
  ]);
}

/** The items of a …List. They carry no kind of their own in upstream's lists; ours are whole objects. */
function itemsOf(list: Loose): readonly Loose[] {
  return (list['items'] as readonly Loose[] | undefined) ?? [];
}

export function continueOf(list: Loose): string {
  return (list.metadata as { readonly continue?: string } | undefined)?.continue ?? '';
}
