/**
 * grep, egrep and fgrep (GNU grep 3.8). All matching is linear in the line: a pattern such as
 * `(a+)+$` costs what any other does, and back-references are refused.
 */
import { utf8Length } from '../../ground/base/bytes.ts';
import { readWholeText } from '../../machines/machine/files/read-whole.ts';
import type { Task } from '../../ground/base/task.ts';
import {
  compileBasic,
  compileExtended,
  compileFixed,
  compileRe2,
  type Regexp,
} from '../../ground/lang/regexp/posix.ts';
import { globMatch } from '../../ground/lang/glob.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import {
  defineTool,
  LineReader,
  openInput,
  Output,
  type ParsedOptions,
  parseOptions,
} from './support.ts';

type Kind = 'G' | 'E' | 'F' | 'P';

const SPEC = {
  short: 'EFGPe:f:ivwxclLqsnHhorRA:B:C:m:abzyTUu',
  long: {
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'basic-regexp': 'G',
    'perl-regexp': 'P',
    regexp: 'e:',
    file: 'f:',
    'ignore-case': 'i',
    'invert-match': 'v',
    'word-regexp': 'w',
    'line-regexp': 'x',
    count: 'c',
    'files-with-matches': 'l',
    'files-without-match': 'L',
    quiet: 'q',
    silent: 'q',
    'no-messages': 's',
    'line-number': 'n',
    'with-filename': 'H',
    'no-filename': 'h',
    'only-matching': 'o',
    recursive: 'r',
    'dereference-recursive': 'R',
    'after-context': 'A:',
    'before-context': 'B:',
    context: 'C:',
    'max-count': 'm:',
    color: 'color::',
    colour: 'color::',
    include: 'include:',
    exclude: 'exclude:',
    'exclude-dir': 'excludedir:',
    'line-buffered': 'u',
    text: 'a',
    'byte-offset': 'b',
    'no-ignore-case': 'noi',
  },
} as const;

interface Search {
  readonly process: Process;
  readonly options: ParsedOptions;
  readonly patterns: readonly Regexp[];
  readonly out: Output;
  readonly names: boolean;
  readonly color: boolean;
  readonly before: number;
  readonly after: number;
  readonly most: number;
  matched: boolean;
  failed: boolean;
  /** Bytes before what is printed, for -b. */
  offset: number;
}

function tool(name: string, usual: Kind) {
  return defineTool(name, function* run(process, args) {
    // `-5` is `-C 5`.
    const options = parseOptions(
      args.map((arg) => arg.replace(/^-(\d+)$/, '-C$1')),
      SPEC,
    );
    const usage = `Usage: ${name} [OPTION]... PATTERNS [FILE]...\nTry '${name} --help' for more information.\n`;
    if (!options.ok) {
      yield* process.printError(`${name}: ${options.error}\n${usage}`);
      return 2;
    }
    const { value } = options;
    const operands = [...value.operands];
    const sources = [...value.all('e')];
    for (const path of value.all('f')) {
      const text = yield* readWholeText(process.files, path);
      if (!text.ok) {
        yield* process.printError(`${name}: ${path}: ${strerror(text.error)}\n`);
        return 2;
      }
      if (text.value !== '') sources.push(...text.value.replace(/\n$/, '').split('\n'));
    }
    for (const letter of ['A', 'B', 'C']) {
      const text = value.get(letter);
      if (text === undefined || /^\d+$/.test(text)) continue;
      yield* process.printError(`${name}: ${text}: invalid context length argument\n`);
      return 2;
    }
    if (!value.has('e') && !value.has('f')) {
      const first = operands.shift();
      if (first === undefined) {
        yield* process.printError(usage);
        return 2;
      }
      sources.push(first);
    }
    const kind: Kind = value.has('F')
      ? 'F'
      : value.has('E')
        ? 'E'
        : value.has('P')
          ? 'P'
          : value.has('G')
            ? 'G'
            : usual;
    const patterns: Regexp[] = [];
    for (const source of sources.flatMap((each) => each.split('\n'))) {
      const compiled = compileFor(kind, source, value.has('i') || value.has('y'));
      if (!compiled.ok) {
        yield* process.printError(`${name}: ${compiled.error}\n`);
        return 2;
      }
      patterns.push(compiled.value);
    }
    return yield* searchAll(process, value, operands, patterns);
  });
}

