/**
 * Lists (k8s.io/apiserver/pkg/storage/cacher, v0.34): from memory once it is fresh enough; pages of a
 * list come from etcd at the revision of its first page, which a compaction may take away.
 */
import { parseFieldSelector, parseSelector, EVERYTHING } from '../../../ground/api/selector.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type ContinueToken, formatToken, parseToken } from './continue-token.ts';
import type { Query } from './query.ts';
import type { Registry } from './registry.ts';
import { badRequest, type Failure, invalid, timedOut } from './status.ts';
import type { Cached, Filter } from './watch-cache.ts';

export interface Listed {
  readonly items: readonly KubeObject[];
  readonly revision: number;
  readonly continue: string;
  readonly remaining: number | undefined;
}

/** Labels, fields and namespace of a list or watch; errors as upstream words them. */
export function filterOf(
  registry: Registry,
  namespace: string,
  query: Query,
): Result<Filter, Failure> {
  const labelText = query.get('labelSelector') ?? '';
  const fieldText = query.get('fieldSelector') ?? '';
  if (labelText === '' && fieldText === '') {
    return ok({ namespace, labels: EVERYTHING, fields: [] });
  }
  const labels = parseSelector(labelText);
  if (!labels.ok) return badRequest(labels.error);
  const fields = parseFieldSelector(fieldText);
  if (!fields.ok) return badRequest(fields.error);
  for (const { field } of fields.value) {
    const known = field === 'metadata.name' || field === 'metadata.namespace';
    if (known || registry.descriptor.fields.has(field)) continue;
    // Kinds with a conversion function of their own name the field alone.
    return badRequest(
      registry.descriptor.fields.size > 0
        ? `field label not supported: ${field}`
        : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  return ok({ namespace, labels: labels.value, fields: fields.value });
}

/** Reads a resourceVersion parameter; undefined when it is absent. */
export function revisionOf(text: string | undefined): Result<number | undefined, Failure> {
  if (text === undefined || text === '') return ok(undefined);
  if (!/^\d{1,15}$/.test(text)) {
    return badRequest(
      `Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  return ok(Number(text));
}

/** Waits until the cache is as new as asked for: 0 for any, undefined for the newest. */
export function* waitFresh(
  registry: Registry,
  revision: number | undefined,
): Task<Result<void, Failure>> {
  const { store } = registry;
  let wanted = revision ?? 0;
  if (revision === undefined) {
    const current = yield* store.currentRevision();
    if (!current.ok) return current;
    wanted = current.value;
  }
  if (store.ready && store.revision >= wanted) return ok(undefined);
  if (yield* store.fresh(wanted)) return ok(undefined);
  const message = `Too large resource version: ${wanted}, current: ${store.revision}`;
  const cause = { reason: 'ResourceVersionTooLarge', message: 'Too large resource version' };
  return timedOut(message, 1, [Object.freeze(cause)]);
}

export function* listObjects(
  registry: Registry,
  filter: Filter,
  query: Query,
): Task<Result<Listed, Failure>> {
  const limit = Number(query.get('limit') ?? '0');
  const token = query.get('continue') ?? '';
  const revision = revisionOf(query.get('resourceVersion'));
  if (!revision.ok) return revision;
  const refused = checkMatch(query, revision.value);
  if (!refused.ok) return refused;
  if (token !== '') {
    const parsed = parseToken(token);
    if (!parsed.ok) return badRequest(`continue key is not valid: ${parsed.error}`);
    return yield* pageFrom(registry, filter, limit, parsed.value);
  }
  const exact =
    query.get('resourceVersionMatch') === 'Exact' ||
    (limit > 0 && (revision.value ?? 0) > 0 && !query.has('resourceVersionMatch'));
  if (exact) {
    return yield* pageFrom(registry, filter, limit, { revision: revision.value ?? 0, start: '' });
  }
  const fresh = yield* waitFresh(registry, revision.value);
  if (!fresh.ok) return fresh;
  const found = registry.cache.list(filter);
  const all = found.length <= limit || limit <= 0 || revision.value === 0;
  return ok(
    listed(
      registry,
      filter,
      all ? found : found.slice(0, limit),
      registry.store.revision,
      all ? 0 : found.length - limit,
    ),
  );
}

function checkMatch(query: Query, revision: number | undefined): Result<void, Failure> {
  const match = query.get('resourceVersionMatch');
  const refuse = (text: string): Result<void, Failure> =>
    invalid('meta.k8s.io', 'ListOptions', '', [
      { type: 'FieldValueForbidden', field: 'resourceVersionMatch', message: `Forbidden: ${text}` },
    ]);
  if (match === undefined || match === '') return ok(undefined);
  if (query.has('continue'))
    return refuse('resourceVersionMatch is forbidden when continue is provided');
  if (revision === undefined) {
    return refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (match === 'Exact' && revision === 0) {
    return refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  return ok(undefined);
}

/** A page of the state at a revision, read from etcd. */
function* pageFrom(
  registry: Registry,
  filter: Filter,
  limit: number,
  token: ContinueToken,
): Task<Result<Listed, Failure>> {
  const { cache, store } = registry;
  const prefix = filter.namespace === '' ? cache.prefix : `${cache.prefix}${filter.namespace}/`;
  const end = `${prefix.slice(0, -1)}0`;
  const items: Cached[] = [];
  let start = prefix + token.start;
  let left = 0;
  let revision = token.revision < 0 ? 0 : token.revision;
  for (;;) {
    const page = yield* store.page(start, end, revision, limit > 0 ? limit : 0);
    if (!page.ok) return page;
    revision = page.value.revision;
    left = page.value.count - page.value.items.length;
    for (const item of page.value.items) {
      if (cache.matches(filter, item.object)) items.push(item);
      start = `${item.key}\0`;
      if (limit > 0 && items.length === limit) break;
    }
    if (!page.value.more || (limit > 0 && items.length >= limit)) break;
  }
  return ok(listed(registry, filter, items, revision, left));
}

function listed(
  registry: Registry,
  filter: Filter,
  items: readonly Cached[],
  revision: number,
  left: number,
): Listed {
  const { cache } = registry;
  const last = items[items.length - 1];
  const more = left > 0 && last !== undefined;
  const prefix = filter.namespace === '' ? cache.prefix : `${cache.prefix}${filter.namespace}/`;
  const plain = filter.labels.requirements.length === 0 && filter.fields.length === 0;
  return {
    items: items.map((item) => item.object),
    revision,
    continue: more ? formatToken({ revision, start: `${last.key.slice(prefix.length)}\0` }) : '',
    remaining: more && plain ? left : undefined,
  };
}
