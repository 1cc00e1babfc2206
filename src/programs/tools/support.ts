/**
 * What the text tools share: GNU getopt, reading lines, gathering output, opening operands, and the
 * two phrases of coreutils' usage errors.
 */
import { concatBytes, textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import { borrowedFile } from '../../machines/machine/files/open-file.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { busyboxUsage } from './busybox-usage.ts';
import { busyboxWords, isBusybox } from './busybox-words.ts';

/** A tool: its name, and what it does with the arguments after its name. */
export function defineTool(
  name: string,
  body: (process: Process, args: string[]) => Task<number>,
): Program {
  return {
    name,
    version: '9.1',
    *main(process): Task<number> {
      yield* process.work(process.costs.smallToolMicros);
      return yield* body(process, process.argv.slice(1));
    },
  };
}

export interface OptionSpec {
  /** Letters; one with `:` after it takes a value, with `::` only one that is written on to it. */
  readonly short: string;
  /** Long name → letter (or any key), with `:` after the key when it takes a value. */
  readonly long?: Readonly<Record<string, string>>;
  /** Stop at the first operand (POSIX), for env, timeout, xargs. */
  readonly posix?: boolean;
}

export class ParsedOptions {
  readonly operands: string[] = [];
  readonly #values = new Map<string, string[]>();

  add(key: string, value: string): void {
    const list = this.#values.get(key);
    if (list === undefined) this.#values.set(key, [value]);
    else list.push(value);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** The last value given. */
  get(key: string): string | undefined {
    return this.#values.get(key)?.at(-1);
  }

  all(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }
}

/** Reads options as getopt_long does; the error is its words without the tool's name. */
export function parseOptions(
  args: readonly string[],
  spec: OptionSpec,
): Result<ParsedOptions, string> {
  const out = new ParsedOptions();
  const takes = (letter: string): boolean => spec.short[spec.short.indexOf(letter) + 1] === ':';
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg === '--') {
      at += 1;
      break;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      const name = arg.slice(2, equals < 0 ? undefined : equals);
      const found = longOption(name, spec);
      if (found === undefined) return err(`unrecognized option '${arg}'`);
      if (Array.isArray(found)) return err(`option '--${name}' is ambiguous`);
      const key = (found as string).replace(/:+$/, '');
      if ((found as string).endsWith('::')) out.add(key, equals < 0 ? '' : arg.slice(equals + 1));
      else if ((found as string).endsWith(':')) {
        const value = equals < 0 ? args[++at] : arg.slice(equals + 1);
        if (value === undefined) return err(`option '--${name}' requires an argument`);
        out.add(key, value);
      } else if (equals >= 0) return err(`option '--${name}' doesn't allow an argument`);
      else out.add(key, '');
      continue;
    }
    if (arg.length < 2 || arg[0] !== '-') {
      if (spec.posix === true) break;
      out.operands.push(arg);
      continue;
    }
    for (let index = 1; index < arg.length; index += 1) {
      const letter = arg[index] as string;
      if (letter === ':' || !spec.short.includes(letter))
        return err(`invalid option -- '${letter}'`);
      if (!takes(letter)) {
        out.add(letter, '');
        continue;
      }
      const optional = spec.short.startsWith('::', spec.short.indexOf(letter) + 1);
      const rest = arg.slice(index + 1);
      const value = rest !== '' || optional ? rest : args[++at];
      if (value === undefined) return err(`option requires an argument -- '${letter}'`);
      out.add(letter, value);
      break;
    }
  }
  out.operands.push(...args.slice(at));
  return ok(out);
}

function longOption(name: string, spec: OptionSpec): string | readonly string[] | undefined {
  const long = spec.long ?? {};
  if (Object.hasOwn(long, name)) return long[name];
  const fitting = Object.keys(long).filter((each) => each.startsWith(name));
  if (fitting.length === 0) return undefined;
  const keys = new Set(fitting.map((each) => long[each]));
  return keys.size === 1 ? (long[fitting[0] as string] as string) : fitting;
}

/** Prints a usage error in coreutils' two lines and gives the exit code. */
export function* usageError(process: Process, message: string, code = 1): Task<number> {
  const name = nameOf(process);
  if (isBusybox(process) && !/^invalid (?!option)/.test(message)) {
    yield* process.printError(busyboxUsage(name, message));
    return 1;
  }
  const help = isBusybox(process) ? '' : `Try '${name} --help' for more information.\n`;
  yield* process.printError(`${name}: ${message}\n${help}`);
  return code;
}

export function nameOf(process: Process): string {
  return (process.argv[0] ?? '').split('/').at(-1) as string;
}

/** Prints `name: message` to standard error. */
export function* complain(process: Process, message: string): Task<void> {
  const name = nameOf(process);
  const words = isBusybox(process) ? busyboxWords(name, message) : message;
  yield* process.printError(`${name}: ${words}\n`);
}

/** Text gathered and written in pieces; flush before waiting for input and at the end. */
export class Output {
  readonly #process: Process;
  #text = '';

  constructor(process: Process) {
    this.#process = process;
  }

  *write(text: string): Task<void> {
    this.#text += text;
    if (this.#text.length > 16_384) yield* this.flush();
  }

  *flush(): Task<void> {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    yield* this.#process.print(text);
  }
}

export interface TextLine {
  readonly text: string;
  /** False for a last line without a newline. */
  readonly ended: boolean;
}

/** Lines of a file, as they come. */
export class LineReader {
  readonly #file: OpenFile;
  readonly #separator: number;
  readonly #output: Output | undefined;
  #lines: string[] = [];
  #next = 0;
  #rest: Uint8Array[] = [];
  #over = false;
  #errno: Errno | undefined;

