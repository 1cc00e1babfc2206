/**
 * DNS messages (RFC 1035) by value and as bytes. Between simulated programs a message travels by
 * reference; who reads bytes gets them encoded, and a parser takes bytes too. Names have no final dot,
 * the root is empty. Types: those that cluster DNS and its tools speak of.
 *
 * Not modelled: DNSSEC, zone transfer, name compression when encoding (it is understood when decoding).
 */
import { concatBytes, textOf, utf8 } from '../../ground/base/bytes.ts';
import type { Ip } from '../../ground/base/ip.ts';
import type { Chunk, Message } from './chunk.ts';
import { isBytes } from './chunk.ts';

export type DnsType = 'A' | 'NS' | 'CNAME' | 'SOA' | 'PTR' | 'MX' | 'TXT' | 'AAAA' | 'SRV' | 'ANY';
export type DnsCode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface DnsQuestion {
  readonly name: string;
  readonly type: DnsType;
}

export type DnsData =
  | { readonly type: 'A'; readonly ip: Ip }
  | { readonly type: 'NS' | 'CNAME' | 'PTR'; readonly target: string }
  | { readonly type: 'MX'; readonly preference: number; readonly target: string }
  | { readonly type: 'TXT'; readonly texts: readonly string[] }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | {
      readonly type: 'SOA';
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    };

export interface DnsRecord {
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  readonly data: DnsData;
}

export interface DnsFields {
  readonly id: number;
  readonly response: boolean;
  readonly authoritative?: boolean;
  readonly truncated?: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable?: boolean;
  readonly code: DnsCode;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
}

const TYPES: readonly (readonly [DnsType, number])[] = [
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['SOA', 6],
  ['PTR', 12],
  ['MX', 15],
  ['TXT', 16],
  ['AAAA', 28],
  ['SRV', 33],
  ['ANY', 255],
];
const TYPE_NUMBERS = new Map<DnsType, number>(TYPES);
const TYPE_NAMES = new Map<number, DnsType>(TYPES.map(([name, number]) => [number, name]));
const CODES: readonly DnsCode[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
];
/** Pointers followed in one name, so that a loop ends. */
const POINTERS_MAX = 32;

/** A message on the wire. */
export class DnsMessage implements Message {
  readonly protocol = 'dns';
  readonly fields: DnsFields;

  constructor(fields: DnsFields) {
    this.fields = fields;
  }

  get wireSize(): number {
    let size = 12;
    for (const question of this.fields.questions) size += question.name.length + 6;
    const { answers, authority, additional } = this.fields;
    for (const record of [...answers, ...authority, ...additional]) {
      size += record.name.length + 12 + dataOf(record.data).length;
    }
    return size;
  }

  render(): Uint8Array {
    return encodeDns(this.fields);
  }
}

/** A query for one name, recursion desired. */
export function dnsQuery(id: number, name: string, type: DnsType): DnsMessage {
  return new DnsMessage({
    id,
    response: false,
    recursionDesired: true,
    code: 'NOERROR',
    questions: [{ name, type }],
    answers: [],
    authority: [],
    additional: [],
  });
}

/** The message in a chunk, or undefined when it is none. */
export function dnsOf(chunk: Chunk): DnsFields | undefined {
  if (isBytes(chunk)) return decodeDns(chunk);
  return chunk instanceof DnsMessage ? chunk.fields : decodeDns(chunk.render());
}

export function encodeDns(fields: DnsFields): Uint8Array {
  let flags = CODES.indexOf(fields.code);
  if (fields.response) flags |= 0x8000;
  if (fields.authoritative === true) flags |= 0x0400;
  if (fields.truncated === true) flags |= 0x0200;
  if (fields.recursionDesired) flags |= 0x0100;
  if (fields.recursionAvailable === true) flags |= 0x0080;
  const { questions, answers, authority, additional } = fields;
  const parts = [
    words(fields.id, flags, questions.length, answers.length, authority.length, additional.length),
  ];
  for (const { name, type } of questions) {
    parts.push(nameBytes(name), words(TYPE_NUMBERS.get(type) ?? 255, 1));
  }
  for (const record of [...answers, ...authority, ...additional]) {
    const data = dataOf(record.data);
    const type = TYPE_NUMBERS.get(record.data.type) ?? 0;
    parts.push(nameBytes(record.name), words(type, 1, record.ttl >>> 16, record.ttl & 0xffff));
    parts.push(words(data.length), data);
  }
  return concatBytes(parts);
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  values.forEach((value, at) => {
    bytes[at * 2] = value >>> 8;
    bytes[at * 2 + 1] = value;
  });
  return bytes;
}

