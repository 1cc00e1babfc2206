/**
 * What kube-proxy wants to be true: ports of services with the endpoints that serve them, kept by
 * service, so that a change costs what changed (k8s.io/kubernetes/pkg/proxy/servicechangetracker.go,
 * endpointslicecache.go, topology.go, v1.34).
 */
import type { EndpointSlice, Service } from '../../ground/api/types.ts';
import { labelOf } from '../../ground/api/meta.ts';
import { keyOf } from '../../ground/api/object.ts';
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
}

const SERVICE_LABEL = 'kubernetes.io/service-name';
const PROXY_LABEL = 'service.kubernetes.io/service-proxy-name';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

export class ServiceMap {
  readonly #era: ProxyEra;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** By service, then by port. */
  readonly #targets = new Map<string, Map<string, PortTargets>>();
  readonly #dirty = new Set<string>();

  constructor(era: ProxyEra) {
    this.#era = era;
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
    // Status and metadata do not matter to rules.
    if (old === undefined || old.spec !== service.spec) this.#dirty.add(key);
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
    const external = [...(spec.externalIPs ?? []), ...ingressIps(service)].flatMap(
      (text) => parseIp(text) ?? [],
    );
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
      const { targets, edits } = this.#targetsOf(key, port.name ?? '', name, protocol).take();
      ports.push({
        name,
        protocol,
        clusterIp,
        port: port.port,
        nodePort: port.nodePort ?? 0,
        externalIps: external,
        targets,
        edits,
      });
    }
    return ports;
  }

  #follow(key: string, old: EndpointSlice | undefined, slice: EndpointSlice | undefined): void {
    for (const targets of this.#targets.get(key)?.values() ?? []) targets.change(old, slice);
  }

  #targetsOf(key: string, portName: string, name: string, protocol: string): PortTargets {
    const ports = this.#targets.get(key) ?? new Map<string, PortTargets>();
    this.#targets.set(key, ports);
    const known = ports.get(`${portName}/${protocol}`);
    if (known !== undefined) return known;
    const made = new PortTargets(portName, (text) => endpointChain(name, protocol, text));
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

function ingressIps(service: Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress) =>
    ingress.ip === undefined ? [] : [ingress.ip],
  );
}
