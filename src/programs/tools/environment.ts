/** env, printenv, id, whoami, hostname, uname, nproc, date, basename, dirname, readlink, realpath, stat, timeout, xargs, time. */
import { textOf } from '../../ground/base/bytes.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { parseRfc3339, wallFromCivil, type WallTime } from '../../ground/base/time.ts';
import { quoteShell } from '../../ground/lang/shell-quote.ts';
import { DAY_NAMES, formatDate, MONTH_NAMES } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process, Program, SpawnError } from '../../machines/machine/process.ts';
import { parseSignal } from '../../machines/machine/signals.ts';
import { parseDuration } from './basics.ts';
import { baseName } from './file-tools.ts';
import { findUser, groupName, modeText, ownerName } from './file-text.ts';
import {
  complain,
  defineTool,
  nameOf,
  parseOptions,
  quoteName,
  readAll,
  usageError,
} from './support.ts';

function* couldNotRun(process: Process, error: SpawnError, name: string): Task<number> {
  yield* complain(
    process,
    nameOf(process) === 'timeout'
      ? `failed to run command ${quoteName(name)}: ${strerror(error.errno)}`
      : nameOf(process) === 'xargs'
        ? `${name}: ${strerror(error.errno)}`
        : `${quoteName(name)}: ${strerror(error.errno)}`,
  );
  return error.errno === 'ENOENT' ? 127 : 126;
}

export const env = defineTool('env', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'iu:C:0',
    long: { 'ignore-environment': 'i', unset: 'u:', chdir: 'C:', null: '0' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error, 125);
  const { value } = options;
  const operands = [...value.operands];
  const environment = new Map(value.has('i') || operands[0] === '-' ? [] : process.env);
  if (operands[0] === '-') operands.shift();
  for (const name of value.all('u')) environment.delete(name);
  while (operands[0]?.includes('=') === true) {
    const item = operands.shift() as string;
    const equals = item.indexOf('=');
    environment.set(item.slice(0, equals), item.slice(equals + 1));
  }
  if (operands.length === 0) {
    const end = value.has('0') ? '\0' : '\n';
    yield* process.print([...environment].map(([name, text]) => `${name}=${text}${end}`).join(''));
    return 0;
  }
  const cwd = value.get('C');
  const child = process.spawn({
    argv: operands,
    env: environment,
    ...(cwd === undefined ? {} : { cwd: process.files.resolve(cwd) }),
  });
  if (!child.ok) return yield* couldNotRun(process, child.error, operands[0] as string);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.onSignal(signal, () => {
      child.value.signal(signal);
    });
  return (yield* child.value.wait()).code;
});

export const printenv = defineTool('printenv', function* run(process, args) {
  if (args.length === 0) {
    yield* process.print([...process.env].map(([name, text]) => `${name}=${text}\n`).join(''));
    return 0;
  }
  let status = 0;
  for (const name of args) {
    const text = process.env.get(name);
    if (text === undefined) status = 1;
    else yield* process.print(`${text}\n`);
  }
  return status;
});

export const id = defineTool('id', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'ugnGr',
    long: { user: 'u', group: 'g', name: 'n', groups: 'G', real: 'r' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const name = value.operands[0];
  const other = name === undefined ? undefined : findUser(process, name);
  if (name !== undefined && other === undefined) {
    yield* complain(process, `${quoteName(name)}: no such user`);
    return 1;
  }
  const uid = other?.uid ?? process.uid;
  const gid = other?.gid ?? process.gid;
  const groups = [...new Set([gid, ...(other === undefined ? process.groups : [])])];
  const named = value.has('n');
  if (value.has('u')) yield* process.print(`${named ? ownerName(process, uid) : uid}\n`);
  else if (value.has('g')) yield* process.print(`${named ? groupName(process, gid) : gid}\n`);
  else if (value.has('G'))
    yield* process.print(
      `${groups.map((each) => (named ? groupName(process, each) : each)).join(' ')}\n`,
    );
  else {
    const show = (number: number, text: string): string =>
      text === `${number}` ? text : `${number}(${text})`;
    yield* process.print(
      `uid=${show(uid, ownerName(process, uid))} gid=${show(gid, groupName(process, gid))} groups=${groups.map((each) => show(each, groupName(process, each))).join(',')}\n`,
    );
  }
  return 0;
});

export const whoami = defineTool('whoami', function* run(process) {
  yield* process.print(`${ownerName(process, process.uid)}\n`);
  return 0;
});

