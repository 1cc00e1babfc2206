/**
 * CRI's configurations of a pod and its containers (k8s.io/kubernetes/pkg/kubelet/kuberuntime
 * kuberuntime_sandbox.go and kuberuntime_container.go, v1.34).
 */
import { entryOf } from '../../ground/api/meta.ts';
import { milliValue, wholeValue } from '../../ground/api/quantity.ts';
import type { Container, Pod } from '../../ground/api/types.ts';
import { fnv1a } from '../../ground/base/hash.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Process } from '../../machines/machine/process.ts';
import type {
  ContainerConfig,
  DnsConfig,
  LinuxResources,
  Mount,
  NamespaceOptions,
  PodSandboxConfig,
} from '../runtime/wire/index.ts';
import type { KubeletConfig } from './config.ts';
import { formatPod } from './core.ts';
import { expand } from './expansion.ts';
import { qosClassOf } from './status.ts';
import type { Variable } from './env.ts';
import { podFolder, volumePath } from './volumes.ts';

const LABEL_POD_NAME = 'io.kubernetes.pod.name';
const LABEL_POD_NAMESPACE = 'io.kubernetes.pod.namespace';
export const LABEL_POD_UID = 'io.kubernetes.pod.uid';
export const LABEL_CONTAINER_NAME = 'io.kubernetes.container.name';
export const ANNOTATION_HASH = 'io.kubernetes.container.hash';
const ANNOTATION_TERMINATION_PATH = 'io.kubernetes.container.terminationMessagePath';
export const ANNOTATION_TERMINATION_POLICY = 'io.kubernetes.container.terminationMessagePolicy';
const ANNOTATION_GRACE = 'io.kubernetes.pod.terminationGracePeriod';

/** The hash that tells whether a running container still is what the pod asks for: of name and image. */
export function containerHash(container: Container): string {
  return fnv1a(
    `{"image":${JSON.stringify(container.image ?? '')},"name":${JSON.stringify(container.name)}}`,
  ).toString(16);
}

/** `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid>.slice` */
function podCgroup(pod: Pod): string {
  const uid = (pod.metadata.uid ?? '').replace(/-/g, '_');
  const qos = qosClassOf(pod).toLowerCase();
  if (qos === 'guaranteed') return `/kubepods.slice/kubepods-pod${uid}.slice`;
  return `/kubepods.slice/kubepods-${qos}.slice/kubepods-${qos}-pod${uid}.slice`;
}

/** Where the logs of a pod's containers stand. */
export function logFolder(pod: Pod): string {
  return `/var/log/pods/${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`;
}

function hostnameOf(pod: Pod): string {
  return pod.spec?.hostname || pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');
}

/** The longest name that a kernel takes. */
const KERNEL_NAME_MAX = 64;

/** What `hostname` says in the pod: its short name, or the whole one where it asks for that. */
function kernelName(pod: Pod, config: KubeletConfig): string {
  const short = hostnameOf(pod);
  const subdomain = pod.spec?.subdomain ?? '';
  if (pod.spec?.setHostnameAsFQDN !== true || subdomain === '') return short;
  const whole = `${short}.${subdomain}.${pod.metadata.namespace}.svc.${config.clusterDomain}`;
  return whole.length > KERNEL_NAME_MAX ? short : whole;
}

/** The pod's DNS settings by its policy (pkg/kubelet/network/dns/dns.go). */
function dnsOf(process: Process, config: KubeletConfig, pod: Pod): DnsConfig {
  const spec = pod.spec;
  const host = hostDns(process, config.resolvConf);
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const cluster =
    policy === 'ClusterFirstWithHostNet' ||
    (policy === 'ClusterFirst' && spec?.hostNetwork !== true);
  let base: DnsConfig = host;
  if (policy === 'None') base = { servers: [], searches: [], options: [] };
  else if (cluster && config.clusterDns.length > 0) {
    const domain = config.clusterDomain;
    const own =
      domain === '' ? [] : [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain];
    base = {
      servers: config.clusterDns,
      searches: [...own, ...host.searches.filter((search) => !own.includes(search))],
      options: ['ndots:5'],
    };
  }
  const extra = spec?.dnsConfig;
  if (extra === undefined) return base;
  const options = new Map(base.options.map((option) => [option.split(':')[0] as string, option]));
  for (const { name, value } of extra.options ?? []) {
    if (name !== undefined)
      options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  }
  return {
    servers: [...new Set([...base.servers, ...(extra.nameservers ?? [])])].slice(0, 3),
    searches: [...new Set([...base.searches, ...(extra.searches ?? [])])].slice(0, 32),
    options: [...options.values()],
  };
}

