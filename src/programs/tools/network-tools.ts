/** The network and system tools, by the path under which hosts and busybox images have them. */
import type { Program } from '../../machines/machine/process.ts';
import { getent, su, sudo } from './accounts.ts';
import { curl } from './curl/index.ts';
import { dig } from './dns/dig.ts';
import { host } from './dns/host.ts';
import { busyboxNslookup, nslookup } from './dns/nslookup.ts';
import { halt, hostnamectl, poweroff, reboot, shutdown, timedatectl } from './host-control.ts';
import { busyboxIp, ip } from './ip/index.ts';
import { bridge, dmesg, lsns, mount, nsenter, sysctl, umount } from './kernel-tools.ts';
import { nc } from './nc.ts';
import { busyboxArp, busyboxNc, busyboxTelnet, busyboxTraceroute } from './busybox-net.ts';
import { arp, netstat, route } from './net-tools.ts';
import { busyboxPing, ping } from './ping.ts';
import { ethtool, lsof, openssl, scp, tcpdump } from './refused.ts';
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
  /** Permission bits; 0o755 unless said. */
  readonly mode?: number;
}

/** On the workstation and on nodes. */
export const NETWORK_TOOLS: readonly Tool[] = [
  { path: '/usr/bin/curl', program: curl },
  { path: '/usr/bin/dig', program: dig },
  { path: '/usr/bin/dmesg', program: dmesg },
  { path: '/usr/bin/getent', program: getent },
  { path: '/usr/bin/host', program: host },
  { path: '/usr/bin/hostnamectl', program: hostnamectl },
  { path: '/usr/bin/journalctl', program: journalctl },
  { path: '/usr/bin/lsns', program: lsns },
  { path: '/usr/bin/lsof', program: lsof },
  { path: '/usr/bin/mount', program: mount },
  { path: '/usr/bin/nc', program: nc },
  { path: '/usr/bin/netcat', program: nc },
  { path: '/usr/bin/netstat', program: netstat },
  { path: '/usr/bin/nsenter', program: nsenter },
  { path: '/usr/bin/nslookup', program: nslookup },
  { path: '/usr/bin/openssl', program: openssl },
  { path: '/usr/bin/ping', program: ping },
  { path: '/usr/bin/scp', program: scp },
  { path: '/usr/bin/ss', program: ss },
  { path: '/usr/bin/ssh', program: ssh },
  { path: '/usr/bin/systemctl', program: systemctl },
  { path: '/usr/bin/timedatectl', program: timedatectl },
  { path: '/usr/bin/traceroute', program: traceroute },
  { path: '/usr/bin/umount', program: umount },
  { path: '/usr/bin/wget', program: wget },
  { path: '/usr/bin/su', program: su, mode: 0o4755 },
  { path: '/usr/bin/sudo', program: sudo, mode: 0o4755 },
  { path: '/usr/sbin/arp', program: arp },
  { path: '/usr/sbin/bridge', program: bridge },
  { path: '/usr/sbin/ethtool', program: ethtool },
  { path: '/usr/sbin/halt', program: halt },
  { path: '/usr/sbin/ip', program: ip },
  { path: '/usr/sbin/poweroff', program: poweroff },
  { path: '/usr/sbin/reboot', program: reboot },
  { path: '/usr/sbin/route', program: route },
  { path: '/usr/sbin/shutdown', program: shutdown },
  { path: '/usr/sbin/sshd', program: sshd },
  { path: '/usr/sbin/sysctl', program: sysctl },
  { path: '/usr/sbin/tcpdump', program: tcpdump },
];

/** What busybox has of them, under /bin. */
export const busyboxNetworkTools: readonly Tool[] = [
  { path: '/bin/arp', program: busyboxArp },
  { path: '/bin/ip', program: busyboxIp },
  { path: '/bin/nc', program: busyboxNc },
  { path: '/bin/netstat', program: netstat },
  { path: '/bin/nslookup', program: busyboxNslookup },
  { path: '/bin/ping', program: busyboxPing },
  { path: '/bin/route', program: route },
  { path: '/bin/telnet', program: busyboxTelnet },
  { path: '/bin/traceroute', program: busyboxTraceroute },
  { path: '/bin/sysctl', program: sysctl },
  { path: '/bin/mount', program: mount },
  { path: '/bin/umount', program: umount },
  { path: '/bin/wget', program: busyboxWget },
];