export const grep = tool('grep', 'G');
export const egrep = tool('egrep', 'E');
export const fgrep = tool('fgrep', 'F');

function compileFor(kind: Kind, source: string, ignoreCase: boolean) {
  const options = { ignoreCase };
  if (kind === 'F') return compileFixed(source, options);
  if (kind === 'P') return compileRe2(source, options);
  return kind === 'E' ? compileExtended(source, options) : compileBasic(source, options);
}

function* searchAll(
  process: Process,
  options: ParsedOptions,
  operands: readonly string[],
  patterns: readonly Regexp[],
): Task<number> {
  const recursive = options.has('r') || options.has('R');
  const paths = operands.length > 0 ? operands : [recursive ? '.' : '-'];
  const context = options.get('C') ?? '0';
  const colorWhen = options.has('color') ? options.get('color') : 'never';
  const search: Search = {
    process,
    options,
    patterns,
    out: new Output(process),
    names: !options.has('h') && (options.has('H') || paths.length > 1 || recursive),
    color:
      colorWhen === 'always' ||
      (process.stdout.terminal !== undefined && (colorWhen === 'auto' || colorWhen === '')),
    before: Number(options.get('B') ?? context),
    after: Number(options.get('A') ?? context),
    most: Number(options.get('m') ?? 'Infinity'),
    matched: false,
    failed: false,
    offset: 0,
  };
  for (const path of paths) {
    yield* searchPath(search, path, recursive, operands.length === 0, 0);
    if (search.matched && options.has('q')) break;
  }
  yield* search.out.flush();
  if (search.matched && (options.has('q') || !search.failed)) return 0;
  return search.failed ? 2 : 1;
}

function* fault(search: Search, path: string, errno: Errno): Task<void> {
  search.failed = true;
  if (search.options.has('s')) return;
  yield* search.out.flush();
  yield* search.process.printError(`grep: ${path}: ${strerror(errno)}\n`);
}

function* searchPath(
  search: Search,
  path: string,
  recursive: boolean,
  implied: boolean,
  depth: number,
): Task<void> {
  const { process, options } = search;
  const stat = path === '-' ? undefined : process.files.stat(path);
  if (stat?.ok === true && stat.value.type === 'directory') {
    if (!recursive) {
      return yield* fault(search, path, 'EISDIR');
    }
    const names = process.files.list(path);
    if (!names.ok) return yield* fault(search, path, names.error);
    for (const name of names.value) {
      const inner = implied && depth === 0 ? name : `${path.replace(/\/$/, '')}/${name}`;
      const link = process.files.lstat(inner);
      if (link.ok && link.value.type === 'symlink' && !options.has('R')) continue;
      if (
        link.ok &&
        link.value.type === 'directory' &&
        options.all('excludedir').some((pattern) => globMatch(pattern, name))
      )
        continue;
      if (depth < 500) yield* searchPath(search, inner, recursive, implied, depth + 1);
    }
    return;
  }
  const name = path.split('/').at(-1) as string;
  const included = options.all('include');
  if (included.length > 0 && !included.some((pattern) => globMatch(pattern, name))) return;
  if (options.all('exclude').some((pattern) => globMatch(pattern, name))) return;
  const file = openInput(process, path);
  if (!file.ok) return yield* fault(search, path, file.error);
  yield* searchFile(search, file.value, path === '-' ? '(standard input)' : path);
  file.value.close();
}

interface Hit {
  readonly start: number;
  readonly end: number;
}

/** The first match from `from` that satisfies -w and -x; the longest at its place. */
function findHit(search: Search, text: string, from: number): Hit | undefined {
  const whole = search.options.has('x');
  const word = search.options.has('w');
  let best: Hit | undefined;
  for (const pattern of search.patterns) {
    let at = from;
    while (at <= text.length) {
      const match = pattern.match(text, at);
      if (match === undefined) break;
      if (whole ? match.start === 0 && match.end === text.length : !word || isWord(text, match)) {
        if (
          best === undefined ||
          match.start < best.start ||
          (match.start === best.start && match.end > best.end)
        )
          best = match;
        break;
      }
      at = match.start + 1;
    }
  }
  return best;
}

function isWord(text: string, hit: Hit): boolean {
  const letter = (index: number): boolean => /\w/.test(text[index] ?? '');
  return !letter(hit.start - 1) && !letter(hit.end);
}

