/**
 * The wire format of protocol buffers (version 2 encoding): varints, tags and lengths. What fields a
 * message has is the caller's to know; the API's messages are walked in `api/protobuf`.
 */
import { concatBytes, utf8 } from '../base/bytes.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Collects a message. */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = [];

  varint(field: number, value: number | bigint | boolean): void {
    this.#tag(field, VARINT);
    this.#number(typeof value === 'boolean' ? (value ? 1 : 0) : value);
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.#parts.push(bytes);
  }

  text(field: number, value: string): void {
    this.bytes(field, utf8(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, BYTES);
    this.#number(value.length);
    this.#parts.push(value);
  }

  finish(): Uint8Array {
    return this.#parts.length === 0 ? new Uint8Array(0) : concatBytes(this.#parts);
  }

  #tag(field: number, wire: number): void {
    this.#number(field * 8 + wire);
  }

  /** Negative numbers take ten bytes: they are 64 bits in two's complement. */
  #number(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    do {
      const low = Number(rest & 127n);
      rest >>= 7n;
      bytes.push(rest > 0n ? low | 128 : low);
    } while (rest > 0n);
    this.#parts.push(Uint8Array.from(bytes));
  }
}

/** One field as it stands in a message. */
export interface ProtoField {
  readonly number: number;
  readonly wire: number;
  /** Of varints, as 64 bits in two's complement; of fixed fields their little-endian word. */
  readonly value: bigint;
  /** Of length-delimited and fixed fields. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** The fields of a message in order, or undefined when it is malformed or cut off. */
export function readFields(message: Uint8Array): readonly ProtoField[] | undefined {
  const fields: ProtoField[] = [];
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at];
      if (byte === undefined) return undefined;
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  while (at < message.length) {
    const tag = varint();
    if (tag === undefined) return undefined;
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (wire === VARINT) {
      const value = varint();
      if (value === undefined) return undefined;
      fields.push({ number, wire, value, bytes: NO_BYTES });
      continue;
    }
    let size: number;
    if (wire === BYTES) {
      const length = varint();
      if (length === undefined || length > BigInt(message.length)) return undefined;
      size = Number(length);
    } else if (wire === FIXED64) size = 8;
    else if (wire === FIXED32) size = 4;
    else return undefined;
    if (at + size > message.length) return undefined;
    const bytes = message.subarray(at, at + size);
    at += size;
    fields.push({ number, wire, value: 0n, bytes });
  }
  return fields;
}