export const hostname = defineTool('hostname', function* run(process, args) {
  if (args.includes('-i') || args.includes('-I')) {
    const hosts = process.files.readText('/etc/hosts');
    const line = hosts.ok
      ? hosts.value
          .split('\n')
          .find((each) => each.split(/\s+/).slice(1).includes(process.hostname))
      : undefined;
    yield* process.print(`${line?.split(/\s+/)[0] ?? '127.0.0.1'}\n`);
    return 0;
  }
  yield* process.print(
    `${args.includes('-s') ? process.hostname.split('.')[0] : process.hostname}\n`,
  );
  return 0;
});

export const uname = defineTool('uname', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'asnrvmpio',
    long: {
      all: 'a',
      'kernel-name': 's',
      nodename: 'n',
      'kernel-release': 'r',
      machine: 'm',
      'operating-system': 'o',
      'kernel-version': 'v',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const fields: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', process.hostname],
    ['r', process.kernel.sysctl('kernel.osrelease') ?? '6.1.0'],
    ['v', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.0'],
    ['m', 'x86_64'],
    ['o', 'GNU/Linux'],
  ];
  const { value } = options;
  const wanted = fields.filter(([letter]) => value.has('a') || value.has(letter));
  yield* process.print(
    `${wanted.length === 0 ? 'Linux' : wanted.map(([, text]) => text).join(' ')}\n`,
  );
  return 0;
});

export const nproc = defineTool('nproc', function* run(process) {
  yield* process.print(`${process.kernel.cpus}\n`);
  return 0;
});

const SPANS: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  fortnight: 1_209_600,
};

/** What `date -d` understands: RFC 3339, `@seconds`, dates, times, now, today, relative spans. */
function readDate(text: string, now: WallTime): WallTime | undefined {
  let rest = text.trim();
  const seconds = /^@(-?\d+(?:\.\d+)?)$/.exec(rest);
  if (seconds !== null) return Math.floor(Number(seconds[1]) * 1_000_000);
  const exact = parseRfc3339(rest);
  if (exact !== undefined) return exact;
  let wall = now;
  const day = (value: WallTime): WallTime => Math.floor(value / 86_400_000_000) * 86_400_000_000;
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})[T ]?/.exec(rest);
  if (date !== null) {
    wall = wallFromCivil(Number(date[1]), Number(date[2]), Number(date[3]));
    rest = rest.slice(date[0].length);
  }
  const written =
    /^(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s+)?(\d{1,2}\s+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*(\s+\d{1,2}(?!\d|:))?,?\s*(\d{4})?/i.exec(
      rest,
    );
  if (written !== null && date === null) {
    const month =
      MONTH_NAMES.findIndex((name) =>
        name.toLowerCase().startsWith((written[2] as string).toLowerCase()),
      ) + 1;
    wall = wallFromCivil(
      Number(written[4] ?? formatDate('%Y', now)),
      month,
      Number(written[1] ?? written[3] ?? '1'),
    );
    rest = rest.slice(written[0].length);
  }
  const time = /(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?/.exec(rest);
  if (time !== null) {
    wall =
      day(wall) +
      (Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3] ?? '0')) * 1_000_000;
    rest = rest.replace(time[0], ' ');
  }
  rest = rest.replace(/\b(utc|gmt|z)\b/gi, ' ');
  for (const [word, shift] of [
    ['now', 0],
    ['today', 0],
    ['yesterday', -86_400],
    ['tomorrow', 86_400],
  ] as const) {
    if (!new RegExp(`\\b${word}\\b`, 'i').test(rest)) continue;
    rest = rest.replace(new RegExp(`\\b${word}\\b`, 'i'), ' ');
    wall += shift * 1_000_000;
  }
  const spans =
    /([-+]?\s*\d+|next|last)\s*(second|sec|minute|min|hour|day|week|fortnight|month|year)s?(\s+ago)?/gi;
  rest = rest.replace(spans, (_, count: string, unit: string, ago: string | undefined) => {
    const amount =
      (count === 'next' ? 1 : count === 'last' ? -1 : Number(count.replace(/\s/g, ''))) *
      (ago === undefined ? 1 : -1);
    const seconds = SPANS[unit.toLowerCase()];
    if (seconds !== undefined) wall += amount * seconds * 1_000_000;
    else {
      const months = /month/i.test(unit) ? amount : amount * 12;
      const total =
        Number(formatDate('%Y', wall)) * 12 + Number(formatDate('%m', wall)) - 1 + months;
      wall =
        wallFromCivil(Math.floor(total / 12), (total % 12) + 1, Number(formatDate('%d', wall))) +
        (wall - day(wall));
    }
    return ' ';
  });
  const weekday = DAY_NAMES.find(
    (name) => rest.trim() !== '' && name.toLowerCase().startsWith(rest.trim().toLowerCase()),
  );
  if (weekday !== undefined) {
    const ahead = (DAY_NAMES.indexOf(weekday) - Number(formatDate('%w', wall)) + 7) % 7;
    return day(wall) + ahead * 86_400_000_000;
  }
  return rest.trim() === '' ? wall : undefined;
}

