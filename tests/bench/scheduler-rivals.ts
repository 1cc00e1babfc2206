/**
 * What the scheduler core is measured against: the same rules over JavaScript objects, as a framework
 * of plugins has them, and the kernel (Fit, the two resource scores, tie, best) over typed arrays. Kept
 * as they are: a faster rival would be another measure.
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

/** Columns of the nodes over typed arrays, and the two scores that they get. */
export interface TypedNodes {
  readonly cpu: Float64Array;
  readonly memory: Float64Array;
  readonly usedCpu: Float64Array;
  readonly usedMemory: Float64Array;
  readonly nonzeroCpu: Float64Array;
  readonly nonzeroMemory: Float64Array;
  readonly pods: Float64Array;
  readonly podsAllowed: Float64Array;
  readonly seeds: Uint32Array;
  readonly fit: Float64Array;
  readonly balanced: Float64Array;
}

/**
 * The kernel over typed arrays, one node at a time: Fit, LeastAllocated, BalancedAllocation, and the
 * best total with the seeded fraction among equals. Nodes that do not fit cost no division.
 */
export function scheduleTyped(pod: ObjectPod, nodes: TypedNodes): number {
  const { cpu, memory, usedCpu, usedMemory, nonzeroCpu, nonzeroMemory } = nodes;
  const { pods, podsAllowed, seeds, fit, balanced } = nodes;
  const { requests, nonzero, tieSeed } = pod;
  let best = -1;
  let bestTotal = -1;
  let bestFraction = -1;
  for (let node = 0; node < cpu.length; node += 1) {
    const c = cpu[node] as number;
    const m = memory[node] as number;
    const rc = (usedCpu[node] as number) + requests.cpu;
    const rm = (usedMemory[node] as number) + requests.memory;
    if ((pods[node] as number) + 1 > (podsAllowed[node] as number)) continue;
    if (requests.cpu > 0 && rc > c) continue;
    if (requests.memory > 0 && rm > m) continue;
    const zc = (nonzeroCpu[node] as number) + nonzero.cpu;
    const zm = (nonzeroMemory[node] as number) + nonzero.memory;
    const lc = c <= 0 || zc > c ? 0 : Math.trunc(((c - zc) * 100) / c);
    const lm = m <= 0 || zm > m ? 0 : Math.trunc(((m - zm) * 100) / m);
    const both = c > 0 && m > 0;
    const least = both ? Math.trunc((lc + lm) * 0.5) : lc + lm;
    const gap = both ? Math.min(1, rc / c) - Math.min(1, rm / m) : 0;
    const balance = Math.trunc((1 - Math.abs(gap) * 0.5) * 100);
    fit[node] = least;
    balanced[node] = balance;
    const total = least + balance;
    if (total < bestTotal) continue;
    const fraction = mixWords((tieSeed ^ mixWords(seeds[node] as number)) >>> 0) >>> 1;
    if (total === bestTotal && fraction <= bestFraction) continue;
    best = node;
    bestTotal = total;
    bestFraction = fraction;
  }
  return best;
}
