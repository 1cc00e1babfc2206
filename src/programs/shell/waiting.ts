/** How builtins wait for a person: Ctrl-C ends the wait and the line. */
import { anyOf, type Task } from '../../ground/base/task.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Shell } from './state.ts';
import { runPendingTraps } from './traps.ts';

/** Waits for input; true when Ctrl-C came first, which leaves the line at an interactive shell. */
export function* interrupted(shell: Shell, file: OpenFile): Task<boolean> {
  if (!shell.interactive || file.kind === 'file') return false;
  for (;;) {
    const first = yield* anyOf([file.readable, shell.signalled]);
    if (shell.interrupted) {
      shell.interrupted = false;
      yield* shell.write(2, '\n');
      shell.discard(130);
      return true;
    }
    if (first.index === 0) return false;
    yield* runPendingTraps(shell);
  }
}
