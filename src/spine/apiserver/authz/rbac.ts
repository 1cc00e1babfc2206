/**
 * RBAC (plugin/pkg/auth/authorizer/rbac, v1.34): a request is allowed when a rule of a role that is
 * bound to the user or one of its groups covers it. Bindings are indexed by subject, and decisions
 * are remembered until a role or binding changes.
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '../../../ground/api/types.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { User } from '../generic/context.ts';
import type { ResourceCache } from '../generic/watch-cache.ts';
import type { Attributes, Decision } from './attributes.ts';

export interface RbacCaches {
  readonly roles: ResourceCache;
  readonly roleBindings: ResourceCache;
  readonly clusterRoles: ResourceCache;
  readonly clusterRoleBindings: ResourceCache;
}

type Binding = RoleBinding | ClusterRoleBinding;

/** Remembered decisions of one user, and users; forgotten all at once. */
const DECISIONS_MAX = 5_000;
const USERS_MAX = 2_000;

export class Rbac {
  readonly #caches: RbacCaches;
  /** Bindings by subject: `U:name`, `G:name`, `S:namespace:name`. */
  #cluster: Map<string, ClusterRoleBinding[]> | undefined;
  /** By namespace, then by subject. */
  #namespaced: Map<string, Map<string, RoleBinding[]>> | undefined;
  /**
   * By user and by what is asked, first without the object's name: few rules name objects, and names
   * are many.
   */
  readonly #decisions = new Map<User, Map<string, Decision>>();

  constructor(caches: RbacCaches) {
    this.#caches = caches;
    for (const cache of [caches.roles, caches.clusterRoles]) {
      cache.listeners.push(() => this.#decisions.clear());
    }
    caches.clusterRoleBindings.listeners.push(() => {
      this.#cluster = undefined;
      this.#decisions.clear();
    });
    caches.roleBindings.listeners.push(() => {
      this.#namespaced = undefined;
      this.#decisions.clear();
    });
  }

  authorize(attributes: Attributes): Decision {
    const { name, isResource } = attributes;
    const unnamed = isResource && name !== '' ? { ...attributes, name: '' } : attributes;
    const decision = this.#known(unnamed);
    return decision.allowed || unnamed === attributes ? decision : this.#known(attributes);
  }

  /** The decision as it was the last time. */
  #known(attributes: Attributes): Decision {
    const key = keyOf(attributes);
    if (key === undefined) return this.#judge(attributes);
    let decisions = this.#decisions.get(attributes.user);
    if (decisions === undefined) {
      if (this.#decisions.size >= USERS_MAX) this.#decisions.clear();
      decisions = new Map();
      this.#decisions.set(attributes.user, decisions);
    }
    let decision = decisions.get(key);
    if (decision === undefined) {
      if (decisions.size >= DECISIONS_MAX) decisions.clear();
      decision = this.#judge(attributes);
      decisions.set(key, decision);
    }
    return decision;
  }

  #judge(attributes: Attributes): Decision {
    const errors: string[] = [];
    for (const rules of this.rulesFor(attributes.user, attributes.namespace, errors)) {
      if (rules.some((rule) => covers(rule, attributes))) return { allowed: true, reason: '' };
    }
    return { allowed: false, reason: errors.length === 0 ? '' : `RBAC: ${joined(errors)}` };
  }

