// Writes src/spine/apiserver/bootstrap-table.ts, the objects that a fresh API server and kubeadm make by
// themselves, from a file of compact facts about them.
//
//     node tests/support/make-bootstrap-table.mjs path/to/kubernetes-1.34-bootstrap.json
import { readFileSync, writeFileSync } from 'node:fs';

const facts = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const rbac = facts.rbac;
const kubeadm = facts.kubeadm;

const literal = (value) => JSON.stringify(value);
const entries = (map) =>
  `{\n${Object.entries(map)
    .map(([name, value]) => `    ${literal(name)}: ${literal(value)},`)
    .join('\n')}\n  }`;
const section = (name, parts) =>
  `export const ${name}: RbacTable = {\n${Object.entries(parts)
    .map(([key, map]) => `  ${key}: ${entries(map)},`)
    .join('\n')}\n};\n`;

const text = `/**
 * The RBAC objects that a fresh API server makes by itself (pkg plugin/pkg/auth/authorizer/rbac/
 * bootstrappolicy, v1.34) and those that kubeadm adds. Written by tests/support/
 * make-bootstrap-table.mjs; do not edit by hand.
 *
 * A rule is [apiGroups, resources, verbs] or [apiGroups, resources, verbs, resourceNames], texts that
 * are split at commas (an empty piece is the core group), or {urls, verbs}. A binding is [role,
 * subject, …] with subjects \`User:name\`, \`Group:name\`, \`SA:namespace/name\`. Names of namespaced
 * objects are \`namespace/name\`.
 */
export type RuleRow = readonly string[] | { readonly urls: string; readonly verbs: string };
export type RoleRow =
  | readonly RuleRow[]
  | {
      readonly rules?: readonly RuleRow[];
      readonly labels?: Readonly<Record<string, string>>;
      /** Rules are the union of the roles with this aggregation label. */
      readonly aggregate?: string;
    };

export interface RbacTable {
  readonly clusterRoles: Readonly<Record<string, RoleRow>>;
  readonly roles: Readonly<Record<string, RoleRow>>;
  readonly clusterRoleBindings: Readonly<Record<string, readonly string[]>>;
  readonly roleBindings: Readonly<Record<string, readonly string[]>>;
}

${section('BOOTSTRAP_RBAC', {
  clusterRoles: { ...rbac.clusterRoles, ...rbac.controllerRoles },
  roles: rbac.roles,
  clusterRoleBindings: { ...rbac.clusterRoleBindings, ...rbac.controllerRoleBindings },
  roleBindings: rbac.roleBindings,
})}
/** What \`kubeadm init\` adds. */
${section('KUBEADM_RBAC', {
  clusterRoles: kubeadm.clusterRoles,
  roles: kubeadm.roles,
  clusterRoleBindings: kubeadm.clusterRoleBindings,
  roleBindings: kubeadm.roleBindings,
})}
/** ServiceAccounts of kubeadm's addons. */
export const KUBEADM_SERVICE_ACCOUNTS: readonly string[] = ${literal(kubeadm.serviceAccounts)};
`;
writeFileSync(new URL('../../src/spine/apiserver/bootstrap-table.ts', import.meta.url), text);
