/** CPU and memory of the node and its pods: `/stats/summary` and the container series of cAdvisor, in short. */
import type { Task } from '../../ground/base/task.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
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
      });
    }
  }
  return found;
}

export function* statsSummary(core: Core, pods: PodManager): Task<unknown> {
  const all = yield* usages(core, pods);
  const time = formatRfc3339(core.process.clock.wall());
  const byPod = new Map<string, Usage[]>();
  for (const usage of all) byPod.set(usage.uid, [...(byPod.get(usage.uid) ?? []), usage]);
  const root = core.process.kernel.cgroupUsage('/');
  const figures = (cpu: number, memory: number): unknown => ({
    cpu: { time, usageCoreNanoSeconds: cpu * 1000 },
    memory: { time, usageBytes: memory, workingSetBytes: memory },
  });
  return {
    node: {
      nodeName: core.config.nodeName,
      ...(figures(root.ok ? root.value.cpu : 0, root.ok ? root.value.memory : 0) as object),
    },
    pods: [...byPod.values()].map((list) => {
      const [first] = list;
      const sum = (key: 'cpu' | 'memory'): number =>
        list.reduce((total, usage) => total + usage[key], 0);
      return {
        podRef: { name: first?.pod, namespace: first?.namespace, uid: first?.uid },
        ...(figures(sum('cpu'), sum('memory')) as object),
        containers: list.map((usage) => ({
          name: usage.container,
          ...(figures(usage.cpu, usage.memory) as object),
        })),
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
