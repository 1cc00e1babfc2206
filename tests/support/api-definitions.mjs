// What both generators of API tables read: the definitions of everything that Drydock serves, and of all
// that these refer to, from a field table of the Kubernetes API.
import { readFileSync } from 'node:fs';

const ROOTS = [
  'core.v1.Pod',
  'core.v1.Namespace',
  'core.v1.Node',
  'core.v1.Service',
  'core.v1.Endpoints',
  'core.v1.ConfigMap',
  'core.v1.Secret',
  'core.v1.ServiceAccount',
  'core.v1.Event',
  'core.v1.Binding',
  'core.v1.PodTemplateSpec',
  'discovery.v1.EndpointSlice',
  'coordination.v1.Lease',
  'apps.v1.Deployment',
  'apps.v1.ReplicaSet',
  'autoscaling.v1.Scale',
  'rbac.v1.Role',
  'rbac.v1.RoleBinding',
  'rbac.v1.ClusterRole',
  'rbac.v1.ClusterRoleBinding',
  'authentication.v1.TokenReview',
  'authentication.v1.TokenRequest',
  'authentication.v1.SelfSubjectReview',
  'authorization.v1.SubjectAccessReview',
  'authorization.v1.SelfSubjectAccessReview',
  'authorization.v1.LocalSubjectAccessReview',
  'authorization.v1.SelfSubjectRulesReview',
  'scheduling.v1.PriorityClass',
  'meta.v1.Status',
  'meta.v1.DeleteOptions',
  'events.v1.Event',
  'policy.v1.Eviction',
];

/** Reads the field table, and the names of the roots and of all that they refer to, in order of first sight. */
export function readDefinitions(path, withLists) {
  const file = JSON.parse(readFileSync(path, 'utf8'));
  const table = file.definitions;
  const wanted = new Set();
  const visit = (name) => {
    if (wanted.has(name)) return;
    if (table[name] === undefined) throw new Error(`no definition ${name}`);
    wanted.add(name);
    for (const field of Object.values(table[name].properties ?? {})) walk(field);
  };
  const walk = (field) => {
    if (field.ref) visit(field.ref);
    if (field.items) walk(field.items);
    if (field.values) walk(field.values);
  };
  for (const root of ROOTS) {
    visit(root);
    if (withLists && table[`${root}List`] !== undefined) visit(`${root}List`);
  }
  return { file, table, wanted };
}
