/**
 * What encoding/json prints of an object with nothing in it (types of k8s.io/api, v0.34): structs and
 * fields without omitempty stay. Bookmarks are such objects.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';

const TEMPLATE = { metadata: {}, spec: { containers: null } };
const RULES = { rules: null };
const BINDING = { roleRef: { apiGroup: '', kind: '', name: '' } };
const NODE_INFO = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '',
  osImage: '',
  containerRuntimeVersion: '',
  kubeletVersion: '',
  kubeProxyVersion: '',
  operatingSystem: '',
  architecture: '',
};

const EMPTY: Readonly<Record<string, object>> = freezeDeep({
  Pod: { spec: { containers: null }, status: {} },
  Node: {
    spec: {},
    status: { daemonEndpoints: { kubeletEndpoint: { Port: 0 } }, nodeInfo: NODE_INFO },
  },
  Service: { spec: {}, status: { loadBalancer: {} } },
  Namespace: { spec: {}, status: {} },
  Deployment: { spec: { selector: null, template: TEMPLATE, strategy: {} }, status: {} },
  ReplicaSet: { spec: { selector: null, template: TEMPLATE }, status: { replicas: 0 } },
  Lease: { spec: {} },
  EndpointSlice: { addressType: '', endpoints: null, ports: null },
  Role: RULES,
  ClusterRole: RULES,
  RoleBinding: BINDING,
  ClusterRoleBinding: BINDING,
  PriorityClass: { value: 0 },
});

const NONE = Object.freeze({});

/** The parts of an empty object of a kind besides its metadata. */
export function emptyParts(kind: string): object {
  return EMPTY[kind] ?? NONE;
}
