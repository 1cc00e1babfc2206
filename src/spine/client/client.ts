/**
 * Typed calls to an API server: rest.Request and the typed clients of client-go (k8s.io/client-go/rest,
 * v0.34). Objects travel by reference; what arrives as bytes is parsed. Each client has a connection,
 * an identity, a token bucket (QPS and burst) and a user agent of its own.
 *
 * As upstream: requests that the server answers with Retry-After (429 and 5xx) are sent again, at most
 * ten times; a GET whose connection broke before the answer is sent again after one second.
 *
 * Not modelled: protobuf negotiation, compression, HTTP proxies, exec credential plugins.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import type { DeleteOptions, Status } from '../../ground/api/types.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { type Micros, MINUTE, SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { quote } from '../../ground/base/text.ts';
import type { Task } from '../../ground/base/task.ts';
import type { SignedToken } from '../../ground/pki/jwt.ts';
import { BearerHeaders } from '../../machines/network/bearer-headers.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import type { Headers, HttpRequest, HttpResponse } from '../../machines/network/http-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { objectMessage, objectOf } from './api-body.ts';
import { genericFailure, localFailure, statusFailure, transportFailure } from './api-error.ts';
import { tokenOfFile } from './credentials.ts';
import type { ClientConfig } from './kubeconfig.ts';
import { queryOf, resourcePath } from './paths.ts';
import { TokenBucket } from './rate-limit.ts';
import { parseServer, Transport } from './transport.ts';
import { ResponseWatch } from './watch-stream.ts';
import type {
  ApiError,
  ApiResult,
  Client,
  ListOptions,
  ObjectList,
  PatchType,
  WatchStream,
  WriteOptions,
} from './types.ts';

export interface ClientOptions {
  /** `kube-scheduler/v1.34.0 (linux/amd64) kubernetes/<commit>`; default: from the program's argv[0]. */
  readonly userAgent?: string;
  /** Requests a second; less than 0: no limit. Default 5. */
  readonly qps?: number;
  /** Default 10. */
  readonly burst?: number;
  /** Time-out of one request (not of a watch); default none. */
  readonly timeout?: Micros;
  /** A bearer token that may change: read before each request. */
  readonly bearer?: { readonly token: string | SignedToken };
  /** Gets the text of each `Warning:` header. Default: one klog W line. */
  readonly onWarning?: (text: string) => void;
}

const VERSION = 'v1.34.0';
/** The first seven digits of the commit that v1.34.0 was built from. */
const COMMIT = 'f28b4c9';
const RETRIES_MAX = 10;
/** Throttling that lasts longer than this is logged (client-go's extraLongThrottleLatency). */
const THROTTLE_LOGGED = 1 * SECOND;
/** A token file is read again after this long (transport.NewCachedFileTokenSource). */
const TOKEN_AGE_MAX = 1 * MINUTE;

const JSON_TYPE = 'application/json';
const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The user agent of a component: `<name>/v1.34.0 (linux/amd64) kubernetes/f28b4c9`. */
export function userAgentOf(component: string, suffix = ''): string {
  const base = `${component}/${VERSION} (linux/amd64) kubernetes/${COMMIT}`;
  return suffix === '' ? base : `${base}/${suffix}`;
}

/** A client of its own connection, identity and rate limit. Dials at the first request. */
export function openClient(
  process: Process,
  config: ClientConfig,
  options: ClientOptions = {},
): Client {
  return new RestClient(process, config, options);
}

/** Rate limits, identity and retries around a transport; then the typed calls. */
class RestClient implements Client {
  readonly server: string;
  readonly userAgent: string;
  readonly #process: Process;
  readonly #config: ClientConfig;
  readonly #transport: Transport | undefined;
  readonly #bucket: TokenBucket;
  readonly #timeout: Micros | undefined;
  readonly #bearer: { readonly token: string | SignedToken } | undefined;
  readonly #onWarning: (text: string) => void;
  /** Headers by content type ('' for no body), made once: all requests share them. */
  #headers = new Map<string, Headers>();
  #token: string | SignedToken | undefined;
  #tokenRead: Micros = -TOKEN_AGE_MAX;

