/** DNS messages as bytes: names compressed when written, compression followed (and bounded) when read. */
import { textOf, utf8 } from '../../ground/base/bytes.ts';
import type {
  DnsCode,
  DnsContent,
  DnsFields,
  DnsQuestion,
  DnsRecord,
  DnsType,
} from './dns-message.ts';

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

/** The pseudo-record of EDNS. */
const OPT = 41;
/** Its option that carries a cookie. */
const COOKIE = 10;
const IN = 1;
const LABEL_MAX = 63;

export function encodeDns(fields: DnsFields): Uint8Array {
  let flags = CODES.indexOf(fields.code);
  if (fields.response) flags |= 0x8000;
  if (fields.authoritative === true) flags |= 0x0400;
  if (fields.truncated === true) flags |= 0x0200;
  if (fields.recursionDesired) flags |= 0x0100;
  if (fields.recursionAvailable === true) flags |= 0x0080;
  const { questions, answers, authority, additional, udpSize, cookie } = fields;
  const writer = new Writer(fields.plain !== true);
  writer.words(fields.id, flags, questions.length, answers.length, authority.length);
  writer.words(additional.length + (udpSize === undefined ? 0 : 1));
  for (const { name, type } of questions) {
    writer.name(name);
    writer.words(TYPE_NUMBERS.get(type) ?? 255, IN);
  }
  for (const record of [...answers, ...authority, ...additional]) writer.record(record);
  if (udpSize !== undefined) {
    writer.bytes([0]);
    writer.words(OPT, udpSize, 0, 0);
    const bytes = (cookie ?? '').match(/../g) ?? [];
    writer.words(bytes.length === 0 ? 0 : bytes.length + 4);
    if (bytes.length > 0) writer.words(COOKIE, bytes.length);
    writer.bytes(bytes.map((byte) => Number.parseInt(byte, 16)));
  }
  return writer.done();
}

class Writer {
  readonly #out: number[] = [];
  readonly #suffixes = new Map<string, number>();
  readonly #compresses: boolean;

  constructor(compresses: boolean) {
    this.#compresses = compresses;
  }

  bytes(values: Iterable<number>): void {
    for (const value of values) this.#out.push(value & 255);
  }

  words(...values: readonly number[]): void {
    for (const value of values) this.#out.push((value >>> 8) & 255, value & 255);
  }

  longs(...values: readonly number[]): void {
    for (const value of values) this.words(value >>> 16, value & 0xffff);
  }

  name(name: string): void {
    const labels = name.split('.').filter((label) => label !== '');
    for (let index = 0; index < labels.length; index += 1) {
      const suffix = labels.slice(index).join('.');
      const known = this.#compresses ? this.#suffixes.get(suffix) : undefined;
      if (known !== undefined) {
        this.words(0xc000 | known);
        return;
      }
      if (this.#out.length < 0x4000) this.#suffixes.set(suffix, this.#out.length);
      this.#text(labels[index] as string, LABEL_MAX);
    }
    this.#out.push(0);
  }

  record(record: DnsRecord): void {
    this.name(record.name);
    this.words(TYPE_NUMBERS.get(record.data.type) ?? 0, IN);
    this.longs(record.ttl);
    const at = this.#out.length;
    this.words(0);
    this.#data(record.data);
    const length = this.#out.length - at - 2;
    this.#out[at] = length >>> 8;
    this.#out[at + 1] = length & 255;
  }

  done(): Uint8Array {
    return new Uint8Array(this.#out);
  }

  #text(text: string, most: number): void {
    const bytes = utf8(text).subarray(0, most);
    this.#out.push(bytes.length);
    this.bytes(bytes);
  }

  #data(data: DnsContent): void {
    switch (data.type) {
      case 'A':
        this.longs(data.ip);
        return;
      case 'AAAA':
        this.words(...expandAddress(data.address));
        return;
      case 'NS':
      case 'CNAME':
      case 'PTR':
        this.name(data.target);
        return;
      case 'MX':
        this.words(data.preference);
        this.name(data.target);
        return;
      case 'TXT':
        for (const text of data.texts) this.#text(text, 255);
        return;
      case 'SRV':
        this.words(data.priority, data.weight, data.port);
        this.name(data.target);
        return;
      case 'SOA':
        this.name(data.primary);
        this.name(data.mailbox);
        this.longs(data.serial, data.refresh, data.retry, data.expire, data.minimum);
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
    ...(reader.udpSize === undefined ? {} : { udpSize: reader.udpSize }),
    ...(reader.cookie === undefined ? {} : { cookie: reader.cookie }),
  };
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  good = true;
  udpSize: number | undefined;
  cookie: string | undefined;

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
    const code = this.word();
    const kind = this.word();
    if (code === OPT) this.udpSize = kind;
    const type = TYPE_NAMES.get(code);
    const ttl = this.long();
    const end = this.word() + this.#at;
    if (end > this.#bytes.length) this.good = false;
    const data = this.#data(type, end);
    if (code === OPT && end - this.#at >= 12 && this.word() === COOKIE) {
      this.word();
      const half = Array.from({ length: 8 }, () => this.byte().toString(16).padStart(2, '0'));
      this.cookie = half.join('');
    }
    this.#at = end;
    return data === undefined ? undefined : { name, ttl, data };
  }

  #data(type: DnsType | undefined, end: number): DnsContent | undefined {
    switch (type) {
      case 'A':
        return { type, ip: this.long() };
      case 'AAAA':
        return { type, address: formatGroups(Array.from({ length: 8 }, () => this.word())) };
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

/** Eight groups of an IPv6 address; zeros for what cannot be read. */
function expandAddress(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16) & 0xffff);
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0);
  return [...front, ...middle, ...back].slice(0, 8);
}

/** RFC 5952: the longest run of zero groups, of two at least, is left out. */
function formatGroups(groups: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(':');
  if (best.start < 0) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
