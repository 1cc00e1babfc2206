/**
 * The scheduler core's goals S1–S4 and S13 as ratios, with the plugins that stand now: a full scan of
 * 5,000 nodes in Wasm against JavaScript objects, the kernel (Fit, LeastAllocated, BalancedAllocation,
 * tie and best: a pod with nothing else to ask) against typed arrays and against reading its bytes, flat in size, exact against the TypeScript twin and the
 * objects. Rivals that disagree stop the bench.
 */
import * as layout from '../../assembly/scheduler/layout.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { type CoreDecision, SchedulerCore } from '../../src/programs/scheduler/core.ts';
import { MODERN_SCHEDULER } from '../../src/programs/scheduler/profile.ts';
import { twinCore, wasmCore } from '../support/scheduler-cores.ts';
import { atLeast, atMost, leastTimes } from './measure.ts';
import type { BenchRow } from './row.ts';
import {
  type ObjectNode,
  type ObjectPod,
  scheduleObjects,
  scheduleTyped,
  type TypedNodes,
} from './scheduler-rivals.ts';

const SEED = 13;
const NODES = 5000;
const MANY = 100_000;
const MIB = 1024 * 1024;
const IMAGE = 'docker.io/library/nginx:latest';
const TURNS = 61;
const WARMUP_MS = 1500;
/** Times a short function runs in one measurement. */
const REPEAT = 20;

/** The pod with the kernel's plugins only: nothing closed, nothing to normalise, no images. */
const KERNEL = {
  classSlot: 1,
  flags: layout.FLAG_SKIP_AFFINITY | layout.FLAG_SKIP_IMAGE,
};

function makeNodes(count: number): readonly ObjectNode[] {
  const random = new RandomStream(SEED, 'nodes');
  return Array.from({ length: count }, (_, index) => {
    const allocatable = {
      cpu: 4000 * (1 + random.below(8)),
      memory: 8192 * MIB * (1 + random.below(8)),
      pods: 110,
    };
    const requested = {
      cpu: random.below(allocatable.cpu),
      memory: random.below(8192) * MIB,
    };
    const taints =
      random.below(10) === 0
        ? [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }]
        : random.below(4) === 0
          ? [{ key: 'spot', value: 'true', effect: 'PreferNoSchedule' }]
          : [];
    return {
      name: `node-${index}`,
      labels: { 'kubernetes.io/os': 'linux', disk: random.below(2) === 0 ? 'ssd' : 'hdd' },
      taints,
      unschedulable: random.below(50) === 0,
      allocatable,
      requested,
      nonzero: { cpu: requested.cpu + 100, memory: requested.memory + 200 * MIB },
      pods: random.below(110),
      hostPorts: new Set<string>(),
      images: new Map(random.below(2) === 0 ? [[IMAGE, random.below(100)]] : []),
      seed: random.word(),
    };
  });
}

function makePods(count: number): readonly ObjectPod[] {
  const random = new RandomStream(SEED, 'pods');
  return Array.from({ length: count }, () => {
    const requests = {
      cpu: 50 * (1 + random.below(20)),
      memory: 64 * MIB * (1 + random.below(16)),
    };
    return {
      requests,
      nonzero: requests,
      tolerations: [],
      nodeSelector: { disk: 'ssd' },
      ports: [],
      image: IMAGE,
      tieSeed: random.word(),
    };
  });
}

function fill(core: SchedulerCore, nodes: readonly ObjectNode[]): void {
  core.resize(nodes.length);
  core.setWeights(MODERN_SCHEDULER.weights);
  nodes.forEach((node, index) => {
    core.setNode(index, { ...node.allocatable, extra: [] }, node.seed);
    core.setUse(index, {
      ...node.requested,
      pods: node.pods,
      cpuNonzero: node.nonzero.cpu,
      memoryNonzero: node.nonzero.memory,
      extra: [],
    });
    const hard = node.taints.some((taint) => taint.effect === 'NoSchedule');
    const soft = node.taints.filter((taint) => taint.effect === 'PreferNoSchedule').length;
    const gates =
      (node.unschedulable ? layout.GATE_UNSCHEDULABLE : 0) |
      (hard ? layout.GATE_TAINT : 0) |
      (node.labels['disk'] === 'ssd' ? 0 : layout.GATE_AFFINITY);
    core.setClass(0, index, gates, soft, 0, node.images.get(IMAGE) ?? 0);
    core.setClass(KERNEL.classSlot, index, 0, 0, 0, 0);
  });
}

function decide(
  core: SchedulerCore,
  pod: ObjectPod,
  count: number,
  plugins = { classSlot: 0, flags: layout.FLAG_SKIP_AFFINITY },
): CoreDecision {
  return core.schedule({
    cpu: pod.requests.cpu,
    memory: pod.requests.memory,
    cpuNonzero: pod.nonzero.cpu,
    memoryNonzero: pod.nonzero.memory,
    extra: [],
    ...plugins,
    start: 0,
    wanted: count,
    tieSeed: pod.tieSeed,
  });
}

