/** The network and system tools, by the path under which hosts have them. */
import type { Program } from '../../machines/machine/process.ts';
import { curl } from './curl/index.ts';
import { ip } from './ip/index.ts';
import { sshd } from './ssh/sshd.ts';

interface Tool {
  readonly path: string;
  readonly program: Program;
}

/** On the workstation and on nodes. */
export const NETWORK_TOOLS: readonly Tool[] = [
  { path: '/usr/bin/curl', program: curl },
  { path: '/usr/sbin/ip', program: ip },
  { path: '/usr/sbin/sshd', program: sshd },
];

/** What busybox has of them, under /bin. */
export const busyboxNetworkTools: readonly Tool[] = [];
