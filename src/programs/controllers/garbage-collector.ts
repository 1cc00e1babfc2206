/**
 * The garbage collector (k8s.io/kubernetes/pkg/controller/garbagecollector, v1.34): deletes what has
 * lost its owners. Watches every resource that discovery lists as deletable (asked again every 30 s);
 * works on UIDs. Event: OwnerRefInvalidNamespace.
 *
 * Before it deletes, it looks: the object and its owners are read over the API, never judged by the
 * graph alone. Not modelled: JSON-merge fallbacks for custom resources.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { hasFinalizer } from '../../ground/api/meta.ts';
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import type { OwnerReference } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import { discover, type ServedResource } from './discovery.ts';
import { FOREGROUND, type GraphNode, ORPHAN, OwnerGraph } from './gc-graph.ts';

const WORKERS = 20;
const RESYNC = 30 * SECOND;
const ABSENT_MAX = 500;
/** Resources that are never collected. */
const IGNORED: ReadonlySet<string> = new Set(['events', 'events.k8s.io/events']);

export const garbageCollector: Controller = {
  name: 'garbage-collector-controller',
  account: 'generic-garbage-collector',
  component: 'garbage-collector-controller',
  start: (context) => new GarbageCollector(context).start(),
};

/** Owners by what they turned out to be. */
interface Classified {
  readonly solid: readonly OwnerReference[];
  readonly dangling: readonly OwnerReference[];
  /** Being deleted in the foreground, with this object in the way. */
  readonly waiting: readonly OwnerReference[];
}