function nameBytes(name: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const label of name.split('.')) {
    if (label === '') continue;
    const bytes = utf8(label);
    parts.push(Uint8Array.of(bytes.length), bytes);
  }
  return concatBytes([...parts, Uint8Array.of(0)]);
}

function dataOf(data: DnsData): Uint8Array {
  switch (data.type) {
    case 'A':
      return words(data.ip >>> 16, data.ip & 0xffff);
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return nameBytes(data.target);
    case 'MX':
      return concatBytes([words(data.preference), nameBytes(data.target)]);
    case 'TXT':
      return concatBytes(
        data.texts.flatMap((text) => {
          const bytes = utf8(text);
          return [Uint8Array.of(bytes.length), bytes];
        }),
      );
    case 'SRV':
      return concatBytes([words(data.priority, data.weight, data.port), nameBytes(data.target)]);
    case 'SOA': {
      const numbers = [data.serial, data.refresh, data.retry, data.expire, data.minimum];
      const tail = words(...numbers.flatMap((value) => [value >>> 16, value & 0xffff]));
      return concatBytes([nameBytes(data.primary), nameBytes(data.mailbox), tail]);
    }
  }
}

/** Reads a message; undefined when it is malformed or holds what this model does not speak of. */
export function decodeDns(bytes: Uint8Array): DnsFields | undefined {
  const reader = new Reader(bytes);
  const id = reader.word();
  const flags = reader.word();
  const counts = [reader.word(), reader.word(), reader.word(), reader.word()];
  const questions: DnsQuestion[] = [];
  for (let at = 0; at < (counts[0] ?? 0) && reader.good; at += 1) {
    const name = reader.name();
    const type = TYPE_NAMES.get(reader.word());
    reader.word();
    if (type === undefined) return undefined;
    questions.push({ name, type });
  }
  const sections = [1, 2, 3].map((index) => {
    const records: DnsRecord[] = [];
    for (let at = 0; at < (counts[index] ?? 0) && reader.good; at += 1) {
      const record = reader.record();
      if (record !== undefined) records.push(record);
    }
    return records;
  });
  const code = CODES[flags & 15];
  if (!reader.good || code === undefined) return undefined;
  return {
    id,
    response: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    code,
    questions,
    answers: sections[0] ?? [],
    authority: sections[1] ?? [],
    additional: sections[2] ?? [],
  };
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  good = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    this.#at += 1;
    if (byte === undefined) this.good = false;
    return byte ?? 0;
  }

  word(): number {
    return this.byte() * 256 + this.byte();
  }

  long(): number {
    return this.word() * 65_536 + this.word();
  }

  name(): string {
    const labels: string[] = [];
    let back: number | undefined;
    for (let pointers = 0; this.good; ) {
      const length = this.byte();
      if (length === 0) break;
      if (length >= 0xc0) {
        const target = (length & 0x3f) * 256 + this.byte();
        back ??= this.#at;
        this.#at = target;
        pointers += 1;
        if (pointers > POINTERS_MAX) this.good = false;
      } else labels.push(this.#text(length));
    }
    if (back !== undefined) this.#at = back;
    return labels.join('.');
  }

  #text(length: number): string {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) this.good = false;
    this.#at += length;
    return textOf(bytes);
  }

  /** A record, or undefined when its type is not one of ours (it is passed over). */
  record(): DnsRecord | undefined {
    const name = this.name();
    const type = TYPE_NAMES.get(this.word());
    this.word();
    const ttl = this.long();
    const end = this.word() + this.#at;
    const data = this.#data(type, end);
    this.#at = end;
    return data === undefined ? undefined : { name, ttl, data };
  }

  #data(type: DnsType | undefined, end: number): DnsData | undefined {
    switch (type) {
      case 'A':
        return { type, ip: this.long() };
      case 'NS':
      case 'CNAME':
      case 'PTR':
        return { type, target: this.name() };
      case 'MX':
        return { type, preference: this.word(), target: this.name() };
      case 'TXT': {
        const texts: string[] = [];
        while (this.good && this.#at < end) texts.push(this.#text(this.byte()));
        return { type, texts };
      }
      case 'SRV':
        return {
          type,
          priority: this.word(),
          weight: this.word(),
          port: this.word(),
          target: this.name(),
        };
      case 'SOA':
        return {
          type,
          primary: this.name(),
          mailbox: this.name(),
          serial: this.long(),
          refresh: this.long(),
          retry: this.long(),
          expire: this.long(),
          minimum: this.long(),
        };
      default:
        return undefined;
    }
  }
}
