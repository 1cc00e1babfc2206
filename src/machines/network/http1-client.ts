/**
 * The client's side of an HTTP/1.1 connection: one request at a time, kept alive between them unless
 * either side says otherwise. A response that is upgraded (101) takes the connection over.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Deferred, Semaphore, type Task, type Wait } from '../../ground/base/task.ts';
import type { Chunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import { type ResponseEvents, ResponseReader } from './http-reader.ts';
import { hasToken, RequestMessage } from './http-text.ts';
import type {
  Headers,
  HttpConnection,
  HttpError,
  HttpRequest,
  HttpResponse,
} from './http-types.ts';
import { wholeOf } from './http-whole.ts';
import { Inbox } from './inbox.ts';
import type { Connection } from './socket.ts';
import { alertOf } from './tls.ts';
import type { TlsPeer } from './tls-types.ts';

const BODY_TIMEOUT: HttpError = { kind: 'timeout', phase: 'body' };
const NO_HEADERS: { readonly headers: Headers } = { headers: new Map() };

export class Http1Client implements HttpConnection, ResponseEvents {
  readonly connection: Connection;
  readonly peer: TlsPeer | undefined;
  readonly multiplexed = false;
  /** Made when a second request comes while one is under way. */
  #turn: Semaphore | undefined;
  #busy = false;
  readonly #reader: ResponseReader;
  #current: PlainResponse | undefined;
  #keepAlive = true;
  #broken: HttpError | undefined;

  constructor(connection: Connection, peer: TlsPeer | undefined) {
    this.connection = connection;
    this.peer = peer;
    this.#reader = new ResponseReader(this);
    connection.onReceive((event) => this.#receive(event));
  }

  head(status: number, source: { readonly headers: Headers }, keepAlive: boolean): void {
    this.#keepAlive = this.#keepAlive && keepAlive;
    this.#current?.begin(status, source);
  }

  data(chunk: Chunk): void {
    this.#current?.inbox.put(chunk);
  }

  malformed(message: string): void {
    this.#fail({ kind: 'malformed', message });
    this.connection.close();
  }

  get open(): boolean {
    return this.#broken === undefined && this.#keepAlive && this.connection.open;
  }

  *request(request: HttpRequest, deadline?: Micros): Task<Result<HttpResponse, HttpError>> {
    if (this.#busy) {
      this.#turn ??= new Semaphore('the turn on an HTTP connection', 0);
      yield* this.#turn.acquire();
    } else this.#busy = true;
    if (!this.open) {
      this.#release();
      return err(this.#broken ?? { kind: 'eof' });
    }
    const response = new PlainResponse(this.connection);
    this.#current = response;
    this.#reader.expect(request.method);
    if (hasToken(request.headers, 'connection', 'close')) this.#keepAlive = false;
    if (!this.connection.post(new RequestMessage(request))) {
      this.#fail({ kind: 'socket', errno: 'EPIPE', phase: 'write' });
    }
    if (deadline === undefined) return yield* response.head.wait();
    const first = yield* anyOf([response.head], deadline);
    if (first.index >= 0) return first.value as Result<HttpResponse, HttpError>;
    this.#fail({ kind: 'eof' });
    this.connection.close();
    return err({ kind: 'timeout', phase: 'headers' });
  }

  close(): void {
    this.#fail({ kind: 'eof' });
    this.connection.close();
  }

  #receive(event: Result<Chunk | undefined, Errno>): void {
    if (!event.ok) {
      this.#fail({ kind: 'socket', errno: event.error, phase: 'read' });
      return;
    }
    if (event.value !== undefined) {
      const alert = alertOf(event.value);
      if (alert === undefined) this.#reader.feed(event.value);
      else this.#fail({ kind: 'tls', reason: 'alert', message: alert });
      return;
    }
    const inOrder = this.#reader.finish();
    if (inOrder) this.#current?.inbox.end();
    this.#fail({ kind: 'eof' });
    this.connection.close();
  }

  /** The next request that waits has the connection now. */
  #release(): void {
    if (this.#turn === undefined) this.#busy = false;
    else this.#turn.release();
  }

  end(): void {
    const response = this.#current;
    this.#current = undefined;
    response?.inbox.end();
    this.#release();
    if (!this.#keepAlive) this.connection.close();
  }

  #fail(error: HttpError): void {
    this.#broken ??= error;
    const response = this.#current;
    this.#current = undefined;
    if (response === undefined) return;
    response.head.resolve(err(error));
    response.inbox.fail(error);
    this.#release();
  }
}

class PlainResponse implements HttpResponse {
  readonly head = new Deferred<Result<HttpResponse, HttpError>>();
  readonly inbox = new Inbox<HttpError>('an HTTP body', BODY_TIMEOUT);
  status = 0;
  #source: { readonly headers: Headers } = NO_HEADERS;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get readable(): Wait {
    return this.inbox;
  }

  get headers(): Headers {
    return this.#source.headers;
  }

  begin(status: number, source: { readonly headers: Headers }): void {
    this.status = status;
    this.#source = source;
    this.head.resolve(ok(this));
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, HttpError>> {
    return this.inbox.receive(deadline);
  }

  onReceive(sink: (event: Result<Chunk | undefined, HttpError>) => void): void {
    this.inbox.onReceive(sink);
  }

  whole(): Task<Result<Chunk | undefined, HttpError>> {
    return wholeOf(this.inbox);
  }

  *send(chunk: Chunk): Task<Result<void, HttpError>> {
    if (this.status !== 101) return err({ kind: 'socket', errno: 'EPIPE', phase: 'write' });
    const sent = yield* this.#connection.send(chunk);
    return sent.ok ? DONE : err({ kind: 'socket', errno: sent.error, phase: 'write' });
  }

  closeWrite(): void {
    if (this.status === 101) this.#connection.closeWrite();
  }

  cancel(): void {
    if (!this.inbox.over) this.#connection.close();
  }
}
