/**
 * etcd's command line (etcd 3.6, server/embed and server/etcdmain): what is obeyed, what is known and
 * has no effect here, what is refused. Any other flag is refused in the words of Go's flag package.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Flags that are obeyed, with their defaults. */
const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['name', 'default'],
  ['data-dir', ''],
  ['listen-client-urls', 'http://localhost:2379'],
  ['advertise-client-urls', 'http://localhost:2379'],
  ['listen-peer-urls', 'http://localhost:2380'],
  ['initial-advertise-peer-urls', 'http://localhost:2380'],
  ['initial-cluster', ''],
  ['initial-cluster-state', 'new'],
  ['listen-metrics-urls', ''],
  ['cert-file', ''],
  ['key-file', ''],
  ['trusted-ca-file', ''],
  ['client-cert-auth', 'false'],
  ['heartbeat-interval', '100'],
  ['election-timeout', '1000'],
  ['quota-backend-bytes', '0'],
  ['max-request-bytes', '1572864'],
  ['max-txn-ops', '128'],
  ['auto-compaction-mode', 'periodic'],
  ['auto-compaction-retention', '0'],
  ['watch-progress-notify-interval', '10m0s'],
  ['experimental-watch-progress-notify-interval', ''],
]);

/** Known to etcd, without effect on one member of this model; the log names each that is given. */
const IDLE = new Set(
  words(`
initial-cluster-token wal-dir listen-client-http-urls peer-cert-file peer-key-file
peer-trusted-ca-file peer-client-cert-auth peer-client-cert-file peer-client-key-file
client-cert-file client-key-file client-cert-allowed-hostname peer-cert-allowed-cn
peer-cert-allowed-hostname client-crl-file peer-crl-file auto-tls peer-auto-tls
self-signed-cert-validity cipher-suites tls-min-version tls-max-version snapshot-count max-snapshots
max-wals max-concurrent-streams max-learners backend-batch-interval backend-batch-limit
backend-bbolt-freelist-type bootstrap-defrag-threshold-megabytes compact-hash-check-enabled
compact-hash-check-time compaction-batch-limit compaction-sleep-interval corrupt-check-time cors
host-whitelist discovery-fallback discovery-proxy discovery-srv-name distributed-tracing-address
distributed-tracing-instance-id distributed-tracing-sampling-rate distributed-tracing-service-name
downgrade-check-time enable-distributed-tracing enable-grpc-gateway enable-log-rotation
enable-pprof experimental-compact-hash-check-enabled experimental-initial-corrupt-check
experimental-compaction-batch-limit experimental-corrupt-check-time feature-gates
grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout initial-election-tick-advance
lease-checkpoint-interval lease-checkpoint-persist log-format log-level log-outputs
log-rotation-config-json logger memory-mlock metrics peer-skip-client-san-verification pre-vote
raft-read-timeout raft-write-timeout socket-reuse-address socket-reuse-port snapshot-catchup-entries
strict-reconfig-check unsafe-no-fsync v2-deprecation version-downgrade-check
warning-apply-duration warning-unary-request-duration auth-token auth-token-ttl bcrypt-cost`),
);

/** Ways to start that need more than one member, or that would lose what the data directory holds. */
const REFUSED = new Set(
  words(`discovery discovery-srv discovery-token discovery-endpoints
force-new-cluster config-file`),
);

const SWITCHES = new Set(
  words(`client-cert-auth peer-client-cert-auth strict-reconfig-check pre-vote
experimental-initial-corrupt-check auto-tls peer-auto-tls enable-pprof enable-grpc-gateway
enable-log-rotation enable-distributed-tracing compact-hash-check-enabled
experimental-compact-hash-check-enabled initial-election-tick-advance memory-mlock
lease-checkpoint-persist peer-skip-client-san-verification socket-reuse-address socket-reuse-port
unsafe-no-fsync force-new-cluster`),
);

const NUMBERS = words(`heartbeat-interval election-timeout quota-backend-bytes max-request-bytes
max-txn-ops`);
const DURATIONS = words(
  `watch-progress-notify-interval experimental-watch-progress-notify-interval`,
);

export type Flags = ReadonlyMap<string, string>;

