/**
 * The chunk of the cluster's components: what the hosts of a booting cluster execute after their first
 * instant, and what its registries serve. The page's worker loads it beside the first prompt;
 * `lazy-program` stands in for each program until then.
 */
import { bytes as schedulerBytes } from 'virtual:core/scheduler';
import { resourceForKind } from '../ground/api/resources.ts';
import { startCore } from '../ground/base/wasm.ts';
import { kubeControllerManager } from '../programs/controllers/index.ts';
import { coredns } from '../programs/dns/index.ts';
import { applicationImages } from '../programs/images/index.ts';
import { kubeProxy, seedKubeProxy } from '../programs/kube-proxy/index.ts';
import { kubelet } from '../programs/kubelet/index.ts';
import { CNI_PLUGINS, containerd, containerdShim } from '../programs/runtime/index.ts';
import { kubeScheduler, type SchedulerCoreExports } from '../programs/scheduler/index.ts';
import {
  ip6tables,
  iptables,
  iptablesRestore,
  iptablesSave,
  iptablesSaveWith,
} from '../programs/tools/iptables.ts';
import { kubeApiserver } from '../spine/apiserver/index.ts';
import { etcd } from '../spine/etcd/index.ts';
import { PROFILES } from './profiles.ts';

const SCHEDULER_VERSION = 2;

/** Key of the function that makes the images of the registries. */
export type ImageMaker = typeof applicationImages;

/** Components, network plugins and iptables as programs by key; `images` and `kinds`. */
export function componentCode(): ReadonlyMap<string, unknown> {
  const newCore = () => startCore<SchedulerCoreExports>(schedulerBytes, SCHEDULER_VERSION);
  const schedulers = Object.values(PROFILES).map(
    (profile) =>
      [
        `kube-scheduler ${profile.name}`,
        kubeScheduler({ newCore, profile: profile.scheduler, version: profile.kubernetes }),
      ] as const,
  );
  return new Map<string, unknown>([
    ['containerd', containerd],
    ['containerd-shim-runc-v2', containerdShim],
    ['kubelet', kubelet],
    ['etcd', etcd],
    ['kube-apiserver', kubeApiserver],
    ['kube-controller-manager', kubeControllerManager],
    ...schedulers,
    ['kube-proxy modern', kubeProxy],
    ['kube-proxy seed-era', seedKubeProxy],
    ['coredns', coredns],
    ...[...CNI_PLUGINS].map(([name, plugin]) => [`cni ${name}`, plugin] as const),
    ['/usr/sbin/iptables', iptables],
    ['/usr/sbin/iptables-save', iptablesSave],
    ['iptables-save seed-era', iptablesSaveWith(12)],
    ['/usr/sbin/iptables-restore', iptablesRestore],
    ['/usr/sbin/ip6tables', ip6tables],
    ['images', applicationImages satisfies ImageMaker],
    ['kinds', resourceForKind],
  ]);
}
