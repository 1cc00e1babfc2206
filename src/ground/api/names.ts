/** The resources that Drydock serves, by the names that clients use. */
import type { ResourceName } from './object.ts';

function core(resource: string): ResourceName {
  return { group: '', version: 'v1', resource };
}

function of(group: string, resource: string): ResourceName {
  return { group, version: 'v1', resource };
}

export const PODS = core('pods');
export const NAMESPACES = core('namespaces');
export const NODES = core('nodes');
export const SERVICES = core('services');
export const ENDPOINTS = core('endpoints');
export const CONFIGMAPS = core('configmaps');
export const SECRETS = core('secrets');
export const SERVICE_ACCOUNTS = core('serviceaccounts');
export const EVENTS = core('events');
/** The same events under their newer name. */
export const EVENTS_EVENTS = of('events.k8s.io', 'events');
export const ENDPOINT_SLICES = of('discovery.k8s.io', 'endpointslices');
export const LEASES = of('coordination.k8s.io', 'leases');
export const DEPLOYMENTS = of('apps', 'deployments');
export const REPLICA_SETS = of('apps', 'replicasets');
export const ROLES = of('rbac.authorization.k8s.io', 'roles');
export const ROLE_BINDINGS = of('rbac.authorization.k8s.io', 'rolebindings');
export const CLUSTER_ROLES = of('rbac.authorization.k8s.io', 'clusterroles');
export const CLUSTER_ROLE_BINDINGS = of('rbac.authorization.k8s.io', 'clusterrolebindings');
export const TOKEN_REVIEWS = of('authentication.k8s.io', 'tokenreviews');
export const SUBJECT_ACCESS_REVIEWS = of('authorization.k8s.io', 'subjectaccessreviews');
