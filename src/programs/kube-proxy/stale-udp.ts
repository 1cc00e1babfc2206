/**
 * Which UDP connections a change has made stale: a datagram that a client sends from its old port would
 * follow the old translation to an endpoint that is gone
 * (k8s.io/kubernetes/pkg/proxy/conntrack/cleanup.go CleanStaleEntries, v1.34).
 */
import type { Ip } from '../../ground/base/ip.ts';
import { type ConntrackEntry, UDP } from '../../machines/network/netfilter/types.ts';
import type { PortState } from './service-map.ts';

/** Picks the entries to one of a port's addresses whose answers no serving endpoint gives. */
export function staleUdp(
  state: PortState,
  serves: (ip: Ip, port: number) => boolean,
): (entry: ConntrackEntry) => boolean {
  const addresses = new Set([
    state.clusterIp,
    ...state.externalIps,
    ...(state.policy?.balancerIps ?? []),
  ]);
  return ({ protocol, original, reply }) => {
    if (protocol !== UDP) return false;
    const asked =
      (original.dport === state.port && addresses.has(original.dst)) ||
      (state.nodePort > 0 && original.dport === state.nodePort);
    return asked && !serves(reply.src, reply.sport);
  };
}
