/** The server's side of a multiplexed connection: one exchange for each stream. */
import { NumberedRoster } from '../../ground/base/roster.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Result } from '../../ground/base/result.ts';
import { Deferred, type Task, type Wait } from '../../ground/base/task.ts';
import type { Chunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import { Frame, type FrameBody, StreamSender, WindowCounter } from './http-frame.ts';
import type { Headers, HttpError, HttpExchange, HttpRequest } from './http-types.ts';
import { Inbox } from './inbox.ts';
import type { Connection, Endpoint } from './socket.ts';
import type { TlsPeer } from './tls-types.ts';

const BODY_TIMEOUT: HttpError = { kind: 'timeout', phase: 'body' };

/** What a server connection of either kind offers its server. */
export interface ServerConnection {
  /** What came over the connection, by the server's sink. */
  handle(event: Result<Chunk | undefined, Errno>): void;
  /** No new requests; closes when the last one has ended. */
  drain(): void;
  abort(): void;
}

export class MuxServer implements ServerConnection {
  readonly connection: Connection;
  readonly peer: TlsPeer | undefined;
  readonly #serve: (exchange: HttpExchange) => void;
  readonly #onClosed: (connection: ServerConnection) => void;
  readonly #streams = new NumberedRoster<MuxExchange>();
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
  }

  handle(event: Result<Chunk | undefined, Errno>): void {
    if (!event.ok || event.value === undefined) {
      this.#end();
      return;
    }
    if (!(event.value instanceof Frame)) {
      this.abort();
      return;
    }
    const { stream, body } = event.value;
    if (body.kind === 'request') this.#begin(stream, body.request);
    else if (body.kind === 'ping') this.post(0, { kind: 'ping-ack' });
    else this.#streams.get(stream)?.take(body);
  }

  drain(): void {
    if (this.#closed || this.#draining) return;
    this.#draining = true;
    this.post(0, { kind: 'goaway' });
    this.#closeIfIdle();
  }

  abort(): void {
    this.connection.reset();
    this.#end();
  }

  post(stream: number, body: FrameBody): boolean {
    return this.connection.post(new Frame(stream, body));
  }

  /** An exchange is over. */
  forget(stream: number): void {
    this.#streams.delete(stream);
    this.#closeIfIdle();
  }

  #begin(stream: number, request: HttpRequest): void {
    if (this.#draining) {
      this.post(stream, { kind: 'reset' });
      return;
    }
    const exchange = new MuxExchange(this, stream, request);
    this.#streams.set(stream, exchange);
    this.#serve(exchange);
  }

  #closeIfIdle(): void {
    if (!this.#draining || this.#streams.size > 0 || this.#closed) return;
    this.connection.close();
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.close();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.lose();
    this.#onClosed(this);
  }
}

class MuxExchange implements HttpExchange {
  readonly request: HttpRequest;
  readonly #server: MuxServer;
  readonly #stream: number;
  /** Made when somebody asks for it, as what follows: most answers go out whole. */
  #gone: Deferred<void> | undefined;
  #sending: StreamSender | undefined;
  #input: Inbox<HttpError> | undefined;
  #lost = false;
  #over = false;
  #upgraded = false;
  #ended = false;
  #inputEnded = false;

  constructor(server: MuxServer, stream: number, request: HttpRequest) {
    this.#server = server;
    this.#stream = stream;
    this.request = request;
  }

  get whenGone(): Wait {
    if (this.#gone === undefined) {
      this.#gone = new Deferred<void>();
      this.#gone.description = 'the client to go';
      if (this.#lost) this.#gone.resolve(undefined);
    }
    return this.#gone;
  }

  get #sender(): StreamSender {
    this.#sending ??= new StreamSender((body) => this.#server.post(this.#stream, body));
    return this.#sending;
  }

  get #inbox(): Inbox<HttpError> {
    if (this.#input !== undefined) return this.#input;
    const window = new WindowCounter((bytes) => {
      if (!this.#over) this.#server.post(this.#stream, { kind: 'window', bytes });
    });
    const inbox = new Inbox<HttpError>('an upgraded stream', BODY_TIMEOUT, window);
    this.#input = inbox;
    if (this.#lost) inbox.fail({ kind: 'eof' });
    else if (this.#over) inbox.end();
    return inbox;
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
    return this.#lost;
  }

  get backlog(): number {
    return this.#sending?.backlog ?? 0;
  }

  get readable(): Wait {
    return this.#inbox;
  }

  respond(status: number, headers: Headers, body?: Chunk): void {
    if (this.#over) return;
    this.#server.post(this.#stream, { kind: 'response', status, headers, body, last: true });
    this.#finish();
  }

  start(status: number, headers: Headers): void {
    if (this.#over) return;
    this.#upgraded = status === 101;
    this.#server.post(this.#stream, {
      kind: 'response',
      status,
      headers,
      body: undefined,
      last: false,
    });
  }

  *write(chunk: Chunk): Task<boolean> {
    while (this.#sender.full && !this.#over) yield this.#sender.room;
    return this.post(chunk);
  }

  post(chunk: Chunk): boolean {
    return !this.#over && !this.#ended && this.#sender.send(chunk);
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    this.#sender.end();
    if (!this.#upgraded || this.#inputEnded) this.#finishSoon();
  }

  abort(): void {
    if (this.#over) return;
    this.#server.post(this.#stream, { kind: 'reset' });
    this.#finish();
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, HttpError>> {
    return this.#inbox.receive(deadline);
  }

  take(body: FrameBody): void {
    switch (body.kind) {
      case 'data':
        this.#inbox.put(body.chunk);
        return;
      case 'end':
        this.#inputEnded = true;
        this.#inbox.end();
        if (this.#ended) this.#finishSoon();
        return;
      case 'window':
        this.#sender.opened(body.bytes);
        if (this.#ended && (!this.#upgraded || this.#inputEnded)) this.#finishSoon();
        return;
      case 'reset':
        this.#server.forget(this.#stream);
        this.lose();
        return;
      default:
    }
  }

  /** The client has gone. */
  lose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#lost = true;
    this.#input?.fail({ kind: 'eof' });
    this.#sending?.room.notify();
    this.#gone?.resolve(undefined);
  }

  /** Over once nothing is queued behind the window. */
  #finishSoon(): void {
    if (this.backlog === 0) this.#finish();
  }

  #finish(): void {
    this.#over = true;
    this.#input?.end();
    this.#server.forget(this.#stream);
  }
}