function hostDns(process: Process, path: string): DnsConfig {
  const text = process.files.readText(path);
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.ok ? text.value.split('\n') : []) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0] !== undefined) servers.push(rest[0]);
    else if (word === 'search') searches = rest;
    else if (word === 'options') options = rest;
  }
  return { servers, searches, options };
}

function namespaceOptions(pod: Pod): NamespaceOptions {
  const spec = pod.spec;
  return {
    network: spec?.hostNetwork === true ? 'NODE' : 'POD',
    pid:
      spec?.hostPID === true ? 'NODE' : spec?.shareProcessNamespace === true ? 'POD' : 'CONTAINER',
    ipc: spec?.hostIPC === true ? 'NODE' : 'POD',
  };
}

function podLabels(pod: Pod): Record<string, string> {
  return {
    [LABEL_POD_NAME]: pod.metadata.name,
    [LABEL_POD_NAMESPACE]: pod.metadata.namespace ?? '',
    [LABEL_POD_UID]: pod.metadata.uid ?? '',
  };
}

export function sandboxConfig(
  process: Process,
  config: KubeletConfig,
  pod: Pod,
  attempt: number,
): PodSandboxConfig {
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const hostNetwork = pod.spec?.hostNetwork === true;
  return {
    metadata: {
      name: pod.metadata.name,
      uid: pod.metadata.uid ?? '',
      namespace: pod.metadata.namespace ?? '',
      attempt,
    },
    hostname: hostNetwork ? '' : kernelName(pod, config),
    logDirectory: logFolder(pod),
    dns: dnsOf(process, config, pod),
    portMappings: hostNetwork
      ? []
      : ports.map((port) => ({
          protocol: port.protocol === 'UDP' ? 'UDP' : 'TCP',
          containerPort: port.containerPort,
          hostPort: port.hostPort ?? 0,
          hostIp: port.hostIP ?? '',
        })),
    labels: { ...(pod.metadata.labels ?? {}), ...podLabels(pod) },
    annotations: pod.metadata.annotations ?? {},
    cgroupParent: podCgroup(pod),
    namespaces: namespaceOptions(pod),
    sysctls: {},
  };
}

/** CPU shares and quota, and the memory limit (pkg/kubelet/cm/helpers_linux.go). */
function resourcesOf(container: Container): LinuxResources {
  const limits = container.resources?.limits;
  const requests = container.resources?.requests;
  const cpuLimit = milliValue(entryOf(limits, 'cpu'));
  const cpuRequest =
    entryOf(requests, 'cpu') === undefined ? cpuLimit : milliValue(entryOf(requests, 'cpu'));
  const shares = cpuRequest === 0 ? 2 : Math.max(2, Math.floor((cpuRequest * 1024) / 1000));
  return {
    cpuShares: shares,
    cpuQuotaMilli: cpuLimit,
    memoryLimit: wholeValue(entryOf(limits, 'memory')),
  };
}

export interface ContainerInput {
  readonly process: Process;
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly imageRef: string;
  readonly variables: readonly Variable[];
  readonly podIp: string;
  /** Whom the image runs as: a number, a name, or neither for root. Asked only when it matters. */
  readonly imageUser: ImageUser | undefined;
}

export interface ImageUser {
  readonly uid?: number;
  readonly username: string;
}

/** Whether the container must not run as root (securitycontext DetermineEffectiveSecurityContext). */
export function mustNotBeRoot(pod: Pod, container: Container): boolean {
  const own = container.securityContext?.runAsNonRoot;
  return (own ?? pod.spec?.securityContext?.runAsNonRoot) === true;
}

/** Why a container that must not run as root would, or cannot be seen not to (kuberuntime security_context.go). */
function rootRefusal(
  pod: Pod,
  container: Container,
  uid: number | undefined,
  image: ImageUser | undefined,
): string | undefined {
  if (!mustNotBeRoot(pod, container)) return undefined;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  if (uid !== undefined)
    return uid === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  const name = image?.username ?? '';
  if (image?.uid === undefined && name !== '')
    return `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root ${where}`;
  if ((image?.uid ?? 0) === 0)
    return `container has runAsNonRoot and image will run as root ${where}`;
  return undefined;
}

