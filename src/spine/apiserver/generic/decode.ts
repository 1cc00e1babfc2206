/**
 * Bodies into objects of one kind (k8s.io/apiserver/pkg/endpoints/handlers, v0.34): JSON, YAML,
 * protobuf, or a message by reference. What a person may have written (bytes, or anything sent by kubectl or with
 * `fieldValidation`) is checked field by field; what a component built as a typed object is taken as it
 * is, for that check can find nothing and costs more than the write.
 */
import { decodeAs } from '../../../ground/api/decode.ts';
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import { withFields } from '../../../ground/api/edit.ts';
import { apiVersionOf, type KubeObject } from '../../../ground/api/object.ts';
import { decodeProtobuf } from '../../../ground/api/protobuf.ts';
import { definitionOf } from '../../../ground/api/schema.ts';
import { unsupportedIn } from '../../../ground/api/support.ts';
import { hexOf, textOf } from '../../../ground/base/bytes.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { parseJson } from '../../../ground/lang/json.ts';
import type { DuplicateKey, Value } from '../../../ground/lang/value.ts';
import { parseYaml } from '../../../ground/lang/yaml/index.ts';
import { type Chunk, isBytes, sizeOfChunk } from '../../../machines/network/chunk.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import { objectOf } from '../../client/api-body.ts';
import type { RequestContext } from './context.ts';
import {
  badRequest,
  type Failure,
  invalid,
  requestTooLarge,
  unsupportedMediaType,
} from './status.ts';

/** Three MiB. */
const BODY_BYTES_MAX = 3_145_728;
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const BODY_TYPES = ['application/json', 'application/yaml', PROTOBUF];

/** The media type of a body, without parameters; JSON when none is said. */
export function mediaType(exchange: HttpExchange): string {
  const header = exchange.request.headers.get('content-type') ?? '';
  const type = (header.split(';')[0] ?? '').trim();
  return type === '' ? 'application/json' : type;
}

interface Parsed {
  readonly value: unknown;
  readonly duplicates: readonly DuplicateKey[];
  /** Nobody has checked its fields. */
  readonly raw: boolean;
}

/** The object of a request's body, complete with apiVersion, kind and defaults. */
export function decodeBody(
  descriptor: ResourceDescriptor,
  context: RequestContext,
  exchange: HttpExchange,
): Result<KubeObject, Failure> {
  const { body } = exchange.request;
  const type = mediaType(exchange);
  if (!BODY_TYPES.includes(type)) return unsupportedMediaType(BODY_TYPES);
  const parsed = parseBody(body, type, descriptor.schema);
  if (!parsed.ok) {
    const { message = '', reason } = parsed.error.status;
    if (reason !== 'BadRequest' || type === PROTOBUF) return parsed;
    return badRequest(
      `the object provided is unrecognized (must be of type ${descriptor.kind}): couldn't get version/kind; json parse error: ${message} (${summaryOf(body)})`,
    );
  }
  const { duplicates } = parsed.value;
  const value = parsed.value.value ?? NO_FIELDS;
  const shape = shapeOf(value);
  if (shape !== 'object') {
    return badRequest(
      `the object provided is unrecognized (must be of type ${descriptor.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${shape} into Go value of type ${TYPE_META} (${summaryOf(body)})`,
    );
  }
  if (isTrusted(context, exchange)) return complete(descriptor, value as KubeObject);
  const named = checkKind(descriptor, value as KubeObject);
  if (!named.ok) return named;
  const validation = context.info.query.get('fieldValidation') ?? 'Warn';
  return decodeStrictly(descriptor, context, value, duplicates, validation, undefined);
}

/** True for a typed object of a component, which needs no check of its fields. */
export function isTrusted(context: RequestContext, exchange: HttpExchange): boolean {
  const { body } = exchange.request;
  if (body === undefined || isBytes(body) || body.protocol !== 'api-object') return false;
  return !context.info.query.has('fieldValidation') && !context.userAgent.startsWith('kubectl');
}

/** Decodes by the schema; problems are errors or warnings as `fieldValidation` says. */
export function decodeStrictly(
  descriptor: ResourceDescriptor,
  context: RequestContext,
  value: unknown,
  duplicates: readonly DuplicateKey[],
  validation: string,
  old: KubeObject | undefined,
): Result<KubeObject, Failure> {
  const decoded = decodeAs<KubeObject>(descriptor.schema, value as Value, duplicates);
  const head = `${descriptor.kind} in version "${descriptor.version}" cannot be handled as a ${descriptor.kind}: `;
  if (!decoded.ok) return badRequest(head + decoded.error);
  const { strict } = decoded.value;
  if (strict.length > 0 && validation === 'Strict') {
    return badRequest(`${head}strict decoding error: ${strict.join(', ')}`);
  }
  if (validation === 'Warn') for (const text of strict) context.warnings.add(text);
  const { object } = decoded.value;
  const { warnings, errors } = unsupportedIn(descriptor, object, old);
  if (errors.length > 0) {
    return invalid(descriptor.group, descriptor.kind, object.metadata?.name ?? '', errors);
  }
  for (const text of warnings) context.warnings.add(text);
  return complete(descriptor, object);
}

