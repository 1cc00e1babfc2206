/** From the interface that the packet path uses to what the tools and kube-proxy use. */
import { assert } from '../../../ground/base/assert.ts';
import { NamespaceNetfilter } from './netfilter.ts';
import type { Netfilter } from './types.ts';

/** The rules of a namespace: `rulesOf(process.kernel.namespaces.network.netfilter).apply(…)`. */
export function rulesOf(netfilter: Netfilter): NamespaceNetfilter {
  assert(
    netfilter instanceof NamespaceNetfilter,
    'the netfilter of a namespace is over a packet core',
  );
  return netfilter;
}
