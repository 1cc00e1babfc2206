/**
 * The rules that kube-proxy writes, as values (k8s.io/kubernetes/pkg/proxy/iptables/proxier.go,
 * v1.34; the seeds' release in the same functions).
 */
import type { Cidr } from '../../ground/base/cidr.ts';
import { maskOf } from '../../ground/base/cidr.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { TCP, UDP } from '../../machines/network/netfilter/types.ts';
import type { AddressTest, Match, Rule, Target } from '../../machines/network/netfilter/rule.ts';

const MASQUERADE_MARK = 0x4000;
const DROP_MARK = 0x8000;

const ALL = 0xffffffff;
const NEW = 8;
const INVALID = 1;
const ESTABLISHED_RELATED = 2 | 4;
const LOCAL = 2;

export function jump(chain: string): Target {
  return { kind: 'jump', chain };
}

export function jumpsTo(rule: Rule, chain: string): boolean {
  return rule.target.kind === 'jump' && rule.target.chain === chain;
}

export function comment(text: string): Match {
  return { kind: 'comment', text };
}

export function only(ip: Ip): AddressTest {
  return { ip, mask: ALL, invert: false };
}

function notFrom(range: Cidr): AddressTest {
  return { ip: range.base, mask: maskOf(range.bits), invert: true };
}

export function protocolNumber(protocol: 'tcp' | 'udp'): number {
  return protocol === 'tcp' ? TCP : UDP;
}

function port(protocol: 'tcp' | 'udp', number: number): Match {
  return { kind: protocol, dport: { low: number, high: number, invert: false } };
}

/** The tests of a virtual address: `-d 10.96.5.5/32 -p tcp -m comment … -m tcp --dport 80`. */
export function virtualAddress(
  ip: Ip,
  protocol: 'tcp' | 'udp',
  number: number,
  text: string,
  target: Target,
): Rule {
  return {
    dst: only(ip),
    protocol: { number: protocolNumber(protocol), invert: false },
    matches: [comment(text), port(protocol, number)],
    target,
  };
}

/** The rule before the endpoints: sources outside the pod range are masqueraded. */
export function offClusterRule(
  ip: Ip,
  protocol: 'tcp' | 'udp',
  number: number,
  text: string,
  podRange: Cidr,
): Rule {
  return {
    src: notFrom(podRange),
    ...virtualAddress(ip, protocol, number, text, jump('KUBE-MARK-MASQ')),
  };
}

export function nodePortRule(
  protocol: 'tcp' | 'udp',
  number: number,
  text: string,
  target: Target,
): Rule {
  return {
    protocol: { number: protocolNumber(protocol), invert: false },
    matches: [comment(text), port(protocol, number)],
    target,
  };
}

const REJECT: Target = { kind: 'REJECT', with: 'icmp-port-unreachable' };

/** A service without endpoints is refused; one that has some elsewhere (`somewhere`) is dropped here. */
export function refusedRule(
  ip: Ip,
  protocol: 'tcp' | 'udp',
  number: number,
  name: string,
  somewhere = false,
): Rule {
  const target: Target = somewhere ? { kind: 'DROP' } : REJECT;
  return virtualAddress(ip, protocol, number, refusal(name, somewhere), target);
}

export function refusedNodePortRule(
  protocol: 'tcp' | 'udp',
  number: number,
  name: string,
  somewhere = false,
): Rule {
  return {
    protocol: { number: protocolNumber(protocol), invert: false },
    matches: [
      comment(refusal(name, somewhere)),
      { kind: 'addrtype', dst: { types: LOCAL, invert: false } },
      port(protocol, number),
    ],
    target: somewhere ? { kind: 'DROP' } : REJECT,
  };
}

function refusal(name: string, somewhere: boolean): string {
  return `${name} has no ${somewhere ? 'local ' : ''}endpoints`;
}

