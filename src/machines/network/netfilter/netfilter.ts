/**
 * Netfilter of one network namespace over the packet core: asks the core for verdicts, turns recorded
 * walks into text, keeps the trails that cached flows count by, and lists connections. A namespace
 * without rules costs nothing: its memory is made by the first transaction.
 *
 * A trail holds the counters of mangle and filter only: the nat table is asked for the first packet
 * of a flow and never again. It is good for one generation.
 */
import * as at from '../../../../assembly/packet/layout.ts';
import type { RandomStream } from '../../../ground/base/random.ts';
import { DONE, type Result } from '../../../ground/base/result.ts';
import type { Ip } from '../../../ground/base/ip.ts';
import type { PacketCore } from '../packet-core.ts';
import { hopsOf } from './record.ts';
import { REJECT_KINDS } from './rule.ts';
import type { ListedChain } from './chain.ts';
import { RuleTables } from './tables.ts';
import type { Refusal, Transaction } from './transaction.ts';
import {
  type ConntrackEntry,
  type Hook,
  type HookResult,
  ICMP,
  type Netfilter,
  type PacketFields,
  type TableName,
  TCP,
  type Trail,
} from './types.ts';

const HOOKS: Record<Hook, number> = {
  PREROUTING: at.PREROUTING,
  INPUT: at.INPUT,
  FORWARD: at.FORWARD,
  OUTPUT: at.OUTPUT,
  POSTROUTING: at.POSTROUTING,
};
const VERDICTS = ['accept', 'drop', 'reject'] as const;
const TCP_STATES: ReadonlyMap<number, string> = new Map([
  [at.TCP_SYN_SENT, 'SYN_SENT'],
  [at.TCP_SYN_RECV, 'SYN_RECV'],
  [at.TCP_ESTABLISHED, 'ESTABLISHED'],
  [at.TCP_TIME_WAIT, 'TIME_WAIT'],
]);
const LOCALHOST = 0x7f000001;
const NONE: readonly never[] = [];
/** Words of a trail before its counters: generation, connection, its serial, direction. */
const TRAIL_HEAD = 4;

export interface NetfilterOptions {
  readonly core: PacketCore;
  /** The host's monotonic clock, in microseconds. */
  readonly now: () => number;
  /** Draws of statistic rules and of ports; a stream named after the namespace. */
  readonly random: RandomStream;
}

/** Makes the (idle) netfilter of a namespace. */
export function createNetfilter(options: NetfilterOptions): NamespaceNetfilter {
  return new NamespaceNetfilter(options);
}

/** What the tools and kube-proxy use beyond `Netfilter`. */
export class NamespaceNetfilter implements Netfilter {
  readonly #core: PacketCore;
  readonly #now: () => number;
  readonly #random: RandomStream;
  #tables: RuleTables | undefined;
  #addresses: readonly { readonly ip: Ip; readonly device: string }[] = [];
  #local = { address: 0, bytes: 0 };
  /** nf_conntrack_tcp_timeout_established, which kube-proxy shortens. */
  #establishedFor = 432_000;
  /** Changes that are not the tables' own: a flush of connections, new addresses. */
  #changes = 0;

  constructor(options: NetfilterOptions) {
    this.#core = options.core;
    this.#now = options.now;
    this.#random = options.random;
  }

