/**
 * DNS messages (RFC 1035) by value and as bytes. Between simulated programs a message travels by
 * reference; who reads bytes gets them encoded, and a parser takes bytes too. Names have no final dot,
 * the root is empty. Types: those that cluster DNS and its tools speak of. The bytes are `dns-wire`'s.
 *
 * Not modelled: DNSSEC, zone transfer, options of EDNS other than the size and the client's cookie.
 */
import type { Ip } from '../../ground/base/ip.ts';
import type { Chunk, Message } from './chunk.ts';
import { isBytes } from './chunk.ts';
import { decodeDns, encodeDns } from './dns-wire.ts';

export { decodeDns, encodeDns };

export type DnsType = 'A' | 'NS' | 'CNAME' | 'SOA' | 'PTR' | 'MX' | 'TXT' | 'AAAA' | 'SRV' | 'ANY';
export type DnsCode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface DnsQuestion {
  readonly name: string;
  readonly type: DnsType;
}

export type DnsContent =
  | { readonly type: 'A'; readonly ip: Ip }
  /** IPv6 addresses are only ever carried: `2001:db8::1`. */
  | { readonly type: 'AAAA'; readonly address: string }
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
  readonly data: DnsContent;
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
  /** Bytes of UDP that the sender takes, when it speaks EDNS (RFC 6891). */
  readonly udpSize?: number;
  /** The client's half of a DNS cookie (RFC 7873), 16 hexadecimal digits. */
  readonly cookie?: string;
  /** Written without pointers, as CoreDNS does with a message that fits. */
  readonly plain?: boolean;
}

/** A compressed name, type, class, TTL, length and an address. */
const RECORD_BYTES = 16;

/** A message on the wire. */
export class DnsMessage implements Message {
  readonly protocol = 'dns';
  readonly fields: DnsFields;
  /** Near enough: record names compress to two bytes. `render().length` is exact. */
  readonly wireSize: number;

  constructor(fields: DnsFields) {
    this.fields = fields;
    const { questions, answers, authority, additional, udpSize } = fields;
    const records = answers.length + authority.length + additional.length;
    let size = 12 + records * RECORD_BYTES + (udpSize === undefined ? 0 : 11);
    for (const question of questions) size += question.name.length + 6;
    this.wireSize = size;
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
