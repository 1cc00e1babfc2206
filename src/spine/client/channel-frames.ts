/**
 * Frames of the channel protocol that exec, attach and port-forward speak after their upgrade:
 * v5.channel.k8s.io over WebSocket (k8s.io/apimachinery/pkg/util/remotecommand, v0.34; RFC 6455
 * section 5). In the model a frame travels as one message by reference, and so does what it carries (a
 * terminal's controls have no bytes); its own bytes are a binary WebSocket frame whose first payload
 * byte is the channel.
 *
 * Not modelled: fragmented frames, extensions, and the older SPDY streams (the bridge translates).
 */
import { concatBytes } from '../../ground/base/bytes.ts';
import {
  bytesOf,
  type Chunk,
  isBytes,
  type Message,
  sizeOfChunk,
} from '../../machines/network/chunk.ts';

/** Channels of v5.channel.k8s.io. Port-forward uses 2i for data and 2i+1 for errors of port i. */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const ERROR = 3;
export const RESIZE = 4;
/** Closes the channel that its one byte of data names (new in v5). */
export const CLOSE = 255;

/** One frame of the upgraded stream. */
export interface ChannelMessage extends Message {
  readonly protocol: 'k8s-channel';
  readonly channel: number;
  readonly data: Chunk;
}

/** A frame that carries these bytes, or this message. */
export function channelMessage(channel: number, data: Chunk): ChannelMessage {
  const size = sizeOfChunk(data);
  return {
    protocol: 'k8s-channel',
    wireSize: size + (size < 125 ? 3 : size < 65_535 ? 5 : 11),
    channel,
    data,
    render: () => renderFrame(channel, bytesOf(data)),
  };
}

/** A binary WebSocket frame, unmasked. */
function renderFrame(channel: number, data: Uint8Array): Uint8Array {
  const length = data.length + 1;
  const head =
    length < 126
      ? [0x82, length]
      : length < 65_536
        ? [0x82, 126, length >> 8, length & 255]
        : [
            0x82,
            127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
          ];
  return concatBytes([Uint8Array.from([...head, channel]), data]);
}

/** Takes frames out of a stream of chunks: those by reference at once, those of bytes when complete. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array(0);

  /** The frames that this chunk completes. */
  push(chunk: Chunk): readonly ChannelMessage[] {
    if (!isBytes(chunk) && chunk.protocol === 'k8s-channel') return [chunk as ChannelMessage];
    this.#rest = concatBytes([this.#rest, isBytes(chunk) ? chunk : chunk.render()]);
    const frames: ChannelMessage[] = [];
    for (;;) {
      const frame = this.#take();
      if (frame === undefined) return frames;
      if (frame !== 'other') frames.push(frame);
    }
  }

  #take(): ChannelMessage | 'other' | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    const opcode = (bytes[0] as number) & 15;
    const masked = (bytes[1] as number) >= 128;
    let length = (bytes[1] as number) & 127;
    let at = 2;
    if (length >= 126) {
      const digits = length === 126 ? 2 : 8;
      if (bytes.length < at + digits) return undefined;
      length = 0;
      for (let index = 0; index < digits; index += 1)
        length = length * 256 + (bytes[at + index] as number);
      at += digits;
    }
    const mask = at;
    if (masked) at += 4;
    if (bytes.length < at + length) return undefined;
    const payload = bytes.slice(at, at + length);
    if (masked) {
      for (let index = 0; index < length; index += 1) {
        payload[index] = (payload[index] as number) ^ (bytes[mask + (index & 3)] as number);
      }
    }
    this.#rest = bytes.slice(at + length);
    const isData = opcode === 1 || opcode === 2;
    return isData && length > 0 ? channelMessage(payload[0] as number, payload.slice(1)) : 'other';
  }
}
