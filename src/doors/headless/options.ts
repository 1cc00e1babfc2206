/** Command line of the headless lab. */
import { err, ok, type Result } from '../../ground/base/result.ts';

export interface LabRunOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: 'modern' | 'seed-era';
  readonly files: string | undefined;
  /** Simulated seconds, or until the lab is quiet after the script; undefined: until the script ends. */
  readonly until: number | 'quiet' | undefined;
  readonly traceHash: boolean;
  readonly stats: boolean;
  readonly script: string | undefined;
}

export const USAGE = `usage: npm run lab -- [options] [script.sh]
  --seed N           seed of all draws (7)
  --nodes N          workers beside cp-1 (3)
  --profile P        modern or seed-era (modern)
  --files DIR        copied to the workstation's home
  --until T|quiet    after the script, run on to T simulated seconds or until quiet
  --trace-hash       print the final event hash on stderr
  --stats            print engine seconds, simulated seconds, events and peak heap on stderr
Without a script, standard input is run.
`;

export function parseOptions(argv: readonly string[]): Result<LabRunOptions, string> {
  const options: { -readonly [K in keyof LabRunOptions]: LabRunOptions[K] } = {
    seed: 7,
    nodes: 3,
    profile: 'modern',
    files: undefined,
    until: undefined,
    traceHash: false,
    stats: false,
    script: undefined,
  };
  const whole = (text: string | undefined, name: string, most: number): Result<number, string> => {
    const value = Number(text);
    if (text === undefined || !/^\d+$/.test(text) || value > most)
      return err(`${name} wants a whole number up to ${most}, not ${text ?? 'nothing'}`);
    return ok(value);
  };
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    const next = (): string | undefined => {
      index += 1;
      return argv[index];
    };
    if (word === '--trace-hash') options.traceHash = true;
    else if (word === '--stats') options.stats = true;
    else if (word === '--files') options.files = next();
    else if (word === '--seed' || word === '--nodes') {
      const value = whole(next(), word, word === '--seed' ? Number.MAX_SAFE_INTEGER : 250);
      if (!value.ok) return value;
      if (word === '--seed') options.seed = value.value;
      else options.nodes = value.value;
    } else if (word === '--profile') {
      const name = next();
      if (name !== 'modern' && name !== 'seed-era')
        return err(`unknown profile ${name ?? ''}: modern or seed-era`);
      options.profile = name;
    } else if (word === '--until') {
      const text = next();
      const seconds = Number(text?.replace(/s$/, ''));
      if (text === 'quiet') options.until = 'quiet';
      else if (Number.isFinite(seconds) && seconds >= 0) options.until = seconds;
      else return err(`--until wants seconds or quiet, not ${text ?? 'nothing'}`);
    } else if (word.startsWith('-') && word !== '-') return err(`unknown option ${word}`);
    else options.script = word;
  }
  return ok(options);
}
