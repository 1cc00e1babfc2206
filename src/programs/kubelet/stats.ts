/** CPU and memory of the node and its pods: `/stats/summary` and the container series of cAdvisor, in short. */
import type { Task } from '../../ground/base/task.ts';
import { formatRfc3339, type WallTime } from '../../ground/base/time.ts';
import type { Core } from './core.ts';
import type { PodManager } from './pod-manager.ts';

interface Usage {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  /** Microseconds of CPU time. */
  readonly cpu: number;
  readonly memory: number;
  /** Bytes that it has written into its root. */
  readonly layer: number;
  readonly started: WallTime;
}

function* usages(core: Core, pods: PodManager): Task<readonly Usage[]> {
  const found: Usage[] = [];
  for (const worker of pods.workers()) {
    for (const [container, attempts] of worker.containers) {
      const [latest] = attempts;
      if (latest?.state !== 'CONTAINER_RUNNING') continue;
      const stats = yield* core.cri.call('ContainerStats', { containerId: latest.id });
      if (!stats.ok) continue;
      found.push({
        namespace: worker.pod.metadata.namespace ?? '',
        pod: worker.pod.metadata.name,
        uid: worker.uid,
        container,
        cpu: stats.value.cpuMicros,
        memory: stats.value.memoryBytes,
        layer: stats.value.writableLayerBytes,
        started: latest.startedAt,
      });
    }
  }
  return found;
}

/** How full a file system is, and what of it is taken by whom the figures are of. */
function diskFigures(core: Core, time: string, taken?: number): object {
  const usage = core.process.files.usage('/');
  if (!usage.ok) return { time };
  const { used, size, inodes, inodesUsed } = usage.value;
  return {
    time,
    availableBytes: size - used,
    capacityBytes: size,
    usedBytes: taken ?? used,
    inodesFree: inodes - inodesUsed,
    inodes,
    ...(taken === undefined ? { inodesUsed } : {}),
  };
}

/** The node's card, and those of pods that have a network of their own. */
function networkFigures(core: Core, time: string): object {
  const card = core.process.kernel.namespaces.network
    .interfaces()
    .find((device) => device.kind === 'physical');
  if (card === undefined) return { time };
  const counters = {
    name: card.name,
    rxBytes: card.rxBytes,
    rxErrors: 0,
    txBytes: card.txBytes,
    txErrors: 0,
  };
  return { time, ...counters, interfaces: [counters] };
}

/** `/stats/summary` (k8s.io/kubelet/pkg/apis/stats/v1alpha1), without what nothing here counts. */
export function* statsSummary(core: Core, pods: PodManager): Task<unknown> {
  const { process } = core;
  const all = yield* usages(core, pods);
  const wall = process.clock.wall();
  const time = formatRfc3339(wall);
  const images = yield* core.cri.call('ImageFsInfo', {});
  const byPod = new Map<string, Usage[]>();
  for (const usage of all) byPod.set(usage.uid, [...(byPod.get(usage.uid) ?? []), usage]);
  const root = process.kernel.cgroupUsage('/');
  const figures = (cpu: number, memory: number): object => ({
    cpu: { time, usageCoreNanoSeconds: cpu * 1000 },
    memory: { time, usageBytes: memory, workingSetBytes: memory, rssBytes: memory },
  });
  const memory = root.ok ? root.value.memory : 0;
  const booted = wall - process.clock.monotonic();
  return {
    node: {
      nodeName: core.config.nodeName,
      startTime: formatRfc3339(booted),
      cpu: { time, usageCoreNanoSeconds: (root.ok ? root.value.cpu : 0) * 1000 },
      memory: {
        time,
        availableBytes: process.kernel.memoryBytes - memory,
        usageBytes: memory,
        workingSetBytes: memory,
        rssBytes: memory,
      },
      network: networkFigures(core, time),
      fs: diskFigures(core, time),
      runtime: { imageFs: diskFigures(core, time, images.ok ? images.value.usedBytes : 0) },
    },
    pods: [...byPod.values()].map((list) => {
      const [first] = list;
      const sum = (key: 'cpu' | 'memory' | 'layer'): number =>
        list.reduce((total, usage) => total + usage[key], 0);
      return {
        podRef: { name: first?.pod, namespace: first?.namespace, uid: first?.uid },
        startTime: formatRfc3339(first?.started ?? wall),
        containers: list.map((usage) => ({
          name: usage.container,
          startTime: formatRfc3339(usage.started),
          ...figures(usage.cpu, usage.memory),
          rootfs: diskFigures(core, time, usage.layer),
        })),
        ...figures(sum('cpu'), sum('memory')),
        'ephemeral-storage': diskFigures(core, time, sum('layer')),
      };
    }),
  };
}

export function* cadvisorMetrics(core: Core, pods: PodManager): Task<string> {
  const all = yield* usages(core, pods);
  const labels = (usage: Usage): string =>
    `container="${usage.container}",namespace="${usage.namespace}",pod="${usage.pod}"`;
  return [
    '# HELP container_cpu_usage_seconds_total Cumulative cpu time consumed in seconds.',
    '# TYPE container_cpu_usage_seconds_total counter',
    ...all.map(
      (usage) => `container_cpu_usage_seconds_total{${labels(usage)}} ${usage.cpu / 1_000_000}`,
    ),
    '# HELP container_memory_working_set_bytes Current working set in bytes.',
    '# TYPE container_memory_working_set_bytes gauge',
    ...all.map((usage) => `container_memory_working_set_bytes{${labels(usage)}} ${usage.memory}`),
    '',
  ].join('\n');
}
