/**
 * The other files that kubeadm and the distribution's packages lay down on a host: the kubelet's unit
 * with its drop-in and configuration, containerd's unit, the CNI configuration, kube-proxy's
 * configuration, the Corefile. Texts follow kubeadm v1.34 and the kubelet package (general knowledge).
 */
import { formatIp, type Ip } from '../../ground/base/ip.ts';

export const CLUSTER_DNS = '10.96.0.10';
export const CLUSTER_DOMAIN = 'cluster.local';

export const KUBELET_UNIT = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target containerd.service

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

export const KUBELET_DROP_IN = `# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# This is a file that "kubeadm init" and "kubeadm join" generates at runtime, populating the KUBELET_KUBEADM_ARGS variable dynamically
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
# This is a file that the user can use for overrides of the kubelet args as a last resort. Preferably, the user should use
# the .NodeRegistration.KubeletExtraArgs object in the configuration files instead. KUBELET_EXTRA_ARGS should be sourced from this file.
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

export const CONTAINERD_UNIT = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStart=/usr/bin/containerd
Type=simple
Delegate=yes
KillMode=process
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
`;

export const SSHD_UNIT = `[Unit]
Description=OpenBSD Secure Shell server
After=network.target

[Service]
ExecStart=/usr/sbin/sshd -D
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

export const NODE_ROUTES_FILE = '/etc/node-routes';

/** Routes to the pod ranges of the other nodes, as `ip -batch` reads them. */
export function nodeRoutes(
  routes: readonly { readonly range: string; readonly via: Ip }[],
): string {
  return routes
    .map(({ range, via }) => `route replace ${range} via ${formatIp(via)} dev eth0\n`)
    .join('');
}

/**
 * The unit that writes the routes to the other nodes' pod ranges and hides pods from everybody outside
 * the cluster's range: visible, and deletable by a learner. Nobody out there has a route back to a pod.
 * The rule is the one that flannel and ip-masq-agent write; the bridge plugin's own `ipMasq` would also
 * hide pods of one node from those of another, which pods must not be (the Kubernetes network model).
 */
export function nodeRoutesUnit(clusterRange: string): string {
  const rule = `POSTROUTING -s ${clusterRange} ! -d ${clusterRange} -m comment --comment "pods to the outside" -j MASQUERADE`;
  return `[Unit]
Description=Routes to the pod ranges of the other nodes, and pods' way to the outside
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStartPre=/usr/sbin/ip link set dev eth0 up
ExecStart=/usr/sbin/ip -batch ${NODE_ROUTES_FILE}
ExecStart=/usr/sbin/iptables -t nat -A ${rule}
ExecStop=/usr/sbin/iptables -t nat -D ${rule}

[Install]
WantedBy=multi-user.target
`;
}

export const KUBELET_CONFIG = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    cacheTTL: 0s
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
  webhook:
    cacheAuthorizedTTL: 0s
    cacheUnauthorizedTTL: 0s
cgroupDriver: systemd
clusterDNS:
- ${CLUSTER_DNS}
clusterDomain: ${CLUSTER_DOMAIN}
containerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock
cpuManagerReconcilePeriod: 0s
crashLoopBackOff: {}
evictionPressureTransitionPeriod: 0s
fileCheckFrequency: 0s
healthzBindAddress: 127.0.0.1
healthzPort: 10248
httpCheckFrequency: 0s
imageMaximumGCAge: 0s
imageMinimumGCAge: 0s
kind: KubeletConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
memorySwap: {}
nodeStatusReportFrequency: 0s
nodeStatusUpdateFrequency: 0s
rotateCertificates: true
runtimeRequestTimeout: 0s
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
staticPodPath: /etc/kubernetes/manifests
streamingConnectionIdleTimeout: 0s
syncFrequency: 0s
volumeStatsAggPeriod: 0s
`;

export function kubeadmFlags(address: Ip, controlPlane: boolean): string {
  const taint = controlPlane
    ? ' --register-with-taints=node-role.kubernetes.io/control-plane:NoSchedule'
    : '';
  return `KUBELET_KUBEADM_ARGS="--node-ip=${formatIp(address)} --pod-infra-container-image=registry.k8s.io/pause:3.10.1${taint}"\n`;
}

/** The pods' network of one node: a bridge, addresses from its range, host ports. */
export function cniConfig(range: string, clusterRange: string): string {
  return `{
  "cniVersion": "1.0.0",
  "name": "podnet",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": false,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "ranges": [
          [{ "subnet": "${range}" }]
        ],
        "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "${clusterRange}" }]
      }
    },
    {
      "type": "portmap",
      "capabilities": { "portMappings": true }
    }
  ]
}
`;
}

export function kubeProxyConfig(podRange: string, seedEra: boolean): string {
  return `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: ${seedEra ? '""' : podRange}
healthzBindAddress: ""
iptables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
kind: KubeProxyConfiguration
metricsBindAddress: ""
mode: ""
`;
}

export const COREFILE = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${CLUSTER_DOMAIN}
       disable denial ${CLUSTER_DOMAIN}
    }
    loop
    reload
    loadbalance
}
`;
