/**
 * Reads HTTP/1.1 from a stream of chunks: messages of ours by reference, bytes by parsing, however
 * they were cut. Tells its owner of requests (whole, with their bodies) or of response heads, pieces
 * of bodies and their ends. After 101 everything is handed through.
 */
import { concatBytes, textOf } from '../../ground/base/bytes.ts';
import { bytesOf, type Chunk, isBytes } from './chunk.ts';
import { isBodiless } from './http-status.ts';
import { BodyMessage, hasToken, RequestMessage, ResponseMessage } from './http-text.ts';
import type { Headers, HttpRequest } from './http-types.ts';

/** net/http's DefaultMaxHeaderBytes. */
const HEAD_BYTES_MAX = 1 << 20;
const NOTHING = new Uint8Array(0);

export interface RequestEvents {
  /** A request with its body. `keepAlive`: the client will send another. */
  request(request: HttpRequest, keepAlive: boolean): void;
  data(chunk: Chunk): void;
  /** What came was not HTTP; `status` is what a server answers. */
  malformed(status: number, message: string): void;
}

export interface ResponseEvents {
  /** `source` has the headers, which may be made when they are asked for. */
  head(status: number, source: { readonly headers: Headers }, keepAlive: boolean): void;
  data(chunk: Chunk): void;
  end(): void;
  malformed(message: string): void;
}

type BodyState =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; left: number; stage: 'size' | 'data' | 'line' | 'trailer' }
  | { readonly kind: 'close' }
  | { readonly kind: 'raw' };

interface Head {
  readonly first: readonly [string, string, string];
  readonly headers: Map<string, string>;
}

const NO_BODY: BodyState = { kind: 'none' };

/** Cuts a byte stream into heads and bodies; knows nothing of requests or responses. */
class Cutter {
  #bytes: Uint8Array = NOTHING;
  body: BodyState = NO_BODY;

  get empty(): boolean {
    return this.#bytes.length === 0;
  }

