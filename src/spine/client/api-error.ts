/**
 * Failures of API requests as values: a Status by the server, Go's words for a transport that failed
 * (net, net/http and crypto/tls of Go 1.24), and client-go's generic words where a server answered
 * with something else than a Status (apimachinery/pkg/api/errors/errors.go, v0.34).
 */
import type { Status } from '../../ground/api/types.ts';
import { quote } from '../../ground/base/text.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { goError } from '../../machines/network/errno.ts';
import type { HttpError } from '../../machines/network/http-types.ts';
import type { Endpoint } from '../../machines/network/socket.ts';
import type { ApiError } from './types.ts';

/** Both ends of the connection that failed, as far as known. */
export interface Ends {
  readonly local: Endpoint | undefined;
  readonly remote: Endpoint;
}

function endpointText(endpoint: Endpoint): string {
  return `${formatIp(endpoint.ip)}:${endpoint.port}`;
}

/** What Go says of a transport error, without method and URL. `timed`: the request had a time-out of its own. */
export function goTransportError(error: HttpError, ends: Ends, timed: boolean): string {
  const remote = endpointText(ends.remote);
  switch (error.kind) {
    case 'eof':
      return 'EOF';
    case 'tls':
      return error.message.startsWith('x509:')
        ? `tls: failed to verify certificate: ${error.message}`
        : error.message;
    case 'malformed':
      return `net/http: HTTP/1.x transport connection broken: malformed HTTP response ${quote(error.message)}`;
    case 'timeout':
      if (error.phase === 'dial') return `dial tcp ${remote}: i/o timeout`;
      if (error.phase === 'tls') return 'net/http: TLS handshake timeout';
      return timed
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : 'context deadline exceeded';
    case 'socket': {
      if (error.phase === 'dial') {
        return error.errno === 'ETIMEDOUT'
          ? `dial tcp ${remote}: i/o timeout`
          : `dial tcp ${remote}: connect: ${goError(error.errno)}`;
      }
      const local = ends.local === undefined ? '' : `${endpointText(ends.local)}->`;
      return `${error.phase} tcp ${local}${remote}: ${error.phase}: ${goError(error.errno)}`;
    }
  }
}

/** `Get "https://192.168.0.10:6443/api/v1/pods": EOF` */
export function transportFailure(
  method: string,
  url: string,
  text: string,
  error: HttpError | undefined,
): ApiError {
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return {
    code: 0,
    reason: '',
    message: `${verb} ${quote(url)}: ${text}`,
    status: undefined,
    transport: error,
    retryAfter: 0,
  };
}

/** A failure of our own side, before anything was sent. */
export function localFailure(message: string): ApiError {
  return { code: 0, reason: '', message, status: undefined, transport: undefined, retryAfter: 0 };
}

/** The server answered with a Status. */
export function statusFailure(status: Status, code: number, retryAfter: number): ApiError {
  return {
    code: status.code ?? code,
    reason: status.reason ?? '',
    message: status.message ?? '',
    status,
    transport: undefined,
    retryAfter,
  };
}

const GENERIC: ReadonlyMap<number, readonly [reason: string, message: string]> = new Map([
  [400, ['BadRequest', 'the server rejected our request for an unknown reason']],
  [401, ['Unauthorized', 'the server has asked for the client to provide credentials']],
  [403, ['Forbidden', 'the server does not allow access to the requested resource']],
  [404, ['NotFound', 'the server could not find the requested resource']],
  [405, ['MethodNotAllowed', 'the server does not allow this method on the requested resource']],
  [
    406,
    [
      'NotAcceptable',
      'the server was unable to respond with a content type that the client supports',
    ],
  ],
  [409, ['Conflict', 'the server reported a conflict']],
  [413, ['RequestEntityTooLarge', 'the request is too large']],
  [415, ['UnsupportedMediaType', 'the body of the request was in an unknown format']],
  [422, ['Invalid', 'the server rejected our request due to an error in our request']],
  [
    429,
    [
      'TooManyRequests',
      'the server has received too many requests and has asked us to try again later',
    ],
  ],
  [503, ['ServiceUnavailable', 'the server is currently unable to handle the request']],
  [
    504,
    [
      'Timeout',
      'the server was unable to return a response in the time allotted, but may still be processing the request',
    ],
  ],
]);

/** The server answered with something else; `what` is `get pods web`, `body` its first bytes. */
export function genericFailure(
  code: number,
  what: string,
  body: string,
  retryAfter: number,
): ApiError {
  const known = GENERIC.get(code);
  const reason = known?.[0] ?? (code >= 500 ? 'InternalError' : 'Unknown');
  const message =
    known?.[1] ??
    (code >= 500
      ? `an error on the server (${quote(body === '' ? 'unknown' : body.trim())}) has prevented the request from succeeding`
      : `the server responded with the status code ${code} but did not return more information`);
  const full = what === '' ? message : `${message} (${what})`;
  const status: Status = Object.freeze({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: Object.freeze({}),
    status: 'Failure',
    message: full,
    reason,
    code,
  }) as Status;
  return { code, reason, message: full, status, transport: undefined, retryAfter };
}

/** The namespace of what was to be created is being deleted. */
export function isNamespaceTerminating(error: ApiError): boolean {
  const causes = error.status?.details?.causes ?? [];
  return causes.some((cause) => cause.reason === 'NamespaceTerminating');
}

export function isNotFound(error: ApiError): boolean {
  return error.code === 404;
}
