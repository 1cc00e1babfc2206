/**
 * The server's side of an HTTP/1.1 connection: one exchange after the other, kept alive as the client
 * asks. Requests that come early wait (pipelining). What is not HTTP is answered with 400, as
 * net/http does, and the connection closed.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Result } from '../../ground/base/result.ts';
import { Deferred, type Task, type Wait } from '../../ground/base/task.ts';
import { bytesOf, type Chunk, isBytes } from './chunk.ts';
import type { Errno } from './errno.ts';
import type { ServerConnection } from './http-mux-server.ts';
import { type RequestEvents, RequestReader } from './http-reader.ts';
import { isBodiless, reasonPhrase } from './http-status.ts';
import { BodyMessage, type Framing, ResponseMessage } from './http-text.ts';
import type { Headers, HttpError, HttpExchange, HttpRequest } from './http-types.ts';
import { Inbox } from './inbox.ts';
import type { Connection, Endpoint } from './socket.ts';
import type { TlsPeer } from './tls-types.ts';

/** Pipelined requests that wait; a client that sends more is cut off. */
const PIPELINE_MAX = 1000;
const BODY_TIMEOUT: HttpError = { kind: 'timeout', phase: 'body' };

export class Http1Server implements ServerConnection, RequestEvents {
  readonly connection: Connection;
  readonly peer: TlsPeer | undefined;
  readonly #serve: (exchange: HttpExchange) => void;
  readonly #onClosed: (connection: ServerConnection) => void;
  readonly #reader: RequestReader;
  /** Requests that came before the one in hand was answered. */
  #waiting: { readonly request: HttpRequest; readonly keepAlive: boolean }[] | undefined;
  #current: PlainExchange | undefined;
  #draining = false;
  #closed = false;

  constructor(
    connection: Connection,
    peer: TlsPeer | undefined,
    serve: (exchange: HttpExchange) => void,
    onClosed: (connection: ServerConnection) => void,
  ) {
    this.connection = connection;
    this.peer = peer;
    this.#serve = serve;
    this.#onClosed = onClosed;
    this.#reader = new RequestReader(this);
  }

