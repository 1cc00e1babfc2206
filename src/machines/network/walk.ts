/**
 * The way of a packet: from a socket through its namespace's hooks, over veth pairs, bridges and
 * links, through the hooks of every namespace on the way, to a socket, a verdict or a dead end. The
 * first packet of a flow is walked here; the resulting path is kept by the flow and used until rules,
 * routes or links of a namespace on it change (`isCurrent`), while counters go on counting (`countPath`).
 *
 *     OUTPUT ► POSTROUTING ► veth/bridge/link ► PREROUTING ► FORWARD ► POSTROUTING ► … ► INPUT ► socket
 *
 * A packet is walked at the instant at which it is sent, all the way; its latency is added up and the
 * arrival scheduled by the caller. ICMP errors return on the path that the packet came by.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import type { FabricHost } from './fabric.ts';
import type { NetworkInterface } from './interface.ts';
import type { NetworkNamespace, RouteDecision } from './namespace.ts';
import type { Errno } from './errno.ts';
import type { Hook, Hop, Netfilter, PacketFields, Trail } from './netfilter/types.ts';

/** How a walk ended. */
export type Outcome =
  /** At a namespace that owns the address. */
  | 'deliver'
  /** A rule or a missing link swallowed it; nobody is told. */
  | 'drop'
  /** A rule answered: `rejectWith`. */
  | 'reject'
  /** No route at the sender: the system call fails with `errno`. */
  | 'refused'
  /** A router on the way had no route, or a prohibition. */
  | 'net-unreachable'
  | 'prohibited'
  /** Nobody on the last link answers for the address. */
  | 'host-unreachable'
  | 'ttl';

export interface PacketTuple {
  readonly protocol: number;
  readonly src: Ip;
  readonly dst: Ip;
  readonly sport: number;
  readonly dport: number;
}

class Tuple implements PacketTuple {
  readonly protocol: number;
  readonly src: Ip;
  readonly dst: Ip;
  readonly sport: number;
  readonly dport: number;

  constructor(protocol: number, src: Ip, dst: Ip, sport: number, dport: number) {
    this.protocol = protocol;
    this.src = src;
    this.dst = dst;
    this.sport = sport;
    this.dport = dport;
  }
}

/** A namespace on the way, as it was when the packet passed; the last one comes first. */
class Stamp {
  readonly namespace: NetworkNamespace;
  readonly generation: number;
  readonly rulesGeneration: number;
  readonly netfilter: Netfilter | undefined;
  /** The tuple on entry. */
  readonly tuple: PacketTuple;
  readonly before: Stamp | undefined;
  trails: Trail[] | undefined;

  constructor(namespace: NetworkNamespace, tuple: PacketTuple, before: Stamp | undefined) {
    this.namespace = namespace;
    this.generation = namespace.generation;
    this.rulesGeneration = namespace.rulesGeneration;
    this.netfilter = namespace.activeNetfilter;
    this.tuple = tuple;
    this.before = before;
  }
}

/** An interface that sent the packet or received it; the last one comes first. */
class Passage {
  readonly device: NetworkInterface;
  readonly sent: boolean;
  readonly before: Passage | undefined;

  constructor(device: NetworkInterface, sent: boolean, before: Passage | undefined) {
    this.device = device;
    this.sent = sent;
    this.before = before;
  }
}

/** One stage of a recorded walk. */
export interface WalkStage {
  readonly host: string;
  readonly namespace: string;
  /** A hook, `route`, `bridge`, `link`, `deliver` or the outcome. */
  readonly stage: string;
  /** The device or decision, in `ip`'s words. */
  readonly note: string;
  readonly rules: readonly Hop[];
  readonly before: PacketTuple;
  readonly after: PacketTuple;
}

export interface Path {
  readonly outcome: Outcome;
  readonly errno: Errno | undefined;
  readonly rejectWith: string;
  /** Time on the way, without faults and without the time to put the bytes on the wire. */
  readonly delay: Micros;
  /** Where it ended. */
  readonly target: NetworkNamespace;
  /** What the target sees. */
  readonly tuple: PacketTuple;
  readonly ttl: number;
  readonly stamps: Stamp | undefined;
  /** Links between hosts that it crossed: from, to, from, to … */
  readonly links: readonly FabricHost[];
  readonly passages: Passage | undefined;
  readonly stages: readonly WalkStage[];
}

