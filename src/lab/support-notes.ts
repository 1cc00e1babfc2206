/**
 * What is simpler here than upstream and is not a field of a kind: the second half of the support table
 * (`lab support` prints both). Each is refused or warned about where it is met, except where it says
 * "simplified".
 */
export interface SupportNote {
  readonly area: string;
  readonly what: string;
  readonly how: 'refused' | 'warned' | 'simplified';
}

export const SUPPORT_NOTES: readonly SupportNote[] = [
  { area: 'api', what: 'kinds other than those of `kubectl api-resources`', how: 'refused' },
  { area: 'api', what: 'server-side apply and managedFields', how: 'refused' },
  {
    area: 'etcd',
    what: 'more than one member: Raft comes later, proposals go through a log of one',
    how: 'simplified',
  },
  {
    area: 'scheduler',
    what: 'preemption finds no victims; pod affinity and topology spread do not score',
    how: 'simplified',
  },
  {
    area: 'kubelet',
    what: 'gRPC probes, eviction by pressure, volumes other than emptyDir, hostPath, configMap, secret, projected and downwardAPI',
    how: 'refused',
  },
  { area: 'kube-proxy', what: 'ClientIP affinity; ipvs and nftables modes', how: 'warned' },
  {
    area: 'network',
    what: 'IPv6, path MTU, congestion control; a lost packet waits for the retransmission timer',
    how: 'simplified',
  },
  {
    area: 'netfilter',
    what: 'tables raw and security, matches set, hashlimit and nfacct, target LOG',
    how: 'refused',
  },
  {
    area: 'images',
    what: "ubuntu has python3, which today's real image has not; an unknown repository runs a stand-in that listens on its declared ports",
    how: 'simplified',
  },
  {
    area: 'seed-era',
    what: "kube-proxy's names and dump, the scheduler's 0–10 scores and kubectl's texts are of their time; the API is 1.34's",
    how: 'simplified',
  },
];
