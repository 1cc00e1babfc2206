/** ls (GNU coreutils 9.1): short, long, one per line, recursive. */
import type { Task } from '../../ground/base/task.ts';
import { compareText } from '../../ground/base/text.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { quoteShell } from '../../ground/lang/shell-quote.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Stat } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import {
  complain,
  defineTool,
  displayWidth,
  Output,
  type ParsedOptions,
  parseOptions,
  quoteName,
  usageError,
} from './support.ts';
import { isBusybox } from './busybox-words.ts';
import { groupName, humanSize, modeText, ownerName } from './file-text.ts';

/** Files changed longer ago than this show their year instead of the time of day. */
const RECENT_MICROS = 15_778_476 * 1_000_000;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: Stat;
}

export const ls = defineTool('ls', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'laA1dRrtShFiCpsknQNBgoGcuUvXx',
    long: {
      all: 'a',
      'almost-all': 'A',
      directory: 'd',
      recursive: 'R',
      reverse: 'r',
      'human-readable': 'h',
      classify: 'F',
      inode: 'i',
      size: 's',
      color: 'color::',
      'full-time': 'fulltime',
      'time-style': 'timestyle:',
      'group-directories-first': 'dirsfirst',
      'no-group': 'G',
      sort: 'sort:',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error, 2);
  const { value } = options;
  const out = new Output(process);
  const operands = value.operands.length === 0 ? ['.'] : value.operands;
  let status = 0;
  const plain: Entry[] = [];
  const folders: Entry[] = [];
  for (const path of operands) {
    let stat = process.files.lstat(path);
    const follow = !value.has('l') && !value.has('d');
    if (stat.ok && stat.value.type === 'symlink' && (follow || path.endsWith('/'))) {
      const target = process.files.stat(path);
      if (target.ok) stat = target;
    }
    if (!stat.ok) {
      yield* complain(process, `cannot access ${quoteName(path)}: ${strerror(stat.error)}`);
      status = isBusybox(process) ? 1 : 2;
      continue;
    }
    const entry = { name: path, path, stat: stat.value };
    if (stat.value.type === 'directory' && !value.has('d')) folders.push(entry);
    else plain.push(entry);
  }
  yield* show(process, out, sorted(plain, value), value);
  const titled = operands.length > 1 || value.has('R');
  let first = plain.length === 0;
  for (const folder of sorted(folders, value)) {
    const code = yield* showFolder(process, out, folder, value, titled, first);
    first = false;
    status = Math.max(status, code);
  }
  yield* out.flush();
  return status;
});

function* showFolder(
  process: Process,
  out: Output,
  folder: Entry,
  options: ParsedOptions,
  titled: boolean,
  first: boolean,
): Task<number> {
  const names = process.files.list(folder.path);
  if (!names.ok) {
    yield* out.flush();
    yield* complain(
      process,
      `cannot open directory ${quoteName(folder.path)}: ${strerror(names.error)}`,
    );
    return 2;
  }
  if (titled) yield* out.write(`${first ? '' : '\n'}${folder.path}:\n`);
  const entries: Entry[] = [];
  const wanted = options.has('a') ? ['.', '..', ...names.value] : names.value;
  for (const name of wanted) {
    if (name.startsWith('.') && !options.has('a') && !options.has('A')) continue;
    const path = folder.path.endsWith('/') ? folder.path + name : `${folder.path}/${name}`;
    const stat = process.files.lstat(path);
    if (stat.ok) entries.push({ name, path, stat: stat.value });
  }
  const ordered = sorted(entries, options);
  if (options.has('l') || options.has('s') || options.has('g') || options.has('o')) {
    const blocks = ordered.reduce((sum, entry) => sum + blocksOf(entry.stat), 0);
    yield* out.write(`total ${options.has('h') ? humanSize(blocks * 1024) : blocks}\n`);
  }
  yield* show(process, out, ordered, options);
  if (!options.has('R')) return 0;
  let status = 0;
  for (const entry of ordered) {
    if (entry.stat.type !== 'directory' || entry.name === '.' || entry.name === '..') continue;
    status = Math.max(
      status,
      yield* showFolder(process, out, { ...entry, name: entry.path }, options, true, false),
    );
  }
  return status;
}

