/** ps, kill, killall, pgrep, pkill: the process table, and signals to it (procps 4.0). */
import type { Task } from '../../ground/base/task.ts';
import { compileExtended } from '../../ground/lang/regexp/posix.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { ProcessEntry } from '../../machines/machine/kernel.ts';
import type { Process, Signal } from '../../machines/machine/process.ts';
import { parseSignal } from '../../machines/machine/signals.ts';
import { ownerName } from './file-text.ts';
import { complain, defineTool, parseOptions, quoteName, usageError } from './support.ts';
import { pad } from './system.ts';

function cpuTime(micros: number, long: boolean): string {
  const seconds = Math.floor(micros / 1_000_000);
  if (!long) return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

function commandOf(entry: ProcessEntry): string {
  return entry.state === 'Z' || entry.argv.length === 0
    ? `[${entry.comm}]${entry.state === 'Z' ? ' <defunct>' : ''}`
    : // A line is a line: what does not print shows as a question mark.
      entry.argv.join(' ').replace(/[\x00-\x1f]/g, '?');
}

/** Wall time at which a process began. */
function startOf(process: Process, entry: ProcessEntry): number {
  return (
    process.clock.wall() - process.clock.monotonic() + (entry.started - process.kernel.bootTime)
  );
}

/** Ticks of CPU over whole seconds of life, as ps counts both. */
function cpuShare(process: Process, entry: ProcessEntry): string {
  const age = process.clock.monotonic() - (entry.started - process.kernel.bootTime);
  const ticks = Math.floor(entry.cpu / 10_000) * 10_000;
  return percent(ticks, Math.floor(age / 1_000_000) * 1_000_000);
}

function percent(part: number, whole: number): string {
  return whole <= 0 ? '0.0' : ((part * 100) / whole).toFixed(1);
}

/** `Ssl`: state, leader of a session, several tasks. Who looks is running. */
function stateOf(process: Process, entry: ProcessEntry): string {
  const state = entry.pid === process.pid ? 'R' : entry.state;
  return `${state}${entry.leader ? 's' : ''}${entry.threads > 1 ? 'l' : ''}`;
}

const COLUMNS: Readonly<
  Record<
    string,
    {
      readonly title: string;
      readonly right: boolean;
      readonly width: number;
      readonly value: (process: Process, entry: ProcessEntry) => string;
    }
  >
> = {
  user: {
    title: 'USER',
    right: false,
    width: 8,
    value: (process, entry) => ownerName(process, entry.uid).slice(0, 8),
  },
  uid: {
    title: 'UID',
    right: false,
    width: 8,
    value: (process, entry) => ownerName(process, entry.uid).slice(0, 8),
  },
  pid: { title: 'PID', right: true, width: 7, value: (_, entry) => `${entry.pid}` },
  ppid: { title: 'PPID', right: true, width: 7, value: (_, entry) => `${entry.ppid}` },
  c: { title: 'C', right: true, width: 2, value: () => '0' },
  '%cpu': {
    title: '%CPU',
    right: true,
    width: 4,
    value: (process, entry) => cpuShare(process, entry),
  },
  '%mem': {
    title: '%MEM',
    right: true,
    width: 4,
    value: (process, entry) => percent(entry.memory, process.kernel.memoryBytes),
  },
  vsz: {
    title: 'VSZ',
    right: true,
    width: 6,
    value: (_, entry) => `${entry.virtualKib}`,
  },
  rss: {
    title: 'RSS',
    right: true,
    width: 5,
    value: (_, entry) => `${Math.floor(entry.memory / 1024)}`,
  },
  tty: {
    title: 'TTY',
    right: false,
    width: 8,
    value: (_, entry) => (entry.terminal === '' ? '?' : entry.terminal.replace('/dev/', '')),
  },
  stat: { title: 'STAT', right: false, width: 4, value: stateOf },
  start: {
    title: 'START',
    right: false,
    width: 5,
    value: (process, entry) => formatDate('%H:%M', startOf(process, entry)),
  },
  stime: {
    title: 'STIME',
    right: false,
    width: 5,
    value: (process, entry) => formatDate('%H:%M', startOf(process, entry)),
  },
  time: { title: 'TIME', right: true, width: 8, value: (_, entry) => cpuTime(entry.cpu, true) },
  bsdtime: { title: 'TIME', right: true, width: 6, value: (_, entry) => cpuTime(entry.cpu, false) },
  cmd: { title: 'CMD', right: false, width: 0, value: (_, entry) => commandOf(entry) },
  command: { title: 'COMMAND', right: false, width: 0, value: (_, entry) => commandOf(entry) },
  args: { title: 'COMMAND', right: false, width: 0, value: (_, entry) => commandOf(entry) },
  comm: { title: 'COMMAND', right: false, width: 15, value: (_, entry) => entry.comm },
  ucmd: { title: 'CMD', right: false, width: 0, value: (_, entry) => entry.comm },
  etime: {
    title: 'ELAPSED',
    right: true,
    width: 11,
    value: (process, entry) =>
      cpuTime(process.clock.monotonic() - (entry.started - process.kernel.bootTime), true).replace(
        /^00:/,
        '',
      ),
  },
};

function table(
  process: Process,
  names: readonly string[],
  entries: readonly ProcessEntry[],
  titles: boolean,
): string {
  const columns = names.flatMap((name) =>
    Object.hasOwn(COLUMNS, name) ? [COLUMNS[name] as (typeof COLUMNS)[string]] : [],
  );
  const rows = entries.map((entry) => columns.map((column) => column.value(process, entry)));
  const widths = columns.map((column, index) =>
    rows.reduce(
      (most, row) => Math.max(most, (row[index] as string).length),
      Math.max(column.width, titles ? column.title.length : 0),
    ),
  );
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, index) =>
        index === cells.length - 1 && columns[index]?.right === false
          ? cell
          : columns[index]?.right === true
            ? cell.padStart(widths[index] as number)
            : cell.padEnd(widths[index] as number),
      )
      .join(' ')
      .trimEnd()}\n`;
  return (titles ? line(columns.map((column) => column.title)) : '') + rows.map(line).join('');
}

export const ps = defineTool('ps', function* run(process, args) {
  const text = args.join(' ');
  const format = /(?:-o|o|--format)[ =]?([\w%,=]+(?: [\w%]+(?:,[\w%=]+)+)?)/.exec(text)?.[1];
  const pids = /(?:^|\s)-?-?p(?:id)?[ =]?(\d[\d, ]*)/
    .exec(text)?.[1]
    ?.split(/[ ,]+/)
    .filter((each) => each !== '')
    .map(Number);
  const bsd = args.some((arg) => /^[auxwf]+$/.test(arg) && arg.includes('a'));
  const all = bsd || args.some((arg) => /^-[a-zA-Z]*[eA]/.test(arg)) || pids !== undefined;
  let entries = process.kernel.processes();
  if (pids !== undefined) entries = entries.filter((entry) => pids.includes(entry.pid));
  else if (!all) {
    const own = entries.find((entry) => entry.pid === process.pid)?.terminal ?? '';
    entries = entries.filter(
      (entry) => entry.terminal === own && entry.uid === process.uid && own !== '',
    );
  }
  const full = args.some((arg) => /^-[a-zA-Z]*f/.test(arg));
  const names =
    format !== undefined
      ? format
          .split(/[, ]/)
          .map((name) => name.replace(/=.*$/, '').replace('pcpu', '%cpu').replace('pmem', '%mem'))
      : bsd
        ? text.includes('u')
          ? [
              'user',
              'pid',
              '%cpu',
              '%mem',
              'vsz',
              'rss',
              'tty',
              'stat',
              'start',
              'bsdtime',
              'command',
            ]
          : ['pid', 'tty', 'stat', 'bsdtime', 'command']
        : full
          ? ['uid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd']
          : ['pid', 'tty', 'time', 'ucmd'];
  const unknown = names.find((name) => name !== '' && !Object.hasOwn(COLUMNS, name));
  if (unknown !== undefined) {
    yield* process.printError(`error: unknown user-defined format specifier "${unknown}"\n`);
    return 1;
  }
  yield* process.print(
    table(
      process,
      names,
      entries,
      !/=(?:,|$)/.test(format ?? '') && !args.includes('h') && !args.includes('--no-headers'),
    ),
  );
  return pids !== undefined && entries.length === 0 ? 1 : 0;
});

function* signalArgument(process: Process, args: string[]): Task<Signal | '0' | undefined> {
  let text: string | undefined;
  if (/^-(s|n|-signal)$/.test(args[0] ?? '')) {
    text = args[1];
    args.splice(0, 2);
  } else if (/^--signal=/.test(args[0] ?? '')) text = (args.shift() as string).slice(9);
  else if (/^-(?:SIG)?[A-Z0-9]+[0-9]?$/.test(args[0] ?? ''))
    text = (args.shift() as string).slice(1);
  if (text === undefined) return 'SIGTERM';
  if (text === '0') return '0';
  const signal = parseSignal(text);
  if (signal === undefined) yield* complain(process, `${quoteName(text)}: invalid signal`);
  return signal;
}

export const kill = defineTool('kill', function* run(process, args) {
  if (args[0] === '-l') {
    yield* process.print(
      `${['HUP', 'INT', 'QUIT', 'KILL', 'USR1', 'USR2', 'PIPE', 'ALRM', 'TERM', 'CHLD', 'CONT', 'STOP', 'TSTP', 'WINCH'].join(' ')}\n`,
    );
    return 0;
  }
  const signal = yield* signalArgument(process, args);
  if (signal === undefined) return 1;
  if (args.length === 0) {
    yield* process.printError('kill: not enough arguments\n');
    return 1;
  }
  let status = 0;
  for (const text of args) {
    if (!/^-?\d+$/.test(text)) {
      yield* complain(process, `failed to parse argument: ${quoteName(text)}`);
      status = 1;
      continue;
    }
    const pid = Number(text);
    const alive = process.kernel.processes().some((entry) => entry.pid === pid);
    const done =
      signal === '0' ? { ok: alive, error: 'ESRCH' as const } : process.kill(pid, signal);
    if (!done.ok) {
      yield* complain(process, `(${text}): ${strerror(done.error)}`);
      status = 1;
    }
  }
  return status;
});

export const killall = defineTool('killall', function* run(process, args) {
  const signal = yield* signalArgument(process, args);
  if (signal === undefined) return 1;
  let status = 0;
  for (const name of args.filter((arg) => !arg.startsWith('-'))) {
    const found = process.kernel
      .processes()
      .filter((entry) => entry.comm === name && entry.pid !== process.pid);
    for (const entry of found) if (signal !== '0') process.kill(entry.pid, signal);
    if (found.length === 0) {
      yield* process.printError(`${name}: no process found\n`);
      status = 1;
    }
  }
  return status;
});

function matching(process: Process, args: readonly string[]): readonly ProcessEntry[] | string {
  const options = parseOptions(args, {
    short: 'flxnovu:P:ac',
    long: {
      full: 'f',
      exact: 'x',
      newest: 'n',
      oldest: 'o',
      'list-name': 'l',
      'list-full': 'a',
      count: 'c',
    },
  });
  if (!options.ok) return options.error;
  const { value } = options;
  const source = value.operands[0];
  if (source === undefined && !value.has('P') && !value.has('u'))
    return 'no matching criteria specified';
  const compiled = compileExtended(value.has('x') ? `^(${source ?? ''})$` : (source ?? ''));
  if (!compiled.ok) return compiled.error;
  let found = process.kernel.processes().filter((entry) => {
    if (entry.pid === process.pid) return false;
    if (value.has('P') && `${entry.ppid}` !== value.get('P')) return false;
    if (
      value.has('u') &&
      ownerName(process, entry.uid) !== value.get('u') &&
      `${entry.uid}` !== value.get('u')
    )
      return false;
    return (
      compiled.value.test(value.has('f') ? entry.argv.join(' ') : entry.comm) !== value.has('v')
    );
  });
  if (value.has('n')) found = found.slice(-1);
  if (value.has('o')) found = found.slice(0, 1);
  return found;
}

export const pgrep = defineTool('pgrep', function* run(process, args) {
  const found = matching(process, args);
  if (typeof found === 'string') return yield* usageError(process, found, 2);
  if (args.includes('-c')) yield* process.print(`${found.length}\n`);
  else
    yield* process.print(
      found
        .map(
          (entry) =>
            `${entry.pid}${args.includes('-a') ? ` ${entry.argv.join(' ')}` : args.includes('-l') ? ` ${entry.comm}` : ''}\n`,
        )
        .join(''),
    );
  return found.length === 0 ? 1 : 0;
});

export const pkill = defineTool('pkill', function* run(process, args) {
  const signal = yield* signalArgument(process, args);
  if (signal === undefined) return 2;
  const found = matching(process, args);
  if (typeof found === 'string') return yield* usageError(process, found, 2);
  for (const entry of found) if (signal !== '0') process.kill(entry.pid, signal);
  return found.length === 0 ? 1 : 0;
});
