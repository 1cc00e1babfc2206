/** Programs that hosts have and this model does not play: they say so, and what to use instead. */
import type { Program } from '../../machines/machine/process.ts';
import { defineTool } from './support.ts';

function refused(name: string, why: string): Program {
  return defineTool(name, function* run(process) {
    yield* process.printError(`${name}: ${why}\n`);
    return 1;
  });
}

export const tcpdump = refused(
  'tcpdump',
  'packet capture is not available here; the packet view shows the way of every connection',
);
export const ethtool = refused(
  'ethtool',
  'the cards of these hosts have no settings; see ip -s link',
);
export const openssl = refused(
  'openssl',
  'not available here; kubectl get csr and curl -v show certificates',
);
export const scp = refused('scp', 'not available here; use ssh host "cat file" > file');
export const lsof = refused(
  'lsof',
  'not available here; ss -p shows sockets, ls -l /proc/<pid>/fd open files',
);