/** Kilobytes on disk, in blocks of four. */
function blocksOf(stat: Stat): number {
  if (stat.type === 'symlink') return 0;
  return stat.type === 'directory' ? 4 : Math.ceil(stat.size / 4096) * 4;
}

function sorted(entries: readonly Entry[], options: ParsedOptions): Entry[] {
  if (options.has('U')) return [...entries];
  const by = options.get('sort');
  const order = (a: Entry, b: Entry): number => {
    if (options.has('dirsfirst') && (a.stat.type === 'directory') !== (b.stat.type === 'directory'))
      return a.stat.type === 'directory' ? -1 : 1;
    let result = 0;
    if (options.has('t') || by === 'time') result = b.stat.modified - a.stat.modified;
    else if (options.has('S') || by === 'size') result = b.stat.size - a.stat.size;
    if (result === 0) result = compareText(a.name, b.name);
    return options.has('r') ? -result : result;
  };
  return [...entries].sort(order);
}

function suffixOf(entry: Entry, options: ParsedOptions): string {
  if (options.has('p') && !options.has('F')) return entry.stat.type === 'directory' ? '/' : '';
  if (!options.has('F')) return '';
  switch (entry.stat.type) {
    case 'directory':
      return '/';
    case 'symlink':
      return options.has('l') ? '' : '@';
    case 'fifo':
      return '|';
    case 'socket':
      return '=';
    default:
      return (entry.stat.mode & 0o111) !== 0 && entry.stat.type === 'file' ? '*' : '';
  }
}

function colored(entry: Entry, text: string, on: boolean): string {
  if (!on) return text;
  const { type, mode } = entry.stat;
  const code =
    type === 'directory'
      ? '01;34'
      : type === 'symlink'
        ? '01;36'
        : type === 'fifo'
          ? '33'
          : type === 'socket'
            ? '01;35'
            : type === 'character'
              ? '01;33'
              : (mode & 0o111) !== 0
                ? '01;32'
                : '';
  return code === '' ? text : `\x1b[0m\x1b[${code}m${text}\x1b[0m`;
}

function* show(
  process: Process,
  out: Output,
  entries: readonly Entry[],
  options: ParsedOptions,
): Task<void> {
  const terminal = process.stdout.terminal;
  const when = options.has('color')
    ? options.get('color') === ''
      ? 'always'
      : options.get('color')
    : 'never';
  const colors = when === 'always' || (when === 'auto' && terminal !== undefined);
  const nameOf = (entry: Entry): string => {
    const quoted =
      terminal !== undefined && quoteShell(entry.name) !== entry.name
        ? `'${entry.name}'`
        : entry.name;
    return colored(entry, quoted, colors) + suffixOf(entry, options);
  };
  const inode = (entry: Entry): string => (options.has('i') ? `${entry.stat.inode} ` : '');
  if (options.has('l') || options.has('g') || options.has('o') || options.has('n')) {
    yield* showLong(process, out, entries, options, nameOf);
    return;
  }
  if (terminal === undefined || options.has('1')) {
    if (!options.has('C') && !options.has('x')) {
      for (const entry of entries) yield* out.write(`${inode(entry)}${nameOf(entry)}\n`);
      return;
    }
  }
  const width = terminal?.columns ?? 80;
  const cells = entries.map((entry) => ({
    shown: inode(entry) + nameOf(entry),
    width:
      displayWidth(inode(entry) + entry.name + suffixOf(entry, options)) +
      (terminal !== undefined && quoteShell(entry.name) !== entry.name ? 2 : 0),
  }));
  yield* out.write(columns(cells, width));
}

