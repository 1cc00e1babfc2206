/**
 * Which program stands in which file: what the distribution's packages install on the workstation and
 * on nodes, and the images that registries offer and nodes ship with. The only place that knows all
 * components.
 */
import { required } from '../ground/base/assert.ts';
import type { ImageArchive } from '../machines/machine/image.ts';
import type { Host } from '../machines/machine/host.ts';
import type { Program } from '../machines/machine/process.ts';
import { kubeControllerManager } from '../programs/controllers/index.ts';
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
import { kubeApiserver } from '../spine/apiserver/index.ts';
import { etcd } from '../spine/etcd/index.ts';
import type { ClusterParts } from './cluster-builder.ts';
import { CONSOLE_TABLE } from './console-table.ts';
import { componentImages } from './image-registry.ts';
import { lazyProgram, type ProgramShelf } from './lazy-program.ts';
import type { Profile } from './profiles.ts';

export interface Tool {
  readonly path: string;
  readonly program: Program;
  /** Permission bits; 0o755 unless said. */
  readonly mode?: number;
}

/** Before the paths of busybox's own tools among the console's keys. */
const BUSYBOX = 'busybox ';

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

/** Stand-ins of all programs of the console chunk, by key. */
function standIns(shelf: ProgramShelf): ReadonlyMap<string, Program> {
  return new Map(
    CONSOLE_TABLE.map(([key, name, version]) => [key, lazyProgram(shelf, key, name, version)]),
  );
}

const NOT_ON_EVERY_HOST =
  /^\/usr\/(local\/bin\/(?:etcdctl|etcdutl|crictl)|sbin\/(conntrack|ip6?tables.*))$/;

export function softwareOf(profile: Profile, parts: ClusterParts): Software {
  const programs = standIns(parts.console);
  const program = (key: string): Program => required(programs.get(key), `the console has ${key}`);
  const tools = [...programs]
    .filter(([key]) => key.startsWith('/') && !NOT_ON_EVERY_HOST.test(key))
    .map(([path, one]) => ({
      path,
      program: one,
      // Tools that act as root for others.
      ...(/\/(su|sudo)$/.test(path) ? { mode: 0o4755 } : {}),
    }));
  const iptables = [...programs]
    .filter(([key]) => /^\/usr\/sbin\/ip6?tables/.test(key))
    .map(([path, one]) => {
      const old = profile.seedEra && path === '/usr/sbin/iptables-save';
      return { path, program: old ? program('iptables-save seed-era') : one };
    });
  const components = componentImages(
    {
      etcd,
      etcdctl: program('/usr/local/bin/etcdctl'),
      apiserver: kubeApiserver,
      controllerManager: kubeControllerManager,
      scheduler: kubeScheduler({
        newCore: parts.newSchedulerCore,
        profile: profile.scheduler,
        version: profile.kubernetes,
      }),
      kubeProxy: profile.seedEra ? seedKubeProxy : kubeProxy,
      coredns,
      iptables,
    },
    profile,
  );
  const busybox = [...programs]
    .filter(([key]) => key.startsWith(BUSYBOX))
    .map(([key, one]) => ({ path: key.slice(BUSYBOX.length), program: one }));
  const applications = applicationImages({
    tools,
    busybox,
    shell: program('bash'),
    ash: program('ash'),
  });
  const pause = applications.filter((image) => image.repository === 'registry.k8s.io/pause');
  const everywhere = [
    ...pause,
    ...components.filter((image) => /kube-proxy|coredns/.test(image.repository)),
  ];
  return {
    host: [
      { path: '/usr/bin/bash', program: program('bash') },
      { path: '/usr/bin/sh', program: program('bash') },
      ...tools,
    ],
    workstation: [
      { path: '/usr/local/bin/etcdctl', program: program('/usr/local/bin/etcdctl') },
      { path: '/usr/local/bin/etcdutl', program: program('/usr/local/bin/etcdutl') },
      { path: '/usr/local/bin/kubectl', program: program(`kubectl ${profile.name}`) },
    ],
    node: [
      { path: '/usr/bin/containerd', program: containerd },
      { path: '/usr/bin/containerd-shim-runc-v2', program: containerdShim },
      { path: '/usr/bin/kubelet', program: kubelet },
      { path: '/usr/local/bin/crictl', program: program('/usr/local/bin/crictl') },
      { path: '/usr/sbin/conntrack', program: program('/usr/sbin/conntrack') },
      ...[...CNI_PLUGINS].map(([name, program]) => ({ path: `/opt/cni/bin/${name}`, program })),
      ...iptables,
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
