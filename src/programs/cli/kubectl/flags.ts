/**
 * Flags as kubectl reads them: github.com/spf13/pflag with cobra's words for mistakes (v1.0, v1.9).
 * Flags and arguments may be mixed; everything after `--` is an argument, and how many came before
 * it is remembered, because `exec` and `run` ask.
 *
 * A verb writes its flags in one line, each with its default, which tells the type:
 *
 *     flagSpecs("o output='' A all-namespaces=false filename=[] tail=-1 timeout=0s dry-run='none'?unchanged")
 *
 * `[]` is a list split at commas, `[*]` one that is not; what follows `?` is the value of the bare flag.
 */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import { parseGoDuration } from './duration.ts';

export type FlagType = 'bool' | 'text' | 'int' | 'list' | 'array' | 'duration';

export interface FlagSpec {
  readonly name: string;
  readonly short: string;
  readonly type: FlagType;
  readonly initial: string;
  /** The value when the flag stands alone; undefined: it needs one. */
  readonly bare: string | undefined;
}

/** Reads a line of flags. */
export function flagSpecs(line: string): readonly FlagSpec[] {
  const specs: FlagSpec[] = [];
  let short = '';
  for (const word of line.split(/\s+/)) {
    if (word.length === 1) {
      short = word;
      continue;
    }
    const equals = word.indexOf('=');
    if (equals < 0) continue;
    const name = word.slice(0, equals);
    const [initial = '', bare] = word.slice(equals + 1).split('?');
    const type = typeOf(initial);
    specs.push({ name, short, type, initial, bare: type === 'bool' ? 'true' : bare });
    short = '';
  }
  return specs;
}

function typeOf(initial: string): FlagType {
  if (initial === 'true' || initial === 'false') return 'bool';
  if (initial === '[]') return 'list';
  if (initial === '[*]') return 'array';
  if (/^-?\d+$/.test(initial)) return 'int';
  return /^\d/.test(initial) ? 'duration' : 'text';
}

/** What was given on the command line. */
export class Flags {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #values = new Map<string, readonly string[]>();
  /** Flags as they were given, in order. */
  readonly given: (readonly [string, string])[] = [];

  constructor(specs: ReadonlyMap<string, FlagSpec>) {
    this.#specs = specs;
  }

  /** True when the flag was given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The last value given, or the default; '' for a flag that the verb does not have. */
  text(name: string): string {
    const given = this.#values.get(name)?.at(-1);
    if (given !== undefined) return given;
    const initial = this.#specs.get(name)?.initial ?? '';
    return initial.startsWith("'") ? initial.slice(1, -1) : initial;
  }

  /** As `text`, but '' where a verb's own list has the name of a global flag (`create rolebinding --user`). */
  single(name: string): string {
    const type = this.#specs.get(name)?.type;
    return type === 'list' || type === 'array' ? '' : this.text(name);
  }

  bool(name: string): boolean {
    return isTrue(this.text(name));
  }

  int(name: string): number {
    return Number(this.text(name));
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** In microseconds. */
  duration(name: string): number {
    const parsed = parseGoDuration(this.text(name));
    return parsed.ok ? parsed.value : 0;
  }

  set(spec: FlagSpec, values: readonly string[]): void {
    const old = spec.type === 'list' || spec.type === 'array' ? this.list(spec.name) : [];
    this.#values.set(spec.name, [...old, ...values]);
  }
}

function isTrue(text: string): boolean {
  return /^(1|t|T|true|TRUE|True)$/.test(text);
}

export interface ParsedLine {
  readonly flags: Flags;
  readonly args: readonly string[];
  /** How many arguments stood before `--`; -1 when there was none. */
  readonly dash: number;
}

/** Reads words by the flags that are known; the error is pflag's. */
export function parseFlags(
  specs: readonly FlagSpec[],
  words: readonly string[],
): Result<ParsedLine, string> {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const byShort = new Map(
    specs.filter((spec) => spec.short !== '').map((spec) => [spec.short, spec]),
  );
  const flags = new Flags(byName);
  const args: string[] = [];
  let dash = -1;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '--') {
      dash = args.length;
      args.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      args.push(word);
      continue;
    }
    const next = words[at + 1];
    const read = word.startsWith('--')
      ? readLong(byName, flags, word, next)
      : readShorts(byShort, flags, word, next);
    if (!read.ok) return read;
    if (read.value) at += 1;
  }
  return ok({ flags, args, dash });
}

/** True when the next word was the value. */
function readLong(
  specs: ReadonlyMap<string, FlagSpec>,
  flags: Flags,
  word: string,
  next: string | undefined,
): Result<boolean, string> {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  if (name === '' || name.startsWith('-')) return err(`bad flag syntax: ${word}`);
  const spec = specs.get(name.replace(/_/g, '-'));
  if (spec === undefined) return err(`unknown flag: --${name}`);
  if (equals >= 0) return stored(flags, spec, word.slice(equals + 1), false);
  if (spec.bare !== undefined) return stored(flags, spec, spec.bare, false);
  if (next === undefined) return err(`flag needs an argument: --${name}`);
  return stored(flags, spec, next, true);
}

function readShorts(
  specs: ReadonlyMap<string, FlagSpec>,
  flags: Flags,
  word: string,
  next: string | undefined,
): Result<boolean, string> {
  let rest = word.slice(1);
  while (rest !== '') {
    const letter = rest[0] as string;
    const spec = specs.get(letter);
    if (spec === undefined) return err(`unknown shorthand flag: '${letter}' in -${rest}`);
    if (rest.length > 2 && rest[1] === '=') return stored(flags, spec, rest.slice(2), false);
    if (spec.bare === undefined) {
      if (rest.length > 1) return stored(flags, spec, rest.slice(1), false);
      if (next === undefined) return err(`flag needs an argument: '${letter}' in -${rest}`);
      return stored(flags, spec, next, true);
    }
    const set = stored(flags, spec, spec.bare, false);
    if (!set.ok) return set;
    rest = rest.slice(1);
  }
  return ok(false);
}

function stored(
  flags: Flags,
  spec: FlagSpec,
  value: string,
  took: boolean,
): Result<boolean, string> {
  const problem = problemOf(spec, value);
  if (problem !== undefined) {
    const name = spec.short === '' ? `--${spec.name}` : `-${spec.short}, --${spec.name}`;
    return err(`invalid argument ${quote(value)} for "${name}" flag: ${problem}`);
  }
  flags.set(spec, spec.type === 'list' ? commaList(value) : [value]);
  flags.given.push([spec.name, value]);
  return ok(took);
}

/** What strconv or time says of a value, or undefined. */
function problemOf(spec: FlagSpec, value: string): string | undefined {
  if (spec.type === 'bool') {
    return /^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)
      ? undefined
      : `strconv.ParseBool: parsing ${quote(value)}: invalid syntax`;
  }
  if (spec.type === 'int') {
    return /^[+-]?\d{1,15}$/.test(value)
      ? undefined
      : `strconv.ParseInt: parsing ${quote(value)}: invalid syntax`;
  }
  if (spec.type !== 'duration') return undefined;
  const parsed = parseGoDuration(value);
  return parsed.ok ? undefined : parsed.error;
}

/** One record of comma-separated values, as encoding/csv reads it. */
function commaList(value: string): readonly string[] {
  if (value === '') return [];
  if (!value.includes('"')) return value.split(',');
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (const char of value) {
    if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  return [...fields, field];
}
