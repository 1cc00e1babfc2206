/**
 * Which fields of pods and pod templates have no effect here, and which are refused (law 5). What is
 * not named is simulated.
 */
import type { Unsupported } from '../descriptor.ts';

const ANY = '[*]';

/** Volume types that no program of a lab can mount. */
const VOLUMES = `awsElasticBlockStore azureDisk azureFile cephfs cinder csi ephemeral fc flexVolume
flocker gcePersistentDisk gitRepo glusterfs image iscsi nfs persistentVolumeClaim photonPersistentDisk
portworxVolume quobyte rbd scaleIO storageos vsphereVolume`.split(/\s+/);

const CONTAINER: readonly [string, 'ignored' | 'refused', string][] = [
  ['livenessProbe.grpc', 'refused', 'gRPC probes are not simulated yet.'],
  ['readinessProbe.grpc', 'refused', 'gRPC probes are not simulated yet.'],
  ['startupProbe.grpc', 'refused', 'gRPC probes are not simulated yet.'],
  ['volumeDevices', 'refused', 'Raw block volumes need storage that a lab does not have.'],
  ['resizePolicy', 'ignored', 'Containers are not resized in place yet.'],
  ['restartPolicyRules', 'ignored', 'Restart rules by exit code are not simulated yet.'],
  ['securityContext.seccompProfile', 'ignored', 'The kernel model has no system call filter.'],
  ['securityContext.appArmorProfile', 'ignored', 'The kernel model has no AppArmor.'],
  ['securityContext.seLinuxOptions', 'ignored', 'The kernel model has no SELinux.'],
  ['securityContext.windowsOptions', 'ignored', 'All nodes run Linux.'],
  ['securityContext.procMount', 'ignored', 'The proc file system is always the default one.'],
  ['resources.claims', 'refused', 'Dynamic resource allocation is not simulated yet.'],
];

const POD: readonly [string, 'ignored' | 'refused', string][] = [
  ['affinity.podAffinity', 'ignored', 'Pods are placed without regard to other pods yet.'],
  ['affinity.podAntiAffinity', 'ignored', 'Pods are placed without regard to other pods yet.'],
  ['topologySpreadConstraints', 'ignored', 'Pods are placed without regard to topology yet.'],
  ['overhead', 'ignored', 'Runtime classes are not simulated yet.'],
  ['runtimeClassName', 'refused', 'Runtime classes are not simulated yet.'],
  ['resourceClaims', 'refused', 'Dynamic resource allocation is not simulated yet.'],
  ['resources', 'ignored', 'Resources of a whole pod are not simulated yet.'],
  ['hostUsers', 'ignored', 'There are no user namespaces.'],
  ['os', 'ignored', 'All nodes run Linux.'],
  ['hostnameOverride', 'ignored', 'The feature is off in 1.34.'],
  ['securityContext.seccompProfile', 'ignored', 'The kernel model has no system call filter.'],
  ['securityContext.appArmorProfile', 'ignored', 'The kernel model has no AppArmor.'],
  ['securityContext.seLinuxOptions', 'ignored', 'The kernel model has no SELinux.'],
  ['securityContext.seLinuxChangePolicy', 'ignored', 'The kernel model has no SELinux.'],
  ['securityContext.windowsOptions', 'ignored', 'All nodes run Linux.'],
  ['securityContext.sysctls', 'ignored', 'Kernel parameters of a pod cannot be set.'],
  ['imagePullSecrets', 'ignored', 'The registry asks nobody for a password.'],
];

/** The list for a pod spec at a path. */
export function podUnsupported(spec: string): readonly Unsupported[] {
  const list: Unsupported[] = [];
  for (const name of VOLUMES) {
    list.push({
      path: `${spec}.volumes${ANY}.${name}`,
      how: 'refused',
      why: 'A lab has no such storage yet: use emptyDir, hostPath, configMap, secret or projected.',
    });
  }
  list.push({
    path: `${spec}.volumes${ANY}.projected.sources${ANY}.clusterTrustBundle`,
    how: 'refused',
    why: 'Trust bundles are not simulated yet.',
  });
  list.push({
    path: `${spec}.volumes${ANY}.projected.sources${ANY}.podCertificate`,
    how: 'refused',
    why: 'Pod certificates are not simulated yet.',
  });
  for (const kind of ['containers', 'initContainers']) {
    for (const [path, how, why] of CONTAINER) {
      list.push({ path: `${spec}.${kind}${ANY}.${path}`, how, why });
    }
  }
  list.push({
    path: `${spec}.containers${ANY}.env${ANY}.valueFrom.fileKeyRef`,
    how: 'refused',
    why: 'Variables from files are an alpha feature that is off.',
  });
  for (const [path, how, why] of POD) list.push({ path: `${spec}.${path}`, how, why });
  return list;
}
