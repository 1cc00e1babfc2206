/**
 * The verbs of resources over HTTP: decodes what came, calls the registry, encodes what it gives
 * (k8s.io/apiserver/pkg/endpoints/handlers, v0.34). Each verb pays its CPU time first.
 */
import type { KubeObject } from '../../../ground/api/object.ts';
import { apiVersionOf } from '../../../ground/api/object.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import type { DeleteOptions } from '../../../ground/api/types.ts';
import { type FieldError, formatFieldError } from '../../../ground/api/field-error.ts';
import { type Err, ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import { enterBackground } from '../../client/background.ts';
import type { RequestContext } from './context.ts';
import { decodeAny, decodeBody } from './decode.ts';
import { deleteObject } from './delete.ts';
import { encodeList, encodeObject, transformFor } from './encode.ts';
import type { Answer } from './handler.ts';
import { filterOf, listObjects, revisionOf, waitFresh } from './list.ts';
import { applyPatch } from './patch.ts';
import type { Registry, UpdateOptions } from './registry.ts';
import {
  badRequest,
  expired,
  type Failure,
  invalid,
  methodNotAllowed,
  unknownError,
} from './status.ts';
import { isTrue } from './api-request.ts';
import {
  checkDeleteOptions,
  checkListOptions,
  checkWatchOptions,
  checkWriteOptions,
  numberOf,
} from './request-options.ts';
import { emptyParts } from './empty-parts.ts';
import { ClientWatch } from './watch.ts';
import type { Filter } from './watch-cache.ts';

/** Serves a request for a resource or its status. */
export function* serveResource(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { verb } = context.info;
  switch (verb) {
    case 'get':
      return yield* serveGet(registry, context, answer);
    case 'list':
      return yield* serveList(registry, context, answer);
    case 'watch':
      return yield* serveWatch(registry, context, answer);
    case 'create':
      return yield* serveCreate(registry, context, answer);
    case 'update':
      return yield* serveUpdate(registry, context, answer);
    case 'patch':
      return yield* servePatch(registry, context, answer);
    case 'delete':
      return yield* serveDelete(registry, context, answer);
    case 'deletecollection':
      return yield* serveDeleteCollection(registry, context, answer);
    default:
      return answer.fail(methodNotAllowed().error);
  }
}

function* serveGet(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiReadMicros);
  const revision = revisionOf(info.query.get('resourceVersion'));
  if (!revision.ok) return answer.fail(unreadable(revision.error).error);
  const wanted = revision.value;
  if (wanted !== undefined && wanted > registry.store.revision) {
    const fresh = yield* waitFresh(registry, wanted);
    if (!fresh.ok) return answer.fail(fresh.error);
  }
  const found = yield* registry.get(info.namespace, info.name, wanted);
  if (!found.ok) return answer.fail(found.error);
  encodeObject(answer, context, registry, 200, found.value);
}

function* serveList(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  const options = checkListOptions(info.query);
  if (!options.ok) return answer.fail(options.error);
  const filter = filterOf(registry, info.namespace, info.query);
  if (!filter.ok) return answer.fail(filter.error);
  yield* process.work(process.costs.apiListBaseMicros);
  const found = yield* listObjects(registry, filter.value, info.query);
  if (!found.ok) return answer.fail(found.error);
  const items = found.value.items.length;
  if (items > 0) yield* process.work(items * process.costs.apiListItemMicros);
  encodeList(answer, context, registry, found.value);
}

function* serveCreate(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiWriteMicros);
  const allowed = checkWriteOptions('CreateOptions', info.query);
  if (!allowed.ok) return answer.fail(allowed.error);
  const decoded = decodeBody(registry.descriptor, context, answer.exchange);
  if (!decoded.ok) return answer.fail(decoded.error);
  const named = placed(registry, context, decoded.value);
  if (!named.ok) return answer.fail(named.error);
  const created = yield* registry.create(context, registry.kept(named.value));
  if (!created.ok) return answer.fail(created.error);
  encodeObject(answer, context, registry, 201, created.value);
}

