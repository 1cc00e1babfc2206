/**
 * What a request is about, read from its method and path (k8s.io/apiserver/pkg/endpoints/request
 * requestinfo.go, v0.34): verb, group, version, namespace, resource, subresource and name. Nothing is
 * looked up: a resource that does not exist has an info too, which authorization needs.
 */
import { decodeComponent, parseQuery, type Query } from './query.ts';

export interface ApiRequest {
  readonly isResource: boolean;
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the method. */
  readonly verb: string;
  readonly path: string;
  readonly query: Query;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What stands behind the subresource: the path of a proxy request. */
  readonly rest: string;
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** Names that follow a namespace's name without being resources of their own. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

export function apiRequestOf(method: string, target: string): ApiRequest {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = parseQuery(mark < 0 ? '' : target.slice(mark + 1));
  const parts = partsOf(path);
  const prefix = parts[0];
  const core = prefix === 'api';
  const at = core ? 2 : 3;
  if ((!core && prefix !== 'apis') || parts.length <= at) {
    return {
      isResource: false,
      verb: method.toLowerCase(),
      path,
      query,
      group: '',
      version: '',
      namespace: '',
      resource: '',
      subresource: '',
      name: '',
      rest: '',
    };
  }
  const group = core ? '' : (parts[1] as string);
  const version = parts[at - 1] as string;
  return resourceRequest(method, path, query, group, version, parts.slice(at));
}

function partsOf(path: string): string[] {
  const coded = path.includes('%');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part !== '') parts.push(coded ? decodeComponent(part, false) : part);
  }
  return parts;
}

function resourceRequest(
  method: string,
  path: string,
  query: Query,
  group: string,
  version: string,
  given: readonly string[],
): ApiRequest {
  let verb = VERBS[method] ?? '';
  let parts = given;
  // The old way to watch: /api/v1/watch/…
  const legacyWatch = parts[0] === 'watch' && parts.length > 1;
  if (legacyWatch) parts = parts.slice(1);
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] as string;
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] as string)) parts = parts.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = parts;
  if (name === '' && verb === 'get') {
    verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  } else if (name === '' && verb === 'delete') verb = 'deletecollection';
  if (legacyWatch) verb = 'watch';
  const rest = parts.length > 3 ? `/${parts.slice(3).join('/')}` : '';
  return {
    isResource: true,
    verb,
    path,
    query,
    group,
    version,
    namespace,
    resource,
    subresource,
    name,
    rest,
  };
}

/** As Go reads a boolean query parameter: present and neither false nor 0. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== 'false' && value !== '0';
}
