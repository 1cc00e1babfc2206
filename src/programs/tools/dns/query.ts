/** What dig, host and nslookup share: a question to one server, and records as text in master-file form. */
import type { Micros } from '../../../ground/base/event-loop.ts';
import { formatIp, type Ip, parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import {
  type DnsContent,
  type DnsFields,
  DnsMessage,
  dnsOf,
  type DnsType,
} from '../../../machines/network/dns-message.ts';
import type { Chunk } from '../../../machines/network/chunk.ts';
import type { Errno } from '../../../machines/network/errno.ts';
import type { Process } from '../../../machines/machine/process.ts';

export const DNS_PORT = 53;

export const DNS_TYPES: readonly DnsType[] = [
  'A',
  'NS',
  'CNAME',
  'SOA',
  'PTR',
  'MX',
  'TXT',
  'AAAA',
  'SRV',
  'ANY',
];

export interface DnsAsked {
  readonly server: Ip;
  readonly port: number;
  readonly name: string;
  readonly type: DnsType;
  readonly recurse: boolean;
  /** EDNS buffer size; undefined: no EDNS. */
  readonly udpSize: number | undefined;
  readonly timeout: Micros;
  /** Sends a cookie, as dig does. */
  readonly cookie?: boolean;
  readonly tcp?: boolean;
}

export interface DnsAnswer {
  readonly fields: DnsFields;
  /** Bytes of the answer. */
  readonly size: number;
  readonly took: Micros;
  /** The cookie that the question carried. */
  readonly cookie?: string | undefined;
}

/** One datagram there and one back, or both over TCP. ETIMEDOUT (as EAGAIN), ECONNREFUSED, ENETUNREACH … */
export function* askServer(process: Process, asked: DnsAsked): Task<Result<DnsAnswer, Errno>> {
  const id = process.random.below(65_536);
  const query = questionOf(process, asked, id);
  return asked.tcp === true
    ? yield* askOverTcp(process, asked, query)
    : yield* askOverUdp(process, asked, query);
}

function questionOf(process: Process, asked: DnsAsked, id: number): DnsMessage {
  const half = (): string => process.random.word().toString(16).padStart(8, '0');
  return new DnsMessage({
    id,
    response: false,
    recursionDesired: asked.recurse,
    code: 'NOERROR',
    questions: [{ name: asked.name, type: asked.type }],
    answers: [],
    authority: [],
    additional: [],
    ...(asked.udpSize === undefined ? {} : { udpSize: asked.udpSize }),
    ...(asked.cookie === true ? { cookie: half() + half() } : {}),
  });
}

function* askOverTcp(
  process: Process,
  asked: DnsAsked,
  query: DnsMessage,
): Task<Result<DnsAnswer, Errno>> {
  const began = process.clock.monotonic();
  const dialled = yield* process.net.connect(asked.server, asked.port, { deadline: asked.timeout });
  if (!dialled.ok) return dialled;
  dialled.value.post(query);
  const received = yield* dialled.value.receive(asked.timeout);
  dialled.value.close();
  if (!received.ok) return received;
  const fields = received.value === undefined ? undefined : dnsOf(received.value);
  if (received.value === undefined || fields === undefined) return err('ECONNRESET');
  const took = process.clock.monotonic() - began;
  return ok({ fields, size: sizeOf(received.value), took, cookie: query.fields.cookie });
}

function sizeOf(payload: Chunk): number {
  return payload instanceof Uint8Array ? payload.length : payload.render().length;
}

function* askOverUdp(
  process: Process,
  asked: DnsAsked,
  query: DnsMessage,
): Task<Result<DnsAnswer, Errno>> {
  const socket = process.net.udp(0, 0);
  if (!socket.ok) return socket;
  const began = process.clock.monotonic();
  const sent = socket.value.sendTo({ ip: asked.server, port: asked.port }, query);
  if (!sent.ok) {
    socket.value.close();
    return sent;
  }
  for (;;) {
    const budget = began + asked.timeout - process.clock.monotonic();
    const received = budget <= 0 ? err('EAGAIN' as const) : yield* socket.value.receive(budget);
    if (!received.ok) {
      socket.value.close();
      return received;
    }
    const fields = dnsOf(received.value.payload);
    if (fields?.id !== query.fields.id || !fields.response) continue;
    socket.value.close();
    const took = process.clock.monotonic() - began;
    const size = sizeOf(received.value.payload);
    return ok({ fields, size, took, cookie: query.fields.cookie });
  }
}

/** How often all servers are asked, and for how long each. */
export interface Patience {
  readonly attempts: number;
  readonly timeout: Micros;
}

export function errorWord(errno: Errno): string {
  if (errno === 'EAGAIN' || errno === 'ETIMEDOUT') return 'timed out';
  if (errno === 'ECONNREFUSED') return 'connection refused';
  return errno === 'ENETUNREACH'
    ? 'network unreachable'
    : errno === 'EHOSTUNREACH'
      ? 'host unreachable'
      : 'unexpected error';
}

/** What BIND's tools say of a server that does not answer. */
export function complaint(server: Ip, port: number, errno: Errno): string {
  return `;; communications error to ${formatIp(server)}#${port}: ${errorWord(errno)}\n`;
}

/**
 * Asks the servers in turn, and all again, until one answers; `complaints` gathers what is to be said of
 * those that do not.
 */
export function* askServers(
  process: Process,
  servers: readonly Ip[],
  name: string,
  type: DnsType,
  { attempts, timeout }: Patience,
  complaints: string[] = [],
): Task<(DnsAnswer & { readonly server: Ip }) | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    for (const server of servers) {
      const answered = yield* askServer(process, {
        server,
        port: DNS_PORT,
        name,
        type,
        recurse: true,
        udpSize: undefined,
        timeout,
      });
      if (answered.ok) return { ...answered.value, server };
      complaints.push(complaint(server, DNS_PORT, answered.error));
    }
  }
  return undefined;
}

/** A name with its final dot. */
export function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** The data of a record as dig shows it. */
export function dataText(data: DnsContent): string {
  switch (data.type) {
    case 'A':
      return formatIp(data.ip);
    case 'AAAA':
      return data.address;
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return absolute(data.target);
    case 'MX':
      return `${data.preference} ${absolute(data.target)}`;
    case 'TXT':
      return data.texts.map((text) => `"${text.replace(/(["\\])/g, '\\$1')}"`).join(' ');
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${absolute(data.target)}`;
    case 'SOA':
      return `${absolute(data.primary)} ${absolute(data.mailbox)} ${data.serial} ${data.refresh} ${data.retry} ${data.expire} ${data.minimum}`;
  }
}

/** `10.0.0.1` as `1.0.0.10.in-addr.arpa`; undefined for a name. */
export function reverseName(text: string): string | undefined {
  const ip = parseIp(text);
  if (ip === undefined) return undefined;
  return `${ip & 255}.${(ip >>> 8) & 255}.${(ip >>> 16) & 255}.${ip >>> 24}.in-addr.arpa`;
}
