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
import type { Hook, Hop, Netfilter, Trail } from './netfilter/types.ts';

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

/** A namespace on the way, as it was when the packet passed. */
export interface Stamp {
  readonly namespace: NetworkNamespace;
  readonly generation: number;
  readonly rulesGeneration: number;
  readonly netfilter: Netfilter | undefined;
  readonly trails: Trail[];
  /** The tuple on entry. */
  readonly tuple: PacketTuple;
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
  readonly stamps: readonly Stamp[];
  /** Links between hosts that it crossed: from, to, from, to … */
  readonly links: readonly FabricHost[];
  /** Interfaces that sent it, and those that received it. */
  readonly senders: readonly NetworkInterface[];
  readonly receivers: readonly NetworkInterface[];
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
  for (const stamp of path.stamps) {
    const { namespace } = stamp;
    if (namespace.generation !== stamp.generation) return false;
    if (namespace.rulesGeneration !== stamp.rulesGeneration) return false;
  }
  return true;
}

/** Counts one more packet of this size on every rule and interface of the path. */
export function countPath(path: Path, size: number): void {
  for (const stamp of path.stamps) {
    const { netfilter } = stamp;
    if (netfilter !== undefined) for (const trail of stamp.trails) netfilter.count(trail, size);
  }
  countDevices(path, size);
}

function countDevices(path: Pick<Path, 'senders' | 'receivers'>, size: number): void {
  for (const sender of path.senders) {
    sender.txBytes += size;
    sender.txPackets += 1;
  }
  for (const receiver of path.receivers) {
    receiver.rxBytes += size;
    receiver.rxPackets += 1;
  }
}

class Walk {
  readonly #options: WalkOptions;
  readonly #protocol: number;
  #src: Ip;
  #dst: Ip;
  #sport: number;
  #dport: number;
  #mark = 0;
  #ttl: number;
  #delay: Micros = 0;
  #here: NetworkNamespace;
  #stamp: Stamp;
  #rejectWith = '';
  #errno: Errno | undefined;
  readonly #stamps: Stamp[] = [];
  readonly #links: FabricHost[] = [];
  readonly #senders: NetworkInterface[] = [];
  readonly #receivers: NetworkInterface[] = [];
  readonly #stages: WalkStage[] = [];

  constructor(source: NetworkNamespace, tuple: PacketTuple, options: WalkOptions) {
    this.#options = options;
    this.#protocol = tuple.protocol;
    this.#src = tuple.src;
    this.#dst = tuple.dst;
    this.#sport = tuple.sport;
    this.#dport = tuple.dport;
    this.#ttl = options.ttl;
    this.#here = source;
    this.#stamp = this.#enter(source);
  }