  constructor(file: OpenFile, output?: Output, separator = '\n') {
    this.#file = file;
    this.#output = output;
    this.#separator = separator.charCodeAt(0);
  }

  /** Why reading stopped, if not for the end. */
  get errno(): Errno | undefined {
    return this.#errno;
  }

  *next(): Task<TextLine | undefined> {
    while (this.#next >= this.#lines.length) {
      if (this.#over) return undefined;
      const last = yield* this.#fill();
      if (last !== undefined) return last;
    }
    const text = this.#lines[this.#next] as string;
    this.#next += 1;
    return { text, ended: true };
  }

  *#fill(): Task<TextLine | undefined> {
    if (this.#file.kind !== 'file') yield* this.#output?.flush() ?? nothing();
    const chunk = yield* this.#file.read();
    if (!chunk.ok || chunk.value === undefined) {
      if (!chunk.ok) this.#errno = chunk.error;
      this.#over = true;
      if (this.#rest.length === 0) return undefined;
      const text = textOf(concatBytes(this.#rest));
      this.#rest = [];
      return { text, ended: false };
    }
    const bytes = chunk.value;
    const end = bytes.lastIndexOf(this.#separator);
    if (end < 0) {
      this.#rest.push(bytes);
      return undefined;
    }
    const text = textOf(concatBytes([...this.#rest, bytes.subarray(0, end)]));
    this.#rest = end + 1 < bytes.length ? [bytes.subarray(end + 1)] : [];
    this.#lines = text.split(String.fromCharCode(this.#separator));
    this.#next = 0;
    return undefined;
  }
}

function* nothing(): Task<void> {}

/** Opens an operand; `-` is standard input. */
export function openInput(process: Process, path: string): Result<OpenFile, Errno> {
  if (path === '-') {
    return ok(borrowedFile(process.stdin));
  }
  const stat = process.files.stat(path);
  if (stat.ok && stat.value.type === 'directory') return err('EISDIR');
  const standard = /^\/dev\/(?:stdin|fd\/(\d+))$/.exec(path);
  if (standard !== null) {
    const file = process.descriptors.get(Number(standard[1] ?? '0'));
    if (file === undefined) return err('ENOENT');
    return ok(borrowedFile(file));
  }
  return process.files.open(path, 'r');
}

/** Everything in a file. */
export function* readAll(file: OpenFile): Task<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const chunk = yield* file.read();
    if (!chunk.ok || chunk.value === undefined) break;
    parts.push(chunk.value);
  }
  return concatBytes(parts);
}

/** The text of each operand, standard input without operands; faults are printed. */
export function* eachInput(
  process: Process,
  operands: readonly string[],
  body: (file: OpenFile, path: string) => Task<void>,
): Task<number> {
  let status = 0;
  for (const path of operands.length === 0 ? ['-'] : operands) {
    const file = openInput(process, path);
    if (!file.ok) {
      yield* complain(process, `${path}: ${strerror(file.error)}`);
      status = 1;
      continue;
    }
    yield* body(file.value, path);
    file.value.close();
  }
  return status;
}

/** All lines of all operands, newlines cut. */
export function* allLines(
  process: Process,
  operands: readonly string[],
): Task<{ readonly lines: string[]; readonly status: number }> {
  const lines: string[] = [];
  const status = yield* eachInput(process, operands, function* gather(file) {
    const reader = new LineReader(file);
    for (;;) {
      const line = yield* reader.next();
      if (line === undefined) return;
      lines.push(line.text);
    }
  });
  return { lines, status };
}

/** Quotes a file name as coreutils does in messages and `ls`: only when needed. */
export function quoteName(name: string): string {
  if (/^[A-Za-z0-9_./+@%:,=~-]+$/.test(name)) return `'${name}'`;
  return name.includes("'") ? `"${name}"` : `'${name}'`;
}

/** Quotes an argument as GNU programs do in messages: ‘x’ where the locale is UTF-8, else 'x'. */
export function quoted(process: Process, text: string): string {
  const { env } = process;
  const locale = env.get('LC_ALL') || env.get('LC_CTYPE') || env.get('LANG') || '';
  return /utf-?8/i.test(locale) ? `‘${text}’` : `'${text}'`;
}

/** A size such as `10`, `4K`, `2M`, `1kB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)(b|[kK]|kB|KB|KiB|M|MB|MiB|G|GB|GiB)?$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] ?? '';
  const base = unit.endsWith('B') && !unit.includes('i') ? 1000 : 1024;
  const power = unit === '' ? 0 : 'KMG'.indexOf(unit.charAt(0).toUpperCase()) + 1;
  if (unit === 'b') return Number(match[1]) * 512;
  let value = Number(match[1]);
  for (let count = 0; count < power; count += 1) value *= base;
  return value;
}

/** Columns a text takes: wide East Asian letters two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char.codePointAt(0) as number);
  return width;
}

function charWidth(point: number): number {
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return 0;
  if (point >= 0x300 && point < 0x370) return 0;
  if (
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) ||
    (point >= 0x1f300 && point <= 0x1faff)
  ) {
    return 2;
  }
  return 1;
}
