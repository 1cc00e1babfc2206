/** The network and system tools, by the path under which hosts have them. */
import type { Program } from '../../machines/machine/process.ts';
import { ip } from './ip/index.ts';
import { sshd } from './ssh/sshd.ts';

/** On the workstation and on nodes. */
export const NETWORK_TOOLS: readonly { readonly path: string; readonly program: Program }[] = [
  { path: '/usr/sbin/ip', program: ip },
  { path: '/usr/sbin/sshd', program: sshd },
];

/** What busybox has of them. */
export const busyboxNetworkTools: readonly { readonly path: string; readonly program: Program }[] =
  [];
