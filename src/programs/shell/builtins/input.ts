/** read and mapfile. */
import { textOf } from '../../../ground/base/bytes.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { assign, assignArray } from '../assign.ts';
import { complainPending } from '../report.ts';
import { ifsOf } from '../expand.ts';
import { interrupted } from '../waiting.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Shell } from '../state.ts';
import type { Builtin } from './types.ts';

interface ReadOptions {
  raw: boolean;
  array: string | undefined;
  delimiter: string;
  count: number | undefined;
  exact: boolean;
  prompt: string | undefined;
  timeout: number | undefined;
  descriptor: number;
  silent: boolean;
  names: string[];
}

const READ_USAGE =
  'read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n';

/** What is wrong with the number that an option takes. */
function numberFault(letter: string, value: string): string | undefined {
  if (letter === 't')
    return /^\d*\.?\d*$/.test(value) && /\d/.test(value)
      ? undefined
      : `${value}: invalid timeout specification`;
  if ('nN'.includes(letter)) return /^\d+$/.test(value) ? undefined : `${value}: invalid number`;
  if (letter !== 'u' || /^\d+$/.test(value)) return undefined;
  return `${value}: invalid file descriptor specification`;
}

function* readOptions(shell: Shell, argv: readonly string[]): Task<ReadOptions | undefined> {
  const out: ReadOptions = {
    raw: false,
    array: undefined,
    delimiter: '\n',
    count: undefined,
    exact: false,
    prompt: undefined,
    timeout: undefined,
    descriptor: 0,
    silent: false,
    names: [],
  };
  let at = 1;
  while (at < argv.length && /^-./.test(argv[at] as string) && argv[at] !== '--') {
    const arg = argv[at] as string;
    at += 1;
    for (let index = 1; index < arg.length; index += 1) {
      const letter = arg[index] as string;
      if (letter === 'r') out.raw = true;
      else if (letter === 's') out.silent = true;
      else if (letter === 'e') continue;
      else if ('adinNptu'.includes(letter)) {
        const value = index + 1 < arg.length ? arg.slice(index + 1) : argv[at++];
        if (value === undefined) {
          yield* shell.complain(`read: -${letter}: option requires an argument`);
          yield* shell.write(2, READ_USAGE);
          return undefined;
        }
        const fault = numberFault(letter, value);
        if (fault !== undefined) {
          yield* shell.complain(`read: ${fault}`);
          return undefined;
        }
        if (letter === 'a') out.array = value;
        else if (letter === 'd') out.delimiter = value === '' ? '\0' : value.slice(0, 1);
        else if (letter === 'p') out.prompt = value;
        else if (letter === 'i') continue;
        else if (letter === 't') out.timeout = Math.floor(Number(value) * 1_000_000);
        else if (letter === 'u') out.descriptor = Number(value);
        else {
          out.count = Number(value);
          out.exact = letter === 'N';
        }
        break;
      } else {
        yield* shell.complain(`read: -${letter}: invalid option`);
        yield* shell.write(2, READ_USAGE);
        return undefined;
      }
    }
  }
  if (argv[at] === '--') at += 1;
  out.names = argv.slice(at);
  return out;
}

interface Line {
  /** Characters with the memory of which were escaped. */
  readonly text: string;
  readonly escaped: ReadonlySet<number>;
  readonly ended: boolean;
  readonly timedOut: boolean;
}

/** Reads up to the delimiter, byte by byte, so that nothing is taken from who reads next. */
function* readDelimited(shell: Shell, options: ReadOptions): Task<Line> {
  const file = shell.process.descriptors.get(options.descriptor);
  const bytes: number[] = [];
  const escaped = new Set<number>();
  const started = shell.process.clock.monotonic();
  let escaping = false;
  let ended = false;
  let timedOut = false;
  while (file !== undefined) {
    if (options.count !== undefined && textOf(Uint8Array.from(bytes)).length >= options.count) {
      ended = true;
      break;
    }
    if (options.timeout !== undefined) {
      const left = options.timeout - (shell.process.clock.monotonic() - started);
      const first = yield* anyOf([file.readable], Math.max(0, left));
      if (first.index < 0) {
        timedOut = true;
        break;
      }
    }
    if (yield* interrupted(shell, file)) break;
    const chunk = yield* file.read(1);
    if (!chunk.ok || chunk.value === undefined) break;
    const byte = chunk.value[0] as number;
    yield* shell.step();
    if (escaping) {
      escaping = false;
      if (byte !== 10) {
        escaped.add(bytes.length);
        bytes.push(byte);
      }
    } else if (byte === 92 && !options.raw) escaping = true;
    else if (byte === options.delimiter.charCodeAt(0) && !options.exact) {
      ended = true;
      break;
    } else bytes.push(byte);
  }
  // Escapes are remembered by byte; bring them to characters.
  const text = textOf(Uint8Array.from(bytes));
  if (text.length === bytes.length) return { text, escaped, ended, timedOut };
  const characters = new Set<number>();
  for (const at of escaped) characters.add(textOf(Uint8Array.from(bytes.slice(0, at))).length);
  return { text, escaped: characters, ended, timedOut };
}