  get generation(): number {
    return (this.#tables?.generation ?? 0) + this.#changes;
  }

  get idle(): boolean {
    const tables = this.#tables;
    if (tables === undefined) return true;
    return tables.weight === 0 && this.#core.words[(tables.space + at.S_ENTRIES) >>> 2] === 0;
  }

  /** The tables, for listing and writing; made at the first use. */
  get tables(): RuleTables {
    if (this.#tables !== undefined) return this.#tables;
    const tables = new RuleTables(this.#core);
    for (let index = 0; index < 4; index += 1) {
      this.#core.words[((tables.space + at.S_DRAW) >>> 2) + index] = this.#random.word();
    }
    this.#tables = tables;
    this.#writeAddresses(tables);
    return tables;
  }

  /** Takes all changes or none. */
  apply(transactions: readonly Transaction[]): Result<void, Refusal> {
    return transactions.length === 0 ? DONE : this.tables.apply(transactions);
  }

  /** Chains with rules and counters in the order of printing; empty for a table never used. */
  list(table: TableName): readonly ListedChain[] {
    return this.#tables?.list(table) ?? [];
  }

  setEstablishedTimeout(seconds: number): void {
    this.#establishedFor = seconds;
  }

  /** Time, and how long connections last here: the core is shared by all namespaces. */
  #tellTime(): void {
    this.#core.words[at.ESTABLISHED_FOR >>> 2] = this.#establishedFor;
    this.#core.calls.setClock(this.#now() / 1e6);
  }

  setAddresses(addresses: readonly { readonly ip: Ip; readonly device: string }[]): void {
    this.#addresses = addresses;
    this.#changes += 1;
    if (this.#tables !== undefined) this.#writeAddresses(this.#tables);
  }

  #writeAddresses(tables: RuleTables): void {
    const core = this.#core;
    if (this.#local.address !== 0) core.calls.release(this.#local.address, this.#local.bytes);
    const bytes = Math.max(16, this.#addresses.length * 4);
    const address = core.allocate(bytes);
    this.#local = { address, bytes };
    const { words } = core;
    this.#addresses.forEach(({ ip }, index) => {
      words[(address >>> 2) + index] = ip;
    });
    words[(tables.space + at.S_LOCAL) >>> 2] = address;
    words[(tables.space + at.S_LOCAL_COUNT) >>> 2] = this.#addresses.length;
  }

  dispose(): void {
    const tables = this.#tables;
    if (tables === undefined) return;
    // Trails of cached flows point into the memory that goes: none of them may fit again.
    this.#changes += tables.generation + 1;
    this.#tables = undefined;
    tables.dispose();
    if (this.#local.address !== 0) this.#core.calls.release(this.#local.address, this.#local.bytes);
    this.#local = { address: 0, bytes: 0 };
  }

  run(hook: Hook, packet: PacketFields, record: boolean): HookResult {
    const tables = this.#tables;
    if (tables === undefined) return unchanged(packet);
    return this.#walk(tables, hook, packet, record ? at.RECORD : 0);
  }

  dryRun(hook: Hook, packet: PacketFields): HookResult {
    const tables = this.#tables;
    if (tables === undefined) return unchanged(packet);
    return this.#walk(tables, hook, packet, at.RECORD | at.QUIET);
  }

  #walk(tables: RuleTables, hook: Hook, packet: PacketFields, mode: number): HookResult {
    const core = this.#core;
    const record = (mode & at.RECORD) !== 0;
    if (record) this.#openRecord();
    this.#writePacket(hook, packet);
    this.#tellTime();
    const verdict = VERDICTS[core.calls.runHook(tables.space, HOOKS[hook], mode)] ?? 'drop';
    const { words } = core;
    return {
      verdict,
      rejectWith:
        verdict === 'reject' ? (REJECT_KINDS[words[at.P_REJECT >>> 2] as number] ?? '') : '',
      src: words[at.P_SRC >>> 2] as number,
      dst: words[at.P_DST >>> 2] as number,
      sport: words[at.P_SPORT >>> 2] as number,
      dport: words[at.P_DPORT >>> 2] as number,
      mark: words[at.P_MARK >>> 2] as number,
      trail: (mode & at.QUIET) !== 0 ? NONE : this.#trail(words),
      hops: record ? hopsOf(core, tables) : NONE,
    };
  }

  #writePacket(hook: Hook, packet: PacketFields): void {
    const core = this.#core;
    const inName = core.nameOf(packet.inInterface);
    const outName = core.nameOf(packet.outInterface);
    const { words } = core;
    words[at.P_SRC >>> 2] = packet.src;
    words[at.P_DST >>> 2] = packet.dst;
    words[at.P_SPORT >>> 2] = packet.sport;
    words[at.P_DPORT >>> 2] = packet.dport;
    words[at.P_PROTOCOL >>> 2] = packet.protocol;
    words[at.P_MARK >>> 2] = packet.mark;
    words[at.P_SIZE >>> 2] = packet.size;
    words[at.P_IN >>> 2] = inName;
    words[at.P_OUT >>> 2] = outName;
    words[at.P_FLAGS >>> 2] = (packet.syn ? 1 : 0) | (packet.inInterface === 'lo' ? 2 : 0);
    words[at.P_UID >>> 2] = packet.uid ?? at.NO_OWNER;
    words[at.P_GID >>> 2] = packet.gid ?? at.NO_OWNER;
    words[at.P_OUT_IP >>> 2] =
      hook === 'OUTPUT'
        ? LOCALHOST
        : this.#addressOf(hook === 'PREROUTING' ? packet.inInterface : packet.outInterface);
  }

  /** The first address of a device, or 0. */
  #addressOf(device: string): Ip {
    for (const address of this.#addresses) if (address.device === device) return address.ip;
    return 0;
  }

  #trail(words: Uint32Array): Trail {
    const count = words[at.TRAIL_COUNT >>> 2] as number;
    const entry = words[at.ENTRY_NOW >>> 2] as number;
    const trail = new Array<number>(TRAIL_HEAD + count);
    trail[0] = this.generation;
    trail[1] = entry;
    trail[2] = entry === 0 ? 0 : (words[(entry + at.X_SERIAL) >>> 2] as number);
    trail[3] = words[at.P_DIRECTION >>> 2] as number;
    for (let index = 0; index < count; index += 1)
      trail[TRAIL_HEAD + index] = words[(at.TRAIL >>> 2) + index] as number;
    return trail;
  }

  count(trail: Trail, size: number): void {
    if (trail[0] !== this.generation) return;
    const core = this.#core;
    const entry = trail[1] as number;
    if (entry !== 0) {
      core.words[at.P_FLAGS >>> 2] = 0;
      this.#tellTime();
      core.calls.touchEntry(entry, trail[2] as number, trail[3] as number);
    }
    const { doubles } = core;
    for (let index = TRAIL_HEAD; index < trail.length; index += 1) {
      const counter = (trail[index] as number) >>> 3;
      doubles[counter] = (doubles[counter] as number) + 1;
      doubles[counter + 1] = (doubles[counter + 1] as number) + size;
    }
  }

