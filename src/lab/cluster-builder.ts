/**
 * Builds the hosts and lays them out as kubeadm does: the gateway, the learner's workstation, cp-1 with
 * its static pods, and the workers. What stands here is what an operator would have typed: install
 * packages, `kubeadm init`, then `kubeadm join` on one worker after the other once the control plane
 * answers. After that units, kubelets and shells start everything; the builder only watches.
 */
import { assert, required } from '../ground/base/assert.ts';
import { type EventLoop, MILLISECOND, NO_CAUSE, SECOND } from '../ground/base/event-loop.ts';
import { formatIp, type Ip, parseIp } from '../ground/base/ip.ts';
import { parseCidr } from '../ground/base/cidr.ts';
import { RandomStream } from '../ground/base/random.ts';
import type { WallTime } from '../ground/base/time.ts';
import { certificateFile, keyFile } from '../ground/pki/document.ts';
import type { Recorder } from '../ground/trace/recorder.ts';
import type { Content } from '../machines/machine/files-types.ts';
import { Host } from '../machines/machine/host.ts';
import type { ImageArchive, ImageFile } from '../machines/machine/image.ts';
import { Fabric } from '../machines/network/fabric.ts';
import { createNetfilter } from '../machines/network/netfilter/netfilter.ts';
import type { NetworkNamespace } from '../machines/network/namespace.ts';
import { defaultRoute } from '../machines/network/namespace.ts';
import type { PacketCore } from '../machines/network/packet-core.ts';
import { OUTSIDE, outsideDns, outsideWeb } from './gateway.ts';
import { ClusterAuthority, kubeconfigByPath, kubeconfigFile } from './kubeadm/certificates.ts';
import { yamlFile } from '../spine/client/yaml-file.ts';
import * as kubeadm from './kubeadm/files.ts';
import { kubeadmInit } from './kubeadm/init-program.ts';
import * as manifests from './kubeadm/manifests.ts';
import type { CodeShelf } from './lazy-program.ts';
import type { Profile } from './profiles.ts';
import { Sender } from './sender.ts';
import { type Software, softwareOf } from './software.ts';
import { LEARNER } from './terminals.ts';

/** Commands that people send requests with, from a host. */
const CLIENTS: ReadonlySet<string> = new Set(['curl', 'wget', 'dig', 'nslookup', 'ping', 'nc']);

/** Whose first packets leave a record: people's requests and those of pods; not the cluster's own talk. */
function recordWalk(source: NetworkNamespace, owner: { readonly comm: string }): boolean {
  return source.name === 'host' ? CLIENTS.has(owner.comm) : owner.comm !== 'coredns';
}

/** Code that only a door can load. */
export interface ClusterParts {
  readonly newPacketCore: () => PacketCore;
  /** Components, shells, tools and command lines: perhaps not loaded yet. */
  readonly shelf: CodeShelf;
}

export interface ClusterPlan {
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly profile: Profile;
  readonly seed: number;
  /** Workers beside cp-1. */
  readonly workers: number;
  readonly epoch: WallTime;
  readonly parts: ClusterParts;
}

export interface Cluster {
  readonly fabric: Fabric;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly gateway: Host;
  readonly workstation: Host;
  readonly controlPlane: Host;
  /** cp-1 and the workers, in order. */
  readonly nodeNames: readonly string[];
  /** The newest stored value under an etcd key, as the trace's history has it. */
  stored<T>(key: string): T | undefined;
  /** The newest stored values below a prefix. */
  storedBelow<T>(prefix: string): readonly T[];
  /** Sends requests from inside a pod, for a scenario's check. */
  readonly sender: Sender;
}

const NETWORK_BITS = 16;
const CONTROL_PLANE = 'cp-1';
/** Between two `kubeadm join`s of the operator. */
const JOIN_PAUSE = 300 * MILLISECOND;

function ip(text: string): Ip {
  return required(parseIp(text), `${text} is an address`);
}

