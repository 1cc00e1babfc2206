/**
 * The Endpoints controller (k8s.io/kubernetes/pkg/controller/endpoint, v1.34): for every Service with a
 * selector one Endpoints object, at most 1,000 addresses. Watches Services, Pods and Endpoints; the key
 * is the Service's. Event: FailedToCreateEndpoint, FailedToUpdateEndpoint.
 *
 * The addresses of each pod are made once and kept in order, so a sync costs the pods that changed and
 * one pass to write the list. Not modelled: IPv6.
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import { ENDPOINTS, PODS, SERVICES } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import { matchesMap } from '../../ground/api/selector.ts';
import type {
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
} from '../../ground/api/types.ts';
import { SortedMap } from '../../ground/base/sorted-map.ts';
import type { Task } from '../../ground/base/task.ts';
import { compareText } from '../../ground/base/text.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { isPodReady } from './pods.ts';
import {
  endpointHostname,
  endpointPorts,
  followServicesAndPods,
  HEADLESS,
  hasEndpoint,
  hasUniformPorts,
  indexServicesAndPods,
  isHeadless,
  podReference,
  podsOf,
  portsKey,
  TRIGGER_TIME,
} from './service-pods.ts';

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
const ADDRESSES_MAX = 1000;
const WORKERS = 5;
const RETRIES_MAX = 15;

/** Pods that serve the same ports; addresses in order of IP and UID. */
interface Group {
  readonly ports: readonly EndpointPort[];
  readonly ready: SortedMap<EndpointAddress>;
  readonly notReady: SortedMap<EndpointAddress>;
}

interface Place {
  readonly group: string;
  readonly ready: boolean;
  readonly order: string;
}

interface ServiceState {
  readonly spec: Service['spec'];
  readonly groups: Map<string, Group>;
  readonly where: Map<string, Place>;
  dirty: Set<string>;
}

export const endpointsController: Controller = {
  name: 'endpoints-controller',
  account: 'endpoint-controller',
  component: 'endpoint-controller',
  start: (context) => new EndpointsController(context).start(),
};

class EndpointsController {
  readonly #context: ControllerContext;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #queue: WorkQueue;
  readonly #states = new Map<string, ServiceState>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#services = context.informers.of<Service>(SERVICES);
    this.#pods = context.informers.of<Pod>(PODS);
    this.#endpoints = context.informers.of<Endpoints>(ENDPOINTS);
    this.#queue = new WorkQueue(context.process, 'endpoint');
    indexServicesAndPods(this.#services, this.#pods);
  }

  start(): void {
    followServicesAndPods(this.#services, this.#pods, (service, pod) => {
      if (pod !== undefined) this.#states.get(service)?.dirty.add(pod);
      this.#queue.add(service);
    });
    this.#endpoints.addHandler({ onDelete: (endpoints) => this.#queue.add(keyOf(endpoints)) });
    const informers = [this.#services, this.#pods, this.#endpoints];
    const options = { workers: WORKERS, retriesMax: RETRIES_MAX };
    startWorkers(this.#context, this.#queue, informers, options, (key) => this.#reconcile(key));
  }

  *#reconcile(key: string): Task<SyncFailure> {
    const service = this.#services.get(key);
    if (service === undefined) return yield* this.#remove(key);
    const selector = service.spec?.selector;
    if (selector === undefined || Object.keys(selector).length === 0) return undefined;
    if (service.spec?.type === 'ExternalName') return undefined;
    const state = this.#stateOf(key, service);
    const trigger = this.#place(service, state);
    const { subsets, truncated } = subsetsOf(state);
    const current = this.#endpoints.get(key);
    const wanted = endpointsOf(service, current, subsets, truncated, trigger);
    if (current !== undefined && sameEndpoints(current, wanted)) return undefined;
    return yield* this.#write(service, current, wanted);
  }

  /** A Service that is gone takes its Endpoints with it. */
  *#remove(key: string): Task<SyncFailure> {
    if (!this.#states.delete(key) && this.#endpoints.get(key) === undefined) return undefined;
    const slash = key.indexOf('/');
    const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
    const deleted = yield* this.#context.client.delete(ENDPOINTS, namespace, name);
    return deleted.ok || deleted.error.code === 404 ? undefined : deleted.error.message;
  }

