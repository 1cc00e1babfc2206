/**
 * A call or an answer as a chunk: the frozen request or response by reference, with an estimate of
 * its size on the wire. Bytes are not gRPC's own framing; nobody in the model parses them.
 */
import { utf8 } from '../../../ground/base/bytes.ts';
import { type Chunk, isBytes, type Message, sizeOfChunk } from '../../../machines/network/chunk.ts';
import type { KeyValue } from './messages.ts';

/** gRPC frame, HTTP/2 headers and protobuf tags of a small call. */
const FRAME_BYTES = 60;

export interface RpcMessage extends Message {
  readonly protocol: 'etcd';
  readonly value: unknown;
}

class Rpc implements RpcMessage {
  readonly protocol = 'etcd';
  readonly value: unknown;
  readonly wireSize: number;

  constructor(value: unknown, wireSize: number) {
    this.value = value;
    this.wireSize = wireSize;
  }

  render(): Uint8Array {
    return utf8(`etcd message of ${this.wireSize} bytes`);
  }
}

export function rpcMessage(value: unknown, payloadBytes = 0): RpcMessage {
  return new Rpc(value, FRAME_BYTES + payloadBytes);
}

/** What a chunk carries, or undefined when it is no call of this protocol. */
export function rpcValue(chunk: Chunk | undefined): unknown {
  if (chunk === undefined || isBytes(chunk) || chunk.protocol !== 'etcd') return undefined;
  return (chunk as RpcMessage).value;
}

/** Bytes of keys and values, for the size of an answer. */
export function sizeOfKvs(kvs: readonly KeyValue[]): number {
  let size = 0;
  for (const kv of kvs) size += kv.key.length + 16 + sizeOfChunk(kv.value);
  return size;
}