  constructor(process: Process, config: ClientConfig, options: ClientOptions) {
    const program = process.argv[0] ?? 'unknown';
    this.server = config.server;
    this.userAgent = options.userAgent ?? userAgentOf(program.slice(program.lastIndexOf('/') + 1));
    this.#process = process;
    this.#config = config;
    const address = parseServer(config.server);
    this.#transport = address && new Transport(process, config, address);
    this.#bucket = new TokenBucket(options.qps ?? 5, options.burst ?? 10);
    this.#timeout = options.timeout;
    this.#onWarning =
      options.onWarning ??
      ((text) => process.log('W', 'warnings.go:110', quote(`Warning: ${text}`)));
    this.#bearer = options.bearer;
    this.#token = config.token;
  }

  *get<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    name: string,
    subresource = '',
  ): Task<ApiResult<T>> {
    const path = resourcePath(resource, namespace, name, subresource);
    return (yield* this.#call('GET', path, undefined, '')) as ApiResult<T>;
  }

  *list<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    options: ListOptions = {},
  ): Task<ApiResult<ObjectList<T>>> {
    const path = resourcePath(resource, namespace) + listQuery(options);
    const answer = yield* this.#call('GET', path, undefined, '');
    if (!answer.ok) return answer;
    const list = answer.value as {
      readonly items?: readonly T[];
      readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
    };
    return ok({
      items: list.items ?? [],
      resourceVersion: list.metadata?.resourceVersion ?? '',
      continue: list.metadata?.continue ?? '',
    });
  }

  *create<T extends KubeObject>(
    resource: ResourceName,
    object: T,
    options: WriteOptions & { readonly name?: string } = {},
  ): Task<ApiResult<T>> {
    const name = options.subresource === undefined ? '' : (options.name ?? object.metadata.name);
    const path = resourcePath(
      resource,
      object.metadata.namespace ?? '',
      name,
      options.subresource ?? '',
    );
    return (yield* this.#call(
      'POST',
      path + writeQuery(options),
      object,
      JSON_TYPE,
    )) as ApiResult<T>;
  }

  *update<T extends KubeObject>(
    resource: ResourceName,
    object: T,
    options: WriteOptions = {},
  ): Task<ApiResult<T>> {
    const { namespace = '', name } = object.metadata;
    const path = resourcePath(resource, namespace, name, options.subresource ?? '');
    return (yield* this.#call(
      'PUT',
      path + writeQuery(options),
      object,
      JSON_TYPE,
    )) as ApiResult<T>;
  }

  *patch<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    name: string,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
  ): Task<ApiResult<T>> {
    const path = resourcePath(resource, namespace, name, options.subresource ?? '');
    const query = writeQuery(options);
    return (yield* this.#call('PATCH', path + query, patch, PATCH_TYPES[type])) as ApiResult<T>;
  }

  *delete(
    resource: ResourceName,
    namespace: string,
    name: string,
    options?: Partial<DeleteOptions>,
  ): Task<ApiResult<KubeObject | Status>> {
    const body =
      options === undefined
        ? undefined
        : freezeDeep({ kind: 'DeleteOptions', apiVersion: 'v1', ...options });
    const path = resourcePath(resource, namespace, name);
    const type = body === undefined ? '' : JSON_TYPE;
    return (yield* this.#call('DELETE', path, body, type)) as ApiResult<KubeObject | Status>;
  }

  *watch<T extends KubeObject>(
    resource: ResourceName,
    namespace: string,
    options: ListOptions & {
      readonly timeoutSeconds?: number;
      readonly allowWatchBookmarks?: boolean;
    },
  ): Task<ApiResult<WatchStream<T>>> {
    const query = queryOf([
      ['allowWatchBookmarks', options.allowWatchBookmarks],
      ['fieldSelector', options.fieldSelector],
      ['labelSelector', options.labelSelector],
      ['resourceVersion', options.resourceVersion],
      ['timeoutSeconds', options.timeoutSeconds],
      ['watch', true],
    ]);
    const target = resourcePath(resource, namespace) + query;
    const response = yield* this.#send('GET', target, undefined, '', undefined);
    if (!response.ok) return response;
    if (response.value.status === 200) return ok(new ResponseWatch<T>(response.value));
    return err(yield* failureOf('GET', target, response.value));
  }

  *raw(
    request: Omit<HttpRequest, 'host'>,
    deadline?: Micros,
  ): Task<Result<HttpResponse, ApiError>> {
    const own = this.#headersFor('');
    const headers =
      own instanceof BearerHeaders
        ? own.with(request.headers)
        : new Map([...own, ...request.headers]);
    return yield* this.#attempt({ ...request, headers, host: this.#host }, deadline);
  }

  close(): void {
    this.#transport?.close();
  }

  get #host(): string {
    return this.#transport?.host ?? '';
  }

  /** A request with a whole answer: the object, or the failure that its Status tells. */
  *#call(
    method: string,
    target: string,
    body: unknown,
    contentType: string,
  ): Task<Result<unknown, ApiError>> {
    const timed = this.#timeout === undefined ? target : withTimeout(target, this.#timeout);
    for (let attempt = 0; ; attempt += 1) {
      const response = yield* this.#send(method, timed, body, contentType, this.#timeout);
      if (!response.ok) return response;
      if (response.value.status < 400) return yield* this.#decode(method, target, response.value);
      const failure = yield* failureOf(method, target, response.value);
      const again = failure.retryAfter > 0 && (failure.code === 429 || failure.code >= 500);
      if (!again || attempt >= RETRIES_MAX) return err(failure);
      yield* this.#process.sleep(failure.retryAfter * SECOND);
    }
  }

  /** One request up to the head of its answer, after the token bucket; a broken GET is sent again. */
  *#send(
    method: string,
    target: string,
    body: unknown,
    contentType: string,
    deadline: Micros | undefined,
  ): Task<Result<HttpResponse, ApiError>> {
    yield* this.#throttle(method, target);
    const request: HttpRequest = {
      method,
      target,
      host: this.#host,
      headers: this.#headersFor(contentType),
      body: body === undefined ? undefined : objectMessage(body),
    };
    for (let attempt = 0; ; attempt += 1) {
      const response = yield* this.#attempt(request, deadline);
      if (response.ok || method !== 'GET' || attempt >= RETRIES_MAX) return response;
      const broken = response.error.transport;
      const lost =
        broken?.kind === 'eof' || (broken?.kind === 'socket' && broken.errno === 'ECONNRESET');
      if (!lost) return response;
      yield* this.#process.sleep(SECOND);
    }
  }

  *#attempt(
    request: HttpRequest,
    deadline: Micros | undefined,
  ): Task<Result<HttpResponse, ApiError>> {
    if (this.#transport === undefined) {
      return err(localFailure(`invalid server address ${quote(this.server)}`));
    }
    const response = yield* this.#transport.request(request, deadline);
    if (!response.ok) {
      const { text, error } = response.error;
      return err(transportFailure(request.method, this.server + request.target, text, error));
    }
    const warning = response.value.headers.get('warning');
    if (warning !== undefined) for (const text of warningsOf(warning)) this.#onWarning(text);
    return response;
  }

  *#throttle(method: string, target: string): Task<void> {
    const delay = this.#bucket.reserve(this.#process.clock.monotonic());
    if (delay === 0) return;
    yield* this.#process.sleep(delay);
    if (delay <= THROTTLE_LOGGED) return;
    const waited = `${(delay / SECOND).toFixed(9).replace(/0+$/, '').replace(/\.$/, '')}s`;
    this.#process.log(
      'I',
      'request.go:752',
      `"Waited before sending request" delay=${quote(waited)} reason="client-side throttling, not priority and fairness" verb=${quote(method)} URL=${quote(this.server + target)}`,
    );
  }

  *#decode(
    method: string,
    target: string,
    response: HttpResponse,
  ): Task<Result<unknown, ApiError>> {
    const body = yield* response.whole();
    if (!body.ok) {
      const text = body.error.kind === 'eof' ? 'unexpected EOF' : 'http2: client connection lost';
      return err(transportFailure(method, this.server + target, text, body.error));
    }
    if (body.value === undefined) return ok(undefined);
    const object = objectOf(body.value);
    return object.ok ? object : err(localFailure(object.error));
  }

  #headersFor(contentType: string): Headers {
    const stale =
      this.#config.tokenFile !== undefined &&
      this.#process.clock.monotonic() - this.#tokenRead >= TOKEN_AGE_MAX;
    if (stale) this.#readToken(this.#config.tokenFile as string);
    if (this.#bearer !== undefined) this.#useToken(this.#bearer.token);
    let headers = this.#headers.get(contentType);
    if (headers === undefined) {
      headers = this.#makeHeaders(contentType);
      this.#headers.set(contentType, headers);
    }
    return headers;
  }

  #readToken(path: string): void {
    const token = tokenOfFile(this.#process, path);
    this.#tokenRead = this.#process.clock.monotonic();
    if (token.ok) this.#useToken(token.value);
  }

  #useToken(token: string | SignedToken): void {
    if (token === this.#token) return;
    this.#token = token;
    this.#headers = new Map();
  }

  #makeHeaders(contentType: string): Headers {
    const headers = new Map([
      ['accept', 'application/json, */*'],
      ['user-agent', this.userAgent],
    ]);
    if (contentType !== '') headers.set('content-type', contentType);
    const token = this.#token;
    if (typeof token === 'string') headers.set('authorization', `Bearer ${token}`);
    const as = this.#config.impersonate;
    if (as !== undefined) {
      headers.set('impersonate-user', as.user);
      if (as.groups.length > 0) headers.set('impersonate-group', as.groups.join(','));
    }
    return typeof token === 'object' ? new BearerHeaders(token, headers) : headers;
  }
}

