/**
 * A rule of iptables as a value: what `-A` says, in order. Matches keep the order of the command
 * line, because printing and the taking of random draws follow it. Not modelled, and refused by the
 * parser by name: IPv6, fragments, and matches outside this list.
 */
import type { Ip } from '../../../ground/base/ip.ts';

export interface AddressTest {
  readonly ip: Ip;
  /** As a word: 0xffffff00 for /24. */
  readonly mask: number;
  readonly invert: boolean;
}

/** An interface name; `eth+` stands for every name that begins with `eth`. */
export interface NameTest {
  readonly name: string;
  readonly invert: boolean;
}

export interface PortTest {
  readonly low: number;
  readonly high: number;
  readonly invert: boolean;
}

export interface NumberRange {
  readonly low: number;
  readonly high: number;
}

export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  | {
      readonly kind: 'tcp';
      readonly sport?: PortTest;
      readonly dport?: PortTest;
      readonly syn?: { readonly invert: boolean };
    }
  | { readonly kind: 'udp'; readonly sport?: PortTest; readonly dport?: PortTest }
  | { readonly kind: 'icmp'; readonly type: number; readonly invert: boolean }
  | {
      readonly kind: 'mark' | 'connmark';
      readonly value: number;
      readonly mask: number;
      readonly invert: boolean;
    }
  | { readonly kind: 'random'; readonly threshold: number; readonly invert: boolean }
  | {
      readonly kind: 'nth';
      readonly every: number;
      readonly packet: number;
      readonly invert: boolean;
    }
  | { readonly kind: 'conntrack' | 'state'; readonly states: number; readonly invert: boolean }
  | { readonly kind: 'addrtype'; readonly src?: TypeTest; readonly dst?: TypeTest }
  | {
      readonly kind: 'multiport';
      readonly side: 'sports' | 'dports' | 'ports';
      readonly ports: readonly NumberRange[];
      readonly invert: boolean;
    }
  | {
      readonly kind: 'owner';
      readonly uid?: OwnerTest;
      readonly gid?: OwnerTest;
      readonly socket?: { readonly invert: boolean };
    }
  | {
      readonly kind: 'recent';
      readonly action: RecentAction;
      readonly name: string;
      readonly seconds: number;
      readonly reap: boolean;
      readonly mask: number;
      readonly side: 'rsource' | 'rdest';
      readonly invert: boolean;
    }
  | {
      readonly kind: 'limit';
      readonly count: number;
      readonly unit: LimitUnit;
      readonly burst: number;
    }
  | { readonly kind: 'iprange'; readonly src?: RangeTest; readonly dst?: RangeTest };

export interface TypeTest {
  /** Bits: 1 UNICAST, 2 LOCAL, 4 BROADCAST, 8 MULTICAST. */
  readonly types: number;
  readonly invert: boolean;
}

export interface OwnerTest extends NumberRange {
  readonly invert: boolean;
}

export interface RangeTest extends NumberRange {
  readonly invert: boolean;
}

export type RecentAction = 'set' | 'rcheck' | 'update' | 'remove';
export type LimitUnit = 'sec' | 'min' | 'hour' | 'day';

export type Target =
  | { readonly kind: 'none' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'RETURN' | 'ACCEPT' | 'DROP' }
  | { readonly kind: 'REJECT'; readonly with: string }
  | {
      readonly kind: 'DNAT' | 'SNAT';
      readonly to: AddressRange;
      readonly ports: NumberRange | undefined;
      readonly random: RandomPorts;
    }
  | {
      readonly kind: 'MASQUERADE' | 'REDIRECT';
      readonly ports: NumberRange | undefined;
      readonly random: RandomPorts;
    }
  | { readonly kind: 'MARK'; readonly value: number; readonly mask: number }
  | {
      readonly kind: 'CONNMARK';
      readonly action: 'set' | 'save' | 'restore';
      readonly value: number;
      readonly mask: number;
    };

/** DNAT and SNAT take one address or a range; undefined: ports only. */
export type AddressRange = NumberRange | undefined;
export type RandomPorts = '' | 'random' | 'random-fully';

export interface Rule {
  readonly src?: AddressTest;
  readonly dst?: AddressTest;
  readonly inInterface?: NameTest;
  readonly outInterface?: NameTest;
  readonly protocol?: { readonly number: number; readonly invert: boolean };
  readonly matches: readonly Match[];
  readonly target: Target;
}

/** Packets and bytes. */
export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

export const NO_COUNTERS: Counters = { packets: 0, bytes: 0 };

/** What REJECT may answer with, numbered as the core has them. */
export const REJECT_KINDS: readonly string[] = [
  'icmp-port-unreachable',
  'icmp-net-unreachable',
  'icmp-host-unreachable',
  'icmp-proto-unreachable',
  'icmp-net-prohibited',
  'icmp-host-prohibited',
  'icmp-admin-prohibited',
  'tcp-reset',
];

/** States of a conntrack match by name, with the core's bits. */
export const STATES: readonly (readonly [string, number])[] = [
  ['INVALID', 1],
  ['NEW', 8],
  ['RELATED', 4],
  ['ESTABLISHED', 2],
  ['UNTRACKED', 64],
  ['SNAT', 16],
  ['DNAT', 32],
];

export const ADDRESS_TYPES: readonly (readonly [string, number])[] = [
  ['UNICAST', 1],
  ['LOCAL', 2],
  ['BROADCAST', 4],
  ['MULTICAST', 8],
];