  run(): Path {
    const outcome = this.#send();
    if (this.#options.record) this.#note(outcome, this.#rejectWith, this.#tuple());
    const path: Path = {
      outcome,
      errno: this.#errno,
      rejectWith: this.#rejectWith,
      delay: this.#delay,
      target: this.#here,
      tuple: this.#tuple(),
      ttl: this.#ttl,
      stamps: this.#stamps,
      links: this.#links,
      senders: this.#senders,
      receivers: this.#receivers,
      stages: this.#stages,
    };
    countDevices(path, this.#options.size);
    return path;
  }

  /** From the socket: route, OUTPUT, route again if it was rewritten. */
  #send(): Outcome {
    const here = this.#here;
    let route = here.route(this.#dst);
    if (typeof route === 'string') return this.#refuse(route);
    if (this.#src === 0) this.#src = route.source;
    // What lives behind a dummy (the gateway's outside) is as far away for answers as for questions.
    this.#delay += here.ownerOf(this.#src)?.distance ?? 0;
    const destination = this.#dst;
    const verdict = this.#hook('OUTPUT', '', route.device.name);
    if (verdict !== undefined) return verdict;
    if (this.#dst !== destination) {
      route = here.route(this.#dst);
      if (typeof route === 'string') return this.#refuse(route);
    }
    return this.#transmit(route, '');
  }

  #refuse(errno: Errno): Outcome {
    this.#errno = errno;
    return 'refused';
  }

  /** POSTROUTING, then out of the device. */
  #transmit(route: RouteDecision, inDevice: string): Outcome {
    if (this.#options.record) {
      const via = route.nextHop === this.#dst ? '' : ` via ${formatIp(route.nextHop)}`;
      this.#note('route', route.local ? 'local' : `dev ${route.device.name}${via}`, this.#tuple());
    }
    const verdict = this.#hook('POSTROUTING', inDevice, route.device.name);
    if (verdict !== undefined) return verdict;
    const device = route.device;
    if (!device.up) return 'drop';
    this.#senders.push(device);
    if (route.local) {
      this.#delay += this.#here.fabric.costs.loopbackMicros;
      this.#receivers.push(device);
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
    this.#delay += this.#here.fabric.costs.vethMicros;
    this.#receivers.push(peer);
    if (peer.master !== undefined) return this.#overBridge(peer.master, hop, peer);
    if (peer.namespace.ownerOf(hop) === undefined) return 'host-unreachable';
    return this.#arrive(peer);
  }

  /** A frame in a bridge, from a port or (undefined) from the bridge's own host. */
  #overBridge(bridge: NetworkInterface, hop: Ip, from: NetworkInterface | undefined): Outcome {
    const owner = bridge.namespace;
    if (!bridge.up) return 'drop';
    if (from !== undefined) {
      this.#receivers.push(bridge);
      if (owner.ownerOf(hop) !== undefined) return this.#arrive(bridge);
    }
    const port = findPort(bridge, hop, from);
    if (port?.peer === undefined) return 'host-unreachable';
    if (from !== undefined) {
      const verdict = this.#bridged(bridge);
      if (verdict !== undefined) return verdict;
    }
    this.#senders.push(port);
    this.#delay += owner.fabric.costs.vethMicros;
    this.#receivers.push(port.peer);
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
    const fabric = this.#here.fabric;
    const card = fabric.station(hop);
    if (card === undefined || card === device) return 'host-unreachable';
    // A switch still knows the card of a host without power: the frame goes out and nobody takes it.
    if (!card.namespace.host.powered) return 'drop';
    this.#delay += fabric.costs.linkMicros;
    this.#links.push(this.#here.host, card.namespace.host);
    this.#receivers.push(card);
    if (this.#options.record) {
      this.#note('link', `${this.#here.host.name} to ${card.namespace.host.name}`, this.#tuple());
    }
    return this.#arrive(card);
  }

  #arrive(device: NetworkInterface): Outcome {
    this.#enter(device.namespace);
    return this.#receive(device);
  }

  /** PREROUTING, then to a socket here or on to the next hop. */
  #receive(device: NetworkInterface): Outcome {
    const here = this.#here;
    const verdict = this.#hook('PREROUTING', device.name, '');
    if (verdict !== undefined) return verdict;
    const owner = here.ownerOf(this.#dst);
    if (owner !== undefined) {
      if (this.#dst >>> 24 === 127 && device.kind !== 'loopback' && !allowsLocalnet(here, device))
        return 'drop';
      this.#delay += owner.distance;
      return this.#hook('INPUT', device.name, '') ?? 'deliver';
    }
    if (!here.forwards) return 'drop';
    this.#ttl -= 1;
    if (this.#ttl <= 0) return 'ttl';
    const route = here.route(this.#dst);
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
    const netfilter = this.#stamp.netfilter;
    if (netfilter === undefined) return undefined;
    const before = this.#tuple();
    const result = netfilter.run(
      hook,
      {
        protocol: this.#protocol,
        src: this.#src,
        dst: this.#dst,
        sport: this.#sport,
        dport: this.#dport,
        mark: this.#mark,
        size: this.#options.size,
        inInterface,
        outInterface,
        syn: this.#options.syn,
      },
      this.#options.record,
    );
    this.#src = result.src;
    this.#dst = result.dst;
    this.#sport = result.sport;
    this.#dport = result.dport;
    this.#mark = result.mark;
    if (result.trail.length > 0) this.#stamp.trails.push(result.trail);
    if (this.#options.record) this.#note(hook, inInterface || outInterface, before, result.hops);
    if (result.verdict === 'accept') return undefined;
    if (result.verdict === 'drop') {
      // The kernel tells a sender whose own OUTPUT chain swallowed the packet.
      if (hook === 'OUTPUT') this.#errno = 'EPERM';
      return 'drop';
    }
    this.#rejectWith = result.rejectWith;
    return 'reject';
  }

  #enter(namespace: NetworkNamespace): Stamp {
    this.#here = namespace;
    this.#mark = 0;
    this.#stamp = {
      namespace,
      generation: namespace.generation,
      rulesGeneration: namespace.rulesGeneration,
      netfilter: namespace.activeNetfilter,
      trails: [],
      tuple: this.#tuple(),
    };
    this.#stamps.push(this.#stamp);
    return this.#stamp;
  }

  #tuple(): PacketTuple {
    return {
      protocol: this.#protocol,
      src: this.#src,
      dst: this.#dst,
      sport: this.#sport,
      dport: this.#dport,
    };
  }

  #note(stage: string, note: string, before: PacketTuple, rules: readonly Hop[] = []): void {
    this.#stages.push({
      host: this.#here.host.name,
      namespace: this.#here.name,
      stage,
      note,
      rules,
      before,
      after: this.#tuple(),
    });
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
