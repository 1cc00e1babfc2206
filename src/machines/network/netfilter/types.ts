/**
 * Netfilter of one network namespace, as the packet path and the tools use it: tables mangle, filter
 * and nat with their chains, and connection tracking. Every verdict comes from the packet core
 * (`assembly/packet`, host side in `packet-core.ts`); what stands here is the shape of the questions.
 *
 * Path of a packet (the namespace's code drives it, in this order):
 *
 *     in ──► PREROUTING ──► route ──┬─► INPUT ──► socket
 *                                   └─► FORWARD ──► POSTROUTING ──► out
 *     socket ──► route ──► OUTPUT ──► (route again) ──► POSTROUTING ──► out
 */
import type { Ip } from '../../../ground/base/ip.ts';

export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
export type TableName = 'mangle' | 'filter' | 'nat';

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;

/** What the rules can see of a packet, and what they may rewrite. */
export interface PacketFields {
  readonly protocol: number;
  readonly src: Ip;
  readonly dst: Ip;
  /** TCP and UDP; for an ICMP echo the identifier stands in both. */
  readonly sport: number;
  readonly dport: number;
  readonly mark: number;
  /** Bytes, headers included. */
  readonly size: number;
  /** Empty where there is none (OUTPUT has no input interface). */
  readonly inInterface: string;
  readonly outInterface: string;
  /** A TCP SYN without ACK: what may begin a flow. */
  readonly syn: boolean;
  /** Owner of the local socket that sent it (OUTPUT and POSTROUTING), for the owner match. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface HookResult {
  readonly verdict: 'accept' | 'drop' | 'reject';
  /** For reject: `icmp-port-unreachable`, `tcp-reset` … */
  readonly rejectWith: string;
  readonly src: Ip;
  readonly dst: Ip;
  readonly sport: number;
  readonly dport: number;
  readonly mark: number;
  /** What this walk counted: later packets of the flow on a cached path count the same (`count`). */
  readonly trail: Trail;
  /** The rule-by-rule record; only when asked for. */
  readonly hops: readonly Hop[];
}

/** Rules that a walk counted, opaque to the caller. */
export type Trail = readonly number[];

/** One rule visited in a recorded walk. */
export interface Hop {
  readonly table: TableName;
  readonly chain: string;
  /** 1-based; 0 for the chain's policy. */
  readonly rule: number;
  /** The rule as iptables-save prints it, without counters. */
  readonly text: string;
  readonly matched: boolean;
  /** For a rule that did not match: the first test that failed, as text. */
  readonly failed: string;
  /** What the target did: `jump KUBE-SERVICES`, `DNAT 10.244.1.5:8080`, `ACCEPT`. */
  readonly action: string;
  /** The draw of a statistic match, 31 bits, or −1. */
  readonly draw: number;
}

export interface ConntrackEntry {
  readonly protocol: number;
  readonly state: string;
  readonly timeoutSeconds: number;
  readonly mark: number;
  /** As the first packet came. */
  readonly original: {
    readonly src: Ip;
    readonly dst: Ip;
    readonly sport: number;
    readonly dport: number;
  };
  /** As answers come. */
  readonly reply: {
    readonly src: Ip;
    readonly dst: Ip;
    readonly sport: number;
    readonly dport: number;
  };
  readonly assured: boolean;
  /** An answer was seen; without one the listing says [UNREPLIED]. */
  readonly replied?: boolean;
}

export interface Netfilter {
  /** Raised by every change of rules: cached paths of flows compare it. */
  readonly generation: number;
  /** True when no rule, policy or translation exists: the path may skip every hook. */
  readonly idle: boolean;
  /** Local addresses of the namespace, for addrtype LOCAL and MASQUERADE by outgoing interface. */
  setAddresses(addresses: readonly { readonly ip: Ip; readonly device: string }[]): void;
  /** Seconds that an established TCP connection is kept without packets. */
  setEstablishedTimeout?(seconds: number): void;
  /** Walks all tables of a hook in order, conntrack included, and rewrites. */
  run(hook: Hook, packet: PacketFields, record: boolean): HookResult;
  /** As `run`, but changes nothing: no counter, no draw, no conntrack entry. */
  dryRun(hook: Hook, packet: PacketFields): HookResult;
  /** Adds one packet of this size to everything a trail counted. */
  count(trail: Trail, size: number): void;
  /** Called when a TCP connection reaches established or is closed, for conntrack's state. */
  noteTcp(
    packet: Pick<PacketFields, 'src' | 'dst' | 'sport' | 'dport'>,
    state: 'established' | 'closed',
  ): void;
  /** Its namespace is gone: rules, connections and their memory are given back. */
  dispose?(): void;
  conntrack(): readonly ConntrackEntry[];
  flushConntrack(): number;
}
