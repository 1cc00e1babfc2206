/**
 * Programs that the hosts execute before the first prompt stands: what a worker has from its start. All
 * others come in chunks.
 */
import { bash } from '../programs/shell/index.ts';
import type { Program } from '../machines/machine/process.ts';
import { ip } from '../programs/tools/ip/index.ts';
import { sshd } from '../programs/tools/ssh/sshd.ts';

/** By key, as in the table of the console. */
export function firstPrograms(): ReadonlyMap<string, Program> {
  return new Map([
    ['bash', bash],
    ['/usr/sbin/ip', ip],
    ['/usr/sbin/sshd', sshd],
  ]);
}
