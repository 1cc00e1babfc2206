/**
 * The namespace controller (k8s.io/kubernetes/pkg/controller/namespace, v1.34): empties a namespace that
 * is being deleted, pods first, then every other resource that discovery lists, and removes the
 * finalizer `kubernetes` when nothing is left. Watches Namespaces; the key is the name. What still
 * stands is told in five conditions.
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import { withCondition } from '../../ground/api/meta.ts';
import { NAMESPACES } from '../../ground/api/names.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { Namespace, NamespaceCondition, Pod } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { sortedText } from '../../ground/base/text.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import { resourcePath } from '../../spine/client/paths.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { failureOf } from '../../spine/client/client.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { discover, type ServedResource } from './discovery.ts';

const FINALIZER = 'kubernetes';
const WORKERS = 10;
/** A deleted namespace waits this long, so that all API servers know of it. */
const GRACE = 5 * SECOND;

export const namespaceController: Controller = {
  name: 'namespace-controller',
  account: 'namespace-controller',
  component: 'namespace-controller',
  start: (context) => new NamespaceController(context).start(),
};

/** What is left after one round of deleting. */
interface Remaining {
  /** `pods. has 2 resource instances` */
  readonly kinds: Map<string, number>;
  readonly finalizers: Map<string, number>;
  readonly failures: string[];
  /** Longest time, in seconds, that something asked for. */
  seconds: number;
}

class NamespaceController {
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#namespaces = context.informers.of<Namespace>(NAMESPACES);
    this.#queue = new WorkQueue(context.process, 'namespace', {
      baseDelay: 5_000,
      maxDelay: 60 * SECOND,
    });
  }

  start(): void {
    const enqueue = (namespace: Namespace): void => {
      if (namespace.metadata.deletionTimestamp === undefined) return;
      if ((namespace.spec?.finalizers ?? []).length === 0) return;
      this.#queue.addAfter(namespace.metadata.name, GRACE);
    };
    this.#namespaces.addHandler({ onAdd: enqueue, onUpdate: (_, namespace) => enqueue(namespace) });
    const options = { workers: WORKERS };
    startWorkers(this.#context, this.#queue, [this.#namespaces], options, (key) =>
      this.#reconcile(key),
    );
  }

  *#reconcile(name: string): Task<SyncFailure> {
    const { client } = this.#context;
    const found = yield* client.get<Namespace>(NAMESPACES, '', name);
    if (!found.ok) return found.error.code === 404 ? undefined : found.error.message;
    const namespace = found.value;
    if (namespace.metadata.deletionTimestamp === undefined) return undefined;
    if (!(namespace.spec?.finalizers ?? []).includes(FINALIZER)) return undefined;
    const resources = yield* discover(client);
    const left: Remaining = { kinds: new Map(), finalizers: new Map(), failures: [], seconds: 0 };
    if (resources.ok) yield* this.#empty(name, resources.value, left);
    const discovery = resources.ok ? undefined : resources.error;
    const written = yield* this.#writeStatus(namespace, discovery, left);
    if (typeof written === 'string') return written;
    if (discovery !== undefined) return discovery;
    if (left.failures.length > 0) return left.failures.join(', ');
    if (left.kinds.size > 0) {
      this.#queue.addAfter(name, Math.floor((left.seconds / 2 + 1) * SECOND));
      return undefined;
    }
    return yield* this.#finalize(written);
  }

  /** Deletes all content, pods before the rest, and counts what is still there. */
  *#empty(namespace: string, resources: readonly ServedResource[], left: Remaining): Task<void> {
    const deletable = resources.filter(
      (each) => each.namespaced && each.verbs.includes('delete') && each.verbs.includes('list'),
    );
    const isPod = (each: ServedResource) => each.group === '' && each.resource === 'pods';
    const pods = deletable.find(isPod);
    if (pods !== undefined) {
      yield* this.#emptyOne(namespace, pods, left);
      if (left.kinds.size > 0) return;
    }
    for (const resource of deletable) {
      if (!isPod(resource)) yield* this.#emptyOne(namespace, resource, left);
    }
  }

  *#emptyOne(namespace: string, resource: ServedResource, left: Remaining): Task<void> {
    const { client } = this.#context;
    const before = yield* client.list<KubeObject>(resource, namespace);
    if (!before.ok) {
      if (before.error.code !== 404 && before.error.code !== 405) {
        left.failures.push(before.error.message);
      }
      return;
    }
    if (before.value.items.length === 0) return;
    const failure = yield* this.#deleteAll(namespace, resource, before.value.items);
    if (failure !== undefined) left.failures.push(failure);
    const after = yield* client.list<KubeObject>(resource, namespace);
    const items = after.ok ? after.value.items : [];
    if (items.length === 0) return;
    left.kinds.set(`${resource.resource}.${resource.group}`, items.length);
    for (const item of items) {
      for (const finalizer of item.metadata.finalizers ?? []) {
        left.finalizers.set(finalizer, (left.finalizers.get(finalizer) ?? 0) + 1);
      }
      const grace =
        resource.resource === 'pods'
          ? ((item as Pod).spec?.terminationGracePeriodSeconds ?? 0)
          : 15;
      left.seconds = Math.max(left.seconds, grace);
    }
  }

  *#deleteAll(
    namespace: string,
    resource: ServedResource,
    items: readonly KubeObject[],
  ): Task<SyncFailure> {
    const { client } = this.#context;
    if (!resource.verbs.includes('deletecollection')) {
      for (const item of items) {
        const name = item.metadata.name;
        const deleted = yield* client.delete(resource, namespace, name, {
          propagationPolicy: 'Background',
        });
        if (!deleted.ok && deleted.error.code !== 404) return deleted.error.message;
      }
      return undefined;
    }
    const target = `${resourcePath(resource, namespace)}?propagationPolicy=Background`;
    const request = { method: 'DELETE', target, headers: new Map(), body: undefined };
    const response = yield* client.raw(request);
    if (!response.ok) return response.error.message;
    if (response.value.status >= 400) {
      return (yield* failureOf('DELETE', target, response.value)).message;
    }
    yield* response.value.whole();
    return undefined;
  }

  *#writeStatus(
    namespace: Namespace,
    discovery: string | undefined,
    left: Remaining,
  ): Task<Namespace | string> {
    const old = namespace.status?.conditions;
    let conditions = old;
    for (const condition of conditionsOf(discovery, left)) {
      const time = formatRfc3339(this.#context.process.clock.wall());
      conditions = withCondition<NamespaceCondition>(conditions, {
        ...condition,
        lastTransitionTime: time,
      });
    }
    if (sameValue(old, conditions)) return namespace;
    const next = withFields<Namespace>(namespace, {
      status: withFields(namespace.status ?? EMPTY, { conditions }),
    });
    const written = yield* this.#context.client.update<Namespace>(NAMESPACES, next, {
      subresource: 'status',
    });
    return written.ok ? written.value : written.error.message;
  }

  *#finalize(namespace: Namespace): Task<SyncFailure> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((each) => each !== FINALIZER);
    const next = withFields<Namespace>(namespace, { spec: freezeDeep({ finalizers }) });
    const written = yield* this.#context.client.update<Namespace>(NAMESPACES, next, {
      subresource: 'finalize',
    });
    return written.ok || written.error.code === 404 ? undefined : written.error.message;
  }
}

