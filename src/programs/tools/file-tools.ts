/** cp, mv, rm, mkdir, rmdir, touch, ln, chmod, chown, mktemp, install's kin (GNU coreutils 9.1). */
import type { Task } from '../../ground/base/task.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import { findGroup, findUser } from './file-text.ts';
import { applyMode, parseMode } from './mode.ts';
import {
  complain,
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  parseOptions,
  quoteName,
  usageError,
} from './support.ts';

type Body = (process: Process, options: ParsedOptions) => Task<number>;

function tool(name: string, spec: OptionSpec, body: Body) {
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

function isDirectory(process: Process, path: string): boolean {
  const stat = process.files.stat(path);
  return stat.ok && stat.value.type === 'directory';
}

function join(folder: string, name: string): string {
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
      return yield* usageError(process, `invalid mode ${quoteName(text)}`);
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
          `cannot create directory ${quoteName(path)}: ${strerror(made.error)}`,
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

export const touch = tool(
  'touch',
  { short: 'acmd:r:t:', long: { 'no-create': 'c', date: 'd:', reference: 'r:' } },
  function* run(process, options) {
    if (options.operands.length === 0) return yield* usageError(process, 'missing file operand');
    let status = 0;
    for (const path of options.operands) {
      if (process.files.exists(path)) {
        process.files.touch(path);
        continue;
      }
      if (options.has('c')) continue;
      const done = process.files.write(path, '');
      if (!done.ok) {
        yield* complain(process, `cannot touch ${quoteName(path)}: ${strerror(done.error)}`);
        status = 1;
      }
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
        : hardLink(process, source, path);
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

/** Hard links are not in the model's file systems: a copy stands for them. */
function hardLink(
  process: Process,
  source: string,
  path: string,
): ReturnType<Process['files']['symlink']> {
  const content = process.files.readContent(source);
  if (!content.ok) return content;
  if (process.files.lstat(path).ok) return { ok: false, error: 'EEXIST' };
  return process.files.write(path, content.value);
}

interface Copying {
  readonly options: ParsedOptions;
  status: number;
}

function* copyTree(
  process: Process,
  source: string,
  target: string,
  state: Copying,
  depth: number,
): Task<void> {
  const { options } = state;
  const fail = function* failing(words: string): Task<void> {
    yield* complain(process, words);
    state.status = 1;
  };
  const keepsLinks = options.has('a') || options.has('d') || options.has('P');
  const stat = keepsLinks ? process.files.lstat(source) : process.files.stat(source);
  if (!stat.ok) return yield* fail(`cannot stat ${quoteName(source)}: ${strerror(stat.error)}`);
  if (depth > 500) return yield* fail(`${source}: File name too long`);
  if (stat.value.type === 'symlink') {
    if (process.files.lstat(target).ok) process.files.unlink(target);
    const done = process.files.symlink(stat.value.target ?? '', target);
    if (!done.ok)
      yield* fail(`cannot create symbolic link ${quoteName(target)}: ${strerror(done.error)}`);
    return;
  }
  if (stat.value.type === 'directory') {
    if (!options.has('r') && !options.has('R') && !options.has('a'))
      return yield* fail(`-r not specified; omitting directory ${quoteName(source)}`);
    const from = process.files.resolve(source);
    const to = process.files.resolve(target);
    if (to === from || to.startsWith(`${from}/`)) {
      return yield* fail(
        `cannot copy a directory, ${quoteName(source)}, into itself, ${quoteName(target)}`,
      );
    }
    if (process.files.exists(target) && !isDirectory(process, target))
      return yield* fail(
        `cannot overwrite non-directory ${quoteName(target)} with directory ${quoteName(source)}`,
      );
    if (!process.files.exists(target)) {
      const made = process.files.mkdir(target, { mode: stat.value.mode });
      if (!made.ok)
        return yield* fail(`cannot create directory ${quoteName(target)}: ${strerror(made.error)}`);
    }
    const names = process.files.list(source);
    if (!names.ok)
      return yield* fail(`cannot access ${quoteName(source)}: ${strerror(names.error)}`);
    for (const name of names.value)
      yield* copyTree(process, join(source, name), join(target, name), state, depth + 1);
    return;
  }
  if (process.files.resolve(source) === process.files.resolve(target))
    return yield* fail(`${quoteName(source)} and ${quoteName(target)} are the same file`);
  if (isDirectory(process, target))
    return yield* fail(`cannot overwrite directory ${quoteName(target)} with non-directory`);
  if (options.has('n') && process.files.exists(target)) return;
  const content = process.files.readContent(source);
  if (!content.ok)
    return yield* fail(`cannot open ${quoteName(source)} for reading: ${strerror(content.error)}`);
  const done = process.files.write(target, content.value, stat.value.mode);
  if (!done.ok)
    return yield* fail(`cannot create regular file ${quoteName(target)}: ${strerror(done.error)}`);
  if (options.has('p') || options.has('a')) process.files.chmod(target, stat.value.mode);
  if (options.has('v')) yield* process.print(`${quoteName(source)} -> ${quoteName(target)}\n`);
}

interface Operands {
  readonly sources: readonly string[];
  readonly target: string;
  readonly folder: boolean;
}

function* destination(process: Process, options: ParsedOptions): Task<Operands | number> {
  const { operands } = options;
  const given = options.get('t');
  if (operands.length === 0) return yield* usageError(process, 'missing file operand');
  if (operands.length === 1 && given === undefined)
    return yield* usageError(
      process,
      `missing destination file operand after ${quoteName(operands[0] as string)}`,
    );
  const target = given ?? (operands.at(-1) as string);
  const sources = given === undefined ? operands.slice(0, -1) : operands;
  const folder = isDirectory(process, target) && !options.has('T');
  if (sources.length > 1 && !folder) {
    yield* complain(
      process,
      `target ${quoteName(target)}${process.files.exists(target) ? ' is not a directory' : ': No such file or directory'}`,
    );
    return 1;
  }
  return { sources, target, folder };
}

export const cp = tool(
  'cp',
  {
    short: 'rRapdfinvPLTt:uHl',
    long: {
      recursive: 'r',
      archive: 'a',
      force: 'f',
      verbose: 'v',
      'no-clobber': 'n',
      'target-directory': 't:',
      preserve: 'p::',
    },
  },
  function* run(process, options) {
    const operands = yield* destination(process, options);
    if (typeof operands === 'number') return operands;
    const state: Copying = { options, status: 0 };
    for (const source of operands.sources) {
      const target = operands.folder ? join(operands.target, baseName(source)) : operands.target;
      yield* copyTree(process, source, target, state, 0);
    }
    return state.status;
  },
);

export const mv = tool(
  'mv',
  {
    short: 'finvTt:u',
    long: { force: 'f', verbose: 'v', 'no-clobber': 'n', 'target-directory': 't:' },
  },
  function* run(process, options) {
    const operands = yield* destination(process, options);
    if (typeof operands === 'number') return operands;
    let status = 0;
    for (const source of operands.sources) {
      const target = operands.folder ? join(operands.target, baseName(source)) : operands.target;
      const stat = process.files.lstat(source);
      const fault = stat.ok
        ? moveFault(process, source, target)
        : `cannot stat ${quoteName(source)}: ${strerror(stat.error)}`;
      if (fault !== undefined) {
        yield* complain(process, fault);
        status = 1;
        continue;
      }
      if (options.has('n') && process.files.exists(target)) continue;
      const done = process.files.rename(source, target);
      if (!done.ok && done.error === 'EXDEV') {
        const state: Copying = { options: allOptions(), status: 0 };
        yield* copyTree(process, source, target, state, 0);
        if (state.status === 0) process.files.removeAll(source);
        status = Math.max(status, state.status);
      } else if (!done.ok) {
        yield* complain(process, moveWords(source, target, done.error));
        status = 1;
      } else if (options.has('v'))
        yield* process.print(`renamed ${quoteName(source)} -> ${quoteName(target)}\n`);
    }
    return status;
  },
);

function allOptions(): ParsedOptions {
  const options = parseOptions(['-a'], { short: 'a' });
  return options.ok ? options.value : (undefined as never);
}

function moveFault(process: Process, source: string, target: string): string | undefined {
  const from = process.files.resolve(source);
  const to = process.files.resolve(target);
  if (from === to) return `${quoteName(source)} and ${quoteName(target)} are the same file`;
  if (to.startsWith(`${from}/`))
    return `cannot move ${quoteName(source)} to a subdirectory of itself, ${quoteName(target)}`;
  const folder = isDirectory(process, source);
  if (isDirectory(process, target) && !folder)
    return `cannot overwrite directory ${quoteName(target)} with non-directory`;
  if (folder && process.files.exists(target) && !isDirectory(process, target))
    return `cannot overwrite non-directory ${quoteName(target)} with directory ${quoteName(source)}`;
  return undefined;
}

function moveWords(source: string, target: string, errno: Errno): string {
  return `cannot move ${quoteName(source)} to ${quoteName(target)}: ${strerror(errno)}`;
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

export const chmod = defineTool('chmod', function* run(process, args) {
  // A mode such as -x looks like an option.
  const at = args.findIndex(
    (arg) => !/^-[Rvcf]+$|^--(recursive|verbose|changes|silent|quiet)$/.test(arg),
  );
  const flags = args.slice(0, at < 0 ? args.length : at);
  const [text, ...paths] = at < 0 ? [] : args.slice(at);
  if (text === undefined) return yield* usageError(process, 'missing operand');
  if (paths.length === 0)
    return yield* usageError(process, `missing operand after ${quoteName(text)}`);
  if (parseMode(text) === undefined)
    return yield* usageError(process, `invalid mode: ${quoteName(text)}`);
  const deep = flags.some((flag) => flag.includes('R') || flag === '--recursive');
  let good = true;
  for (const path of paths) {
    const done = yield* recursively(process, path, deep, function* change(each) {
      const stat = process.files.stat(each);
      if (!stat.ok) {
        yield* complain(process, `cannot access ${quoteName(each)}: ${strerror(stat.error)}`);
        return false;
      }
      const mode = applyMode(text, stat.value.mode, stat.value.type === 'directory') as number;
      const changed = process.files.chmod(each, mode);
      if (!changed.ok)
        yield* complain(
          process,
          `changing permissions of ${quoteName(each)}: ${strerror(changed.error)}`,
        );
      return changed.ok;
    });
    good = good && done;
  }
  return good ? 0 : 1;
});

export const chown = tool(
  'chown',
  { short: 'Rvcfh', long: { recursive: 'R', verbose: 'v', 'no-dereference': 'h' } },
  function* run(process, options) {
    const [text, ...paths] = options.operands;
    if (text === undefined) return yield* usageError(process, 'missing operand');
    if (paths.length === 0)
      return yield* usageError(process, `missing operand after ${quoteName(text)}`);
    const [owner = '', group] = text.split(/[:.]/);
    const user = owner === '' ? undefined : findUser(process, owner);
    if (owner !== '' && user === undefined) {
      yield* complain(process, `invalid user: ${quoteName(text)}`);
      return 1;
    }
    const gid =
      group === undefined ? undefined : group === '' ? user?.gid : findGroup(process, group);
    if (group !== undefined && group !== '' && gid === undefined) {
      yield* complain(process, `invalid group: ${quoteName(text)}`);
      return 1;
    }
    let good = true;
    for (const path of paths) {
      const done = yield* recursively(process, path, options.has('R'), function* change(each) {
        const stat = process.files.stat(each);
        if (!stat.ok) {
          yield* complain(process, `cannot access ${quoteName(each)}: ${strerror(stat.error)}`);
          return false;
        }
        const changed = process.files.chown(
          each,
          user?.uid ?? stat.value.uid,
          gid ?? stat.value.gid,
        );
        if (!changed.ok)
          yield* complain(
            process,
            `changing ownership of ${quoteName(each)}: ${strerror(changed.error)}`,
          );
        return changed.ok;
      });
      good = good && done;
    }
    return good ? 0 : 1;
  },
);

export const mktemp = tool(
  'mktemp',
  { short: 'dqutp:', long: { directory: 'd', tmpdir: 'p::' } },
  function* run(process, options) {
    const template =
      options.operands[0] ??
      `${options.get('p') ?? process.env.get('TMPDIR') ?? '/tmp'}/tmp.XXXXXXXXXX`;
    const marks = /X{3,}(?=[^X/]*$)/.exec(template);
    if (marks === null) {
      yield* complain(process, `too few X's in template ${quoteName(template)}`);
      return 1;
    }
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    let name = '';
    for (const _ of marks[0]) name += letters[process.random.below(letters.length)];
    const path =
      template.slice(0, marks.index) + name + template.slice(marks.index + marks[0].length);
    const done = options.has('d')
      ? process.files.mkdir(path, { mode: 0o700 })
      : process.files.write(path, '', 0o600);
    if (!done.ok) {
      yield* complain(
        process,
        `failed to create ${options.has('d') ? 'directory' : 'file'} via template ${quoteName(template)}: ${strerror(done.error)}`,
      );
      return 1;
    }
    yield* process.print(`${path}\n`);
    return 0;
  },
);
