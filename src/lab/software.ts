/**
 * Which program stands in which file: what the distribution's packages install on the workstation and
 * on nodes, and the images that registries offer and nodes ship with. The only place that knows all
 * components.
 */
import { required } from '../ground/base/assert.ts';
import type { ImageArchive } from '../machines/machine/image.ts';
import type { Host } from '../machines/machine/host.ts';
import type { Program } from '../machines/machine/process.ts';
import { pauseImage } from '../programs/images/pause.ts';
import type { CniPlugin } from '../programs/runtime/cni/plugin.ts';
import { storedImageFile } from '../programs/runtime/stored-image.ts';
import type { ClusterParts } from './cluster-builder.ts';
import { COMPONENT_TABLE } from './component-table.ts';
import type { ImageMaker } from './components.ts';
import { CONSOLE_TABLE } from './console-table.ts';
import { componentImages } from './image-registry.ts';
import { type CodeShelf, lazyProgram } from './lazy-program.ts';
import type { Profile } from './profiles.ts';

export interface Tool {
  readonly path: string;
  readonly program: Program;
  /** Permission bits; 0o755 unless said. */
  readonly mode?: number;
}

/** Before the paths of busybox's own tools among the console's keys. */
const BUSYBOX = 'busybox ';
/** Before the names of network plugins among the components' keys. */
const CNI = 'cni ';

export interface Software {
  /** On every host. */
  readonly host: readonly Tool[];
  readonly workstation: readonly Tool[];
  readonly node: readonly Tool[];
  /** What the registries have, once `images` is on the shelf. */
  readonly images: () => readonly ImageArchive[];
  /** Puts the images that kubeadm has pulled before into a node's store. */
  readonly preloadImages: (host: Host, controlPlane: boolean) => void;
}

/** Stand-ins of all programs that people type, by key. */
function consoleStandIns(shelf: CodeShelf): ReadonlyMap<string, Program> {
  return new Map(
    CONSOLE_TABLE.map(([key, name, version]) => [
      key,
      lazyProgram(shelf, key, name, version, 'breath'),
    ]),
  );
}

/** Stand-ins of the components, by key. Network plugins are called by containerd, whose code has come. */
function componentStandIns(shelf: CodeShelf): ReadonlyMap<string, Program> {
  return new Map(
    COMPONENT_TABLE.map(([key, name, version, beginning]) => {
      const program = lazyProgram(shelf, key, name, version, beginning);
      if (!key.startsWith(CNI)) return [key, program];
      const invoke: CniPlugin['invoke'] = (request) => shelf.take<CniPlugin>(key).invoke(request);
      return [key, { ...program, invoke }];
    }),
  );
}

const NOT_ON_EVERY_HOST =
  /^\/usr\/(local\/bin\/(?:etcdctl|etcdutl|crictl)|sbin\/(conntrack|ip6?tables.*))$/;

export function softwareOf(profile: Profile, parts: ClusterParts): Software {
  const shelf = parts.shelf;
  const programs = consoleStandIns(shelf);
  const program = (key: string): Program => required(programs.get(key), `the console has ${key}`);
  const standIns = componentStandIns(shelf);
  const component = (key: string): Program =>
    required(standIns.get(key), `the components have ${key}`);
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
      etcd: component('etcd'),
      etcdctl: program('/usr/local/bin/etcdctl'),
      apiserver: component('kube-apiserver'),
      controllerManager: component('kube-controller-manager'),
      scheduler: component(`kube-scheduler ${profile.name}`),
      kubeProxy: component(`kube-proxy ${profile.name}`),
      coredns: component('coredns'),
      iptables,
    },
    profile,
  );
  const busybox = [...programs]
    .filter(([key]) => key.startsWith(BUSYBOX))
    .map(([key, one]) => ({ path: key.slice(BUSYBOX.length), program: one }));
  const sources = { tools, busybox, shell: program('bash'), ash: program('ash') };
  const pause = pauseImage(profile.costs);
  const everywhere = [
    pause,
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
      { path: '/usr/bin/containerd', program: component('containerd') },
      { path: '/usr/bin/containerd-shim-runc-v2', program: component('containerd-shim-runc-v2') },
      { path: '/usr/bin/kubelet', program: component('kubelet') },
      { path: '/usr/local/bin/crictl', program: program('/usr/local/bin/crictl') },
      { path: '/usr/sbin/conntrack', program: program('/usr/sbin/conntrack') },
      ...[...standIns]
        .filter(([key]) => key.startsWith(CNI))
        .map(([key, program]) => ({ path: `/opt/cni/bin/${key.slice(CNI.length)}`, program })),
      ...iptables,
    ],
    images: () => [pause, ...shelf.take<ImageMaker>('images')(sources), ...components],
    preloadImages: (host, controlPlane) => {
      for (const image of controlPlane ? [pause, ...components] : everywhere) preload(host, image);
    },
  };
}

function preload(host: Host, image: ImageArchive): void {
  const file = storedImageFile(image, `${image.repository}:${image.tags[0] ?? 'latest'}`);
  host.files.mkdir(file.path.slice(0, file.path.lastIndexOf('/')), { parents: true });
  host.files.write(file.path, file.content);
}
