/** Traps: commands that run when a signal came or when something ends. They run between commands. */
import type { Task } from '../../ground/base/task.ts';

import type { Node } from './interpreter.ts';
import { parseShell } from './parser.ts';
import { type Shell, signalNamed } from './state.ts';

/** Runs what signals have asked for. */
export function* runPendingTraps(shell: Shell): Task<void> {
  while (shell.pendingTraps.length > 0 && !shell.leaving) {
    const name = shell.pendingTraps.shift() as string;
    yield* runTrap(shell, name);
  }
}

/** Remembers a command for BASH_COMMAND, and lets the DEBUG trap see it before it runs. */
export function* noteCommand(shell: Shell, node: Node): Task<void> {
  shell.running = node;
  shell.runningText = shell.source.text;
  if (shell.traps.size > 0 && shell.traps.has('DEBUG')) yield* runTrap(shell, 'DEBUG');
}

/** Runs the command of one trap; the exit status stays what it was. */
export function* runTrap(shell: Shell, name: string): Task<void> {
  const command = shell.traps.get(name);
  if (command === undefined || command === '' || shell.inTrap) return;
  const { status } = shell;
  shell.inTrap = true;
  yield* runTrapCommand(shell, command);
  shell.inTrap = false;
  if (!shell.leaving) shell.status = status;
}

export function* runTrapCommand(shell: Shell, command: string): Task<void> {
  const parsed = parseShell(command);
  const { source, at } = shell;
  shell.source = { ...source, text: command, firstLine: Math.max(0, shell.line() - 1) };
  shell.at = 0;
  yield* shell.interpreter.runStatements(shell, parsed.statements);
  if (parsed.fault !== undefined) yield* shell.complain(parsed.fault.message);
  shell.source = source;
  shell.at = at;
}

/** Sets, ignores (empty command) or resets (undefined) a trap. */
export function setTrap(shell: Shell, name: string, command: string | undefined): void {
  if (command === undefined) shell.traps.delete(name);
  else shell.traps.set(name, command);
  const signal = signalNamed(name);
  if (signal === undefined || signal === 'SIGKILL' || signal === 'SIGSTOP') return;
  if (command === '') shell.process.onSignal(signal, 'ignore');
  else if (command !== undefined) {
    shell.process.onSignal(signal, () => {
      shell.pendingTraps.push(name);
      shell.signalled.notify();
    });
  } else if (signal === 'SIGINT' && shell.interactive) onInterrupt(shell);
  else shell.process.onSignal(signal, undefined);
}

/** Ctrl-C at an interactive shell ends the running line, not the shell. */
function onInterrupt(shell: Shell): void {
  shell.process.onSignal('SIGINT', () => {
    shell.interrupted = true;
    shell.signalled.notify();
  });
}
