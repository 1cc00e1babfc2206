/**
 * Unit files of systemd (systemd.syntax(7), v252): sections of `Key=value`, an empty value resets a
 * list, drop-ins in `<unit>.d/*.conf` come after the file. Command lines are split and expanded as
 * systemd.service(5) says. Keys that this model gives no effect are kept and shown by `cat`, and named
 * by `unknownKeys`, so that daemon-reload can warn.
 */

/** Values by `Section.Key`, in order. */
export type UnitValues = ReadonlyMap<string, readonly string[]>;

/** Keys with an effect here. Dependencies and commands may stand several times. */
const KNOWN = new Set([
  'Unit.Description',
  'Unit.Documentation',
  'Unit.After',
  'Unit.Before',
  'Unit.Wants',
  'Unit.Requires',
  'Unit.StartLimitIntervalSec',
  'Unit.StartLimitBurst',
  'Service.Type',
  'Service.ExecStartPre',
  'Service.ExecStart',
  'Service.ExecStop',
  'Service.Environment',
  'Service.EnvironmentFile',
  'Service.Restart',
  'Service.RestartSec',
  'Service.RemainAfterExit',
  'Service.WorkingDirectory',
  'Service.User',
  'Service.Group',
  'Service.KillMode',
  'Service.KillSignal',
  'Service.TimeoutStopSec',
  'Service.TimeoutStartSec',
  'Service.MemoryMax',
  'Service.CPUQuota',
  'Service.CPUWeight',
  'Install.WantedBy',
  'Install.RequiredBy',
  'Install.Alias',
]);

const ASSIGNMENT = /^([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*)$/;

/** Reads a unit file and its drop-ins, in that order. */
export function parseUnit(texts: readonly string[]): UnitValues {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    let section = '';
    for (const line of text.replace(/\\\n[ \t]*/g, ' ').split('\n')) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
      if (trimmed.startsWith('[') && trimmed.endsWith(']')) {
        section = trimmed.slice(1, -1);
        continue;
      }
      const match = ASSIGNMENT.exec(trimmed);
      if (match === null || section === '') continue;
      const key = `${section}.${match[1]}`;
      const value = match[2] as string;
      if (value === '') values.set(key, []);
      else values.set(key, [...(values.get(key) ?? []), value]);
    }
  }
  return values;
}

/** Keys that stand in the file but have no effect in this model. */
export function unknownKeys(values: UnitValues): readonly string[] {
  return [...values.keys()].filter((key) => !KNOWN.has(key) && !/^X-|\.X-/.test(key));
}

export function lastValue(values: UnitValues, key: string): string | undefined {
  const all = values.get(key);
  return all === undefined ? undefined : all[all.length - 1];
}

/** Space-separated names of all lines of a key. */
export function names(values: UnitValues, key: string): readonly string[] {
  return (values.get(key) ?? []).flatMap((line) => line.split(/\s+/).filter((name) => name !== ''));
}

export function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 'yes', 'y', 'true', 't', 'on'].includes(text.toLowerCase());
}

const SPAN_UNITS: ReadonlyMap<string, number> = new Map([
  ['us', 1],
  ['ms', 1_000],
  ['', 1_000_000],
  ['s', 1_000_000],
  ['sec', 1_000_000],
  ['m', 60_000_000],
  ['min', 60_000_000],
  ['h', 3_600_000_000],
]);

/** A time span as systemd.time(7) has it, in microseconds; undefined for `infinity` and nonsense. */
export function parseSpan(text: string): number | undefined {
  let sum = 0;
  for (const part of text.trim().split(/\s+/)) {
    const match = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(part);
    const unit = match === null ? undefined : SPAN_UNITS.get(match[2] as string);
    if (match === null || unit === undefined) return undefined;
    sum += Math.floor(Number(match[1]) * unit);
  }
  return sum;
}

/** Words of a line: quotes group, backslash escapes the next character. */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (char === '\\' && quote !== "'") {
      index += 1;
      word = (word ?? '') + (text[index] ?? '');
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** One command of a unit. */
export interface UnitCommand {
  readonly argv: readonly string[];
  /** `-` before the path: its failure does not count. */
  readonly mayFail: boolean;
}

/**
 * The command of an Exec line: `$NAME` as a word of its own is split at blanks, `${NAME}` is put in
 * as it stands, `%n`, `%H` and `%%` are specifiers.
 */
export function parseCommand(
  line: string,
  env: ReadonlyMap<string, string>,
  unit: string,
  host: string,
): UnitCommand {
  const prefix = /^[-@:+!]*/.exec(line)?.[0] ?? '';
  const argv: string[] = [];
  for (const raw of splitWords(line.slice(prefix.length))) {
    const word = raw.replace(/%([nNHp%])/g, (_, letter: string) => {
      if (letter === '%') return '%';
      if (letter === 'H') return host;
      return letter === 'n' ? unit : unit.replace(/\.[a-z]+$/, '');
    });
    const alone = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word);
    if (alone !== null) argv.push(...splitWords(env.get(alone[1] as string) ?? ''));
    else {
      const expanded = word.replace(
        /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
        (_, name: string) => env.get(name) ?? '',
      );
      argv.push(expanded.replace(/\$\$/g, '$'));
    }
  }
  return { argv, mayFail: prefix.includes('-') };
}

/** `KEY=value` lines of an environment file: comments, quotes. */
export function parseEnvironment(text: string): readonly (readonly [string, string])[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match === null) return [];
    const value = (match[2] as string).trim();
    const quoted = /^(["'])(.*)\1$/.exec(value);
    return [[match[1] as string, quoted === null ? value : (quoted[2] as string)] as const];
  });
}
