/**
 * The long options of iptables' extensions: those that the model has, by which a shortened one is
 * completed (getopt_long), and those that only real ones have, which are refused by name.
 */

const NOT_MODELLED: Record<string, string> = {
  conntrack:
    'ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport ctrepldstport ctstatus ctexpire ctdir',
  recent: 'hitcount rttl',
  tcp: 'tcp-option',
  addrtype: 'limit-iface-in limit-iface-out',
  owner: 'suppl-groups',
};

/** Targets that a real kernel has. */
export const NOT_HERE: ReadonlySet<string> = new Set(
  'AUDIT CHECKSUM CLASSIFY CLUSTERIP CT DSCP ECN HMARK IDLETIMER LED LOG NETMAP NFLOG NFQUEUE NOTRACK QUEUE RATEEST SECMARK SET SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TRACE TTL'.split(
    ' ',
  ),
);

const LONG: Record<string, string> = {
  comment: 'comment',
  tcp: 'sport source-port dport destination-port syn tcp-flags',
  udp: 'sport source-port dport destination-port',
  icmp: 'icmp-type',
  mark: 'mark',
  connmark: 'mark',
  conntrack: 'ctstate',
  state: 'state',
  statistic: 'mode probability every packet',
  addrtype: 'dst-type src-type',
  multiport: 'sports source-ports dports destination-ports ports',
  owner: 'uid-owner gid-owner socket-exists',
  recent: 'set rcheck update remove name seconds reap mask rsource rdest',
  limit: 'limit limit-burst',
  iprange: 'src-range dst-range',
  REJECT: 'reject-with',
  DNAT: 'to-destination random',
  SNAT: 'to-source random random-fully',
  MASQUERADE: 'to-ports random random-fully',
  REDIRECT: 'to-ports random',
  MARK: 'set-xmark set-mark or-mark and-mark xor-mark',
  CONNMARK:
    'set-xmark set-mark or-mark and-mark xor-mark save-mark restore-mark mask nfmask ctmask',
};
const COMMON =
  'source src destination dst in-interface out-interface protocol match jump goto set-counters fragment';

/** True for an option that this extension has elsewhere. */
export function isNotModelled(kind: string, word: string): boolean {
  return (NOT_MODELLED[kind] ?? '').split(' ').includes(word.slice(2)) && word.startsWith('--');
}

/** The whole of a long option that has been cut short, when one only fits; else the word itself. */
export function expandOption(word: string, kinds: readonly string[]): string {
  if (!word.startsWith('--')) return word;
  const names = [COMMON, ...kinds.map((kind) => LONG[kind] ?? '')].join(' ').split(' ');
  return completed(word, names);
}

/** The same among given names. */
export function completed(word: string, names: readonly string[]): string {
  const short = word.slice(2);
  if (short === '' || names.includes(short)) return word;
  const found = [...new Set(names.filter((name) => name.startsWith(short)))];
  return found.length === 1 ? `--${found[0]}` : word;
}