export interface WalkOptions {
  readonly size: number;
  readonly syn: boolean;
  readonly ttl: number;
  readonly record: boolean;
}

/** Sends one packet on its way. src 0 takes the address that the route prefers. */
export function walk(source: NetworkNamespace, tuple: PacketTuple, options: WalkOptions): Path {
  return new Walk(source, tuple, options).run();
}

/** True while nothing that the path depends on has changed. */
export function isCurrent(path: Path): boolean {
  for (let stamp = path.stamps; stamp !== undefined; stamp = stamp.before) {
    const { namespace } = stamp;
    if (namespace.generation !== stamp.generation) return false;
    if (namespace.rulesGeneration !== stamp.rulesGeneration) return false;
  }
  return true;
}

/** Counts one more packet of this size on every rule and interface of the path. */
export function countPath(path: Path, size: number): void {
  for (let stamp = path.stamps; stamp !== undefined; stamp = stamp.before) {
    const { netfilter, trails } = stamp;
    if (netfilter !== undefined && trails !== undefined)
      for (const trail of trails) netfilter.count(trail, size);
  }
  countDevices(path.passages, size);
}

/** Tells conntrack of every namespace on the way, in its order, how far the connection has come. */
export function noteTcp(path: Path, state: 'established' | 'closed'): void {
  noteFrom(path.stamps, state);
}

function noteFrom(stamp: Stamp | undefined, state: 'established' | 'closed'): void {
  if (stamp === undefined) return;
  noteFrom(stamp.before, state);
  stamp.netfilter?.noteTcp(stamp.tuple, state);
}

function countDevices(passages: Passage | undefined, size: number): void {
  for (let passage = passages; passage !== undefined; passage = passage.before) {
    const { device } = passage;
    if (passage.sent) {
      device.txBytes += size;
      device.txPackets += 1;
    } else {
      device.rxBytes += size;
      device.rxPackets += 1;
    }
  }
}

const NO_LINKS: readonly FabricHost[] = [];
const NO_STAGES: readonly WalkStage[] = [];
const NO_HOPS: readonly Hop[] = [];

/** A packet on its way, and the path that it leaves behind. */
class Walk implements PacketFields, Path {
  readonly protocol: number;
  src: Ip;
  dst: Ip;
  sport: number;
  dport: number;
  mark = 0;
  readonly size: number;
  readonly syn: boolean;
  inInterface = '';
  outInterface = '';
  outcome: Outcome = 'drop';
  ttl: number;
  delay: Micros = 0;
  target: NetworkNamespace;
  stamps: Stamp | undefined;
  passages: Passage | undefined;
  links = NO_LINKS;
  stages = NO_STAGES;
  rejectWith = '';
  errno: Errno | undefined;
  tuple: PacketTuple;
  readonly #record: boolean;

  constructor(source: NetworkNamespace, tuple: PacketTuple, options: WalkOptions) {
    this.protocol = tuple.protocol;
    this.src = tuple.src;
    this.dst = tuple.dst;
    this.sport = tuple.sport;
    this.dport = tuple.dport;
    this.size = options.size;
    this.syn = options.syn;
    this.ttl = options.ttl;
    this.#record = options.record;
    this.tuple = tuple;
    this.target = source;
    this.#enter(source);
  }

  run(): Path {
    this.outcome = this.#send();
    this.tuple = this.#now();
    if (this.#record) this.#note(this.outcome, this.rejectWith, this.tuple);
    countDevices(this.passages, this.size);
    return this;
  }

  /** From the socket: route, OUTPUT, route again if it was rewritten. */
  #send(): Outcome {
    const here = this.target;
    let route = here.route(this.dst);
    if (typeof route === 'string') return this.#refuse(route);
    if (this.src === 0) this.src = route.source;
    // What lives behind a dummy (the gateway's outside) is as far away for answers as for questions.
    this.delay += here.ownerOf(this.src)?.distance ?? 0;
    const destination = this.dst;
    const verdict = this.#hook('OUTPUT', '', route.device.name);
    if (verdict !== undefined) return verdict;
    if (this.dst !== destination) {
      route = here.route(this.dst);
      if (typeof route === 'string') return this.#refuse(route);
    }
    return this.#transmit(route, '');
  }

