/** sed as a program: the cycle over lines, pattern and hold space (GNU sed 4.9). */
import { readWholeText } from '../../../machines/machine/files/read-whole.ts';
import { textOf } from '../../../ground/base/bytes.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Regexp, RegexpMatch } from '../../../ground/lang/regexp/posix.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Process } from '../../../machines/machine/process.ts';
import {
  complain,
  defineTool,
  LineReader,
  openInput,
  Output,
  parseOptions,
  type TextLine,
} from '../support.ts';
import {
  type Address,
  type Command,
  parseSed,
  type ReplacementPart,
  type Substitution,
} from './parser.ts';

const USAGE = `Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...
`;
/** Commands between two `work` calls. */
const STEPS_PER_WORK = 2000;

export const sed = defineTool('sed', function* run(process, args) {
  const options = parseOptions(joinInPlace(args), {
    short: 'nEre:f:si:uzbl:',
    long: {
      quiet: 'n',
      silent: 'n',
      'regexp-extended': 'E',
      expression: 'e:',
      file: 'f:',
      'in-place': 'i::',
      separate: 's',
      'null-data': 'z',
      unbuffered: 'u',
      posix: 'b',
      debug: 'b',
      sandbox: 'b',
    },
  });
  if (!options.ok) {
    yield* process.printError(`sed: ${options.error}\n${USAGE}`);
    return 1;
  }
  const { value } = options;
  const operands = [...value.operands];
  const scripts = [...value.all('e')];
  for (const path of value.all('f')) {
    const text = yield* readWholeText(process.files, path);
    if (!text.ok) {
      yield* complain(process, `couldn't open file ${path}: ${strerror(text.error)}`);
      return 1;
    }
    scripts.push(text.value.replace(/^#!.*\n/, '').replace(/\n$/, ''));
  }
  if (!value.has('e') && !value.has('f')) {
    const script = operands.shift();
    if (script === undefined) {
      yield* process.printError(USAGE);
      return 1;
    }
    scripts.push(script);
  }
  const text = scripts.join('\n');
  const program = parseSed(text, value.has('E') || value.has('r'));
  if (program.error !== undefined) {
    yield* complain(process, program.error);
    return 1;
  }
  const quiet = value.has('n') || text.startsWith('#n\n');
  const files = operands.length === 0 ? ['-'] : operands;
  if (!value.has('i')) {
    const editor = new Editor(process, program.commands, quiet, new Output(process), files);
    yield* editor.run();
    yield* editor.finish();
    return editor.code;
  }
  let code = 0;
  for (const path of files) {
    const editor = new Editor(process, program.commands, quiet, undefined, [path]);
    const stat = process.files.stat(path);
    yield* editor.run();
    code = Math.max(code, editor.code);
    if (editor.missing) continue;
    const suffix = value.get('i') ?? '';
    if (suffix !== '')
      process.files.rename(path, suffix.includes('*') ? suffix.replace('*', path) : path + suffix);
    const done = process.files.write(path, editor.collected, stat.ok ? stat.value.mode : 0o644);
    if (!done.ok) yield* complain(process, `couldn't open temporary file: ${strerror(done.error)}`);
    if (editor.quit) break;
  }
  return code;
});

/** `-i` takes its value only when it is written together with it. */
function joinInPlace(args: readonly string[]): string[] {
  let ended = false;
  return args
    .map((arg) => {
      if (arg === '--') ended = true;
      const match = ended ? null : /^-([nErsuz]*)i(.*)$/.exec(arg);
      if (match === null) return arg;
      if (match[1] === '') return `--in-place=${match[2]}`;
      // Other letters before it: their meaning is kept by doubling them in the long form's place.
      return `--in-place=${match[2]}`;
    })
    .flatMap((arg, index) => {
      const original = args[index] as string;
      const match = /^-([nErsuz]+)i(.*)$/.exec(original);
      return match === null || arg === original ? [arg] : [`-${match[1]}`, arg];
    });
}

class Editor {
  code = 0;
  collected = '';
  missing = false;
  quit = false;
  readonly #process: Process;
  readonly #commands: readonly Command[];
  readonly #quiet: boolean;
  readonly #out: Output | undefined;
  readonly #paths: readonly string[];
  #path = 0;
  #reader: LineReader | undefined;
  #ahead: TextLine | undefined;
  #pattern = '';
  #ended = true;
  #hold = '';
  #line = 0;
  #substituted = false;
  #appended: string[] = [];
  #lastRegexp: Regexp | undefined;
  /** Per command with two addresses: the line at which the open range ends, or undefined. */
  readonly #ranges = new Map<Command, { readonly end: number | undefined }>();
  readonly #written = new Set<string>();
  #steps = 0;
  #needsNewline = false;

  constructor(
    process: Process,
    commands: readonly Command[],
    quiet: boolean,
    out: Output | undefined,
    paths: readonly string[],
  ) {
    this.#process = process;
    this.#commands = commands;
    this.#quiet = quiet;
    this.#out = out;
    this.#paths = paths;
  }

  *finish(): Task<void> {
    yield* this.#out?.flush() ?? nothing();
  }

  *run(): Task<void> {
    this.#ahead = yield* this.#fetch();
    while (yield* this.#nextLine()) {
      let again = true;
      while (again) {
        const outcome = yield* this.#cycle();
        again = outcome === 'restart';
        if (outcome === 'quit') return;
      }
    }
  }

  /** The next line of all inputs. */
  *#fetch(): Task<TextLine | undefined> {
    for (;;) {
      if (this.#reader === undefined) {
        const path = this.#paths[this.#path];
        if (path === undefined) return undefined;
        this.#path += 1;
        const file = openInput(this.#process, path);
        if (!file.ok) {
          yield* this.#out?.flush() ?? nothing();
          const words =
            file.error === 'EISDIR'
              ? `couldn't edit ${path}: not a regular file`
              : `can't read ${path}: ${strerror(file.error)}`;
          yield* complain(
            this.#process,
            file.error === 'EISDIR' && this.#out !== undefined
              ? `read error on ${path}: Is a directory`
              : words,
          );
          this.code = file.error === 'EISDIR' && this.#out === undefined ? 4 : 2;
          this.missing = true;
          continue;
        }
        this.#reader = new LineReader(file.value, this.#out);
      }
      const line = yield* this.#reader.next();
      if (line !== undefined) return line;
      this.#reader = undefined;
    }
  }

  *#nextLine(): Task<boolean> {
    const line = this.#ahead;
    if (line === undefined) return false;
    this.#ahead = yield* this.#fetch();
    this.#pattern = line.text;
    this.#ended = line.ended;
    this.#line += 1;
    this.#substituted = false;
    return true;
  }

  *#emit(text: string): Task<void> {
    if (this.#out === undefined) this.collected += text;
    else yield* this.#out.write(text);
  }

  *#print(text: string): Task<void> {
    const head = this.#needsNewline ? '\n' : '';
    const last = this.#ahead === undefined && !this.#ended;
    this.#needsNewline = last;
    yield* this.#emit(`${head}${text}${last ? '' : '\n'}`);
  }

  *#flushAppended(): Task<void> {
    for (const text of this.#appended) {
      if (this.#needsNewline) yield* this.#emit('\n');
      this.#needsNewline = false;
      yield* this.#emit(text);
    }
    this.#appended = [];
  }

  *#endOfCycle(): Task<void> {
    if (!this.#quiet) yield* this.#print(this.#pattern);
    yield* this.#flushAppended();
  }

  #isLast(): boolean {
    return this.#ahead === undefined;
  }

  #matches(address: Address): boolean {
    switch (address.kind) {
      case 'line':
        return this.#line === address.line;
      case 'last':
        return this.#isLast();
      case 'step':
        return address.step === 0
          ? this.#line === address.first
          : this.#line >= address.first && (this.#line - address.first) % address.step === 0;
      case 'regexp': {
        const regexp = address.regexp ?? this.#lastRegexp;
        this.#lastRegexp = regexp;
        return regexp?.test(this.#pattern) === true;
      }
      default:
        return false;
    }
  }

  #selected(command: Command): boolean {
    const { first, second } = command;
    if (first === undefined) return !command.negated;
    if (second === undefined) return this.#matches(first) !== command.negated;
    return this.#inRange(command, first, second) !== command.negated;
  }

  #inRange(command: Command, first: Address, second: Address): boolean {
    const open = this.#ranges.get(command);
    if (open !== undefined) {
      if (open.end !== undefined) {
        if (this.#line >= open.end) this.#ranges.delete(command);
        return (
          this.#line <= open.end ||
          (second.kind !== 'line' ? true : this.#matches(first) && this.#openRange(command, second))
        );
      }
      if (this.#matches(second)) this.#ranges.delete(command);
      return true;
    }
    // `0,/re/`: the range is open before the first line.
    if (first.kind === 'line' && first.line === 0 && this.#line === 1) {
      if (!this.#matches(second)) this.#ranges.set(command, { end: undefined });
      return true;
    }
    return this.#matches(first) && this.#openRange(command, second);
  }

  #openRange(command: Command, second: Address): boolean {
    let end: number | undefined;
    if (second.kind === 'line') end = second.line;
    else if (second.kind === 'plus') end = this.#line + second.count;
    else if (second.kind === 'multiple')
      end = second.of <= 0 ? this.#line : Math.ceil(this.#line / second.of) * second.of;
    else if (second.kind === 'last' && this.#isLast()) return true;
    if (end === undefined || end > this.#line) this.#ranges.set(command, { end });
    return true;
  }

  *#cycle(): Task<'next' | 'restart' | 'quit'> {
    let index = 0;
    while (index < this.#commands.length) {
      this.#steps += 1;
      if (this.#steps >= STEPS_PER_WORK) {
        this.#steps = 0;
        yield* this.#process.work(STEPS_PER_WORK);
      }
      const command = this.#commands[index] as Command;
      index += 1;
      if (!this.#selected(command)) {
        if (command.name === '{') index = command.target;
        continue;
      }
      const jump = yield* this.#perform(command);
      if (typeof jump === 'number') index = jump < 0 ? this.#commands.length : jump;
      else if (jump !== undefined) return jump;
    }
    yield* this.#endOfCycle();
    return 'next';
  }

  /** Runs one command: where to go on, or how the cycle ends. */
  *#perform(command: Command): Task<number | 'next' | 'restart' | 'quit' | undefined> {
    switch (command.name) {
      case 's':
        yield* this.#substitute(command.substitution as Substitution);
        return undefined;
      case 'y':
        this.#pattern = [...this.#pattern]
          .map((char) => command.transliteration?.get(char) ?? char)
          .join('');
        return undefined;
      case 'd':
        yield* this.#flushAppended();
        return 'next';
      case 'D': {
        const newline = this.#pattern.indexOf('\n');
        yield* this.#flushAppended();
        if (newline < 0) return 'next';
        this.#pattern = this.#pattern.slice(newline + 1);
        return 'restart';
      }
      case 'p':
        yield* this.#print(this.#pattern);
        return undefined;
      case 'P':
        yield* this.#print(this.#pattern.split('\n', 1)[0] as string);
        return undefined;
      case 'n':
        if (this.#isLast()) {
          yield* this.#endOfCycle();
          return 'quit';
        }
        if (!this.#quiet) yield* this.#print(this.#pattern);
        yield* this.#flushAppended();
        yield* this.#nextLine();
        return undefined;
      case 'N': {
        if (this.#isLast()) {
          yield* this.#endOfCycle();
          return 'quit';
        }
        yield* this.#flushAppended();
        const before = this.#pattern;
        const substituted = this.#substituted;
        yield* this.#nextLine();
        this.#substituted = substituted;
        this.#pattern = `${before}\n${this.#pattern}`;
        return undefined;
      }
      case 'g':
        this.#pattern = this.#hold;
        return undefined;
      case 'G':
        this.#pattern += `\n${this.#hold}`;
        return undefined;
      case 'h':
        this.#hold = this.#pattern;
        return undefined;
      case 'H':
        this.#hold += `\n${this.#pattern}`;
        return undefined;
      case 'x': {
        const held = this.#hold;
        this.#hold = this.#pattern;
        this.#pattern = held;
        return undefined;
      }
      case 'z':
        this.#pattern = '';
        return undefined;
      case 'b':
        return command.target;
      case 't':
        if (!this.#substituted) return undefined;
        this.#substituted = false;
        return command.target;
      case 'T':
        if (!this.#substituted) return command.target;
        this.#substituted = false;
        return undefined;
      default:
        return yield* this.#performRare(command);
    }
  }

  *#performRare(command: Command): Task<number | 'next' | 'quit' | undefined> {
    switch (command.name) {
      case 'a':
        this.#appended.push(command.text);
        return undefined;
      case 'i':
        yield* this.#emit(command.text);
        return undefined;
      case 'c': {
        const open = command.second !== undefined && this.#ranges.has(command);
        if (!open || command.negated) yield* this.#emit(command.text);
        yield* this.#flushAppended();
        return 'next';
      }
      case '=':
        yield* this.#emit(`${this.#line}\n`);
        return undefined;
      case 'F':
        yield* this.#emit(`${this.#paths[this.#path - 1] ?? '-'}\n`);
        return undefined;
      case 'l':
        yield* this.#emit(
          `${unambiguous(this.#pattern, command.text === '' ? 70 : Number(command.text))}\n`,
        );
        return undefined;
      case 'q':
        this.code = Number(command.text === '' ? '0' : command.text);
        this.quit = true;
        yield* this.#endOfCycle();
        return 'quit';
      case 'Q':
        this.code = Number(command.text === '' ? '0' : command.text);
        this.quit = true;
        return 'quit';
      case 'r': {
        const bytes = this.#process.files.read(command.text);
        if (bytes.ok) this.#appended.push(textOf(bytes.value));
        return undefined;
      }
      case 'w':
        yield* this.#writeFile(command.text, `${this.#pattern}\n`);
        return undefined;
      case 'W':
        yield* this.#writeFile(command.text, `${this.#pattern.split('\n', 1)[0]}\n`);
        return undefined;
      default:
        return undefined;
    }
  }

  *#writeFile(path: string, text: string): Task<void> {
    if (path === '/dev/stdout') return yield* this.#emit(text);
    if (path === '/dev/stderr') return yield* this.#process.printError(text);
    if (!this.#written.has(path)) {
      this.#written.add(path);
      this.#process.files.write(path, '');
    }
    this.#process.files.append(path, text);
  }

  *#substitute(item: Substitution): Task<void> {
    const regexp = item.regexp ?? this.#lastRegexp;
    if (regexp === undefined) return;
    this.#lastRegexp = regexp;
    const text = this.#pattern;
    let out = '';
    let from = 0;
    let at = 0;
    let count = 0;
    let lastEnd = -1;
    let changed = false;
    while (at <= text.length) {
      const match = regexp.match(text, at);
      if (match === undefined) break;
      const empty = match.end === match.start;
      if (empty && match.start === lastEnd) {
        // An empty match right behind another one does not count.
        at = match.start + 1;
        continue;
      }
      count += 1;
      lastEnd = match.end;
      if (count >= item.number) {
        out += text.slice(from, match.start) + fill(item.replacement, match, text);
        from = match.end;
        changed = true;
        if (!item.global) break;
      }
      at = empty ? match.end + 1 : match.end;
    }
    if (!changed) return;
    this.#pattern = out + text.slice(from);
    this.#substituted = true;
    if (item.print) yield* this.#print(this.#pattern);
    if (item.file !== undefined) yield* this.#writeFile(item.file, `${this.#pattern}\n`);
  }
}

