/**
 * The EndpointSlice mirroring controller (k8s.io/kubernetes/pkg/controller/endpointslicemirroring,
 * v1.34): Endpoints that somebody made by hand, for a Service without selector, appear as
 * EndpointSlices too. Watches Endpoints, Services and its own slices; the key is the Endpoints'. One
 * slice per subset, at most 1,000 addresses each. Event: FailedToUpdateEndpointSlices.
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import { annotationOf, controllerRef, entriesOf, labelOf } from '../../ground/api/meta.ts';
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import type {
  Endpoint,
  EndpointAddress,
  Endpoints,
  EndpointSlice,
  EndpointSubset,
  Service,
} from '../../ground/api/types.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { MANAGED_BY, SERVICE_NAME } from './endpointslice.ts';
import { portsKey, TRIGGER_TIME } from './service-pods.ts';

const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const BY_SERVICE = 'mirroredService';

export const endpointSliceMirroringController: Controller = {
  name: 'endpointslice-mirroring-controller',
  account: 'endpointslicemirroring-controller',
  component: 'endpoint-slice-mirroring-controller',
  start: (context) => new Mirroring(context).start(),
};

class Mirroring {
  readonly #context: ControllerContext;
  readonly #endpoints: Informer<Endpoints>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#endpoints = context.informers.of<Endpoints>(ENDPOINTS);
    this.#services = context.informers.of<Service>(SERVICES);
    this.#slices = context.informers.of<EndpointSlice>(ENDPOINT_SLICES);
    this.#queue = new WorkQueue(context.process, 'endpoint_slice_mirroring');
    this.#slices.addIndex(BY_SERVICE, (slice) => {
      const mine = labelOf(slice, MANAGED_BY) === MANAGER;
      return mine ? [`${slice.metadata.namespace}/${labelOf(slice, SERVICE_NAME)}`] : [];
    });
  }

  start(): void {
    // Endpoints of Services with a selector change all the time and are nobody's business here.
    const mirrored = (endpoints: Endpoints): void => {
      const key = keyOf(endpoints);
      if (this.#hasSelector(key) && this.#slices.countByIndex(BY_SERVICE, key) === 0) return;
      this.#queue.add(key);
    };
    this.#endpoints.addHandler({
      onAdd: mirrored,
      onUpdate: (_, endpoints) => mirrored(endpoints),
      onDelete: mirrored,
    });
    this.#services.addHandler({
      onAdd: (service) => this.#queue.add(keyOf(service)),
      onUpdate: (old, service) => {
        if (old.spec?.selector !== service.spec?.selector) this.#queue.add(keyOf(service));
      },
      onDelete: (service) => this.#queue.add(keyOf(service)),
    });
    this.#slices.addHandler({
      onDelete: (slice) => {
        if (labelOf(slice, MANAGED_BY) !== MANAGER) return;
        this.#queue.add(`${slice.metadata.namespace}/${labelOf(slice, SERVICE_NAME)}`);
      },
    });
    const informers = [this.#endpoints, this.#services, this.#slices];
    const options = { workers: 5, retriesMax: 15 };
    startWorkers(this.#context, this.#queue, informers, options, (key) => this.#reconcile(key));
  }

  #hasSelector(key: string): boolean {
    return Object.keys(this.#services.get(key)?.spec?.selector ?? {}).length > 0;
  }

  *#reconcile(key: string): Task<SyncFailure> {
    const endpoints = this.#endpoints.get(key);
    const service = this.#services.get(key);
    const mine = [...this.#slices.byIndex(BY_SERVICE, key)];
    const wanted =
      endpoints === undefined ||
      service === undefined ||
      this.#hasSelector(key) ||
      !shouldMirror(endpoints)
        ? []
        : this.#wanted(endpoints);
    const failure = yield* this.#apply(mine, wanted);
    if (failure !== undefined && endpoints !== undefined) {
      const message = `Error updating Endpoint Slices for Endpoints ${key}: ${failure}`;
      const { recorder } = this.#context;
      recorder.event(endpoints, 'Warning', 'FailedToUpdateEndpointSlices', message);
    }
    return failure;
  }

  #wanted(endpoints: Endpoints): readonly EndpointSlice[] {
    const max = this.#context.flags.mirroringMaxEndpointsPerSubset;
    return (endpoints.subsets ?? [])
      .map((subset) => sliceOf(endpoints, subset, max))
      .filter((slice) => slice.endpoints.length > 0);
  }

  /** Keeps slices of the same ports, updates what differs, makes and deletes the rest. */
  *#apply(mine: readonly EndpointSlice[], wanted: readonly EndpointSlice[]): Task<SyncFailure> {
    const { client } = this.#context;
    const unused = new Set(mine);
    for (const slice of wanted) {
      const ports = portsKey(slice.ports ?? []);
      const old = [...unused].find((each) => portsKey(each.ports ?? []) === ports);
      if (old === undefined) {
        const created = yield* client.create<EndpointSlice>(ENDPOINT_SLICES, slice);
        if (!created.ok) return created.error.message;
        continue;
      }
      unused.delete(old);
      const { labels, annotations } = slice.metadata;
      const next = withFields<EndpointSlice>(old, {
        metadata: withFields(old.metadata, { labels, annotations }),
        endpoints: sameValue(old.endpoints, slice.endpoints) ? old.endpoints : slice.endpoints,
      });
      if (sameValue(next, old)) continue;
      const updated = yield* client.update<EndpointSlice>(ENDPOINT_SLICES, next);
      if (!updated.ok) return updated.error.message;
    }
    for (const slice of unused) {
      const { namespace = '', name } = slice.metadata;
      const deleted = yield* client.delete(ENDPOINT_SLICES, namespace, name);
      if (!deleted.ok && deleted.error.code !== 404) return deleted.error.message;
    }
    return undefined;
  }
}

function shouldMirror(endpoints: Endpoints): boolean {
  return (
    labelOf(endpoints, SKIP_MIRROR) !== 'true' && annotationOf(endpoints, LEADER) === undefined
  );
}

function sliceOf(endpoints: Endpoints, subset: EndpointSubset, max: number): EndpointSlice {
  const ready = (subset.addresses ?? []).map((address) => endpointOf(address, true));
  const notReady = (subset.notReadyAddresses ?? []).map((address) => endpointOf(address, false));
  const annotations = entriesOf(endpoints.metadata.annotations).filter(
    ([key]) => key !== LAST_APPLIED && key !== TRIGGER_TIME,
  );
  return freezeDeep<EndpointSlice>({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${endpoints.metadata.name}-`,
      namespace: endpoints.metadata.namespace,
      labels: {
        ...endpoints.metadata.labels,
        [SERVICE_NAME]: endpoints.metadata.name,
        [MANAGED_BY]: MANAGER,
      },
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
      ownerReferences: [controllerRef(endpoints)],
    },
    addressType: 'IPv4',
    endpoints: [...ready, ...notReady].slice(0, max),
    ports: subset.ports ?? [],
  });
}

function endpointOf(address: EndpointAddress, ready: boolean): Endpoint {
  const { ip, hostname, nodeName, targetRef } = address;
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}