export const date = defineTool('date', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'ud:r:RIs:',
    long: {
      utc: 'u',
      universal: 'u',
      date: 'd:',
      reference: 'r:',
      'rfc-email': 'R',
      'iso-8601': 'iso::',
      'rfc-3339': 'rfc:',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  let wall = process.clock.wall();
  const given = value.get('d');
  if (given !== undefined) {
    const parsed = readDate(given, wall);
    if (parsed === undefined) {
      yield* complain(process, `invalid date ${quoteName(given)}`);
      return 1;
    }
    wall = parsed;
  }
  const reference = value.get('r');
  if (reference !== undefined) {
    const stat = process.files.stat(reference);
    if (!stat.ok) {
      yield* complain(process, `${reference}: ${strerror(stat.error)}`);
      return 1;
    }
    wall = stat.value.modified;
  }
  if (value.has('s')) {
    yield* complain(process, 'cannot set date: Operation not permitted');
    return 1;
  }
  const format = value.operands[0];
  if (format !== undefined && !format.startsWith('+'))
    return yield* usageError(process, `invalid date ${quoteName(format)}`);
  const iso = value.get('iso') ?? (value.has('I') ? '' : undefined);
  const rfc = value.get('rfc');
  let shape = format?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y';
  if (value.has('R')) shape = '%a, %d %b %Y %H:%M:%S +0000';
  else if (iso !== undefined)
    shape = iso.startsWith('s')
      ? '%Y-%m-%dT%H:%M:%S+00:00'
      : iso.startsWith('m')
        ? '%Y-%m-%dT%H:%M+00:00'
        : iso.startsWith('h')
          ? '%Y-%m-%dT%H+00:00'
          : iso === 'ns'
            ? '%Y-%m-%dT%H:%M:%S,%N+00:00'
            : '%Y-%m-%d';
  else if (rfc !== undefined)
    shape = rfc.startsWith('s')
      ? '%Y-%m-%d %H:%M:%S+00:00'
      : rfc.startsWith('n')
        ? '%Y-%m-%d %H:%M:%S.%N+00:00'
        : '%Y-%m-%d';
  yield* process.print(`${formatDate(shape, wall)}\n`);
  return 0;
});

export const basename = defineTool('basename', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'as:z',
    long: { multiple: 'a', suffix: 's:' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  const many = value.has('a') || value.has('s');
  if (!many && value.operands.length > 2)
    return yield* usageError(process, `extra operand ${quoteName(value.operands[2] as string)}`);
  const suffix = value.get('s') ?? (many ? '' : (value.operands[1] ?? ''));
  for (const path of many ? value.operands : value.operands.slice(0, 1)) {
    const name = baseName(path);
    yield* process.print(
      `${suffix !== '' && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name}\n`,
    );
  }
  return 0;
});

export const dirname = defineTool('dirname', function* run(process, args) {
  if (args.length === 0) return yield* usageError(process, 'missing operand');
  for (const path of args) {
    const trimmed = path.replace(/(?!^)\/+$/, '');
    const slash = trimmed.lastIndexOf('/');
    yield* process.print(
      `${slash < 0 ? '.' : slash === 0 ? '/' : trimmed.slice(0, slash).replace(/(?!^)\/+$/, '')}\n`,
    );
  }
  return 0;
});

export const readlink = defineTool('readlink', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'fenmqsvz',
    long: {
      canonicalize: 'f',
      'canonicalize-existing': 'e',
      'canonicalize-missing': 'm',
      'no-newline': 'n',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  let status = 0;
  for (const path of value.operands) {
    let text: string | undefined;
    if (value.has('f') || value.has('e') || value.has('m'))
      text = canonical(process, path, !value.has('e'));
    else {
      const target = process.files.readlink(path);
      text = target.ok ? target.value : undefined;
    }
    if (text === undefined) status = 1;
    else yield* process.print(`${text}${value.has('n') ? '' : '\n'}`);
  }
  return status;
});

/** The real path; the last part need not exist. */
function canonical(process: Process, path: string, missing: boolean): string | undefined {
  const real = process.files.realpath(path);
  if (real.ok) return real.value;
  if (!missing) return undefined;
  const full = process.files.resolve(path);
  const slash = full.lastIndexOf('/');
  const folder = process.files.realpath(full.slice(0, slash) === '' ? '/' : full.slice(0, slash));
  if (!folder.ok) return undefined;
  return `${folder.value === '/' ? '' : folder.value}${full.slice(slash)}`;
}