  #stateOf(key: string, service: Service): ServiceState {
    const known = this.#states.get(key);
    if (known !== undefined && known.spec === service.spec) return known;
    const state: ServiceState = {
      spec: service.spec,
      groups: new Map(),
      where: new Map(),
      dirty: new Set(),
    };
    for (const pod of podsOf(this.#pods, service)) state.dirty.add(keyOf(pod));
    this.#states.set(key, state);
    return state;
  }

  /** Brings the addresses of changed pods up to date; returns the trigger time, if there is one. */
  #place(service: Service, state: ServiceState): string | undefined {
    const uniform = hasUniformPorts(service);
    const publish = service.spec?.publishNotReadyAddresses === true;
    let group: string | undefined;
    let trigger: string | undefined;
    for (const key of state.dirty) {
      const pod = this.#pods.get(key);
      take(state, key);
      if (pod === undefined || !hasEndpoint(pod)) continue;
      if (!publish && pod.metadata.deletionTimestamp !== undefined) continue;
      if (!matchesMap(service.spec?.selector, pod.metadata.labels)) continue;
      if (group === undefined || !uniform) {
        const ports = endpointPorts(service, pod);
        if (ports.length === 0 && !isHeadless(service)) continue;
        group = portsKey(ports);
        if (!state.groups.has(group)) {
          state.groups.set(group, { ports, ready: new SortedMap(), notReady: new SortedMap() });
        }
      }
      const ready = publish || isPodReady(pod);
      const order = `${pod.status?.podIP} ${pod.metadata.uid}`;
      const lists = state.groups.get(group) as Group;
      (ready ? lists.ready : lists.notReady).set(order, addressOf(service, pod));
      state.where.set(key, { group, ready, order });
      const time = pod.status?.conditions?.find(
        (each) => each.type === 'Ready',
      )?.lastTransitionTime;
      if (time !== undefined && (trigger === undefined || time < trigger)) trigger = time;
    }
    state.dirty = new Set();
    return trigger;
  }

  *#write(service: Service, current: Endpoints | undefined, wanted: Endpoints): Task<SyncFailure> {
    const { client, recorder } = this.#context;
    const written =
      current === undefined
        ? yield* client.create<Endpoints>(ENDPOINTS, wanted)
        : yield* client.update<Endpoints>(ENDPOINTS, wanted);
    if (written.ok || service.metadata.deletionTimestamp !== undefined) return undefined;
    const created = current === undefined;
    const reason = created ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint';
    const message = `Failed to ${created ? 'create' : 'update'} endpoint for service ${keyOf(service)}: ${written.error.message}`;
    recorder.event(current ?? service, 'Warning', reason, message);
    return written.error.message;
  }
}

function take(state: ServiceState, key: string): void {
  const place = state.where.get(key);
  if (place === undefined) return;
  const group = state.groups.get(place.group);
  (place.ready ? group?.ready : group?.notReady)?.delete(place.order);
  state.where.delete(key);
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const hostname = endpointHostname(service, pod);
  const node = pod.spec?.nodeName;
  return freezeDeep<EndpointAddress>({
    ip: pod.status?.podIP ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(node === undefined ? {} : { nodeName: node }),
    targetRef: podReference(pod),
  });
}

/** The lists as subsets, in order of their ports, cut at 1,000 addresses: ready ones stay first. */
function subsetsOf(state: ServiceState): {
  readonly subsets: readonly EndpointSubset[];
  readonly truncated: boolean;
} {
  const groups = [...state.groups].filter(
    ([, group]) => group.ready.size + group.notReady.size > 0,
  );
  if (groups.length > 1) groups.sort(([a], [b]) => compareText(a, b));
  let room = ADDRESSES_MAX;
  let total = 0;
  const ready = groups.map(([, group]) => {
    total += group.ready.size + group.notReady.size;
    const list = listOf(group.ready, room);
    room -= list.length;
    return list;
  });
  const subsets = groups.map(([, group], index): EndpointSubset => {
    const notReady = listOf(group.notReady, room);
    room -= notReady.length;
    const addresses = ready[index] as readonly EndpointAddress[];
    return Object.freeze({
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
      ...(group.ports.length === 0 ? {} : { ports: group.ports }),
    });
  });
  return { subsets: Object.freeze(subsets), truncated: total > ADDRESSES_MAX };
}

function listOf(addresses: SortedMap<EndpointAddress>, room: number): readonly EndpointAddress[] {
  const list: EndpointAddress[] = [];
  for (const [, address] of addresses.range('')) {
    if (list.length >= room) break;
    list.push(address);
  }
  return Object.freeze(list);
}

function endpointsOf(
  service: Service,
  current: Endpoints | undefined,
  subsets: readonly EndpointSubset[],
  truncated: boolean,
  trigger: string | undefined,
): Endpoints {
  const labels = Object.freeze({
    ...service.metadata.labels,
    [MANAGED_BY]: 'endpoint-controller',
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
  });
  const time = current === undefined ? (trigger ?? service.metadata.creationTimestamp) : trigger;
  const annotations = Object.freeze({
    ...(time === undefined ? {} : { [TRIGGER_TIME]: time }),
    ...(truncated ? { [OVER_CAPACITY]: 'truncated' } : {}),
  });
  const shown = Object.keys(annotations).length === 0 ? undefined : annotations;
  if (current !== undefined) {
    return withFields<Endpoints>(current, {
      metadata: withFields(current.metadata, { labels, annotations: shown }),
      subsets: subsets.length === 0 ? undefined : subsets,
    });
  }
  return freezeDeep<Endpoints>({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: service.metadata.name,
      namespace: service.metadata.namespace,
      labels,
      ...(shown === undefined ? {} : { annotations: shown }),
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  });
}

/** Equal but for the trigger time: then nothing is written. Addresses are shared, so this is quick. */
function sameEndpoints(current: Endpoints, wanted: Endpoints): boolean {
  const over = (endpoints: Endpoints) => endpoints.metadata.annotations?.[OVER_CAPACITY];
  return (
    sameValue(current.subsets ?? [], wanted.subsets ?? []) &&
    sameValue(current.metadata.labels, wanted.metadata.labels) &&
    over(current) === over(wanted)
  );
}
