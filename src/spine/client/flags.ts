/**
 * Command-line flags of the components, as pflag reads them (github.com/spf13/pflag 1.0, which
 * component-base uses): `--name=value`, `--name value`, and a bare `--name` for switches.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';

/** Reads arguments against the known names; the error is pflag's text. Later values win. */
export function parseFlags(
  argv: readonly string[],
  known: readonly string[],
  switches: readonly string[] = ['leader-elect'],
): Result<ReadonlyMap<string, string>, string> {
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
  return ok(flags);
}
