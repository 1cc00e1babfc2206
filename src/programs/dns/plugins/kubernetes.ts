/**
 * Names of Services, endpoints and pods (CoreDNS v1.12 plugin/kubernetes; DNS-based service discovery
 * specification 1.1.0):
 *
 *     web.default.svc.cluster.local                    A: ClusterIP, or the endpoints when headless
 *     _http._tcp.web.default.svc.cluster.local         SRV
 *     10-244-1-5.web.default.svc.cluster.local         A of one endpoint; also by hostname
 *     10-244-1-5.default.pod.cluster.local             A, when pods are served
 *     5.1.244.10.in-addr.arpa                          PTR
 */
import type { EndpointSlice, Service } from '../../../ground/api/types.ts';
import { formatIp, type Ip, parseIp } from '../../../ground/base/ip.ts';
import type { DnsCode, DnsRecord, DnsType } from '../../../machines/network/dns-message.ts';
import type { ServiceIndex } from '../service-index.ts';
import { fallsThrough, type KubernetesConfig } from './kubernetes-config.ts';

/** What a plugin answers; undefined hands the question on. */
export interface Answer {
  readonly code: DnsCode;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  /** What an upstream server said of itself; absent in answers of the cluster. */
  readonly upstream?: { readonly authoritative: boolean; readonly recursive: boolean };
}

interface Port {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

interface Address {
  readonly ip: Ip;
  /** First label of its own name. */
  readonly host: string;
}

export class KubernetesPlugin {
  readonly config: KubernetesConfig;
  readonly #index: ServiceIndex;

  constructor(config: KubernetesConfig, index: ServiceIndex) {
    this.config = config;
    this.#index = index;
  }

  get ready(): boolean {
    return this.#index.synced;
  }

  /** `name` in lower case without final dot. */
  answer(name: string, type: DnsType): Answer | undefined {
    const zone = this.config.zones.find(
      (candidate) => name === candidate || name.endsWith(`.${candidate}`),
    );
    if (zone === undefined) return undefined;
    if (!this.#index.synced)
      return { code: 'SERVFAIL', answers: [], authority: [], additional: [] };
    if (zone.endsWith('.arpa')) return this.#reverse(name, type, zone);
    const labels = name === zone ? [] : name.slice(0, -zone.length - 1).split('.');
    if (labels.length === 0)
      return type === 'SOA' ? this.#found([this.#soa(zone)]) : this.#noData(zone);
    if (labels.length === 1 && labels[0] === 'dns-version')
      return type === 'TXT'
        ? this.#found([{ name, ttl: this.config.ttl, data: { type: 'TXT', texts: ['1.1.0'] } }])
        : this.#noData(zone);
    const kind = labels[labels.length - 1];
    if (kind === 'svc') return this.#service(name, labels.slice(0, -1), type, zone);
    if (kind === 'pod') return this.#pod(name, labels.slice(0, -1), type, zone);
    return this.#missing(name, zone);
  }

  // ---- services

  #service(
    name: string,
    labels: readonly string[],
    type: DnsType,
    zone: string,
  ): Answer | undefined {
    if (labels.length === 0) return this.#noData(zone);
    const namespace = labels[labels.length - 1] as string;
    if (!this.#index.hasNamespace(namespace)) return this.#missing(name, zone);
    if (labels.length === 1) return this.#noData(zone);
    const serviceName = labels[labels.length - 2] as string;
    const service = this.#index.service(namespace, serviceName);
    if (service === undefined) return this.#missing(name, zone);
    const rest = labels.slice(0, -2);
    const base = `${serviceName}.${namespace}.svc.${zone}`;
    if (service.spec?.type === 'ExternalName') {
      if (rest.length > 0) return this.#missing(name, zone);
      const target = (service.spec.externalName ?? '').replace(/\.$/, '');
      return this.#found([{ name, ttl: this.config.ttl, data: { type: 'CNAME', target } }]);
    }
    const headless = service.spec?.clusterIP === 'None';
    if (rest.length === 0) return this.#serviceName(name, service, headless, type, zone, base);
    if (rest.length === 1)
      return headless
        ? this.#endpointName(name, service, rest[0] as string, type, zone)
        : this.#missing(name, zone);
    const [port, protocol] = rest;
    if (rest.length !== 2 || port?.startsWith('_') !== true || protocol?.startsWith('_') !== true)
      return this.#missing(name, zone);
    return this.#srv(name, service, headless, port.slice(1), protocol.slice(1), type, zone, base);
  }

  #serviceName(
    name: string,
    service: Service,
    headless: boolean,
    type: DnsType,
    zone: string,
    base: string,
  ): Answer {
    if (!headless) {
      const ip = parseIp(service.spec?.clusterIP ?? '');
      if (ip === undefined) return this.#missing(name, zone) ?? this.#nameError(zone);
      if (type === 'A') return this.#found([this.#address(name, ip)]);
      if (type === 'SRV')
        return this.#srv(name, service, false, undefined, undefined, type, zone, base);
      return this.#noData(zone);
    }
    const addresses = this.#index.slicesOf(service).flatMap((slice) => endpointsOf(slice, service));
    if (addresses.length === 0) return this.#nameError(zone);
    if (type === 'A')
      return this.#found(unique(addresses).map((address) => this.#address(name, address.ip)));
    if (type === 'SRV')
      return this.#srv(name, service, true, undefined, undefined, type, zone, base);
    return this.#noData(zone);
  }

