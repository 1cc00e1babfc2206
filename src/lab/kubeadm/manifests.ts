/**
 * The static pod manifests that `kubeadm init` writes into /etc/kubernetes/manifests, as text
 * (cmd/kubeadm/app/phases/controlplane/manifests.go and phases/etcd/local.go, v1.34): what a learner
 * finds there, edits, and breaks. kube-proxy is a static pod on every node as long as there is no
 * DaemonSet here; its manifest follows kubeadm's DaemonSet template.
 */

export interface ControlPlaneHost {
  readonly name: string;
  /** `192.168.0.10` */
  readonly address: string;
  readonly version: string;
  readonly etcdTag: string;
  readonly podRange: string;
  readonly serviceRange: string;
}

interface HostFolder {
  readonly name: string;
  readonly path: string;
  readonly type: 'DirectoryOrCreate' | 'FileOrCreate' | 'Directory' | '';
  readonly readOnly: boolean;
}

interface HttpCheck {
  readonly host: string;
  readonly path: string;
  readonly port: string;
  readonly scheme: 'HTTP' | 'HTTPS';
}

interface StaticPod {
  readonly name: string;
  readonly image: string;
  readonly annotations: readonly string[];
  readonly command: readonly string[];
  readonly live: HttpCheck;
  readonly ready?: HttpCheck;
  readonly portName: string;
  readonly portNumber: number;
  readonly requests: readonly string[];
  readonly folders: readonly HostFolder[];
}

const PKI = '/etc/kubernetes/pki';
const CA_FOLDERS: readonly HostFolder[] = [
  folder('ca-certs', '/etc/ssl/certs'),
  folder('etc-ca-certificates', '/etc/ca-certificates'),
  folder('k8s-certs', PKI),
  folder('usr-local-share-ca-certificates', '/usr/local/share/ca-certificates'),
  folder('usr-share-ca-certificates', '/usr/share/ca-certificates'),
];

function folder(name: string, path: string): HostFolder {
  return {
    name,
    path,
    type: name === 'k8s-certs' || /ca-cert/.test(name) ? 'DirectoryOrCreate' : '',
    readOnly: true,
  };
}

function configFile(path: string): HostFolder {
  return { name: 'kubeconfig', path, type: 'FileOrCreate', readOnly: true };
}

export function apiServerManifest(host: ControlPlaneHost): string {
  const check = (path: string): HttpCheck => ({
    host: host.address,
    path,
    port: 'probe-port',
    scheme: 'HTTPS',
  });
  return render({
    name: 'kube-apiserver',
    image: `registry.k8s.io/kube-apiserver:${host.version}`,
    annotations: [
      `kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: ${host.address}:6443`,
    ],
    command: [
      'kube-apiserver',
      `--advertise-address=${host.address}`,
      '--allow-privileged=true',
      '--authorization-mode=Node,RBAC',
      `--client-ca-file=${PKI}/ca.crt`,
      '--enable-admission-plugins=NodeRestriction',
      '--enable-bootstrap-token-auth=true',
      `--etcd-cafile=${PKI}/etcd/ca.crt`,
      `--etcd-certfile=${PKI}/apiserver-etcd-client.crt`,
      `--etcd-keyfile=${PKI}/apiserver-etcd-client.key`,
      '--etcd-servers=https://127.0.0.1:2379',
      `--kubelet-client-certificate=${PKI}/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${PKI}/apiserver-kubelet-client.key`,
      '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
      `--proxy-client-cert-file=${PKI}/front-proxy-client.crt`,
      `--proxy-client-key-file=${PKI}/front-proxy-client.key`,
      '--requestheader-allowed-names=front-proxy-client',
      `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-username-headers=X-Remote-User',
      '--secure-port=6443',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${PKI}/sa.pub`,
      `--service-account-signing-key-file=${PKI}/sa.key`,
      `--service-cluster-ip-range=${host.serviceRange}`,
      `--tls-cert-file=${PKI}/apiserver.crt`,
      `--tls-private-key-file=${PKI}/apiserver.key`,
    ],
    live: check('/livez'),
    ready: check('/readyz'),
    portName: 'probe-port',
    portNumber: 6443,
    requests: ['cpu: 250m'],
    folders: CA_FOLDERS,
  });
}

