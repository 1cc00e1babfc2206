/**
 * Patches by content type (k8s.io/apiserver/pkg/endpoints/handlers/patch.go, v0.34). A patch is read
 * once and applied to the newest state, again on conflict. Server-side apply is not served yet: it is
 * answered like any media type that the server does not know.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import {
  applyPatch as applyPatchValue,
  JSON_PATCH,
  MERGE_PATCH,
  STRATEGIC_MERGE_PATCH,
} from '../../../ground/api/patch/index.ts';
import { definitionOf } from '../../../ground/api/schema.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Value } from '../../../ground/lang/value.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import { objectOf } from '../../client/api-body.ts';
import type { RequestContext } from './context.ts';
import { complete, decodeStrictly, isTrusted, mediaType } from './decode.ts';
import type { Build, Registry } from './registry.ts';
import { badRequest, failure, type Failure, unsupportedMediaType } from './status.ts';

const TYPES = [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH];
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
};

const REJECTED = 'the server rejected our request due to an error in our request';

/** How to make the patched object of a resource, decoded and defaulted. */
export function applyPatch(
  registry: Registry,
  context: RequestContext,
  exchange: HttpExchange,
): Result<Build, Failure> {
  const { descriptor } = registry;
  const raw = applyPatchTo(descriptor.schema, exchange);
  if (!raw.ok) return raw;
  const trusted = isTrusted(context, exchange);
  const validation = context.info.query.get('fieldValidation') ?? 'Warn';
  return ok((current) => {
    const shown = registry.shown(current);
    const patched = raw.value(shown);
    if (!patched.ok) return patched;
    const next = trusted
      ? complete(descriptor, withoutEmpty(patched.value))
      : decodeStrictly(descriptor, context, patched.value, [], validation, shown);
    return next.ok ? ok(registry.kept(next.value)) : next;
  });
}

const LISTS = ['ownerReferences', 'finalizers'] as const;
const MAPS = ['labels', 'annotations'] as const;

/** A patch that takes the last one away leaves nothing behind, as Go's omitempty writes it. */
function withoutEmpty(object: KubeObject): KubeObject {
  const { metadata } = object;
  let next = object;
  for (const name of LISTS) {
    if (metadata[name]?.length === 0) next = withMeta(next, { [name]: undefined });
  }
  for (const name of MAPS) {
    const map = metadata[name];
    if (map !== undefined && Object.keys(map).length === 0) {
      next = withMeta(next, { [name]: undefined });
    }
  }
  return next;
}

/** How to patch a value of a definition. */
export function applyPatchTo(schema: string, exchange: HttpExchange): Result<Build, Failure> {
  const type = mediaType(exchange);
  if (!TYPES.includes(type)) return unsupportedMediaType(TYPES);
  const { body } = exchange.request;
  const parsed = body === undefined ? undefined : objectOf(body);
  // Only the two plain types say that it is the patch which cannot be read.
  const doing = type === STRATEGIC_MERGE_PATCH ? '' : 'error decoding patch: ';
  if (parsed?.ok !== true) {
    return badRequest(`${doing}${parsed?.error ?? 'unexpected end of JSON input'}`);
  }
  const patch = parsed.value as Value;
  const misfit = misfitOf(patch, type);
  if (misfit !== undefined) return badRequest(`${doing}${misfit}`);
  const definition = definitionOf(schema);
  return ok((current) => {
    const patched = applyPatchValue(type, definition, current as unknown as Value, patch);
    if (patched.ok) return ok(freezeDeep(patched.value) as unknown as KubeObject);
    const { code } = patched.error;
    // What a JSON patch runs into is told in general words only (errors.NewGenericServerResponse).
    const message = code === 422 ? REJECTED : patched.error.message;
    return failure({ code, reason: REASONS[code] ?? 'BadRequest', message, details: {} });
  });
}

/** What encoding/json says of a patch that is no list or map as its type wants it. */
function misfitOf(patch: Value, type: string): string | undefined {
  const wanted = type === JSON_PATCH ? 'array' : 'object';
  const found = Array.isArray(patch)
    ? 'array'
    : typeof patch === 'boolean'
      ? 'bool'
      : typeof patch === 'bigint'
        ? 'number'
        : typeof patch;
  if (patch === null || found === wanted) return undefined;
  const into = wanted === 'array' ? '[]interface {}' : 'map[string]interface {}';
  return `json: cannot unmarshal ${found} into Go value of type ${into}`;
}
