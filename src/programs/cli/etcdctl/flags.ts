/**
 * etcdctl's flags (etcd 3.6, etcdctl/ctlv3): global ones with their environment variables, and those of
 * each command, as cobra reads them.
 */
import { err, ok, type Result } from '../../../ground/base/result.ts';

/** Global flags with their defaults; a switch has none. */
const GLOBAL: ReadonlyMap<string, string> = new Map([
  ['endpoints', '127.0.0.1:2379'],
  ['cacert', ''],
  ['cert', ''],
  ['key', ''],
  ['command-timeout', '5s'],
  ['dial-timeout', '2s'],
  ['keepalive-time', '2s'],
  ['keepalive-timeout', '6s'],
  ['write-out', 'simple'],
  ['user', ''],
  ['password', ''],
  ['discovery-srv', ''],
]);
const GLOBAL_SWITCHES = [
  'insecure-skip-tls-verify',
  'insecure-transport',
  'insecure-discovery',
  'hex',
  'debug',
  'help',
];

/** Flags of commands that take a value; all others are switches. */
const VALUED = new Set([
  'lease',
  'limit',
  'rev',
  'order',
  'sort-by',
  'consistency',
  'min-create-rev',
  'max-create-rev',
  'min-mod-rev',
  'max-mod-rev',
  // Of etcdutl snapshot restore.
  'data-dir',
  'name',
  'initial-cluster',
  'initial-cluster-token',
  'initial-advertise-peer-urls',
]);
const SWITCHES = new Set([
  'prev-kv',
  'ignore-value',
  'ignore-lease',
  'prefix',
  'from-key',
  'keys-only',
  'count-only',
  'print-value-only',
  'range',
  'interactive',
  'physical',
  'progress-notify',
  'keys',
  'once',
  'cluster',
  'skip-hash-check',
]);
const SHORT: Readonly<Record<string, string>> = { w: 'write-out', i: 'interactive', h: 'help' };

export interface Arguments {
  /** Values by name; switches are `true`. */
  readonly flags: ReadonlyMap<string, string>;
  /** What is no flag, the command's name first. */
  readonly words: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

/** Reads arguments behind argv[0]; the error is cobra's. */
export function parseArguments(
  args: readonly string[],
  env: ReadonlyMap<string, string>,
): Result<Arguments, string> {
  const flags = new Map(GLOBAL);
  for (const name of [...GLOBAL.keys(), ...GLOBAL_SWITCHES]) {
    const value = env.get(`ETCDCTL_${name.toUpperCase().replaceAll('-', '_')}`);
    if (value !== undefined) flags.set(name, value);
  }
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === '--') return ok({ flags, words, rest: args.slice(at + 1) });
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const long = word.startsWith('--');
    const equals = word.indexOf('=');
    const given = word.slice(long ? 2 : 1, equals < 0 ? undefined : equals);
    const name = long ? given : (SHORT[given] ?? given);
    const valued = GLOBAL.has(name) || VALUED.has(name);
    if (!valued && !GLOBAL_SWITCHES.includes(name) && !SWITCHES.has(name)) {
      return err(
        long ? `unknown flag: --${name}` : `unknown shorthand flag: '${given}' in ${word}`,
      );
    }
    if (equals >= 0) flags.set(name, word.slice(equals + 1));
    else if (!valued) flags.set(name, 'true');
    else {
      at += 1;
      const value = args[at];
      if (value === undefined) return err(`flag needs an argument: --${name}`);
      flags.set(name, value);
    }
  }
  return ok({ flags, words, rest: [] });
}

/** `5s`, `500ms`, `1m0s` in microseconds. */
export function parseDuration(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = {
    h: 3_600_000_000,
    m: 60_000_000,
    s: 1_000_000,
    ms: 1000,
    us: 1,
  };
  let total = 0;
  for (const match of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|h|m|s)/g)) {
    total += Number(match[1]) * (units[match[2] as string] as number);
  }
  return text === '' || total === 0 ? undefined : Math.trunc(total);
}
