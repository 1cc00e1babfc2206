/**
 * Programs that the hosts execute before the first prompt stands: what a worker has from its start. All
 * others come in chunks.
 */
import { bashWith } from '../programs/shell/index.ts';
import type { Program } from '../machines/machine/process.ts';
import { ip } from '../programs/tools/ip/index.ts';
import { sshd } from '../programs/tools/ssh/sshd.ts';
import { type CodeShelf, lateRegexps } from './lazy-program.ts';

/** By key, as in the table of the console. */
export function firstPrograms(shelf: CodeShelf): ReadonlyMap<string, Program> {
  return new Map([
    ['bash', bashWith(lateRegexps(shelf))],
    ['/usr/sbin/ip', ip],
    ['/usr/sbin/sshd', sshd],
  ]);
}
