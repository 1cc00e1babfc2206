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
    what: 'gRPC probes; volumes other than emptyDir, hostPath, configMap, secret, projected and downwardAPI',
    how: 'refused',
  },
  {
    area: 'kube-proxy',
    what: "modes ipvs and nftables; services of SCTP, slices of IPv6 and FQDN; affinity and Local traffic policies in the seed era's proxy",
    how: 'warned',
  },
  {
    area: 'network',
    what: 'IPv6, path MTU, congestion control; a lost packet waits for the retransmission timer',
    how: 'simplified',
  },
  {
    area: 'netfilter',
    what: 'tables raw and security; matches set, hashlimit, nfacct and others; targets LOG, NFQUEUE, TPROXY and others; TCP flags other than SYN, codes of ICMP types',
    how: 'refused',
  },
  {
    area: 'images',
    what: "ubuntu has python3, which today's real image has not; an unknown repository runs a stand-in that listens on its declared ports; nginx's workers, which its log names, are one process with the master; images are one layer, whose size is a round number",
    how: 'simplified',
  },
  {
    area: 'kubectl',
    what: 'apply --server-side, --prune and --overwrite=false, diff --server-side, create --edit, auth reconcile, cluster-info dump, proxy --www, debug, kustomize',
    how: 'refused',
  },
  {
    area: 'kubectl',
    what: '--warnings-as-errors, --match-server-version, --vmodule, profiles and flags that replace credentials of the kubeconfig',
    how: 'warned',
  },
  {
    area: 'shell',
    what: 'back-references in patterns, tar; less and more never page; complete, bind and ulimit change nothing, fc edits nothing',
    how: 'simplified',
  },
  {
    area: 'tools',
    what: 'tcpdump, ethtool, openssl, scp, lsof; proxies and cookie jars of curl; crictl runp, create, attach and port-forward',
    how: 'refused',
  },
  {
    area: 'systemd',
    what: 'ExecStartPost and ExecReload of units have no effect (daemon-reload names them); reload sends SIGHUP',
    how: 'warned',
  },
  {
    area: 'kubelet',
    what: 'no pod is evicted and no image removed because a node runs short of memory, disk or inodes; logs do not count as ephemeral storage, memory volumes not against the memory limit',
    how: 'simplified',
  },
  {
    area: 'machine',
    what: 'of /proc and /sys there is what tools read; page cache and slabs are a fixed part of the memory, out of memory kills the largest process of the group (no oom_score_adj)',
    how: 'simplified',
  },
  {
    area: 'kubelet',
    what: 'setHostnameAsFQDN with a whole name of more than 64 characters: the pod keeps its short one',
    how: 'simplified',
  },
  {
    area: 'trace',
    what: 'the visible past is bounded: 50,000 records and the latest 5,000 deleted objects',
    how: 'simplified',
  },
  {
    area: 'seed-era',
    what: "kube-proxy's names and dump, the scheduler's 0–10 scores and kubectl's texts are of their time; the API is 1.34's",
    how: 'simplified',
  },
];
