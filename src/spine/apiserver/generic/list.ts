/**
 * Lists (k8s.io/apiserver/pkg/storage/cacher, v0.34): from memory once it is fresh enough; pages of a
 * list come from etcd at the revision of its first page, which a compaction may take away.
 */
import { parseFieldSelector, parseSelector, EVERYTHING } from '../../../ground/api/selector.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import {
  type FieldError,
  formatFieldError,
  invalidField,
} from '../../../ground/api/field-error.ts';
import { type Err, err, ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { type ContinueToken, formatToken, parseToken } from './continue-token.ts';
import type { Query } from './query.ts';
import type { Registry } from './registry.ts';
import { badRequest, type Failure, timedOut } from './status.ts';
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

/**
 * Reads a resourceVersion parameter; undefined when it is absent. Each verb says in its own way what is
 * wrong with one that is no number.
 */
export function revisionOf(text: string | undefined): Result<number | undefined, FieldError> {
  if (text === undefined || text === '') return ok(undefined);
  if (/^\d{1,15}$/.test(text)) return ok(Number(text));
  const why = `strconv.ParseUint: parsing ${quote(text)}: invalid syntax`;
  return err(invalidField('resourceVersion', text, why));
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
  if (!revision.ok) {
    return badRequest(`invalid resource version: ${formatFieldError(revision.error)}`);
  }
  if (token !== '') {
    const parsed = parseToken(token);
    if (!parsed.ok) return badRequest(`invalid continue token: ${parsed.error}`);
    if ((revision.value ?? 0) > 0) {
      return badRequest('specifying resource version is not allowed when using continue');
    }
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
    if (!page.ok) return token.start === '' ? page : lost(page, token);
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

/** The state of the first page is gone: the client may go on with what is newest, and knows it. */
function lost(failed: Err<Failure>, token: ContinueToken): Err<Failure> {
  const { status } = failed.error;
  if (status.code !== 410) return failed;
  const metadata = Object.freeze({ continue: formatToken({ revision: -1, start: token.start }) });
  return err({ status: Object.freeze({ ...status, message: CONTINUE_LOST, metadata }) });
}

const CONTINUE_LOST =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

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
