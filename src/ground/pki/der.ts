/** ASN.1 in its distinguished encoding (ITU-T X.690), as far as certificates and keys need it. */
import { concatBytes, utf8 } from '../base/bytes.ts';
import { civilFromWall, type WallTime, wallFromCivil } from '../base/time.ts';

export const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
const OID = 0x06;
export const UTF8_STRING = 0x0c;
export const PRINTABLE_STRING = 0x13;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** One element read: its tag, its content, and the bytes that it spans. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Tag, length, content. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 255]
          : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
  return concatBytes([new Uint8Array(head), content]);
}

/** An unsigned integer from big-endian bytes: leading zeros go, a sign byte comes if need be. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const body = bytes.subarray(start);
  const signed = (body[0] ?? 0) >= 0x80;
  return element(INTEGER, signed ? new Uint8Array([0]) : new Uint8Array(0), body);
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const arc of rest) {
    const group = [arc & 127];
    for (let more = arc >>> 7; more > 0; more >>>= 7) group.unshift((more & 127) | 128);
    bytes.push(...group);
  }
  return element(OID, new Uint8Array(bytes));
}

export function formatOid(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 127);
    if (byte >= 128) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - first * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return element(BIT_STRING, new Uint8Array([unused]), bytes);
}

export function derText(tag: number, value: string): Uint8Array {
  return element(tag, utf8(value));
}

/** UTCTime to 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). Whole seconds. */
export function derTime(wall: WallTime): Uint8Array {
  const t = civilFromWall(wall);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  const rest = `${two(t.month)}${two(t.day)}${two(t.hour)}${two(t.minute)}${two(t.second)}Z`;
  return t.year < 2050
    ? derText(UTC_TIME, two(t.year % 100) + rest)
    : derText(GENERALIZED_TIME, `${t.year}${rest}`);
}

export function parseTime(tag: number, value: string): WallTime | undefined {
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(value);
  if (match === null || (tag === UTC_TIME) !== (match[1]?.length === 2)) return undefined;
  const part = (index: number): number => Number(match[index]);
  const year = tag === UTC_TIME ? part(1) + (part(1) < 50 ? 2000 : 1900) : part(1);
  return wallFromCivil(year, part(2), part(3), part(4), part(5), part(6));
}

/** The element at the start; undefined when the bytes are none. */
export function readElement(bytes: Uint8Array): Element | undefined {
  const tag = bytes[0];
  let length = bytes[1];
  if (tag === undefined || length === undefined || (tag & 31) === 31) return undefined;
  let at = 2;
  if (length >= 0x80) {
    const count = length & 127;
    if (count === 0 || count > 3) return undefined;
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (bytes[at++] ?? 0);
  }
  if (at + length > bytes.length) return undefined;
  return { tag, content: bytes.subarray(at, at + length), whole: bytes.subarray(0, at + length) };
}

/** All elements of a sequence's content; undefined when it is malformed. */
export function readAll(content: Uint8Array): readonly Element[] | undefined {
  const found: Element[] = [];
  let rest = content;
  while (rest.length > 0) {
    const next = readElement(rest);
    if (next === undefined) return undefined;
    found.push(next);
    rest = rest.subarray(next.whole.length);
  }
  return found;
}