  add(bytes: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : concatBytes([this.#bytes, bytes]);
  }

  /** The next head: undefined while it is incomplete; an error text when it is none. */
  head(): Head | string | undefined {
    // An empty line before a request is skipped (RFC 9112 section 2.2).
    while (this.#bytes[0] === 13 || this.#bytes[0] === 10) this.#bytes = this.#bytes.subarray(1);
    // A TLS record, say: no line will ever make this a head.
    if ((this.#bytes[0] ?? 0x20) < 0x20) return 'malformed first line';
    const end = endOfHead(this.#bytes);
    if (end === undefined) return this.#bytes.length > HEAD_BYTES_MAX ? 'too large' : undefined;
    const lines = textOf(this.#bytes.subarray(0, end)).split(/\r?\n/);
    this.#bytes = this.#bytes.subarray(end);
    const match = /^(\S+) (\S+)(?: (.*))?$/.exec(lines[0] ?? '');
    if (match === null) return `malformed first line ${lines[0] ?? ''}`;
    const headers = new Map<string, string>();
    for (const line of lines.slice(1)) {
      if (line === '') continue;
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon)).toLowerCase();
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return `malformed header ${line}`;
      const value = line.slice(colon + 1).trim();
      const before = headers.get(name);
      const glue = name === 'set-cookie' ? '\n' : ', ';
      headers.set(name, before === undefined ? value : before + glue + value);
    }
    return { first: [match[1] ?? '', match[2] ?? '', match[3] ?? ''], headers };
  }

  /** The next piece of the body, `end` at its end, undefined while more is needed. */
  piece(): Uint8Array | 'end' | 'bad' | undefined {
    const { body } = this;
    switch (body.kind) {
      case 'none':
        return 'end';
      case 'length': {
        if (body.left === 0) return 'end';
        const piece = this.#take(body.left);
        if (piece !== undefined) body.left -= piece.length;
        return piece;
      }
      case 'chunked':
        return this.#chunkedPiece(body);
      default:
        return this.#take(this.#bytes.length);
    }
  }

  #chunkedPiece(
    body: Extract<BodyState, { kind: 'chunked' }>,
  ): Uint8Array | 'end' | 'bad' | undefined {
    for (;;) {
      if (body.stage === 'data') {
        if (body.left > 0) {
          const piece = this.#take(body.left);
          if (piece !== undefined) body.left -= piece.length;
          return piece;
        }
        body.stage = 'line';
      }
      const line = this.#line();
      if (line === undefined) return undefined;
      if (body.stage === 'trailer') {
        if (line === '') return 'end';
      } else if (body.stage === 'line') {
        if (line !== '') return 'bad';
        body.stage = 'size';
      } else {
        const size = /^[0-9a-fA-F]{1,8}(?=$|[;\s])/.exec(line);
        if (size === null) return 'bad';
        body.left = Number.parseInt(size[0], 16);
        body.stage = body.left === 0 ? 'trailer' : 'data';
      }
    }
  }

  #line(): string | undefined {
    const at = this.#bytes.indexOf(10);
    if (at < 0) return undefined;
    const line = textOf(this.#bytes.subarray(0, at)).replace(/\r$/, '');
    this.#bytes = this.#bytes.subarray(at + 1);
    return line;
  }

  #take(most: number): Uint8Array | undefined {
    const size = Math.min(most, this.#bytes.length);
    if (size === 0) return undefined;
    const piece = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return piece;
  }
}

export class RequestReader {
  readonly #events: RequestEvents;
  /** Made when bytes come. */
  #cutter: Cutter | undefined;
  #raw = false;
  #broken = false;
  /** The request whose body is being read. */
  #request: HttpRequest | undefined;
  #keepAlive = true;
  #pieces: Uint8Array[] | undefined;

  constructor(events: RequestEvents) {
    this.#events = events;
  }

  /** From now on everything is the upgraded stream's. */
  switchToRaw(): void {
    this.#raw = true;
    const cutter = this.#cutter;
    const rest = cutter === undefined || cutter.empty ? undefined : drain(cutter);
    if (rest !== undefined) this.#events.data(rest);
  }

  feed(chunk: Chunk): void {
    if (this.#broken) return;
    if (this.#raw) {
      this.#events.data(chunk);
      return;
    }
    if (
      chunk instanceof RequestMessage &&
      this.#cutter?.empty !== false &&
      this.#request === undefined
    ) {
      const { request } = chunk;
      this.#events.request(request, !hasToken(request.headers, 'connection', 'close'));
      return;
    }
    this.#cutter ??= new Cutter();
    const cutter = this.#cutter;
    cutter.add(isBytes(chunk) ? chunk : bytesOf(chunk));
    while (!this.#raw && !this.#broken && this.#step(cutter));
  }

  #step(cutter: Cutter): boolean {
    if (this.#request === undefined && !this.#begin(cutter)) return false;
    const request = this.#request;
    if (request === undefined) return false;
    const piece = cutter.piece();
    if (piece === undefined) return false;
    if (piece === 'bad') return this.#fail(400, 'malformed chunked encoding');
    if (piece !== 'end') {
      this.#pieces ??= [];
      this.#pieces.push(piece);
      return true;
    }
    const body = this.#pieces === undefined ? undefined : concatBytes(this.#pieces);
    this.#pieces = undefined;
    this.#request = undefined;
    cutter.body = NO_BODY;
    this.#events.request({ ...request, body }, this.#keepAlive);
    return !cutter.empty;
  }

  #begin(cutter: Cutter): boolean {
    if (cutter.empty) return false;
    const head = cutter.head();
    if (head === undefined) return false;
    if (typeof head === 'string') return this.#fail(head === 'too large' ? 431 : 400, head);
    const [method, target, version] = head.first;
    const match = /^HTTP\/(\d)\.(\d)$/.exec(version);
    if (match === null || !/^[A-Z]+$/.test(method))
      return this.#fail(400, 'malformed request line');
    if (match[1] !== '1') return this.#fail(505, 'unsupported protocol version');
    const { headers } = head;
    const host = headers.get('host');
    const old = match[2] === '0';
    if (host === undefined && !old) return this.#fail(400, 'missing required Host header');
    headers.delete('host');
    this.#keepAlive = old
      ? hasToken(headers, 'connection', 'keep-alive')
      : !hasToken(headers, 'connection', 'close');
    const body = bodyOfRequest(headers);
    if (body === undefined) return this.#fail(400, 'bad Content-Length');
    cutter.body = body;
    this.#request = { method, target, host: host ?? '', headers, body: undefined };
    return true;
  }

  #fail(status: number, message: string): false {
    this.#broken = true;
    this.#events.malformed(status, message);
    return false;
  }
}

export class ResponseReader {
  readonly #events: ResponseEvents;
  /** Made when bytes come, or a body in pieces. */
  #cutter: Cutter | undefined;
  #state: 'head' | 'body' | 'raw' | 'broken' = 'head';
  /** Method of the request that waits for its answer: HEAD's has no body. */
  #method: string | undefined;

  constructor(events: ResponseEvents) {
    this.#events = events;
  }

  expect(method: string): void {
    this.#method = method;
  }

  feed(chunk: Chunk): void {
    if (this.#state === 'broken') return;
    if (this.#state === 'raw') {
      this.#events.data(chunk);
      return;
    }
    if (this.#cutter?.empty !== false && this.#byReference(chunk)) return;
    this.#cutter ??= new Cutter();
    const cutter = this.#cutter;
    cutter.add(isBytes(chunk) ? chunk : bytesOf(chunk));
    while (this.#step(cutter));
  }

  /** The connection has ended: so has a body that lasts until then. True when that was in order. */
  finish(): boolean {
    if (this.#state === 'raw') return true;
    if (this.#state === 'body' && this.#cutter?.body.kind === 'close') {
      this.#end();
      return true;
    }
    const empty = this.#cutter === undefined || this.#cutter.empty;
    return this.#state === 'head' && empty && this.#method === undefined;
  }

  #byReference(chunk: Chunk): boolean {
    if (chunk instanceof ResponseMessage && this.#state === 'head') {
      if (!chunk.whole) {
        this.#begin(chunk.status, chunk.headers, true);
        return true;
      }
      this.#method = undefined;
      this.#state = 'body';
      this.#events.head(chunk.status, chunk, !chunk.closes);
      if (chunk.body !== undefined) this.#events.data(chunk.body);
      this.#end();
      return true;
    }
    if (chunk instanceof BodyMessage && this.#state === 'body') {
      if (chunk.chunk === undefined) this.#end();
      else this.#events.data(chunk.chunk);
      return true;
    }
    return false;
  }

  #step(cutter: Cutter): boolean {
    if (this.#state === 'raw') {
      const rest = cutter.piece();
      if (rest instanceof Uint8Array) this.#events.data(rest);
      return false;
    }
    if (this.#state === 'head') {
      if (cutter.empty) return false;
      const head = cutter.head();
      if (head === undefined) return false;
      if (typeof head === 'string') return this.#fail(head);
      const [version, code] = head.first;
      const status = Number(code);
      if (!/^HTTP\/1\.[01]$/.test(version) || !/^\d{3}$/.test(code)) {
        return this.#fail(
          `malformed HTTP response "${head.first.filter((part) => part !== '').join(' ')}"`,
        );
      }
      if (status === 100) return true;
      this.#begin(status, head.headers, version === 'HTTP/1.1');
      return true;
    }
    const piece = cutter.piece();
    if (piece === undefined) return false;
    if (piece === 'bad') return this.#fail('invalid byte in chunk length');
    if (piece === 'end') this.#end();
    else this.#events.data(piece);
    return this.#state !== 'broken';
  }

  #begin(status: number, headers: Headers, modern: boolean): void {
    const method = this.#method ?? 'GET';
    this.#method = undefined;
    const framing = bodyOfResponse(status, headers, method);
    this.#cutter ??= new Cutter();
    this.#cutter.body = framing;
    this.#state = framing.kind === 'raw' ? 'raw' : 'body';
    const keepAlive = modern
      ? !hasToken(headers, 'connection', 'close')
      : hasToken(headers, 'connection', 'keep-alive');
    this.#events.head(status, { headers }, keepAlive && framing.kind !== 'close');
  }

  #end(): void {
    this.#state = 'head';
    if (this.#cutter !== undefined) this.#cutter.body = NO_BODY;
    this.#events.end();
  }

  #fail(message: string): false {
    this.#state = 'broken';
    this.#events.malformed(message);
    return false;
  }
}

function drain(cutter: Cutter): Uint8Array | undefined {
  cutter.body = { kind: 'raw' };
  const piece = cutter.piece();
  return typeof piece === 'string' ? undefined : piece;
}

/** Just behind the empty line that ends a head; bare line feeds are accepted. */
function endOfHead(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return undefined;
}

function bodyOfRequest(headers: Headers): BodyState | undefined {
  if (hasToken(headers, 'transfer-encoding', 'chunked'))
    return { kind: 'chunked', left: 0, stage: 'size' };
  const length = headers.get('content-length');
  if (length === undefined) return NO_BODY;
  return /^\d{1,12}$/.test(length) ? { kind: 'length', left: Number(length) } : undefined;
}

function bodyOfResponse(status: number, headers: Headers, method: string): BodyState {
  if (status === 101) return { kind: 'raw' };
  if (method === 'HEAD' || isBodiless(status)) return NO_BODY;
  return bodyOfRequest(headers) === NO_BODY
    ? { kind: 'close' }
    : (bodyOfRequest(headers) ?? { kind: 'close' });
}
