/**
 * A network namespace: interfaces, addresses, routes, rules, sysctls and sockets. What a host, a pod
 * and a container of its own all have. Every change that can redirect a packet raises `generation`,
 * so that flows walk again. Packets are moved by `walk`; sockets live in `socket-table`.
 */
import { maskOf } from '../../ground/base/cidr.ts';
import { ANY_ADDRESS, type Ip, LOOPBACK } from '../../ground/base/ip.ts';
import { RandomStream } from '../../ground/base/random.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import type { Errno } from './errno.ts';
import type { Fabric, FabricHost } from './fabric.ts';
import { type InterfaceKind, NetworkInterface } from './interface.ts';
import type { Netfilter } from './netfilter/types.ts';
import { type Route, RouteTable } from './route.ts';
import { SocketTable } from './socket-table.ts';

/** Where a packet goes next. */
export interface RouteDecision {
  readonly local: boolean;
  readonly device: NetworkInterface;
  readonly nextHop: Ip;
  /** The address that a socket without one sends from. */
  readonly source: Ip;
}

export interface Neighbour {
  readonly ip: Ip;
  readonly device: string;
  readonly mac: string;
}

/** IFNAMSIZ less its final zero. */
const NAME_LENGTH_MAX = 15;

const ESTABLISHED_TIMEOUT = 'net.netfilter.nf_conntrack_tcp_timeout_established';

const SYSCTL_DEFAULTS: readonly (readonly [string, string])[] = [
  ['net.bridge.bridge-nf-call-iptables', '1'],
  ['net.ipv4.conf.all.route_localnet', '0'],
  ['net.ipv4.icmp_echo_ignore_all', '0'],
  ['net.ipv4.ip_forward', '0'],
  ['net.ipv4.ip_local_port_range', '32768\t60999'],
  ['net.ipv4.ip_unprivileged_port_start', '1024'],
  ['net.ipv4.ping_group_range', '0\t2147483647'],
  ['net.ipv4.tcp_keepalive_time', '7200'],
  [ESTABLISHED_TIMEOUT, '432000'],
];

export class NetworkNamespace {
  readonly name: string;
  readonly host: FabricHost;
  readonly fabric: Fabric;
  readonly sockets: SocketTable;
  readonly routes = new RouteTable();
  readonly sysctls = new Map<string, string>(SYSCTL_DEFAULTS);
  /** Raised by every change of interfaces, addresses, routes and sysctls. */
  generation = 1;
  /** False once it has been destroyed. */
  alive = true;
  readonly #interfaces = new Map<string, NetworkInterface>();
  readonly #local = new Map<Ip, NetworkInterface>();
  readonly #decisions = new Map<Ip, RouteDecision | Errno>();
  readonly #loopback: NetworkInterface;
  #netfilter: Netfilter | undefined;
  #nextIndex = 1;

  constructor(fabric: Fabric, host: FabricHost, name: string) {
    this.fabric = fabric;
    this.host = host;
    this.name = name;
    this.sockets = new SocketTable(new RandomStream(fabric.seed, `ports/${host.name}/${name}`));
    this.#loopback = this.#create('loopback', 'lo');
    this.#loopback.addresses.push({ ip: LOOPBACK, bits: 8 });
    this.#loopback.up = true;
    this.#addressesChanged();
  }

  /** Rules and connection tracking; made when first asked for. */
  get netfilter(): Netfilter {
    if (this.#netfilter === undefined) {
      this.#netfilter = this.fabric.newNetfilter(this);
      this.#netfilter.setAddresses(this.localAddresses());
    }
    return this.#netfilter;
  }

  /** The rules, unless nothing in them could touch a packet. */
  get activeNetfilter(): Netfilter | undefined {
    const netfilter = this.#netfilter;
    return netfilter === undefined || netfilter.idle ? undefined : netfilter;
  }

  /** 0 while nobody has asked for rules; cached paths compare it. */
  get rulesGeneration(): number {
    return this.#netfilter === undefined ? 0 : this.#netfilter.generation;
  }

  get loopback(): NetworkInterface {
    return this.#loopback;
  }

