/** The network and system tools, by the path under which hosts and busybox images have them. */
import type { Program } from '../../machines/machine/process.ts';
import { curl } from './curl/index.ts';
import { dig } from './dns/dig.ts';
import { host } from './dns/host.ts';
import { busyboxNslookup, nslookup } from './dns/nslookup.ts';
import { ip } from './ip/index.ts';
import { nc } from './nc.ts';
import { arp, netstat, route } from './net-tools.ts';
import { busyboxPing, ping } from './ping.ts';
import { ss } from './ss.ts';
import { ssh } from './ssh/ssh.ts';
import { sshd } from './ssh/sshd.ts';
import { journalctl } from './systemd/journalctl.ts';
import { systemctl } from './systemd/systemctl.ts';
import { traceroute } from './traceroute.ts';
import { busyboxWget, wget } from './wget.ts';

interface Tool {
  readonly path: string;
  readonly program: Program;
}

/** On the workstation and on nodes. */
export const NETWORK_TOOLS: readonly Tool[] = [
  { path: '/usr/bin/curl', program: curl },
  { path: '/usr/bin/dig', program: dig },
  { path: '/usr/bin/host', program: host },
  { path: '/usr/bin/journalctl', program: journalctl },
  { path: '/usr/bin/nc', program: nc },
  { path: '/usr/bin/netcat', program: nc },
  { path: '/usr/bin/netstat', program: netstat },
  { path: '/usr/bin/nslookup', program: nslookup },
  { path: '/usr/bin/ping', program: ping },
  { path: '/usr/bin/ss', program: ss },
  { path: '/usr/bin/ssh', program: ssh },
  { path: '/usr/bin/systemctl', program: systemctl },
  { path: '/usr/bin/traceroute', program: traceroute },
  { path: '/usr/bin/wget', program: wget },
  { path: '/usr/sbin/arp', program: arp },
  { path: '/usr/sbin/ip', program: ip },
  { path: '/usr/sbin/route', program: route },
  { path: '/usr/sbin/sshd', program: sshd },
];

/** What busybox has of them, under /bin. */
export const busyboxNetworkTools: readonly Tool[] = [
  { path: '/bin/arp', program: arp },
  { path: '/bin/ip', program: ip },
  { path: '/bin/nc', program: nc },
  { path: '/bin/netstat', program: netstat },
  { path: '/bin/nslookup', program: busyboxNslookup },
  { path: '/bin/ping', program: busyboxPing },
  { path: '/bin/route', program: route },
  { path: '/bin/traceroute', program: traceroute },
  { path: '/bin/wget', program: busyboxWget },
];
