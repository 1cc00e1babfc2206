/**
 * Which program stands in which file: what the distribution's packages install on the workstation and
 * on nodes, and the images that registries offer and nodes ship with. The only place that knows all
 * components.
 */
import type { ImageArchive } from '../machines/machine/image.ts';
import type { Host } from '../machines/machine/host.ts';
import type { Program } from '../machines/machine/process.ts';
import { kubeControllerManager } from '../programs/controllers/index.ts';
import { etcdctl } from '../programs/cli/etcdctl/index.ts';
import { kubectlFor } from '../programs/cli/kubectl/index.ts';
import { coredns } from '../programs/dns/index.ts';
import { applicationImages } from '../programs/images/index.ts';
import { kubelet } from '../programs/kubelet/index.ts';
import { kubeProxy, seedKubeProxy } from '../programs/kube-proxy/index.ts';
import {
  CNI_PLUGINS,
  containerd,
  containerdShim,
  storedImageFile,
} from '../programs/runtime/index.ts';
import { kubeScheduler } from '../programs/scheduler/index.ts';
import { bash } from '../programs/shell/index.ts';
import { conntrack } from '../programs/tools/conntrack.ts';
import { TEXT_TOOLS } from '../programs/tools/index.ts';
import { NETWORK_TOOLS } from '../programs/tools/network-tools.ts';
import { ip6tables, iptables, iptablesRestore, iptablesSave } from '../programs/tools/iptables.ts';
import { kubeApiserver } from '../spine/apiserver/index.ts';
import { etcd } from '../spine/etcd/index.ts';
import type { ClusterParts } from './cluster-builder.ts';
import { componentImages } from './image-registry.ts';
import type { Profile } from './profiles.ts';

export interface Tool {
  readonly path: string;
  readonly program: Program;
}

export interface Software {
  /** On every host. */
  readonly host: readonly Tool[];
  readonly workstation: readonly Tool[];
  readonly node: readonly Tool[];
  /** What the registries have. */
  readonly images: readonly ImageArchive[];
  /** Puts the images that kubeadm has pulled before into a node's store. */
  readonly preloadImages: (host: Host, controlPlane: boolean) => void;
}

const IPTABLES: readonly Tool[] = [
  { path: '/usr/sbin/iptables', program: iptables },
  { path: '/usr/sbin/iptables-save', program: iptablesSave },
  { path: '/usr/sbin/iptables-restore', program: iptablesRestore },
  { path: '/usr/sbin/ip6tables', program: ip6tables },
];

export function softwareOf(profile: Profile, parts: ClusterParts): Software {
  const components = componentImages(
    {
      etcd,
      etcdctl,
      apiserver: kubeApiserver,
      controllerManager: kubeControllerManager,
      scheduler: kubeScheduler({
        newCore: parts.newSchedulerCore,
        profile: profile.scheduler,
        version: profile.kubernetes,
      }),
      kubeProxy: profile.seedEra ? seedKubeProxy : kubeProxy,
      coredns,
      iptables: IPTABLES,
    },
    profile,
  );
  const applications = applicationImages({ tools: [...TEXT_TOOLS], shell: bash });
  const pause = applications.filter((image) => image.repository === 'registry.k8s.io/pause');
  const everywhere = [
    ...pause,
    ...components.filter((image) => /kube-proxy|coredns/.test(image.repository)),
  ];
  return {
    host: [
      { path: '/usr/bin/bash', program: bash },
      { path: '/usr/bin/sh', program: bash },
      ...TEXT_TOOLS,
      ...NETWORK_TOOLS,
    ],
    workstation: [
      { path: '/usr/local/bin/etcdctl', program: etcdctl },
      { path: '/usr/local/bin/kubectl', program: kubectlFor(profile.name) },
    ],
    node: [
      { path: '/usr/bin/containerd', program: containerd },
      { path: '/usr/bin/containerd-shim-runc-v2', program: containerdShim },
      { path: '/usr/bin/kubelet', program: kubelet },
      { path: '/usr/sbin/conntrack', program: conntrack },
      ...[...CNI_PLUGINS].map(([name, program]) => ({ path: `/opt/cni/bin/${name}`, program })),
      ...IPTABLES,
    ],
    images: [...applications, ...components],
    preloadImages: (host, controlPlane) => {
      for (const image of controlPlane ? [...pause, ...components] : everywhere)
        preload(host, image);
    },
  };
}

function preload(host: Host, image: ImageArchive): void {
  const file = storedImageFile(image, `${image.repository}:${image.tags[0] ?? 'latest'}`);
  host.files.mkdir(file.path.slice(0, file.path.lastIndexOf('/')), { parents: true });
  host.files.write(file.path, file.content);
}
