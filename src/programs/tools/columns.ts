/** paste, fold, comm, column: lines beside one another, or cut to a width. */
import { textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { compareText } from '../../ground/base/text.ts';
import { strerror } from '../../machines/network/errno.ts';
import {
  allLines,
  complain,
  defineTool,
  displayWidth,
  eachInput,
  LineReader,
  openInput,
  Output,
  parseOptions,
  quoted,
  readAll,
  usageError,
} from './support.ts';

export const paste = defineTool('paste', function* run(process, args) {
  const options = parseOptions(args, { short: 'd:s', long: { delimiters: 'd:', serial: 's' } });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const delimiters = [
    ...(value.get('d') ?? '\t').replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\0/g, '\0'),
  ];
  const glue = (index: number): string =>
    (delimiters[index % delimiters.length] ?? '').replace('\0', '');
  const joined = (parts: readonly string[]): string =>
    parts.map((part, index) => (index === 0 ? part : glue(index - 1) + part)).join('');
  const out = new Output(process);
  if (value.has('s')) {
    const status = yield* eachInput(process, value.operands, function* serial(file) {
      const lines = textOf(yield* readAll(file))
        .replace(/\n$/, '')
        .split('\n');
      yield* out.write(`${joined(lines)}\n`);
    });
    yield* out.flush();
    return status;
  }
  const readers: LineReader[] = [];
  let shared: LineReader | undefined;
  for (const path of value.operands.length === 0 ? ['-'] : value.operands) {
    const file = openInput(process, path);
    if (!file.ok) {
      yield* complain(process, `${path}: ${strerror(file.error)}`);
      return 1;
    }
    if (path === '-') {
      shared ??= new LineReader(file.value, out);
      readers.push(shared);
    } else readers.push(new LineReader(file.value, out));
  }
  for (;;) {
    const parts: (string | undefined)[] = [];
    for (const reader of readers) parts.push((yield* reader.next())?.text);
    if (parts.every((part) => part === undefined)) break;
    yield* out.write(`${joined(parts.map((part) => part ?? ''))}\n`);
  }
  yield* out.flush();
  return 0;
});

export const fold = defineTool('fold', function* run(process, args) {
  const options = parseOptions(
    args.map((arg) => arg.replace(/^-(\d+)$/, '-w$1')),
    { short: 'w:sb', long: { width: 'w:', spaces: 's', bytes: 'b' } },
  );
  if (!options.ok) return yield* usageError(process, options.error);
  const width = Number(options.value.get('w') ?? '80');
  if (!(width > 0)) {
    yield* complain(
      process,
      `invalid number of columns: ${quoted(process, options.value.get('w') ?? '')}`,
    );
    return 1;
  }
  const { lines, status } = yield* allLines(process, options.value.operands);
  const out = new Output(process);
  for (const line of lines) {
    let rest = line;
    while (displayWidth(rest) > width) {
      let end = 0;
      let taken = 0;
      for (const char of rest) {
        const next = taken + displayWidth(char);
        if (next > width) break;
        taken = next;
        end += char.length;
      }
      if (end === 0) end = 1;
      const space = options.value.has('s') ? rest.lastIndexOf(' ', end - 1) : -1;
      if (space >= 0) end = space + 1;
      yield* out.write(`${rest.slice(0, end)}\n`);
      rest = rest.slice(end);
    }
    yield* out.write(`${rest}\n`);
  }
  yield* out.flush();
  return status;
});

export const comm = defineTool('comm', function* run(process, args) {
  const options = parseOptions(args, {
    short: '123',
    long: { 'check-order': 'check-order', 'nocheck-order': 'nocheck-order' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const [left, right] = value.operands;
  if (left === undefined || right === undefined)
    return yield* usageError(
      process,
      left === undefined ? 'missing operand' : `missing operand after ${quoted(process, left)}`,
    );
  const a = yield* allLines(process, [left]);
  const b = yield* allLines(process, [right]);
  if (a.status + b.status > 0) return 1;
  const tab = (column: number): string =>
    '\t'.repeat([1, 2].filter((each) => each < column && !value.has(`${each}`)).length);
  const out = new Output(process);
  // What stands in one file only shows whether the files are sorted; then each is told of once.
  const disordered = new Set<number>();
  const sides = [a.lines, b.lines];
  const check = function* (side: number, at: number): Task<void> {
    const lines = sides[side - 1] ?? [];
    const now = lines[at];
    if (now === undefined || disordered.has(side) || compareText(lines[at - 1] ?? '', now) <= 0)
      return;
    disordered.add(side);
    yield* out.flush();
    yield* complain(process, `file ${side} is not in sorted order`);
  };
  let unpaired = value.has('check-order');
  let i = 0;
  let j = 0;
  while (i < a.lines.length || j < b.lines.length) {
    const x = a.lines[i];
    const y = b.lines[j];
    const column =
      y === undefined || (x !== undefined && compareText(x, y) < 0)
        ? 1
        : x === undefined || compareText(y, x) < 0
          ? 2
          : 3;
    const text = column === 2 ? y : x;
    if (column !== 2) i += 1;
    if (column !== 1) j += 1;
    if (!value.has(`${column}`)) yield* out.write(`${tab(column)}${text}\n`);
    unpaired ||= column !== 3;
    if (!unpaired || value.has('nocheck-order')) continue;
    if (column !== 2) yield* check(1, i);
    if (column !== 1) yield* check(2, j);
  }
  yield* out.flush();
  if (disordered.size === 0) return 0;
  yield* complain(process, 'input is not in sorted order');
  return 1;
});

export const column = defineTool('column', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'ts:o:nc:',
    long: { table: 't', separator: 's:', 'output-separator': 'o:' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const { lines, status } = yield* allLines(process, value.operands);
  const filled = lines.filter((line) => line.trim() !== '');
  const out = new Output(process);
  if (!value.has('t')) {
    const width =
      filled.reduce((most, line) => Math.max(most, displayWidth(line)), 0) +
      8 -
      (filled.reduce((most, line) => Math.max(most, displayWidth(line)), 0) % 8);
    const across = Math.max(1, Math.floor(80 / width));
    const rows = Math.ceil(filled.length / across);
    for (let row = 0; row < rows; row += 1) {
      let text = '';
      for (let at = row; at < filled.length; at += rows) {
        const cell = filled[at] as string;
        text +=
          cell +
          (at + rows < filled.length
            ? '\t'.repeat(Math.ceil((width - displayWidth(cell)) / 8))
            : '');
      }
      yield* out.write(`${text}\n`);
    }
    yield* out.flush();
    return status;
  }
  const given = value.get('s');
  const table = filled.map((line) =>
    given === undefined
      ? line.trim().split(/[ \t]+/)
      : line.split(new Set(given).size === 1 ? given : given),
  );
  const widths: number[] = [];
  for (const row of table) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    });
  }
  const gap = value.get('o') ?? '  ';
  for (const row of table) {
    const cells = widths.map((width, index) => {
      const cell = row[index] ?? '';
      return index === widths.length - 1 ? cell : cell + ' '.repeat(width - displayWidth(cell));
    });
    yield* out.write(`${cells.join(gap)}\n`);
  }
  yield* out.flush();
  return status;
});
