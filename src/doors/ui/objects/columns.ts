/** Heads of the tables: the columns that kubectl prints for each kind, in its order, wide ones left out. */

export const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  Pod: ['Name', 'Ready', 'Status', 'Restarts', 'Age'],
  Node: ['Name', 'Status', 'Roles', 'Age', 'Version'],
  Service: ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age'],
  Deployment: ['Name', 'Ready', 'Up-to-date', 'Available', 'Age'],
  ReplicaSet: ['Name', 'Desired', 'Current', 'Ready', 'Age'],
  Namespace: ['Name', 'Status', 'Age'],
  Endpoints: ['Name', 'Endpoints', 'Age'],
  EndpointSlice: ['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'],
  ConfigMap: ['Name', 'Data', 'Age'],
  Secret: ['Name', 'Type', 'Data', 'Age'],
  ServiceAccount: ['Name', 'Secrets', 'Age'],
};

/** Class of a column, by its head: narrow panes leave columns out, the least telling first. */
export const columnClass = (head: string): string => CLASSES.get(head) ?? '';
const CLASSES = new Map(
  [...new Set([...Object.values(COLUMNS).flat(), 'Namespace', 'Node'])].map((head) => [
    head,
    `col-${head.toLowerCase().replace(/[^a-z]/g, '')}`,
  ]),
);

/** What people type after `:`. */
const ALIASES: Readonly<Record<string, string>> = {
  po: 'Pod',
  pod: 'Pod',
  pods: 'Pod',
  no: 'Node',
  node: 'Node',
  nodes: 'Node',
  svc: 'Service',
  service: 'Service',
  services: 'Service',
  deploy: 'Deployment',
  deployment: 'Deployment',
  deployments: 'Deployment',
  rs: 'ReplicaSet',
  replicaset: 'ReplicaSet',
  replicasets: 'ReplicaSet',
  ns: 'Namespace',
  namespace: 'Namespace',
  namespaces: 'Namespace',
  ep: 'Endpoints',
  endpoints: 'Endpoints',
  endpointslice: 'EndpointSlice',
  endpointslices: 'EndpointSlice',
  cm: 'ConfigMap',
  configmap: 'ConfigMap',
  configmaps: 'ConfigMap',
  secret: 'Secret',
  secrets: 'Secret',
  sa: 'ServiceAccount',
  serviceaccount: 'ServiceAccount',
  serviceaccounts: 'ServiceAccount',
};

export function kindOf(word: string): string | undefined {
  return ALIASES[word.trim().replace(/^:/, '').toLowerCase()];
}

export const KINDS = Object.keys(COLUMNS);
