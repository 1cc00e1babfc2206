/**
 * kube-apiserver's command line (cmd/kube-apiserver/app/options, v1.34): the flags that kubeadm
 * writes and the common ones beside them. An unknown flag is refused as pflag refuses it.
 */
import { type Cidr, parseCidr } from '../../ground/base/cidr.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { parseFlags } from '../client/flags.ts';

const KNOWN = `advertise-address allow-privileged anonymous-auth api-audiences audit-log-path
audit-policy-file authorization-mode bind-address cert-dir client-ca-file
default-not-ready-toleration-seconds default-unreachable-toleration-seconds
disable-admission-plugins enable-admission-plugins enable-aggregator-routing
enable-bootstrap-token-auth endpoint-reconciler-type etcd-cafile etcd-certfile
etcd-compaction-interval etcd-keyfile etcd-prefix etcd-servers event-ttl feature-gates
kubelet-certificate-authority kubelet-client-certificate kubelet-client-key
kubelet-preferred-address-types max-mutating-requests-inflight max-requests-inflight
min-request-timeout profiling proxy-client-cert-file proxy-client-key-file request-timeout
requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix
requestheader-group-headers requestheader-uid-headers requestheader-username-headers
runtime-config secure-port service-account-extend-token-expiration service-account-issuer
service-account-key-file service-account-lookup service-account-max-token-expiration
service-account-signing-key-file service-cluster-ip-range service-node-port-range
storage-backend tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file v
watch-cache`.split(/\s+/);

const SWITCHES = [
  'allow-privileged',
  'anonymous-auth',
  'enable-aggregator-routing',
  'enable-bootstrap-token-auth',
  'profiling',
  'service-account-extend-token-expiration',
  'service-account-lookup',
  'watch-cache',
];

export interface Options {
  readonly advertiseAddress: string;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly allowPrivileged: boolean;
  readonly anonymous: boolean;
  readonly authorizationModes: readonly string[];
  readonly admission: ReadonlySet<string>;
  readonly clientCa: string;
  readonly certificate: string;
  readonly key: string;
  readonly etcdServers: readonly string[];
  readonly etcdCa: string;
  readonly etcdCertificate: string;
  readonly etcdKey: string;
  readonly kubeletCertificate: string;
  readonly kubeletKey: string;
  readonly kubeletCa: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly accountKeys: string;
  readonly signingKey: string;
  readonly serviceRange: Cidr;
  readonly nodePorts: { readonly first: number; readonly last: number };
  readonly eventTtlSeconds: number;
}

/** Reads the arguments behind argv[0]; the error is what stands behind `Error: `. */
export function parseOptions(args: readonly string[]): Result<Options, string> {
  const flags = parseFlags(args, KNOWN, SWITCHES);
  if (!flags.ok) return flags;
  const text = (name: string, otherwise = ''): string => flags.value.get(name) ?? otherwise;
  const list = (name: string, otherwise = ''): string[] =>
    text(name, otherwise)
      .split(',')
      .filter((each) => each !== '');
  const range = parseCidr(text('service-cluster-ip-range', '10.0.0.0/24'));
  if (range === undefined) {
    return err(
      `invalid argument "${text('service-cluster-ip-range')}" for "--service-cluster-ip-range"`,
    );
  }
  const ports = /^(\d+)-(\d+)$/.exec(text('service-node-port-range', '30000-32767'));
  if (ports === null)
    return err(
      `invalid argument "${text('service-node-port-range')}" for "--service-node-port-range"`,
    );
  const problems: string[] = [];
  if (list('etcd-servers').length === 0) problems.push('--etcd-servers must be specified');
  const issuer = text('service-account-issuer');
  if (issuer === '') problems.push('--service-account-issuer is a required flag');
  if (text('service-account-signing-key-file') === '')
    problems.push('--service-account-signing-key-file is a required flag');
  const modes = list('authorization-mode', 'AlwaysAllow');
  const unknown = modes.find((mode) => !MODES.includes(mode));
  if (unknown !== undefined) problems.push(`authorization-mode "${unknown}" is not a valid mode`);
  if (problems.length > 0)
    return err(problems.length === 1 ? (problems[0] as string) : `[${problems.join(', ')}]`);
  const plugins = new Set([...DEFAULT_ADMISSION, ...list('enable-admission-plugins')]);
  for (const name of list('disable-admission-plugins')) plugins.delete(name);
  return ok({
    advertiseAddress: text('advertise-address'),
    bindAddress: text('bind-address', '0.0.0.0'),
    securePort: Number(text('secure-port', '6443')),
    allowPrivileged: text('allow-privileged') === 'true',
    anonymous: text('anonymous-auth', 'true') === 'true',
    authorizationModes: modes,
    admission: plugins,
    clientCa: text('client-ca-file'),
    certificate: text('tls-cert-file'),
    key: text('tls-private-key-file'),
    etcdServers: list('etcd-servers'),
    etcdCa: text('etcd-cafile'),
    etcdCertificate: text('etcd-certfile'),
    etcdKey: text('etcd-keyfile'),
    kubeletCertificate: text('kubelet-client-certificate'),
    kubeletKey: text('kubelet-client-key'),
    kubeletCa: text('kubelet-certificate-authority'),
    issuer,
    audiences: list('api-audiences', issuer),
    accountKeys: text('service-account-key-file', text('service-account-signing-key-file')),
    signingKey: text('service-account-signing-key-file'),
    serviceRange: range,
    nodePorts: { first: Number(ports[1]), last: Number(ports[2]) },
    eventTtlSeconds: secondsOf(text('event-ttl', '1h0m0s')),
  });
}

const MODES = ['AlwaysAllow', 'AlwaysDeny', 'ABAC', 'Webhook', 'RBAC', 'Node'];
const DEFAULT_ADMISSION = [
  'NamespaceLifecycle',
  'ServiceAccount',
  'DefaultTolerationSeconds',
  'Priority',
];

/** `1h0m0s` */
function secondsOf(text: string): number {
  let total = 0;
  for (const match of text.matchAll(/(\d+)([hms])/g)) {
    total += Number(match[1]) * (match[2] === 'h' ? 3600 : match[2] === 'm' ? 60 : 1);
  }
  return total;
}
