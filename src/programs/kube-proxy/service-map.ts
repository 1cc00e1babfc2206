/**
 * What kube-proxy wants to be true: ports of services with the endpoints that serve them, kept by
 * service, so that a change costs what changed (k8s.io/kubernetes/pkg/proxy/servicechangetracker.go,
 * endpointslicecache.go, topology.go, v1.34).
 */
import type { EndpointSlice, Service } from '../../ground/api/types.ts';
import { labelOf } from '../../ground/api/meta.ts';
import { keyOf } from '../../ground/api/object.ts';
import { type Ip, parseIp } from '../../ground/base/ip.ts';
import { compareText } from '../../ground/base/text.ts';
import { endpointChain, type ProxyEra, servicePortName } from './names.ts';

export interface Target {
  readonly ip: Ip;
  readonly port: number;
  /** `10.244.1.5:8080` */
  readonly text: string;
  readonly chain: string;
}

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
}

const SERVICE_LABEL = 'kubernetes.io/service-name';
const PROXY_LABEL = 'service.kubernetes.io/service-proxy-name';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

export class ServiceMap {
  readonly #era: ProxyEra;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
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
    this.#dirty.add(key);
  }

  setSlice(slice: EndpointSlice): void {
    const key = serviceKey(slice);
    if (key === undefined || slice.addressType !== 'IPv4') return;
    const slices = this.#slices.get(key) ?? new Map<string, EndpointSlice>();
    slices.set(slice.metadata.name, slice);
    this.#slices.set(key, slices);
    this.#dirty.add(key);
  }

  removeSlice(slice: EndpointSlice): void {
    const key = serviceKey(slice);
    if (key === undefined) return;
    const slices = this.#slices.get(key);
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
      const targets = this.#targets(key, port.name ?? '', name, protocol);
      ports.push({
        name,
        protocol,
        clusterIp,
        port: port.port,
        nodePort: port.nodePort ?? 0,
        externalIps: external,
        targets,
      });
    }
    return ports;
  }

  /** Ready endpoints; when there are none, those that still serve while they terminate. */
  #targets(key: string, portName: string, name: string, protocol: string): readonly Target[] {
    const ready = new Map<string, Target>();
    const fallback = new Map<string, Target>();
    for (const slice of this.#slices.get(key)?.values() ?? []) {
      for (const port of slice.ports ?? []) {
        if ((port.name ?? '') !== portName || port.port === undefined) continue;
        for (const endpoint of slice.endpoints) {
          const { ready: isReady, serving, terminating } = endpoint.conditions ?? {};
          const into =
            isReady !== false
              ? ready
              : serving === true && terminating === true
                ? fallback
                : undefined;
          const address = endpoint.addresses[0];
          const ip = parseIp(address ?? '');
          if (into === undefined || ip === undefined) continue;
          const text = `${address}:${port.port}`;
          into.set(text, { ip, port: port.port, text, chain: endpointChain(name, protocol, text) });
        }
      }
    }
    const chosen = ready.size > 0 ? ready : fallback;
    return [...chosen.values()].sort((a, b) => compareText(a.text, b.text));
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
