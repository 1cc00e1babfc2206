/** `ip link` and `ip address`: how an interface is shown. (iproute2 6.1, ip/ipaddress.c) */
import { maskOf } from '../../../ground/base/cidr.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import type { NetworkInterface } from '../../../machines/network/interface.ts';
import { peerNamespaces } from './netns.ts';
import { hasCarrier } from './route.ts';
import type { IpCommand } from './support.ts';

const QUEUE_LENGTH = 1000;

/** `<BROADCAST,MULTICAST,UP,LOWER_UP>` */
export function flagsOf(device: NetworkInterface): string {
  const carrier = hasCarrier(device);
  const flags = [
    ...(device.up && !carrier ? ['NO-CARRIER'] : []),
    ...(device.kind === 'loopback'
      ? ['LOOPBACK']
      : device.kind === 'dummy'
        ? ['BROADCAST', 'NOARP']
        : ['BROADCAST', 'MULTICAST']),
    ...(device.up ? ['UP'] : []),
    ...(device.up && carrier ? ['LOWER_UP'] : []),
  ];
  return `<${flags.join(',')}>`;
}

/** The operational state. */
function stateOf(device: NetworkInterface): string {
  if (!device.up) return 'DOWN';
  if (device.kind === 'loopback' || device.kind === 'dummy') return 'UNKNOWN';
  if (hasCarrier(device)) return 'UP';
  return device.kind === 'veth' ? 'LOWERLAYERDOWN' : 'DOWN';
}

/** `veth1@if2`: the other end stands in another namespace; `veth1@veth2` in this one. */
function nameWithPeer(device: NetworkInterface): string {
  const { peer } = device;
  if (peer === undefined) return device.name;
  return `${device.name}@${peer.namespace === device.namespace ? peer.name : `if${peer.index}`}`;
}

/** The first line, and the one with the hardware address. */
export function formatLink(
  command: IpCommand,
  device: NetworkInterface,
  mode: boolean,
  netnsNames: ReadonlySet<string>,
): readonly string[] {
  const queue =
    !device.up || device.kind === 'loopback' || device.kind !== 'physical'
      ? device.up
        ? 'noqueue'
        : 'noop'
      : 'fq_codel';
  const master = device.master === undefined ? '' : `master ${device.master.name} `;
  const head = `${device.index}: ${nameWithPeer(device)}: ${flagsOf(device)} mtu ${device.mtu} qdisc ${queue} ${master}state ${stateOf(device)} ${mode ? 'mode DEFAULT ' : ''}group default qlen ${QUEUE_LENGTH}`;
  const loopback = device.kind === 'loopback';
  const peerSpace = device.peer?.namespace;
  const elsewhere =
    peerSpace === undefined || peerSpace === device.namespace
      ? ''
      : netnsNames.has(peerSpace.name)
        ? ` link-netns ${peerSpace.name}`
        : ` link-netnsid ${peerNamespaces(command.network).indexOf(peerSpace)}`;
  const broadcast = loopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff';
  const hardware = `    link/${loopback ? 'loopback' : 'ether'} ${device.mac} brd ${broadcast}${elsewhere}`;
  const details = command.details ? detailsOf(device) : '';
  return details === '' ? [head, hardware] : [head, hardware + details];
}

function detailsOf(device: NetworkInterface): string {
  const generic = ' promiscuity 0 minmtu 68 maxmtu 65535 ';
  if (device.kind === 'veth' || device.kind === 'dummy' || device.kind === 'bridge')
    return `${generic}\n    ${device.kind} `;
  return generic;
}

/** Address lines of an interface. */
export function formatAddresses(device: NetworkInterface): readonly string[] {
  return device.addresses.flatMap(({ ip, bits }) => {
    const scope = ip >>> 24 === 127 ? 'host' : 'global';
    const last = (ip | ~maskOf(bits)) >>> 0;
    const broadcast = device.kind === 'loopback' || bits === 32 ? '' : ` brd ${formatIp(last)}`;
    return [
      `    inet ${formatIp(ip)}/${bits}${broadcast} scope ${scope} ${device.name}`,
      '       valid_lft forever preferred_lft forever',
    ];
  });
}

/** Counters of `-s`, in columns as wide as their widest number. */
export function formatStatistics(device: NetworkInterface): readonly string[] {
  return [
    ...counters(
      'RX',
      ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast'],
      [device.rxBytes, device.rxPackets, 0, device.rxDropped, 0, 0],
    ),
    ...counters(
      'TX',
      ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns'],
      [device.txBytes, device.txPackets, 0, device.txDropped, 0, 0],
    ),
  ];
}

function counters(
  title: string,
  names: readonly string[],
  values: readonly number[],
): readonly string[] {
  const least = [10, 7, 6, 7, 7, 7];
  const widths = names.map((_, at) => Math.max(least[at] as number, String(values[at]).length));
  const head = names.map((name, at) =>
    at === 0
      ? `${title}:${name.padStart((widths[0] as number) - 3)}`
      : name.padStart(widths[at] as number),
  );
  const row = values.map((value, at) => String(value).padStart(widths[at] as number));
  return [`    ${head.join(' ')} `, `    ${row.join(' ')} `];
}

/** The line of `-br`. */
export function formatBrief(device: NetworkInterface, addresses: boolean): string {
  const head = `${nameWithPeer(device).padEnd(16)} ${stateOf(device).padEnd(14)} `;
  if (!addresses) return `${head}${device.mac} ${flagsOf(device)} `;
  return head + device.addresses.map(({ ip, bits }) => `${formatIp(ip)}/${bits} `).join('');
}
