/** cp and mv. */
import type { Task } from '../../ground/base/task.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import { complain, type ParsedOptions, parseOptions, quoteName, usageError } from './support.ts';
import { baseName, isDirectory, join, tool } from './file-tools.ts';

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
