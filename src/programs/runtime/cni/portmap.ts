/**
 * The portmap plugin: host ports by DNAT in the host's nat table. One chain per pod behind
 * CNI-HOSTPORT-DNAT; packets from the node itself and from the pod's own range are marked and
 * masqueraded, so that answers come back (containernetworking/plugins v1.7 plugins/meta/portmap,
 * iptables backend; `conditionsV4`, `markMasqBit` and the nftables backend are not read).
 */
import { maskOf } from '../../../ground/base/cidr.ts';
import { LOOPBACK, parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { rulesOf } from '../../../machines/network/netfilter/access.ts';
import type { Match, Rule } from '../../../machines/network/netfilter/rule.ts';
import type { Change } from '../../../machines/network/netfilter/transaction.ts';
import { TCP, UDP } from '../../../machines/network/netfilter/types.ts';
import type { NetworkNamespace } from '../../../machines/network/namespace.ts';
import { changeNat, chainName, commentOf, formatComment, jump, natChains, only } from './chains.ts';
import { cniProgram, type CniPortMapping, type CniRequest, type CniResult } from './plugin.ts';

const DNAT_CHAIN = 'CNI-HOSTPORT-DNAT';
const MARK_CHAIN = 'CNI-HOSTPORT-SETMARK';
const MASQ_CHAIN = 'CNI-HOSTPORT-MASQ';
const MARK = 0x2000;
/** ADDRTYPE LOCAL, in the core's bits. */
const LOCAL = 2;
/** Most ports of one multiport match. */
const PORTS_MAX = 15;

const TO_HERE: Rule = {
  matches: [{ kind: 'addrtype', dst: { types: LOCAL, invert: false } }],
  target: jump(DNAT_CHAIN),
};

const TO_MASQUERADE: Rule = {
  matches: [commentOf('CNI portfwd requiring masquerade')],
  target: jump(MASQ_CHAIN),
};

const SET_MARK: Rule = {
  matches: [commentOf('CNI portfwd masquerade mark')],
  target: { kind: 'MARK', value: MARK, mask: MARK },
};

const MASQUERADE: Rule = {
  matches: [{ kind: 'mark', value: MARK, mask: MARK, invert: false }],
  target: { kind: 'MASQUERADE', ports: undefined, random: '' },
};

/** The chains that all pods share. */
const SHARED: readonly Change[] = [
  { op: 'newChain', chain: MARK_CHAIN },
  { op: 'append', chain: MARK_CHAIN, rule: SET_MARK },
  { op: 'newChain', chain: MASQ_CHAIN },
  { op: 'append', chain: MASQ_CHAIN, rule: MASQUERADE },
  { op: 'insert', chain: 'POSTROUTING', index: 0, rule: TO_MASQUERADE },
  { op: 'newChain', chain: DNAT_CHAIN },
  { op: 'append', chain: 'PREROUTING', rule: TO_HERE },
  { op: 'append', chain: 'OUTPUT', rule: TO_HERE },
];

export const portmap = cniProgram('portmap', (request) =>
  request.command === 'ADD' ? add(request) : remove(request),
);

function add(request: CniRequest): Result<CniResult, string> {
  const result = request.previous ?? { interfaces: [], ips: [] };
  if (request.portMappings.length === 0) return ok(result);
  const [address] = result.ips;
  if (address === undefined) return ok(result);
  const { host } = request;
  const chain = chainName(request.network, request.containerId, 'DN-');
  const text = `dnat ${formatComment(request.network, request.containerId)}`;
  const changes: Change[] = natChains(host).has(DNAT_CHAIN) ? [] : [...SHARED];
  changes.push({ op: 'resetChain', chain });
  for (const mapping of request.portMappings) {
    for (const rule of rulesFor(mapping, address.ip, address.bits)) {
      changes.push({ op: 'append', chain, rule });
    }
  }
  for (const rule of entriesFor(request.portMappings, chain, text)) {
    changes.push({ op: 'append', chain: DNAT_CHAIN, rule });
  }
  if (!changeNat(host, changes)) return err('unable to set up host port rules');
  // Answers to the node's own 127.0.0.1 come in by the bridge, under an address that has no place there.
  const bridge = result.interfaces[0]?.name ?? '';
  host.sysctls.set(`net.ipv4.conf.${bridge}.route_localnet`, '1');
  forgetDatagrams(host, request.portMappings);
  return ok(result);
}

/** From the pod's range and from the node itself: mark; then, from anywhere: to the pod. */
function rulesFor(mapping: CniPortMapping, ip: number, bits: number): Rule[] {
  const number = mapping.protocol === 'tcp' ? TCP : UDP;
  const { hostPort, containerPort } = mapping;
  const hostIp = mapping.hostIp === '' ? 0 : (parseIp(mapping.hostIp) ?? 0);
  const base = {
    ...(hostIp === 0 ? {} : { dst: only(hostIp) }),
    protocol: { number, invert: false },
    matches: [
      { kind: mapping.protocol, dport: { low: hostPort, high: hostPort, invert: false } },
    ] as Match[],
  };
  const mask = maskOf(bits);
  return [
    { src: { ip: (ip & mask) >>> 0, mask, invert: false }, ...base, target: jump(MARK_CHAIN) },
    { src: only(LOOPBACK), ...base, target: jump(MARK_CHAIN) },
    {
      ...base,
      target: {
        kind: 'DNAT',
        to: { low: ip, high: ip },
        ports: { low: containerPort, high: containerPort },
        random: '',
      },
    },
  ];
}

/** The rules of the shared chain that lead to the pod's: per protocol, by port. */
function entriesFor(mappings: readonly CniPortMapping[], chain: string, text: string): Rule[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const ports = mappings
      .filter((mapping) => mapping.protocol === protocol)
      .map(({ hostPort }) => ({ low: hostPort, high: hostPort }));
    const rules: Rule[] = [];
    for (let start = 0; start < ports.length; start += PORTS_MAX) {
      rules.push({
        protocol: { number: protocol === 'tcp' ? TCP : UDP, invert: false },
        matches: [
          commentOf(text),
          {
            kind: 'multiport',
            side: 'dports',
            ports: ports.slice(start, start + PORTS_MAX),
            invert: false,
          },
        ],
        target: jump(chain),
      });
    }
    return rules;
  });
}

