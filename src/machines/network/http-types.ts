/**
 * HTTP as this model speaks it: one set of types for HTTP/1.1 (curl, nginx, probes: one request at a
 * time on a connection) and for multiplexed connections (what Go clients negotiate as h2: requests and
 * streams share one connection, so that `ss` shows one connection from a kubelet to the API server, as
 * it really does). Which of the two is in use is settled by ALPN, or by what the client sends first.
 *
 * Header names are lower-case. Bodies are chunks: bytes, or messages passed by reference.
 * Implementation: `http-client.ts`, `http-server.ts`, `http-text.ts` (bytes ↔ messages).
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Task, Wait } from '../../ground/base/task.ts';
import type { Chunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import type { Connection, Endpoint } from './socket.ts';
import type { TlsPeer } from './tls-types.ts';

export type Headers = ReadonlyMap<string, string>;

export interface HttpRequest {
  readonly method: string;
  /** Path with query, as sent: `/api/v1/pods?limit=500`. */
  readonly target: string;
  /** Host header or :authority. */
  readonly host: string;
  readonly headers: Headers;
  /** The whole body, or undefined when there is none. */
  readonly body: Chunk | undefined;
}

/** A response as the client sees it. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The next piece of the body; undefined at its end. */
  receive(deadline?: Micros): Task<Result<Chunk | undefined, HttpError>>;
  /** Instead of `receive`: called for each piece inside its arrival event, and once at the end. */
  onReceive(sink: (event: Result<Chunk | undefined, HttpError>) => void): void;
  readonly readable: Wait;
  /** The whole body: one chunk if it came as one, else bytes joined. Undefined when empty. */
  whole(): Task<Result<Chunk | undefined, HttpError>>;
  /** After 101: sends on the upgraded stream. */
  send(chunk: Chunk): Task<Result<void, HttpError>>;
  /** After 101: no more will be sent. */
  closeWrite(): void;
  /** Stops caring: resets the stream, or closes the connection in HTTP/1.1. */
  cancel(): void;
}

export type HttpError =
  /** The connection could not be made or broke. */
  | { readonly kind: 'socket'; readonly errno: Errno; readonly phase: 'dial' | 'read' | 'write' }
  /** The peer closed in the middle, or before it answered (curl: empty reply; Go: EOF). */
  | { readonly kind: 'eof' }
  /** The deadline passed. */
  | { readonly kind: 'timeout'; readonly phase: 'dial' | 'tls' | 'headers' | 'body' }
  /** TLS failed; Go's words: `x509: certificate signed by unknown authority` … */
  | {
      readonly kind: 'tls';
      readonly message: string;
      readonly reason?: 'expired' | 'name' | 'authority' | 'usage' | 'alert';
    }
  /** What came was not HTTP. */
  | { readonly kind: 'malformed'; readonly message: string };

/** A client's connection to one server. */
export interface HttpConnection {
  readonly connection: Connection;
  readonly peer: TlsPeer | undefined;
  readonly multiplexed: boolean;
  readonly open: boolean;
  /** Sends a request and waits for the response's head. On HTTP/1.1 requests wait for their turn. */
  request(request: HttpRequest, deadline?: Micros): Task<Result<HttpResponse, HttpError>>;
  close(): void;
}

/** One request as the server sees it, and the way to answer it. */
export interface HttpExchange {
  readonly request: HttpRequest;
  readonly remote: Endpoint;
  /** The client's TLS identity, if it showed a certificate. */
  readonly peer: TlsPeer | undefined;
  readonly secure: boolean;
  /** True once the client has gone. */
  readonly gone: boolean;
  /** For `anyOf`: ends when the client cancels or its connection breaks. */
  readonly whenGone: Wait;
  /** Answers in one go. */
  respond(status: number, headers: Headers, body?: Chunk): void;
  /** Begins a streamed answer (watch, logs -f); 101 makes it a duplex stream. */
  start(status: number, headers: Headers): void;
  /** Sends a piece of a streamed answer; waits while the client's window is full. False when it is gone. */
  write(chunk: Chunk): Task<boolean>;
  /** Sends without waiting; false when the client is gone or its window has been full for too long. */
  post(chunk: Chunk): boolean;
  /** Pieces queued for a client that does not read. */
  readonly backlog: number;
  /** Ends the answer in order. */
  end(): void;
  /** Breaks the answer off (reset). */
  abort(): void;
  /** After 101: the next piece from the client; undefined at its end. */
  receive(deadline?: Micros): Task<Result<Chunk | undefined, HttpError>>;
  readonly readable: Wait;
}

export interface HttpServer {
  /** Stops accepting; connections are closed when their requests have ended. */
  close(): void;
  /** Drops everything at once. */
  abort(): void;
  readonly connections: number;
}
