/**
 * Which pods stand behind which Service, both ways and without looking at all of them: Services are
 * indexed by one pair of their selector, pods by each of their labels. What a pod contributes to a
 * Service's endpoints is computed here too, for Endpoints and EndpointSlices alike
 * (k8s.io/kubernetes/pkg/controller/util/endpoint and k8s.io/endpointslice, v1.34).
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { conditionOf } from '../../ground/api/meta.ts';
import { keyOf } from '../../ground/api/object.ts';
import { matchesMap } from '../../ground/api/selector.ts';
import type {
  EndpointPort,
  ObjectReference,
  Pod,
  Service,
  ServicePort,
} from '../../ground/api/types.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { isPodTerminal } from './pods.ts';

export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
export const HEADLESS = 'service.kubernetes.io/headless';

const BY_SELECTOR = 'selectorPair';
const BY_LABEL = 'label';

/** Adds the indexes that `servicesOf` and `podsOf` read. */
export function indexServicesAndPods(services: Informer<Service>, pods: Informer<Pod>): void {
  services.addIndex(
    BY_SELECTOR,
    (service) => {
      const pair = firstPair(service);
      return pair === undefined ? [] : [`${service.metadata.namespace}/${pair}`];
    },
    (service) => service.spec,
  );
  pods.addIndex(
    BY_LABEL,
    (pod) => {
      const labels = pod.metadata.labels ?? {};
      return Object.keys(labels).map((key) => `${pod.metadata.namespace}/${key}=${labels[key]}`);
    },
    (pod) => pod.metadata.labels,
  );
}

function firstPair(service: Service): string | undefined {
  const selector = service.spec?.selector;
  if (selector === undefined) return undefined;
  const key = Object.keys(selector)[0];
  return key === undefined ? undefined : `${key}=${selector[key]}`;
}

/** Tells the key of each Service to look at: itself changed, or a pod (its key is told too) that it selects. */
export function followServicesAndPods(
  services: Informer<Service>,
  pods: Informer<Pod>,
  tell: (service: string, pod: string | undefined) => void,
): void {
  const serviceChanged = (service: Service): void => tell(keyOf(service), undefined);
  const podChanged = (pod: Pod): void => {
    for (const service of servicesOf(services, pod)) tell(keyOf(service), keyOf(pod));
  };
  services.addHandler({
    onAdd: serviceChanged,
    onUpdate: (_, service) => serviceChanged(service),
    onDelete: serviceChanged,
  });
  pods.addHandler({
    onAdd: podChanged,
    onUpdate: (old, pod) => {
      const relabelled = old.metadata.labels !== pod.metadata.labels;
      if (!relabelled && !endpointChanged(old, pod)) return;
      if (relabelled) podChanged(old);
      podChanged(pod);
    },
    onDelete: podChanged,
  });
}

/** The Services that select a pod. */
function* servicesOf(services: Informer<Service>, pod: Pod): Generator<Service> {
  const labels = pod.metadata.labels ?? {};
  for (const key of Object.keys(labels)) {
    const pair = `${pod.metadata.namespace}/${key}=${labels[key]}`;
    for (const service of services.byIndex(BY_SELECTOR, pair)) {
      if (matchesMap(service.spec?.selector, labels)) yield service;
    }
  }
}

/** The pods that a Service selects. */
export function* podsOf(pods: Informer<Pod>, service: Service): Generator<Pod> {
  const pair = firstPair(service);
  if (pair === undefined) return;
  for (const pod of pods.byIndex(BY_LABEL, `${service.metadata.namespace}/${pair}`)) {
    if (matchesMap(service.spec?.selector, pod.metadata.labels)) yield pod;
  }
}

/** Has an address, and is not finished. */
export function hasEndpoint(pod: Pod): boolean {
  const ip = pod.status?.podIP;
  return ip !== undefined && ip !== '' && !isPodTerminal(pod);
}

/** True when something changed that endpoints show. */
function endpointChanged(old: Pod, pod: Pod): boolean {
  const [before, after] = [old.status, pod.status];
  return (
    old.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
    old.spec?.nodeName !== pod.spec?.nodeName ||
    old.spec?.hostname !== pod.spec?.hostname ||
    old.spec?.subdomain !== pod.spec?.subdomain ||
    old.metadata.uid !== pod.metadata.uid ||
    before?.podIP !== after?.podIP ||
    before?.phase !== after?.phase ||
    conditionOf(before?.conditions, 'Ready')?.status !==
      conditionOf(after?.conditions, 'Ready')?.status
  );
}

export function podReference(pod: Pod): ObjectReference {
  return {
    kind: 'Pod',
    ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
    name: pod.metadata.name,
    ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }),
  };
}

/** The hostname that DNS gives a pod of a headless Service of its subdomain. */
export function endpointHostname(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec ?? { hostname: '', subdomain: '' };
  const named = hostname !== undefined && hostname !== '' && subdomain === service.metadata.name;
  return named && pod.metadata.namespace === service.metadata.namespace ? hostname : undefined;
}

/** The port of a pod that a Service's port stands for; undefined when its name is not found. */
function targetPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const protocol = port.protocol ?? 'TCP';
  const containers = [...(pod.spec?.containers ?? []), ...sidecars(pod)];
  for (const container of containers) {
    for (const each of container.ports ?? []) {
      if (each.name === target && (each.protocol ?? 'TCP') === protocol) return each.containerPort;
    }
  }
  return undefined;
}

function sidecars(pod: Pod) {
  return (pod.spec?.initContainers ?? []).filter((each) => each.restartPolicy === 'Always');
}

/** The ports that a pod serves for a Service; pods with equal ports share a subset or slice. */
export function endpointPorts(service: Service, pod: Pod): readonly EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(port, pod);
    if (number === undefined) continue;
    ports.push({
      ...(port.name === undefined ? {} : { name: port.name }),
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    });
  }
  return freezeDeep(ports);
}

/** What Endpoints and EndpointSlices both have of a port. */
interface AnyPort {
  readonly name?: string | undefined;
  readonly port?: number | undefined;
  readonly protocol?: string | undefined;
  readonly appProtocol?: string | undefined;
}

/** Equal keys, equal ports. */
export function portsKey(ports: readonly AnyPort[]): string {
  return ports
    .map((each) => `${each.name ?? ''}/${each.protocol}/${each.port}/${each.appProtocol ?? ''}`)
    .join(',');
}

/** True when all pods of the Service serve the same ports, because no target port has a name. */
export function hasUniformPorts(service: Service): boolean {
  return (service.spec?.ports ?? []).every((port) => typeof port.targetPort !== 'string');
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None';
}
