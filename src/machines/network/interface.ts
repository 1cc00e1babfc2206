/**
 * One network interface: loopback, a host's Ethernet card, a bridge, one end of a veth pair, or a
 * dummy that only holds addresses (kube-ipvs0, the outside world of the gateway). Belongs to one
 * namespace at a time; the namespace changes it, so that paths of flows notice.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import { fnv1a } from '../../ground/base/hash.ts';
import type { Ip } from '../../ground/base/ip.ts';
import type { NetworkNamespace } from './namespace.ts';

export type InterfaceKind = 'loopback' | 'physical' | 'bridge' | 'veth' | 'dummy';

export interface InterfaceAddress {
  readonly ip: Ip;
  /** Prefix length, 0–32. */
  readonly bits: number;
}

export class NetworkInterface {
  name: string;
  index: number;
  readonly kind: InterfaceKind;
  readonly mac: string;
  namespace: NetworkNamespace;
  mtu: number;
  up = false;
  addresses: InterfaceAddress[] = [];
  /** The other end of a veth pair. */
  peer: NetworkInterface | undefined;
  /** The bridge that this is a port of. */
  master: NetworkInterface | undefined;
  /** Ports of a bridge, in order of joining. */
  readonly ports: NetworkInterface[] = [];
  /** One way to whatever lies behind a dummy: the gateway's distance to the outside. */
  distance: Micros = 0;
  rxBytes = 0;
  rxPackets = 0;
  rxDropped = 0;
  txBytes = 0;
  txPackets = 0;
  txDropped = 0;
  /** Where a bridge last found an address; checked before use. */
  readonly learned = new Map<Ip, NetworkInterface>();

  constructor(kind: InterfaceKind, name: string, index: number, namespace: NetworkNamespace) {
    this.kind = kind;
    this.name = name;
    this.index = index;
    this.namespace = namespace;
    this.mtu = kind === 'loopback' ? 65_536 : 1_500;
    this.mac =
      kind === 'loopback'
        ? '00:00:00:00:00:00'
        : macOf(`${namespace.host.name}/${namespace.name}/${name}/${index}`);
  }
}

/** A locally administered address that depends on the name alone. */
function macOf(name: string): string {
  const low = fnv1a(name);
  const high = fnv1a(name, low);
  const bytes = [
    ((high >>> 8) & 0xfc) | 2,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  ];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
