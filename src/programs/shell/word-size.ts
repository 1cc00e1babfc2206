/** How large a word may become: what an expansion takes is memory of the shell, which its host limits. */
import type { Task } from '../../ground/base/task.ts';
import type { Fields } from './fields.ts';
import type { Shell } from './state.ts';

/** Text from which on the shell's memory is counted, and the most that a word may become. */
const COUNTED = 1024 * 1024;
const WORD_MAX = 64 * COUNTED;
const BYTES_PER_MICRO = 4000;

/** Counts what a large expansion takes: its cgroup may kill the shell, and at the limit the shell gives up itself. */
export function* fits(shell: Shell, fields: Fields, added: number): Task<boolean> {
  const length = fields.size + added;
  if (length < COUNTED) return true;
  // The old value, the new one and the word between them.
  shell.process.memory(3 * length);
  // Copying takes time, in which a shell that was killed for it ends.
  yield* shell.process.work(Math.ceil(length / BYTES_PER_MICRO));
  if (length <= WORD_MAX) return true;
  yield* shell.complain(
    shell.flavour === 'ash' ? 'out of memory' : `xrealloc: cannot allocate ${length} bytes`,
  );
  shell.exit(shell.flavour === 'ash' ? 1 : 2);
  return false;
}
