/** The flags of kube-controller-manager that are understood here, and what controllers make of them. */
import type { Process } from '../../machines/machine/process.ts';
import { goError } from '../../machines/network/errno.ts';
import { parseDuration } from '../../ground/api/int-or-string.ts';
import { type Flags, type FlagTypes, isOn } from '../../spine/client/flags.ts';
import { type ControllerFlags, DEFAULT_FLAGS } from './context.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Flags that change what the program or a controller does. */
export const OBEYED_FLAGS = words(`
allocate-node-cidrs bind-address cluster-cidr controllers kube-api-burst kube-api-qps kubeconfig
large-cluster-size-threshold leader-elect leader-elect-lease-duration leader-elect-renew-deadline
leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace
leader-elect-retry-period max-endpoints-per-slice mirroring-max-endpoints-per-subset
node-cidr-mask-size node-cidr-mask-size-ipv4 node-eviction-rate node-monitor-grace-period
node-monitor-period node-startup-grace-period root-ca-file secondary-node-eviction-rate secure-port
terminated-pod-gc-threshold unhealthy-zone-threshold use-service-account-credentials`);

/** Known to upstream (cmd/kube-controller-manager/app/options, v1.34), without effect here. */
const IDLE_FLAGS = words(`
allow-metric-labels allow-metric-labels-manifest allow-untagged-cloud
attach-detach-reconcile-sync-period authentication-kubeconfig authentication-skip-lookup
authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure
authorization-always-allow-paths authorization-kubeconfig
authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl cert-dir
cidr-allocator-type client-ca-file cloud-config cloud-provider cluster-name
cluster-signing-cert-file cluster-signing-duration cluster-signing-key-file
cluster-signing-kube-apiserver-client-cert-file cluster-signing-kube-apiserver-client-key-file
cluster-signing-kubelet-client-cert-file cluster-signing-kubelet-client-key-file
cluster-signing-kubelet-serving-cert-file cluster-signing-kubelet-serving-key-file
cluster-signing-legacy-unknown-cert-file cluster-signing-legacy-unknown-key-file
concurrent-cron-job-syncs concurrent-daemonset-syncs concurrent-deployment-syncs
concurrent-endpoint-syncs concurrent-ephemeralvolume-syncs concurrent-gc-syncs
concurrent-horizontal-pod-autoscaler-syncs concurrent-job-syncs concurrent-namespace-syncs
concurrent-node-syncs concurrent-rc-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs
concurrent-service-endpoint-syncs concurrent-service-syncs concurrent-serviceaccount-token-syncs
concurrent-statefulset-syncs concurrent-ttl-after-finished-syncs
concurrent-validating-admission-policy-status-syncs configure-cloud-routes contention-profiling
controller-shutdown-timeout controller-start-interval disable-attach-detach-reconcile-sync
disable-force-detach-on-timeout disable-http2-serving disabled-metrics emulated-version
enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner
enable-leader-migration endpoint-updates-batch-period endpointslice-updates-batch-period
external-cloud-volume-plugin feature-gates flex-volume-plugin-dir
horizontal-pod-autoscaler-cpu-initialization-period
horizontal-pod-autoscaler-downscale-stabilization
horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period
horizontal-pod-autoscaler-tolerance http2-max-streams-per-connection
kube-api-content-type leader-migration-config legacy-service-account-token-clean-up-period
log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size
log-text-split-stream logging-format master min-resync-period
mirroring-concurrent-service-endpoint-syncs mirroring-endpointslice-updates-batch-period
namespace-sync-period node-cidr-mask-size-ipv6 permit-address-sharing permit-port-sharing profiling
pv-recycler-increment-timeout-nfs pv-recycler-minimum-timeout-hostpath
pv-recycler-minimum-timeout-nfs pv-recycler-pod-template-filepath-hostpath
pv-recycler-pod-template-filepath-nfs pv-recycler-timeout-increment-hostpath
pvclaimbinder-sync-period requestheader-allowed-names requestheader-client-ca-file
requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers
requestheader-username-headers resource-quota-sync-period route-reconciliation-period
service-account-private-key-file service-cluster-ip-range show-hidden-metrics-for-version
tls-cert-file tls-cipher-suites tls-curve-preferences tls-min-version tls-private-key-file
tls-sni-cert-key v vmodule volume-host-allow-local-loopback volume-host-cidr-denylist`);

export const KNOWN_FLAGS: readonly string[] = [...OBEYED_FLAGS, ...IDLE_FLAGS];

export const SWITCHES = words(`
allocate-node-cidrs allow-untagged-cloud authentication-skip-lookup
authentication-tolerate-lookup-failure configure-cloud-routes contention-profiling
disable-attach-detach-reconcile-sync disable-force-detach-on-timeout disable-http2-serving
enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner
enable-leader-migration leader-elect permit-address-sharing permit-port-sharing profiling
use-service-account-credentials volume-host-allow-local-loopback`);

export const FLAG_TYPES: FlagTypes = {
  int: words(`kube-api-burst large-cluster-size-threshold max-endpoints-per-slice
mirroring-max-endpoints-per-subset node-cidr-mask-size node-cidr-mask-size-ipv4 secure-port
terminated-pod-gc-threshold`),
  float: words(`kube-api-qps node-eviction-rate secondary-node-eviction-rate
unhealthy-zone-threshold`),
  duration: words(`leader-elect-lease-duration leader-elect-renew-deadline
leader-elect-retry-period node-monitor-grace-period node-monitor-period
node-startup-grace-period`),
};

/** Refusals of upstream's validation that concern what is obeyed here. */
export function checkFlags(flags: Flags): string | undefined {
  const lock = flags.get('leader-elect-resource-lock') ?? 'leases';
  if (lock !== 'leases') {
    return `leaderElection.resourceLock: Invalid value: "${lock}": resourceLock value must be "leases"`;
  }
  if (isOn(flags, 'allocate-node-cidrs', false) && (flags.get('cluster-cidr') ?? '') === '') {
    return '--cluster-cidr must be set if --allocate-node-cidrs is true';
  }
  return undefined;
}

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
export function readControllerFlags(process: Process, flags: Flags): ControllerFlags | string {
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
    clusterCidr: isOn(flags, 'allocate-node-cidrs', false) ? (flags.get('cluster-cidr') ?? '') : '',
    nodeCidrMaskSize: number(
      'node-cidr-mask-size-ipv4',
      number('node-cidr-mask-size', base.nodeCidrMaskSize),
    ),
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
