/**
 * The C library's resolver (glibc getaddrinfo; resolv.conf(5), hosts(5)): /etc/hosts first, then DNS
 * over UDP with the search list, ndots, attempts and time-outs of /etc/resolv.conf. Every attempt asks
 * for A and AAAA from one socket, as glibc does; the model has no IPv6, so an AAAA answer counts only
 * as "the name exists". No cache: glibc has none either, which is why a search list costs queries.
 *
 *     names tried:  dots ≥ ndots ?  name, then name + each search  :  each search first, then name
 *     a name with a final dot is tried alone
 *
 * Not modelled: nsswitch.conf beyond "files dns", TCP after truncation, rotate, DNS over links that
 * have no route (that is an error at once, as in the real one).
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { type Ip, LOOPBACK, parseIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import {
  type DnsCode,
  type DnsFields,
  type DnsType,
  dnsOf,
  dnsQuery,
} from '../network/dns-message.ts';
import type { UdpSocket } from '../network/socket.ts';
import type { Process } from './process.ts';

/** MAXNS, MAXDNSRCH is gone in glibc; RES_TIMEOUT, RES_DFLRETRY. */
const SERVERS_MAX = 3;
const TIMEOUT: Micros = 5 * SECOND;
const ATTEMPTS = 2;
const NDOTS_MAX = 15;
const DNS_PORT = 53;
const NAME_MAX = 253;

/** getaddrinfo's errors: the name does not exist; no server gave an answer; it exists without an address. */
export type ResolveError = 'EAI_NONAME' | 'EAI_AGAIN' | 'EAI_NODATA';

export interface ResolverConfig {
  readonly servers: readonly Ip[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeout: Micros;
  readonly attempts: number;
}

/** What gai_strerror says. */
export function resolveErrorText(error: ResolveError): string {
  switch (error) {
    case 'EAI_NONAME':
      return 'Name or service not known';
    case 'EAI_AGAIN':
      return 'Temporary failure in name resolution';
    case 'EAI_NODATA':
      return 'No address associated with hostname';
  }
}

/** Reads resolv.conf; without a nameserver the local host is asked. */
export function parseResolvConf(text: string): ResolverConfig {
  const servers: Ip[] = [];
  let search: readonly string[] = [];
  let ndots = 1;
  let timeout = TIMEOUT;
  let attempts = ATTEMPTS;
  for (const line of text.split('\n')) {
    const [key = '', ...values] = line.trim().split(/\s+/);
    const server = key === 'nameserver' ? parseIp(values[0] ?? '') : undefined;
    if (server !== undefined && servers.length < SERVERS_MAX) servers.push(server);
    else if (key === 'search') search = values;
    else if (key === 'domain') search = values.slice(0, 1);
    else if (key === 'options') {
      for (const option of values) {
        const match = /^(ndots|timeout|attempts):(\d+)$/.exec(option);
        const value = Number(match?.[2] ?? 0);
        if (match?.[1] === 'ndots') ndots = Math.min(NDOTS_MAX, value);
        else if (match?.[1] === 'timeout') timeout = Math.min(30, value) * SECOND;
        else if (match?.[1] === 'attempts') attempts = Math.min(5, value);
      }
    }
  }
  if (servers.length === 0) servers.push(LOOPBACK);
  return { servers, search, ndots, timeout, attempts };
}

export function resolverConfig(process: Process): ResolverConfig {
  const text = process.files.readText('/etc/resolv.conf');
  return parseResolvConf(text.ok ? text.value : '');
}

/** Names in the order in which they are tried. */
export function candidates(name: string, config: ResolverConfig): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const dots = name.split('.').length - 1;
  const searched = config.search.map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  return dots >= config.ndots ? [name, ...searched] : [...searched, name];
}

/** IPv4 addresses of a name, in the order of the answer; a literal address is itself. */
export function* resolveHost(
  process: Process,
  name: string,
): Task<Result<readonly Ip[], ResolveError>> {
  const literal = parseIp(name);
  if (literal !== undefined) return ok([literal]);
  const written = fromHostsFile(process, name);
  if (written.length > 0) return ok(written);
  if (!isHostName(name)) return err('EAI_NONAME');
  const config = resolverConfig(process);
  let failure: ResolveError = 'EAI_NONAME';
  for (const candidate of candidates(name, config)) {
    const answer = yield* lookup(process, candidate, config);
    if (answer.addresses.length > 0) return ok(answer.addresses);
    if (answer.kind === 'no-answer') return err('EAI_AGAIN');
    // A server that fails may know the next name; the failure is told at the end.
    if (answer.kind === 'failed') failure = 'EAI_AGAIN';
    else if (answer.kind === 'empty' && failure === 'EAI_NONAME') failure = 'EAI_NODATA';
  }
  return err(failure);
}

