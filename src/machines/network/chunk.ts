/**
 * What a connection carries: bytes, or a frozen message with its size on the wire and a renderer.
 * Who reads messages gets them by reference, at no cost; who reads bytes (curl, nc, tcpdump) gets them
 * rendered; every parser accepts bytes too, so a hand-typed request works as well as a typed one.
 */

/** A value on the wire that has not been turned into bytes. Frozen. */
export interface Message {
  /** Which family of messages: `http-request`, `http-frame`, `api-object`, `dns` … */
  readonly protocol: string;
  /** Bytes on the wire; an estimate is fine where exact bytes would have to be rendered first. */
  readonly wireSize: number;
  /** The bytes, made when somebody reads them. */
  render(): Uint8Array;
}

export type Chunk = Uint8Array | Message;

export function isBytes(chunk: Chunk): chunk is Uint8Array {
  return chunk instanceof Uint8Array;
}

/** The chunk as bytes, rendered if need be. */
export function bytesOf(chunk: Chunk): Uint8Array {
  return isBytes(chunk) ? chunk : chunk.render();
}

export function sizeOfChunk(chunk: Chunk): number {
  return isBytes(chunk) ? chunk.length : chunk.wireSize;
}
