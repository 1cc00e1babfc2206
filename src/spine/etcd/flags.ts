/**
 * etcd's command line (etcd 3.6, server/embed and server/etcdmain): the flags that kubeadm writes and
 * those that a lesson may change. A flag that is not here is refused in the words of Go's flag
 * package.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';

const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['name', 'default'],
  ['data-dir', ''],
  ['wal-dir', ''],
  ['listen-client-urls', 'http://localhost:2379'],
  ['advertise-client-urls', 'http://localhost:2379'],
  ['listen-peer-urls', 'http://localhost:2380'],
  ['initial-advertise-peer-urls', 'http://localhost:2380'],
  ['initial-cluster', ''],
  ['initial-cluster-state', 'new'],
  ['initial-cluster-token', 'etcd-cluster'],
  ['listen-metrics-urls', ''],
  ['listen-client-http-urls', ''],
  ['cert-file', ''],
  ['key-file', ''],
  ['trusted-ca-file', ''],
  ['client-cert-auth', 'false'],
  ['peer-cert-file', ''],
  ['peer-key-file', ''],
  ['peer-trusted-ca-file', ''],
  ['peer-client-cert-auth', 'false'],
  ['snapshot-count', '10000'],
  ['heartbeat-interval', '100'],
  ['election-timeout', '1000'],
  ['max-snapshots', '5'],
  ['max-wals', '5'],
  ['quota-backend-bytes', '0'],
  ['max-request-bytes', '1572864'],
  ['max-txn-ops', '128'],
  ['auto-compaction-mode', 'periodic'],
  ['auto-compaction-retention', '0'],
  ['watch-progress-notify-interval', '10m0s'],
  ['experimental-watch-progress-notify-interval', ''],
  ['experimental-initial-corrupt-check', 'false'],
  ['feature-gates', ''],
  ['log-level', 'info'],
  ['logger', 'zap'],
  ['log-outputs', 'default'],
  ['strict-reconfig-check', 'true'],
  ['pre-vote', 'true'],
]);

const SWITCHES = new Set([
  'client-cert-auth',
  'peer-client-cert-auth',
  'strict-reconfig-check',
  'pre-vote',
  'experimental-initial-corrupt-check',
]);

export type Flags = ReadonlyMap<string, string>;

/** Reads arguments behind argv[0]; the error is what etcd prints before its usage. */
export function parseFlags(args: readonly string[]): Result<Flags, string> {
  const flags = new Map(DEFAULTS);
  for (let at = 0; at < args.length; at += 1) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(args[at] as string);
    if (match === null) return err(`'${args[at]}' is not a valid flag`);
    const name = match[1] as string;
    if (!DEFAULTS.has(name)) return err(`flag provided but not defined: -${name}`);
    let value = match[2];
    if (value === undefined && SWITCHES.has(name)) value = 'true';
    if (value === undefined) {
      at += 1;
      value = args[at];
      if (value === undefined) return err(`flag needs an argument: -${name}`);
    }
    flags.set(name, value);
  }
  return ok(flags);
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
