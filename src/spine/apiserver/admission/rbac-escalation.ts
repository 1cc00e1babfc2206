/**
 * Nobody grants what they do not hold (pkg/registry/rbac/{role,clusterrole,rolebinding,
 * clusterrolebinding}/policybased and pkg/registry/rbac/validation, v1.34): whoever writes a role must
 * hold its rules or may `escalate`; whoever binds one must hold its rules or may `bind` it. Upstream
 * checks in the registries of these kinds; here it is the last of the admission plugins, always on.
 */
import { sameValue } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type {
  ClusterRole,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
} from '../../../ground/api/types.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { quote, sortedText } from '../../../ground/base/text.ts';
import type { Attributes } from '../authz/attributes.ts';
import type { UnionAuthorizer } from '../authz/authorizer.ts';
import type { Rbac } from '../authz/rbac.ts';
import type { AdmissionPlugin, RequestContext, User } from '../generic/context.ts';
import { type Failure, forbidden, notFound } from '../generic/status.ts';

const GROUP = 'rbac.authorization.k8s.io';
const RESOURCES = new Set(['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings']);
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** A rule of one verb, one group, one resource, at most one name; or of one verb and one URL. */
interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly name: string;
  readonly url: string;
}

export function rbacEscalation(authorizer: UnionAuthorizer, rbac: Rbac): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    admit(context, operation, object, old) {
      const { info, user } = context;
      if (operation === 'DELETE' || info.group !== GROUP || !RESOURCES.has(info.resource))
        return ok(object);
      if (user.groups.includes('system:masters')) return ok(object);
      const refused = info.resource.endsWith('roles')
        ? checkRole(authorizer, rbac, context, object as ClusterRole, old as ClusterRole)
        : checkBinding(authorizer, rbac, context, object as RoleBinding, old as RoleBinding);
      return refused.ok ? ok<KubeObject>(object) : refused;
    },
  };
}

function checkRole(
  authorizer: UnionAuthorizer,
  rbac: Rbac,
  context: RequestContext,
  role: Role & ClusterRole,
  old: (Role & ClusterRole) | undefined,
): Result<void, Failure> {
  const { info, user } = context;
  const of = { group: GROUP, resource: info.resource };
  const name = role.metadata.name ?? '';
  if (
    old !== undefined &&
    sameValue(role.rules, old.rules) &&
    sameValue(role.aggregationRule, old.aggregationRule)
  )
    return ok(undefined);
  if (may(authorizer, user, 'escalate', info.resource, info.namespace, name)) return ok(undefined);
  const missing = missingOf(rbac, user, info.namespace, role.rules ?? []);
  if (missing !== undefined) return forbidden(of, name, missing);
  const gathers = (role.aggregationRule ?? old?.aggregationRule) !== undefined;
  if (gathers && missingOf(rbac, user, info.namespace, EVERYTHING) !== undefined) {
    return forbidden(of, name, 'must have cluster-admin privileges to use the aggregationRule');
  }
  return ok(undefined);
}

function checkBinding(
  authorizer: UnionAuthorizer,
  rbac: Rbac,
  context: RequestContext,
  binding: RoleBinding,
  old: RoleBinding | undefined,
): Result<void, Failure> {
  const { info, user } = context;
  const { roleRef } = binding;
  if (
    old !== undefined &&
    sameValue(roleRef, old.roleRef) &&
    sameValue(binding.subjects, old.subjects)
  )
    return ok(undefined);
  const resource = resourceOf(roleRef);
  if (may(authorizer, user, 'bind', resource, info.namespace, roleRef.name)) return ok(undefined);
  const rules = rbac.roleRules(roleRef, info.namespace);
  if (rules === undefined) return notFound({ group: GROUP, resource }, roleRef.name);
  const missing = missingOf(rbac, user, info.namespace, rules);
  if (missing === undefined) return ok(undefined);
  return forbidden({ group: GROUP, resource: info.resource }, binding.metadata.name ?? '', missing);
}

function resourceOf(roleRef: RoleRef): string {
  return roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
}

function may(
  authorizer: UnionAuthorizer,
  user: User,
  verb: string,
  resource: string,
  namespace: string,
  name: string,
): boolean {
  const attributes: Attributes = {
    user,
    verb,
    isResource: true,
    group: GROUP,
    resource,
    subresource: '',
    namespace,
    name,
    path: '',
  };
  return authorizer.decide(attributes).allowed;
}

/** What a user lacks of some rules, in upstream's words; undefined when nothing. */
function missingOf(
  rbac: Rbac,
  user: User,
  namespace: string,
  rules: readonly PolicyRule[],
): string | undefined {
  const errors: string[] = [];
  const held: PolicyRule[] = [];
  for (const some of rbac.rulesFor(user, namespace, errors)) held.push(...some);
  const missing = rules
    .flatMap(rightsOf)
    .filter((right) => !held.some((rule) => coversRight(rule, right)));
  if (missing.length === 0) return undefined;
  const groups = `[${user.groups.map(quote).join(' ')}]`;
  const rest = errors.length === 0 ? '' : `; resolution errors: [${errors.join(' ')}]`;
  return `user ${quote(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${describe(missing).join('\n')}${rest}`;
}

function rightsOf(rule: PolicyRule): Right[] {
  const rights: Right[] = [];
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names = resourceNames.length === 0 ? [''] : resourceNames;
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs)
        for (const name of names) rights.push({ verb, group, resource, name, url: '' });
  for (const url of nonResourceURLs)
    for (const verb of verbs) rights.push({ verb, group: '', resource: '', name: '', url });
  return rights;
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(wanted));
}

function coversRight(rule: PolicyRule, right: Right): boolean {
  if (!has(rule.verbs, right.verb)) return false;
  if (right.url !== '') {
    return (rule.nonResourceURLs ?? []).some(
      (url) => url === right.url || (url.endsWith('*') && right.url.startsWith(url.slice(0, -1))),
    );
  }
  const subresource = /\/.+$/.exec(right.resource)?.[0];
  const resource =
    has(rule.resources, right.resource) ||
    (subresource !== undefined && rule.resources?.includes(`*${subresource}`) === true);
  if (!resource || !has(rule.apiGroups, right.group)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || (right.name !== '' && names.includes(right.name));
}

/** One line per group, resource and name, with all of its verbs; sorted. */
function describe(rights: readonly Right[]): readonly string[] {
  const lines = new Map<string, { readonly right: Right; readonly verbs: string[] }>();
  for (const right of rights) {
    const { group, resource, name, url, verb } = right;
    // URLs are not put together.
    const key = `${group}\n${resource}\n${name}\n${url === '' ? '' : `${url} ${verb}`}`;
    const line = lines.get(key) ?? { right, verbs: [] };
    lines.set(key, line);
    if (!line.verbs.includes(verb)) line.verbs.push(verb);
  }
  return sortedText([...lines.values()].map(({ right, verbs }) => compact(right, verbs)));
}

function compact({ group, resource, name, url }: Right, verbs: readonly string[]): string {
  const list = (label: string, values: readonly string[]): string =>
    `${label}:[${values.map(quote).join(' ')}]`;
  const parts =
    url !== ''
      ? [list('NonResourceURLs', [url])]
      : [
          list('APIGroups', [group]),
          list('Resources', [resource]),
          ...(name === '' ? [] : [list('ResourceNames', [name])]),
        ];
  return `{${[...parts, list('Verbs', verbs)].join(', ')}}`;
}
