/**
 * The lab's own figures: what things cost where upstream has no constant. One table per profile, in
 * integer microseconds and bytes; every exact time in a transcript rests on them, so changing one is
 * a commit of its own.
 */
import { wallFromCivil, type WallTime } from '../../ground/base/time.ts';

const MIB = 1024 * 1024;
const MB = 1_000_000;

export interface Costs {
  readonly epoch: WallTime;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** One way between two hosts. */
  readonly linkMicros: number;
  readonly linkBitsPerSecond: number;
  /** One veth or bridge hop; loopback. */
  readonly vethMicros: number;
  readonly loopbackMicros: number;
  /** Gateway to the outside, one way. */
  readonly outsideMicros: number;
  readonly fsyncMicros: number;
  readonly diskBytesPerSecond: number;
  readonly etcdApplyMicros: number;
  readonly etcdBatchMicros: number;
  readonly apiReadMicros: number;
  readonly apiWriteMicros: number;
  readonly apiListBaseMicros: number;
  readonly apiListItemMicros: number;
  readonly apiWatchEventMicros: number;
  readonly schedulerAttemptMicros: number;
  readonly schedulerNodeMicros: number;
  readonly controllerSyncMicros: number;
  readonly pauseStartMicros: number;
  readonly cniAddMicros: number;
  readonly sandboxRestMicros: number;
  readonly sandboxStopMicros: number;
  readonly cniDelMicros: number;
  readonly containerCreateMicros: number;
  readonly containerStartMicros: number;
  readonly pullBytesPerSecond: number;
  readonly unpackBytesPerSecond: number;
  readonly execProbeMicros: number;
  readonly smallToolMicros: number;
  readonly curlMicros: number;
  readonly kubectlMicros: number;
  readonly nginxAnswerMicros: number;
  /** A program's own start, by program name, until it serves. */
  readonly startMicros: ReadonlyMap<string, number>;
  /** Compressed image sizes in bytes, by repository's last name; others `unknownImageBytes`. */
  readonly imageBytes: ReadonlyMap<string, number>;
  readonly unknownImageBytes: number;
  /** Resident memory in bytes, by program name. */
  readonly memory: ReadonlyMap<string, number>;
}

export const MODERN_COSTS: Costs = {
  epoch: wallFromCivil(2026, 3, 2, 9, 0, 0),
  cpus: 4,
  memoryBytes: 8131072 * 1024,
  diskBytes: 40 * 1024 * MIB,
  linkMicros: 150,
  linkBitsPerSecond: 10_000_000_000,
  vethMicros: 10,
  loopbackMicros: 5,
  outsideMicros: 20_000,
  fsyncMicros: 1_200,
  diskBytesPerSecond: 400 * MB,
  etcdApplyMicros: 30,
  etcdBatchMicros: 100_000,
  apiReadMicros: 250,
  apiWriteMicros: 700,
  apiListBaseMicros: 250,
  apiListItemMicros: 4,
  apiWatchEventMicros: 15,
  schedulerAttemptMicros: 300,
  schedulerNodeMicros: 1,
  controllerSyncMicros: 150,
  pauseStartMicros: 40_000,
  cniAddMicros: 60_000,
  sandboxRestMicros: 60_000,
  sandboxStopMicros: 40_000,
  cniDelMicros: 30_000,
  containerCreateMicros: 40_000,
  containerStartMicros: 60_000,
  pullBytesPerSecond: 40 * MB,
  unpackBytesPerSecond: 120 * MB,
  execProbeMicros: 15_000,
  smallToolMicros: 2_000,
  curlMicros: 5_000,
  kubectlMicros: 45_000,
  nginxAnswerMicros: 200,
  startMicros: new Map([
    ['nginx', 20_000],
    ['coredns', 150_000],
    ['kube-apiserver', 2_500_000],
    ['containerd', 100_000],
    ['kubelet', 200_000],
    ['etcd', 400_000],
    ['kube-controller-manager', 800_000],
    ['kube-scheduler', 800_000],
  ]),
  imageBytes: new Map([
    ['pause', 0.3 * MB],
    ['busybox', 2.2 * MB],
    ['curl', 9.6 * MB],
    ['nginx', 72 * MB],
    ['httpd', 60 * MB],
    ['ubuntu', 29.7 * MB],
    ['redis', 51 * MB],
    ['coredns', 22 * MB],
    ['etcd', 74 * MB],
    ['kube-apiserver', 27 * MB],
    ['kube-controller-manager', 23 * MB],
    ['kube-scheduler', 17 * MB],
    ['kube-proxy', 26 * MB],
    ['busybox-curl', 3 * MB],
    ['backend', 12 * MB],
    ['frontend', 12 * MB],
  ]),
  unknownImageBytes: 25 * MB,
  memory: new Map([
    ['pause', 0.5 * MIB],
    ['nginx', 8 * MIB],
    ['coredns', 20 * MIB],
    ['kube-proxy', 25 * MIB],
    ['containerd', 50 * MIB],
    ['kubelet', 60 * MIB],
    ['etcd', 60 * MIB],
    ['kube-apiserver', 280 * MIB],
    ['kube-controller-manager', 70 * MIB],
    ['kube-scheduler', 35 * MIB],
  ]),
};
