/**
 * The EndpointSlice controller (k8s.io/kubernetes/pkg/controller/endpointslice and
 * k8s.io/endpointslice, v1.34): for every Service with a selector, slices of at most 100 endpoints
 * each. Watches Services, Pods, Nodes and its own slices; the key is the Service's. Event:
 * FailedToUpdateEndpointSlices.
 *
 * Pod changes are noted per Service, and a sync looks at those pods only. Everything is counted afresh
 * when the Service changes, when a slice is not as this controller left it, and after a failed write.
 *
 * Not modelled: topology hints and trafficDistribution, IPv6, labels of the topology era.
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import { controllerRef, labelOf } from '../../ground/api/meta.ts';
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import type {
  Endpoint,
  EndpointPort,
  EndpointSlice,
  Node,
  Pod,
  Service,
} from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { type Packed, packEndpoints } from './endpoint-packing.ts';
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

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';
const ZONE = 'topology.kubernetes.io/zone';
const BY_SERVICE = 'service';
const WORKERS = 5;
const RETRIES_MAX = 15;

interface SliceState extends Packed {
  /** As last written or read; undefined until created. */
  object: EndpointSlice | undefined;
}

interface ServiceState {
  spec: Service['spec'];
  labels: unknown;
  slices: SliceState[];
  readonly where: Map<string, SliceState>;
  readonly ports: Map<string, readonly EndpointPort[]>;
  /** Keys of pods that changed since the last sync. */
  dirty: Set<string>;
  /** Everything must be looked at. */
  stale: boolean;
  syncing: boolean;
  /** Slices seen changing during a sync: probably its own writes. */
  seen: EndpointSlice[];
}

export const endpointSliceController: Controller = {
  name: 'endpointslice-controller',
  account: 'endpointslice-controller',
  component: 'endpoint-slice-controller',
  start: (context) => new EndpointSliceController(context).start(),
};

