/**
 * The pipeline that every request runs through, in upstream's order (k8s.io/apiserver/pkg/server/
 * config.go DefaultBuildHandlerChain and pkg/endpoints, v0.34): audit id → authentication →
 * impersonation → in-flight limit → authorization → the verb's own handler.
 */
import { parseDuration } from '../../../ground/api/int-or-string.ts';
import type { Micros } from '../../../ground/base/event-loop.ts';
import { Condition, type Task } from '../../../ground/base/task.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { type Chunk, isBytes } from '../../../machines/network/chunk.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import type { Result } from '../../../ground/base/result.ts';
import { inSchemaOrder } from '../../../ground/api/encode.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { formatHttpDate, type WallTime } from '../../../ground/base/time.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { enterBackground, sleepInBackground } from '../../client/background.ts';
import { objectMessage } from '../../client/api-body.ts';
import type { Authorizer, RequestContext, User } from './context.ts';
import { isTrue, type ApiRequest, apiRequestOf } from './api-request.ts';
import type { Query } from './query.ts';
import { badRequest, type Failure, failure } from './status.ts';

/** Who asks; a failure is 401. */
export interface Authenticator {
  authenticate(exchange: HttpExchange): Result<User, Failure>;
}

/** `Impersonate-*` headers: the user that the request goes on as. */
export type Impersonate = (user: User, exchange: HttpExchange) => Result<User, Failure>;

export interface Chain {
  readonly process: Process;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly impersonate: Impersonate;
  /** `--max-requests-inflight` and `--max-mutating-requests-inflight`; 0: no limit. */
  readonly readsMax: number;
  readonly writesMax: number;
  /** After this long a request is answered 504, whatever becomes of its work. */
  readonly requestTimeout: Micros;
  /** Answers an authorized request. */
  serve(context: RequestContext, answer: Answer): Task<void>;
}

const LONG_RUNNING = new Set(['watch', 'proxy']);
const LONG_SUBRESOURCES = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** The uids of the flow schema and priority level that answers name; flow control itself comes later. */
const FLOW_SCHEMA = '8a7e0b6e-7d5c-4f6e-9c1b-3f1a2b4c5d6e';
const PRIORITY_LEVEL = '5f0c7a9e-2b1d-4e3f-8a6b-7c8d9e0f1a2b';

/** Answers one exchange, with the headers that all answers have. */
export class Answer {
  readonly exchange: HttpExchange;
  readonly #query: Query;
  readonly #now: () => WallTime;
  readonly #auditId: string;
  readonly #warnings: Set<string>;
  /** Answered by the clock; what the handler says now comes too late. */
  #late = false;

  constructor(
    exchange: HttpExchange,
    query: Query,
    now: () => WallTime,
    auditId: string,
    warnings: Set<string>,
  ) {
    this.exchange = exchange;
    this.#query = query;
    this.#now = now;
    this.#auditId = auditId;
    this.#warnings = warnings;
  }

