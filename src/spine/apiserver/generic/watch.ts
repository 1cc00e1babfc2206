/**
 * One watch of one client: turns cache events into watch events for its filter and posts them on the
 * answer's stream (k8s.io/apiserver/pkg/endpoints/handlers/watch.go and cacher/cache_watcher.go,
 * v0.34). The body of an event is made once and shared by all watches that read objects as they are;
 * Tables and PartialObjectMetadata are made per encoding.
 */
import type { KubeObject } from '../../../ground/api/object.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import type { Message } from '../../../machines/network/chunk.ts';
import { inSchemaOrder } from '../../../ground/api/encode.ts';
import { watchMessage } from '../../client/api-body.ts';
import type { CacheEvent, CacheWatcher, EventType, Filter, ResourceCache } from './watch-cache.ts';

/** How a client wants objects: as they are (undefined), or changed into something else. */
export type Transform = ((object: KubeObject) => KubeObject) | undefined;

export class ClientWatch implements CacheWatcher {
  readonly filter: Filter;
  /** The client asked for bookmarks. */
  readonly bookmarks: boolean;
  readonly #cache: ResourceCache;
  readonly #exchange: HttpExchange;
  readonly #transform: Transform;
  /** Events up to here were known when the watch began. A revision may have several events. */
  readonly #from: number;

  constructor(
    cache: ResourceCache,
    exchange: HttpExchange,
    filter: Filter,
    transform: Transform,
    bookmarks: boolean,
    from: number,
  ) {
    this.#cache = cache;
    this.#exchange = exchange;
    this.filter = filter;
    this.#transform = transform;
    this.bookmarks = bookmarks;
    this.#from = from;
  }

  /** Sends the event if it concerns this watch. A client that does not read is cut off. */
  deliver(event: CacheEvent): void {
    if (event.revision <= this.#from) return;
    const type = this.#typeOf(event);
    if (type === undefined || this.#exchange.gone) return;
    if (!this.#exchange.post(this.#body(event, type))) this.#exchange.abort();
  }

  /** A synthetic event for an object that is there when the watch begins. */
  add(object: KubeObject): void {
    const shown = this.#transform === undefined ? object : this.#transform(object);
    this.#exchange.post(watchMessage({ type: 'ADDED', object: shown }, inSchemaOrder));
  }

  /** Tells the client how far it is. */
  bookmark(object: KubeObject): void {
    if (this.#exchange.gone) return;
    this.#exchange.post(watchMessage({ type: 'BOOKMARK', object }));
  }

  /** An object that enters the filter is added, one that leaves it is deleted. */
  #typeOf(event: CacheEvent): EventType | undefined {
    const before = event.previous !== undefined && this.#matches(event.previous);
    const now = event.object !== undefined && this.#matches(event.object);
    if (now) return before ? 'MODIFIED' : 'ADDED';
    return before ? 'DELETED' : undefined;
  }

  #matches(object: KubeObject): boolean {
    const { namespace } = this.filter;
    if (namespace !== '' && object.metadata.namespace !== namespace) return false;
    return this.#cache.matches(this.filter, object);
  }

  #body(event: CacheEvent, type: EventType): Message {
    if (this.#transform !== undefined) {
      const object = this.#transform(shownObject(event, type));
      return watchMessage({ type, object }, inSchemaOrder);
    }
    let body = event.bodies[type];
    if (body === undefined) {
      body = watchMessage({ type, object: shownObject(event, type) }, inSchemaOrder);
      event.bodies[type] = body;
    }
    return body;
  }
}

/** What an event shows: the new state; for one that left, the old state with the new revision. */
function shownObject(event: CacheEvent, type: EventType): KubeObject {
  if (type !== 'DELETED') return event.object as KubeObject;
  return event.last ?? leaving(event);
}

function leaving(event: CacheEvent): KubeObject {
  const { previous, object } = event;
  const resourceVersion = object?.metadata.resourceVersion;
  const old = previous as KubeObject;
  return Object.freeze({
    ...old,
    metadata: Object.freeze({ ...old.metadata, resourceVersion }),
  }) as KubeObject;
}
