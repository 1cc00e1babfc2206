/**
 * What kube-proxy wants to be true: ports of services with the endpoints that serve them, kept by
 * service, so that a change costs what changed (k8s.io/kubernetes/pkg/proxy/servicechangetracker.go,
 * endpointslicecache.go, topology.go, v1.34).
 */
import type { EndpointSlice, Service } from '../../ground/api/types.ts';
import { labelOf } from '../../ground/api/meta.ts';
import { keyOf } from '../../ground/api/object.ts';
import { type Cidr, parseCidr } from '../../ground/base/cidr.ts';
import { type Ip, parseIp } from '../../ground/base/ip.ts';
import { endpointChain, type ProxyEra, servicePortName } from './names.ts';
import { PortTargets, type Target, type TargetEdits } from './port-targets.ts';

/** One port of a service as rules need it. */
export interface PortState {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly clusterIp: Ip;
  readonly port: number;
  readonly nodePort: number;
  readonly externalIps: readonly Ip[];
  /** In byte order of their text. */
  readonly targets: readonly Target[];
  /** From the targets that this port had when it was asked for last. */
  readonly edits?: TargetEdits;
  /** Absent where every connection may go to every endpoint. */
  readonly policy?: PortPolicy;
}

/** What narrows the choice of an endpoint, or who may come. */
export interface PortPolicy {
  /** How long a client stays with its endpoint, in seconds; 0 without ClientIP affinity. */
  readonly affinity: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  readonly localTargets: readonly Target[];
  readonly balancerIps: readonly Ip[];
  /** Who may use the balancer's addresses; empty for all. */
  readonly sourceRanges: readonly Cidr[];
  /** Where kube-proxy answers how many endpoints the node has; 0 for nowhere. */
  readonly healthPort: number;
}

const SERVICE_LABEL = 'kubernetes.io/service-name';
const PROXY_LABEL = 'service.kubernetes.io/service-proxy-name';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

export class ServiceMap {
  readonly #era: ProxyEra;
  readonly #node: string;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** By service, then by port. */
  readonly #targets = new Map<string, Map<string, PortTargets>>();
  readonly #dirty = new Set<string>();

  /** `node`: the name by which endpoints say that they are here. */
  constructor(era: ProxyEra, node = '') {
    this.#era = era;
    this.#node = node;
  }

