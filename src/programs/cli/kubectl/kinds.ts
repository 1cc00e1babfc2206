/** The resources that kubectl knows without asking the server: those that its typed clients speak of. */
import type { KubeObject } from '../../../ground/api/object.ts';
import { required } from '../../../ground/base/assert.ts';
import type { Mapping } from './mapper.ts';

/** kubectl knows the kinds that it makes without asking the server. */
export function kindMapping(kind: string): Mapping {
  return required(KINDS.get(kind), `kubectl has no kind ${kind} of its own`);
}

/** The resource of an object without asking the server: for `--local`. */
export function localMapping(object: KubeObject): Mapping {
  const { apiVersion, kind } = object;
  const known = KINDS.get(kind);
  if (known !== undefined) return known;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return mappingOf(kind, group, apiVersion.slice(slash + 1), `${kind.toLowerCase()}s`, true);
}

function mappingOf(
  kind: string,
  group: string,
  version: string,
  resource: string,
  namespaced: boolean,
): Mapping {
  return {
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    kind,
    namespaced,
    shortNames: [],
    categories: [],
    verbs: [],
    subresources: [],
    preferred: true,
  };
}

const RBAC = 'rbac.authorization.k8s.io';
const KINDS: ReadonlyMap<string, Mapping> = new Map(
  (
    [
      ['Namespace', '', 'namespaces', false],
      ['ConfigMap', '', 'configmaps', true],
      ['Secret', '', 'secrets', true],
      ['Service', '', 'services', true],
      ['ServiceAccount', '', 'serviceaccounts', true],
      ['Pod', '', 'pods', true],
      ['Deployment', 'apps', 'deployments', true],
      ['Role', RBAC, 'roles', true],
      ['RoleBinding', RBAC, 'rolebindings', true],
      ['ClusterRole', RBAC, 'clusterroles', false],
      ['ClusterRoleBinding', RBAC, 'clusterrolebindings', false],
      ['ReplicaSet', 'apps', 'replicasets', true],
      ['ControllerRevision', 'apps', 'controllerrevisions', true],
      ['Node', '', 'nodes', false],
      ['Event', '', 'events', true],
      ['Endpoints', '', 'endpoints', true],
      ['EndpointSlice', 'discovery.k8s.io', 'endpointslices', true],
      ['Lease', 'coordination.k8s.io', 'leases', true],
      ['ResourceQuota', '', 'resourcequotas', true],
      ['Job', 'batch', 'jobs', true],
      ['CronJob', 'batch', 'cronjobs', true],
      ['Ingress', 'networking.k8s.io', 'ingresses', true],
      ['PodDisruptionBudget', 'policy', 'poddisruptionbudgets', true],
      ['HorizontalPodAutoscaler', 'autoscaling', 'horizontalpodautoscalers', true],
      ['PriorityClass', 'scheduling.k8s.io', 'priorityclasses', false],
    ] as const
  ).map(([kind, group, resource, namespaced]) => [
    kind,
    mappingOf(kind, group, group === 'autoscaling' ? 'v2' : 'v1', resource, namespaced),
  ]),
);
