/** The last words of a shell at a terminal. */
import type { Task } from '../../ground/base/task.ts';
import type { Shell } from './state.ts';

/** What leaving a shell at a terminal prints. */
export function farewell(shell: Shell): string {
  return shell.login ? 'logout\n' : 'exit\n';
}

/** Whether the shell stays because of stopped jobs: it says so once, and the second time it goes. */
export function* staysForJobs(shell: Shell): Task<boolean> {
  if (shell.warnedOfJobs || !shell.jobs.some((job) => job.state === 'stopped')) return false;
  yield* shell.write(2, 'There are stopped jobs.\n');
  shell.warnedOfJobs = true;
  return true;
}
