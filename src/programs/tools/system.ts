/** free, df, du, watch, uptime: what the machine has, and how long it has run. */
import { textOf } from '../../ground/base/bytes.ts';
import { anyOf } from '../../ground/base/task.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import { humanSize } from './file-text.ts';
import {
  complain,
  defineTool,
  nameOf,
  parseOptions,
  quoteName,
  readAll,
  usageError,
} from './support.ts';

export function pad(value: number): string {
  return `${value}`.padStart(2, '0');
}

export const free = defineTool('free', function* run(process, args) {
  const total = process.kernel.memoryBytes;
  const used = process.kernel.processes().reduce((sum, entry) => sum + entry.memory, 0);
  const unit = args.includes('-m')
    ? 1_048_576
    : args.includes('-g')
      ? 1_073_741_824
      : args.includes('-b')
        ? 1
        : 1024;
  const show = (bytes: number): string =>
    (args.includes('-h')
      ? humanSize(bytes).replace(/([KMG])$/, '$1i')
      : `${Math.floor(bytes / unit)}`
    ).padStart(11);
  yield* process.print(
    `               total        used        free      shared  buff/cache   available\nMem:    ${show(total).padStart(12)} ${show(used)} ${show(total - used)} ${show(0)} ${show(0)} ${show(total - used)}\nSwap:   ${show(0).padStart(12)} ${show(0)} ${show(0)}\n`,
  );
  return 0;
});

export const df = defineTool('df', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'hkTiPaBm',
    long: { 'human-readable': 'h', 'print-type': 'T', inodes: 'i' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const human = value.has('h');
  const inodes = value.has('i');
  const rows: string[][] = [
    inodes
      ? ['Filesystem', 'Inodes', 'IUsed', 'IFree', 'IUse%', 'Mounted on']
      : [
          'Filesystem',
          human ? 'Size' : '1K-blocks',
          'Used',
          human ? 'Avail' : 'Available',
          'Use%',
          'Mounted on',
        ],
  ];
  let status = 0;
  for (const path of value.operands.length === 0 ? ['/'] : value.operands) {
    const usage = process.files.usage(path);
    if (!usage.ok) {
      yield* complain(process, `${path}: ${strerror(usage.error)}`);
      status = 1;
      continue;
    }
    const { used, size } = usage.value;
    const show = (bytes: number): string =>
      human ? humanSize(bytes) : `${Math.ceil(bytes / 1024)}`;
    if (inodes)
      rows.push([
        '/dev/sda1',
        `${usage.value.inodes}`,
        `${usage.value.inodesUsed}`,
        `${usage.value.inodes - usage.value.inodesUsed}`,
        `${Math.ceil((usage.value.inodesUsed * 100) / usage.value.inodes)}%`,
        '/',
      ]);
    else
      rows.push([
        '/dev/sda1',
        show(size),
        show(used),
        show(size - used),
        `${Math.ceil((used * 100) / Math.max(1, size))}%`,
        '/',
      ]);
  }
  const widths = (rows[0] as string[]).map((_, index) =>
    rows.reduce((most, row) => Math.max(most, (row[index] as string).length), index === 0 ? 14 : 5),
  );
  yield* process.print(
    rows
      .map(
        (row) =>
          `${row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] as number) : index === row.length - 1 ? cell : cell.padStart(widths[index] as number))).join(' ')}\n`,
      )
      .join(''),
  );
  return status;
});

export const du = defineTool('du', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'shabckmd:x',
    long: {
      summarize: 's',
      'human-readable': 'h',
      all: 'a',
      bytes: 'b',
      total: 'c',
      'max-depth': 'd:',
      'apparent-size': 'p',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const { files } = process;
  const lines: string[] = [];
  const most = value.has('s') ? 0 : Number(value.get('d') ?? 'Infinity');
  const show = (bytes: number): string =>
    value.has('h') ? humanSize(bytes) : value.has('b') ? `${bytes}` : `${Math.ceil(bytes / 1024)}`;
  const sizeOf = (path: string, depth: number): number => {
    const stat = files.lstat(path);
    if (!stat.ok) return 0;
    const own = value.has('b')
      ? stat.value.size
      : stat.value.type === 'directory'
        ? 4096
        : Math.ceil(stat.value.size / 4096) * 4096;
    if (stat.value.type !== 'directory') {
      if ((value.has('a') && depth <= most) || depth === 0) lines.push(`${show(own)}\t${path}\n`);
      return own;
    }
    let sum = own;
    const names = files.list(path);
    if (names.ok && depth < 500)
      for (const name of names.value)
        sum += sizeOf(path.endsWith('/') ? path + name : `${path}/${name}`, depth + 1);
    if (depth <= most) lines.push(`${show(sum)}\t${path}\n`);
    return sum;
  };
  let total = 0;
  let status = 0;
  for (const path of value.operands.length === 0 ? ['.'] : value.operands) {
    if (!files.lstat(path).ok) {
      yield* complain(process, `cannot access ${quoteName(path)}: ${strerror('ENOENT')}`);
      status = 1;
    } else total += sizeOf(path, 0);
  }
  if (value.has('c')) lines.push(`${show(total)}\ttotal\n`);
  yield* process.print(lines.join(''));
  return status;
});

export const watch = defineTool('watch', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'n:dtgexc',
    long: {
      interval: 'n:',
      differences: 'd::',
      'no-title': 't',
      chgexit: 'g',
      errexit: 'e',
      exec: 'x',
    },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  const seconds = Math.max(0.1, Number(value.get('n') ?? '2'));
  const command = value.operands.join(' ');
  const terminal = process.stdout.terminal;
  let before: string | undefined;
  for (;;) {
    const [read, write] = process.pipe();
    const argv = value.has('x') ? value.operands : ['sh', '-c', command];
    const child = process.spawn({
      argv,
      descriptors: new Map([...process.descriptors, [1, write], [2, write]]),
    });
    write.close();
    const output = child.ok
      ? textOf(yield* readAll(read))
      : `${nameOf(process)}: ${strerror(child.error.errno)}\n`;
    read.close();
    const code = child.ok ? (yield* child.value.wait()).code : 127;
    const left = `Every ${seconds.toFixed(1)}s: ${command}`;
    const right = `${process.hostname}: ${formatDate('%a %b %e %H:%M:%S %Y', process.clock.wall())}`;
    const columns = terminal?.columns ?? 80;
    const title = value.has('t')
      ? ''
      : `${left}${' '.repeat(Math.max(1, columns - left.length - right.length))}${right}\n\n`;
    const rows = (terminal?.rows ?? 24) - (value.has('t') ? 0 : 2);
    yield* process.print(`\x1b[H\x1b[2J${title}${output.split('\n').slice(0, rows).join('\n')}`);
    if (
      (value.has('g') && before !== undefined && before !== output) ||
      (value.has('e') && code !== 0)
    )
      return value.has('e') && code !== 0 ? 8 : 0;
    before = output;
    const first = yield* anyOf([process.terminated], seconds * 1_000_000);
    if (first.index === 0) {
      yield* process.print('\n');
      return 0;
    }
  }
});

export const uptime = defineTool('uptime', function* run(process) {
  const minutes = Math.floor(process.clock.monotonic() / 60_000_000);
  const span = minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}`;
  yield* process.print(
    ` ${formatDate('%H:%M:%S', process.clock.wall())} up ${span},  1 user,  load average: 0.00, 0.00, 0.00\n`,
  );
  return 0;
});