const EMPTY: NonNullable<Namespace['status']> = Object.freeze({});

/** The five conditions of a namespace that is being deleted. */
function conditionsOf(
  discovery: string | undefined,
  left: Pick<Remaining, 'kinds' | 'finalizers' | 'failures'>,
): readonly NamespaceCondition[] {
  const state = (
    type: string,
    failing: boolean,
    bad: readonly [reason: string, message: string],
    good: readonly [reason: string, message: string],
  ): NamespaceCondition => {
    const [reason, message] = failing ? bad : good;
    return { type, status: failing ? 'True' : 'False', reason, message };
  };
  const remaining = sortedText(left.kinds.keys())
    .map((kind) => `${kind} has ${left.kinds.get(kind)} resource instances`)
    .join(', ');
  const finalizing = sortedText(left.finalizers.keys())
    .map((name) => `${name} in ${left.finalizers.get(name)} resource instances`)
    .join(', ');
  return [
    state(
      'NamespaceDeletionDiscoveryFailure',
      discovery !== undefined,
      ['DiscoveryFailed', `Discovery failed for some groups, 1 failing: ${discovery}`],
      ['ResourcesDiscovered', 'All resources successfully discovered'],
    ),
    state(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      ['GroupVersionParsingFailed', ''],
      ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    ),
    state(
      'NamespaceDeletionContentFailure',
      left.failures.length > 0,
      [
        'ContentDeletionFailed',
        `Failed to delete all resource types, ${left.failures.length} remaining: ${left.failures.join(', ')}`,
      ],
      ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    ),
    state(
      'NamespaceContentRemaining',
      left.kinds.size > 0,
      ['SomeResourcesRemain', `Some resources are remaining: ${remaining}`],
      ['ContentRemoved', 'All content successfully removed'],
    ),
    state(
      'NamespaceFinalizersRemaining',
      left.finalizers.size > 0,
      [
        'SomeFinalizersRemain',
        `Some content in the namespace has finalizers remaining: ${finalizing}`,
      ],
      ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    ),
  ];
}
