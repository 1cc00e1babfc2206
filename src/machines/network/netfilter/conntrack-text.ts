/**
 * Connections as text: lines of `conntrack -L` (conntrack-tools 1.4.7) and of /proc/net/nf_conntrack
 * (nf_conntrack_standalone.c, Linux 6.1).
 */
import { formatIp } from '../../../ground/base/ip.ts';
import { protocolName } from './print.ts';
import { type ConntrackEntry, ICMP } from './types.ts';

function tuple(protocol: number, ends: ConntrackEntry['original'], reply: boolean): string {
  const addresses = `src=${formatIp(ends.src)} dst=${formatIp(ends.dst)}`;
  if (protocol === ICMP) return `${addresses} type=${reply ? 0 : 8} code=0 id=${ends.sport}`;
  return `${addresses} sport=${ends.sport} dport=${ends.dport}`;
}

function body(entry: ConntrackEntry): string {
  const { protocol } = entry;
  const state = entry.state === '' || entry.state === 'UNREPLIED' ? '' : `${entry.state} `;
  const unreplied = entry.replied === false ? '[UNREPLIED] ' : '';
  const assured = entry.assured ? '[ASSURED] ' : '';
  return (
    `${protocolName(protocol).padEnd(8)} ${protocol} ${entry.timeoutSeconds} ${state}` +
    `${tuple(protocol, entry.original, false)} ${unreplied}${tuple(protocol, entry.reply, true)} ${assured}mark=${entry.mark}`
  );
}

/** A line of `conntrack -L`. */
export function conntrackLine(entry: ConntrackEntry): string {
  return `${body(entry)} use=1\n`;
}
