/**
 * What the plugins share to write into the host's nat table: chain names and comments of one
 * container (containernetworking/plugins v1.7 pkg/utils/utils.go and iptables.go).
 */
import { quote } from '../../../ground/base/text.ts';
import { sha512Hex } from '../../../ground/pki/digest.ts';
import { rulesOf } from '../../../machines/network/netfilter/access.ts';
import type { Match, Rule, Target } from '../../../machines/network/netfilter/rule.ts';
import type { Change } from '../../../machines/network/netfilter/transaction.ts';
import type { NetworkNamespace } from '../../../machines/network/namespace.ts';

/** Longest name of a chain that the plugins use. */
const CHAIN_LENGTH_MAX = 28;
const ALL = 0xffffffff;

/** `CNI-` and a hash of network and container, for instance `CNI-DN-ab12…`. */
export function chainName(network: string, containerId: string, prefix: string): string {
  return `CNI-${prefix}${sha512Hex(network + containerId)}`.slice(0, CHAIN_LENGTH_MAX);
}

export function commentOf(text: string): Match {
  return { kind: 'comment', text };
}

/** `name: "podnet" id: "9f86…"` */
export function formatComment(network: string, containerId: string): string {
  return `name: ${quote(network)} id: ${quote(containerId)}`;
}

export function jump(chain: string): Target {
  return { kind: 'jump', chain };
}

export function only(ip: number): Rule['src'] & object {
  return { ip, mask: ALL, invert: false };
}

/** Writes changes to the nat table; the plugins' own rules are always well formed. */
export function changeNat(host: NetworkNamespace, changes: readonly Change[]): boolean {
  return changes.length === 0 || rulesOf(host.netfilter).apply([{ table: 'nat', changes }]).ok;
}

/** Chains of the nat table that exist. */
export function natChains(host: NetworkNamespace): ReadonlySet<string> {
  return new Set(
    rulesOf(host.netfilter)
      .list('nat')
      .map((chain) => chain.name),
  );
}