  noteTcp(
    packet: Pick<PacketFields, 'src' | 'dst' | 'sport' | 'dport'>,
    state: 'established' | 'closed',
  ): void {
    const tables = this.#tables;
    if (tables === undefined) return;
    const { words, calls } = this.#core;
    words[at.P_SRC >>> 2] = packet.src;
    words[at.P_DST >>> 2] = packet.dst;
    words[at.P_SPORT >>> 2] = packet.sport;
    words[at.P_DPORT >>> 2] = packet.dport;
    words[at.P_PROTOCOL >>> 2] = TCP;
    this.#tellTime();
    calls.noteTcp(tables.space, state === 'established' ? at.TCP_ESTABLISHED : at.TCP_TIME_WAIT);
  }

  conntrack(): readonly ConntrackEntry[] {
    return this.#entries().map((entry) => this.#readEntry(entry));
  }

  flushConntrack(): number {
    if (this.#tables === undefined) return 0;
    this.#changes += 1;
    return this.#core.calls.flushEntries(this.#tables.space);
  }

  /** Removes the connections that a filter names (`conntrack -D`); returns them. */
  removeConnections(filter: (entry: ConntrackEntry) => boolean): readonly ConntrackEntry[] {
    const tables = this.#tables;
    if (tables === undefined) return [];
    const removed: ConntrackEntry[] = [];
    for (const address of this.#entries()) {
      const entry = this.#readEntry(address);
      if (!filter(entry)) continue;
      this.#core.calls.removeEntry(tables.space, address);
      removed.push(entry);
    }
    if (removed.length > 0) this.#changes += 1;
    return removed;
  }

  /** Addresses of the connections that still have time, oldest first. */
  #entries(): readonly number[] {
    const tables = this.#tables;
    if (tables === undefined) return [];
    const { words, doubles } = this.#core;
    const table = words[(tables.space + at.S_TABLE) >>> 2] as number;
    if (table === 0) return [];
    const mask = words[(tables.space + at.S_TABLE_MASK) >>> 2] as number;
    const now = this.#now() / 1e6;
    const found: number[] = [];
    for (let bucket = 0; bucket <= mask; bucket += 1) {
      let tuple = words[(table + bucket * 4) >>> 2] as number;
      while (tuple !== 0) {
        const entry = (tuple & 0xfffffffe) >>> 0;
        const reply = (tuple & 1) === 1;
        if (!reply && (doubles[(entry + at.X_DEADLINE) >>> 3] as number) > now) found.push(entry);
        tuple = words[(entry + (reply ? at.X_NEXT_REPLY : at.X_NEXT)) >>> 2] as number;
      }
    }
    const serial = (entry: number): number => words[(entry + at.X_SERIAL) >>> 2] as number;
    return found.sort((a, b) => serial(a) - serial(b));
  }

  #readEntry(entry: number): ConntrackEntry {
    const { words, doubles } = this.#core;
    const word = (offset: number): number => words[(entry + offset) >>> 2] as number;
    const tuple = (src: number, dst: number, ports: number): ConntrackEntry['original'] => ({
      src: word(src),
      dst: word(dst),
      sport: word(ports) >>> 16,
      dport: word(ports) & 0xffff,
    });
    const protocol = word(at.X_PROTOCOL);
    const status = word(at.X_STATUS);
    return {
      protocol,
      state:
        protocol === TCP
          ? (TCP_STATES.get(word(at.X_STATE)) ?? 'NONE')
          : (status & at.SEEN_REPLY) === 0
            ? 'UNREPLIED'
            : '',
      timeoutSeconds: Math.ceil(
        (doubles[(entry + at.X_DEADLINE) >>> 3] as number) - this.#now() / 1e6,
      ),
      mark: word(at.X_MARK),
      original: tuple(at.X_SRC, at.X_DST, at.X_PORTS),
      reply: tuple(at.X_REPLY_SRC, at.X_REPLY_DST, at.X_REPLY_PORTS),
      assured: (status & at.ASSURED) !== 0,
      replied: (status & at.SEEN_REPLY) !== 0,
    };
  }

  #openRecord(): void {
    const core = this.#core;
    if (core.words[at.RECORD_BASE >>> 2] !== 0) return;
    const base = core.allocate(at.HOP_SIZE * RECORD_ROOM);
    core.words[at.RECORD_BASE >>> 2] = base;
  }
}

/** As RECORD_MAX of `assembly/shared/limits`. */
const RECORD_ROOM = 65536;

function unchanged(packet: PacketFields): HookResult {
  const { src, dst, sport, dport, mark } = packet;
  return { verdict: 'accept', rejectWith: '', src, dst, sport, dport, mark, trail: [], hops: [] };
}

export { ICMP };
