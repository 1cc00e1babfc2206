/**
 * What a fresh API server writes before anybody asks for it: its namespaces, RBAC roles and bindings,
 * the two system priority classes (pkg/controlplane and the post-start hooks rbac/bootstrap-roles and
 * scheduling/bootstrap-system-priority-classes, v1.34). Only what is missing is written, many objects
 * to a transaction. Upstream also adds missing rules to changed roles at every start; here a role
 * that exists is left as it is.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { PolicyRule, ServiceAccount, Subject } from '../../ground/api/types.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatRfc3339, type WallTime } from '../../ground/base/time.ts';
import {
  BOOTSTRAP_RBAC,
  KUBEADM_RBAC,
  KUBEADM_SERVICE_ACCOUNTS,
  type RbacTable,
  type RoleRow,
  type RuleRow,
} from './bootstrap-table.ts';
import type { Api } from './generic/api.ts';
import type { RequestOp } from '../etcd/wire/index.ts';

const RBAC_VERSION = 'rbac.authorization.k8s.io/v1';
const RBAC_GROUP = 'rbac.authorization.k8s.io';
const COMMON_LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const COMMON_ANNOTATIONS = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];
/** Writes in one transaction; etcd takes 128. */
const OPS_MAX = 100;

/** A rule of a role from its row. */
function ruleOf(row: RuleRow): PolicyRule {
  if ('urls' in row)
    return freezeDeep({ verbs: split(row.verbs), nonResourceURLs: split(row.urls) });
  const [groups = '', resources = '', verbs = '', names] = row;
  const rule = { verbs: split(verbs), apiGroups: split(groups), resources: split(resources) };
  return freezeDeep(names === undefined ? rule : { ...rule, resourceNames: split(names) });
}

function split(text: string): string[] {
  return text.split(',');
}

/** The rules of the role `system:node`: what the Node authorizer allows every kubelet. */
export function nodeRules(): readonly PolicyRule[] {
  const row = BOOTSTRAP_RBAC.clusterRoles['system:node'] as readonly RuleRow[];
  return row.map(ruleOf);
}

