/**
 * HTTP/1.1 as messages and as bytes (RFC 9112). Between two ends of ours a request is one message and
 * a response a head with its body, passed by reference; who reads bytes gets exactly what the
 * messages stand for. The reader of `http-reader` takes both.
 */
import { concatBytes, utf8 } from '../../ground/base/bytes.ts';
import { bytesOf, type Chunk, type Message, sizeOfChunk } from './chunk.ts';
import { isBodiless, reasonPhrase } from './http-status.ts';
import type { Headers, HttpRequest } from './http-types.ts';
import { LateHeaders } from './late-headers.ts';

const LINE = '\r\n';
const NOTHING = new Uint8Array(0);
/** Names whose capitals are not one per word. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['etag', 'ETag'],
  ['www-authenticate', 'WWW-Authenticate'],
]);

/** How a body ends on the wire. */
export type Framing = 'length' | 'chunked' | 'close';

/** A request with its whole body. */
export class RequestMessage implements Message {
  readonly protocol = 'http1';
  readonly request: HttpRequest;
  readonly wireSize: number;

  constructor(request: HttpRequest) {
    this.request = request;
    this.wireSize = headSize(request.headers) + request.target.length + bodySize(request.body);
  }

  render(): Uint8Array {
    const { method, target, host, headers, body } = this.request;
    const bytes = body === undefined ? NOTHING : bytesOf(body);
    let head = `${method} ${target} HTTP/1.1${LINE}Host: ${host}${LINE}${headerLines(headers)}`;
    const wantsLength =
      bytes.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
    if (wantsLength && !headers.has('content-length'))
      head += `Content-Length: ${bytes.length}${LINE}`;
    return concatBytes([utf8(head + LINE), bytes]);
  }
}

/** The head of a response; with `body` and framing `length` the whole of it. */
export class ResponseMessage implements Message {
  readonly protocol = 'http1';
  readonly status: number;
  readonly framing: Framing;
  /** The whole body of a response that is not streamed. */
  readonly body: Chunk | undefined;
  /** True when nothing follows. */
  readonly whole: boolean;
  readonly wireSize: number;
  /** True when the server says that the connection ends with it. */
  readonly closes: boolean;
  readonly #given: Headers;
  readonly #length: number | undefined;
  readonly #closing: boolean;
  #framed: Headers | undefined;

  /** `length` is that of the body as a header gives it; `shown` is left out where a body must be. */
  constructor(
    status: number,
    headers: Headers,
    framing: Framing,
    parts: {
      readonly whole: boolean;
      readonly length: number | undefined;
      readonly shown: Chunk | undefined;
      readonly close: boolean;
    },
  ) {
    this.status = status;
    this.framing = framing;
    this.whole = parts.whole;
    this.body = parts.shown;
    this.#given = headers;
    this.#length = parts.length;
    const plain = headers instanceof LateHeaders;
    const close = parts.close && status !== 101;
    this.closes = close || (!plain && hasToken(headers, 'connection', 'close'));
    let count = headers.size;
    if (close && (plain || !headers.has('connection'))) count += 1;
    if (!isBodiless(status)) {
      if (framing === 'chunked') count += plain || !headers.has('transfer-encoding') ? 1 : 0;
      else if (framing === 'length' && (plain || !headers.has('content-length'))) count += 1;
    }
    this.#closing = close;
    this.wireSize = 60 + count * 30 + bodySize(parts.shown);
  }

  /** Those that were given, with those that the framing needs. */
  get headers(): Headers {
    this.#framed ??= framedHeaders(
      this.status,
      this.#given,
      this.framing,
      this.#length,
      this.#closing,
    );
    return this.#framed;
  }

  render(): Uint8Array {
    const head = `HTTP/1.1 ${this.status} ${reasonPhrase(this.status)}${LINE}${headerLines(this.headers)}${LINE}`;
    return concatBytes([utf8(head), this.body === undefined ? NOTHING : bytesOf(this.body)]);
  }
}

/** A piece of a streamed body; undefined: its end. */
export class BodyMessage implements Message {
  readonly protocol = 'http1';
  readonly chunk: Chunk | undefined;
  readonly framing: Framing;
  readonly wireSize: number;

  constructor(chunk: Chunk | undefined, framing: Framing) {
    this.chunk = chunk;
    this.framing = framing;
    this.wireSize = chunk === undefined ? 5 : sizeOfChunk(chunk) + 8;
  }

  render(): Uint8Array {
    const bytes = this.chunk === undefined ? NOTHING : bytesOf(this.chunk);
    if (this.framing !== 'chunked') return bytes;
    if (this.chunk === undefined) return utf8(`0${LINE}${LINE}`);
    return concatBytes([utf8(bytes.length.toString(16) + LINE), bytes, utf8(LINE)]);
  }
}

/** The headers of a response with those that its framing needs. */
function framedHeaders(
  status: number,
  headers: Headers,
  framing: Framing,
  length: number | undefined,
  close: boolean,
): Headers {
  const framed = new Map(headers);
  if (!isBodiless(status)) {
    if (framing === 'chunked') framed.set('transfer-encoding', 'chunked');
    else if (framing === 'length' && !framed.has('content-length'))
      framed.set('content-length', `${length ?? 0}`);
  }
  if (close) framed.set('connection', 'close');
  return framed;
}

/** `content-type` as it stands on the wire: `Content-Type`. */
export function headerSpelling(name: string): string {
  const known = SPELLINGS.get(name);
  if (known !== undefined) return known;
  return name.replace(/(^|-)([a-z])/g, (letters) => letters.toUpperCase());
}

/** Whether a comma-separated header holds a word, whatever its case. */
export function hasToken(headers: Headers, name: string, token: string): boolean {
  const value = headers.get(name);
  if (value === undefined) return false;
  if (value === token) return true;
  return value.split(',').some((word) => word.trim().toLowerCase() === token);
}

function headerLines(headers: Headers): string {
  let lines = '';
  for (const [name, value] of headers) {
    // A header that came several times is kept joined by line ends (set-cookie).
    for (const one of value.split('\n')) lines += `${headerSpelling(name)}: ${one}${LINE}`;
  }
  return lines;
}

function headSize(headers: Headers): number {
  return 60 + headers.size * 30;
}

function bodySize(body: Chunk | undefined): number {
  return body === undefined ? 0 : sizeOfChunk(body);
}
