/**
 * Addresses of the API: paths of resources and query strings, as client-go's request builder makes
 * them (k8s.io/client-go/rest/request.go, v0.34): parameters in byte order of their names.
 */
import type { ResourceName } from '../../ground/api/object.ts';
import { utf8 } from '../../ground/base/bytes.ts';

const PLAIN = /^[A-Za-z0-9._~-]*$/;
/** What Go leaves alone in a path segment and in a query value. */
const PATH_KEPT = /[A-Za-z0-9._~$&+:=@,-]/;
const QUERY_KEPT = /[A-Za-z0-9._~-]/;

/** Percent-encodes a path segment as Go's url.PathEscape does. */
function escapePath(text: string): string {
  return PLAIN.test(text) ? text : escapeWith(text, PATH_KEPT);
}

/** Percent-encodes a query value as Go's url.QueryEscape does: a space becomes `+`. */
export function escapeQuery(text: string): string {
  return PLAIN.test(text) ? text : escapeWith(text, QUERY_KEPT).replace(/%20/g, '+');
}

function escapeWith(text: string, kept: RegExp): string {
  let out = '';
  for (const byte of utf8(text)) {
    const char = String.fromCharCode(byte);
    out +=
      byte < 128 && kept.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** `/api/v1/namespaces/default/pods/web-1/status`; empty parts are left out. */
export function resourcePath(
  resource: ResourceName,
  namespace: string,
  name = '',
  subresource = '',
): string {
  let path =
    resource.group === ''
      ? `/api/${resource.version}`
      : `/apis/${resource.group}/${resource.version}`;
  if (namespace !== '') path += `/namespaces/${escapePath(namespace)}`;
  path += `/${resource.resource}`;
  if (name !== '') path += `/${escapePath(name)}`;
  return subresource === '' ? path : `${path}/${subresource}`;
}

/** `?limit=500&watch=true`: pairs must come in byte order of their names; undefined ones are left out. */
export function queryOf(
  pairs: readonly (readonly [string, string | number | boolean | undefined])[],
): string {
  let query = '';
  for (const [name, value] of pairs) {
    if (value === undefined || value === '' || value === false || value === 0) continue;
    query += `${query === '' ? '?' : '&'}${name}=${escapeQuery(String(value))}`;
  }
  return query;
}
