/**
 * The runtime's streaming server in the model: exec, attach and port-forward answer with a token, and
 * whoever opens `/run/containerd/streaming.sock` and names the token gets the stream. The frames are
 * those of remotecommand (channel and chunk), by reference. containerd really serves this on
 * 127.0.0.1 with SPDY; the kubelet, its only client, proxies it either way.
 */
import { concatBytes, utf8 } from '../../../ground/base/bytes.ts';
import { bytesOf, type Chunk, isBytes, type Message } from '../../../machines/network/chunk.ts';

export const STREAM_SOCKET = '/run/containerd/streaming.sock';

/** First message on the socket: which of the prepared streams is meant. */
export interface StreamHello extends Message {
  readonly protocol: 'cri-stream-hello';
  readonly url: string;
}

/** One frame. `close` half-closes a channel; `exit` ends the stream with an exit code or an error text. */
export interface StreamEvent extends Message {
  readonly protocol: 'cri-stream';
  readonly channel: 'stdin' | 'stdout' | 'stderr' | 'resize' | 'close' | 'exit';
  readonly chunk: Chunk | undefined;
  readonly width: number;
  readonly height: number;
  readonly code: number;
  readonly message: string;
}

function render(this: StreamEvent): Uint8Array {
  return concatBytes([
    utf8(`${this.channel} `),
    this.chunk === undefined ? utf8('') : bytesOf(this.chunk),
  ]);
}

export function streamMessage(
  channel: StreamEvent['channel'],
  fields: Partial<Pick<StreamEvent, 'chunk' | 'width' | 'height' | 'code' | 'message'>> = {},
): StreamEvent {
  const chunk = fields.chunk;
  const size = chunk === undefined ? 0 : isBytes(chunk) ? chunk.length : chunk.wireSize;
  return {
    protocol: 'cri-stream',
    wireSize: 8 + size,
    render,
    channel,
    chunk,
    width: fields.width ?? 0,
    height: fields.height ?? 0,
    code: fields.code ?? 0,
    message: fields.message ?? '',
  };
}

export function streamHello(url: string): StreamHello {
  return { protocol: 'cri-stream-hello', wireSize: 16 + url.length, render: () => utf8(url), url };
}

export function isStreamEvent(chunk: Chunk): chunk is StreamEvent {
  return !isBytes(chunk) && chunk.protocol === 'cri-stream';
}

export function isStreamHello(chunk: Chunk): chunk is StreamHello {
  return !isBytes(chunk) && chunk.protocol === 'cri-stream-hello';
}