class EndpointSliceController {
  readonly #context: ControllerContext;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #queue: WorkQueue;
  readonly #states = new Map<string, ServiceState>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#services = context.informers.of<Service>(SERVICES);
    this.#pods = context.informers.of<Pod>(PODS);
    this.#nodes = context.informers.of<Node>(NODES);
    this.#slices = context.informers.of<EndpointSlice>(ENDPOINT_SLICES);
    this.#queue = new WorkQueue(context.process, 'endpoint_slice', {
      baseDelay: SECOND,
      maxDelay: 1000 * SECOND,
    });
    indexServicesAndPods(this.#services, this.#pods);
    this.#slices.addIndex(BY_SERVICE, (slice) => {
      const service = labelOf(slice, SERVICE_NAME);
      return service === undefined ? [] : [`${slice.metadata.namespace}/${service}`];
    });
  }

  start(): void {
    followServicesAndPods(this.#services, this.#pods, (service, pod) => {
      if (pod !== undefined) this.#states.get(service)?.dirty.add(pod);
      this.#queue.add(service);
    });
    this.#slices.addHandler({
      onAdd: (slice) => this.#sliceSeen(slice, false),
      onUpdate: (_, slice) => this.#sliceSeen(slice, false),
      onDelete: (slice) => this.#sliceSeen(slice, true),
    });
    const informers = [this.#services, this.#pods, this.#nodes, this.#slices];
    const options = { workers: WORKERS, retriesMax: RETRIES_MAX };
    startWorkers(this.#context, this.#queue, informers, options, (key) => this.#reconcile(key));
  }

  /** A slice that is not as it was left makes the Service's state stale. */
  #sliceSeen(slice: EndpointSlice, gone: boolean): void {
    if (labelOf(slice, MANAGED_BY) !== MANAGER) return;
    const key = `${slice.metadata.namespace}/${labelOf(slice, SERVICE_NAME) ?? ''}`;
    const state = this.#states.get(key);
    if (state === undefined) return;
    if (state.syncing && !gone) state.seen.push(slice);
    else if (this.#isForeign(state, slice, gone)) {
      state.stale = true;
      this.#queue.add(key);
    }
  }

  #isForeign(state: ServiceState, slice: EndpointSlice, gone: boolean): boolean {
    const known = state.slices.find((each) => each.object?.metadata.name === slice.metadata.name);
    if (known === undefined) return !gone;
    if (gone) return true;
    const mine = Number(known.object?.metadata.resourceVersion ?? '0');
    return Number(slice.metadata.resourceVersion ?? '0') > mine;
  }

  *#reconcile(key: string): Task<SyncFailure> {
    const service = this.#services.get(key);
    const selects = Object.keys(service?.spec?.selector ?? {}).length > 0;
    if (service === undefined || !selects || service.spec?.type === 'ExternalName') {
      this.#states.delete(key);
      return undefined;
    }
    const state = this.#stateOf(key, service);
    const trigger = this.#place(service, state);
    state.syncing = true;
    const failure = yield* this.#write(service, state, trigger);
    state.syncing = false;
    const seen = state.seen;
    state.seen = [];
    if (failure !== undefined) {
      state.stale = true;
      const message = `Error updating Endpoint Slices for Service ${key}: ${failure}`;
      const { recorder } = this.#context;
      recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
    } else if (seen.some((slice) => this.#isForeign(state, slice, false))) {
      state.stale = true;
      this.#queue.add(key);
    }
    return failure;
  }

  /** The state to go on from; filled from the caches when there is none or it is stale. */
  #stateOf(key: string, service: Service): ServiceState {
    const known = this.#states.get(key);
    if (
      known !== undefined &&
      !known.stale &&
      known.spec === service.spec &&
      known.labels === service.metadata.labels
    ) {
      return known;
    }
    const state: ServiceState = {
      spec: service.spec,
      labels: service.metadata.labels,
      slices: [],
      where: new Map(),
      ports: new Map(),
      dirty: new Set(),
      stale: false,
      syncing: false,
      seen: [],
    };
    for (const slice of this.#slices.byIndex(BY_SERVICE, key)) {
      if (labelOf(slice, MANAGED_BY) !== MANAGER) continue;
      if (slice.metadata.deletionTimestamp !== undefined) continue;
      this.#adopt(state, service, slice);
    }
    for (const pod of podsOf(this.#pods, service)) state.dirty.add(keyOf(pod));
    for (const podKey of state.where.keys()) state.dirty.add(podKey);
    this.#states.set(key, state);
    return state;
  }

  #adopt(state: ServiceState, service: Service, slice: EndpointSlice): void {
    const ports = (slice.ports ?? []) as readonly EndpointPort[];
    const group = slice.endpoints.length > 0 ? portsKey(ports) || 'none' : '';
    const members = new Map<string, Endpoint>();
    const labels = sliceLabels(service);
    const current = sameValue(slice.metadata.labels, labels);
    const entry: SliceState = { group, members, changed: !current, object: slice };
    for (const endpoint of slice.endpoints ?? []) {
      const podKey = `${endpoint.targetRef?.namespace}/${endpoint.targetRef?.name}`;
      if (state.where.has(podKey)) {
        entry.changed = true;
        continue;
      }
      members.set(podKey, endpoint);
      state.where.set(podKey, entry);
    }
    if (group !== '') state.ports.set(group, ports);
    state.slices.push(entry);
  }

  /** Takes changed pods out of, into and between slices. Returns the trigger time, if there is one. */
  #place(service: Service, state: ServiceState): string | undefined {
    const additions = new Map<string, [string, Endpoint][]>();
    const uniform = hasUniformPorts(service);
    let group: string | undefined;
    let trigger: string | undefined;
    const dirty = state.dirty;
    state.dirty = new Set();
    for (const key of dirty) {
      const pod = this.#pods.get(key);
      const wanted = pod !== undefined && this.#isWanted(service, pod);
      const slice = state.where.get(key);
      if (!wanted) {
        if (slice !== undefined) remove(state, key, slice);
        continue;
      }
      if (group === undefined || !uniform) {
        const ports = endpointPorts(service, pod);
        group = portsKey(ports) || 'none';
        state.ports.set(group, ports);
      }
      const endpoint = this.#endpoint(service, pod);
      if (slice !== undefined && slice.group === group) {
        if (sameValue(slice.members.get(key), endpoint)) continue;
        slice.members.set(key, endpoint);
        slice.changed = true;
      } else {
        if (slice !== undefined) remove(state, key, slice);
        const list = additions.get(group);
        if (list === undefined) additions.set(group, [[key, endpoint]]);
        else list.push([key, endpoint]);
      }
      const time = readyTime(pod);
      if (time !== undefined && (trigger === undefined || time < trigger)) trigger = time;
    }
    for (const [each, list] of additions) this.#pack(state, each, list);
    return trigger;
  }

  #pack(state: ServiceState, group: string, list: readonly (readonly [string, Endpoint])[]): void {
    const make = (): SliceState => {
      const empty = state.slices.find((slice) => slice.members.size === 0);
      if (empty !== undefined) {
        empty.group = group;
        return empty;
      }
      const slice: SliceState = { group, members: new Map(), changed: true, object: undefined };
      state.slices.push(slice);
      return slice;
    };
    const max = this.#context.flags.maxEndpointsPerSlice;
    for (const [key, slice] of packEndpoints(state.slices, group, list, max, make)) {
      state.where.set(key, slice);
    }
  }

  #isWanted(service: Service, pod: Pod): boolean {
    if (!hasEndpoint(pod)) return false;
    const labels = pod.metadata.labels ?? {};
    const selector = service.spec?.selector ?? {};
    return Object.keys(selector).every(
      (key) => Object.hasOwn(labels, key) && labels[key] === selector[key],
    );
  }

  #endpoint(service: Service, pod: Pod): Endpoint {
    const serving = isPodReady(pod);
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
    const node = pod.spec?.nodeName;
    const home = node === undefined ? undefined : this.#nodes.get(node);
    const zone = home === undefined ? undefined : labelOf(home, ZONE);
    const hostname = endpointHostname(service, pod);
    return freezeDeep<Endpoint>({
      addresses: [pod.status?.podIP ?? ''],
      conditions: { ready, serving, terminating },
      ...(hostname === undefined ? {} : { hostname }),
      targetRef: podReference(pod),
      ...(node === undefined ? {} : { nodeName: node }),
      ...(zone === undefined ? {} : { zone }),
    });
  }

  /** Writes the slices that changed; empty ones go, but one stays to say that there are none. */
  *#write(service: Service, state: ServiceState, trigger: string | undefined): Task<SyncFailure> {
    const { client } = this.#context;
    const namespace = service.metadata.namespace ?? '';
    const filled = state.slices.filter((slice) => slice.members.size > 0);
    const empty = state.slices.filter((slice) => slice.members.size === 0);
    let placeholder: SliceState | undefined;
    if (filled.length === 0) {
      placeholder = empty.shift() ?? {
        group: '',
        members: new Map(),
        changed: true,
        object: undefined,
      };
      if (placeholder.group !== '') placeholder.changed = true;
      placeholder.group = '';
    }
    state.slices = placeholder === undefined ? filled : [placeholder];
    for (const slice of state.slices) {
      if (!slice.changed) continue;
      const object = this.#object(service, state, slice, trigger);
      const written =
        slice.object === undefined
          ? yield* client.create<EndpointSlice>(ENDPOINT_SLICES, object)
          : yield* client.update<EndpointSlice>(ENDPOINT_SLICES, object);
      if (!written.ok) {
        const gone = service.metadata.deletionTimestamp !== undefined;
        return gone ? undefined : written.error.message;
      }
      slice.object = written.value;
      slice.changed = false;
    }
    for (const slice of empty) {
      if (slice.object === undefined) continue;
      const name = slice.object.metadata.name;
      const deleted = yield* client.delete(ENDPOINT_SLICES, namespace, name);
      if (!deleted.ok && deleted.error.code !== 404) return deleted.error.message;
    }
    return undefined;
  }

  #object(
    service: Service,
    state: ServiceState,
    slice: SliceState,
    trigger: string | undefined,
  ): EndpointSlice {
    const endpoints = Object.freeze([...slice.members.values()]);
    const ports = state.ports.get(slice.group) ?? [];
    const labels = sliceLabels(service);
    const time = trigger ?? service.metadata.creationTimestamp;
    const annotations =
      (slice.object === undefined ? time : trigger) === undefined
        ? undefined
        : Object.freeze({
            [TRIGGER_TIME]: (slice.object === undefined ? time : trigger) as string,
          });
    const old = slice.object;
    if (old !== undefined) {
      return withFields<EndpointSlice>(old, {
        metadata: withFields(old.metadata, { labels, annotations }),
        endpoints,
        ports: freezeDeep(ports),
      });
    }
    return freezeDeep<EndpointSlice>({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: '',
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace,
        labels,
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controllerRef(service)],
      },
      addressType: 'IPv4',
      endpoints,
      ports,
    });
  }
}

function remove(state: ServiceState, key: string, slice: SliceState): void {
  slice.members.delete(key);
  slice.changed = true;
  state.where.delete(key);
}

function readyTime(pod: Pod): string | undefined {
  return pod.status?.conditions?.find((each) => each.type === 'Ready')?.lastTransitionTime;
}

/** The Service's own labels, and those that the controller needs. */
function sliceLabels(service: Service): Readonly<Record<string, string>> {
  return Object.freeze({
    ...service.metadata.labels,
    [MANAGED_BY]: MANAGER,
    [SERVICE_NAME]: service.metadata.name,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
  });
}