/** Namespace and name of the URL rule; a body that names others is refused. */
function placed(
  registry: Registry,
  context: RequestContext,
  object: KubeObject,
): Result<KubeObject, Failure> {
  const { info } = context;
  const { metadata } = object;
  if (info.name !== '' && (metadata.name ?? '') !== info.name) {
    if ((metadata.name ?? '') !== '') {
      return badRequest(
        `the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`,
      );
    }
    return badRequest('name must be provided');
  }
  if (!registry.descriptor.namespaced) return ok(object);
  const namespace = metadata.namespace ?? '';
  if (namespace === '') return ok(withMeta(object, { namespace: info.namespace }));
  if (namespace === info.namespace) return ok(object);
  return badRequest(
    `the namespace of the provided object does not match the namespace sent on the request`,
  );
}

function* serveUpdate(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiWriteMicros);
  const allowed = checkWriteOptions('UpdateOptions', info.query);
  if (!allowed.ok) return answer.fail(allowed.error);
  const decoded = decodeBody(registry.descriptor, context, answer.exchange);
  if (!decoded.ok) return answer.fail(decoded.error);
  const named = placed(registry, context, decoded.value);
  if (!named.ok) return answer.fail(named.error);
  const options: UpdateOptions = { part: partOf(info.subresource), retry: false, verb: 'update' };
  const wanted = ok(registry.kept(named.value));
  const updated = yield* registry.update(context, info.namespace, info.name, () => wanted, options);
  const absent = !updated.ok && updated.error.status.code === 404;
  if (absent && registry.descriptor.createOnUpdate && (named.value.metadata.uid ?? '') === '') {
    const may = context.authorizer?.authorize(context.user, { ...info, verb: 'create' });
    if (may?.ok === false) return answer.fail(may.error);
    const created = yield* registry.create(
      context,
      withMeta(wanted.value, { resourceVersion: undefined }),
    );
    if (!created.ok) return answer.fail(created.error);
    return encodeObject(answer, context, registry, 201, created.value);
  }
  if (!updated.ok) return answer.fail(updated.error);
  encodeObject(answer, context, registry, 200, updated.value);
}

function partOf(subresource: string): UpdateOptions['part'] {
  return subresource === 'status' ? 'status' : 'main';
}

function* servePatch(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiWriteMicros);
  const patch = applyPatch(registry, context, answer.exchange);
  if (!patch.ok) return answer.fail(patch.error);
  const allowed = checkWriteOptions('PatchOptions', info.query);
  if (!allowed.ok) return answer.fail(allowed.error);
  const options: UpdateOptions = { part: partOf(info.subresource), retry: true, verb: 'patch' };
  const updated = yield* registry.update(context, info.namespace, info.name, patch.value, options);
  if (!updated.ok) return answer.fail(updated.error);
  encodeObject(answer, context, registry, 200, updated.value);
}

/** DeleteOptions from the body, and from the query where the body has none. */
function deleteOptionsOf(
  context: RequestContext,
  exchange: HttpExchange,
): Result<Partial<DeleteOptions>, Failure> {
  const { query } = context.info;
  let options: Partial<DeleteOptions> = {};
  if (exchange.request.body !== undefined) {
    const parsed = decodeAny(exchange, 'meta.v1.DeleteOptions');
    if (!parsed.ok) return parsed;
    options = (parsed.value ?? {}) as unknown as Partial<DeleteOptions>;
  }
  const grace = numberOf(query, 'gracePeriodSeconds');
  if (!grace.ok) return grace;
  const policy = query.get('propagationPolicy');
  options = {
    ...options,
    ...(query.has('dryRun') ? { dryRun: query.all('dryRun') } : {}),
    ...(grace.value === undefined ? {} : { gracePeriodSeconds: grace.value }),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
  };
  // Less than nothing is the least that is not at once.
  if ((options.gracePeriodSeconds ?? 0) < 0) options = { ...options, gracePeriodSeconds: 1 };
  const allowed = checkDeleteOptions(options);
  return allowed.ok ? ok(options) : allowed;
}

function* serveDelete(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiWriteMicros);
  const options = deleteOptionsOf(context, answer.exchange);
  if (!options.ok) return answer.fail(options.error);
  const dryRun = context.dryRun || options.value.dryRun?.includes('All') === true;
  const scoped = dryRun === context.dryRun ? context : { ...context, dryRun };
  const done = yield* deleteObject(registry, scoped, info.namespace, info.name, options.value);
  if (!done.ok) return answer.fail(done.error);
  if (done.value.kind === 'Status') return answer.object(200, done.value);
  encodeObject(answer, context, registry, 200, done.value as KubeObject);
}

