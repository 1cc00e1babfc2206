/**
 * Bodies into objects of one kind (k8s.io/apiserver/pkg/endpoints/handlers, v0.34): JSON, YAML or a
 * message by reference, checked against the kind, then defaulted.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { withFields } from '../../../ground/api/edit.ts';
import { apiVersionOf, type KubeObject } from '../../../ground/api/object.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { isBytes } from '../../../machines/network/chunk.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import { objectOf } from '../../client/api-body.ts';
import type { RequestContext } from './context.ts';
import { badRequest, type Failure, requestTooLarge, unsupportedMediaType } from './status.ts';

/** Three MiB. */
export const BODY_BYTES_MAX = 3_145_728;
const TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** The media type of a body, without parameters; JSON when none is said. */
export function mediaType(exchange: HttpExchange): string {
  const header = exchange.request.headers.get('content-type') ?? '';
  const type = (header.split(';')[0] ?? '').trim();
  return type === '' ? 'application/json' : type;
}

/** The object of a request's body, complete with apiVersion, kind and defaults. */
export function decodeBody(
  descriptor: ResourceDescriptor,
  context: RequestContext,
  exchange: HttpExchange,
): Result<KubeObject, Failure> {
  const { body } = exchange.request;
  if (!TYPES.includes(mediaType(exchange))) return unsupportedMediaType(TYPES);
  if (body === undefined) return badRequest('EOF');
  if (isBytes(body) && body.length > BODY_BYTES_MAX) return requestTooLarge(BODY_BYTES_MAX);
  const parsed = objectOf(body);
  if (!parsed.ok) return badRequest(parsed.error);
  return complete(descriptor, context, parsed.value as KubeObject);
}

/** Checks apiVersion and kind, fills them in, and gives defaults. */
export function complete(
  descriptor: ResourceDescriptor,
  _context: RequestContext,
  object: KubeObject,
): Result<KubeObject, Failure> {
  const apiVersion = apiVersionOf(descriptor);
  const given = object.apiVersion ?? '';
  if (given !== '' && given !== apiVersion) {
    return badRequest(
      `the API version in the data (${given}) does not match the expected API version (${apiVersion})`,
    );
  }
  const stamped = withFields(object, { apiVersion, kind: descriptor.kind, metadata: object.metadata ?? NO_METADATA });
  return ok(descriptor.defaults(stamped));
}

const NO_METADATA = Object.freeze({}) as KubeObject['metadata'];
