/** du, watch, uptime: what files take, what changes, and how long the machine has run. */
import { textOf } from '../../ground/base/bytes.ts';
import { anyOf } from '../../ground/base/task.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import { humanSize } from './file-text.ts';
import { loadOf, upTime } from './memory.ts';
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

export const uptime = defineTool('uptime', function* run(process, args) {
  if (args.includes('-p')) {
    yield* process.print(`up ${prettyTime(process.clock.monotonic())}\n`);
    return 0;
  }
  const time = formatDate('%H:%M:%S', process.clock.wall());
  yield* process.print(
    ` ${time} up ${upTime(process)},  ${users(process)},  load average: ${loadOf(process).join(', ')}\n`,
  );
  return 0;
});

/** Sessions with a terminal, as `uptime` and `top` count who is logged in. */
export function users(process: Process): string {
  const terminals = new Set(process.kernel.processes().map((entry) => entry.terminal));
  terminals.delete('?');
  return `${`${terminals.size}`.padStart(1)} user${terminals.size === 1 ? '' : 's'}`;
}

/** `2 hours, 5 minutes` */
function prettyTime(micros: number): string {
  const minutes = Math.floor(micros / 60_000_000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(minutes / 1440), 'day'],
    [Math.floor(minutes / 60) % 24, 'hour'],
    [minutes % 60, 'minute'],
  ];
  const told = parts.filter(([amount]) => amount > 0);
  return (told.length === 0 ? [[0, 'minutes']] : told)
    .map(([amount, unit]) => `${amount} ${unit}${amount === 1 || amount === 0 ? '' : 's'}`)
    .join(', ');
}
