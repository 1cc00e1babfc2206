/**
 * Failures of the API as Status objects, in upstream's words (k8s.io/apimachinery/pkg/api/errors,
 * v0.34). Everything that can go wrong with a request ends as one of these values.
 */
import { formatFieldError, type FieldError } from '../../../ground/api/field-error.ts';
import type { Status, StatusCause, StatusDetails } from '../../../ground/api/types.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { err, type Err } from '../../../ground/base/result.ts';

/** A resource as errors name it. */
export interface Named {
  readonly group: string;
  readonly resource: string;
}

export interface Failure {
  readonly status: Status;
  /** Seconds for the Retry-After header. */
  readonly retryAfter?: number;
  /** What is sent instead of the Status by filters that know no Status. */
  readonly text?: string;
}

interface Fields {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails;
}

const NO_METADATA = Object.freeze({});

/** A failed request as an error value. */
export function failure(fields: Fields): Err<Failure> {
  return err({ status: statusOf(fields) });
}

export function statusOf(fields: Fields): Status {
  const { code, reason, message, details } = fields;
  const head = { kind: 'Status', apiVersion: 'v1', metadata: NO_METADATA, status: 'Failure' };
  return Object.freeze(
    details === undefined
      ? { ...head, message, reason, code }
      : { ...head, message, reason, details: Object.freeze(details), code },
  );
}

/** `pods`, `deployments.apps` */
function qualified(of: Named): string {
  return of.group === '' ? of.resource : `${of.resource}.${of.group}`;
}

function details(of: Named, name: string): StatusDetails {
  const group = of.group === '' ? {} : { group: of.group };
  return name === '' ? { ...group, kind: of.resource } : { name, ...group, kind: of.resource };
}

export function notFound(of: Named, name: string): Err<Failure> {
  return failure({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(of)} "${name}" not found`,
    details: details(of, name),
  });
}

export function alreadyExists(of: Named, name: string): Err<Failure> {
  return failure({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(of)} "${name}" already exists`,
    details: details(of, name),
  });
}

export function generateNameConflict(of: Named, name: string): Err<Failure> {
  const message = `${qualified(of)} "${name}" already exists, the server was not able to generate a unique name for the object`;
  return failure({ code: 409, reason: 'AlreadyExists', message, details: details(of, name) });
}

const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(of: Named, name: string, why: string = MODIFIED): Err<Failure> {
  return failure({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`,
    details: details(of, name),
  });
}

/** What etcd's side of the server says when the object is not the one that was meant. */
export function wrongObject(of: Named, name: string, key: string, why: string): Err<Failure> {
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;
  return conflict(of, name, text);
}

/** An error of a filter that stands before everything that knows Status objects. */
export function plainError(code: number, text: string): Err<Failure> {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: NO_METADATA, status: 'Failure' };
  return err({ status: Object.freeze({ ...status, message: text, code }), text });
}

/** An error that nobody made a Status of: 500 with its bare text. */
export function unknownError(message: string): Err<Failure> {
  return err({
    status: Object.freeze({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: NO_METADATA,
      status: 'Failure',
      message,
      code: 500,
    }),
  });
}

export function badRequest(message: string): Err<Failure> {
  return failure({ code: 400, reason: 'BadRequest', message });
}

export function unauthorized(): Err<Failure> {
  return failure({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

/** An admission plugin or a rule said no: `pods "a" is forbidden: …`. */
export function forbidden(of: Named, name: string, why: string): Err<Failure> {
  const what = name === '' ? qualified(of) : `${qualified(of)} "${name}"`;
  return failure({
    code: 403,
    reason: 'Forbidden',
    message: `${what} is forbidden: ${why}`,
    details: details(of, name),
  });
}

/**
 * An admission plugin says no to an object, which may have no name yet: what its name will begin with
 * stands for it (k8s.io/apiserver/pkg/admission/errors.go).
 */
export function forbiddenObject(of: Named, object: KubeObject, why: string): Err<Failure> {
  const { name, generateName } = object.metadata;
  return forbidden(of, name || generateName || 'Unknown', why);
}

export function methodNotAllowed(): Err<Failure> {
  return failure({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}

export function notAcceptable(types: readonly string[]): Err<Failure> {
  const message = `only the following media types are accepted: ${types.join(', ')}`;
  return failure({ code: 406, reason: 'NotAcceptable', message });
}

export function unsupportedMediaType(types: readonly string[]): Err<Failure> {
  const message = `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
  return failure({ code: 415, reason: 'UnsupportedMediaType', message });
}

export function requestTooLarge(limit: number): Err<Failure> {
  const message = `Request entity too large: limit is ${limit}`;
  return failure({ code: 413, reason: 'RequestEntityTooLarge', message });
}

/** `Pod "x" is invalid: spec.containers: Required value`; several errors in brackets, each once. */
export function invalid(
  group: string,
  kind: string,
  name: string,
  errors: readonly FieldError[],
): Err<Failure> {
  const texts = [...new Set(errors.map(formatFieldError))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const causes = errors.map(
    (error): StatusCause =>
      Object.freeze({ reason: error.type, message: error.message, field: error.field }),
  );
  const what = group === '' ? kind : `${kind}.${group}`;
  const extra = group === '' ? {} : { group };
  return failure({
    code: 422,
    reason: 'Invalid',
    message: `${what} "${name}" is invalid: ${text}`,
    details: { ...(name === '' ? {} : { name }), ...extra, kind, causes: Object.freeze(causes) },
  });
}

export function internalError(text: string): Err<Failure> {
  return failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${text}`,
    details: { causes: Object.freeze([Object.freeze({ message: text })]) },
  });
}

export function timedOut(
  message: string,
  retryAfter: number,
  causes?: StatusCause[],
): Err<Failure> {
  const more = causes === undefined ? {} : { causes: Object.freeze(causes) };
  const status = statusOf({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: ${message}`,
    details: { ...more, retryAfterSeconds: retryAfter },
  });
  return err({ status, retryAfter });
}

/** A list or watch asks for a state that is no longer kept. */
export function expired(message: string): Err<Failure> {
  return failure({ code: 410, reason: 'Expired', message });
}

/** Something behind the server does not answer. */
export function serviceUnavailable(message: string): Err<Failure> {
  return failure({ code: 503, reason: 'ServiceUnavailable', message });
}
