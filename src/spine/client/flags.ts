/**
 * Command-line flags of the components, as pflag reads them (github.com/spf13/pflag 1.0, which
 * component-base uses): `--name=value`, `--name value`, and a bare `--name` for switches. A known flag
 * is obeyed, or `warnOfIdle` says in the log that it has no effect here.
 */
import { parseDuration } from '../../ground/api/int-or-string.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Process } from '../../machines/machine/process.ts';

export type Flags = ReadonlyMap<string, string>;

/** Types of values that are checked; all others are texts. */
export type FlagTypes = Readonly<Partial<Record<'int' | 'float' | 'duration', readonly string[]>>>;

/** Reads arguments against the known names; the error is pflag's text. Later values win. */
export function parseFlags(
  argv: readonly string[],
  known: readonly string[],
  switches: readonly string[] = ['leader-elect'],
  types: FlagTypes = {},
): Result<Flags, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    if (!word.startsWith('--')) {
      if (/^-./.test(word)) return err(`unknown shorthand flag: '${word[1]}' in ${word}`);
      return err(`unknown command "${word}"`);
    }
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (!known.includes(name)) return err(`unknown flag: --${name}`);
    if (equals >= 0) flags.set(name, word.slice(equals + 1));
    else if (switches.includes(name)) flags.set(name, 'true');
    else {
      index += 1;
      const value = argv[index];
      if (value === undefined) return err(`flag needs an argument: --${name}`);
      flags.set(name, value);
    }
  }
  for (const [name, value] of flags) {
    const problem = problemOf(name, value, switches, types);
    if (problem !== undefined) {
      return err(`invalid argument "${value}" for "--${name}" flag: ${problem}`);
    }
  }
  return ok(flags);
}

/** Says of each given flag that is not obeyed that it has no effect, one line each. */
export function warnOfIdle(process: Process, flags: Flags, obeyed: readonly string[]): void {
  const done = new Set(obeyed);
  for (const name of flags.keys()) {
    if (!done.has(name)) process.log('W', 'flags.go:64', `Flag --${name} has no effect here`);
  }
}

const TRUTHS: ReadonlySet<string> = new Set(
  '1 t T true TRUE True 0 f F false FALSE False'.split(' '),
);

/** What Go's strconv and time say of a value of the wrong form. */
function problemOf(
  name: string,
  value: string,
  switches: readonly string[],
  types: FlagTypes,
): string | undefined {
  const bad = (call: string): string => `strconv.${call}: parsing "${value}": invalid syntax`;
  if (switches.includes(name)) return TRUTHS.has(value) ? undefined : bad('ParseBool');
  if (types.int?.includes(name) === true)
    return /^[+-]?\d+$/.test(value) ? undefined : bad('ParseInt');
  if (types.float?.includes(name) === true) {
    return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? undefined : bad('ParseFloat');
  }
  if (types.duration?.includes(name) !== true || parseDuration(value) !== undefined) {
    return undefined;
  }
  return /^\d+(?:\.\d+)?$/.test(value)
    ? `time: missing unit in duration "${value}"`
    : `time: invalid duration "${value}"`;
}

/** True for what pflag reads as true. */
export function isOn(flags: Flags, name: string, otherwise: boolean): boolean {
  const value = flags.get(name);
  return value === undefined ? otherwise : /^(?:1|t|T|true|TRUE|True)$/.test(value);
}
