/**
 * kube-apiserver's command line (cmd/kube-apiserver/app/options, v1.34) as the server uses it. An
 * unknown flag is refused as pflag refuses it; which known ones have no effect, `flag-names` says.
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { type Cidr, parseCidr } from '../../ground/base/cidr.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { parseDuration } from '../../ground/api/int-or-string.ts';
import { type Flags, isOn, parseFlags } from '../client/flags.ts';
import {
  ADMISSION_PLUGINS,
  FLAG_TYPES,
  KNOWN_FLAGS,
  REFUSED_FLAGS,
  SWITCHES,
} from './flag-names.ts';

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
  /** `--max-requests-inflight` and `--max-mutating-requests-inflight`; 0: no limit. */
  readonly readsMax: number;
  readonly writesMax: number;
  readonly requestTimeout: Micros;
  /** The shortest time that a watch lasts unless it asks for less. */
  readonly watchSecondsMin: number;
  /** 0: never. */
  readonly compactionInterval: Micros;
  readonly addressTypes: readonly string[];
  /** Longest life of a token that is asked for; 0: no bound. */
  readonly tokenSecondsMax: number;
  /** False with `--endpoint-reconciler-type=none`. */
  readonly keepsEndpoints: boolean;
  /** Admission plugins that are asked for by name and do not exist here. */
  readonly idlePlugins: readonly string[];
  /** As given, for what is said about them. */
  readonly flags: Flags;
}

/** Reads the arguments behind argv[0]; the error is what stands behind `Error: `. */
export function parseOptions(args: readonly string[]): Result<Options, string> {
  const flags = parseFlags(args, KNOWN_FLAGS, SWITCHES, FLAG_TYPES);
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
  const modes = list('authorization-mode', 'AlwaysAllow');
  const problems = problemsOf(flags.value, modes, [
    ...list('enable-admission-plugins'),
    ...list('disable-admission-plugins'),
  ]);
  if (problems.length > 0)
    return err(problems.length === 1 ? (problems[0] as string) : `[${problems.join(', ')}]`);
  const issuer = text('service-account-issuer');
  const span = (name: string, otherwise: string): Micros =>
    parseDuration(text(name, otherwise)) ?? 0;
  const plugins = new Set([...DEFAULT_ADMISSION, ...list('enable-admission-plugins')]);
  for (const name of list('disable-admission-plugins')) plugins.delete(name);
  return ok({
    advertiseAddress: text('advertise-address'),
    bindAddress: text('bind-address', '0.0.0.0'),
    securePort: Number(text('secure-port', '6443')),
    allowPrivileged: isOn(flags.value, 'allow-privileged', false),
    anonymous: isOn(flags.value, 'anonymous-auth', true),
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
    eventTtlSeconds: Math.floor(span('event-ttl', '1h0m0s') / SECOND),
    readsMax: Number(text('max-requests-inflight', '400')),
    writesMax: Number(text('max-mutating-requests-inflight', '200')),
    requestTimeout: span('request-timeout', '1m0s'),
    watchSecondsMin: Number(text('min-request-timeout', '1800')),
    compactionInterval: span('etcd-compaction-interval', '5m0s'),
    addressTypes: list('kubelet-preferred-address-types', ADDRESS_TYPES),
    tokenSecondsMax: Math.floor(span('service-account-max-token-expiration', '0') / SECOND),
    keepsEndpoints: text('endpoint-reconciler-type', 'lease') !== 'none',
    idlePlugins: list('enable-admission-plugins').filter((name) => !SIMULATED.includes(name)),
    flags: flags.value,
  });
}

/** What upstream's validation says, all together. */
function problemsOf(
  flags: Flags,
  modes: readonly string[],
  plugins: readonly string[],
): readonly string[] {
  const problems: string[] = [];
  const text = (name: string): string => flags.get(name) ?? '';
  const refused = REFUSED_FLAGS.filter((name) => flags.has(name));
  for (const name of refused) problems.push(`--${name} is not supported by this simulator`);
  if (text('etcd-servers') === '') problems.push('--etcd-servers must be specified');
  const backend = flags.get('storage-backend') ?? 'etcd3';
  if (backend !== 'etcd3' && backend !== '')
    problems.push(
      `--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'`,
    );
  if ((flags.get('etcd-prefix') ?? PREFIX) !== PREFIX)
    problems.push(`--etcd-prefix other than ${PREFIX} is not supported by this simulator`);
  for (const name of ['max-requests-inflight', 'max-mutating-requests-inflight']) {
    if (Number(flags.get(name) ?? '0') < 0) problems.push(`--${name} can not be negative value`);
  }
  if (Number(flags.get('min-request-timeout') ?? '1') <= 0)
    problems.push('--min-request-timeout can not be negative or zero value');
  const timeout = flags.get('request-timeout');
  if (timeout !== undefined && (parseDuration(timeout) ?? 0) <= 0)
    problems.push('--request-timeout can not be negative or zero value');
  const reconciler = flags.get('endpoint-reconciler-type');
  if (reconciler !== undefined && !['lease', 'master-count', 'none'].includes(reconciler))
    problems.push(
      `--endpoint-reconciler-type was not correctly specified, valid values are master-count, lease, none`,
    );
  if (text('service-account-issuer') === '')
    problems.push('--service-account-issuer is a required flag');
  if (text('service-account-signing-key-file') === '')
    problems.push('--service-account-signing-key-file is a required flag');
  for (const mode of modes) {
    if (!MODES.includes(mode)) problems.push(`authorization-mode "${mode}" is not a valid mode`);
    else if (mode === 'ABAC')
      problems.push(`authorization-mode ABAC's authorization policy file not passed`);
    else if (mode === 'Webhook')
      problems.push(`authorization-mode Webhook's authorization config file not passed`);
  }
  for (const name of plugins) {
    if (!ADMISSION_PLUGINS.includes(name))
      problems.push(`enable-admission-plugins plugin "${name}" is unknown`);
  }
  return problems;
}

const PREFIX = '/registry';
const ADDRESS_TYPES = 'Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP';

const MODES = ['AlwaysAllow', 'AlwaysDeny', 'ABAC', 'Webhook', 'RBAC', 'Node'];
const DEFAULT_ADMISSION = [
  'NamespaceLifecycle',
  'ServiceAccount',
  'DefaultTolerationSeconds',
  'Priority',
];
/** Those that do something here. */
const SIMULATED = [...DEFAULT_ADMISSION, 'NodeRestriction'];
