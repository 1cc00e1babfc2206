/** The flags of kube-controller-manager that are understood here, and what controllers make of them. */
import type { Process } from '../../machines/machine/process.ts';
import { goError } from '../../machines/network/errno.ts';
import { type ControllerFlags, DEFAULT_FLAGS } from './context.ts';

/** Flags that kubeadm writes, and those that change what a controller does. */
export const KNOWN_FLAGS: readonly string[] = [
  'allocate-node-cidrs',
  'authentication-kubeconfig',
  'authorization-kubeconfig',
  'bind-address',
  'client-ca-file',
  'cluster-cidr',
  'cluster-name',
  'cluster-signing-cert-file',
  'cluster-signing-key-file',
  'controllers',
  'kube-api-burst',
  'kube-api-qps',
  'kubeconfig',
  'large-cluster-size-threshold',
  'leader-elect',
  'max-endpoints-per-slice',
  'mirroring-max-endpoints-per-subset',
  'node-cidr-mask-size',
  'node-eviction-rate',
  'node-monitor-grace-period',
  'node-monitor-period',
  'node-startup-grace-period',
  'requestheader-client-ca-file',
  'root-ca-file',
  'secondary-node-eviction-rate',
  'secure-port',
  'service-account-private-key-file',
  'service-cluster-ip-range',
  'terminated-pod-gc-threshold',
  'unhealthy-zone-threshold',
  'use-service-account-credentials',
  'v',
];

export const SWITCHES: readonly string[] = [
  'allocate-node-cidrs',
  'leader-elect',
  'use-service-account-credentials',
];

/** Controllers of upstream whose kinds are not served yet. */
export const NOT_RUN: readonly string[] = [
  'bootstrap-signer-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'cronjob-controller',
  'daemonset-controller',
  'disruption-controller',
  'ephemeral-volume-controller',
  'horizontal-pod-autoscaler-controller',
  'job-controller',
  'legacy-serviceaccount-token-cleaner-controller',
  'node-route-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-binder-controller',
  'persistentvolume-expander-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
  'replicationcontroller-controller',
  'resourceclaim-controller',
  'resourcequota-controller',
  'selinux-warning-controller',
  'service-cidr-controller',
  'service-lb-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'storage-version-migrator-controller',
  'storageversion-garbage-collector-controller',
  'token-cleaner-controller',
  'ttl-after-finished-controller',
  'ttl-controller',
  'validatingadmissionpolicy-status-controller',
  'volumeattributesclass-protection-controller',
];

/** What controllers look at; a text is an error that ends the program. */
export function readControllerFlags(
  process: Process,
  flags: ReadonlyMap<string, string>,
): ControllerFlags | string {
  const rootFile = flags.get('root-ca-file');
  let rootCa = '';
  if (rootFile !== undefined) {
    const text = process.files.readText(rootFile);
    if (!text.ok) {
      return `error reading root-ca-file at ${rootFile}: open ${rootFile}: ${goError(text.error)}`;
    }
    rootCa = text.value;
  }
  const number = (name: string, fallback: number): number => {
    const text = flags.get(name);
    return text === undefined || text === '' ? fallback : Number(text);
  };
  const span = (name: string, fallback: number): number =>
    parseDuration(flags.get(name) ?? '') ?? fallback;
  const base = DEFAULT_FLAGS;
  return {
    clusterCidr:
      flags.get('allocate-node-cidrs') === 'true' ? (flags.get('cluster-cidr') ?? '') : '',
    nodeCidrMaskSize: number('node-cidr-mask-size', base.nodeCidrMaskSize),
    rootCa,
    nodeMonitorPeriod: span('node-monitor-period', base.nodeMonitorPeriod),
    nodeMonitorGracePeriod: span('node-monitor-grace-period', base.nodeMonitorGracePeriod),
    nodeStartupGracePeriod: span('node-startup-grace-period', base.nodeStartupGracePeriod),
    nodeEvictionRate: number('node-eviction-rate', base.nodeEvictionRate),
    secondaryNodeEvictionRate: number(
      'secondary-node-eviction-rate',
      base.secondaryNodeEvictionRate,
    ),
    largeClusterSizeThreshold: number(
      'large-cluster-size-threshold',
      base.largeClusterSizeThreshold,
    ),
    unhealthyZoneThreshold: number('unhealthy-zone-threshold', base.unhealthyZoneThreshold),
    terminatedPodGcThreshold: number('terminated-pod-gc-threshold', base.terminatedPodGcThreshold),
    maxEndpointsPerSlice: number('max-endpoints-per-slice', base.maxEndpointsPerSlice),
    mirroringMaxEndpointsPerSubset: number(
      'mirroring-max-endpoints-per-subset',
      base.mirroringMaxEndpointsPerSubset,
    ),
  };
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1_000],
  ['s', 1_000_000],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
]);

/** Microseconds of a Go duration in whole units: `1m30s`, `40s`. */
function parseDuration(text: string): number | undefined {
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const match of text.matchAll(/(\d+)(ms|s|m|h)/g)) {
    sum += Number(match[1]) * (UNITS.get(match[2] as string) as number);
  }
  return sum;
}