  /** `strict`: browsers shall not guess another type. */
  headers(contentType: string, strict = false): Map<string, string> {
    const headers = new Map<string, string>();
    headers.set('audit-id', this.#auditId);
    headers.set('cache-control', 'no-cache, private');
    headers.set('content-type', contentType);
    if (strict) headers.set('x-content-type-options', 'nosniff');
    headers.set('x-kubernetes-pf-flowschema-uid', FLOW_SCHEMA);
    headers.set('x-kubernetes-pf-prioritylevel-uid', PRIORITY_LEVEL);
    if (this.#warnings.size > 0) headers.set('warning', warningHeader(this.#warnings));
    return headers;
  }

  /** The answer is read by a person, or `?pretty` asks for it: JSON is indented, without a line end. */
  get indented(): boolean {
    const pretty = this.#query.get('pretty');
    if (pretty !== undefined) return isTrue(pretty);
    return /^(curl|Wget|Mozilla\/5\.0)/.test(this.exchange.request.headers.get('user-agent') ?? '');
  }

  /** An object of the API: by reference, its JSON made when somebody reads bytes. */
  object(status: number, object: unknown, size?: number): void {
    this.#send(status, this.headers('application/json'), object, size);
  }

  chunk(status: number, contentType: string, body: Chunk): void {
    this.#respond(status, this.headers(contentType), body);
  }

  #send(status: number, headers: Map<string, string>, object: unknown, size?: number): void {
    const body = this.indented
      ? utf8(formatJson(inSchemaOrder(object), { indent: 2 }))
      : objectMessage(object, size, inSchemaOrder);
    this.#respond(status, headers, body);
  }

  #respond(status: number, headers: Map<string, string>, body: Chunk): void {
    if (this.#late || this.exchange.gone) return;
    const bare = this.exchange.request.method === 'HEAD';
    // What Go's server adds; who passes objects by reference never looks.
    if (isBytes(body)) {
      headers.set('content-length', String(body.length));
      headers.set('date', formatHttpDate(this.#now()));
    }
    this.exchange.respond(status, headers, bare ? undefined : body);
  }

  /** The time for this request is over. */
  expire(): void {
    const message = 'Timeout: request did not complete within the allotted timeout';
    const { error } = failure({ code: 504, reason: 'Timeout', message, details: {} });
    this.fail(error);
    this.#late = true;
  }

  text(status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
    this.chunk(status, contentType, utf8(text));
  }

  fail(failure: Failure): void {
    const code = failure.status.code ?? 500;
    if (failure.text !== undefined) return this.text(code, failure.text);
    const headers = this.headers('application/json', code === 403);
    if (failure.retryAfter !== undefined) headers.set('retry-after', String(failure.retryAfter));
    this.#send(code, headers, failure.status);
  }
}

/** Several warnings stand in one header, separated by commas (RFC 7234 section 5.5). */
function warningHeader(warnings: ReadonlySet<string>): string {
  return [...warnings].map((text) => `299 - "${text.replace(/[\\"]/g, '\\$&')}"`).join(', ');
}

/** Runs requests through the chain. One per server. */
export class Pipeline {
  readonly #chain: Chain;
  #reads = 0;
  #writes = 0;
  /** Requests under way with the time when each is over, oldest first. */
  readonly #running = new Map<Answer, Micros>();
  readonly #begun = new Condition('a request');

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  get inFlight(): { readonly reads: number; readonly writes: number } {
    return { reads: this.#reads, writes: this.#writes };
  }

  *handle(exchange: HttpExchange): Task<void> {
    const chain = this.#chain;
    const { process } = chain;
    const { request } = exchange;
    const info = apiRequestOf(request.method, request.target);
    const warnings = new Set<string>();
    const auditId = request.headers.get('audit-id') ?? process.random.uuid();
    const now = (): WallTime => process.clock.wall();
    const answer = new Answer(exchange, info.query, now, auditId, warnings);
    const authenticated = chain.authenticator.authenticate(exchange);
    if (!authenticated.ok) return answer.fail(authenticated.error);
    const acting = chain.impersonate(authenticated.value, exchange);
    if (!acting.ok) return answer.fail(acting.error);
    const allowed = chain.authorizer.authorize(acting.value, info);
    const context: RequestContext = {
      process,
      info,
      user: acting.value,
      userAgent: request.headers.get('user-agent') ?? '',
      dryRun: info.query.get('dryRun') === 'All',
      now: process.clock.wall(),
      authorizer: chain.authorizer,
      warnings,
    };
    if (isLongRunning(info)) {
      if (!allowed.ok) return answer.fail(allowed.error);
      return yield* chain.serve(context, answer);
    }
    const mutating = isMutating(request.method);
    if (this.#isFull(mutating) && !acting.value.groups.includes(MASTERS)) return tooMany(answer);
    if (!allowed.ok) return answer.fail(allowed.error);
    if (mutating) this.#writes += 1;
    else this.#reads += 1;
    yield* this.#serveInTime(context, answer);
    if (mutating) this.#writes -= 1;
    else this.#reads -= 1;
  }

  /**
   * Answers requests whose time is over, for ever. One timer for all: it sleeps until the oldest
   * request that it saw would be over, and looks again.
   */
  *expire(): Task<void> {
    const { process, requestTimeout } = this.#chain;
    for (;;) {
      enterBackground(process);
      const [oldest] = this.#running.values();
      if (oldest === undefined) yield* this.#begun.wait();
      const now = process.clock.monotonic();
      yield* sleepInBackground(process, oldest === undefined ? requestTimeout : oldest - now);
      for (const [answer, end] of this.#running) {
        if (end > process.clock.monotonic()) break;
        this.#running.delete(answer);
        answer.expire();
      }
    }
  }

  #isFull(mutating: boolean): boolean {
    const limit = mutating ? this.#chain.writesMax : this.#chain.readsMax;
    return limit > 0 && (mutating ? this.#writes : this.#reads) >= limit;
  }

  /** Serves a short request; `?timeout=` may make its time shorter. */
  *#serveInTime(context: RequestContext, answer: Answer): Task<void> {
    const { process, requestTimeout } = this.#chain;
    const asked = context.info.query.get('timeout');
    const own = asked === undefined || asked === '' ? 0 : parseDuration(asked);
    if (own === undefined) {
      return answer.fail(badRequest('invalid timeout specified in the request URL').error);
    }
    const early =
      own > 0 && own < requestTimeout
        ? process.start('request timeout', expireAfter(process, answer, own))
        : undefined;
    if (this.#running.size === 0) this.#begun.notify();
    this.#running.set(answer, process.clock.monotonic() + requestTimeout);
    yield* this.#chain.serve(context, answer);
    this.#running.delete(answer);
    early?.kill();
  }
}

function* expireAfter(process: Process, answer: Answer, span: Micros): Task<void> {
  yield* process.sleep(span);
  answer.expire();
}

/** The filter stands before everything that knows Status objects, so this is plain text. */
function tooMany(answer: Answer): void {
  const headers = answer.headers('text/plain; charset=utf-8');
  headers.set('retry-after', '1');
  headers.set('x-content-type-options', 'nosniff');
  const text = utf8('Too many requests, please try again later.\n');
  if (!answer.exchange.gone) answer.exchange.respond(429, headers, text);
}

const MASTERS = 'system:masters';

function isMutating(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

function isLongRunning(info: ApiRequest): boolean {
  if (LONG_RUNNING.has(info.verb) || isTrue(info.query.get('watch'))) return true;
  return LONG_SUBRESOURCES.has(info.subresource);
}
