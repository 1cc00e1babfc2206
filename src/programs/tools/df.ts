/** df: how full the file systems are (GNU coreutils 9.1; busybox 1.36). */
import type { Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { strerror } from '../../machines/network/errno.ts';
import { humanSize } from './file-text.ts';
import { complain, defineTool, type ParsedOptions, parseOptions, usageError } from './support.ts';

interface MountLine {
  readonly source: string;
  readonly path: string;
  readonly kind: string;
}

/** File systems of the kernel's own, which hold nothing. */
const DUMMIES = new Set(['proc', 'sysfs', 'cgroup2', 'devpts', 'mqueue', 'nsfs']);

/** Mounts that hold something, in order. */
function mountsOf(process: Process): readonly MountLine[] {
  const text = process.files.readText('/proc/self/mounts');
  return (text.ok ? text.value : '').split('\n').flatMap((line) => {
    const [source = '', path = '', kind = ''] = line.split(' ');
    return path === '' || DUMMIES.has(kind) ? [] : [{ source, path, kind }];
  });
}

/** The mount that a path lies in. */
function mountOf(
  process: Process,
  mounts: readonly MountLine[],
  path: string,
): MountLine | undefined {
  const real = process.files.realpath(path);
  if (!real.ok) return undefined;
  let best: MountLine | undefined;
  for (const mount of mounts) {
    const below = mount.path === '/' ? '/' : `${mount.path}/`;
    const holds = real.value === mount.path || real.value.startsWith(below);
    if (holds && mount.path.length >= (best?.path.length ?? 0)) best = mount;
  }
  return best;
}

interface Style {
  readonly head: (options: ParsedOptions) => readonly string[];
  readonly widths: readonly number[];
  /** One row for a device that is mounted in several places. */
  readonly once: boolean;
}

const GNU: Style = {
  head: (options) =>
    options.has('i')
      ? ['Filesystem', 'Inodes', 'IUsed', 'IFree', 'IUse%', 'Mounted on']
      : [
          'Filesystem',
          options.has('h') ? 'Size' : '1K-blocks',
          'Used',
          options.has('h') ? 'Avail' : 'Available',
          'Use%',
          'Mounted on',
        ],
  widths: [14, 5, 5, 5, 4, 0],
  once: true,
};
const BUSYBOX: Style = {
  head: (options) =>
    options.has('i')
      ? ['Filesystem', 'Inodes', 'Used', 'Available', 'Use%', 'Mounted on']
      : [
          'Filesystem',
          options.has('h') ? 'Size' : '1K-blocks',
          'Used',
          'Available',
          'Use%',
          'Mounted on',
        ],
  widths: [20, 9, 9, 9, 4, 0],
  once: false,
};

function rowOf(
  process: Process,
  { source, path, kind }: MountLine,
  options: ParsedOptions,
): readonly string[] | undefined {
  const usage = process.files.usage(path);
  if (!usage.ok || usage.value.size === 0) return undefined;
  const { used, size, inodes, inodesUsed } = usage.value;
  const percent = (part: number, whole: number): string =>
    `${Math.ceil((part * 100) / Math.max(1, whole))}%`;
  const show = (bytes: number): string =>
    options.has('h')
      ? bytes === 0
        ? '0'
        : humanSize(bytes)
      : `${Math.ceil(bytes / (options.has('m') ? 1_048_576 : 1024))}`;
  const cells = options.has('i')
    ? [`${inodes}`, `${inodesUsed}`, `${inodes - inodesUsed}`, percent(inodesUsed, inodes)]
    : [show(size), show(used), show(size - used), percent(used, size)];
  return [source, ...(options.has('T') ? [kind] : []), ...cells, path];
}

function* rowsOf(
  process: Process,
  options: ParsedOptions,
  style: Style,
): Task<{ readonly rows: (readonly string[])[]; readonly status: number }> {
  const mounts = mountsOf(process);
  const rows: (readonly string[])[] = [];
  let status = 0;
  const add = (mount: MountLine): void => {
    const row = rowOf(process, mount, options);
    if (row !== undefined) rows.push(row);
  };
  if (options.operands.length === 0) {
    const seen = new Set<string>();
    for (const mount of mounts) {
      if (style.once && mount.source.startsWith('/dev/') && seen.has(mount.source)) continue;
      seen.add(mount.source);
      add(mount);
    }
  }
  for (const path of options.operands) {
    const stat = process.files.stat(path);
    const mount = stat.ok ? mountOf(process, mounts, path) : undefined;
    if (mount !== undefined) add(mount);
    else {
      yield* complain(process, `${path}: ${strerror(stat.ok ? 'ENOENT' : stat.error)}`);
      status = 1;
    }
  }
  return { rows, status };
}

function dfWith(style: Style): Program {
  return defineTool('df', function* run(process, args) {
    const options = parseOptions(args, {
      short: 'hkTiPaBm',
      long: { 'human-readable': 'h', 'print-type': 'T', inodes: 'i' },
    });
    if (!options.ok) return yield* usageError(process, options.error);
    const { rows, status } = yield* rowsOf(process, options.value, style);
    if (rows.length === 0) return status;
    const [source = '', ...rest] = style.head(options.value);
    const typed = options.value.has('T');
    const table = [[source, ...(typed ? ['Type'] : []), ...rest], ...rows];
    const least = [style.widths[0] ?? 0, ...(typed ? [4] : []), ...style.widths.slice(1)];
    const widths = least.map((width, at) =>
      table.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), width),
    );
    const line = (row: readonly string[]): string =>
      row
        .map((cell, at) => {
          if (at === row.length - 1) return cell;
          return at === 0 || (typed && at === 1)
            ? cell.padEnd(widths[at] ?? 0)
            : cell.padStart(widths[at] ?? 0);
        })
        .join(' ');
    yield* process.print(table.map((row) => `${line(row)}\n`).join(''));
    return status;
  });
}

export const df = dfWith(GNU);
export const busyboxDf = dfWith(BUSYBOX);