/** Everything that a fresh server writes. */
export function bootstrapObjects(): readonly KubeObject[] {
  return [
    ...SYSTEM_NAMESPACES.map(namespaceObject),
    ...rbacObjects(BOOTSTRAP_RBAC, true),
    priorityClass(
      'system-node-critical',
      2_000_001_000,
      'Used for system critical pods that must not be moved from their current node.',
    ),
    priorityClass(
      'system-cluster-critical',
      2_000_000_000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
  ];
}

/** RBAC objects and ServiceAccounts that `kubeadm init` adds, for whoever plays kubeadm. */
export function kubeadmObjects(): readonly KubeObject[] {
  const accounts = KUBEADM_SERVICE_ACCOUNTS.map((full): ServiceAccount => {
    const [namespace = '', name = ''] = full.split('/');
    return freezeDeep({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  });
  return [...accounts, ...rbacObjects(KUBEADM_RBAC, false)];
}

function rbacObjects(table: RbacTable, marked: boolean): KubeObject[] {
  const objects: KubeObject[] = [];
  const list = (map: Readonly<Record<string, unknown>>): string[] => Object.keys(map);
  for (const name of list(table.clusterRoles)) {
    objects.push(role('ClusterRole', name, table.clusterRoles[name] as RoleRow, marked));
  }
  for (const name of list(table.roles))
    objects.push(role('Role', name, table.roles[name] as RoleRow, marked));
  for (const name of list(table.clusterRoleBindings)) {
    objects.push(
      binding('ClusterRoleBinding', name, table.clusterRoleBindings[name] ?? [], marked),
    );
  }
  for (const name of list(table.roleBindings)) {
    objects.push(binding('RoleBinding', name, table.roleBindings[name] ?? [], marked));
  }
  return objects;
}

function metadataOf(full: string, marked: boolean, labels: Readonly<Record<string, string>> = {}) {
  const slash = full.indexOf('/');
  const place =
    slash < 0 ? { name: full } : { name: full.slice(slash + 1), namespace: full.slice(0, slash) };
  if (!marked) return place;
  return { ...place, labels: { ...COMMON_LABELS, ...labels }, annotations: COMMON_ANNOTATIONS };
}

function role(
  kind: 'ClusterRole' | 'Role',
  name: string,
  row: RoleRow,
  marked: boolean,
): KubeObject {
  const fields = Array.isArray(row)
    ? { rules: row as readonly RuleRow[] }
    : (row as Exclude<RoleRow, readonly RuleRow[]>);
  const metadata = metadataOf(name, marked, fields.labels);
  const head = { apiVersion: RBAC_VERSION, kind, metadata };
  if (fields.aggregate === undefined) {
    return freezeDeep({ ...head, rules: (fields.rules ?? []).map(ruleOf) });
  }
  const matchLabels = { [`rbac.authorization.k8s.io/aggregate-to-${fields.aggregate}`]: 'true' };
  return freezeDeep({
    ...head,
    aggregationRule: { clusterRoleSelectors: [{ matchLabels }] },
    rules: [],
  });
}

function binding(
  kind: 'ClusterRoleBinding' | 'RoleBinding',
  name: string,
  row: readonly string[],
  marked: boolean,
): KubeObject {
  const [roleName = '', ...subjects] = row;
  const roleKind = kind === 'ClusterRoleBinding' ? 'ClusterRole' : 'Role';
  const head = {
    apiVersion: RBAC_VERSION,
    kind,
    metadata: metadataOf(name, marked),
    roleRef: { apiGroup: RBAC_GROUP, kind: roleKind, name: roleName },
  };
  return freezeDeep(subjects.length === 0 ? head : { ...head, subjects: subjects.map(subjectOf) });
}

function subjectOf(text: string): Subject {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (kind !== 'SA') return { apiGroup: RBAC_GROUP, kind, name };
  const slash = name.indexOf('/');
  return { kind: 'ServiceAccount', name: name.slice(slash + 1), namespace: name.slice(0, slash) };
}

function namespaceObject(name: string): KubeObject {
  return freezeDeep({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }) as unknown as KubeObject;
}

function priorityClass(name: string, value: number, description: string): KubeObject {
  return freezeDeep({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name, generation: 1 },
    value,
    description,
    preemptionPolicy: 'PreemptLowerPriority',
  }) as unknown as KubeObject;
}

/** Writes what is missing. Runs with the caches filled; a race with another server loses in silence. */
export function* writeMissing(
  api: Api,
  objects: readonly KubeObject[],
  random: RandomStream,
  now: WallTime,
): Task<void> {
  const creationTimestamp = formatRfc3339(now);
  let ops: RequestOp[] = [];
  let written: { readonly key: string; readonly object: KubeObject }[] = [];
  let compare: { key: string; target: 'MOD'; result: 'EQUAL'; operand: number }[] = [];
  const flush = function* (): Task<void> {
    if (ops.length === 0) return;
    const answer = yield* api.store.etcd.txn({ compare, success: ops, failure: [] });
    if (answer.ok && answer.value.succeeded) {
      const { revision } = answer.value.header;
      for (const { key, object } of written) api.store.remember(key, object, revision);
    }
    written = [];
    ops = [];
    compare = [];
  };
  for (const object of objects) {
    const registry = api.registryOfKind(object.apiVersion, object.kind);
    if (registry === undefined) continue;
    const key = registry.cache.keyOf(object.metadata.namespace ?? '', object.metadata.name);
    if (registry.cache.items.has(key)) continue;
    const metadata = Object.freeze({ ...object.metadata, uid: random.uuid(), creationTimestamp });
    const whole = Object.freeze({ ...object, metadata }) as KubeObject;
    ops.push({ put: { key, value: api.store.stored(whole) } });
    written.push({ key, object: whole });
    compare.push({ key, target: 'MOD', result: 'EQUAL', operand: 0 });
    if (ops.length === OPS_MAX) yield* flush();
  }
  yield* flush();
}