/** Where Debian and Alpine keep the authorities that clients trust. */
const TRUSTED = '/etc/ssl/certs/ca-certificates.crt';
const GATEWAY_IP = ip('192.168.0.1');
const WORKSTATION_IP = ip('192.168.0.2');
const CONTROL_PLANE_IP = ip('192.168.0.10');
const API_SERVICE_IP = ip('10.96.0.1');
const RESOLVER_TEXT = `nameserver ${formatIp(GATEWAY_IP)}\n`;

export function buildCluster(plan: ClusterPlan): Cluster {
  const builder = new ClusterBuilder(plan);
  return builder.build();
}

class ClusterBuilder {
  readonly #plan: ClusterPlan;
  readonly #fabric: Fabric;
  readonly #authority: ClusterAuthority;
  readonly #software: Software;
  readonly #hosts = new Map<string, Host>();
  readonly #workers: readonly string[];
  /** Alike on all nodes. */
  readonly #kubeletConfig = yamlFile(kubeadm.KUBELET_CONFIG);
  readonly #proxyConfig: Content;

  constructor(plan: ClusterPlan) {
    this.#plan = plan;
    const { podRange, seedEra } = plan.profile;
    this.#proxyConfig = yamlFile(kubeadm.kubeProxyConfig(podRange, seedEra));
    const core = plan.parts.newPacketCore();
    this.#fabric = new Fabric(plan.loop, plan.recorder, plan.profile.costs, {
      seed: plan.seed,
      recordWalk,
      newNetfilter: (namespace: NetworkNamespace) =>
        createNetfilter({
          core,
          now: () => plan.loop.now,
          random: new RandomStream(plan.seed, `netfilter/${namespace.host.name}/${namespace.name}`),
        }),
    });
    this.#authority = new ClusterAuthority({ seed: plan.seed, now: plan.epoch });
    this.#software = softwareOf(plan.profile, plan.parts);
    this.#workers = Array.from({ length: plan.workers }, (_, index) => `node-${index + 1}`);
  }

  build(): Cluster {
    const gateway = this.#newHost('gateway', GATEWAY_IP);
    this.#installGateway(gateway);
    const workstation = this.#newHost('workstation', WORKSTATION_IP);
    this.#installWorkstation(workstation);
    const controlPlane = this.#newHost(CONTROL_PLANE, CONTROL_PLANE_IP);
    this.#installNode(controlPlane, 0);
    this.#installControlPlane(controlPlane);
    this.#workers.forEach((name, index) => {
      this.#installNode(this.#newHost(name, CONTROL_PLANE_IP + index + 1), index + 1);
    });
    this.#boot();
    const { loop, recorder } = this.#plan;
    const history = recorder.history;
    const stored = <T>(key: string): T | undefined => {
      const moments = history.of(key);
      return moments[moments.length - 1]?.value as T | undefined;
    };
    return {
      fabric: this.#fabric,
      hosts: this.#hosts,
      gateway,
      workstation,
      controlPlane,
      nodeNames: [CONTROL_PLANE, ...this.#workers],
      stored,
      storedBelow: <T>(prefix: string): readonly T[] =>
        history.list(prefix, loop.now).map((entry) => entry.moment.value as T),
      sender: new Sender({ hosts: this.#hosts, now: () => loop.now, stored }),
    };
  }

  // ---- hosts

  #newHost(name: string, address: Ip): Host {
    const { profile, seed, epoch } = this.#plan;
    const host = new Host({
      name,
      ip: address,
      bits: NETWORK_BITS,
      fabric: this.#fabric,
      costs: profile.costs,
      seed,
      epoch,
    });
    this.#hosts.set(name, host);
    if (name !== 'gateway') {
      const routed = host.port.namespace.addRoute(defaultRoute(GATEWAY_IP));
      assert(routed.ok, `${name} has a default route`);
    }
    this.#write(host, '/etc/resolv.conf', RESOLVER_TEXT);
    this.#write(host, '/etc/hosts', this.#hostsFile(name, address));
    this.#write(host, TRUSTED, certificateFile(this.#authority.internet.certificate));
    for (const tool of this.#software.host)
      this.#write(host, tool.path, tool.program, tool.mode ?? 0o755);
    this.#unit(host, 'ssh.service', kubeadm.SSHD_UNIT);
    return host;
  }

  #hostsFile(name: string, address: Ip): string {
    const names = [
      `${formatIp(GATEWAY_IP)} gateway`,
      `${formatIp(WORKSTATION_IP)} workstation`,
      `${formatIp(CONTROL_PLANE_IP)} ${CONTROL_PLANE}`,
      ...this.#workers.map(
        (worker, index) => `${formatIp(CONTROL_PLANE_IP + index + 1)} ${worker}`,
      ),
    ].filter((line) => !line.endsWith(` ${name}`));
    return `127.0.0.1\tlocalhost\n${formatIp(address)} ${name}\n\n${names.join('\n')}\n`;
  }

  #write(host: Host, path: string, content: Content | string, mode = 0o644): void {
    const files = host.files;
    files.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { parents: true });
    const written = files.write(path, content, mode);
    assert(written.ok, `${host.name} takes ${path}`);
  }

  /** Installs a unit and enables it. */
  #unit(host: Host, name: string, text: string): void {
    this.#write(host, `/lib/systemd/system/${name}`, text);
    const wants = '/etc/systemd/system/multi-user.target.wants';
    host.files.mkdir(wants, { parents: true });
    host.files.symlink(`/lib/systemd/system/${name}`, `${wants}/${name}`);
  }

  #simpleUnit(
    host: Host,
    name: string,
    description: string,
    command: string,
    oneshot = false,
  ): void {
    const kind = oneshot ? 'Type=oneshot\nRemainAfterExit=yes\n' : 'Restart=always\n';
    this.#unit(
      host,
      name,
      `[Unit]\nDescription=${description}\nAfter=network.target\n\n[Service]\n${kind}ExecStart=${command}\n\n[Install]\nWantedBy=multi-user.target\n`,
    );
  }

  #installGateway(host: Host): void {
    const namespace = host.port.namespace;
    const outside = namespace.addInterface('dummy', 'outside');
    assert(outside.ok, 'the gateway reaches outside');
    outside.value.distance = this.#plan.profile.costs.outsideMicros;
    namespace.setUp('outside', true);
    for (const address of new Set(OUTSIDE.values())) namespace.addAddress('outside', address, 32);
    namespace.setSysctl('net.ipv4.ip_forward', '1');
    const identityOf = (name: string) =>
      this.#authority.sign(this.#authority.internet, `outside/${name}`, {
        subject: { commonName: name },
        dnsNames: [name],
        usages: ['server'],
      });
    this.#write(host, '/usr/sbin/named', outsideDns, 0o755);
    this.#write(
      host,
      '/usr/sbin/outside-web',
      outsideWeb(this.#plan.parts.shelf, () => this.#imagesWithTrust(), identityOf),
      0o755,
    );
    this.#simpleUnit(host, 'named.service', 'Names of the outside world', '/usr/sbin/named');
    this.#simpleUnit(host, 'outside-web.service', 'Image registries', '/usr/sbin/outside-web');
  }

  /** Images that have curl know the authorities of the Internet, as their package of certificates does. */
  #imagesWithTrust(): readonly ImageArchive[] {
    const content = certificateFile(this.#authority.internet.certificate);
    return this.#software.images().map((image) => {
      if (!image.tree.has('/usr/bin/curl')) return image;
      return {
        ...image,
        tree: new Map<string, ImageFile>([...image.tree, [TRUSTED, { content }]]),
      };
    });
  }

  #installWorkstation(host: Host): void {
    for (const tool of this.#software.workstation)
      this.#write(host, tool.path, tool.program, 0o755);
    const { name, uid, gid, home } = LEARNER;
    host.files.append('/etc/passwd', `${name}:x:${uid}:${gid}:${name}:${home}:/bin/bash\n`);
    host.files.append('/etc/group', `${name}:x:${gid}:\n`);
    const admin = this.#authority.client('kubernetes-admin', ['kubeadm:cluster-admins']);
    this.#home(
      host,
      '.kube/config',
      kubeconfigFile(this.#authority, CONTROL_PLANE_IP, 'kubernetes-admin', admin),
      0o600,
    );
    this.#home(host, '.bashrc', BASHRC);
    this.#home(host, '.profile', '[ -f ~/.bashrc ] && . ~/.bashrc\n');
    const nodes = [CONTROL_PLANE, ...this.#workers].join(' ');
    this.#home(
      host,
      '.ssh/config',
      `Host ${nodes}\n    User root\n    StrictHostKeyChecking no\n    LogLevel ERROR\n`,
      0o600,
    );
  }

  #home(host: Host, path: string, content: Content | string, mode = 0o644): void {
    const full = `${LEARNER.home}/${path}`;
    this.#write(host, full, content, mode);
    for (let at = full; at.length >= LEARNER.home.length; at = at.slice(0, at.lastIndexOf('/'))) {
      host.files.chown(at, LEARNER.uid, LEARNER.gid);
    }
  }

  /** What every node has: container runtime, kubelet, CNI, kube-proxy, routes to the others. */
  #installNode(host: Host, index: number): void {
    const { profile } = this.#plan;
    const range = podRangeOf(index);
    for (const tool of this.#software.node) this.#write(host, tool.path, tool.program, 0o755);
    host.port.namespace.setSysctl('net.ipv4.ip_forward', '1');
    this.#unit(host, 'containerd.service', kubeadm.CONTAINERD_UNIT);
    this.#unit(host, 'kubelet.service', kubeadm.KUBELET_UNIT);
    this.#write(
      host,
      '/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
      kubeadm.KUBELET_DROP_IN,
    );
    this.#write(host, '/var/lib/kubelet/config.yaml', this.#kubeletConfig);
    this.#write(
      host,
      '/var/lib/kubelet/kubeadm-flags.env',
      kubeadm.kubeadmFlags(host.ip, index === 0),
    );
    this.#write(
      host,
      '/etc/cni/net.d/10-podnet.conflist',
      kubeadm.cniConfig(range, profile.podRange),
    );
    const others = [CONTROL_PLANE, ...this.#workers].flatMap((_, other) =>
      other === index ? [] : [{ range: podRangeOf(other), via: CONTROL_PLANE_IP + other }],
    );
    this.#write(host, kubeadm.NODE_ROUTES_FILE, kubeadm.nodeRoutes(others));
    this.#unit(host, 'node-routes.service', kubeadm.nodeRoutesUnit(profile.podRange));
    const pki = '/var/lib/kubelet/pki';
    const client = this.#authority.client(`system:node:${host.name}`, ['system:nodes']);
    this.#write(host, `${pki}/kubelet-client-current.pem`, certificateFile(client.certificate));
    this.#write(host, `${pki}/kubelet-client.key`, keyFile(client.key), 0o600);
    const server = this.#authority.sign(this.#authority.cluster, `kubelet/${host.name}`, {
      subject: { commonName: `system:node:${host.name}`, organizations: ['system:nodes'] },
      dnsNames: [host.name],
      ipAddresses: [host.ip],
      usages: ['server'],
    });
    this.#write(host, `${pki}/kubelet.crt`, certificateFile(server.certificate));
    this.#write(host, `${pki}/kubelet.key`, keyFile(server.key), 0o600);
    this.#write(
      host,
      '/etc/kubernetes/pki/ca.crt',
      certificateFile(this.#authority.cluster.certificate),
    );
    this.#write(
      host,
      '/etc/kubernetes/kubelet.conf',
      kubeconfigByPath(
        CONTROL_PLANE_IP,
        'default-auth',
        '/etc/kubernetes/pki/ca.crt',
        `${pki}/kubelet-client-current.pem`,
        `${pki}/kubelet-client.key`,
      ),
      0o600,
    );
    this.#write(
      host,
      '/etc/kubernetes/manifests/kube-proxy.yaml',
      manifests.kubeProxyManifest(host.name, profile.kubernetes),
      0o600,
    );
    this.#installKubeProxy(host);
    this.#software.preloadImages(host, index === 0);
  }

  #installKubeProxy(host: Host): void {
    const folder = '/var/lib/kube-proxy';
    const client = this.#authority.client('system:kube-proxy', ['system:node-proxier']);
    this.#write(host, `${folder}/ca.crt`, certificateFile(this.#authority.cluster.certificate));
    this.#write(host, `${folder}/client.crt`, certificateFile(client.certificate));
    this.#write(host, `${folder}/client.key`, keyFile(client.key), 0o600);
    this.#write(host, `${folder}/config.conf`, this.#proxyConfig);
    this.#write(
      host,
      `${folder}/kubeconfig.conf`,
      kubeconfigByPath(
        CONTROL_PLANE_IP,
        'default-auth',
        `${folder}/ca.crt`,
        `${folder}/client.crt`,
        `${folder}/client.key`,
      ),
      0o600,
    );
  }

  #installControlPlane(host: Host): void {
    const { profile } = this.#plan;
    const authority = this.#authority;
    for (const [path, document] of authority.controlPlaneFiles(
      host.name,
      host.ip,
      API_SERVICE_IP,
    )) {
      this.#write(host, path, document, path.endsWith('.key') ? 0o600 : 0o644);
    }
    const config = (name: string, user: string, groups: readonly string[]): void => {
      this.#write(
        host,
        `/etc/kubernetes/${name}.conf`,
        kubeconfigFile(authority, CONTROL_PLANE_IP, user, authority.client(user, groups)),
        0o600,
      );
    };
    config('admin', 'kubernetes-admin', ['kubeadm:cluster-admins']);
    config('super-admin', 'kubernetes-super-admin', ['system:masters']);
    config('controller-manager', 'system:kube-controller-manager', []);
    config('scheduler', 'system:kube-scheduler', []);
    const plane: manifests.ControlPlaneHost = {
      name: host.name,
      address: formatIp(host.ip),
      version: profile.kubernetes,
      etcdTag: profile.etcdTag,
      podRange: profile.podRange,
      serviceRange: profile.serviceRange,
    };
    const folder = '/etc/kubernetes/manifests';
    this.#write(host, `${folder}/etcd.yaml`, manifests.etcdManifest(plane), 0o600);
    this.#write(host, `${folder}/kube-apiserver.yaml`, manifests.apiServerManifest(plane), 0o600);
    this.#write(
      host,
      `${folder}/kube-controller-manager.yaml`,
      manifests.controllerManagerManifest(plane),
      0o600,
    );
    this.#write(host, `${folder}/kube-scheduler.yaml`, manifests.schedulerManifest(plane), 0o600);
    host.files.mkdir('/var/lib/etcd', { mode: 0o700 });
    const options = {
      version: profile.kubernetes,
      corednsTag: profile.corednsTag,
      podRange: profile.podRange,
      serviceRange: profile.serviceRange,
    };
    this.#write(host, '/usr/bin/kubeadm-init', kubeadmInit(options), 0o755);
    this.#simpleUnit(
      host,
      'kubeadm-init.service',
      'The last phases of kubeadm init',
      '/usr/bin/kubeadm-init',
      true,
    );
  }

  /** Powers the hosts on; workers join one after the other once cp-1 has registered. */
  #boot(): void {
    const { loop, recorder } = this.#plan;
    for (const host of this.#hosts.values()) if (!this.#workers.includes(host.name)) host.boot();
    const stop = recorder.listen((record) => {
      if (record.verb !== 'create' || record.object !== `Node/${CONTROL_PLANE}`) return;
      stop();
      this.#workers.forEach((name, index) => {
        const host = required(this.#hosts.get(name), `${name} was built`);
        loop.after(SECOND + index * JOIN_PAUSE, () => host.boot(), NO_CAUSE);
      });
    });
  }
}

/** The pods' range of the node that registers as the index-th. */
function podRangeOf(index: number): string {
  const range = required(parseCidr('10.244.0.0/16'), 'the pod range');
  return `${formatIp(range.base + index * 256)}/24`;
}

const BASHRC = `# ~/.bashrc
PS1='\\[\\e[1;32m\\]\\u@\\h\\[\\e[0m\\]:\\[\\e[1;34m\\]\\w\\[\\e[0m\\]\\$ '
alias k=kubectl
alias ll='ls -l'
`;