export const realpath = defineTool('realpath', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'emsqLPz',
    long: {
      'canonicalize-existing': 'e',
      'canonicalize-missing': 'm',
      strip: 's',
      'no-symlinks': 's',
      quiet: 'q',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  let status = 0;
  for (const path of value.operands) {
    const text = value.has('s')
      ? process.files.resolve(path)
      : canonical(process, path, !value.has('e'));
    if (text === undefined) {
      status = 1;
      if (!value.has('q')) yield* complain(process, `${path}: ${strerror('ENOENT')}`);
    } else yield* process.print(`${text}\n`);
  }
  return status;
});

export const stat = defineTool('stat', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'c:Lft',
    long: { format: 'c:', dereference: 'L', printf: 'p:', terse: 't' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (value.operands.length === 0) return yield* usageError(process, 'missing operand');
  let status = 0;
  for (const path of value.operands) {
    const found = value.has('L') ? process.files.stat(path) : process.files.lstat(path);
    if (!found.ok) {
      yield* complain(process, `cannot statx ${quoteName(path)}: ${strerror(found.error)}`);
      status = 1;
      continue;
    }
    const s = found.value;
    const words: Readonly<Record<string, string>> = {
      file: s.size === 0 ? 'regular empty file' : 'regular file',
      directory: 'directory',
      symlink: 'symbolic link',
      fifo: 'fifo',
      socket: 'socket',
      character: 'character special file',
    };
    const octal = s.mode.toString(8);
    const moment = formatDate('%Y-%m-%d %H:%M:%S.%N +0000', s.modified);
    const fields: Readonly<Record<string, string>> = {
      n: path,
      N: s.target === undefined ? quoteName(path) : `${quoteName(path)} -> ${quoteName(s.target)}`,
      s: `${s.size}`,
      F: words[s.type] as string,
      a: octal,
      A: modeText(s),
      u: `${s.uid}`,
      U: ownerName(process, s.uid),
      g: `${s.gid}`,
      G: groupName(process, s.gid),
      h: `${s.links}`,
      i: `${s.inode}`,
      b: `${Math.ceil(s.size / 4096) * 8}`,
      B: '512',
      o: '4096',
      y: moment,
      Y: `${Math.floor(s.modified / 1_000_000)}`,
      x: moment,
      X: `${Math.floor(s.modified / 1_000_000)}`,
      z: moment,
      Z: `${Math.floor(s.modified / 1_000_000)}`,
      w: '-',
      W: '0',
      d: '2049',
      f: (s.mode | (s.type === 'directory' ? 0o40000 : 0o100000)).toString(16),
      '%': '%',
    };
    const format = value.get('c') ?? value.get('p');
    if (format !== undefined) {
      const text = format.replace(/%([a-zA-Z%])/g, (whole, letter: string) =>
        Object.hasOwn(fields, letter) ? (fields[letter] as string) : whole,
      );
      yield* process.print(
        value.has('p') ? text.replace(/\\n/g, '\n').replace(/\\t/g, '\t') : `${text}\n`,
      );
      continue;
    }
    yield* process.print(
      `  File: ${s.target === undefined ? path : `${path} -> ${s.target}`}\n  Size: ${`${s.size}`.padEnd(10)}\tBlocks: ${(fields['b'] as string).padEnd(10)} IO Block: 4096   ${words[s.type]}\nDevice: 8,1\tInode: ${`${s.inode}`.padEnd(11)} Links: ${s.links}\nAccess: (${octal.padStart(4, '0')}/${modeText(s)})  Uid: (${`${s.uid}`.padStart(5)}/${ownerName(process, s.uid).padStart(8)})   Gid: (${`${s.gid}`.padStart(5)}/${groupName(process, s.gid).padStart(8)})\nAccess: ${moment}\nModify: ${moment}\nChange: ${moment}\n Birth: -\n`,
    );
  }
  return status;
});