function* searchFile(search: Search, file: OpenFile, name: string): Task<void> {
  const { options, out, process } = search;
  const reader = new LineReader(file, out, options.has('z') ? '\0' : '\n');
  const quiet = options.has('q') || options.has('l') || options.has('L') || options.has('c');
  const earlier: { text: string; number: number; offset: number }[] = [];
  let number = 0;
  let offset = 0;
  let count = 0;
  let lastShown = 0;
  let trailing = 0;
  let work = 0;
  for (;;) {
    const line = yield* reader.next();
    if (line === undefined) break;
    number += 1;
    work += line.text.length;
    if (work > 20_000) {
      yield* process.work(Math.ceil(work / 200));
      work = 0;
    }
    search.offset = offset;
    offset += utf8Length(line.text) + 1;
    const hit = findHit(search, line.text, 0);
    if ((hit !== undefined) !== options.has('v')) {
      count += 1;
      search.matched = search.matched || !options.has('L');
      if (options.has('q') || options.has('l') || options.has('L')) break;
      if (!quiet) {
        if (search.before > 0 || search.after > 0) {
          const first = earlier[0]?.number ?? number;
          if (lastShown > 0 && first > lastShown + 1) yield* out.write('--\n');
          for (const item of earlier) {
            search.offset = item.offset;
            yield* printLine(search, name, item.number, item.text, '-');
          }
          search.offset = offset - utf8Length(line.text) - 1;
          earlier.length = 0;
        }
        if (options.has('o')) yield* printParts(search, name, number, line.text, hit);
        else yield* printLine(search, name, number, line.text, ':');
        lastShown = number;
        trailing = search.after;
      }
      if (count >= search.most) break;
    } else if (!quiet && trailing > 0) {
      trailing -= 1;
      yield* printLine(search, name, number, line.text, '-');
      lastShown = number;
    } else if (!quiet && search.before > 0) {
      earlier.push({ text: line.text, number, offset: search.offset });
      if (earlier.length > search.before) earlier.shift();
    }
  }
  if (options.has('q')) return;
  if (options.has('l')) {
    if (count > 0) yield* out.write(`${name}\n`);
  } else if (options.has('L')) {
    if (count === 0) {
      search.matched = true;
      yield* out.write(`${name}\n`);
    }
  } else if (options.has('c')) yield* out.write(`${search.names ? `${name}:` : ''}${count}\n`);
}

function headOf(search: Search, name: string, number: number, mark: string): string {
  const parts: string[] = [];
  const paint = (text: string, code: string): string =>
    search.color ? `\x1b[${code}m\x1b[K${text}\x1b[m\x1b[K` : text;
  if (search.names) parts.push(paint(name, '35'));
  if (search.options.has('n')) parts.push(paint(`${number}`, '32'));
  if (search.options.has('b')) parts.push(paint(`${search.offset}`, '32'));
  return parts.map((part) => part + paint(mark, '36')).join('');
}

function* printLine(
  search: Search,
  name: string,
  number: number,
  text: string,
  mark: string,
): Task<void> {
  let shown = text;
  if (search.color && mark === ':' && !search.options.has('v')) {
    shown = '';
    let at = 0;
    for (;;) {
      const hit = at <= text.length ? findHit(search, text, at) : undefined;
      if (hit === undefined || hit.end === hit.start) break;
      shown += `${text.slice(at, hit.start)}\x1b[01;31m\x1b[K${text.slice(hit.start, hit.end)}\x1b[m\x1b[K`;
      at = hit.end;
    }
    shown += text.slice(at);
  }
  yield* search.out.write(`${headOf(search, name, number, mark)}${shown}\n`);
}

function* printParts(
  search: Search,
  name: string,
  number: number,
  text: string,
  first: Hit | undefined,
): Task<void> {
  if (search.options.has('v')) return;
  const start = search.offset;
  let hit = first;
  while (hit !== undefined) {
    const part = text.slice(hit.start, hit.end);
    search.offset = start + utf8Length(text.slice(0, hit.start));
    if (part !== '')
      yield* search.out.write(
        `${headOf(search, name, number, ':')}${search.color ? `\x1b[01;31m\x1b[K${part}\x1b[m\x1b[K` : part}\n`,
      );
    const at = hit.end > hit.start ? hit.end : hit.end + 1;
    hit = at > text.length ? undefined : findHit(search, text, at);
  }
}