export function controllerManagerManifest(host: ControlPlaneHost): string {
  const config = '/etc/kubernetes/controller-manager.conf';
  return render({
    name: 'kube-controller-manager',
    image: `registry.k8s.io/kube-controller-manager:${host.version}`,
    annotations: [],
    command: [
      'kube-controller-manager',
      '--allocate-node-cidrs=true',
      `--authentication-kubeconfig=${config}`,
      `--authorization-kubeconfig=${config}`,
      '--bind-address=127.0.0.1',
      `--client-ca-file=${PKI}/ca.crt`,
      `--cluster-cidr=${host.podRange}`,
      '--cluster-name=kubernetes',
      `--cluster-signing-cert-file=${PKI}/ca.crt`,
      `--cluster-signing-key-file=${PKI}/ca.key`,
      '--controllers=*,bootstrapsigner,tokencleaner',
      `--kubeconfig=${config}`,
      '--leader-elect=true',
      `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      `--root-ca-file=${PKI}/ca.crt`,
      `--service-account-private-key-file=${PKI}/sa.key`,
      `--service-cluster-ip-range=${host.serviceRange}`,
      '--use-service-account-credentials=true',
    ],
    live: { host: '127.0.0.1', path: '/healthz', port: 'probe-port', scheme: 'HTTPS' },
    portName: 'probe-port',
    portNumber: 10257,
    requests: ['cpu: 200m'],
    folders: [
      ...CA_FOLDERS.slice(0, 2),
      {
        name: 'flexvolume-dir',
        path: '/usr/libexec/kubernetes/kubelet-plugins/volume/exec',
        type: 'DirectoryOrCreate',
        readOnly: false,
      },
      CA_FOLDERS[2] as HostFolder,
      configFile(config),
      ...CA_FOLDERS.slice(3),
    ],
  });
}

export function schedulerManifest(host: ControlPlaneHost): string {
  const config = '/etc/kubernetes/scheduler.conf';
  const check = (path: string): HttpCheck => ({
    host: '127.0.0.1',
    path,
    port: 'probe-port',
    scheme: 'HTTPS',
  });
  return render({
    name: 'kube-scheduler',
    image: `registry.k8s.io/kube-scheduler:${host.version}`,
    annotations: [],
    command: [
      'kube-scheduler',
      `--authentication-kubeconfig=${config}`,
      `--authorization-kubeconfig=${config}`,
      '--bind-address=127.0.0.1',
      `--kubeconfig=${config}`,
      '--leader-elect=true',
    ],
    live: check('/livez'),
    ready: check('/readyz'),
    portName: 'probe-port',
    portNumber: 10259,
    requests: ['cpu: 100m'],
    folders: [configFile(config)],
  });
}

export function etcdManifest(host: ControlPlaneHost): string {
  const peer = `https://${host.address}:2380`;
  const client = `https://${host.address}:2379`;
  const check = (path: string): HttpCheck => ({
    host: '127.0.0.1',
    path,
    port: 'probe-port',
    scheme: 'HTTP',
  });
  return render({
    name: 'etcd',
    image: `registry.k8s.io/etcd:${host.etcdTag}`,
    annotations: [`kubeadm.kubernetes.io/etcd.advertise-client-urls: ${client}`],
    command: [
      'etcd',
      `--advertise-client-urls=${client}`,
      `--cert-file=${PKI}/etcd/server.crt`,
      '--client-cert-auth=true',
      '--data-dir=/var/lib/etcd',
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${host.name}=${peer}`,
      `--key-file=${PKI}/etcd/server.key`,
      `--listen-client-urls=https://127.0.0.1:2379,${client}`,
      '--listen-metrics-urls=http://127.0.0.1:2381',
      `--listen-peer-urls=${peer}`,
      `--name=${host.name}`,
      `--peer-cert-file=${PKI}/etcd/peer.crt`,
      '--peer-client-cert-auth=true',
      `--peer-key-file=${PKI}/etcd/peer.key`,
      `--peer-trusted-ca-file=${PKI}/etcd/ca.crt`,
      '--snapshot-count=10000',
      `--trusted-ca-file=${PKI}/etcd/ca.crt`,
      '--watch-progress-notify-interval=5s',
    ],
    live: check('/livez'),
    ready: check('/readyz'),
    portName: 'probe-port',
    portNumber: 2381,
    requests: ['cpu: 100m', 'memory: 100Mi'],
    folders: [
      { name: 'etcd-data', path: '/var/lib/etcd', type: 'DirectoryOrCreate', readOnly: false },
      { name: 'etcd-certs', path: `${PKI}/etcd`, type: 'DirectoryOrCreate', readOnly: false },
    ],
  });
}

function lines(indent: number, texts: readonly string[]): string {
  return texts.map((text) => `${' '.repeat(indent)}${text}\n`).join('');
}

function probe(
  name: string,
  check: HttpCheck,
  failures: number,
  delay: number,
  period: number,
): string {
  return lines(4, [
    `${name}:`,
    `  failureThreshold: ${failures}`,
    '  httpGet:',
    `    host: ${check.host}`,
    `    path: ${check.path}`,
    `    port: ${check.port}`,
    `    scheme: ${check.scheme}`,
    ...(delay > 0 ? [`  initialDelaySeconds: ${delay}`] : []),
    `  periodSeconds: ${period}`,
    '  timeoutSeconds: 15',
  ]);
}

/** Keys in the order in which kubeadm's marshaller writes them: alphabetical. */
function render(pod: StaticPod): string {
  const ready = pod.ready;
  const annotations =
    pod.annotations.length > 0 ? `  annotations:\n${lines(4, pod.annotations)}` : '';
  const mounts = pod.folders.flatMap((one) => [
    `- mountPath: ${one.path}`,
    `  name: ${one.name}`,
    ...(one.readOnly ? ['  readOnly: true'] : []),
  ]);
  const volumes = pod.folders.flatMap((one) => [
    '- hostPath:',
    `    path: ${one.path}`,
    ...(one.type === '' ? [] : [`    type: ${one.type}`]),
    `  name: ${one.name}`,
  ]);
  return (
    'apiVersion: v1\nkind: Pod\nmetadata:\n' +
    annotations +
    lines(2, [
      'labels:',
      `  component: ${pod.name}`,
      '  tier: control-plane',
      `name: ${pod.name}`,
      'namespace: kube-system',
    ]) +
    'spec:\n  containers:\n  - command:\n' +
    lines(
      4,
      pod.command.map((word) => `- ${word}`),
    ) +
    lines(4, [`image: ${pod.image}`, 'imagePullPolicy: IfNotPresent']) +
    probe('livenessProbe', pod.live, 8, 10, 10) +
    lines(4, [
      `name: ${pod.name}`,
      'ports:',
      `- containerPort: ${pod.portNumber}`,
      `  name: ${pod.portName}`,
      '  protocol: TCP',
    ]) +
    (ready === undefined ? '' : probe('readinessProbe', ready, 3, 0, 1)) +
    lines(4, ['resources:', '  requests:', ...pod.requests.map((text) => `    ${text}`)]) +
    probe(
      'startupProbe',
      ready === undefined || pod.name === 'kube-apiserver'
        ? pod.live
        : pod.name === 'etcd'
          ? ready
          : pod.live,
      24,
      10,
      10,
    ) +
    lines(4, ['volumeMounts:', ...mounts]) +
    lines(2, [
      'hostNetwork: true',
      'priority: 2000001000',
      'priorityClassName: system-node-critical',
      'securityContext:',
      '  seccompProfile:',
      '    type: RuntimeDefault',
      'volumes:',
      ...volumes,
    ]) +
    'status: {}\n'
  );
}

/** kube-proxy on one node. */
export function kubeProxyManifest(node: string, version: string): string {
  return (
    'apiVersion: v1\nkind: Pod\nmetadata:\n' +
    lines(2, ['labels:', '  k8s-app: kube-proxy', 'name: kube-proxy', 'namespace: kube-system']) +
    'spec:\n  containers:\n  - command:\n' +
    lines(4, [
      '- /usr/local/bin/kube-proxy',
      '- --config=/var/lib/kube-proxy/config.conf',
      `- --hostname-override=${node}`,
      `image: registry.k8s.io/kube-proxy:${version}`,
      'imagePullPolicy: IfNotPresent',
      'name: kube-proxy',
      'resources: {}',
      'securityContext:',
      '  privileged: true',
      'volumeMounts:',
      '- mountPath: /var/lib/kube-proxy',
      '  name: kube-proxy',
      '- mountPath: /run/xtables.lock',
      '  name: xtables-lock',
      '- mountPath: /lib/modules',
      '  name: lib-modules',
      '  readOnly: true',
    ]) +
    lines(2, [
      'hostNetwork: true',
      'priority: 2000001000',
      'priorityClassName: system-node-critical',
      'tolerations:',
      '- operator: Exists',
      'volumes:',
      '- hostPath:',
      '    path: /var/lib/kube-proxy',
      '  name: kube-proxy',
      '- hostPath:',
      '    path: /run/xtables.lock',
      '    type: FileOrCreate',
      '  name: xtables-lock',
      '- hostPath:',
      '    path: /lib/modules',
      '  name: lib-modules',
    ]) +
    'status: {}\n'
  );
}