  /** Services whose rules may be out of date. */
  takeDirty(): readonly string[] {
    const keys = [...this.#dirty];
    this.#dirty.clear();
    return keys;
  }

  get hasDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Everything is to be written anew. */
  markAll(): void {
    for (const key of this.#services.keys()) this.#dirty.add(key);
  }

  setService(service: Service): void {
    const key = keyOf(service);
    const old = this.#services.get(key);
    this.#services.set(key, service);
    // Of status and metadata only a balancer's addresses matter to rules.
    const same =
      old?.spec === service.spec && old?.status?.loadBalancer === service.status?.loadBalancer;
    if (!same) this.#dirty.add(key);
  }

  removeService(service: Service): void {
    const key = keyOf(service);
    this.#services.delete(key);
    this.#targets.delete(key);
    this.#dirty.add(key);
  }

  setSlice(slice: EndpointSlice): void {
    const key = serviceKey(slice);
    if (key === undefined || slice.addressType !== 'IPv4') return;
    const slices = this.#slices.get(key) ?? new Map<string, EndpointSlice>();
    this.#follow(key, slices.get(slice.metadata.name), slice);
    slices.set(slice.metadata.name, slice);
    this.#slices.set(key, slices);
    this.#dirty.add(key);
  }

  removeSlice(slice: EndpointSlice): void {
    const key = serviceKey(slice);
    if (key === undefined) return;
    const slices = this.#slices.get(key);
    this.#follow(key, slices?.get(slice.metadata.name), undefined);
    slices?.delete(slice.metadata.name);
    if (slices?.size === 0) this.#slices.delete(key);
    this.#dirty.add(key);
  }

  /** The ports of a service that have rules; none for headless and external ones. */
  portsOf(key: string): readonly PortState[] {
    const service = this.#services.get(key);
    const spec = service?.spec;
    const clusterIp = parseIp(spec?.clusterIP ?? '');
    if (
      service === undefined ||
      spec === undefined ||
      clusterIp === undefined ||
      spec.type === 'ExternalName'
    )
      return [];
    if (labelOf(service, PROXY_LABEL) !== undefined) return [];
    const balancerIps = ingressIps(service).flatMap((text) => parseIp(text) ?? []);
    const own = (spec.externalIPs ?? []).flatMap((text) => parseIp(text) ?? []);
    const external = this.#era.modernRules ? own : [...own, ...balancerIps];
    const ports: PortState[] = [];
    for (const port of spec.ports ?? []) {
      const protocol = (port.protocol ?? 'TCP').toLowerCase();
      if (protocol !== 'tcp' && protocol !== 'udp') continue;
      const name = servicePortName(
        service.metadata.namespace ?? '',
        service.metadata.name,
        port.name,
        this.#era,
      );
      const known = this.#targetsOf(key, port.name ?? '', name, protocol);
      const { targets, edits } = known.take();
      const policy = this.#era.modernRules ? policyOf(spec, balancerIps, known) : undefined;
      ports.push({
        name,
        protocol,
        clusterIp,
        port: port.port,
        nodePort: port.nodePort ?? 0,
        externalIps: external,
        targets,
        edits,
        ...(policy === undefined ? {} : { policy }),
      });
    }
    return ports;
  }

  /** Whether one of a service's ports still has this endpoint (also while it terminates). */
  serves(key: string, ip: Ip, port: number): boolean {
    for (const targets of this.#targets.get(key)?.values() ?? [])
      if (targets.serves(ip, port)) return true;
    return false;
  }

  /** The ready endpoints of a service on this node, by address. */
  localReady(key: string): number {
    const found = new Set<string>();
    for (const targets of this.#targets.get(key)?.values() ?? [])
      for (const address of targets.localReadyAddresses()) found.add(address);
    return found.size;
  }

  /** Where the health of each service's endpoints on this node is asked for, by service. */
  healthPort(key: string): number {
    return this.#era.modernRules ? (this.#services.get(key)?.spec?.healthCheckNodePort ?? 0) : 0;
  }

  #follow(key: string, old: EndpointSlice | undefined, slice: EndpointSlice | undefined): void {
    for (const targets of this.#targets.get(key)?.values() ?? []) targets.change(old, slice);
  }

  #targetsOf(key: string, portName: string, name: string, protocol: string): PortTargets {
    const ports = this.#targets.get(key) ?? new Map<string, PortTargets>();
    this.#targets.set(key, ports);
    const known = ports.get(`${portName}/${protocol}`);
    if (known !== undefined) return known;
    const chainOf = (text: string): string => endpointChain(name, protocol, text);
    const made = new PortTargets(portName, chainOf, this.#node);
    for (const slice of this.#slices.get(key)?.values() ?? []) made.change(undefined, slice);
    ports.set(`${portName}/${protocol}`, made);
    return made;
  }
}

function serviceKey(slice: EndpointSlice): string | undefined {
  const name = labelOf(slice, SERVICE_LABEL);
  if (name === undefined || labelOf(slice, HEADLESS_LABEL) !== undefined) return undefined;
  return `${slice.metadata.namespace}/${name}`;
}

/** Addresses at which the nodes themselves stand for the balancer. */
function ingressIps(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress) =>
    ingress.ip === undefined || ingress.ipMode === 'Proxy' ? [] : [ingress.ip],
  );
}

function policyOf(
  spec: NonNullable<Service['spec']>,
  balancerIps: readonly Ip[],
  targets: PortTargets,
): PortPolicy | undefined {
  const affinity =
    spec.sessionAffinity === 'ClientIP'
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
      : 0;
  const internalLocal = spec.internalTrafficPolicy === 'Local';
  const outside = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const externalLocal =
    spec.externalTrafficPolicy === 'Local' && (outside || (spec.externalIPs ?? []).length > 0);
  if (affinity === 0 && !internalLocal && !externalLocal && balancerIps.length === 0)
    return undefined;
  return {
    affinity,
    internalLocal,
    externalLocal,
    localTargets: internalLocal || externalLocal ? targets.localTargets() : [],
    balancerIps,
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).flatMap((text) => parseCidr(text) ?? []),
    healthPort: spec.healthCheckNodePort ?? 0,
  };
}