/** Splits a line by IFS into at most `max` fields; the last takes the rest. */
function splitLine(line: Line, ifs: string, max: number): string[] {
  const { text, escaped } = line;
  const isSeparator = (index: number): boolean =>
    !escaped.has(index) && ifs.includes(text[index] as string);
  const isBlank = (index: number): boolean =>
    isSeparator(index) && ' \t\n'.includes(text[index] as string);
  let at = 0;
  while (at < text.length && isBlank(at)) at += 1;
  const fields: string[] = [];
  while (at < text.length) {
    if (fields.length === max - 1) {
      fields.push(lastField(text, at, isSeparator, isBlank));
      return fields;
    }
    const start = at;
    while (at < text.length && !isSeparator(at)) at += 1;
    fields.push(text.slice(start, at));
    while (at < text.length && isBlank(at)) at += 1;
    if (at < text.length && isSeparator(at)) {
      at += 1;
      while (at < text.length && isBlank(at)) at += 1;
    }
  }
  return fields;
}

/** The rest of the line without trailing blanks; one lone trailing delimiter goes as well. */
function lastField(
  text: string,
  start: number,
  isSeparator: (index: number) => boolean,
  isBlank: (index: number) => boolean,
): string {
  let end = text.length;
  while (end > start && isBlank(end - 1)) end -= 1;
  if (end > start && isSeparator(end - 1) && !isBlank(end - 1)) {
    let inner = false;
    for (let index = start; index < end - 1; index += 1) if (isSeparator(index)) inner = true;
    if (!inner) end -= 1;
  }
  return text.slice(start, end);
}

/** 2 for what getopt refuses, 1 for numbers that are none. */
function invalidStatus(argv: readonly string[]): number {
  const values = argv.filter((_, index) => /^-[a-zA-Z]*[ntNu]$/.test(argv[index - 1] ?? ''));
  return values.length > 0 ? 1 : 2;
}

function* read(shell: Shell, argv: string[]): Task<number> {
  const options = yield* readOptions(shell, argv);
  if (options === undefined) return invalidStatus(argv);
  const from = shell.process.descriptors.get(options.descriptor);
  if (from === undefined) {
    yield* shell.complain(
      `read: ${options.descriptor}: invalid file descriptor: ${strerror('EBADF')}`,
    );
    return 1;
  }
  if (options.timeout === 0) {
    const first = yield* anyOf([from.readable], 0);
    return first.index < 0 ? 1 : 0;
  }
  for (const name of options.names) {
    if (/^[A-Za-z_]\w*(\[.*\])?$/.test(name)) continue;
    yield* shell.complain(`read: \`${name}': not a valid identifier`);
    return 1;
  }
  const terminal = shell.process.descriptors.get(options.descriptor)?.terminal;
  if (terminal !== undefined && options.prompt !== undefined) yield* shell.write(2, options.prompt);
  const line = yield* readDelimited(shell, options);
  if (shell.leaving) return 130;
  const ifs = ifsOf(shell);
  if (options.array !== undefined) {
    const fields = splitLine(line, ifs, Number.POSITIVE_INFINITY);
    assignArray(
      shell,
      options.array,
      fields.map((value) => ({ key: undefined, value })),
      false,
    );
  } else if (options.names.length === 0) assign(shell, 'REPLY', line.text, false);
  else if (options.exact) assign(shell, options.names[0] as string, line.text, false);
  else {
    const fields = splitLine(line, ifs, options.names.length);
    options.names.forEach((name, index) => {
      assign(shell, name, fields[index] ?? '', false);
    });
  }
  yield* complainPending(shell);
  if (line.timedOut) return 142;
  return line.ended ? 0 : 1;
}

function* mapfile(shell: Shell, argv: string[]): Task<number> {
  let strip = false;
  let delimiter = '\n';
  let skip = 0;
  let count = Number.POSITIVE_INFINITY;
  let origin = 0;
  let descriptor = 0;
  let at = 1;
  for (; at < argv.length && /^-./.test(argv[at] as string); at += 1) {
    const arg = argv[at] as string;
    if (arg === '-t') {
      strip = true;
      continue;
    }
    const value = arg.length > 2 ? arg.slice(2) : argv[++at];
    if (arg[1] === 'd') delimiter = value === '' || value === undefined ? '\0' : value.slice(0, 1);
    else if (arg[1] === 's') skip = Number(value);
    else if (arg[1] === 'n') count = Number(value) === 0 ? count : Number(value);
    else if (arg[1] === 'O') origin = Number(value);
    else if (arg[1] === 'u') descriptor = Number(value);
  }
  const name = argv[at] ?? 'MAPFILE';
  const options: ReadOptions = {
    raw: true,
    array: undefined,
    delimiter,
    count: undefined,
    exact: false,
    prompt: undefined,
    timeout: undefined,
    descriptor,
    silent: false,
    names: [],
  };
  const variable = shell.variables.make(name);
  if (origin === 0 || variable.indexed === undefined) variable.indexed = new Map();
  variable.value = undefined;
  let index = origin;
  let seen = 0;
  while (index - origin < count) {
    const line = yield* readDelimited(shell, options);
    if (!line.ended && line.text === '') break;
    seen += 1;
    if (seen <= skip) continue;
    variable.indexed.set(index, line.text + (line.ended && !strip ? delimiter : ''));
    index += 1;
    if (!line.ended) break;
  }
  return 0;
}

export const INPUT_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['read', read],
  ['mapfile', mapfile],
  ['readarray', mapfile],
];
