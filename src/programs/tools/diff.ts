/** diff (GNU diffutils 3.8): normal, unified, brief, recursive, new files as empty. */
import type { Task } from '../../ground/base/task.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { compareText } from '../../ground/base/text.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import {
  defineTool,
  openInput,
  Output,
  type ParsedOptions,
  parseOptions,
  readAll,
} from './support.ts';

/** A run of lines that differ: [a, a + n) of the old, [b, b + m) of the new. */
interface Hunk {
  readonly a: number;
  readonly n: number;
  readonly b: number;
  readonly m: number;
}

/** Beyond so many steps of Myers' algorithm, the rest counts as changed as a whole. */
const EDITS_MAX = 4000;

/** The differences between two lists of lines (Myers, "An O(ND) difference algorithm"). */
function diffLines(old: readonly string[], fresh: readonly string[]): Hunk[] {
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < fresh.length - head &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  )
    tail += 1;
  const a = old.slice(head, old.length - tail);
  const b = fresh.slice(head, fresh.length - tail);
  const kept = longestCommon(a, b);
  const hunks: Hunk[] = [];
  let x = 0;
  let y = 0;
  for (const [i, j] of [...kept, [a.length, b.length] as const]) {
    if (i > x || j > y) hunks.push({ a: head + x, n: i - x, b: head + y, m: j - y });
    x = i + 1;
    y = j + 1;
  }
  return hunks;
}