/** The name of an address: /etc/hosts, then PTR. */
export function* resolveAddress(process: Process, ip: Ip): Task<string | undefined> {
  for (const { address, names } of hostsEntries(process)) {
    if (address === ip && names[0] !== undefined) return names[0];
  }
  const reversed = `${ip & 255}.${(ip >>> 8) & 255}.${(ip >>> 16) & 255}.${ip >>> 24}.in-addr.arpa`;
  const answer = yield* queryDns(process, reversed, 'PTR', resolverConfig(process));
  for (const record of answer?.answers ?? []) {
    if (record.data.type === 'PTR') return record.data.target;
  }
  return undefined;
}

/** Addresses of a name in /etc/hosts. */
function fromHostsFile(process: Process, name: string): readonly Ip[] {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const text = process.files.readText('/etc/hosts');
  // Most names are asked of DNS: a file that does not hold them is not taken apart.
  if (!text.ok || !text.value.toLowerCase().includes(wanted)) return [];
  return entriesOf(text.value).flatMap(({ address, names }) =>
    names.some((each) => each.toLowerCase() === wanted) ? [address] : [],
  );
}

interface HostsEntry {
  readonly address: Ip;
  readonly names: readonly string[];
}

function hostsEntries(process: Process): readonly HostsEntry[] {
  const text = process.files.readText('/etc/hosts');
  return text.ok ? entriesOf(text.value) : [];
}

function entriesOf(text: string): readonly HostsEntry[] {
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const ip = parseIp(address);
    return ip === undefined ? [] : [{ address: ip, names }];
  });
}

function isHostName(name: string): boolean {
  return (
    name !== '' &&
    name.length <= NAME_MAX &&
    /^[A-Za-z0-9_]([A-Za-z0-9_.-]*)$/.test(name) &&
    !name.includes('..')
  );
}

interface Answer {
  readonly kind: 'found' | 'empty' | 'absent' | 'failed' | 'no-answer';
  readonly addresses: readonly Ip[];
}

/** One name: A and AAAA at once. */
function* lookup(process: Process, name: string, config: ResolverConfig): Task<Answer> {
  const answers = yield* ask(process, name, ['A', 'AAAA'], config);
  if (answers === undefined) return { kind: 'no-answer', addresses: [] };
  const addresses = answers.flatMap(({ answers: records }) =>
    records.flatMap(({ data }) => (data.type === 'A' ? [data.ip] : [])),
  );
  if (addresses.length > 0) return { kind: 'found', addresses };
  const codes = answers.map((answer): DnsCode => answer.code);
  if (codes.some((code) => code === 'SERVFAIL' || code === 'REFUSED'))
    return { kind: 'failed', addresses };
  return { kind: codes.includes('NXDOMAIN') ? 'absent' : 'empty', addresses };
}

/** One question to the servers of the configuration, for tools; undefined when none answers. */
function* queryDns(
  process: Process,
  name: string,
  type: DnsType,
  config: ResolverConfig,
): Task<DnsFields | undefined> {
  const answers = yield* ask(process, name, [type], config);
  return answers?.[0];
}

/** Asks each server in turn, all of them `attempts` times. */
function* ask(
  process: Process,
  name: string,
  types: readonly DnsType[],
  config: ResolverConfig,
): Task<readonly DnsFields[] | undefined> {
  let failed: readonly DnsFields[] | undefined;
  for (let attempt = 0; attempt < config.attempts; attempt += 1) {
    for (const server of config.servers) {
      const socket = process.net.udp(0, 0);
      if (!socket.ok) return undefined;
      const answers = yield* exchange(process, socket.value, server, name, types, config.timeout);
      socket.value.close();
      if (answers === undefined) continue;
      if (answers.every(({ code }) => code === 'NOERROR' || code === 'NXDOMAIN')) return answers;
      // SERVFAIL: glibc goes on to the next server.
      failed = answers;
    }
  }
  return failed;
}

/** Sends the questions and waits for as many answers; undefined when one is missing at the deadline. */
function* exchange(
  process: Process,
  socket: UdpSocket,
  server: Ip,
  name: string,
  types: readonly DnsType[],
  timeout: Micros,
): Task<readonly DnsFields[] | undefined> {
  const asked = new Map<number, DnsType>();
  for (const type of types) {
    let id = process.random.below(65_536);
    while (asked.has(id)) id = process.random.below(65_536);
    asked.set(id, type);
    const sent = socket.sendTo({ ip: server, port: DNS_PORT }, dnsQuery(id, name, type));
    if (!sent.ok) return undefined;
  }
  const answers = new Map<DnsType, DnsFields>();
  const deadline = process.clock.monotonic() + timeout;
  while (answers.size < asked.size) {
    const left = deadline - process.clock.monotonic();
    if (left <= 0) return undefined;
    const received = yield* socket.receive(left);
    if (!received.ok) return undefined;
    const fields = dnsOf(received.value.payload);
    const type = fields === undefined ? undefined : asked.get(fields.id);
    // What was not asked for is thrown away, as the resolver does with forged answers.
    if (
      fields?.response === true &&
      type !== undefined &&
      fields.questions[0]?.name.toLowerCase() === name.toLowerCase()
    ) {
      answers.set(type, fields);
    }
  }
  return types.flatMap((type) => answers.get(type) ?? []);
}