/** Decisions in which the Wasm core, its twin and the objects are not of one mind. */
function differences(nodes: readonly ObjectNode[], pods: readonly ObjectPod[]): number {
  const [wasm, twin] = [new SchedulerCore(wasmCore()), new SchedulerCore(twinCore())];
  for (const core of [wasm, twin]) fill(core, nodes);
  let count = 0;
  for (const pod of pods) {
    const chosen = decide(wasm, pod, nodes.length).chosen;
    if (decide(twin, pod, nodes.length).chosen !== chosen) count += 1;
    if (scheduleObjects(pod, nodes) !== chosen) count += 1;
    const [left, right] = [wasm.column(layout.TOTAL), twin.column(layout.TOTAL)];
    const verdicts = wasm.verdicts();
    for (let node = 0; node < nodes.length; node += 1) {
      if (verdicts[node] === layout.PASSED && !Object.is(left[node], right[node])) count += 1;
    }
  }
  return count;
}

function typedNodes(core: SchedulerCore, nodes: readonly ObjectNode[]): TypedNodes {
  return {
    cpu: core.column(layout.ALLOCATABLE_CPU),
    memory: core.column(layout.ALLOCATABLE_MEMORY),
    usedCpu: core.column(layout.REQUESTED_CPU),
    usedMemory: core.column(layout.REQUESTED_MEMORY),
    nonzeroCpu: core.column(layout.NONZERO_CPU),
    nonzeroMemory: core.column(layout.NONZERO_MEMORY),
    pods: core.column(layout.PODS),
    podsAllowed: core.column(layout.PODS_ALLOWED),
    seeds: Uint32Array.from(nodes, (node) => node.seed),
    fit: new Float64Array(nodes.length),
    balanced: new Float64Array(nodes.length),
  };
}

/** The kernel and the typed arrays give the same scores and choose the same node, pod by pod. */
function checkKernel(core: SchedulerCore, pods: readonly ObjectPod[], typed: TypedNodes): void {
  for (const pod of pods) {
    const { chosen } = decide(core, pod, NODES, KERNEL);
    if (scheduleTyped(pod, typed) !== chosen) throw new Error('typed arrays choose another node');
    const verdicts = core.verdicts();
    const [fit, balanced] = [core.column(layout.SCORE_FIT), core.column(layout.SCORE_BALANCED)];
    const wrong = verdicts.findIndex(
      (verdict, node) =>
        verdict === layout.PASSED &&
        (fit[node] !== typed.fit[node] || balanced[node] !== typed.balanced[node]),
    );
    if (wrong >= 0) throw new Error(`node ${wrong} has other scores over typed arrays`);
  }
}

/** Measures the scheduler core; some ten seconds. */
export function schedulerBench(): BenchRow[] {
  const nodes = makeNodes(NODES);
  const pods = makePods(40);
  const pod = pods[0] as ObjectPod;
  const [exports, kernel, many] = [wasmCore(), wasmCore(), wasmCore()];
  const [core, small, large] = [exports, kernel, many].map((one) => new SchedulerCore(one)) as [
    SchedulerCore,
    SchedulerCore,
    SchedulerCore,
  ];
  fill(core, nodes);
  fill(small, nodes);
  fill(large, makeNodes(MANY));
  const typed = typedNodes(small, nodes);
  checkKernel(small, pods, typed);
  decide(large, pod, MANY, KERNEL);
  decide(small, pod, NODES, KERNEL);
  const repeat = (run: () => void) => (): void => {
    for (let turn = 0; turn < REPEAT; turn += 1) run();
  };
  const [whole, objects, score, arrays, read, scoreMany] = leastTimes(
    [
      repeat(() => decide(core, pod, NODES)),
      () => scheduleObjects(pod, nodes),
      repeat(() => kernel.schedule()),
      repeat(() => scheduleTyped(pod, typed)),
      repeat(() => kernel.benchRead(NODES)),
      () => many.schedule(),
    ],
    TURNS,
    WARMUP_MS,
  ) as [number, number, number, number, number, number];
  const wrong = differences(nodes.slice(0, 500), pods);
  return [
    atLeast(
      'S1',
      'scheduler core against JavaScript objects, 5,000 nodes, full scan',
      (objects * REPEAT) / whole,
      25,
    ),
    atLeast('S2', 'kernel (Fit, scores, tie, best) against typed arrays', arrays / score, 3),
    atMost('S3', 'kernel against reading the same bytes', score / read, 5),
    atMost(
      'S4',
      'kernel, a node of 100,000 against one of 5,000',
      scoreMany / MANY / (score / REPEAT / NODES),
      1.25,
    ),
    atMost('S13', 'differences to the twin and to the objects, 40 pods on 500 nodes', wrong, 0),
  ];
}
