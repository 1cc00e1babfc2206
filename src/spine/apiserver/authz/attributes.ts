/** What a request wants, as authorizers see it, and how a refusal reads. */
import type { ApiRequest } from '../generic/api-request.ts';
import type { User } from '../generic/context.ts';
import { type Failure, failure } from '../generic/status.ts';
import type { Err } from '../../../ground/base/result.ts';

export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** For what is no resource. */
  readonly path: string;
}

export function attributesOf(user: User, info: ApiRequest): Attributes {
  const { verb, isResource, group, resource, subresource, namespace, name, path } = info;
  // A list or watch of one name may be allowed by that name.
  const wanted = name === '' ? nameInSelector(info) : name;
  return { user, verb, isResource, group, resource, subresource, namespace, name: wanted, path };
}

function nameInSelector(info: ApiRequest): string {
  const text = info.query.get('fieldSelector');
  if (text === undefined) return '';
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(text)?.[1] ?? '';
}

/** allow, deny, or no opinion, with a reason. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** `pods "a" is forbidden: User "x" cannot get resource "pods" in API group "" in the namespace "default"` */
export function refusal(attributes: Attributes, reason: string): Err<Failure> {
  const { user, verb, group, resource, subresource, namespace, name, path, isResource } =
    attributes;
  if (!isResource) {
    const text = `forbidden: User ${html(user.name)} cannot ${verb} path ${html(path)}`;
    return failure({
      code: 403,
      reason: 'Forbidden',
      message: withReason(text, reason),
      details: {},
    });
  }
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${html(namespace)}`;
  const text = `User ${html(user.name)} cannot ${verb} resource ${html(full)} in API group ${html(group)} ${scope}`;
  const what = group === '' ? resource : `${resource}.${group}`;
  const named = name === '' ? what : `${what} ${html(name)}`;
  return failure({
    code: 403,
    reason: 'Forbidden',
    message: `${named} is forbidden: ${withReason(text, reason)}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: resource,
    },
  });
}

function withReason(text: string, reason: string): string {
  return reason === '' ? text : `${text}: ${reason}`;
}

/** Quoted, with the characters that HTML would read escaped. */
function html(text: string): string {
  const safe = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `"${safe}"`;
}