class GarbageCollector {
  readonly #context: ControllerContext;
  readonly #graph: OwnerGraph;
  readonly #deletions: WorkQueue;
  readonly #orphans: WorkQueue;
  readonly #resources = new Map<string, ServedResource>();
  /** UIDs and places of owners that were found absent. */
  readonly #absent = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deletions = new WorkQueue(context.process, 'garbage_collector_attempt_to_delete');
    this.#orphans = new WorkQueue(context.process, 'garbage_collector_attempt_to_orphan');
    this.#graph = new OwnerGraph({
      attemptToDelete: (uid) => this.#deletions.add(uid),
      attemptToOrphan: (uid) => this.#orphans.add(uid),
    });
  }

  start(): void {
    this.#context.process.start('garbage collector discovery', this.#follow());
  }

  /** Watches what is served; workers start once everything of the first discovery is in the graph. */
  *#follow(): Task<void> {
    const { client, informers, process } = this.#context;
    let started = false;
    for (;;) {
      const found = yield* discover(client);
      if (found.ok) {
        const added = found.value.filter((each) => this.#isNew(each));
        for (const resource of added) this.#watch(resource);
        if (!started) {
          for (const resource of added) yield* informers.of(resource).synced.wait();
          started = true;
          this.#startWorkers();
        }
      } else {
        process.log(
          'E',
          'garbagecollector.go:787',
          `"failed to get all discoverable resources" err="${found.error}"`,
        );
      }
      yield* sleepInBackground(process, started ? RESYNC : SECOND);
    }
  }

  #isNew(resource: ServedResource): boolean {
    const qualified =
      resource.group === '' ? resource.resource : `${resource.group}/${resource.resource}`;
    const deletable = ['delete', 'list', 'watch'].every((verb) => resource.verbs.includes(verb));
    if (!deletable || IGNORED.has(qualified)) return false;
    const key = kindKey(versionText(resource), resource.kind);
    if (this.#resources.has(key)) return false;
    this.#resources.set(key, resource);
    return true;
  }

  #watch(resource: ServedResource): void {
    this.#context.informers.of(resource).addHandler({
      onAdd: (object) => this.#graph.seen(object, undefined),
      onUpdate: (old, object) => {
        if (old.metadata.uid !== object.metadata.uid) this.#gone(old);
        this.#graph.seen(object, old);
      },
      onDelete: (object) => this.#gone(object),
    });
  }

  #gone(object: KubeObject): void {
    this.#noteAbsent(object.metadata.uid ?? '');
    this.#graph.gone(object.metadata.uid ?? '');
  }

  #noteAbsent(uid: string): void {
    this.#absent.add(uid);
    if (this.#absent.size <= ABSENT_MAX) return;
    const oldest = this.#absent.values().next().value;
    if (oldest !== undefined) this.#absent.delete(oldest);
  }

  #startWorkers(): void {
    const options = { workers: WORKERS };
    startWorkers(this.#context, this.#deletions, [], options, (uid) => this.#attemptToDelete(uid));
    startWorkers(this.#context, this.#orphans, [], options, (uid) => this.#attemptToOrphan(uid));
  }

  *#attemptToDelete(uid: string): Task<SyncFailure> {
    const node = this.#graph.get(uid);
    if (node === undefined) return undefined;
    if (!node.virtual && node.deleting && !node.deletingDependents) return undefined;
    const live = yield* this.#read(node.apiVersion, node.kind, node.namespace, node.name);
    if (!live.ok) return live.error;
    if (live.value === undefined || live.value.metadata.uid !== uid) {
      this.#noteAbsent(uid);
      this.#graph.gone(uid);
      return undefined;
    }
    // It exists: an informer will show it, or has shown it under way.
    if (node.virtual) return undefined;
    if (node.deletingDependents) return yield* this.#deleteDependents(node, live.value);
    const owners = live.value.metadata.ownerReferences ?? [];
    if (owners.length === 0) return undefined;
    const classified = yield* this.#classify(node, live.value, owners);
    if (!classified.ok) return classified.error;
    return yield* this.#decide(node, live.value, classified.value);
  }

  *#decide(node: GraphNode, live: KubeObject, owners: Classified): Task<SyncFailure> {
    const { solid, dangling, waiting } = owners;
    if (solid.length > 0) {
      const surplus = [...dangling, ...waiting];
      if (surplus.length === 0) return undefined;
      return yield* this.#patch(live, {
        metadata: {
          uid: node.uid,
          ownerReferences: surplus.map((owner) => ({ $patch: 'delete', uid: owner.uid })),
        },
      });
    }
    if (waiting.length > 0 && node.dependents.size > 0) {
      // A cycle of objects that wait for each other is broken by letting the owners go first.
      if ([...node.dependents].some((dependent) => dependent.deletingDependents)) {
        const ownerReferences = (live.metadata.ownerReferences ?? []).map((owner) => ({
          uid: owner.uid,
          blockOwnerDeletion: false,
        }));
        const failure = yield* this.#patch(live, { metadata: { uid: node.uid, ownerReferences } });
        if (failure !== undefined) return failure;
      }
      return yield* this.#delete(live, 'Foreground');
    }
    const policy = hasFinalizer(live, ORPHAN)
      ? 'Orphan'
      : hasFinalizer(live, FOREGROUND)
        ? 'Foreground'
        : 'Background';
    return yield* this.#delete(live, policy);
  }

  /** Foreground: waits for the dependents that block, and lets the object go when none is left. */
  *#deleteDependents(node: GraphNode, live: KubeObject): Task<SyncFailure> {
    const blocking = this.#graph.blockingDependents(node);
    if (blocking.length === 0) return yield* this.#removeFinalizer(live, FOREGROUND);
    for (const dependent of blocking) {
      if (!dependent.deletingDependents) this.#deletions.add(dependent.uid);
    }
    return undefined;
  }

  *#attemptToOrphan(uid: string): Task<SyncFailure> {
    const node = this.#graph.get(uid);
    if (node === undefined) return undefined;
    for (const dependent of [...node.dependents]) {
      const patch = {
        metadata: { uid: dependent.uid, ownerReferences: [{ $patch: 'delete', uid }] },
      };
      const { apiVersion, kind, namespace, name } = dependent;
      const target = { apiVersion, kind, metadata: { namespace, name } };
      const failure = yield* this.#patch(target, patch);
      if (failure !== undefined) return failure;
    }
    const live = yield* this.#read(node.apiVersion, node.kind, node.namespace, node.name);
    if (!live.ok) return live.error;
    return live.value === undefined ? undefined : yield* this.#removeFinalizer(live.value, ORPHAN);
  }

  *#classify(
    node: GraphNode,
    live: KubeObject,
    owners: readonly OwnerReference[],
  ): Task<Result<Classified, string>> {
    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const reference of owners) {
      if (this.#absent.has(reference.uid)) {
        dangling.push(reference);
        continue;
      }
      if (this.#isOutOfReach(node, live, reference)) {
        dangling.push(reference);
        continue;
      }
      const { apiVersion, kind, name } = reference;
      const owner = yield* this.#read(apiVersion, kind, node.namespace, name);
      if (!owner.ok) return owner;
      if (owner.value === undefined || owner.value.metadata.uid !== reference.uid) {
        this.#noteAbsent(reference.uid);
        dangling.push(reference);
        continue;
      }
      const deleting = owner.value.metadata.deletionTimestamp !== undefined;
      const waits = deleting && hasFinalizer(owner.value, FOREGROUND);
      (waits ? waiting : solid).push(reference);
    }
    return ok({ solid, dangling, waiting });
  }

  /** A namespaced owner in another namespace, or of a cluster-wide object, does not count. */
  #isOutOfReach(node: GraphNode, live: KubeObject, reference: OwnerReference): boolean {
    const owner = this.#graph.get(reference.uid);
    const resource = this.#resources.get(kindKey(reference.apiVersion, reference.kind));
    const elsewhere =
      owner !== undefined &&
      !owner.virtual &&
      owner.namespace !== '' &&
      owner.namespace !== node.namespace;
    if (!elsewhere && !(resource?.namespaced === true && node.namespace === '')) return false;
    const { apiVersion, kind, name, uid } = reference;
    const message = `ownerRef [${apiVersion}/${kind}, namespace: ${node.namespace}, name: ${name}, uid: ${uid}] does not exist in namespace "${node.namespace}"`;
    this.#context.recorder.event(live, 'Warning', 'OwnerRefInvalidNamespace', message);
    return true;
  }

  /** The object as the server has it now; undefined when it is not there. */
  *#read(
    apiVersion: string,
    kind: string,
    namespace: string,
    name: string,
  ): Task<Result<KubeObject | undefined, string>> {
    const resource = this.#resources.get(kindKey(apiVersion, kind));
    if (resource === undefined)
      return err(`no matches for kind "${kind}" in version "${apiVersion}"`);
    const place = resource.namespaced ? namespace : '';
    const found = yield* this.#context.client.get(resource, place, name);
    if (found.ok) return ok(found.value);
    return found.error.code === 404 ? ok(undefined) : err(found.error.message);
  }

  *#delete(live: KubeObject, propagationPolicy: string): Task<SyncFailure> {
    const resource = this.#resourceOf(live);
    if (resource === undefined) return undefined;
    const { namespace = '', name, uid } = live.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    const deleted = yield* this.#context.client.delete(resource, namespace, name, {
      propagationPolicy,
      ...preconditions,
    });
    return deleted.ok || deleted.error.code === 404 ? undefined : deleted.error.message;
  }

  *#removeFinalizer(live: KubeObject, finalizer: string): Task<SyncFailure> {
    if (!hasFinalizer(live, finalizer)) return undefined;
    const finalizers = (live.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    const { resourceVersion } = live.metadata;
    return yield* this.#patch(
      live,
      { metadata: { resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers } },
      'merge',
    );
  }

  *#patch(
    target: Pick<KubeObject, 'apiVersion' | 'kind'> & {
      readonly metadata: { readonly namespace?: string | undefined; readonly name: string };
    },
    patch: unknown,
    type: 'strategic' | 'merge' = 'strategic',
  ): Task<SyncFailure> {
    const resource = this.#resourceOf(target);
    if (resource === undefined) return undefined;
    const { namespace = '', name } = target.metadata;
    const { client } = this.#context;
    const patched = yield* client.patch(resource, namespace, name, type, freezeDeep(patch));
    return patched.ok || patched.error.code === 404 ? undefined : patched.error.message;
  }

  #resourceOf(object: Pick<KubeObject, 'apiVersion' | 'kind'>): ResourceName | undefined {
    return this.#resources.get(kindKey(object.apiVersion, object.kind));
  }
}

function versionText(resource: ResourceName): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

function kindKey(apiVersion: string, kind: string): string {
  return `${apiVersion}/${kind}`;
}
