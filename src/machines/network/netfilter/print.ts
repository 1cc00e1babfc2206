/**
 * Rules as text: as `iptables-save` and `-S` print them, and as a line of `-L`. Models the printers of
 * iptables 1.8.11 (nf_tables): extensions/libxt_*.c and iptables/xshared.c. What stands first: -s, -d,
 * -i, -o, -p, then the matches in their order, then the target.
 */
import { formatIp } from '../../../ground/base/ip.ts';
import {
  ADDRESS_TYPES,
  type AddressTest,
  type Match,
  type NameTest,
  type NumberRange,
  type PortTest,
  type Rule,
  STATES,
  type Target,
} from './rule.ts';

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

export function protocolName(number: number): string {
  return PROTOCOLS.get(number) ?? String(number);
}

/** The number of a protocol by name or digits; undefined when there is none. `all` is 0. */
export function protocolNumber(text: string): number | undefined {
  if (text === 'all') return 0;
  if (/^\d+$/.test(text)) return Number(text) <= 255 ? Number(text) : undefined;
  for (const [number, name] of PROTOCOLS) if (name === text.toLowerCase()) return number;
  return text.toLowerCase() === 'icmpv6' ? 58 : undefined;
}

/** A number as iptables prints marks. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function prefixLength(mask: number): number | undefined {
  const bits = 32 - Math.clz32(~mask >>> 0);
  const length = 32 - bits;
  return (length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0) === mask ? length : undefined;
}

export function maskText(mask: number): string {
  const length = prefixLength(mask);
  return length === undefined ? `/${formatIp(mask)}` : `/${length}`;
}

/** Text in double quotes unless it is letters, digits, _ and - only (xtables_save_string). */
function quoted(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/(["\\'])/g, '\\$1')}"`;
}

/** A rule as iptables-save prints it after `-A CHAIN `, without counters. */
export function ruleText(rule: Rule, digits = 11): string {
  const words: string[] = [];
  const not = (invert: boolean): string => (invert ? '! ' : '');
  const address = (test: AddressTest | undefined, flag: string): void => {
    if (test === undefined || (test.mask === 0 && !test.invert)) return;
    words.push(`${not(test.invert)}${flag} ${formatIp(test.ip)}${maskText(test.mask)}`);
  };
  const name = (test: NameTest | undefined, flag: string): void => {
    if (test !== undefined) words.push(`${not(test.invert)}${flag} ${test.name}`);
  };
  address(rule.src, '-s');
  address(rule.dst, '-d');
  name(rule.inInterface, '-i');
  name(rule.outInterface, '-o');
  if (rule.protocol !== undefined && rule.protocol.number !== 0) {
    words.push(`${not(rule.protocol.invert)}-p ${protocolName(rule.protocol.number)}`);
  }
  for (const match of rule.matches) words.push(matchText(match, digits));
  const target = targetText(rule.target);
  if (target !== '') words.push(target);
  return words.join(' ');
}

/** `0.33333333349`: a 31-bit threshold with `digits` decimals (11; the seed's dump has 12). */
export function probabilityText(threshold: number, digits = 11): string {
  return (threshold / 0x80000000).toFixed(digits);
}

function portText(test: PortTest): string {
  return test.low === test.high ? String(test.low) : `${test.low}:${test.high}`;
}

export function rangeText(range: NumberRange, separator: string): string {
  return range.low === range.high ? String(range.low) : `${range.low}${separator}${range.high}`;
}

export function bitNames(names: readonly (readonly [string, number])[], bits: number): string {
  return names
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([text]) => text)
    .join(',');
}

function markText(value: number, mask: number): string {
  return mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`;
}

/** One match as save prints it. */
export function matchText(match: Match, digits = 11): string {
  const not = 'invert' in match && match.invert ? '! ' : '';
  switch (match.kind) {
    case 'comment':
      return `-m comment --comment ${quoted(match.text)}`;
    case 'tcp':
    case 'udp':
      return portsText(match);
    case 'icmp':
      return match.type === 255
        ? '-m icmp --icmp-type any'
        : `-m icmp ${not}--icmp-type ${match.type}`;
    case 'mark':
    case 'connmark':
      return `-m ${match.kind} ${not}--mark ${markText(match.value, match.mask)}`;
    case 'random':
      return `-m statistic --mode random ${not}--probability ${probabilityText(match.threshold, digits)}`;
    case 'nth':
      return `-m statistic --mode nth ${not}--every ${match.every} --packet ${match.packet}`;
    case 'conntrack':
      return `-m conntrack ${not}--ctstate ${bitNames(STATES, match.states)}`;
    case 'state':
      return `-m state ${not}--state ${bitNames(STATES, match.states)}`;
    case 'addrtype':
      return `-m addrtype${typeText(match.src, '--src-type')}${typeText(match.dst, '--dst-type')}`;
    case 'multiport':
      return `-m multiport ${not}--${match.side} ${match.ports.map((range) => rangeText(range, ':')).join(',')}`;
    default:
      return rareMatchText(match);
  }
}

function typeText(
  test: { readonly types: number; readonly invert: boolean } | undefined,
  flag: string,
): string {
  return test === undefined
    ? ''
    : ` ${test.invert ? '! ' : ''}${flag} ${bitNames(ADDRESS_TYPES, test.types)}`;
}

function portsText(match: Match & { kind: 'tcp' | 'udp' }): string {
  let text = `-m ${match.kind}`;
  if (match.sport !== undefined)
    text += `${match.sport.invert ? ' !' : ''} --sport ${portText(match.sport)}`;
  if (match.dport !== undefined)
    text += `${match.dport.invert ? ' !' : ''} --dport ${portText(match.dport)}`;
  if (match.kind === 'tcp' && match.syn !== undefined) {
    text += `${match.syn.invert ? ' !' : ''} --tcp-flags FIN,SYN,RST,ACK SYN`;
  }
  return text;
}

function rareMatchText(match: Match): string {
  const not = 'invert' in match && match.invert ? '! ' : '';
  if (match.kind === 'owner') {
    let text = '-m owner';
    if (match.socket !== undefined) text += `${match.socket.invert ? ' !' : ''} --socket-exists`;
    if (match.uid !== undefined)
      text += `${match.uid.invert ? ' !' : ''} --uid-owner ${rangeText(match.uid, '-')}`;
    if (match.gid !== undefined)
      text += `${match.gid.invert ? ' !' : ''} --gid-owner ${rangeText(match.gid, '-')}`;
    return text;
  }
  if (match.kind === 'recent') {
    const seconds = match.seconds > 0 ? ` --seconds ${match.seconds}` : '';
    const reap = match.reap ? ' --reap' : '';
    return `-m recent ${not}--${match.action}${seconds}${reap} --name ${match.name} --mask ${formatIp(match.mask)} --${match.side}`;
  }
  if (match.kind === 'limit') {
    return `-m limit --limit ${match.count}/${match.unit}${match.burst === 5 ? '' : ` --limit-burst ${match.burst}`}`;
  }
  if (match.kind === 'iprange') {
    const side = (
      test: { low: number; high: number; invert: boolean } | undefined,
      flag: string,
    ): string =>
      test === undefined
        ? ''
        : `${test.invert ? ' !' : ''} ${flag} ${formatIp(test.low)}-${formatIp(test.high)}`;
    return `-m iprange${side(match.src, '--src-range')}${side(match.dst, '--dst-range')}`;
  }
  return '';
}

export function translationText(target: Target & { kind: 'DNAT' | 'SNAT' }): string {
  const { to, ports } = target;
  const ips =
    to === undefined
      ? ''
      : to.low === to.high
        ? formatIp(to.low)
        : `${formatIp(to.low)}-${formatIp(to.high)}`;
  return `${ips}${ports === undefined ? '' : `:${rangeText(ports, '-')}`}`;
}

/** The target as save prints it, `-j …`. */
export function targetText(target: Target): string {
  const random = 'random' in target && target.random !== '' ? ` --${target.random}` : '';
  switch (target.kind) {
    case 'none':
      return '';
    case 'jump':
      return `-j ${target.chain}`;
    case 'goto':
      return `-g ${target.chain}`;
    case 'RETURN':
    case 'ACCEPT':
    case 'DROP':
      return `-j ${target.kind}`;
    case 'REJECT':
      return `-j REJECT --reject-with ${target.with}`;
    case 'DNAT':
      return `-j DNAT --to-destination ${translationText(target)}${random}`;
    case 'SNAT':
      return `-j SNAT --to-source ${translationText(target)}${random}`;
    case 'MASQUERADE':
    case 'REDIRECT':
      return `-j ${target.kind}${target.ports === undefined ? '' : ` --to-ports ${rangeText(target.ports, '-')}`}${random}`;
    case 'MARK':
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    case 'CONNMARK':
      return connmarkText(target);
  }
}

function connmarkText(target: Target & { kind: 'CONNMARK' }): string {
  if (target.action === 'set')
    return `-j CONNMARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
  return `-j CONNMARK --${target.action}-mark --nfmask ${hex(target.mask)} --ctmask ${hex(target.mask)}`;
}
