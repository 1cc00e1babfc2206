/**
 * The chains of the kubelet itself: KUBE-FIREWALL, the hint for other writers of iptables, and its
 * canaries (k8s.io/kubernetes/pkg/kubelet/kubelet_network_linux.go, v1.34).
 */
import type { Process } from '../../machines/machine/process.ts';
import { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import type { Rule } from '../../machines/network/netfilter/rule.ts';
import type { Change, Transaction } from '../../machines/network/netfilter/transaction.ts';

const LOOPBACK = { ip: 0x7f000000, mask: 0xff000000 };
/** RELATED, ESTABLISHED and DNAT, in the core's bits. */
const KNOWN_STATES = 4 | 2 | 32;

const FIREWALL: Rule = {
  src: { ...LOOPBACK, invert: true },
  dst: { ...LOOPBACK, invert: false },
  matches: [
    { kind: 'comment', text: 'block incoming localnet connections' },
    { kind: 'conntrack', states: KNOWN_STATES, invert: true },
  ],
  target: { kind: 'DROP' },
};

const JUMP: Rule = { matches: [], target: { kind: 'jump', chain: 'KUBE-FIREWALL' } };

function canary(chain: string): Change {
  return { op: 'resetChain', chain };
}

/** Writes the chains of a node whose kubelet starts. */
export function writeKubeletChains(process: Process): void {
  const { netfilter } = process.kernel.namespaces.network;
  if (!(netfilter instanceof NamespaceNetfilter)) return;
  if (netfilter.list('filter').some((chain) => chain.name === 'KUBE-FIREWALL')) return;
  const transactions: readonly Transaction[] = [
    { table: 'mangle', changes: [canary('KUBE-IPTABLES-HINT'), canary('KUBE-KUBELET-CANARY')] },
    { table: 'nat', changes: [canary('KUBE-KUBELET-CANARY')] },
    {
      table: 'filter',
      changes: [
        canary('KUBE-KUBELET-CANARY'),
        canary('KUBE-FIREWALL'),
        { op: 'append', chain: 'KUBE-FIREWALL', rule: FIREWALL },
        { op: 'append', chain: 'INPUT', rule: JUMP },
        { op: 'append', chain: 'OUTPUT', rule: JUMP },
      ],
    },
  ];
  netfilter.apply(transactions);
}