/** Pairs of equal lines, in order. */
function longestCommon(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const most = Math.min(a.length + b.length, EDITS_MAX);
  const frontier = new Map<number, number>([[1, 0]]);
  const history: Map<number, number>[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    history.push(new Map(frontier));
    for (let k = -edits; k <= edits; k += 2) {
      const down =
        k === -edits || (k !== edits && (frontier.get(k - 1) ?? -1) < (frontier.get(k + 1) ?? -1));
      let x = down ? (frontier.get(k + 1) ?? 0) : (frontier.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      frontier.set(k, x);
      if (x >= a.length && y >= b.length) return trace(history, a, b);
    }
  }
  return [];
}

function trace(
  history: readonly ReadonlyMap<number, number>[],
  a: readonly string[],
  b: readonly string[],
): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = history.length - 1; edits >= 0; edits -= 1) {
    const frontier = history[edits] as ReadonlyMap<number, number>;
    const k = x - y;
    const down =
      k === -edits || (k !== edits && (frontier.get(k - 1) ?? -1) < (frontier.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const startX = edits === 0 ? 0 : (frontier.get(before) ?? 0);
    const startY = edits === 0 ? 0 : startX - before;
    while (
      x > startX &&
      y > startY &&
      !(edits > 0 && x === startX + (down ? 0 : 1) && y === startY + (down ? 1 : 0))
    ) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    x = startX;
    y = startY;
  }
  return pairs.reverse();
}

interface Side {
  readonly label: string;
  readonly lines: readonly string[];
  readonly endsOpen: boolean;
}

const SPEC = {
  short: 'uU:NrqsbwBic0123456789L:ax:y',
  long: {
    unified: 'unified::',
    'new-file': 'N',
    recursive: 'r',
    brief: 'q',
    'ignore-all-space': 'w',
    'ignore-space-change': 'b',
    'ignore-blank-lines': 'B',
    'ignore-case': 'i',
    label: 'L:',
    'report-identical-files': 's',
    color: 'color::',
    text: 'a',
    exclude: 'x:',
  },
} as const;

export const diff = defineTool('diff', function* run(process, args) {
  const options = parseOptions(args, SPEC);
  if (!options.ok) {
    yield* process.printError(
      `diff: ${options.error}\ndiff: Try 'diff --help' for more information.\n`,
    );
    return 2;
  }
  const [old, fresh, extra] = options.value.operands;
  if (old === undefined || fresh === undefined || extra !== undefined) {
    yield* process.printError(
      extra !== undefined
        ? `diff: extra operand '${extra}'\ndiff: Try 'diff --help' for more information.\n`
        : `diff: missing operand after '${old ?? 'diff'}'\ndiff: Try 'diff --help' for more information.\n`,
    );
    return 2;
  }
  const out = new Output(process);
  const status = yield* compare(process, options.value, old, fresh, out, false);
  yield* out.flush();
  return status;
});

function typeOf(process: Process, path: string): string | undefined {
  if (path === '-') return 'file';
  const stat = process.files.stat(path);
  return stat.ok ? stat.value.type : undefined;
}

function* compare(
  process: Process,
  options: ParsedOptions,
  old: string,
  fresh: string,
  out: Output,
  inside: boolean,
): Task<number> {
  let a = old;
  let b = fresh;
  const typeA = typeOf(process, a);
  const typeB = typeOf(process, b);
  for (const [path, type] of [
    [a, typeA],
    [b, typeB],
  ] as const) {
    if (
      type === undefined &&
      !(options.has('N') && (inside || typeA !== undefined || typeB !== undefined))
    ) {
      yield* out.flush();
      yield* process.printError(`diff: ${path}: ${strerror('ENOENT')}\n`);
      return 2;
    }
  }
  if (typeA === 'directory' && typeB === 'directory')
    return yield* compareFolders(process, options, a, b, out);
  if (typeA === 'directory' && typeB !== undefined && !inside) a = `${a}/${b.split('/').at(-1)}`;
  else if (typeB === 'directory' && typeA !== undefined && !inside)
    b = `${b}/${a.split('/').at(-1)}`;
  const left = yield* readSide(process, a, options.all('L')[0]);
  const right = yield* readSide(process, b, options.all('L')[1]);
  return yield* report(process, options, { left, right, a, b, inside }, out);
}

function* compareFolders(
  process: Process,
  options: ParsedOptions,
  a: string,
  b: string,
  out: Output,
): Task<number> {
  const left = process.files.list(a);
  const right = process.files.list(b);
  const names = [
    ...new Set([...(left.ok ? left.value : []), ...(right.ok ? right.value : [])]),
  ].sort(compareText);
  let status = 0;
  for (const name of names) {
    const inLeft = left.ok && left.value.includes(name);
    const inRight = right.ok && right.value.includes(name);
    const pathA = `${a.replace(/\/$/, '')}/${name}`;
    const pathB = `${b.replace(/\/$/, '')}/${name}`;
    if (inLeft !== inRight && !options.has('N')) {
      yield* out.write(`Only in ${(inLeft ? a : b).replace(/(?!^)\/$/, '')}: ${name}\n`);
      status = Math.max(status, 1);
      continue;
    }
    const folders =
      typeOf(process, pathA) === 'directory' && typeOf(process, pathB) === 'directory';
    if (folders && !options.has('r'))
      yield* out.write(`Common subdirectories: ${pathA} and ${pathB}\n`);
    else status = Math.max(status, yield* compare(process, options, pathA, pathB, out, true));
  }
  return status;
}

function* readSide(process: Process, path: string, label: string | undefined): Task<Side> {
  const file = openInput(process, path);
  const stat = process.files.stat(path);
  const moment = formatDate('%Y-%m-%d %H:%M:%S.%N +0000', stat.ok ? stat.value.modified : 0);
  const shown = label ?? `${path}\t${moment}`;
  if (!file.ok) return { label: shown, lines: [], endsOpen: false };
  const text = textOf(yield* readAll(file.value));
  file.value.close();
  const lines = text.split('\n');
  const endsOpen = lines.at(-1) !== '';
  if (!endsOpen) lines.pop();
  return { label: shown, lines, endsOpen };
}

interface Pair {
  readonly left: Side;
  readonly right: Side;
  readonly a: string;
  readonly b: string;
  readonly inside: boolean;
}

function* report(process: Process, options: ParsedOptions, pair: Pair, out: Output): Task<number> {
  const { left, right, a, b } = pair;
  const fold = (side: Side): string[] =>
    side.lines.map((line, index) => {
      let text = line;
      if (options.has('w')) text = text.replace(/\s+/g, '');
      else if (options.has('b')) text = text.replace(/\s+/g, ' ').trimEnd();
      if (options.has('i')) text = text.toLowerCase();
      return side.endsOpen && index === side.lines.length - 1 ? `${text}\0` : text;
    });
  yield* process.work(Math.ceil((left.lines.length + right.lines.length) / 10));
  let hunks = diffLines(fold(left), fold(right));
  if (options.has('B'))
    hunks = hunks.filter((hunk) =>
      [
        ...left.lines.slice(hunk.a, hunk.a + hunk.n),
        ...right.lines.slice(hunk.b, hunk.b + hunk.m),
      ].some((line) => line.trim() !== ''),
    );
  if (hunks.length === 0) {
    if (options.has('s')) yield* out.write(`Files ${a} and ${b} are identical\n`);
    return 0;
  }
  if (options.has('q')) {
    yield* out.write(`Files ${a} and ${b} differ\n`);
    return 1;
  }
  const unified = options.has('u') || options.has('U') || options.has('unified');
  if (pair.inside) {
    const flags = ['u', 'N', 'r'].filter((flag) => options.has(flag)).map((flag) => `-${flag}`);
    yield* out.write(`diff ${mergeFlags(flags)} ${a} ${b}\n`.replace(/ {2,}/g, ' '));
  }
  const context = Number(options.get('U') ?? (options.get('unified') || '3'));
  if (unified) yield* writeUnified(out, left, right, hunks, context);
  else yield* writeNormal(out, left, right, hunks);
  return 1;
}

function mergeFlags(flags: readonly string[]): string {
  return flags.length === 0 ? '' : flags.join(' ');
}

function* writeNormal(out: Output, left: Side, right: Side, hunks: readonly Hunk[]): Task<void> {
  const range = (start: number, count: number): string =>
    count === 0 ? `${start}` : count === 1 ? `${start + 1}` : `${start + 1},${start + count}`;
  for (const hunk of hunks) {
    const letter = hunk.n === 0 ? 'a' : hunk.m === 0 ? 'd' : 'c';
    yield* out.write(`${range(hunk.a, hunk.n)}${letter}${range(hunk.b, hunk.m)}\n`);
    yield* writeLines(out, '< ', left, hunk.a, hunk.n);
    if (letter === 'c') yield* out.write('---\n');
    yield* writeLines(out, '> ', right, hunk.b, hunk.m);
  }
}

function* writeLines(
  out: Output,
  mark: string,
  side: Side,
  start: number,
  count: number,
): Task<void> {
  for (let index = start; index < start + count; index += 1) {
    yield* out.write(`${mark}${side.lines[index]}\n`);
    if (side.endsOpen && index === side.lines.length - 1)
      yield* out.write('\\ No newline at end of file\n');
  }
}

function* writeUnified(
  out: Output,
  left: Side,
  right: Side,
  hunks: readonly Hunk[],
  context: number,
): Task<void> {
  yield* out.write(`--- ${left.label}\n+++ ${right.label}\n`);
  let index = 0;
  while (index < hunks.length) {
    let last = index;
    while (
      last + 1 < hunks.length &&
      (hunks[last + 1] as Hunk).a - ((hunks[last] as Hunk).a + (hunks[last] as Hunk).n) <=
        context * 2
    )
      last += 1;
    const group = hunks.slice(index, last + 1);
    const first = group[0] as Hunk;
    const end = group.at(-1) as Hunk;
    const startA = Math.max(0, first.a - context);
    const startB = Math.max(0, first.b - context);
    const endA = Math.min(left.lines.length, end.a + end.n + context);
    const endB = Math.min(right.lines.length, end.b + end.m + context);
    const span = (start: number, count: number): string =>
      count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
    yield* out.write(`@@ -${span(startA, endA - startA)} +${span(startB, endB - startB)} @@\n`);
    let at = startA;
    for (const hunk of group) {
      yield* writeLines(out, ' ', left, at, hunk.a - at);
      yield* writeLines(out, '-', left, hunk.a, hunk.n);
      yield* writeLines(out, '+', right, hunk.b, hunk.m);
      at = hunk.a + hunk.n;
    }
    yield* writeLines(out, ' ', left, at, endA - at);
    index = last + 1;
  }
}