/** Reads arguments behind argv[0]; the error is what etcd prints before its usage. */
export function parseFlags(args: readonly string[]): Result<Flags, string> {
  const flags = new Map(DEFAULTS);
  for (let at = 0; at < args.length; at += 1) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(args[at] as string);
    if (match === null) return err(`'${args[at]}' is not a valid flag`);
    const name = match[1] as string;
    if (REFUSED.has(name)) return err(`flag -${name} is not supported by this simulator`);
    if (!DEFAULTS.has(name) && !IDLE.has(name))
      return err(`flag provided but not defined: -${name}`);
    let value = match[2];
    if (value === undefined && SWITCHES.has(name)) value = 'true';
    if (value === undefined) {
      at += 1;
      value = args[at];
      if (value === undefined) return err(`flag needs an argument: -${name}`);
    }
    const problem = problemOf(name, value);
    if (problem !== undefined) return err(problem);
    flags.set(name, value);
  }
  const old = flags.get('experimental-watch-progress-notify-interval') ?? '';
  if (old !== '') flags.set('watch-progress-notify-interval', old);
  return ok(flags);
}

/** Names of given flags that change nothing here. */
export function idleFlags(flags: Flags): readonly string[] {
  return [...flags.keys()].filter((name) => IDLE.has(name));
}

/** Go's flag package about a value of the wrong form. */
function problemOf(name: string, value: string): string | undefined {
  const bad = (type: string): string => `invalid ${type} "${value}" for flag -${name}: parse error`;
  if (SWITCHES.has(name) && !/^(?:1|0|t|f|true|false|TRUE|FALSE|True|False|T|F)$/.test(value)) {
    return `invalid boolean value "${value}" for -${name}: parse error`;
  }
  if (NUMBERS.includes(name) && !/^-?\d+$/.test(value)) return bad('value');
  if (DURATIONS.includes(name) && value !== '0' && parseDuration(value) === undefined) {
    return bad('value');
  }
  return undefined;
}

/** Refusals of timers (etcd 3.6, server/embed/config.go Validate). */
export function checkTimers(flags: Flags): string | undefined {
  const tick = Number(flags.get('heartbeat-interval'));
  const election = Number(flags.get('election-timeout'));
  if (!(tick > 0)) return `--heartbeat-interval must be >0 (set to ${tick}ms)`;
  if (!(election > 0)) return `--election-timeout must be >0 (set to ${election}ms)`;
  if (5 * tick > election) {
    return `--election-timeout[${election}ms] should be at least as 5 times as --heartbeat-interval[${tick}ms]`;
  }
  if (election > 50_000) {
    return `--election-timeout[${election}ms] is too long, and should be set less than 50000ms`;
  }
  return undefined;
}

/** Refusals of what one member cannot be (embed/config.go, etcdserver/bootstrap.go). */
export function checkCluster(flags: Flags): string | undefined {
  const name = flags.get('name') ?? '';
  const cluster = flags.get('initial-cluster') ?? '';
  if (!['new', 'existing'].includes(flags.get('initial-cluster-state') ?? '')) {
    return `invalid value "${flags.get('initial-cluster-state')}" for flag -initial-cluster-state: must be one of [new, existing]`;
  }
  if (cluster === '') return undefined;
  const members = cluster.split(',').map((each) => each.split('=')[0]);
  if (!members.includes(name)) {
    return `couldn't find local name "${name}" in the initial cluster configuration`;
  }
  if (members.length > 1) {
    return 'an initial cluster of more than one member is not supported by this simulator';
  }
  return undefined;
}

export interface Url {
  readonly secure: boolean;
  /** `127.0.0.1` */
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

/** A comma-separated list of URLs; the error names the bad one. */
export function parseUrls(text: string): Result<readonly Url[], string> {
  const urls: Url[] = [];
  for (const part of text.split(',')) {
    if (part === '') continue;
    const match = /^(https?):\/\/([^/:]+):(\d{1,5})$/.exec(part);
    if (match === null) return err(`URL must be in host:port form: ${part}`);
    const host = match[2] === 'localhost' ? '127.0.0.1' : (match[2] as string);
    urls.push({ secure: match[1] === 'https', host, port: Number(match[3]), text: part });
  }
  return ok(urls);
}

/** `5s`, `10m0s`, `1h` in microseconds; a bare number is hours (auto-compaction). */
export function parseDuration(text: string): number | undefined {
  let total = 0;
  let rest = text;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(h|ms|us|m|s)/.exec(rest);
    if (match === null) return undefined;
    total += Number(match[1]) * (UNITS[match[2] as string] as number);
    rest = rest.slice(match[0].length);
  }
  return Math.trunc(total);
}

const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};
