/** Faults that were left pending, and the lines of `set -x`. */
import type { Task } from '../../ground/base/task.ts';
import type { Shell } from './state.ts';

export function* complainPending(shell: Shell): Task<void> {
  const fault = shell.pendingFault;
  shell.pendingFault = undefined;
  if (fault === undefined) return;
  yield* shell.complain(fault);
  shell.status = 1;
}

export function* traceLine(shell: Shell, text: string): Task<void> {
  const ps4 = shell.variables.get('PS4') ?? '+ ';
  yield* shell.write(2, `${ps4.slice(0, 1).repeat(shell.traceDepth)}${ps4.slice(1)}${text}\n`);
}