/** The last rule of KUBE-SERVICES. */
export const NODE_PORTS_JUMP: Rule = {
  matches: [
    comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain'),
    { kind: 'addrtype', dst: { types: LOCAL, invert: false } },
  ],
  target: jump('KUBE-NODEPORTS'),
};

function jumpWith(text: string, chain: string, fresh: boolean): Rule {
  const matches: Match[] = fresh
    ? [{ kind: 'conntrack', states: NEW, invert: false }, comment(text)]
    : [comment(text)];
  return { matches, target: jump(chain) };
}

/** Jumps out of the built-in chains, in the order in which they stand in front of what is there. */
export const FILTER_JUMPS: readonly (readonly ['INPUT' | 'FORWARD' | 'OUTPUT', Rule])[] = [
  ['INPUT', jumpWith('kubernetes load balancer firewall', 'KUBE-PROXY-FIREWALL', true)],
  ['INPUT', jumpWith('kubernetes health check service ports', 'KUBE-NODEPORTS', false)],
  [
    'INPUT',
    jumpWith('kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES', true),
  ],
  ['FORWARD', jumpWith('kubernetes load balancer firewall', 'KUBE-PROXY-FIREWALL', true)],
  ['FORWARD', jumpWith('kubernetes forwarding rules', 'KUBE-FORWARD', false)],
  ['FORWARD', jumpWith('kubernetes service portals', 'KUBE-SERVICES', true)],
  [
    'FORWARD',
    jumpWith('kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES', true),
  ],
  ['OUTPUT', jumpWith('kubernetes load balancer firewall', 'KUBE-PROXY-FIREWALL', true)],
  ['OUTPUT', jumpWith('kubernetes service portals', 'KUBE-SERVICES', true)],
];

export const NAT_JUMPS: readonly (readonly ['PREROUTING' | 'OUTPUT' | 'POSTROUTING', Rule])[] = [
  ['PREROUTING', jumpWith('kubernetes service portals', 'KUBE-SERVICES', false)],
  ['OUTPUT', jumpWith('kubernetes service portals', 'KUBE-SERVICES', false)],
  ['POSTROUTING', jumpWith('kubernetes postrouting rules', 'KUBE-POSTROUTING', false)],
];

const MARKED: Match = {
  kind: 'mark',
  value: MASQUERADE_MARK,
  mask: MASQUERADE_MARK,
  invert: false,
};
const NOT_MARKED: Match = {
  kind: 'mark',
  value: MASQUERADE_MARK,
  mask: MASQUERADE_MARK,
  invert: true,
};

export const FORWARD_RULES: readonly Rule[] = [
  { matches: [{ kind: 'conntrack', states: INVALID, invert: false }], target: { kind: 'DROP' } },
  { matches: [comment('kubernetes forwarding rules'), MARKED], target: { kind: 'ACCEPT' } },
  {
    matches: [
      comment('kubernetes forwarding conntrack rule'),
      { kind: 'conntrack', states: ESTABLISHED_RELATED, invert: false },
    ],
    target: { kind: 'ACCEPT' },
  },
];

export const MARK_MASQ: Rule = {
  matches: [],
  target: { kind: 'MARK', value: MASQUERADE_MARK, mask: MASQUERADE_MARK },
};
export const MARK_DROP: Rule = {
  matches: [],
  target: { kind: 'MARK', value: DROP_MARK, mask: DROP_MARK },
};

export const POSTROUTING: readonly Rule[] = [
  { matches: [NOT_MARKED], target: { kind: 'RETURN' } },
  { matches: [], target: { kind: 'MARK', value: MASQUERADE_MARK, mask: 0 } },
  {
    matches: [comment('kubernetes service traffic requiring SNAT')],
    target: { kind: 'MASQUERADE', ports: undefined, random: 'random-fully' },
  },
];

export const POSTROUTING_SEED: readonly Rule[] = [
  {
    matches: [comment('kubernetes service traffic requiring SNAT'), MARKED],
    target: { kind: 'MASQUERADE', ports: undefined, random: '' },
  },
];
