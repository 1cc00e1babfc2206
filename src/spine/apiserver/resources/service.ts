/**
 * Addresses and ports of Services (pkg/registry/core/service/{ipallocator,portallocator,storage},
 * v1.34): who asks for one gets it or is refused; who does not gets one drawn at random, from the
 * upper band first, so that the lower stays for choices by hand. What is taken follows from the
 * Services in the cache and the writes under way; `/registry/ranges` says it to who reads etcd.
 */
import { type Cidr, contains, formatCidr, sizeOf } from '../../../ground/base/cidr.ts';
import { formatIp, type Ip, parseIp } from '../../../ground/base/ip.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { RandomStream } from '../../../ground/base/random.ts';
import { withFields } from '../../../ground/api/edit.ts';
import { invalidField } from '../../../ground/api/field-error.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../ground/api/types.ts';
import type { Hooks, MoreOps } from '../generic/context.ts';
import type { RequestOp } from '../../etcd/wire/index.ts';
import { type Failure, internalError, invalid } from '../generic/status.ts';
import type { CacheEvent } from '../generic/watch-cache.ts';
import { rangeAllocation } from './ranges.ts';

/** Takes numbers of a range, the upper band first. */
class Allocator {
  readonly #first: number;
  readonly #size: number;
  /** Numbers below this offset are left for static choice until the rest is used up. */
  readonly #band: number;
  readonly #taken = new Set<number>();

  constructor(first: number, size: number, band: number) {
    this.#first = first;
    this.#size = size;
    this.#band = Math.min(band, size);
  }

  has(value: number): boolean {
    return this.#taken.has(value);
  }

  contains(value: number): boolean {
    return value >= this.#first && value < this.#first + this.#size;
  }

