/** Fork without exec: a copy of the shell in a process of its own, for subshells and pipelines. */
import type { Task } from '../../ground/base/task.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Child, Process } from '../../machines/machine/process.ts';

import type { Statement } from './parser.ts';
import { CALL_DEPTH_MAX, Shell, SIGNAL_NUMBERS } from './state.ts';

export interface ForkOptions {
  readonly descriptors?: ReadonlyMap<number, OpenFile>;
  /** Decoded text that the positions of the statements refer to. */
  readonly source?: string | undefined;
  readonly newGroup?: boolean;
  /** Joins the process group of a pipeline's first process. */
  readonly group?: number;
  /** `$(…)`: `set -e` is not inherited (bash without POSIX mode). */
  readonly substitution?: boolean;
  readonly background?: boolean;
  /** `( … )`: the jobs of the shell outside are not its own. */
  readonly subshell?: boolean;
  /** The work is one simple command: a program may take the process's place. */
  readonly tail?: boolean;
}

/** Runs statements in a copy of the shell; undefined when no process could be made. */
export function forkShell(
  shell: Shell,
  statements: readonly Statement[],
  options: ForkOptions,
): Child | undefined {
  const only = statements.length === 1 ? statements[0] : undefined;
  const tail = only?.command.type === 'Command' && only.background !== true;
  return forkTask(shell, { ...options, tail }, (copy) =>
    copy.interpreter.runStatements(copy, statements),
  );
}

/** Runs any work of the interpreter in a copy of the shell. */
export function forkTask(
  shell: Shell,
  options: ForkOptions,
  body: (copy: Shell) => Task<void>,
): Child | undefined {
  if (shell.subshell > CALL_DEPTH_MAX) {
    shell.pendingFault ??= `fork: retry: ${strerror('EAGAIN')}`;
    return undefined;
  }
  const copy = new Shell(shell.process, shell.flavour, shell.interpreter, shell);
  if (options.source !== undefined) {
    copy.source = { ...copy.source, text: options.source, firstLine: shell.line() - 1 };
  }
  if (options.subshell === true) copy.jobs = [];
  if (options.substitution === true) copy.traceDepth += 1;
  if (options.substitution === true && !copy.options.has('posix')) copy.options.delete('e');
  const child = shell.process.spawn({
    argv: [...shell.process.argv],
    comm: shell.flavour === 'ash' ? 'sh' : 'bash',
    env: shell.process.env,
    cwd: shell.process.cwd,
    descriptors: options.descriptors ?? new Map(shell.process.descriptors),
    ...(options.newGroup === true && options.group === undefined ? { newGroup: true } : {}),
    ...(options.newGroup === true && options.group !== undefined ? { group: options.group } : {}),
    fork: (process: Process) => runCopy(copy, process, body, options),
  });
  if (!child.ok) {
    shell.pendingFault ??= `fork: ${strerror(child.error.errno)}`;
    return undefined;
  }
  shell.children.set(child.value.pid, child.value);
  return child.value;
}

function* runCopy(
  copy: Shell,
  process: Process,
  body: (copy: Shell) => Task<void>,
  options: ForkOptions,
): Task<number> {
  copy.process = process;
  copy.tail = options.tail === true;
  copy.interactive = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGTSTP'] as const)
    process.onSignal(signal, undefined);
  for (const [, signal] of SIGNAL_NUMBERS) {
    if (signal === 'SIGKILL' || signal === 'SIGSTOP') continue;
    const ignored =
      copy.traps.get(signal.slice(3)) === '' ||
      (options.background === true && signal === 'SIGINT' && !copy.options.has('m'));
    if (ignored) process.onSignal(signal, 'ignore');
  }
  yield* body(copy);
  yield* copy.interpreter.finishShell(copy);
  return copy.status;
}
