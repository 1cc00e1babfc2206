/**
 * What `kubeadm init` sends to the API server once it is up: its own RBAC objects, the configuration
 * ConfigMaps, CoreDNS with its Service (cmd/kubeadm/app/phases/{addons,uploadconfig,bootstraptoken},
 * v1.34). kube-proxy is a static pod here (manifests.ts), so its DaemonSet is left out.
 */
import type { KubeObject } from '../../ground/api/object.ts';
import { CLUSTER_DNS, COREFILE, KUBELET_CONFIG } from './files.ts';

const RBAC = 'rbac.authorization.k8s.io';

function clusterRole(name: string, rules: readonly object[]): object {
  return { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}

function rule(
  groups: readonly string[],
  resources: readonly string[],
  verbs: readonly string[],
  resourceNames?: readonly string[],
): object {
  return {
    apiGroups: groups,
    resources,
    ...(resourceNames === undefined ? {} : { resourceNames }),
    verbs,
  };
}

function group(name: string): object {
  return { apiGroup: RBAC, kind: 'Group', name };
}

function account(namespace: string, name: string): object {
  return { kind: 'ServiceAccount', name, namespace };
}

function clusterBinding(name: string, role: string, subjects: readonly object[]): object {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects,
  };
}

function role(namespace: string, name: string, rules: readonly object[]): object {
  return { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace }, rules };
}

function binding(namespace: string, name: string, subjects: readonly object[]): object {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
    subjects,
  };
}

const BOOTSTRAPPERS = group('system:bootstrappers:kubeadm:default-node-token');
const NODES_GROUP = group('system:nodes');

function accessObjects(): readonly object[] {
  return [
    clusterRole('kubeadm:get-nodes', [rule([''], ['nodes'], ['get'])]),
    clusterRole('system:coredns', [
      rule([''], ['endpoints', 'services', 'pods', 'namespaces'], ['list', 'watch']),
      rule(['discovery.k8s.io'], ['endpointslices'], ['list', 'watch']),
    ]),
    clusterBinding('kubeadm:cluster-admins', 'cluster-admin', [group('kubeadm:cluster-admins')]),
    clusterBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', [BOOTSTRAPPERS]),
    clusterBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', [BOOTSTRAPPERS]),
    clusterBinding(
      'kubeadm:node-autoapprove-bootstrap',
      'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
      [BOOTSTRAPPERS],
    ),
    clusterBinding(
      'kubeadm:node-autoapprove-certificate-rotation',
      'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      [NODES_GROUP],
    ),
    clusterBinding('kubeadm:node-proxier', 'system:node-proxier', [
      account('kube-system', 'kube-proxy'),
    ]),
    clusterBinding('system:coredns', 'system:coredns', [account('kube-system', 'coredns')]),
    role('kube-public', 'kubeadm:bootstrap-signer-clusterinfo', [
      rule([''], ['configmaps'], ['get'], ['cluster-info']),
    ]),
    role('kube-system', 'kube-proxy', [rule([''], ['configmaps'], ['get'], ['kube-proxy'])]),
    role('kube-system', 'kubeadm:kubelet-config', [
      rule([''], ['configmaps'], ['get'], ['kubelet-config']),
    ]),
    role('kube-system', 'kubeadm:nodes-kubeadm-config', [
      rule([''], ['configmaps'], ['get'], ['kubeadm-config']),
    ]),
    binding('kube-public', 'kubeadm:bootstrap-signer-clusterinfo', [
      { apiGroup: RBAC, kind: 'User', name: 'system:anonymous' },
    ]),
    binding('kube-system', 'kube-proxy', [BOOTSTRAPPERS]),
    binding('kube-system', 'kubeadm:kubelet-config', [NODES_GROUP, BOOTSTRAPPERS]),
    binding('kube-system', 'kubeadm:nodes-kubeadm-config', [BOOTSTRAPPERS, NODES_GROUP]),
  ];
}

function clusterConfiguration(version: string, podRange: string, serviceRange: string): string {
  return `apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
caCertificateValidityPeriod: 87600h0m0s
certificateValidityPeriod: 8760h0m0s
certificatesDir: /etc/kubernetes/pki
clusterName: kubernetes
controllerManager: {}
dns: {}
encryptionAlgorithm: ECDSA-P256
etcd:
  local:
    dataDir: /var/lib/etcd
imageRepository: registry.k8s.io
kind: ClusterConfiguration
kubernetesVersion: ${version}
networking:
  dnsDomain: cluster.local
  podSubnet: ${podRange}
  serviceSubnet: ${serviceRange}
proxy: {}
scheduler: {}
`;
}

function configMap(
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

const DNS_LABELS = { 'k8s-app': 'kube-dns' };

function coreDnsContainer(image: string): object {
  const check = (path: string, port: number): object => ({ path, port, scheme: 'HTTP' });
  return {
    name: 'coredns',
    image,
    imagePullPolicy: 'IfNotPresent',
    resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
    args: ['-conf', '/etc/coredns/Corefile'],
    volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
    ports: [
      { containerPort: 53, name: 'dns', protocol: 'UDP' },
      { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
      { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
      { containerPort: 8080, name: 'liveness-probe', protocol: 'TCP' },
      { containerPort: 8181, name: 'readiness-probe', protocol: 'TCP' },
    ],
    livenessProbe: {
      httpGet: check('/health', 8080),
      initialDelaySeconds: 60,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 5,
    },
    readinessProbe: { httpGet: check('/ready', 8181) },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  };
}

function coreDnsDeployment(image: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: 'kube-system', labels: DNS_LABELS },
    spec: {
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: DNS_LABELS },
      template: {
        metadata: { labels: DNS_LABELS },
        spec: {
          priorityClassName: 'system-cluster-critical',
          serviceAccountName: 'coredns',
          tolerations: [
            { key: 'CriticalAddonsOnly', operator: 'Exists' },
            { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
          ],
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          containers: [coreDnsContainer(image)],
          dnsPolicy: 'Default',
          volumes: [
            {
              name: 'config-volume',
              configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] },
            },
          ],
        },
      },
    },
  };
}

function dnsService(): object {
  const port = (name: string, number: number, protocol: string): object => ({
    name,
    port: number,
    protocol,
    targetPort: number,
  });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels: {
        ...DNS_LABELS,
        'kubernetes.io/cluster-service': 'true',
        'kubernetes.io/name': 'CoreDNS',
      },
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    },
    spec: {
      clusterIP: CLUSTER_DNS,
      ports: [port('dns', 53, 'UDP'), port('dns-tcp', 53, 'TCP'), port('metrics', 9153, 'TCP')],
      selector: DNS_LABELS,
    },
  };
}

export interface AddonOptions {
  readonly version: string;
  readonly corednsTag: string;
  readonly podRange: string;
  readonly serviceRange: string;
}

/** All of them, in the order in which kubeadm's phases create them. */
export function addonObjects(options: AddonOptions): readonly KubeObject[] {
  const cluster = clusterConfiguration(options.version, options.podRange, options.serviceRange);
  return [
    ...accessObjects(),
    configMap('kube-system', 'kubeadm-config', { ClusterConfiguration: cluster }),
    configMap('kube-system', 'kubelet-config', { kubelet: KUBELET_CONFIG }),
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'coredns', namespace: 'kube-system' },
    },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'kube-proxy', namespace: 'kube-system' },
    },
    configMap('kube-system', 'coredns', { Corefile: COREFILE }),
    dnsService(),
    coreDnsDeployment(`registry.k8s.io/coredns/coredns:${options.corednsTag}`),
  ] as readonly KubeObject[];
}