  #endpointName(
    name: string,
    service: Service,
    host: string,
    type: DnsType,
    zone: string,
  ): Answer | undefined {
    const found = this.#index
      .slicesOf(service)
      .flatMap((slice) => endpointsOf(slice, service))
      .filter((address) => address.host === host);
    if (found.length === 0) return this.#missing(name, zone);
    return type === 'A'
      ? this.#found(unique(found).map((address) => this.#address(name, address.ip)))
      : this.#noData(zone);
  }

  /** `_port._proto.name`, or all ports of a service when it is asked by its own name. */
  #srv(
    name: string,
    service: Service,
    headless: boolean,
    port: string | undefined,
    protocol: string | undefined,
    type: DnsType,
    zone: string,
    base: string,
  ): Answer {
    const wanted = (candidate: Port): boolean =>
      (port === undefined || candidate.name === port) &&
      (protocol === undefined || candidate.protocol === protocol);
    const answers: DnsRecord[] = [];
    const additional: DnsRecord[] = [];
    const add = (target: string, ip: Ip, number: number): void => {
      answers.push({
        name,
        ttl: this.config.ttl,
        data: { type: 'SRV', priority: 0, weight: 0, port: number, target },
      });
      if (!additional.some((record) => record.name === target))
        additional.push(this.#address(target, ip));
    };
    if (headless) {
      for (const slice of this.#index.slicesOf(service)) {
        for (const candidate of (slice.ports ?? []).map((each) => ({
          name: each.name ?? '',
          protocol: (each.protocol ?? 'TCP').toLowerCase(),
          port: each.port ?? 0,
        }))) {
          if (!wanted(candidate)) continue;
          for (const address of endpointsOf(slice, service))
            add(`${address.host}.${base}`, address.ip, candidate.port);
        }
      }
    } else {
      const ip = parseIp(service.spec?.clusterIP ?? '') ?? 0;
      for (const each of service.spec?.ports ?? []) {
        if (
          wanted({
            name: each.name ?? '',
            protocol: (each.protocol ?? 'TCP').toLowerCase(),
            port: each.port,
          })
        )
          add(base, ip, each.port);
      }
    }
    if (answers.length === 0) return this.#nameError(zone);
    if (type !== 'SRV') return this.#noData(zone);
    // Weights share 100 among the answers of one priority.
    const weight = Math.floor(100 / answers.length);
    const weighed = answers.map((record) =>
      record.data.type === 'SRV' ? { ...record, data: { ...record.data, weight } } : record,
    );
    return { code: 'NOERROR', answers: weighed, authority: [], additional };
  }

  // ---- pods

  #pod(name: string, labels: readonly string[], type: DnsType, zone: string): Answer | undefined {
    if (this.config.pods === 'disabled') return this.#missing(name, zone);
    if (labels.length === 0) return this.#noData(zone);
    const namespace = labels[labels.length - 1] as string;
    if (!this.#index.hasNamespace(namespace)) return this.#missing(name, zone);
    if (labels.length === 1) return this.#noData(zone);
    const ip = labels.length === 2 ? parseIp((labels[0] as string).replace(/-/g, '.')) : undefined;
    if (ip === undefined) return this.#missing(name, zone);
    if (this.config.pods === 'verified' && !this.#index.hasPod(namespace, formatIp(ip)))
      return this.#missing(name, zone);
    return type === 'A' ? this.#found([this.#address(name, ip)]) : this.#noData(zone);
  }

  // ---- addresses

  #reverse(name: string, type: DnsType, zone: string): Answer | undefined {
    const ip = parseIp(
      name
        .replace(/\.in-addr\.arpa$/, '')
        .split('.')
        .reverse()
        .join('.'),
    );
    const target = ip === undefined ? undefined : this.#nameOf(ip);
    if (target === undefined) return this.#missing(name, zone);
    return type === 'PTR'
      ? this.#found([{ name, ttl: this.config.ttl, data: { type: 'PTR', target } }])
      : this.#noData(zone);
  }

  #nameOf(ip: Ip): string | undefined {
    const zone = this.config.primary;
    const text = formatIp(ip);
    const service = this.#index.serviceByIp(text);
    if (service !== undefined)
      return `${service.metadata.name}.${service.metadata.namespace}.svc.${zone}`;
    const slice = this.#index.sliceByIp(text);
    const owner = slice === undefined ? undefined : this.#index.serviceOf(slice);
    const address =
      slice === undefined
        ? undefined
        : endpointsOf(slice, owner).find((candidate) => candidate.ip === ip);
    if (slice === undefined || owner === undefined || address === undefined) return undefined;
    return `${address.host}.${owner.metadata.name}.${owner.metadata.namespace}.svc.${zone}`;
  }

  // ---- answers

  #address(name: string, ip: Ip): DnsRecord {
    return { name, ttl: this.config.ttl, data: { type: 'A', ip } };
  }

  #soa(zone: string): DnsRecord {
    return {
      name: zone,
      ttl: this.config.ttl,
      data: {
        type: 'SOA',
        primary: `ns.dns.${zone}`,
        mailbox: `hostmaster.${zone}`,
        serial: this.#index.serial,
        refresh: 7200,
        retry: 1800,
        expire: 86400,
        minimum: this.config.ttl,
      },
    };
  }

  #found(answers: readonly DnsRecord[]): Answer {
    return { code: 'NOERROR', answers, authority: [], additional: [] };
  }

  #noData(zone: string): Answer {
    return { code: 'NOERROR', answers: [], authority: [this.#soa(zone)], additional: [] };
  }

  #nameError(zone: string): Answer {
    return { code: 'NXDOMAIN', answers: [], authority: [this.#soa(zone)], additional: [] };
  }

  #missing(name: string, zone: string): Answer | undefined {
    return fallsThrough(this.config, name) ? undefined : this.#nameError(zone);
  }
}

/** The addresses of a slice that are served: ready ones, or all when the service says so. */
function endpointsOf(slice: EndpointSlice, service: Service | undefined): Address[] {
  const all = service?.spec?.publishNotReadyAddresses === true;
  return slice.endpoints.flatMap((endpoint) => {
    const ip = parseIp(endpoint.addresses[0] ?? '');
    if (ip === undefined || (!all && endpoint.conditions?.ready === false)) return [];
    return [{ ip, host: endpoint.hostname || formatIp(ip).replace(/\./g, '-') }];
  });
}

function unique(addresses: readonly Address[]): readonly Address[] {
  return [...new Map(addresses.map((address) => [address.ip, address])).values()];
}
