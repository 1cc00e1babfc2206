/**
 * Patches by content type (k8s.io/apiserver/pkg/endpoints/handlers/patch.go, v0.34). A patch is parsed
 * once and applied to the newest state, again on conflict. Server-side apply is not served yet: it is
 * answered like any media type that the server does not know.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { isMap } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import { objectOf } from '../../client/api-body.ts';
import type { RequestContext } from './context.ts';
import { decodeStrictly, mediaType } from './decode.ts';
import type { Build } from './registry.ts';
import { badRequest, type Failure, unsupportedMediaType } from './status.ts';

const TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** How to make the patched object of a resource, decoded and defaulted. */
export function applyPatch(
  descriptor: ResourceDescriptor,
  context: RequestContext,
  exchange: HttpExchange,
): Result<Build, Failure> {
  const raw = applyPatchTo(descriptor.schema, exchange);
  if (!raw.ok) return raw;
  const validation = context.info.query.get('fieldValidation') ?? 'Warn';
  return ok((current) => {
    const patched = raw.value(current);
    if (!patched.ok || patched.value === current) return patched;
    return decodeStrictly(descriptor, context, patched.value, [], validation);
  });
}

/** How to patch a value of a definition. */
export function applyPatchTo(_schema: string, exchange: HttpExchange): Result<Build, Failure> {
  const type = mediaType(exchange);
  if (!TYPES.includes(type)) return unsupportedMediaType(TYPES);
  const { body } = exchange.request;
  const parsed = body === undefined ? undefined : objectOf(body);
  if (parsed?.ok !== true) return badRequest(`error decoding patch: ${parsed?.error ?? 'EOF'}`);
  const patch = parsed.value;
  if (type === 'application/merge-patch+json') {
    return ok((current) => ok(merged(current, patch) as KubeObject));
  }
  return unsupportedMediaType(['application/merge-patch+json']);
}

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const out: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = merged(out[key], value);
  }
  return out;
}