export const timeout: Program = defineTool('timeout', function* run(process, args) {
  const options = parseOptions(args, {
    short: 's:k:v',
    long: {
      signal: 's:',
      'kill-after': 'k:',
      verbose: 'v',
      'preserve-status': 'p',
      foreground: 'f',
    },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error, 125);
  const { value } = options;
  const [span, ...command] = value.operands;
  if (span === undefined || command.length === 0)
    return yield* usageError(process, 'missing operand', 125);
  const limit = parseDuration(span);
  if (limit === undefined)
    return yield* usageError(process, `invalid time interval ${quoteName(span)}`, 125);
  const signal = value.has('s') ? parseSignal(value.get('s') ?? '') : 'SIGTERM';
  if (signal === undefined)
    return yield* usageError(process, `${quoteName(value.get('s') ?? '')}: invalid signal`, 125);
  const child = process.spawn({ argv: command });
  if (!child.ok) return yield* couldNotRun(process, child.error, command[0] as string);
  for (const each of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.onSignal(each, () => {
      child.value.signal(each);
    });
  if (limit === 0 || limit === Number.POSITIVE_INFINITY) return (yield* child.value.wait()).code;
  const first = yield* anyOf([child.value.exited], limit);
  if (first.index === 0) return (yield* child.value.wait()).code;
  child.value.signal(signal);
  const after = value.get('k');
  const grace = after === undefined ? undefined : parseDuration(after);
  if (grace !== undefined) {
    const second = yield* anyOf([child.value.exited], grace);
    if (second.index < 0) {
      child.value.signal('SIGKILL');
      yield* child.value.wait();
      return 137;
    }
  }
  const ended = yield* child.value.wait();
  return value.has('p') ? ended.code : signal === 'SIGKILL' ? 137 : 124;
});

/** Words of xargs: blanks separate, quotes and backslashes protect. */
function splitArguments(text: string): string[] | string {
  const out: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (/[ \t\n]/.test(char)) {
      if (word !== undefined) out.push(word);
      word = undefined;
    } else if (char === '"' || char === "'") {
      const end = text.indexOf(char, index + 1);
      const line = text.indexOf('\n', index);
      if (end < 0 || (line >= 0 && line < end))
        return `unmatched ${char === '"' ? 'double' : 'single'} quote; by default quotes are special to xargs unless you use the -0 option`;
      word = (word ?? '') + text.slice(index + 1, end);
      index = end;
    } else if (char === '\\') {
      index += 1;
      word = (word ?? '') + (text[index] ?? '');
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) out.push(word);
  return out;
}

export const xargs = defineTool('xargs', function* run(process, args) {
  const options = parseOptions(args, {
    short: '0rtn:I:L:P:d:s:E:pxi',
    long: {
      null: '0',
      'no-run-if-empty': 'r',
      verbose: 't',
      'max-args': 'n:',
      replace: 'I:',
      'max-lines': 'L:',
      'max-procs': 'P:',
      delimiter: 'd:',
    },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const command = value.operands.length === 0 ? ['echo'] : value.operands;
  const text = textOf(yield* readAll(process.stdin));
  const delimiter = value.has('0')
    ? '\0'
    : value.get('d')?.replace(/\\n/, '\n').replace(/\\t/, '\t').replace(/\\0/, '\0');
  const mark = value.get('I') ?? (value.has('i') ? '{}' : undefined);
  let items: string[];
  if (delimiter !== undefined) {
    items = text.split(delimiter);
    if (items.at(-1) === '') items.pop();
  } else if (mark !== undefined || value.has('L')) {
    items = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } else {
    const words = splitArguments(text);
    if (typeof words === 'string') {
      yield* complain(process, words);
      return 1;
    }
    items = words;
  }
  const groups: string[][] = [];
  if (mark !== undefined)
    for (const item of items)
      groups.push(
        command.map((part, index) =>
          index === 0 && !part.includes(mark) ? part : part.split(mark).join(item),
        ),
      );
  else if (value.has('L')) {
    const per = Number(value.get('L'));
    for (let at = 0; at < items.length; at += per) {
      const words = splitArguments(items.slice(at, at + per).join('\n'));
      groups.push([...command, ...(typeof words === 'string' ? [] : words)]);
    }
  } else {
    const per = Number(value.get('n') ?? '5000');
    for (let at = 0; at < items.length; at += per)
      groups.push([...command, ...items.slice(at, at + per)]);
    if (items.length === 0 && !value.has('r')) groups.push([...command]);
  }
  let status = 0;
  const empty = process.files.open('/dev/null', 'r');
  const descriptors = new Map(process.descriptors);
  if (empty.ok) descriptors.set(0, empty.value);
  for (const argv of groups) {
    if (value.has('t')) yield* process.printError(`${argv.map(quoteShell).join(' ')}\n`);
    const child = process.spawn({ argv, descriptors });
    if (!child.ok) return yield* couldNotRun(process, child.error, argv[0] as string);
    const ended = yield* child.value.wait();
    if (ended.code === 255) {
      yield* complain(process, `${argv[0]}: exited with status 255; aborting`);
      return 124;
    }
    if (ended.signal !== undefined) return 125;
    if (ended.code !== 0) status = 123;
  }
  return status;
});
