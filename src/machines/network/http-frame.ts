/**
 * Frames of a multiplexed HTTP connection, passed by reference: what HTTP/2 does for Go's clients, in
 * the frames that matter (HEADERS with a whole body, DATA, END, RST_STREAM, WINDOW_UPDATE, PING,
 * GOAWAY). Their bytes, when somebody looks, are HTTP/2 frames with uncompressed headers (RFC 9113).
 */
import { concatBytes, utf8 } from '../../ground/base/bytes.ts';
import { Condition } from '../../ground/base/task.ts';
import { bytesOf, type Chunk, type Message, sizeOfChunk } from './chunk.ts';
import type { Headers, HttpRequest } from './http-types.ts';
import type { Taker } from './inbox.ts';

/** Bytes of a stream sent but not read before its sender waits. */
const STREAM_WINDOW = 1 << 20;
/** Pieces that may queue behind a full window before `post` refuses. */
const STREAM_BACKLOG_MAX = 1000;

export interface ResponseBody {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: Headers;
  readonly body: Chunk | undefined;
  readonly last: boolean;
}

export type FrameBody =
  | { readonly kind: 'request'; readonly request: HttpRequest }
  | ResponseBody
  | { readonly kind: 'data'; readonly chunk: Chunk }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'window'; readonly bytes: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'ping-ack' }
  | { readonly kind: 'goaway' };

const TYPE = {
  request: 1,
  response: 1,
  data: 0,
  end: 0,
  reset: 3,
  window: 8,
  ping: 6,
  'ping-ack': 6,
  goaway: 7,
} as const;
const END_STREAM = 1;
const END_HEADERS = 4;

export class Frame implements Message {
  readonly protocol = 'http-frame';
  readonly stream: number;
  readonly body: FrameBody;
  readonly wireSize: number;

  constructor(stream: number, body: FrameBody) {
    this.stream = stream;
    this.body = body;
    this.wireSize = sizeOfFrame(body);
  }

  render(): Uint8Array {
    const { body } = this;
    switch (body.kind) {
      case 'request': {
        const { method, target, host, headers, body: content } = body.request;
        const pseudo = new Map([
          [':method', method],
          [':scheme', 'https'],
          [':authority', host],
          [':path', target],
        ]);
        return this.#withBody([...pseudo, ...headers], content, true);
      }
      case 'response':
        return this.#withBody(
          [[':status', `${body.status}`], ...body.headers],
          body.body,
          body.last,
        );
      case 'data':
        return this.#frame(TYPE.data, 0, bytesOf(body.chunk));
      case 'end':
        return this.#frame(TYPE.data, END_STREAM, new Uint8Array(0));
      case 'ping-ack':
        return this.#frame(TYPE.ping, 1, new Uint8Array(8));
      default:
        return this.#frame(
          TYPE[body.kind],
          0,
          new Uint8Array(body.kind === 'reset' || body.kind === 'window' ? 4 : 8),
        );
    }
  }

  #withBody(
    headers: Iterable<readonly [string, string]>,
    content: Chunk | undefined,
    last: boolean,
  ): Uint8Array {
    const block: Uint8Array[] = [];
    for (const [name, value] of headers) {
      // HPACK literal without indexing, new name (RFC 7541 section 6.2.2).
      block.push(new Uint8Array([0]), hpackText(name), hpackText(value));
    }
    const done = last && content === undefined ? END_STREAM : 0;
    const head = this.#frame(TYPE.request, END_HEADERS | done, concatBytes(block));
    if (content === undefined) return head;
    return concatBytes([head, this.#frame(TYPE.data, last ? END_STREAM : 0, bytesOf(content))]);
  }

  #frame(type: number, flags: number, payload: Uint8Array): Uint8Array {
    const { length } = payload;
    const { stream } = this;
    const head = [
      length >> 16,
      (length >> 8) & 255,
      length & 255,
      type,
      flags,
      (stream >> 24) & 127,
      (stream >> 16) & 255,
      (stream >> 8) & 255,
      stream & 255,
    ];
    return concatBytes([new Uint8Array(head), payload]);
  }
}

/** The sending side of a stream: what the window lets through, and what queues behind it. */
export class StreamSender {
  readonly room = new Condition('room in an HTTP stream');
  readonly #post: (body: FrameBody) => void;
  #outstanding = 0;
  #queue: Chunk[] = [];
  #ended = false;

  constructor(post: (body: FrameBody) => void) {
    this.#post = post;
  }

  get full(): boolean {
    return this.#outstanding >= STREAM_WINDOW || this.#queue.length > 0;
  }

  get backlog(): number {
    return this.#queue.length;
  }

  /** Sends, or queues behind a full window; false when the queue is full too. */
  send(chunk: Chunk): boolean {
    if (this.full) {
      if (this.#queue.length >= STREAM_BACKLOG_MAX) return false;
      this.#queue.push(chunk);
    } else this.#pass(chunk);
    return true;
  }

  /** The end follows what is queued. */
  end(): void {
    this.#ended = true;
    if (this.#queue.length === 0) this.#post({ kind: 'end' });
  }

  /** The peer has read this much. */
  opened(bytes: number): void {
    this.#outstanding -= bytes;
    let sent = 0;
    while (sent < this.#queue.length && this.#outstanding < STREAM_WINDOW) {
      this.#pass(this.#queue[sent] as Chunk);
      sent += 1;
    }
    if (sent > 0) {
      this.#queue = this.#queue.slice(sent);
      if (this.#ended && this.#queue.length === 0) this.#post({ kind: 'end' });
    }
    if (!this.full) this.room.notify();
  }

  #pass(chunk: Chunk): void {
    this.#outstanding += sizeOfChunk(chunk);
    this.#post({ kind: 'data', chunk });
  }
}

/** Counts what a reader took, and says when the peer should be told. */
export class WindowCounter implements Taker {
  readonly #tell: (bytes: number) => void;
  #taken = 0;

  constructor(tell: (bytes: number) => void) {
    this.#tell = tell;
  }

  taken(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < STREAM_WINDOW / 2) return;
    const all = this.#taken;
    this.#taken = 0;
    this.#tell(all);
  }
}

function sizeOfFrame(body: FrameBody): number {
  switch (body.kind) {
    case 'request':
      return (
        60 +
        body.request.target.length +
        (body.request.body === undefined ? 0 : sizeOfChunk(body.request.body))
      );
    case 'response':
      return 40 + (body.body === undefined ? 0 : sizeOfChunk(body.body));
    case 'data':
      return 9 + sizeOfChunk(body.chunk);
    default:
      return 17;
  }
}

function hpackText(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length < 127) return concatBytes([new Uint8Array([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  length.push(rest);
  return concatBytes([new Uint8Array(length), bytes]);
}