/**
 * An object of a kind without a descriptor: options and requests of subresources. A message by
 * reference is a component's typed object and is taken as it is.
 */
export function decodeAny(exchange: HttpExchange, schema: string): Result<KubeObject, Failure> {
  const { body } = exchange.request;
  if (body === undefined) return badRequest('EOF');
  const parsed = parseBody(body, mediaType(exchange), schema);
  if (!parsed.ok) return parsed;
  if (!parsed.value.raw) return ok(parsed.value.value as KubeObject);
  const decoded = decodeAs<KubeObject>(
    schema,
    parsed.value.value as Value,
    parsed.value.duplicates,
  );
  return decoded.ok ? ok(decoded.value.object) : badRequest(decoded.error);
}

const NO_FIELDS = Object.freeze({});

/** What Go's JSON calls a value. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  if (type === 'bigint') return 'number';
  return type === 'boolean' ? 'bool' : type;
}

/** The struct that the server looks for version and kind in. */
const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** The beginning of a body as errors show it: JSON as it is, anything else as hexadecimal digits. */
function summaryOf(body: Chunk | undefined): string {
  const bytes = body === undefined ? NOTHING : isBytes(body) ? body : body.render();
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, SUMMARY_BYTES);
  const shown = bytes[0] === 0x7b ? textOf(head) : hexOf(head);
  return bytes.length > SUMMARY_BYTES ? `${shown} ...` : shown;
}

const SUMMARY_BYTES = 30;
const NOTHING = new Uint8Array(0);

function parseBody(
  given: Chunk | undefined,
  type: string,
  schema: string,
): Result<Parsed, Failure> {
  const body = given ?? NOTHING;
  if (sizeOfChunk(body) > BODY_BYTES_MAX) return requestTooLarge(BODY_BYTES_MAX);
  if (!isBytes(body) && body.protocol === 'api-object') {
    const object = objectOf(body);
    return object.ok
      ? ok({ value: object.value, duplicates: [], raw: false })
      : badRequest(object.error);
  }
  const bytes = isBytes(body) ? body : body.render();
  if (type === PROTOBUF) {
    const decoded = decodeProtobuf(bytes, definitionOf(schema));
    return decoded.ok
      ? ok({ value: decoded.value.value, duplicates: [], raw: true })
      : badRequest(decoded.error);
  }
  const text = textOf(bytes);
  if (type === 'application/yaml') {
    const parsed = parseYaml(text);
    if (parsed.error !== undefined) {
      return badRequest(`error converting YAML to JSON: ${parsed.error.message}`);
    }
    const document = parsed.documents[0];
    return ok({
      value: document?.value ?? null,
      duplicates: document?.duplicates ?? [],
      raw: true,
    });
  }
  const parsed = parseJson(text);
  if (!parsed.ok) return badRequest(parsed.error.message);
  return ok({ ...parsed.value, raw: true });
}

function checkKind(descriptor: ResourceDescriptor, object: KubeObject): Result<void, Failure> {
  const apiVersion = apiVersionOf(descriptor);
  const given = object?.apiVersion ?? '';
  if (given !== '' && given !== apiVersion) {
    if (object.kind === descriptor.kind && !OLD_VERSIONS.has(given)) {
      const version = given.slice(given.indexOf('/') + 1);
      return badRequest(
        `${descriptor.kind} in version "${version}" cannot be handled as a ${descriptor.kind}: no kind "${descriptor.kind}" is registered for version "${given}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
      );
    }
    return badRequest(
      `the API version in the data (${given}) does not match the expected API version (${apiVersion})`,
    );
  }
  const kind = object?.kind ?? '';
  if (kind !== '' && kind !== descriptor.kind) {
    return badRequest(
      `${kind} in version "${descriptor.version}" cannot be handled as a ${descriptor.kind}: converting (v1.${kind}) to (core.${descriptor.kind}): unknown conversion`,
    );
  }
  return ok(undefined);
}

/** Checks apiVersion and kind, fills them in, and gives defaults. */
export function complete(
  descriptor: ResourceDescriptor,
  object: KubeObject,
): Result<KubeObject, Failure> {
  const named = checkKind(descriptor, object);
  if (!named.ok) return named;
  const apiVersion = apiVersionOf(descriptor);
  const metadata = object.metadata ?? NO_METADATA;
  return ok(
    descriptor.defaults(withFields(object, { apiVersion, kind: descriptor.kind, metadata })),
  );
}

/** Versions that the server still reads although it serves them no more. */
const OLD_VERSIONS = new Set([
  'apps/v1beta1',
  'apps/v1beta2',
  'extensions/v1beta1',
  'events.k8s.io/v1beta1',
  'discovery.k8s.io/v1beta1',
  'coordination.k8s.io/v1beta1',
  'rbac.authorization.k8s.io/v1alpha1',
  'rbac.authorization.k8s.io/v1beta1',
  'scheduling.k8s.io/v1alpha1',
  'scheduling.k8s.io/v1beta1',
]);

const NO_METADATA = Object.freeze({}) as KubeObject['metadata'];
