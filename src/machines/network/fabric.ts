/**
 * The fabric: hosts joined over one flat network, and what can be wrong with it. Every pair of hosts
 * has a link with the latency and rate of the table of costs; faults cut it (both ways or one), lose
 * packets with a random stream of their own, or delay them. A host that is powered off sends and
 * receives nothing. The fabric is the first thing that a lab builds; hosts and their namespaces hang
 * on it, and it knows the owner of every address on the shared link.
 */
import { required } from '../../ground/base/assert.ts';
import type { EventLoop, Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { RandomStream } from '../../ground/base/random.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { NetworkInterface } from './interface.ts';
import { NetworkNamespace } from './namespace.ts';
import type { Netfilter } from './netfilter/types.ts';
import type { SocketOwner } from './socket-table.ts';
import { UnixSockets } from './unix.ts';

/** What of the table of costs (`machine/costs`) the network needs. */
export interface LinkCosts {
  /** One way between two hosts. */
  readonly linkMicros: Micros;
  readonly linkBitsPerSecond: number;
  /** One veth or bridge hop; loopback. */
  readonly vethMicros: Micros;
  readonly loopbackMicros: Micros;
}

/** A computer as the network sees it. */
export interface FabricHost {
  readonly name: string;
  /** The host's own namespace; `eth0` is its card. */
  readonly namespace: NetworkNamespace;
  /** False while powered off. */
  readonly powered: boolean;
  /** All its namespaces, its own first. */
  readonly namespaces: ReadonlySet<NetworkNamespace>;
  readonly unixSockets: UnixSockets;
}

/** What is wrong on the way from one host to another. */
export interface LinkFault {
  readonly cut: boolean;
  /** Percent of packets lost, 0–100. */
  readonly loss: number;
  /** Added to every packet, one way. */
  readonly delay: Micros;
  /** Up to this much more, drawn for each packet. */
  readonly jitter: Micros;
}

export interface FabricOptions {
  readonly seed?: number;
  /** Makes the rules of a namespace when somebody first asks for them. */
  readonly newNetfilter?: (namespace: NetworkNamespace) => Netfilter;
  /** Whose first packets leave a hop-by-hop record in the trace. Default: nobody's. */
  readonly recordWalk?: (source: NetworkNamespace, owner: SocketOwner) => boolean;
}

const NO_FAULT: LinkFault = { cut: false, loss: 0, delay: 0, jitter: 0 };

class HostPort implements FabricHost {
  readonly name: string;
  readonly namespace: NetworkNamespace;
  readonly namespaces = new Set<NetworkNamespace>();
  unixSockets: UnixSockets;
  powered = true;

  constructor(fabric: Fabric, name: string) {
    this.name = name;
    this.unixSockets = fabric.newUnixSockets();
    this.namespace = new NetworkNamespace(fabric, this, 'host');
    this.namespaces.add(this.namespace);
  }
}

export class Fabric {
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly costs: LinkCosts;
  readonly seed: number;
  recordWalk: (source: NetworkNamespace, owner: SocketOwner) => boolean;
  readonly #newNetfilter: ((namespace: NetworkNamespace) => Netfilter) | undefined;
  readonly #hosts = new Map<string, HostPort>();
  readonly #faults = new Map<string, LinkFault>();
  readonly #random: RandomStream;
  #stations: Map<Ip, NetworkInterface> | undefined;

  constructor(loop: EventLoop, recorder: Recorder, costs: LinkCosts, options: FabricOptions = {}) {
    this.loop = loop;
    this.recorder = recorder;
    this.costs = costs;
    this.seed = options.seed ?? 0;
    this.#newNetfilter = options.newNetfilter;
    this.recordWalk = options.recordWalk ?? (() => false);
    this.#random = new RandomStream(this.seed, 'network/faults');
  }

  /** A host with its own namespace: lo and eth0, up, with this address. Routes beyond the subnet are its builder's. */
  addHost(name: string, ip: Ip, bits: number): FabricHost {
    const host = new HostPort(this, name);
    this.#hosts.set(name, host);
    host.namespace.addPhysical('eth0');
    host.namespace.addAddress('eth0', ip, bits);
    host.namespace.setUp('eth0', true);
    return host;
  }

  host(name: string): FabricHost | undefined {
    return this.#hosts.get(name);
  }

  hosts(): readonly FabricHost[] {
    return [...this.#hosts.values()];
  }

  /** A further namespace on a host (a pod's): lo only. */
  newNamespace(host: FabricHost, name: string): NetworkNamespace {
    const namespace = new NetworkNamespace(this, host, name);
    this.#port(host.name).namespaces.add(namespace);
    return namespace;
  }

  /** Unix sockets of a host that boots. */
  newUnixSockets(): UnixSockets {
    return new UnixSockets(this.loop, this.costs.loopbackMicros);
  }

  /** The rules of a namespace, by the factory of whoever built the fabric. */
  newNetfilter(namespace: NetworkNamespace): Netfilter {
    return required(this.#newNetfilter, 'the fabric was built without a packet core')(namespace);
  }

  /** Called by a namespace that has been destroyed. */
  forget(namespace: NetworkNamespace): void {
    this.#port(namespace.host.name).namespaces.delete(namespace);
  }

  /**
   * Switches a host off or on. Off: its sockets vanish without a word, its other namespaces are gone;
   * peers find out by time-outs. The namespace of the host keeps its cards with addresses and routes,
   * and its sysctls, as boot files restore them; bridges, pods' links and rules are made anew.
   */
  setPower(host: FabricHost, on: boolean): void {
    const port = this.#port(host.name);
    if (port.powered === on) return;
    port.powered = on;
    if (!on) {
      for (const namespace of [...port.namespaces]) {
        if (namespace !== port.namespace) namespace.destroy();
      }
      port.namespace.forgetBoot();
      port.unixSockets = this.newUnixSockets();
    }
    this.#faultsChanged();
  }

  /** Changes what is wrong on the way from one host to another; the other direction stays. */
  setFault(from: FabricHost, to: FabricHost, change: Partial<LinkFault>): void {
    const key = `${from.name}>${to.name}`;
    const fault = { ...(this.#faults.get(key) ?? NO_FAULT), ...change };
    const none = !fault.cut && fault.loss === 0 && fault.delay === 0 && fault.jitter === 0;
    if (none) this.#faults.delete(key);
    else this.#faults.set(key, fault);
    this.#faultsChanged();
  }

  /** Both directions. */
  cut(a: FabricHost, b: FabricHost): void {
    this.setFault(a, b, { cut: true });
    this.setFault(b, a, { cut: true });
  }

  /** Takes every fault off a pair of hosts, both directions. */
  mend(a: FabricHost, b: FabricHost): void {
    this.setFault(a, b, NO_FAULT);
    this.setFault(b, a, NO_FAULT);
  }

  fault(from: FabricHost, to: FabricHost): LinkFault {
    return this.#faults.get(`${from.name}>${to.name}`) ?? NO_FAULT;
  }

  /** True when no pair of hosts has a fault: the fast path asks nothing more. */
  get healthy(): boolean {
    return this.#faults.size === 0;
  }

  /** Draws whether one packet gets over a link now: added delay, or undefined when it is lost. */
  cross(from: FabricHost, to: FabricHost): Micros | undefined {
    const fault = this.fault(from, to);
    if (fault.cut) return undefined;
    if (fault.loss > 0 && this.#random.fraction() * 100 < fault.loss) return undefined;
    return fault.jitter > 0 ? fault.delay + this.#random.below(fault.jitter + 1) : fault.delay;
  }

  /** The card that answers for an address on the shared link, if any. */
  station(ip: Ip): NetworkInterface | undefined {
    if (this.#stations === undefined) {
      this.#stations = new Map();
      for (const host of this.#hosts.values()) {
        for (const device of host.namespace.interfaces()) {
          if (device.kind !== 'physical' || !device.up) continue;
          // Linux answers ARP for every address of the host, whichever card holds it.
          for (const local of host.namespace.localAddresses()) {
            if (local.ip >>> 24 !== 127) this.#stations.set(local.ip, device);
          }
        }
      }
    }
    return this.#stations.get(ip);
  }

  /** The other cards on the shared link. */
  stations(except: NetworkInterface): readonly NetworkInterface[] {
    const cards = [...this.#hosts.values()].flatMap((host) => host.namespace.interfaces());
    return cards.filter((card) => card.kind === 'physical' && card.up && card !== except);
  }

  /** Called by namespaces whose cards or addresses changed; only a host's own has any on the link. */
  addressesChanged(namespace: NetworkNamespace): void {
    if (namespace.host.namespace === namespace) this.#stations = undefined;
  }

  /** Lets every connection see whether it is cut now. */
  #faultsChanged(): void {
    for (const host of this.#hosts.values()) {
      for (const namespace of host.namespaces) {
        for (const socket of namespace.sockets.all()) socket.noticeFault?.();
      }
    }
  }

  #port(name: string): HostPort {
    return required(this.#hosts.get(name), `host ${name} is not on the fabric`);
  }
}