/** The pod's hosts file, made once per start of a container. */
function writeHosts(process: Process, pod: Pod, podIp: string): string {
  const path = `${podFolder(pod.metadata.uid ?? '')}/etc-hosts`;
  const lines = ['# Kubernetes-managed hosts file.'];
  if (pod.spec?.hostNetwork === true) {
    const host = process.files.readText('/etc/hosts');
    lines[0] = '# Kubernetes-managed hosts file (host network).';
    if (host.ok) lines.push(host.value.replace(/\n$/, ''));
  } else {
    lines.push(
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
    );
    const hostname = hostnameOf(pod);
    const subdomain = pod.spec?.subdomain;
    const full =
      subdomain === undefined || subdomain === ''
        ? ''
        : `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.cluster.local\t`;
    lines.push(`${podIp}\t${full}${hostname}`);
  }
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length > 0) {
    lines.push('', '# Entries added by HostAliases.');
    for (const alias of aliases) lines.push(`${alias.ip}\t${(alias.hostnames ?? []).join('\t')}`);
  }
  process.files.mkdir(podFolder(pod.metadata.uid ?? ''), { parents: true });
  process.files.write(path, `${lines.join('\n')}\n`);
  return path;
}

function mountsOf(
  input: ContainerInput,
  lookup: (name: string) => string | undefined,
): Result<Mount[], string> {
  const { process, pod, container } = input;
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = pod.spec?.volumes?.find((candidate) => candidate.name === mount.name);
    if (volume === undefined)
      return err(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    let hostPath = volumePath(pod, volume);
    const sub =
      mount.subPathExpr === undefined || mount.subPathExpr === ''
        ? (mount.subPath ?? '')
        : expand(mount.subPathExpr, lookup);
    if (sub.split('/').includes('..'))
      return err(
        `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`,
      );
    if (sub !== '') {
      hostPath = `${hostPath}/${sub}`;
      if (!process.files.exists(hostPath))
        process.files.mkdir(hostPath, { parents: true, mode: 0o750 });
    }
    const shown = volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI;
    mounts.push({
      containerPath: mount.mountPath.replace(/(.)\/+$/, '$1'),
      hostPath,
      readonly: mount.readOnly === true || shown !== undefined,
    });
  }
  if (!mounts.some((mount) => mount.containerPath === '/etc/hosts')) {
    mounts.push({
      containerPath: '/etc/hosts',
      hostPath: writeHosts(process, pod, input.podIp),
      readonly: false,
    });
  }
  const termination = `${podFolder(pod.metadata.uid ?? '')}/containers/${container.name}/${input.attempt}`;
  process.files.mkdir(termination.slice(0, termination.lastIndexOf('/')), { parents: true });
  process.files.write(termination, '', 0o666);
  mounts.push({
    containerPath: container.terminationMessagePath ?? '/dev/termination-log',
    hostPath: termination,
    readonly: false,
  });
  return ok(mounts);
}

/** Everything that CreateContainer needs; the error is that of a CreateContainerConfigError. */
export function containerConfig(input: ContainerInput): Result<ContainerConfig, string> {
  const { pod, container } = input;
  const values = new Map(input.variables.map(({ key, value }) => [key, value]));
  const lookup = (name: string): string | undefined => values.get(name);
  const mounts = mountsOf(input, lookup);
  if (!mounts.ok) return mounts;
  const security = container.securityContext;
  const podSecurity = pod.spec?.securityContext;
  const uid = security?.runAsUser ?? podSecurity?.runAsUser;
  const gid = security?.runAsGroup ?? podSecurity?.runAsGroup;
  const root = rootRefusal(pod, container, uid, input.imageUser);
  if (root !== undefined) return err(root);
  const groups = [
    ...(podSecurity?.fsGroup === undefined ? [] : [podSecurity.fsGroup]),
    ...(podSecurity?.supplementalGroups ?? []),
  ];
  return ok({
    metadata: { name: container.name, attempt: input.attempt },
    image: input.imageRef,
    userImage: container.image ?? '',
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    workingDir: container.workingDir ?? '',
    envs: input.variables,
    mounts: mounts.value,
    labels: { ...podLabels(pod), [LABEL_CONTAINER_NAME]: container.name },
    annotations: {
      [ANNOTATION_HASH]: containerHash(container),
      'io.kubernetes.container.restartCount': `${input.attempt}`,
      [ANNOTATION_TERMINATION_PATH]: container.terminationMessagePath ?? '/dev/termination-log',
      [ANNOTATION_TERMINATION_POLICY]: container.terminationMessagePolicy ?? 'File',
      [ANNOTATION_GRACE]: `${pod.spec?.terminationGracePeriodSeconds ?? 30}`,
    },
    logPath: `${container.name}/${input.attempt}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: resourcesOf(container),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(groups.length === 0 ? {} : { supplementalGroups: groups }),
    supplementalGroupsPolicy:
      podSecurity?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    readonlyRoot: security?.readOnlyRootFilesystem === true,
    privileged: security?.privileged === true,
    namespaces: namespaceOptions(pod),
    declaredPorts: (container.ports ?? []).map((port) => ({
      port: port.containerPort,
      protocol: port.protocol === 'UDP' ? 'UDP' : 'TCP',
    })),
  });
}