  #refuse(errno: Errno): Outcome {
    this.errno = errno;
    return 'refused';
  }

  /** POSTROUTING, then out of the device. */
  #transmit(route: RouteDecision, inDevice: string): Outcome {
    if (this.#record) {
      const via = route.nextHop === this.dst ? '' : ` via ${formatIp(route.nextHop)}`;
      this.#note('route', route.local ? 'local' : `dev ${route.device.name}${via}`, this.#now());
    }
    const verdict = this.#hook('POSTROUTING', inDevice, route.device.name);
    if (verdict !== undefined) return verdict;
    const device = route.device;
    if (!device.up) return 'drop';
    this.#sentBy(device);
    if (route.local) {
      this.delay += this.target.fabric.costs.loopbackMicros;
      this.#receivedBy(device);
      return this.#receive(device);
    }
    if (device.kind === 'veth') return this.#overVeth(device, route.nextHop);
    if (device.kind === 'bridge') return this.#overBridge(device, route.nextHop, undefined);
    if (device.kind === 'physical') return this.#overLink(device, route.nextHop);
    return 'drop';
  }

  #overVeth(device: NetworkInterface, hop: Ip): Outcome {
    const peer = device.peer;
    if (peer === undefined || !peer.up) return 'drop';
    this.delay += this.target.fabric.costs.vethMicros;
    this.#receivedBy(peer);
    if (peer.master !== undefined) return this.#overBridge(peer.master, hop, peer);
    if (peer.namespace.ownerOf(hop) === undefined) return 'host-unreachable';
    return this.#arrive(peer);
  }

  /** A frame in a bridge, from a port or (undefined) from the bridge's own host. */
  #overBridge(bridge: NetworkInterface, hop: Ip, from: NetworkInterface | undefined): Outcome {
    const owner = bridge.namespace;
    if (!bridge.up) return 'drop';
    if (from !== undefined) {
      this.#receivedBy(bridge);
      if (owner.ownerOf(hop) !== undefined) return this.#arrive(bridge);
    }
    const port = findPort(bridge, hop, from);
    if (port?.peer === undefined) return 'host-unreachable';
    if (from !== undefined) {
      const verdict = this.#bridged(bridge);
      if (verdict !== undefined) return verdict;
    }
    this.#sentBy(port);
    this.delay += owner.fabric.costs.vethMicros;
    this.#receivedBy(port.peer);
    return this.#arrive(port.peer);
  }

  /** br_netfilter: a frame between two ports passes the hooks of the bridge's namespace. */
  #bridged(bridge: NetworkInterface): Outcome | undefined {
    const owner = bridge.namespace;
    this.#enter(owner);
    if (owner.sysctls.get('net.bridge.bridge-nf-call-iptables') !== '1') return undefined;
    return (
      this.#hook('PREROUTING', bridge.name, '') ??
      this.#hook('FORWARD', bridge.name, bridge.name) ??
      this.#hook('POSTROUTING', bridge.name, bridge.name)
    );
  }

  #overLink(device: NetworkInterface, hop: Ip): Outcome {
    const fabric = this.target.fabric;
    const card = fabric.station(hop);
    if (card === undefined || card === device) return 'host-unreachable';
    // A switch still knows the card of a host without power: the frame goes out and nobody takes it.
    if (!card.namespace.host.powered) return 'drop';
    this.delay += fabric.costs.linkMicros;
    this.links = [...this.links, this.target.host, card.namespace.host];
    this.#receivedBy(card);
    if (this.#record) {
      this.#note('link', `${this.target.host.name} to ${card.namespace.host.name}`, this.#now());
    }
    return this.#arrive(card);
  }

  #arrive(device: NetworkInterface): Outcome {
    this.#enter(device.namespace);
    return this.#receive(device);
  }

  /** PREROUTING, then to a socket here or on to the next hop. */
  #receive(device: NetworkInterface): Outcome {
    const here = this.target;
    const verdict = this.#hook('PREROUTING', device.name, '');
    if (verdict !== undefined) return verdict;
    const owner = here.ownerOf(this.dst);
    if (owner !== undefined) {
      if (this.dst >>> 24 === 127 && device.kind !== 'loopback' && !allowsLocalnet(here, device))
        return 'drop';
      this.delay += owner.distance;
      return this.#hook('INPUT', device.name, '') ?? 'deliver';
    }
    if (!here.forwards) return 'drop';
    this.ttl -= 1;
    if (this.ttl <= 0) return 'ttl';
    const route = here.route(this.dst);
    if (typeof route === 'string') {
      return route === 'EHOSTUNREACH'
        ? 'host-unreachable'
        : route === 'EACCES'
          ? 'prohibited'
          : route === 'EINVAL'
            ? 'drop'
            : 'net-unreachable';
    }
    return (
      this.#hook('FORWARD', device.name, route.device.name) ?? this.#transmit(route, device.name)
    );
  }

  /** Asks the rules; undefined when the packet goes on. */
  #hook(hook: Hook, inInterface: string, outInterface: string): Outcome | undefined {
    const stamp = this.stamps;
    const netfilter = stamp?.netfilter;
    if (stamp === undefined || netfilter === undefined) return undefined;
    const before = this.#record ? this.#now() : this.tuple;
    this.inInterface = inInterface;
    this.outInterface = outInterface;
    const result = netfilter.run(hook, this, this.#record);
    this.src = result.src;
    this.dst = result.dst;
    this.sport = result.sport;
    this.dport = result.dport;
    this.mark = result.mark;
    if (result.trail.length > 0) {
      if (stamp.trails === undefined) stamp.trails = [result.trail];
      else stamp.trails.push(result.trail);
    }
    if (this.#record) this.#note(hook, inInterface || outInterface, before, result.hops);
    if (result.verdict === 'accept') return undefined;
    if (result.verdict === 'drop') {
      // The kernel tells a sender whose own OUTPUT chain swallowed the packet.
      if (hook === 'OUTPUT') this.errno = 'EPERM';
      return 'drop';
    }
    this.rejectWith = result.rejectWith;
    return 'reject';
  }

  #enter(namespace: NetworkNamespace): void {
    this.target = namespace;
    this.mark = 0;
    this.stamps = new Stamp(namespace, this.#now(), this.stamps);
  }

  /** The tuple as it is now; the one made last, if nothing has rewritten it since. */
  #now(): PacketTuple {
    const { tuple, src, dst, sport, dport } = this;
    if (tuple.src !== src || tuple.dst !== dst || tuple.sport !== sport || tuple.dport !== dport)
      this.tuple = new Tuple(this.protocol, src, dst, sport, dport);
    return this.tuple;
  }

  #sentBy(device: NetworkInterface): void {
    this.passages = new Passage(device, true, this.passages);
  }

  #receivedBy(device: NetworkInterface): void {
    this.passages = new Passage(device, false, this.passages);
  }

  #note(stage: string, note: string, before: PacketTuple, rules: readonly Hop[] = NO_HOPS): void {
    const made: WalkStage = {
      host: this.target.host.name,
      namespace: this.target.name,
      stage,
      note,
      rules,
      before,
      after: this.#now(),
    };
    this.stages = [...this.stages, made];
  }
}

/** The port of a bridge behind which an address lives, other than where the frame came from. */
function findPort(
  bridge: NetworkInterface,
  hop: Ip,
  from: NetworkInterface | undefined,
): NetworkInterface | undefined {
  const known = bridge.learned.get(hop);
  if (known !== undefined && known !== from && isBehind(known, bridge, hop)) return known;
  for (const port of bridge.ports) {
    if (port === from || !isBehind(port, bridge, hop)) continue;
    bridge.learned.set(hop, port);
    return port;
  }
  return undefined;
}

function isBehind(port: NetworkInterface, bridge: NetworkInterface, hop: Ip): boolean {
  const peer = port.peer;
  return (
    port.master === bridge &&
    port.up &&
    peer?.up === true &&
    peer.namespace.ownerOf(hop) !== undefined
  );
}

function allowsLocalnet({ sysctls }: NetworkNamespace, { name }: NetworkInterface): boolean {
  return ['all', name].some((one) => sysctls.get(`net.ipv4.conf.${one}.route_localnet`) === '1');
}
