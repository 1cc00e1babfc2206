/** wc (GNU coreutils 9.1). */
import type { Process } from '../../machines/machine/process.ts';
import { textOf } from '../../ground/base/bytes.ts';
import {
  displayWidth,
  defineTool,
  eachInput,
  Output,
  parseOptions,
  readAll,
  usageError,
} from './support.ts';

interface Counts {
  lines: number;
  words: number;
  chars: number;
  bytes: number;
  longest: number;
}

const EMPTY: Counts = { lines: 0, words: 0, chars: 0, bytes: 0, longest: 0 };

function isFolder(process: Process, path: string): boolean {
  const stat = process.files.stat(path);
  return stat.ok && stat.value.type === 'directory';
}

export const wc = defineTool('wc', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'lwcmL',
    long: { lines: 'l', words: 'w', bytes: 'c', chars: 'm', 'max-line-length': 'L' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const all = !['l', 'w', 'c', 'm', 'L'].some((key) => value.has(key));
  const rows: (Counts & { name: string | undefined })[] = [];
  const total: Counts = { ...EMPTY };
  const status = yield* eachInput(process, value.operands, function* count(file, path) {
    const bytes = yield* readAll(file);
    const text = textOf(bytes);
    const lines = text.split('\n');
    const row = {
      lines: lines.length - 1,
      words: text.match(/[^\s]+/g)?.length ?? 0,
      chars: [...text].length,
      bytes: bytes.length,
      longest: lines.reduce((most, line) => Math.max(most, displayWidth(line)), 0),
      name: value.operands.length === 0 ? undefined : path,
    };
    rows.push(row);
    total.lines += row.lines;
    total.words += row.words;
    total.chars += row.chars;
    total.bytes += row.bytes;
    total.longest = Math.max(total.longest, row.longest);
  });
  // A folder is named, and counted as empty.
  for (const path of value.operands) {
    if (isFolder(process, path))
      rows.splice(value.operands.indexOf(path), 0, { ...EMPTY, name: path });
  }
  const foldered = rows.some((row) => row.name !== undefined && isFolder(process, row.name));
  if (value.operands.length > 1) rows.push({ ...total, name: 'total' });
  const fields = (row: Counts): number[] => {
    const out: number[] = [];
    if (all || value.has('l')) out.push(row.lines);
    if (all || value.has('w')) out.push(row.words);
    if (value.has('m')) out.push(row.chars);
    if (all || value.has('c')) out.push(row.bytes);
    if (value.has('L')) out.push(row.longest);
    return out;
  };
  // One number of one input stands alone; otherwise files decide the width, and a pipe takes seven.
  const single = fields(total).length === 1 && rows.length === 1;
  const piped = value.operands.length === 0 || value.operands.includes('-');
  const width = single ? 1 : piped || foldered ? 7 : `${total.bytes}`.length;
  const out = new Output(process);
  for (const row of rows) {
    const numbers = fields(row)
      .map((number) => `${number}`.padStart(width))
      .join(' ');
    yield* out.write(`${numbers}${row.name === undefined ? '' : ` ${row.name}`}\n`);
  }
  yield* out.flush();
  return status;
});