function remove(request: CniRequest): Result<CniResult, string> {
  const result = request.previous ?? { interfaces: [], ips: [] };
  if (request.portMappings.length === 0) return ok(result);
  const { host, network, containerId } = request;
  const chain = chainName(network, containerId, 'DN-');
  const chains = rulesOf(host.netfilter).list('nat');
  if (!chains.some((one) => one.name === chain)) return ok(result);
  const entries = chains.find((one) => one.name === DNAT_CHAIN)?.rules() ?? [];
  const changes: Change[] = entries
    .filter(({ rule }) => rule.target.kind === 'jump' && rule.target.chain === chain)
    .map(({ rule }) => ({ op: 'deleteRule', chain: DNAT_CHAIN, rule }));
  changes.push({ op: 'flush', chain }, { op: 'deleteChain', chain });
  if (!changeNat(host, changes)) return err('unable to tear down host port rules');
  forgetDatagrams(host, request.portMappings);
  return ok(result);
}

/** Flows of datagrams that began under other rules would go on by them. */
function forgetDatagrams(host: NetworkNamespace, mappings: readonly CniPortMapping[]): void {
  const ports = new Set(
    mappings.filter((one) => one.protocol === 'udp').map(({ hostPort }) => hostPort),
  );
  if (ports.size === 0) return;
  rulesOf(host.netfilter).removeConnections(
    (entry) => entry.protocol === UDP && ports.has(entry.original.dport),
  );
}