  /** Interfaces in order of their index. */
  interfaces(): readonly NetworkInterface[] {
    return [...this.#interfaces.values()].sort((a, b) => a.index - b.index);
  }

  interface(name: string): NetworkInterface | undefined {
    return this.#interfaces.get(name);
  }

  /** A bridge or a dummy. EEXIST, EINVAL (name too long). */
  addInterface(kind: 'bridge' | 'dummy', name: string): Result<NetworkInterface, Errno> {
    const refusal = this.#refuseName(name);
    if (refusal !== undefined) return err(refusal);
    const made = this.#create(kind, name);
    this.#changed();
    return ok(made);
  }

  /** A veth pair: `name` here, `peerName` in `target`. Both are down. */
  addVeth(
    name: string,
    target: NetworkNamespace,
    peerName: string,
  ): Result<NetworkInterface, Errno> {
    const refusal = this.#refuseName(name) ?? target.#refuseName(peerName);
    if (refusal !== undefined) return err(refusal);
    if (target === this && name === peerName) return err('EEXIST');
    const near = this.#create('veth', name);
    const far = target.#create('veth', peerName);
    near.peer = far;
    far.peer = near;
    this.#changed();
    target.#changed();
    return ok(near);
  }

  /** The host's card on the fabric. For whoever builds hosts. */
  addPhysical(name: string): NetworkInterface {
    const made = this.#create('physical', name);
    this.#addressesChanged();
    return made;
  }

  /** Removes an interface and the other end of a veth pair. ENODEV; EPERM for lo and cards. */
  deleteInterface(name: string): Result<void, Errno> {
    const device = this.#interfaces.get(name);
    if (device === undefined) return err('ENODEV');
    if (device.kind === 'loopback' || device.kind === 'physical') return err('EPERM');
    const peer = device.peer;
    this.#remove(device);
    if (peer !== undefined) peer.namespace.#remove(peer);
    return DONE;
  }

  /** Moves an interface to another namespace, where it is down and without addresses. */
  moveInterface(
    name: string,
    target: NetworkNamespace,
    newName: string = name,
  ): Result<void, Errno> {
    const device = this.#interfaces.get(name);
    if (device === undefined) return err('ENODEV');
    if (device.kind !== 'veth' && device.kind !== 'dummy') return err('EINVAL');
    const refusal = target.#refuseName(newName);
    if (refusal !== undefined) return err(refusal);
    this.#remove(device);
    device.name = newName;
    device.namespace = target;
    device.index = target.#nextIndex++;
    target.#interfaces.set(newName, device);
    target.#changed();
    return DONE;
  }

  setUp(name: string, up: boolean): Result<void, Errno> {
    const device = this.#interfaces.get(name);
    if (device === undefined) return err('ENODEV');
    if (device.up === up) return DONE;
    device.up = up;
    if (up)
      for (const address of device.addresses) this.#addConnected(device, address.ip, address.bits);
    else this.routes.remove((route) => route.device === name);
    if (device.kind === 'physical') this.#addressesChanged();
    else this.#changed();
    if (device.peer !== undefined) device.peer.namespace.#changed();
    return DONE;
  }

  /** Adds an address; its subnet becomes a connected route when the interface is up. EEXIST, ENODEV. */
  addAddress(name: string, ip: Ip, bits: number): Result<void, Errno> {
    const device = this.#interfaces.get(name);
    if (device === undefined) return err('ENODEV');
    if (device.addresses.some((address) => address.ip === ip)) return err('EEXIST');
    device.addresses.push({ ip, bits });
    if (device.up) this.#addConnected(device, ip, bits);
    this.#addressesChanged();
    return DONE;
  }

  removeAddress(name: string, ip: Ip): Result<void, Errno> {
    const device = this.#interfaces.get(name);
    if (device === undefined) return err('ENODEV');
    const at = device.addresses.findIndex((address) => address.ip === ip);
    if (at < 0) return err('EADDRNOTAVAIL');
    device.addresses.splice(at, 1);
    this.routes.remove((route) => route.protocol === 'kernel' && route.source === ip);
    this.#addressesChanged();
    return DONE;
  }

  /** Makes an interface a port of a bridge, or frees it. */
  setMaster(name: string, bridge: string | undefined): Result<void, Errno> {
    const device = this.#interfaces.get(name);
    const master = bridge === undefined ? undefined : this.#interfaces.get(bridge);
    if (device === undefined || (bridge !== undefined && master === undefined))
      return err('ENODEV');
    if (master !== undefined && master.kind !== 'bridge') return err('EINVAL');
    leaveBridge(device);
    device.master = master;
    master?.ports.push(device);
    this.#changed();
    return DONE;
  }

  /**
   * Adds a route. EEXIST; ENETUNREACH when the next hop is not on link ("Nexthop has invalid
   * gateway"); ENODEV; the device of a `via` may be left empty and is then looked up.
   */
  addRoute(route: Pick<Route, 'destination'> & Partial<Route>): Result<void, Errno> {
    const type = route.type ?? 'unicast';
    let device = route.device ?? '';
    if (type === 'unicast') {
      if (route.via !== undefined) {
        const on = this.route(route.via);
        if (typeof on === 'string' || on.local || on.nextHop !== route.via)
          return err('ENETUNREACH');
        if (device === '') device = on.device.name;
      }
      const found = this.#interfaces.get(device);
      if (found === undefined) return err('ENODEV');
      if (!found.up) return err('ENETUNREACH');
    }
    const added = this.routes.add({
      destination: route.destination,
      via: route.via,
      device,
      type,
      protocol: route.protocol ?? 'boot',
      source: route.source,
      metric: route.metric ?? 0,
    });
    if (!added) return err('EEXIST');
    this.#changed();
    return DONE;
  }

  /** Removes the first route that fits. ESRCH when none does. */
  deleteRoute(route: Pick<Route, 'destination'> & Partial<Route>): Result<void, Errno> {
    const found = this.routes
      .all()
      .find(
        (other) =>
          other.destination.base === route.destination.base &&
          other.destination.bits === route.destination.bits &&
          (route.via === undefined || other.via === route.via) &&
          (route.device === undefined || route.device === '' || other.device === route.device) &&
          (route.metric === undefined || other.metric === route.metric),
      );
    if (found === undefined) return err('ESRCH');
    this.routes.remove((other) => other === found);
    this.#changed();
    return DONE;
  }

  /** Own addresses, those of interfaces that are down included, in order of interfaces. */
  localAddresses(): readonly { readonly ip: Ip; readonly device: string }[] {
    return this.interfaces().flatMap((device) =>
      device.addresses.map((address) => ({ ip: address.ip, device: device.name })),
    );
  }

  /** The interface that holds a local address; lo for all of 127.0.0.0/8. */
  ownerOf(ip: Ip): NetworkInterface | undefined {
    if (ip >>> 24 === 127) return this.#loopback.up ? this.#loopback : undefined;
    return this.#local.get(ip);
  }

  /** Where a packet to this address goes, or the errno of a socket that sends there. */
  route(destination: Ip): RouteDecision | Errno {
    const known = this.#decisions.get(destination);
    if (known !== undefined) return known;
    const decision = this.#decide(destination);
    if (this.#decisions.size > 10_000) this.#decisions.clear();
    this.#decisions.set(destination, decision);
    return decision;
  }

  setSysctl(name: string, value: string): Result<void, Errno> {
    if (!this.sysctls.has(name)) return err('ENOENT');
    if (name === ESTABLISHED_TIMEOUT && !/^\d{1,9}$/.test(value)) return err('EINVAL');
    this.sysctls.set(name, value);
    if (name === ESTABLISHED_TIMEOUT) this.netfilter.setEstablishedTimeout?.(Number(value));
    this.#changed();
    return DONE;
  }

  get forwards(): boolean {
    return this.sysctls.get('net.ipv4.ip_forward') === '1';
  }

  /** Stations on the same link that own an address there; what `ip neigh` shows once all have spoken. */
  neighbours(): readonly Neighbour[] {
    const found: Neighbour[] = [];
    for (const device of this.interfaces()) {
      if (!device.up || device.master !== undefined) continue;
      for (const station of this.#stations(device)) {
        for (const address of station.addresses) {
          found.push({ ip: address.ip, device: device.name, mac: station.mac });
        }
      }
    }
    return found;
  }

  /** Ends the namespace: sockets vanish, interfaces and their veth peers go. */
  destroy(): void {
    if (!this.alive) return;
    this.alive = false;
    this.sockets.dropAll();
    for (const device of this.interfaces()) {
      if (device.kind === 'veth') this.deleteInterface(device.name);
      device.up = false;
    }
    this.#netfilter?.dispose?.();
    this.#changed();
    this.fabric.forget(this);
  }

  /** Power-off of the host: sockets, rules, bridges, veth pairs and made-up interfaces are gone. */
  forgetBoot(): void {
    this.sockets.dropAll();
    for (const { name, kind, distance } of this.interfaces()) {
      if (kind === 'bridge' || kind === 'veth' || (kind === 'dummy' && distance === 0)) {
        this.deleteInterface(name);
      }
    }
    this.#netfilter?.dispose?.();
    this.#netfilter = undefined;
    this.#changed();
  }

  #stations(device: NetworkInterface): readonly NetworkInterface[] {
    if (device.kind === 'physical') return this.fabric.stations(device);
    const ports = device.kind === 'bridge' ? device.ports : [device];
    return ports.flatMap((port) => {
      const peer = port.peer;
      if (peer === undefined || !peer.up) return [];
      const bridge = peer.master;
      if (bridge === undefined) return [peer];
      const others = bridge.ports.flatMap((other) =>
        other === peer || other.peer === undefined ? [] : [other.peer],
      );
      return [bridge, ...others];
    });
  }

  #refuseName(name: string): Errno | undefined {
    if (name === '' || name.length > NAME_LENGTH_MAX || /[/\s]/.test(name)) return 'EINVAL';
    return this.#interfaces.has(name) ? 'EEXIST' : undefined;
  }

