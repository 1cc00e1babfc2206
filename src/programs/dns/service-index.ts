/** What CoreDNS knows of the cluster, by the keys that questions have. */
import { labelOf } from '../../ground/api/meta.ts';
import type { EndpointSlice, Namespace, Service } from '../../ground/api/types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES } from '../../ground/api/names.ts';
import type { Pod } from '../../ground/api/types.ts';
import { Informer } from '../../spine/client/informer.ts';
import type { Client } from '../../spine/client/types.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

export class ServiceIndex {
  readonly #process: Process;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #namespaces: Informer<Namespace>;
  readonly #pods: Informer<Pod> | undefined;
  /** Seconds of the last change: the zone's serial. */
  #changed: number;

  constructor(process: Process, client: Client, watchPods: boolean) {
    this.#process = process;
    this.#changed = process.clock.wall();
    this.#services = new Informer<Service>(process, client, SERVICES).addIndex(
      'ip',
      (service) => service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? ''],
    );
    this.#slices = new Informer<EndpointSlice>(process, client, ENDPOINT_SLICES)
      .addIndex('service', (slice) => [
        `${slice.metadata.namespace}/${labelOf(slice, SERVICE_LABEL) ?? ''}`,
      ])
      .addIndex('ip', (slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses));
    this.#namespaces = new Informer<Namespace>(process, client, NAMESPACES);
    this.#pods = watchPods
      ? new Informer<Pod>(process, client, PODS).addIndex('ip', (pod) => [
          `${pod.metadata.namespace}/${pod.status?.podIP ?? ''}`,
        ])
      : undefined;
    const touch = (): void => {
      this.#changed = this.#process.clock.wall();
    };
    for (const informer of [this.#services, this.#slices])
      informer.addHandler({ onAdd: touch, onUpdate: touch, onDelete: touch });
  }

  start(): void {
    this.#services.start();
    this.#slices.start();
    this.#namespaces.start();
    this.#pods?.start();
  }

  get synced(): boolean {
    return (
      this.#services.hasSynced &&
      this.#slices.hasSynced &&
      this.#namespaces.hasSynced &&
      this.#pods?.hasSynced !== false
    );
  }

  get serial(): number {
    return Math.floor(this.#changed / 1_000_000);
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.get(name) !== undefined;
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  slicesOf(service: Service): readonly EndpointSlice[] {
    return [
      ...this.#slices.byIndex('service', `${service.metadata.namespace}/${service.metadata.name}`),
    ];
  }

  serviceByIp(ip: string): Service | undefined {
    return first(this.#services.byIndex('ip', ip));
  }

  sliceByIp(ip: string): EndpointSlice | undefined {
    return first(this.#slices.byIndex('ip', ip));
  }

  serviceOf(slice: EndpointSlice): Service | undefined {
    return this.#services.get(`${slice.metadata.namespace}/${labelOf(slice, SERVICE_LABEL) ?? ''}`);
  }

  hasPod(namespace: string, ip: string): boolean {
    return first(this.#pods?.byIndex('ip', `${namespace}/${ip}`) ?? []) !== undefined;
  }
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