  /** The rules of all roles bound to a user, cluster-wide first. Missing roles are noted as errors. */
  *rulesFor(
    user: User,
    namespace: string,
    errors: string[],
  ): Generator<readonly PolicyRule[], void, void> {
    const subjects = subjectKeys(user);
    this.#cluster ??= indexBindings(this.#caches.clusterRoleBindings) as Map<
      string,
      ClusterRoleBinding[]
    >;
    for (const binding of unique(this.#cluster, subjects)) {
      yield this.#rulesOf(binding, '', errors);
    }
    if (namespace === '') return;
    this.#namespaced ??= this.#indexNamespaces();
    const index = this.#namespaced.get(namespace);
    if (index === undefined) return;
    for (const binding of unique(index, subjects)) yield this.#rulesOf(binding, namespace, errors);
  }

  /** The rules of the role that a binding names; undefined when there is none. */
  roleRules(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const cluster = roleRef.kind === 'ClusterRole';
    const cache = cluster ? this.#caches.clusterRoles : this.#caches.roles;
    const role = cache.get(namespace, roleRef.name)?.object as Role | ClusterRole | undefined;
    return role === undefined ? undefined : (role.rules ?? []);
  }

  #rulesOf(binding: Binding, namespace: string, errors: string[]): readonly PolicyRule[] {
    const { kind, name } = binding.roleRef;
    const rules = this.roleRules(binding.roleRef, namespace);
    if (rules !== undefined) return rules;
    errors.push(
      `${kind === 'ClusterRole' ? 'clusterrole' : 'role'}.rbac.authorization.k8s.io "${name}" not found`,
    );
    return [];
  }

  #indexNamespaces(): Map<string, Map<string, RoleBinding[]>> {
    const index = new Map<string, Map<string, RoleBinding[]>>();
    for (const [, cached] of this.#caches.roleBindings.items.range('')) {
      const namespace = cached.object.metadata.namespace ?? '';
      const inside = index.get(namespace) ?? new Map<string, RoleBinding[]>();
      index.set(namespace, inside);
      add(inside, cached.object as RoleBinding, namespace);
    }
    return index;
  }
}

/** What stands for a question; undefined for one with parts that could be taken for one another. */
function keyOf(attributes: Attributes): string | undefined {
  const { verb, isResource, group, resource, subresource, namespace, name, path } = attributes;
  if (!isResource) return path.includes('\n') ? undefined : `${verb}\n${path}`;
  const key = `${verb}\n${group}\n${resource}\n${subresource}\n${namespace}\n${name}`;
  let breaks = 0;
  for (let at = key.indexOf('\n'); at >= 0; at = key.indexOf('\n', at + 1)) breaks += 1;
  return breaks === 5 ? key : undefined;
}

function indexBindings(cache: ResourceCache): Map<string, Binding[]> {
  const index = new Map<string, Binding[]>();
  for (const [, cached] of cache.items.range('')) add(index, cached.object as Binding, '');
  return index;
}

function add<B extends KubeObject & { readonly subjects?: readonly Subject[] | undefined }>(
  index: Map<string, B[]>,
  binding: B,
  namespace: string,
): void {
  for (const subject of binding.subjects ?? []) {
    const key = subjectKey(subject, namespace);
    const list = index.get(key);
    if (list === undefined) index.set(key, [binding]);
    else list.push(binding);
  }
}

function subjectKey(subject: Subject, namespace: string): string {
  if (subject.kind === 'User') return `U:${subject.name}`;
  if (subject.kind === 'Group') return `G:${subject.name}`;
  return `S:${subject.namespace ?? namespace}:${subject.name}`;
}

const ACCOUNT = 'system:serviceaccount:';

function subjectKeys(user: User): string[] {
  const keys = [`U:${user.name}`];
  if (user.name.startsWith(ACCOUNT)) keys.push(`S:${user.name.slice(ACCOUNT.length)}`);
  for (const group of user.groups) keys.push(`G:${group}`);
  return keys;
}

function unique<B>(index: ReadonlyMap<string, readonly B[]>, keys: readonly string[]): Set<B> {
  const found = new Set<B>();
  for (const key of keys) for (const binding of index.get(key) ?? []) found.add(binding);
  return found;
}

/** As Go joins errors: one alone, several in brackets. */
function joined(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(', ')}]`;
}

/** Whether a rule allows a request (pkg/apis/rbac/v1/evaluation_helpers.go). */
export function covers(rule: PolicyRule, attributes: Attributes): boolean {
  const { verb, group, resource, subresource, name, isResource, path } = attributes;
  if (!has(rule.verbs, verb)) return false;
  if (!isResource)
    return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, path));
  if (!has(rule.apiGroups, group)) return false;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const listed = (rule.resources ?? []).some(
    (each) => each === '*' || each === full || (subresource !== '' && each === `*/${subresource}`),
  );
  if (!listed) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(name);
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list.includes(wanted) || list.includes('*'));
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}