  take(value: number): boolean {
    if (this.#taken.has(value)) return false;
    this.#taken.add(value);
    return true;
  }

  release(value: number): void {
    this.#taken.delete(value);
  }

  /** A free number, or undefined when the range is full. */
  draw(random: RandomStream): number | undefined {
    return this.#drawFrom(random, this.#band, this.#size) ?? this.#drawFrom(random, 0, this.#band);
  }

  /** Offsets that are taken when some numbers are given back. */
  offsetsWithout(gone: ReadonlySet<number>): readonly number[] {
    const offsets: number[] = [];
    for (const value of this.#taken) if (!gone.has(value)) offsets.push(value - this.#first);
    return offsets;
  }

  #drawFrom(random: RandomStream, from: number, to: number): number | undefined {
    const count = to - from;
    if (count <= 0) return undefined;
    const start = random.below(count);
    for (let step = 0; step < count; step += 1) {
      const value = this.#first + from + ((start + step) % count);
      if (this.take(value)) return value;
    }
    return undefined;
  }
}

export interface ServiceNetwork {
  readonly addresses: Allocator;
  readonly ports: Allocator;
  readonly range: Cidr;
  /** `30000-32767` */
  readonly portRange: string;
}

/** Allocators of a cluster's ranges; the network's own addresses are never given. */
export function serviceNetwork(range: Cidr, first: number, last: number): ServiceNetwork {
  const hosts = sizeOf(range) - 2;
  const count = last - first + 1;
  return {
    range,
    portRange: `${first}-${last}`,
    addresses: new Allocator(
      range.base + 1,
      hosts,
      Math.min(Math.max(16, Math.floor(hosts / 16)), 256),
    ),
    ports: new Allocator(first, count, Math.min(Math.max(16, Math.floor(count / 32)), 128)),
  };
}

export function serviceHooks(network: ServiceNetwork): Hooks {
  return {
    returnsDeleted: true,
    allocate: (context, object, old) =>
      allocate(network, context.process.random, object as Service, old as Service | undefined),
    more: (next, old) =>
      rangeWrites(network, next as Service | undefined, old as Service | undefined),
    abandon(object, old) {
      release(network, object as Service, old as Service | undefined);
    },
  };
}

/** The ranges as they are after a write that takes or gives back something. */
function rangeWrites(
  network: ServiceNetwork,
  next: Service | undefined,
  old: Service | undefined,
): MoreOps {
  const writes: RequestOp[] = [];
  const before = addressOf(old?.spec);
  const after = addressOf(next?.spec);
  if (before !== after) {
    const gone = new Set(before === undefined ? [] : [before]);
    // Bit 0 is the first address behind the network's own.
    const value = rangeAllocation(
      formatCidr(network.range),
      network.addresses.offsetsWithout(gone),
    );
    writes.push({ put: { key: '/registry/ranges/serviceips', value } });
  }
  const still = new Set(nodePortsOf(next?.spec));
  const had = nodePortsOf(old?.spec);
  const gone = had.filter((port) => !still.has(port));
  if (gone.length > 0 || still.size > had.length - gone.length) {
    const value = rangeAllocation(network.portRange, network.ports.offsetsWithout(new Set(gone)));
    writes.push({ put: { key: '/registry/ranges/servicenodeports', value } });
  }
  return writes;
}

/** Follows the Services in the cache: what others took, and what deletions gave back. */
export function followServices(network: ServiceNetwork, event: CacheEvent): void {
  const { object, previous } = event;
  if (previous !== undefined) release(network, previous as Service, object as Service | undefined);
  if (object === undefined) return;
  const service = object as Service;
  const ip = addressOf(service.spec);
  if (ip !== undefined) network.addresses.take(ip);
  for (const port of nodePortsOf(service.spec)) network.ports.take(port);
}

/** Gives back what one state has and the other has not. */
function release(network: ServiceNetwork, gone: Service, kept: Service | undefined): void {
  const ip = addressOf(gone.spec);
  if (ip !== undefined && ip !== addressOf(kept?.spec)) network.addresses.release(ip);
  const still = new Set(nodePortsOf(kept?.spec));
  for (const port of nodePortsOf(gone.spec)) if (!still.has(port)) network.ports.release(port);
}

function addressOf(spec: ServiceSpec | undefined): Ip | undefined {
  const text = spec?.clusterIP ?? '';
  return text === '' || text === 'None' ? undefined : parseIp(text);
}

function nodePortsOf(spec: ServiceSpec | undefined): number[] {
  const ports = (spec?.ports ?? []).map((port) => port.nodePort ?? 0);
  const health = spec?.healthCheckNodePort ?? 0;
  return [...ports, health].filter((port) => port > 0);
}

function allocate(
  network: ServiceNetwork,
  random: RandomStream,
  service: Service,
  old: Service | undefined,
): Result<KubeObject, Failure> {
  let spec = service.spec ?? (Object.freeze({}) as ServiceSpec);
  if (spec.type === 'ExternalName') {
    if (old === undefined) return ok(service);
    const changed = withFields(spec, { clusterIP: undefined, clusterIPs: undefined });
    return ok<KubeObject>(withFields(service, { spec: changed }));
  }
  const wanted = spec.clusterIP ?? '';
  const before = old?.spec?.clusterIP ?? '';
  // An update that says nothing of the address keeps it.
  const kept = wanted === '' && before !== '' ? before : wanted;
  const address = claimAddress(network, random, service, kept, before);
  if (!address.ok) return address;
  spec = withFields(spec, {
    clusterIP: address.value,
    clusterIPs: Object.freeze([address.value]),
    ipFamilies: spec.ipFamilies ?? FAMILIES,
    ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
  });
  const ports = claimPorts(network, random, service, spec, old);
  if (!ports.ok) {
    const taken = parseIp(address.value);
    if (taken !== undefined && address.value !== before) network.addresses.release(taken);
    return ports;
  }
  const health = claimHealthPort(network, random, spec, old);
  if (!health.ok) {
    const had = new Set(nodePortsOf(old?.spec));
    for (const port of ports.value ?? [])
      if ((port.nodePort ?? 0) > 0 && !had.has(port.nodePort ?? 0))
        network.ports.release(port.nodePort ?? 0);
    return health;
  }
  spec = withFields(spec, { ports: ports.value, healthCheckNodePort: health.value });
  return ok<KubeObject>(withFields(service, { spec }));
}

/** The port at which a balancer asks nodes for local endpoints; a Service that needs none gives it back. */
function claimHealthPort(
  network: ServiceNetwork,
  random: RandomStream,
  spec: ServiceSpec,
  old: Service | undefined,
): Result<number | undefined, Failure> {
  const before = old?.spec?.healthCheckNodePort ?? 0;
  const wanted = spec.healthCheckNodePort ?? 0;
  if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local')
    return ok(wanted === before || wanted === 0 ? undefined : wanted);
  const kept = wanted === 0 ? before : wanted;
  if (kept !== 0 && kept === before) return ok(kept);
  if (kept === 0) {
    const drawn = network.ports.draw(random);
    if (drawn !== undefined) return ok(drawn);
    return internalError('failed to allocate a HealthCheck NodePort : range is full');
  }
  if (network.ports.contains(kept) && network.ports.take(kept)) return ok(kept);
  const why = network.ports.contains(kept)
    ? 'provided port is already allocated'
    : `provided port is not in the valid range. The range of valid ports is ${network.portRange}`;
  return internalError(`failed to allocate requested HealthCheck NodePort ${kept}: ${why}`);
}

const FAMILIES = Object.freeze(['IPv4']);

function claimAddress(
  network: ServiceNetwork,
  random: RandomStream,
  service: Service,
  wanted: string,
  before: string,
): Result<string, Failure> {
  if (wanted === 'None' || (wanted !== '' && wanted === before)) return ok(wanted);
  const refuse = (why: string) => {
    const error = invalidField(
      'spec.clusterIPs',
      [wanted],
      `failed to allocate IP ${wanted}: ${why}`,
    );
    return invalid('', 'Service', service.metadata.name, [error]);
  };
  if (wanted === '') {
    const drawn = network.addresses.draw(random);
    if (drawn !== undefined) return ok(formatIp(drawn));
    return internalError('failed to allocate a serviceIP: range is full');
  }
  const ip = parseIp(wanted);
  // Not an address: validation says so.
  if (ip === undefined) return ok(wanted);
  if (!contains(network.range, ip) || !network.addresses.contains(ip)) {
    return refuse(
      `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${formatCidr(network.range)}`,
    );
  }
  return network.addresses.take(ip) ? ok(wanted) : refuse('provided IP is already allocated');
}

function claimPorts(
  network: ServiceNetwork,
  random: RandomStream,
  service: Service,
  spec: ServiceSpec,
  old: Service | undefined,
): Result<readonly ServicePort[] | undefined, Failure> {
  const ports = spec.ports;
  if (ports === undefined) return ok(ports);
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return ok(ports);
  const before = new Set(nodePortsOf(old?.spec));
  const withoutPorts = spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false;
  const claimed: number[] = [];
  const next: ServicePort[] = [];
  for (const [index, port] of ports.entries()) {
    let number = port.nodePort ?? 0;
    // The old number of the same port stays when the update names none.
    if (number === 0) number = samePort(old, port)?.nodePort ?? 0;
    // One number may serve TCP and UDP of the same Service.
    const shared =
      number !== 0 &&
      next.some((each) => each.nodePort === number && each.protocol !== port.protocol);
    if (number === 0 && withoutPorts) {
      next.push(port);
      continue;
    }
    if (number === 0) {
      const drawn = network.ports.draw(random);
      if (drawn === undefined) return internalError('failed to allocate a nodePort: range is full');
      number = drawn;
      claimed.push(number);
    } else if (!before.has(number) && !shared) {
      const inside = network.ports.contains(number);
      if (!inside || !network.ports.take(number)) {
        for (const each of claimed) network.ports.release(each);
        const why = inside
          ? 'provided port is already allocated'
          : `provided port is not in the valid range. The range of valid ports is ${network.portRange}`;
        const error = invalidField(`spec.ports[${index}].nodePort`, number, why);
        return invalid('', 'Service', service.metadata.name, [error]);
      }
      claimed.push(number);
    }
    next.push(withFields(port, { nodePort: number }));
  }
  return ok(Object.freeze(next));
}

function samePort(old: Service | undefined, port: ServicePort): ServicePort | undefined {
  return old?.spec?.ports?.find(
    (each) => each.port === port.port && (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
  );
}
