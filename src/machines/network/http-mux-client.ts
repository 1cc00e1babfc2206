/**
 * The client's side of a multiplexed connection: what Go's HTTP/2 transport is. Many requests share
 * it; each has its stream, window and response. When segments stop getting through it pings after
 * 30 s of silence and gives up 15 s later (client-go: ReadIdleTimeout, PingTimeout): "http2: client
 * connection lost". On a sound connection no ping is ever sent.
 */
import { NumberedRoster } from '../../ground/base/roster.ts';
import { BACKGROUND, type EventLoop, type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Deferred, type Task, type Wait, type Waiter } from '../../ground/base/task.ts';
import type { Chunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import {
  Frame,
  type FrameBody,
  type ResponseBody,
  StreamSender,
  WindowCounter,
} from './http-frame.ts';
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

const READ_IDLE: Micros = 30 * SECOND;
const PING_TIMEOUT: Micros = 15 * SECOND;
const NO_HEADERS: Headers = new Map();
const BODY_TIMEOUT: HttpError = { kind: 'timeout', phase: 'body' };

export class MuxClient implements HttpConnection {
  readonly connection: Connection;
  readonly peer: TlsPeer | undefined;
  readonly multiplexed = true;
  readonly #streams = new NumberedRoster<ClientStream>();
  #next = 1;
  #draining = false;
  #broken: HttpError | undefined;
  #framesRead = 0;
  #watching = false;

  constructor(connection: Connection, peer: TlsPeer | undefined) {
    this.connection = connection;
    this.peer = peer;
    connection.onReceive((event) => this.#receive(event));
    connection.onTrouble?.((loop) => this.#watch(loop));
  }

  get open(): boolean {
    return this.#broken === undefined && !this.#draining && this.connection.open;
  }

  *request(request: HttpRequest, deadline?: Micros): Task<Result<HttpResponse, HttpError>> {
    if (!this.open) return err(this.#broken ?? { kind: 'eof' });
    const id = this.#next;
    this.#next += 2;
    const stream = new ClientStream(this, id, request.method);
    this.#streams.set(id, stream);
    if (!this.post(id, { kind: 'request', request })) {
      this.forget(id);
      return err({ kind: 'socket', errno: 'EPIPE', phase: 'write' });
    }
    if (deadline === undefined) return yield* stream.head.wait();
    if (stream.head.settled) return stream.head.value as Result<HttpResponse, HttpError>;
    const first = yield* anyOf([stream.head], deadline);
    if (first.index >= 0) return first.value as Result<HttpResponse, HttpError>;
    stream.cancel();
    return err({ kind: 'timeout', phase: 'headers' });
  }

  close(): void {
    if (this.#broken !== undefined) return;
    this.#fail({ kind: 'eof' });
    this.connection.close();
  }

  /** Segments do not get through: pings when nothing else arrives. */
  #watch(loop: EventLoop): void {
    if (this.#watching || this.#broken !== undefined) return;
    this.#watching = true;
    const before = this.#framesRead;
    const after = (delay: Micros, then: () => void): void => {
      const check = (): void => {
        if (this.#framesRead === before && this.#broken === undefined) then();
        else this.#watching = false;
      };
      loop.after(delay, check, BACKGROUND);
    };
    after(READ_IDLE, () => {
      this.post(0, { kind: 'ping' });
      after(PING_TIMEOUT, () => {
        this.#fail({ kind: 'malformed', message: 'http2: client connection lost' });
        this.connection.reset();
      });
    });
  }

  post(stream: number, body: FrameBody): boolean {
    return this.connection.post(new Frame(stream, body));
  }

  /** A stream is over. */
  forget(id: number): void {
    this.#streams.delete(id);
    if (this.#draining && this.#streams.size === 0) this.close();
  }

  #receive(event: Result<Chunk | undefined, Errno>): void {
    if (!event.ok) {
      this.#fail({ kind: 'socket', errno: event.error, phase: 'read' });
      this.connection.close();
      return;
    }
    const chunk = event.value;
    this.#framesRead += 1;
    if (chunk instanceof Frame) {
      this.#take(chunk);
      return;
    }
    const alert = chunk === undefined ? undefined : alertOf(chunk);
    if (alert !== undefined) this.#fail({ kind: 'tls', reason: 'alert', message: alert });
    else if (chunk === undefined) this.#fail({ kind: 'eof' });
    else this.#fail({ kind: 'malformed', message: 'http2: frame too large' });
    this.connection.close();
  }

  #take(frame: Frame): void {
    if (frame.body.kind === 'goaway') {
      this.#draining = true;
      if (this.#streams.size === 0) this.close();
    } else if (frame.body.kind !== 'ping-ack') this.#streams.get(frame.stream)?.take(frame.body);
  }

  #fail(error: HttpError): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.fail(error);
  }
}

class ClientStream implements HttpResponse, Wait {
  readonly description = 'an HTTP response';
  readonly head = new Deferred<Result<HttpResponse, HttpError>>();
  status = 0;
  headers: Headers = NO_HEADERS;
  readonly #client: MuxClient;
  readonly #id: number;
  /** A body that came whole with its head, until somebody reads it piece by piece. */
  #body: Chunk | undefined;
  #inbox: Inbox<HttpError> | undefined;
  #sender: StreamSender | undefined;
  #over = false;
  #error: HttpError | undefined;

  constructor(client: MuxClient, id: number, method: string) {
    this.head.description = `the response to a ${method}`;
    this.#client = client;
    this.#id = id;
  }

  get readable(): Wait {
    return this.#input();
  }

  arm(waiter: Waiter): void {
    this.#input().arm(waiter);
  }

  withdraw(waiter: Waiter): void {
    this.#input().withdraw(waiter);
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, HttpError>> {
    return this.#input().receive(deadline);
  }

  onReceive(sink: (event: Result<Chunk | undefined, HttpError>) => void): void {
    this.#input().onReceive(sink);
  }

  *whole(): Task<Result<Chunk | undefined, HttpError>> {
    if (this.#inbox !== undefined || !this.#over) return yield* wholeOf(this.#input());
    return this.#error === undefined ? ok(this.#body) : err(this.#error);
  }

  *send(chunk: Chunk): Task<Result<void, HttpError>> {
    const sender = this.#sender;
    while (sender?.full === true && !this.#over) yield sender.room;
    if (sender === undefined || this.#over)
      return err({ kind: 'socket', errno: 'EPIPE', phase: 'write' });
    sender.send(chunk);
    return DONE;
  }

  closeWrite(): void {
    if (!this.#over) this.#sender?.end();
  }

  cancel(): void {
    if (this.#over) return;
    this.#client.post(this.#id, { kind: 'reset' });
    this.fail({ kind: 'eof' });
    this.#client.forget(this.#id);
  }

  take(body: FrameBody): void {
    switch (body.kind) {
      case 'response':
        this.#begin(body);
        return;
      case 'data':
        this.#input().put(body.chunk);
        return;
      case 'end':
        this.#end();
        return;
      case 'reset':
        this.fail({
          kind: 'malformed',
          message: 'stream error: stream ID 1; INTERNAL_ERROR; received from peer',
        });
        this.#client.forget(this.#id);
        return;
      case 'window':
        this.#sender?.opened(body.bytes);
        return;
      default:
    }
  }

  fail(error: HttpError): void {
    this.#over = true;
    this.#error = error;
    this.head.resolve(err(error));
    this.#inbox?.fail(error);
    this.#sender?.room.notify();
  }

  #begin({ status, headers, body, last }: ResponseBody): void {
    this.status = status;
    this.headers = headers;
    if (status === 101)
      this.#sender = new StreamSender((part) => this.#client.post(this.#id, part));
    if (last && status !== 101 && this.#inbox === undefined) {
      this.#body = body;
      this.#over = true;
      this.#client.forget(this.#id);
    } else {
      if (body !== undefined) this.#input().put(body);
      if (last) this.#end();
    }
    this.head.resolve(ok(this));
  }

  #end(): void {
    this.#input().end();
    // An upgraded stream may still send.
    if (this.#sender !== undefined) return;
    this.#over = true;
    this.#client.forget(this.#id);
  }

  /** What arrives in pieces: made when there is a piece, or somebody who waits for one. */
  #input(): Inbox<HttpError> {
    if (this.#inbox !== undefined) return this.#inbox;
    const window = new WindowCounter((bytes) => {
      if (!this.#over) this.#client.post(this.#id, { kind: 'window', bytes });
    });
    const inbox = new Inbox<HttpError>('an HTTP body', BODY_TIMEOUT, window);
    this.#inbox = inbox;
    if (this.#body !== undefined) inbox.put(this.#body);
    this.#body = undefined;
    if (this.#error !== undefined) inbox.fail(this.#error);
    else if (this.#over) inbox.end();
    return inbox;
  }
}
