/**
 * One API server: caches and registries of its resources behind the pipeline. This is the library
 * under kube-apiserver (and later under other API servers); programs give it descriptors, hooks and
 * who may do what.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { apiVersionOf } from '../../../ground/api/object.ts';
import type { Task } from '../../../ground/base/task.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { sleepInBackground } from '../../client/background.ts';
import type { AdmissionPlugin, Hooks, RequestContext } from './context.ts';
import type { Answer } from './handler.ts';
import { Registry } from './registry.ts';
import type { Store } from './store.ts';
import { strayOf, unknownPath } from './routes.ts';
import { bookmarkObject, serveResource } from './verbs.ts';
import { ResourceCache } from './watch-cache.ts';
import { ClientWatch } from './watch.ts';

/** Answers a subresource; true when it did. */
export type Subresource = (
  registry: Registry,
  context: RequestContext,
  answer: Answer,
) => Task<void>;

export interface ApiOptions {
  readonly component: string;
  /** Watches last this long or up to twice as long (`--min-request-timeout`). */
  readonly watchSecondsMin: number;
  readonly descriptors: readonly ResourceDescriptor[];
  readonly hooks: (descriptor: ResourceDescriptor) => Hooks;
  readonly admission: readonly AdmissionPlugin[];
  /** By `resource/subresource` of the core group, or `resource.group/subresource`. */
  readonly subresources: ReadonlyMap<string, Subresource>;
  /** Creates of reviews, by resource. */
  readonly virtual: ReadonlyMap<string, Subresource>;
}

/** How often watches that asked for it hear how far they are. */
const BOOKMARK_PERIOD = 60 * SECOND;

export class Api {
  readonly store: Store;
  readonly registries = new Map<string, Registry>();
  readonly #options: ApiOptions;

  constructor(store: Store, options: ApiOptions) {
    this.store = store;
    this.#options = options;
    for (const descriptor of options.descriptors) this.#install(descriptor);
  }

  get descriptors(): readonly ResourceDescriptor[] {
    return this.#options.descriptors;
  }

  registry(group: string, resource: string, version = 'v1'): Registry | undefined {
    return this.registries.get(`${group}/${version}/${resource}`);
  }

  /** The registry of a kind: `registryOfKind('apps/v1', 'Deployment')`. */
  registryOfKind(apiVersion: string, kind: string): Registry | undefined {
    for (const registry of this.registries.values()) {
      const { descriptor } = registry;
      if (descriptor.kind === kind && apiVersionOf(descriptor) === apiVersion) return registry;
    }
    return undefined;
  }

  /** Answers a request for a resource. */
  *serve(context: RequestContext, answer: Answer): Task<void> {
    const { info } = context;
    const registry = this.registry(info.group, info.resource, info.version);
    if (registry === undefined) return unknownPath(answer, this.#servesGroup(info.group));
    const strays = strayOf(registry.descriptor, info, answer.exchange.request.method);
    if (strays !== undefined) return answer.fail(strays.error);
    const { deprecation } = registry.descriptor;
    if (deprecation !== undefined) context.warnings.add(deprecation);
    const qualified = info.group === '' ? info.resource : `${info.resource}.${info.group}`;
    if (info.subresource !== '') {
      const own = this.#options.subresources.get(`${qualified}/${info.subresource}`);
      if (own !== undefined) return yield* own(registry, context, answer);
      const listed = registry.descriptor.subresources.some(
        (each) => each.name === info.subresource,
      );
      if (!listed || info.subresource !== 'status') return unknownPath(answer, true);
      return yield* serveResource(registry, context, answer);
    }
    const virtual = this.#options.virtual.get(qualified);
    if (virtual !== undefined) return yield* virtual(registry, context, answer);
    return yield* serveResource(registry, context, answer);
  }

  #servesGroup(group: string): boolean {
    return this.#options.descriptors.some((each) => each.group === group);
  }

  /** Sends bookmarks for ever. */
  *runBookmarks(process: Process): Task<void> {
    for (;;) {
      yield* sleepInBackground(process, BOOKMARK_PERIOD);
      for (const registry of this.registries.values()) {
        let object: ReturnType<typeof bookmarkObject> | undefined;
        for (const watcher of registry.cache.allWatchers()) {
          if (!(watcher instanceof ClientWatch) || !watcher.bookmarks) continue;
          object ??= bookmarkObject(registry, this.store.revision);
          watcher.bookmark(object);
        }
      }
    }
  }

  #install(descriptor: ResourceDescriptor): void {
    const { hooks, admission } = this.#options;
    let cache = this.store.caches.get(descriptor.storagePrefix);
    if (cache === undefined || descriptor.virtual === true) {
      cache = new ResourceCache(descriptor);
      if (descriptor.virtual !== true) this.store.addCache(cache);
    }
    const registry = new Registry(
      cache,
      this.store,
      hooks(descriptor),
      admission,
      this.#options,
      descriptor,
    );
    this.registries.set(
      `${descriptor.group}/${descriptor.version}/${descriptor.resource}`,
      registry,
    );
  }
}