function* serveDeleteCollection(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (!registry.descriptor.verbs.includes('deletecollection')) {
    return answer.fail(methodNotAllowed().error);
  }
  const options = deleteOptionsOf(context, answer.exchange);
  if (!options.ok) return answer.fail(options.error);
  const asked = checkListOptions(info.query);
  if (!asked.ok) return answer.fail(asked.error);
  const filter = filterOf(registry, info.namespace, info.query);
  if (!filter.ok) return answer.fail(filter.error);
  const found = yield* listObjects(registry, filter.value, info.query);
  if (!found.ok) return answer.fail(found.error);
  for (const object of found.value.items) {
    yield* process.work(process.costs.apiWriteMicros);
    const { namespace = '', name } = object.metadata;
    const done = yield* deleteObject(registry, context, namespace, name, options.value);
    if (!done.ok && done.error.status.code !== 404) return answer.fail(done.error);
  }
  encodeList(answer, context, registry, found.value);
}

function* serveWatch(registry: Registry, context: RequestContext, answer: Answer): Task<void> {
  const { process, info } = context;
  const { query } = info;
  const { cache, store } = registry;
  const options = checkWatchOptions(query);
  if (!options.ok) return answer.fail(options.error);
  const revision = revisionOf(query.get('resourceVersion'));
  if (!revision.ok) return answer.fail(unreadableWatch(registry, revision.error).error);
  const filtered = filterOf(registry, info.namespace, query);
  if (!filtered.ok) return answer.fail(filtered.error);
  // The legacy form names one object in the path.
  const filter = info.name === '' ? filtered.value : named(filtered.value, info.name);
  yield* process.work(process.costs.apiListBaseMicros);
  const initial = isTrue(query.get('sendInitialEvents'));
  const from = revision.value ?? 0;
  // A watch from a revision waits for no cache: what is not there yet will come.
  const least = initial ? (from === 0 ? undefined : from) : from > 0 ? 0 : revision.value;
  const fresh = yield* waitFresh(registry, least);
  if (!fresh.ok) return answer.fail(fresh.error);
  const since = from > 0 && !initial ? cache.eventsSince(from) : [];
  if (since === undefined) {
    const { error } = expired(`too old resource version: ${from} (${cache.oldestRevision})`);
    return answer.fail(error);
  }
  answer.exchange.start(200, answer.headers('application/json'));
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  const transform = transformFor(answer, context, registry);
  const start = from > 0 && !initial ? from : store.revision;
  const watch = new ClientWatch(cache, answer.exchange, filter, transform, bookmarks, start);
  if (from === 0 || initial) {
    for (const cached of cache.list(filter)) watch.add(cached.object);
  }
  if (initial && bookmarks) watch.bookmark(initialEnd(registry, store.revision));
  for (const event of since) watch.deliver(event);
  const stop = cache.watch(watch);
  const seconds =
    Number(query.get('timeoutSeconds') ?? '0') ||
    registry.watchSecondsMin + process.random.below(registry.watchSecondsMin);
  enterBackground(process);
  yield* anyOf([answer.exchange.whenGone], seconds * SECOND);
  stop();
  if (!answer.exchange.gone) answer.exchange.end();
}

/** A revision that is no number: a get says so as an error of its own, */
function unreadable(error: FieldError): Err<Failure> {
  return unknownError(formatFieldError(error));
}

/** a watch as one about the resource. */
function unreadableWatch(registry: Registry, error: FieldError): Err<Failure> {
  const { group, resource } = registry.descriptor;
  return invalid(group, resource, '', [error]);
}

function named(filter: Filter, name: string): Filter {
  const only = { field: 'metadata.name', operator: '=', value: name } as const;
  return { ...filter, fields: [...filter.fields, only] };
}

/** An object that only says how far a watch is. */
export function bookmarkObject(registry: Registry, revision: number): KubeObject {
  const { descriptor } = registry;
  const metadata = Object.freeze({
    resourceVersion: String(revision),
    creationTimestamp: undefined,
  });
  return Object.freeze({
    kind: descriptor.kind,
    apiVersion: apiVersionOf(descriptor),
    metadata,
    ...emptyParts(descriptor.kind),
  }) as unknown as KubeObject;
}

function initialEnd(registry: Registry, revision: number): KubeObject {
  const annotations = Object.freeze({ 'k8s.io/initial-events-end': 'true' });
  return withMeta(bookmarkObject(registry, revision), { annotations });
}
