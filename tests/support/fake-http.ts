/** HTTP without a network, for unit tests: a connection whose requests reach a handler 5 µs later. */
import type { EventLoop } from '../../src/ground/base/event-loop.ts';
import { ok, type Result } from '../../src/ground/base/result.ts';
import { Deferred, Queue, type Task } from '../../src/ground/base/task.ts';
import type { Chunk } from '../../src/machines/network/chunk.ts';
import type {
  Headers,
  HttpConnection,
  HttpError,
  HttpExchange,
  HttpRequest,
  HttpResponse,
} from '../../src/machines/network/http-types.ts';
import type { TlsPeer } from '../../src/machines/network/tls-types.ts';

const HOP = 5;

export function fakeConnection(
  loop: EventLoop,
  handler: (exchange: HttpExchange) => void,
  peer?: TlsPeer,
): HttpConnection {
  return {
    connection: undefined as never,
    peer: undefined,
    multiplexed: true,
    open: true,
    close: () => {},
    *request(request: HttpRequest): Task<Result<HttpResponse, HttpError>> {
      const head = new Deferred<HttpResponse>();
      loop.after(HOP, () => handler(exchangeOf(loop, request, peer, head)));
      return ok(yield* head.wait());
    },
  };
}

function exchangeOf(
  loop: EventLoop,
  request: HttpRequest,
  peer: TlsPeer | undefined,
  head: Deferred<HttpResponse>,
): HttpExchange {
  const gone = new Deferred<void>();
  const body = new Queue<Chunk>('body');
  let sink: ((event: Result<Chunk | undefined, HttpError>) => void) | undefined;
  const arrive = (chunk: Chunk | undefined): void => {
    loop.after(HOP, () => {
      if (sink !== undefined) sink(ok(chunk));
      else if (chunk === undefined) body.close();
      else body.put(chunk);
    });
  };
  const response = (status: number, headers: Headers): HttpResponse => ({
    status,
    headers,
    *receive() {
      return ok(yield* body.receive());
    },
    onReceive(given) {
      sink = given;
      for (let chunk = body.take(); chunk !== undefined; chunk = body.take()) given(ok(chunk));
    },
    readable: body,
    *whole() {
      return ok(yield* body.receive());
    },
    *send() {
      return ok(undefined);
    },
    closeWrite: () => {},
    cancel: () => gone.resolve(undefined),
  });
  const start = (status: number, headers: Headers): void => {
    loop.after(HOP, () => head.resolve(response(status, headers)));
  };
  return {
    request,
    remote: { ip: 0x7f000001, port: 40000 },
    peer,
    secure: peer !== undefined,
    get gone() {
      return gone.settled;
    },
    whenGone: gone,
    respond(status, headers, chunk) {
      start(status, headers);
      if (chunk !== undefined) arrive(chunk);
      arrive(undefined);
    },
    start,
    *write(chunk) {
      arrive(chunk);
      return true;
    },
    post(chunk) {
      arrive(chunk);
      return !gone.settled;
    },
    backlog: 0,
    end: () => arrive(undefined),
    abort: () => gone.resolve(undefined),
    *receive() {
      return ok(undefined);
    },
    readable: body,
  };
}
