/**
 * Which paths and methods exist (k8s.io/apiserver/pkg/endpoints/installer.go, v0.34): one route per verb of a
 * resource, all-namespaces paths for reading only. What Go's router finds no route for is a Status in
 * its general words; a group that nobody serves never reaches the router and is plain text.
 */
import type { ResourceDescriptor } from '../../../ground/api/descriptor.ts';
import type { Err } from '../../../ground/base/result.ts';
import type { ApiRequest } from './api-request.ts';
import type { Answer } from './handler.ts';
import { type Failure, failure, methodNotAllowed } from './status.ts';

/** Verbs that are about one object, and the others. */
const OF_ONE = new Set(['get', 'update', 'patch', 'delete']);

/** The refusal of a request that no route takes; undefined when one does. */
export function strayOf(
  descriptor: ResourceDescriptor,
  info: ApiRequest,
  method: string,
): Err<Failure> | undefined {
  const { verb, name, subresource, namespace, resource } = info;
  if (descriptor.namespaced) {
    if (namespace === '' && name !== '') return noRoute();
    if (namespace === '' && (verb === 'create' || verb === 'deletecollection')) {
      // Reviews of a namespace have no path without one.
      return descriptor.virtual === true ? noRoute() : methodNotAllowed();
    }
  } else if (namespace !== '' && resource !== 'namespaces') return noRoute();
  if (subresource !== '') {
    const listed = descriptor.subresources.find((each) => each.name === subresource);
    if (listed === undefined) return noRoute();
    if (method === 'HEAD' && !listed.verbs.includes('head')) return methodNotAllowed();
    return subresource === 'status' && !listed.verbs.includes(verb)
      ? methodNotAllowed()
      : undefined;
  }
  if (method === 'HEAD') return methodNotAllowed();
  if (verb === 'watch') return undefined;
  const fits = OF_ONE.has(verb) === (name !== '');
  return fits && descriptor.verbs.includes(verb) ? undefined : methodNotAllowed();
}

function noRoute(): Err<Failure> {
  return failure({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

/** Answers a path without a route; `known`: its group is served. */
export function unknownPath(answer: Answer, known: boolean): void {
  if (known) answer.fail(noRoute().error);
  else answer.text(404, '404 page not found\n');
}
