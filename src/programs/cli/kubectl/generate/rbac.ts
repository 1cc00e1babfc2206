/** Roles and bindings of `kubectl create` (create_role.go, create_rolebinding.go …, v0.34). */
import { ok } from '../../../../ground/base/result.ts';
import { quote } from '../../../../ground/base/text.ts';
import type { Task } from '../../../../ground/base/task.ts';
import { fail, failApi, type Outcome } from '../failure.ts';
import type { Session } from '../session.ts';

const API_GROUP = 'rbac.authorization.k8s.io';

const STANDARD_VERBS = new Set(
  'get list watch create update patch delete deletecollection proxy * use bind impersonate escalate approve sign attest'.split(
    ' ',
  ),
);
/** Verbs that only some resources know, by `<group>/<resource>`. */
const SPECIAL_VERBS: ReadonlyMap<string, readonly string[]> = new Map([
  ['use', ['policy/podsecuritypolicies', 'extensions/podsecuritypolicies']],
  ['bind', ['rbac.authorization.k8s.io/roles', 'rbac.authorization.k8s.io/clusterroles']],
  ['escalate', ['rbac.authorization.k8s.io/roles', 'rbac.authorization.k8s.io/clusterroles']],
  ['impersonate', ['/users', '/serviceaccounts', '/groups', 'authentication.k8s.io/userextras']],
]);

interface RuleGroup {
  readonly group: string;
  readonly resources: readonly string[];
}

/** Rules: one for each API group, verbs and names in all of them. */
function* rulesOf(session: Session, cluster: boolean): Task<Outcome<readonly object[]>> {
  const { flags } = session;
  const verbs = unique(flags.list('verb'));
  const urls = flags.list('non-resource-url');
  if (verbs.length === 0) return fail('at least one verb must be specified');
  const names = flags.list('resource-name');
  const given = flags.list('resource');
  if (given.length === 0 && !(cluster && urls.length > 0)) {
    return fail(
      cluster
        ? 'one of resource or nonResourceURL must be specified'
        : 'at least one resource must be specified',
    );
  }
  for (const verb of verbs.filter((each) => !STANDARD_VERBS.has(each))) {
    yield* session.printError(`Warning: '${verb}' is not a standard resource verb\n`);
  }
  const rules: object[] = [];
  const groups = yield* groupsOf(session, given);
  if (!groups.ok) return groups;
  const misused = misusedVerb(verbs, groups.value);
  if (misused !== undefined) return fail(misused);
  for (const { group, resources } of groups.value) {
    rules.push({
      apiGroups: [group],
      ...(names.length > 0 ? { resourceNames: names } : {}),
      resources,
      verbs: verbs.includes('*') ? ['*'] : verbs,
    });
  }
  if (urls.length > 0) rules.push({ nonResourceURLs: urls, verbs });
  return ok(rules);
}

function misusedVerb(verbs: readonly string[], groups: readonly RuleGroup[]): string | undefined {
  for (const verb of verbs) {
    const allowed = SPECIAL_VERBS.get(verb);
    if (allowed === undefined) continue;
    for (const { group, resources } of groups) {
      const wrong = resources.find((each) => each !== '*' && !allowed.includes(`${group}/${each}`));
      if (wrong !== undefined) return `can not perform '${verb}' on '${wrong}' in group '${group}'`;
    }
  }
  return undefined;
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words.map((word) => word.trim()).filter((word) => word !== ''))];
}

/** `pods`, `deployments.apps`, `pods/log`, by their group, as the server names them. */
function* groupsOf(
  session: Session,
  given: readonly string[],
): Task<Outcome<readonly RuleGroup[]>> {
  const groups = new Map<string, string[]>();
  const mapper = session.mapper();
  if (!mapper.ok) return mapper;
  for (const word of unique(given)) {
    const slash = word.indexOf('/');
    const type = slash < 0 ? word : word.slice(0, slash);
    const sub = slash < 0 ? '' : word.slice(slash);
    if (type === '*') {
      groups.set('', ['*']);
      continue;
    }
    const found = yield* mapper.value.named(type);
    if (!found.ok) return failApi(found.error);
    if (found.value === undefined) {
      const text = `the server doesn't have a resource type ${quote(type)}`;
      return { ok: false, error: { kind: 'plain', text } };
    }
    const list = groups.get(found.value.group) ?? [];
    if (!list.includes(found.value.resource + sub)) list.push(found.value.resource + sub);
    groups.set(found.value.group, list);
  }
  return ok([...groups].map(([group, resources]) => ({ group, resources })));
}

export function* generatedRole(session: Session, name: string): Task<Outcome<object>> {
  const rules = yield* rulesOf(session, false);
  if (!rules.ok) return rules;
  return ok({
    apiVersion: `${API_GROUP}/v1`,
    kind: 'Role',
    metadata: { name },
    rules: rules.value,
  });
}

export function* generatedClusterRole(session: Session, name: string): Task<Outcome<object>> {
  const aggregation = session.flags.list('aggregation-rule');
  if (aggregation.length > 0) {
    const matchLabels = Object.fromEntries(
      aggregation.map((pair) => pair.split('=') as [string, string]),
    );
    return ok({
      aggregationRule: { clusterRoleSelectors: [{ matchLabels }] },
      apiVersion: `${API_GROUP}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: null,
    });
  }
  const rules = yield* rulesOf(session, true);
  if (!rules.ok) return rules;
  return ok({
    apiVersion: `${API_GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules: rules.value,
  });
}

/** Users, groups and accounts of a binding. */
export function subjectsOf(session: Session): Outcome<readonly object[]> {
  const { flags } = session;
  const subjects: object[] = [];
  for (const name of flags.list('user')) subjects.push({ apiGroup: API_GROUP, kind: 'User', name });
  for (const name of flags.list('group'))
    subjects.push({ apiGroup: API_GROUP, kind: 'Group', name });
  for (const account of flags.list('serviceaccount')) {
    const [namespace = '', name = '', ...more] = account.split(':');
    if (namespace === '' || name === '' || more.length > 0) {
      return fail('serviceaccount must be <namespace>:<name>');
    }
    subjects.push({ kind: 'ServiceAccount', name, namespace });
  }
  return ok(subjects);
}

export function bindingGenerator(kind: 'RoleBinding' | 'ClusterRoleBinding') {
  return function* generated(session: Session, name: string): Task<Outcome<object>> {
    const { flags } = session;
    const clusterRole = flags.text('clusterrole');
    const role = flags.text('role');
    if (kind === 'RoleBinding' && (clusterRole === '') === (role === '')) {
      return fail('exactly one of clusterrole or role must be specified');
    }
    const subjects = subjectsOf(session);
    if (!subjects.ok) return subjects;
    const reference =
      clusterRole === ''
        ? { apiGroup: API_GROUP, kind: 'Role', name: role }
        : { apiGroup: API_GROUP, kind: 'ClusterRole', name: clusterRole };
    return ok({
      apiVersion: `${API_GROUP}/v1`,
      kind,
      metadata: { name },
      roleRef: reference,
      ...(subjects.value.length > 0 ? { subjects: subjects.value } : {}),
    });
  };
}