/** Lays cells out in columns, down first, two blanks between. */
function columns(
  cells: readonly { readonly shown: string; readonly width: number }[],
  width: number,
): string {
  if (cells.length === 0) return '';
  for (let rows = 1; rows <= cells.length; rows += 1) {
    const count = Math.ceil(cells.length / rows);
    const widths: number[] = [];
    for (let column = 0; column < count; column += 1) {
      let most = 0;
      for (let row = 0; row < rows; row += 1)
        most = Math.max(most, cells[column * rows + row]?.width ?? 0);
      widths.push(most);
    }
    const total = widths.reduce((sum, each) => sum + each + 2, -2);
    if (total >= width && rows < cells.length) continue;
    let text = '';
    for (let row = 0; row < rows; row += 1) {
      let line = '';
      for (let column = 0; column < count; column += 1) {
        const cell = cells[column * rows + row];
        if (cell === undefined) continue;
        const last = cells[(column + 1) * rows + row] === undefined;
        line += cell.shown + (last ? '' : ' '.repeat((widths[column] as number) + 2 - cell.width));
      }
      text += `${line}\n`;
    }
    return text;
  }
  return '';
}

/** Major and minor numbers of what Linux puts into /dev (admin-guide/devices.txt). */
const DEVICES: ReadonlyMap<string, string> = new Map([
  ['null', '1, 3'],
  ['zero', '1, 5'],
  ['full', '1, 7'],
  ['random', '1, 8'],
  ['urandom', '1, 9'],
  ['tty', '5, 0'],
  ['console', '5, 1'],
  ['ptmx', '5, 2'],
]);

function deviceOf({ name, path }: Entry): string {
  if (/\/pts\/\d+$/.test(path)) return `136, ${name.slice(name.lastIndexOf('/') + 1)}`;
  return DEVICES.get(name.slice(name.lastIndexOf('/') + 1)) ?? '1, 3';
}

function* showLong(
  process: Process,
  out: Output,
  entries: readonly Entry[],
  options: ParsedOptions,
  nameOf: (entry: Entry) => string,
): Task<void> {
  const now = process.clock.wall();
  const rows = entries.map((entry) => {
    const { stat } = entry;
    const size =
      stat.type === 'character'
        ? deviceOf(entry)
        : options.has('h')
          ? humanSize(stat.size)
          : `${stat.size}`;
    const old = now - stat.modified > RECENT_MICROS || stat.modified > now;
    const style = options.has('fulltime')
      ? '%Y-%m-%d %H:%M:%S.%N +0000'
      : options.get('timestyle') === 'long-iso'
        ? '%Y-%m-%d %H:%M'
        : old
          ? '%b %e  %Y'
          : '%b %e %H:%M';
    const link = stat.type === 'symlink' ? ` -> ${stat.target ?? ''}` : '';
    return {
      inode: options.has('i') ? `${stat.inode}` : '',
      blocks: options.has('s') ? `${blocksOf(stat)}` : '',
      mode: modeText(stat),
      links: `${stat.links}`,
      owner: options.has('g')
        ? ''
        : options.has('n')
          ? `${stat.uid}`
          : ownerName(process, stat.uid),
      group:
        options.has('o') || options.has('G')
          ? ''
          : options.has('n')
            ? `${stat.gid}`
            : groupName(process, stat.gid),
      size,
      time: formatDate(style, stat.modified),
      name: nameOf(entry) + link,
    };
  });
  const widthOf = (pick: (row: (typeof rows)[number]) => string): number =>
    rows.reduce((most, row) => Math.max(most, pick(row).length), 0);
  // busybox's columns have the same width everywhere.
  const applet = isBusybox(process);
  const least = (width: number, most: number): number => (applet && most > 0 ? width : most);
  const links = least(
    4,
    widthOf((row) => row.links),
  );
  const owner = least(
    8,
    widthOf((row) => row.owner),
  );
  const group = least(
    8,
    widthOf((row) => row.group),
  );
  const size = least(
    9,
    widthOf((row) => row.size),
  );
  const inode = widthOf((row) => row.inode);
  const blocks = widthOf((row) => row.blocks);
  for (const row of rows) {
    const parts = [applet ? row.mode.padEnd(10) : row.mode, row.links.padStart(links)];
    if (inode > 0) parts.unshift(row.inode.padStart(inode));
    if (blocks > 0) parts.splice(inode > 0 ? 1 : 0, 0, row.blocks.padStart(blocks));
    if (owner > 0) parts.push(row.owner.padEnd(owner));
    if (group > 0) parts.push(row.group.padEnd(group));
    parts.push(row.size.padStart(size), row.time, row.name);
    yield* out.write(`${parts.join(' ')}\n`);
  }
}