function* nothing(): Task<void> {}

function fill(parts: readonly ReplacementPart[], match: RegexpMatch, text: string): string {
  let out = '';
  let mode = '';
  let once = '';
  for (const part of parts) {
    if (part.kind === 'case') {
      if (part.change === 'u' || part.change === 'l') once = part.change;
      else mode = part.change === 'E' ? '' : part.change;
      continue;
    }
    let piece = '';
    if (part.kind === 'text') piece = part.text;
    else {
      const span = match.groups[part.group];
      piece = span === undefined ? '' : text.slice(span.start, span.end);
    }
    if (mode === 'U') piece = piece.toUpperCase();
    else if (mode === 'L') piece = piece.toLowerCase();
    if (once !== '' && piece !== '') {
      piece =
        (once === 'u' ? piece.charAt(0).toUpperCase() : piece.charAt(0).toLowerCase()) +
        piece.slice(1);
      once = '';
    }
    out += piece;
  }
  return out;
}

/** `l`: escapes and a `$` at the end, folded. */
function unambiguous(text: string, width: number): string {
  const names: Readonly<Record<string, string>> = {
    '\\': '\\\\',
    '\n': '\\n',
    '\t': '\\t',
    '\r': '\\r',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
    '\x07': '\\a',
  };
  const lines: string[] = [];
  let line = '';
  for (const char of text) {
    const shown = Object.hasOwn(names, char)
      ? (names[char] as string)
      : char < ' '
        ? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`
        : char;
    if (width > 1 && line.length + shown.length > width - 1) {
      lines.push(`${line}\\`);
      line = '';
    }
    line += shown;
  }
  lines.push(`${line}$`);
  return lines.join('\n');
}
