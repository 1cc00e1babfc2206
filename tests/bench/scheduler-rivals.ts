/**
 * What the scheduler core is measured against: the same rules over JavaScript objects, as a framework
 * of plugins has them, and the two resource scores over typed arrays. Kept as they are: a faster rival
 * would be another measure.
 */
import { mixWords } from '../../assembly/shared/words.ts';

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

export interface ObjectNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  readonly allocatable: { readonly cpu: number; readonly memory: number; readonly pods: number };
  readonly requested: { readonly cpu: number; readonly memory: number };
  readonly nonzero: { readonly cpu: number; readonly memory: number };
  readonly pods: number;
  readonly hostPorts: ReadonlySet<string>;
  readonly images: ReadonlyMap<string, number>;
  readonly seed: number;
}

export interface ObjectPod {
  readonly requests: { readonly cpu: number; readonly memory: number };
  readonly nonzero: { readonly cpu: number; readonly memory: number };
  readonly tolerations: readonly Taint[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly image: string;
  readonly tieSeed: number;
}

interface Filter {
  readonly name: string;
  passes(pod: ObjectPod, node: ObjectNode): boolean;
}

interface Score {
  readonly name: string;
  readonly weight: number;
  readonly normalised: 'no' | 'yes' | 'reversed';
  score(pod: ObjectPod, node: ObjectNode): number;
}

const tolerates = (pod: ObjectPod, taint: Taint): boolean =>
  pod.tolerations.some(
    (each) => each.key === taint.key && each.value === taint.value && each.effect === taint.effect,
  );

const FILTERS: readonly Filter[] = [
  { name: 'NodeUnschedulable', passes: (_pod, node) => !node.unschedulable },
  {
    name: 'TaintToleration',
    passes: (pod, node) =>
      node.taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerates(pod, taint)),
  },
  {
    name: 'NodeAffinity',
    passes: (pod, node) =>
      Object.entries(pod.nodeSelector).every(([key, value]) => node.labels[key] === value),
  },
  {
    name: 'NodePorts',
    passes: (pod, node) => pod.ports.every((port) => !node.hostPorts.has(port)),
  },
  {
    name: 'NodeResourcesFit',
    passes: (pod, node) =>
      node.pods + 1 <= node.allocatable.pods &&
      pod.requests.cpu <= node.allocatable.cpu - node.requested.cpu &&
      pod.requests.memory <= node.allocatable.memory - node.requested.memory,
  },
];

const least = (allocatable: number, used: number): number =>
  used > allocatable ? 0 : Math.trunc(((allocatable - used) * 100) / allocatable);

const SCORES: readonly Score[] = [
  {
    name: 'TaintToleration',
    weight: 3,
    normalised: 'reversed',
    score: (pod, node) =>
      node.taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(pod, taint))
        .length,
  },
  {
    name: 'NodeResourcesFit',
    weight: 1,
    normalised: 'no',
    score: (pod, node) =>
      Math.trunc(
        (least(node.allocatable.cpu, node.nonzero.cpu + pod.nonzero.cpu) +
          least(node.allocatable.memory, node.nonzero.memory + pod.nonzero.memory)) /
          2,
      ),
  },
  {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    normalised: 'no',
    score: (pod, node) => {
      const cpu = Math.min(1, (node.requested.cpu + pod.requests.cpu) / node.allocatable.cpu);
      const memory = Math.min(
        1,
        (node.requested.memory + pod.requests.memory) / node.allocatable.memory,
      );
      return Math.trunc((1 - Math.abs((cpu - memory) / 2)) * 100);
    },
  },
  {
    name: 'ImageLocality',
    weight: 1,
    normalised: 'no',
    score: (pod, node) => node.images.get(pod.image) ?? 0,
  },
];

/** Index of the chosen node, −1 when none is feasible: a full scan. */
export function scheduleObjects(pod: ObjectPod, nodes: readonly ObjectNode[]): number {
  const feasible: number[] = [];
  nodes.forEach((node, index) => {
    if (FILTERS.every((filter) => filter.passes(pod, node))) feasible.push(index);
  });
  const totals = new Map<number, number>(feasible.map((index) => [index, 0]));
  for (const plugin of SCORES) {
    const raw = feasible.map((index) => plugin.score(pod, nodes[index] as ObjectNode));
    const highest = raw.reduce((most, each) => Math.max(most, each), 0);
    feasible.forEach((node, index) => {
      let score = raw[index] as number;
      if (plugin.normalised !== 'no')
        score = highest === 0 ? 0 : Math.trunc((100 * score) / highest);
      if (plugin.normalised === 'reversed') score = 100 - score;
      totals.set(node, (totals.get(node) as number) + plugin.weight * score);
    });
  }
  let best = -1;
  let bestTotal = -1;
  for (const [node, total] of totals) {
    const word = mixWords((pod.tieSeed ^ mixWords((nodes[node] as ObjectNode).seed)) >>> 0);
    const whole = total + (word >>> 1) / 2147483648;
    if (whole > bestTotal) {
      best = node;
      bestTotal = whole;
    }
  }
  return best;
}

/** The two resource scores over typed arrays, one node at a time. */
export function scoreTyped(
  columns: readonly Float64Array[],
  fit: Float64Array,
  balanced: Float64Array,
  pod: { readonly cpu: number; readonly memory: number },
): void {
  const [cpu, memory, usedCpu, usedMemory, nonzeroCpu, nonzeroMemory] = columns as readonly [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let node = 0; node < fit.length; node += 1) {
    const c = cpu[node] as number;
    const m = memory[node] as number;
    const zc = (nonzeroCpu[node] as number) + pod.cpu;
    const zm = (nonzeroMemory[node] as number) + pod.memory;
    const lc = c <= 0 || zc > c ? 0 : Math.trunc(((c - zc) * 100) / c);
    const lm = m <= 0 || zm > m ? 0 : Math.trunc(((m - zm) * 100) / m);
    const kinds = (c > 0 ? 1 : 0) + (m > 0 ? 1 : 0);
    fit[node] = Math.trunc((lc + lm) / (kinds > 1 ? kinds : 1));
    const fc = c <= 0 ? 0 : Math.min(1, ((usedCpu[node] as number) + pod.cpu) / c);
    const fm = m <= 0 ? 0 : Math.min(1, ((usedMemory[node] as number) + pod.memory) / m);
    const deviation = kinds > 1 ? Math.abs(fc - fm) / 2 : 0;
    balanced[node] = Math.trunc((1 - deviation) * 100);
  }
}
