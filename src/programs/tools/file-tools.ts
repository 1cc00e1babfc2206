/** rm, mkdir, rmdir, touch, ln, chmod, chown, mktemp (GNU coreutils 9.1). */
import { DONE, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { wallFromCivil, type WallTime } from '../../ground/base/time.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import type { Stat } from '../../machines/machine/files-types.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import { readDate } from './date.ts';
import { findGroup, findUser, modeText } from './file-text.ts';
import { applyMode, parseMode } from './mode.ts';
import {
  complain,
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  parseOptions,
  quoted,
  quoteName,
  usageError,
} from './support.ts';

type Body = (process: Process, options: ParsedOptions) => Task<number>;

export function tool(name: string, spec: OptionSpec, body: Body) {
  return defineTool(name, function* run(process, args) {
    const options = parseOptions(args, spec);
    if (!options.ok) return yield* usageError(process, options.error);
    return yield* body(process, options.value);
  });
}

export function baseName(path: string): string {
  const trimmed = path.replace(/(?!^)\/+$/, '');
  return trimmed === '/' ? '/' : (trimmed.split('/').at(-1) as string);
}

export function isDirectory(process: Process, path: string): boolean {
  const stat = process.files.stat(path);
  return stat.ok && stat.value.type === 'directory';
}

export function join(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

export const mkdir = tool(
  'mkdir',
  { short: 'pvm:', long: { parents: 'p', verbose: 'v', mode: 'm:' } },
  function* run(process, options) {
    if (options.operands.length === 0) return yield* usageError(process, 'missing operand');
    const text = options.get('m');
    const mode = text === undefined ? undefined : applyMode(text, 0o777, true);
    if (text !== undefined && mode === undefined)
      return yield* usageError(process, `invalid mode ${quoted(process, text)}`);
    let status = 0;
    for (const path of options.operands) {
      const parents = options.has('p');
      if (parents && isDirectory(process, path)) continue;
      const made = process.files.mkdir(path, {
        ...(parents ? { parents } : {}),
        ...(mode === undefined ? {} : { mode }),
      });
      if (!made.ok) {
        yield* complain(
          process,
          `cannot create directory ${quoted(process, path)}: ${strerror(made.error)}`,
        );
        status = 1;
      } else if (options.has('v'))
        yield* process.print(`mkdir: created directory ${quoteName(path)}\n`);
    }
    return status;
  },
);

export const rmdir = tool(
  'rmdir',
  { short: 'pv', long: { parents: 'p', verbose: 'v', 'ignore-fail-on-non-empty': 'i' } },
  function* run(process, options) {
    if (options.operands.length === 0) return yield* usageError(process, 'missing operand');
    let status = 0;
    for (const path of options.operands) {
      let current = path;
      for (;;) {
        const done = process.files.rmdir(current);
        if (!done.ok) {
          if (!(options.has('i') && done.error === 'ENOTEMPTY')) {
            yield* complain(
              process,
              `failed to remove ${quoteName(current)}: ${strerror(done.error)}`,
            );
            status = 1;
          }
          break;
        }
        const slash = current.lastIndexOf('/');
        if (!options.has('p') || slash <= 0) break;
        current = current.slice(0, slash);
      }
    }
    return status;
  },
);

export const rm = tool(
  'rm',
  { short: 'rRfivd', long: { recursive: 'r', force: 'f', verbose: 'v', dir: 'd' } },
  function* run(process, options) {
    if (options.operands.length === 0)
      return options.has('f') ? 0 : yield* usageError(process, 'missing operand');
    const recursive = options.has('r') || options.has('R');
    let status = 0;
    for (const path of options.operands) {
      const name = baseName(path);
      if (name === '.' || name === '..') {
        yield* complain(
          process,
          `refusing to remove '.' or '..' directory: skipping ${quoteName(path)}`,
        );
        status = 1;
        continue;
      }
      if (recursive && process.files.resolve(path) === '/') {
        yield* complain(process, "it is dangerous to operate recursively on '/'");
        yield* complain(process, 'use --no-preserve-root to override this failsafe');
        status = 1;
        continue;
      }
      const stat = process.files.lstat(path);
      if (!stat.ok) {
        if (options.has('f') && (stat.error === 'ENOENT' || stat.error === 'ENOTDIR')) continue;
        yield* complain(process, `cannot remove ${quoteName(path)}: ${strerror(stat.error)}`);
        status = 1;
        continue;
      }
      const folder = stat.value.type === 'directory';
      if (folder && !recursive && !options.has('d')) {
        yield* complain(process, `cannot remove ${quoteName(path)}: ${strerror('EISDIR')}`);
        status = 1;
        continue;
      }
      const done = folder
        ? recursive
          ? process.files.removeAll(path)
          : process.files.rmdir(path)
        : process.files.unlink(path);
      if (!done.ok) {
        yield* complain(process, `cannot remove ${quoteName(path)}: ${strerror(done.error)}`);
        status = 1;
      } else if (options.has('v'))
        yield* process.print(`removed ${folder ? 'directory ' : ''}${quoteName(path)}\n`);
    }
    return status;
  },
);

/** The time that -d, -t or -r asks for; undefined: now; false after a fault. */
function* touchTime(process: Process, options: ParsedOptions): Task<WallTime | undefined | false> {
  const reference = options.get('r');
  if (reference !== undefined) {
    const stat = process.files.stat(reference);
    if (stat.ok) return stat.value.modified;
    const why = `failed to get attributes of ${quoteName(reference)}: ${strerror(stat.error)}`;
    yield* complain(process, why);
    return false;
  }
  const words = options.get('d');
  const stamp = options.get('t');
  const now = process.clock.wall();
  if (words !== undefined) {
    const read = readDate(words, now);
    if (read !== undefined) return read;
  } else if (stamp !== undefined) {
    const match = /^(\d{4}|\d{2})?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(stamp);
    if (match !== null) {
      const [, written, month, day, hour, minute, second = '0'] = match;
      const short = Number(written ?? '0');
      const year =
        written === undefined
          ? Number(formatDate('%Y', now))
          : written.length === 4
            ? short
            : short + (short < 69 ? 2000 : 1900);
      const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
      return wallFromCivil(year, Number(month), Number(day)) + seconds * 1_000_000;
    }
  } else return undefined;
  yield* complain(process, `invalid date format ${quoted(process, words ?? stamp ?? '')}`);
  return false;
}

export const touch = tool(
  'touch',
  { short: 'acmd:r:t:', long: { 'no-create': 'c', date: 'd:', reference: 'r:' } },
  function* run(process, options) {
    if (options.operands.length === 0) return yield* usageError(process, 'missing file operand');
    const time = yield* touchTime(process, options);
    if (time === false) return 1;
    let status = 0;
    for (const path of options.operands) {
      if (options.has('c') && !process.files.exists(path)) continue;
      const done = process.files.touch(path, time);
      if (done.ok) continue;
      yield* complain(process, `cannot touch ${quoteName(path)}: ${strerror(done.error)}`);
      status = 1;
    }
    return status;
  },
);

export const ln = tool(
  'ln',
  { short: 'sfnvTr', long: { symbolic: 's', force: 'f', 'no-dereference': 'n', verbose: 'v' } },
  function* run(process, options) {
    const { operands } = options;
    if (operands.length === 0) return yield* usageError(process, 'missing file operand');
    const last = operands.at(-1) as string;
    const intoFolder =
      operands.length > 1 &&
      isDirectory(process, last) &&
      !options.has('T') &&
      !(options.has('n') && isLink(process, last));
    const sources = operands.length === 1 ? operands : operands.slice(0, -1);
    let status = 0;
    for (const source of sources) {
      const path =
        operands.length === 1 ? baseName(source) : intoFolder ? join(last, baseName(source)) : last;
      if (options.has('f') && process.files.lstat(path).ok) process.files.unlink(path);
      const done = options.has('s')
        ? process.files.symlink(source, path)
        : process.files.link(source, path);
      if (done.ok) continue;
      const kind = options.has('s') ? 'symbolic' : 'hard';
      yield* complain(
        process,
        done.error === 'ENOENT' && !options.has('s')
          ? `failed to access ${quoteName(source)}: ${strerror(done.error)}`
          : `failed to create ${kind} link ${quoteName(path)}: ${strerror(done.error)}`,
      );
      status = 1;
    }
    return status;
  },
);

function isLink(process: Process, path: string): boolean {
  const stat = process.files.lstat(path);
  return stat.ok && stat.value.type === 'symlink';
}

function* recursively(
  process: Process,
  path: string,
  deep: boolean,
  body: (path: string) => Task<boolean>,
): Task<boolean> {
  let good = yield* body(path);
  if (!deep || !isDirectory(process, path) || isLink(process, path)) return good;
  const names = process.files.list(path);
  if (names.ok)
    for (const name of names.value)
      if (!(yield* recursively(process, join(path, name), deep, body))) good = false;
  return good;
}

/** What `chmod -v` says about one file. */
function modeNote(path: string, before: Stat, mode: number): string {
  const text = (bits: number): string =>
    `${bits.toString(8).padStart(4, '0')} (${modeText({ ...before, mode: bits }).slice(1)})`;
  return before.mode === mode
    ? `mode of ${quoteName(path)} retained as ${text(mode)}\n`
    : `mode of ${quoteName(path)} changed from ${text(before.mode)} to ${text(mode)}\n`;
}

export const chmod = defineTool('chmod', function* run(process, args) {
  // A mode such as -x looks like an option.
  const at = args.findIndex(
    (arg) => !/^-[Rvcf]+$|^--(recursive|verbose|changes|silent|quiet)$/.test(arg),
  );
  const flags = args.slice(0, at < 0 ? args.length : at);
  if (args[at]?.startsWith('--') === true && args[at] !== '--')
    return yield* usageError(process, `unrecognized option '${args[at]}'`);
  const tells = flags.some((flag) => /^-\w*v|^--verbose/.test(flag))
    ? 'all'
    : flags.some((flag) => /^-\w*c|^--changes/.test(flag))
      ? 'changes'
      : '';
  const [text, ...paths] = at < 0 ? [] : args.slice(at);
  if (text === undefined) return yield* usageError(process, 'missing operand');
  if (paths.length === 0)
    return yield* usageError(process, `missing operand after ${quoted(process, text)}`);
  if (parseMode(text) === undefined)
    return yield* usageError(process, `invalid mode: ${quoted(process, text)}`);
  const deep = flags.some((flag) => flag.includes('R') || flag === '--recursive');
  return yield* changeEach(process, paths, deep, 'permissions', function* change(each, stat) {
    const mode = applyMode(text, stat.mode, stat.type === 'directory') as number;
    const changed = process.files.chmod(each, mode);
    if (changed.ok && (tells === 'all' || (tells === 'changes' && mode !== stat.mode)))
      yield* process.print(modeNote(each, stat, mode));
    return changed;
  });
});

/** Changes something of files, with `deep` of what is below them; tells of each that cannot be changed. */
function* changeEach(
  process: Process,
  paths: readonly string[],
  deep: boolean,
  what: 'permissions' | 'ownership' | 'group',
  change: (path: string, stat: Stat) => Task<Result<void, Errno>>,
): Task<number> {
  let good = true;
  for (const path of paths) {
    const done = yield* recursively(process, path, deep, function* one(each) {
      const stat = process.files.stat(each);
      if (!stat.ok) {
        yield* complain(process, `cannot access ${quoteName(each)}: ${strerror(stat.error)}`);
        return false;
      }
      const changed = yield* change(each, stat.value);
      if (!changed.ok)
        yield* complain(
          process,
          `changing ${what} of ${quoteName(each)}: ${strerror(changed.error)}`,
        );
      return changed.ok;
    });
    good = good && done;
  }
  return good ? 0 : 1;
}

/** Changes owner and group of files, and below them with -R; undefined: as it is. */
function changeOwners(
  process: Process,
  options: ParsedOptions,
  paths: readonly string[],
  what: 'ownership' | 'group',
  uid: number | undefined,
  gid: number | undefined,
): Task<number> {
  return changeEach(process, paths, options.has('R'), what, function* change(each, stat) {
    return process.files.chown(each, uid ?? stat.uid, gid ?? stat.gid);
  });
}

export const chown = tool(
  'chown',
  { short: 'Rvcfh', long: { recursive: 'R', verbose: 'v', 'no-dereference': 'h' } },
  function* run(process, options) {
    const [text, ...paths] = options.operands;
    if (text === undefined) return yield* usageError(process, 'missing operand');
    if (paths.length === 0)
      return yield* usageError(process, `missing operand after ${quoted(process, text)}`);
    const [owner = '', group] = text.split(/[:.]/);
    const user = owner === '' ? undefined : findUser(process, owner);
    if (owner !== '' && user === undefined) {
      yield* complain(process, `invalid user: ${quoted(process, text)}`);
      return 1;
    }
    const gid =
      group === undefined ? undefined : group === '' ? user?.gid : findGroup(process, group);
    if (group !== undefined && group !== '' && gid === undefined) {
      yield* complain(process, `invalid group: ${quoted(process, text)}`);
      return 1;
    }
    return yield* changeOwners(process, options, paths, 'ownership', user?.uid, gid);
  },
);

export const chgrp = tool(
  'chgrp',
  { short: 'Rvcfh', long: { recursive: 'R', verbose: 'v', 'no-dereference': 'h' } },
  function* run(process, options) {
    const [text, ...paths] = options.operands;
    if (text === undefined) return yield* usageError(process, 'missing operand');
    if (paths.length === 0)
      return yield* usageError(process, `missing operand after ${quoted(process, text)}`);
    const gid = findGroup(process, text);
    if (gid !== undefined)
      return yield* changeOwners(process, options, paths, 'group', undefined, gid);
    yield* complain(process, `invalid group: ${quoted(process, text)}`);
    return 1;
  },
);

export const mktemp = tool(
  'mktemp',
  { short: 'dqutp:', long: { directory: 'd', tmpdir: 'p::', suffix: 'x:', 'dry-run': 'u' } },
  function* run(process, options) {
    const folder = options.get('p') || process.env.get('TMPDIR') || '/tmp';
    const wanted = options.operands[0] ?? 'tmp.XXXXXXXXXX';
    const below = options.operands.length === 0 || options.has('t') || options.has('p');
    const template = `${below ? `${folder}/` : ''}${wanted}${options.get('x') ?? ''}`;
    const marks = /X{3,}(?=[^X/]*$)/.exec(template);
    if (marks === null) {
      yield* complain(process, `too few X's in template ${quoted(process, template)}`);
      return 1;
    }
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    let name = '';
    for (const _ of marks[0]) name += letters[process.random.below(letters.length)];
    const path =
      template.slice(0, marks.index) + name + template.slice(marks.index + marks[0].length);
    const done = options.has('u')
      ? DONE
      : options.has('d')
        ? process.files.mkdir(path, { mode: 0o700 })
        : process.files.write(path, '', 0o600);
    if (!done.ok) {
      yield* complain(
        process,
        `failed to create ${options.has('d') ? 'directory' : 'file'} via template ${quoted(process, template)}: ${strerror(done.error)}`,
      );
      return 1;
    }
    yield* process.print(`${path}\n`);
    return 0;
  },
);