/** The failure that an answer of 400 and more stands for; reads its body. For users of `raw`. */
export function* failureOf(method: string, target: string, response: HttpResponse): Task<ApiError> {
  const retryAfter = Number(response.headers.get('retry-after') ?? '0');
  const seconds = Number.isInteger(retryAfter) ? retryAfter : 0;
  const body = yield* response.whole();
  const chunk = body.ok ? body.value : undefined;
  const object = chunk === undefined ? undefined : objectOf(chunk);
  if (object?.ok === true) {
    const status = object.value as Partial<Status> | null;
    if (status?.kind === 'Status') {
      return statusFailure(status as Status, response.status, seconds);
    }
  }
  const text = chunk === undefined ? '' : textOf(bytesOf(chunk));
  return genericFailure(response.status, describe(method, target), text, seconds);
}

/** The server is told of the time-out as well: `timeout=5s`. */
function withTimeout(target: string, timeout: Micros): string {
  return `${target}${target.includes('?') ? '&' : '?'}timeout=${timeout / SECOND}s`;
}

function listQuery(options: ListOptions): string {
  return queryOf([
    ['continue', options.continue],
    ['fieldSelector', options.fieldSelector],
    ['labelSelector', options.labelSelector],
    ['limit', options.limit],
    ['resourceVersion', options.resourceVersion],
  ]);
}

function writeQuery(options: WriteOptions): string {
  return queryOf([
    ['dryRun', options.dryRun === true ? 'All' : undefined],
    ['fieldManager', options.fieldManager],
    ['fieldValidation', options.fieldValidation],
    ['force', options.force],
  ]);
}

/** `get pods web`, as generic errors name a request. */
function describe(method: string, target: string): string {
  const verb = method.toLowerCase();
  const parts = target
    .replace(/\?.*$/, '')
    .split('/')
    .filter((part) => part !== '');
  const core = parts[0] === 'api';
  const group = core ? '' : (parts[1] ?? '');
  let rest = parts.slice(core ? 2 : 3);
  if (rest[0] === 'namespaces' && rest.length > 2) rest = rest.slice(2);
  if (rest[0] === undefined) return '';
  const resource = group === '' ? rest[0] : `${rest[0]}.${group}`;
  return rest[1] === undefined ? `${verb} ${resource}` : `${verb} ${resource} ${rest[1]}`;
}

/** The texts of a Warning header: `299 - "text"`, several joined by commas. */
function warningsOf(header: string): readonly string[] {
  const texts: string[] = [];
  for (const match of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
    texts.push((match[1] as string).replace(/\\(.)/g, '$1'));
  }
  return texts;
}