  request(request: HttpRequest, keepAlive: boolean): void {
    if (this.#current === undefined && this.#waiting === undefined) {
      if (!this.#closed) this.#answer(request, keepAlive);
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push({ request, keepAlive });
    if (this.#waiting.length > PIPELINE_MAX) this.abort();
    else this.#next();
  }

  data(chunk: Chunk): void {
    this.#current?.inbox.put(chunk);
  }

  /** net/http: the status as text, and the end of the connection. */
  malformed(status: number): void {
    const line = `${status} ${reasonPhrase(status)}`;
    const head = `HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
    this.connection.post(utf8(head + line));
    this.#close();
  }

  handle(event: Result<Chunk | undefined, Errno>): void {
    if (event.ok && event.value !== undefined) {
      this.#reader.feed(event.value);
      return;
    }
    // Half-closed by a client that still wants its answer: `printf … | nc` does that.
    if (event.ok && this.#current !== undefined) {
      this.#draining = true;
      this.#current.inbox.end();
      return;
    }
    this.#end();
  }

  drain(): void {
    this.#draining = true;
    if (this.#current === undefined) this.#close();
  }

  abort(): void {
    this.connection.reset();
    this.#end();
  }

  /** Upgraded: what comes from now on belongs to the exchange. */
  switchToRaw(): void {
    this.#reader.switchToRaw();
  }

  /** The exchange is over. */
  finished(exchange: PlainExchange, keepAlive: boolean): void {
    if (this.#current !== exchange) return;
    this.#current = undefined;
    if (!keepAlive || (this.#draining && this.#waiting === undefined)) this.#close();
    else this.#next();
  }

  #next(): void {
    if (this.#current !== undefined || this.#closed) return;
    const next = this.#waiting?.shift();
    if (this.#waiting?.length === 0) this.#waiting = undefined;
    if (next !== undefined) this.#answer(next.request, next.keepAlive);
  }

  #answer(request: HttpRequest, keepAlive: boolean): void {
    this.#current = new PlainExchange(this, request, keepAlive);
    this.#serve(this.#current);
  }

  #close(): void {
    this.connection.close();
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.close();
    const current = this.#current;
    this.#current = undefined;
    current?.lose();
    this.#onClosed(this);
  }
}

class PlainExchange implements HttpExchange {
  readonly request: HttpRequest;
  readonly backlog = 0;
  readonly #server: Http1Server;
  readonly #keepAlive: boolean;
  #inbox: Inbox<HttpError> | undefined;
  #gone: Deferred<void> | undefined;
  #isGone = false;
  #framing: Framing = 'length';
  #bodiless = false;
  #over = false;

  constructor(server: Http1Server, request: HttpRequest, keepAlive: boolean) {
    this.#server = server;
    this.request = request;
    this.#keepAlive = keepAlive;
  }

  get remote(): Endpoint {
    return this.#server.connection.remote;
  }

  get peer(): TlsPeer | undefined {
    return this.#server.peer;
  }

  get secure(): boolean {
    return this.#server.peer !== undefined;
  }

  get gone(): boolean {
    return this.#isGone;
  }

  get whenGone(): Wait {
    if (this.#gone === undefined) {
      this.#gone = new Deferred<void>();
      this.#gone.description = 'the client to go';
      if (this.#isGone) this.#gone.resolve(undefined);
    }
    return this.#gone;
  }

  /** What the client sends after an upgrade. */
  get inbox(): Inbox<HttpError> {
    if (this.#inbox === undefined) {
      this.#inbox = new Inbox<HttpError>('an upgraded stream', BODY_TIMEOUT);
      if (this.#isGone) this.#inbox.fail({ kind: 'eof' });
      else if (this.#over) this.#inbox.end();
    }
    return this.#inbox;
  }

  get readable(): Wait {
    return this.inbox;
  }

  respond(status: number, headers: Headers, body?: Chunk): void {
    if (this.#over) return;
    const shown = this.request.method === 'HEAD' || isBodiless(status) ? undefined : body;
    // Exact, so a body is measured.
    const length =
      isBodiless(status) || body === undefined
        ? undefined
        : isBytes(body)
          ? body.length
          : bytesOf(body).length;
    const parts = { whole: true, length, shown, close: !this.#keepAlive };
    this.#server.connection.post(new ResponseMessage(status, headers, 'length', parts));
    this.#finish();
  }

  start(status: number, headers: Headers): void {
    if (this.#over) return;
    const sized = headers.has('content-length');
    this.#framing =
      status === 101 ? 'close' : sized ? 'length' : this.#keepAlive ? 'chunked' : 'close';
    this.#bodiless = this.request.method === 'HEAD' || (isBodiless(status) && status !== 101);
    const parts = { whole: false, length: undefined, shown: undefined, close: !this.#keepAlive };
    this.#server.connection.post(new ResponseMessage(status, headers, this.#framing, parts));
    if (status === 101) {
      this.#framing = 'close';
      this.#server.switchToRaw();
    }
    this.#upgraded = status === 101;
  }

  #upgraded = false;

  *write(chunk: Chunk): Task<boolean> {
    if (this.#over) return false;
    if (this.#bodiless) return true;
    const sent = yield* this.#server.connection.send(this.#wrap(chunk));
    return sent.ok;
  }

  post(chunk: Chunk): boolean {
    if (this.#over) return false;
    return this.#bodiless || this.#server.connection.post(this.#wrap(chunk));
  }

  end(): void {
    if (this.#over) return;
    if (this.#upgraded) {
      this.#over = true;
      this.#server.finished(this, false);
      return;
    }
    if (!this.#bodiless && this.#framing === 'chunked') {
      this.#server.connection.post(new BodyMessage(undefined, this.#framing));
    } else if (this.#framing === 'length') {
      this.#server.connection.post(new BodyMessage(undefined, 'length'));
    }
    this.#finish();
  }

  abort(): void {
    if (!this.#over) this.#server.abort();
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, HttpError>> {
    return this.inbox.receive(deadline);
  }

  lose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#inbox?.fail({ kind: 'eof' });
    this.#isGone = true;
    this.#gone?.resolve(undefined);
  }

  #wrap(chunk: Chunk): Chunk {
    return this.#upgraded ? chunk : new BodyMessage(chunk, this.#framing);
  }

  #finish(): void {
    this.#over = true;
    this.#inbox?.end();
    this.#server.finished(this, this.#keepAlive && this.#framing !== 'close');
  }
}