  #create(kind: InterfaceKind, name: string): NetworkInterface {
    const device = new NetworkInterface(kind, name, this.#nextIndex++, this);
    this.#interfaces.set(name, device);
    return device;
  }

  #remove(device: NetworkInterface): void {
    leaveBridge(device);
    for (const port of [...device.ports]) leaveBridge(port);
    this.#interfaces.delete(device.name);
    this.routes.remove((route) => route.device === device.name);
    const { addresses } = device;
    device.addresses = [];
    device.up = false;
    if (addresses.length > 0) this.#addressesChanged();
    else this.#changed();
  }

  #addConnected(device: NetworkInterface, ip: Ip, bits: number): void {
    if (bits === 32 || device.kind === 'loopback') return;
    const destination = { base: (ip & maskOf(bits)) >>> 0, bits };
    this.routes.add({
      destination,
      via: undefined,
      device: device.name,
      type: 'unicast',
      protocol: 'kernel',
      source: ip,
      metric: 0,
    });
  }

  #decide(destination: Ip): RouteDecision | Errno {
    const owner = this.ownerOf(destination);
    if (owner !== undefined) {
      return { local: true, device: this.#loopback, nextHop: destination, source: destination };
    }
    const route = this.routes.find(destination);
    if (route === undefined) return 'ENETUNREACH';
    if (route.type !== 'unicast') {
      return route.type === 'unreachable'
        ? 'EHOSTUNREACH'
        : route.type === 'prohibit'
          ? 'EACCES'
          : 'EINVAL';
    }
    const device = this.#interfaces.get(route.device);
    if (device === undefined) return 'ENETUNREACH';
    const source = route.source ?? sourceFor(device, route.via ?? destination) ?? this.#anySource();
    return { local: false, device, nextHop: route.via ?? destination, source };
  }

  #anySource(): Ip {
    for (const device of this.interfaces()) {
      const first = device.kind === 'loopback' ? undefined : device.addresses[0];
      if (first !== undefined) return first.ip;
    }
    return ANY_ADDRESS;
  }

  /** Something that can redirect a packet has changed. */
  #changed(): void {
    this.generation += 1;
    this.#decisions.clear();
  }

  /** Addresses came or went, or a card. */
  #addressesChanged(): void {
    this.#changed();
    this.#local.clear();
    for (const device of this.#interfaces.values()) {
      for (const address of device.addresses) {
        if (!this.#local.has(address.ip)) this.#local.set(address.ip, device);
      }
    }
    this.fabric.addressesChanged(this);
    this.#netfilter?.setAddresses(this.localAddresses());
  }
}

function leaveBridge(device: NetworkInterface): void {
  const master = device.master;
  if (master === undefined) return;
  master.ports.splice(master.ports.indexOf(device), 1);
  master.learned.clear();
  device.master = undefined;
}

/** The interface's address in the subnet of the next hop, else its first. */
function sourceFor(device: NetworkInterface, hop: Ip): Ip | undefined {
  for (const { ip, bits } of device.addresses) {
    if (((ip ^ hop) & maskOf(bits)) === 0) return ip;
  }
  return device.addresses[0]?.ip;
}

/** The route `default via gateway`. */
export function defaultRoute(gateway: Ip): Pick<Route, 'destination' | 'via'> {
  return { destination: { base: 0, bits: 0 }, via: gateway };
}
