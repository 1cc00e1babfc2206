/**
 * The scheduler core's goals S1–S4 and S13 as ratios, with the plugins that stand now: a full scan of
 * 5,000 nodes in Wasm against JavaScript objects, the kernel of the resource scores against typed
 * arrays and against reading its bytes, flat in size, exact against the TypeScript twin and the
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
  scoreTyped,
} from './scheduler-rivals.ts';

const SEED = 13;
const NODES = 5000;
const MANY = 100_000;
const MIB = 1024 * 1024;
const IMAGE = 'docker.io/library/nginx:latest';
/** Times a short function runs in one measurement. */
const REPEAT = 20;

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
  });
}

function decide(core: SchedulerCore, pod: ObjectPod, count: number): CoreDecision {
  return core.schedule({
    cpu: pod.requests.cpu,
    memory: pod.requests.memory,
    cpuNonzero: pod.nonzero.cpu,
    memoryNonzero: pod.nonzero.memory,
    extra: [],
    classSlot: 0,
    flags: layout.FLAG_SKIP_AFFINITY,
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

/** The kernel and the typed arrays give the same two scores. */
function checkScores(core: SchedulerCore, scores: readonly [Float64Array, Float64Array]): void {
  const own = [core.column(layout.SCORE_FIT), core.column(layout.SCORE_BALANCED)] as const;
  scores.forEach((column, which) => {
    const wrong = column.findIndex((score, node) => score !== own[which]?.[node]);
    if (wrong >= 0) throw new Error(`node ${wrong} has other scores over typed arrays`);
  });
}

/** Measures the scheduler core; some ten seconds. */
export function schedulerBench(): BenchRow[] {
  const nodes = makeNodes(NODES);
  const pods = makePods(40);
  const exports = wasmCore();
  const core = new SchedulerCore(exports);
  fill(core, nodes);
  const many = wasmCore();
  fill(new SchedulerCore(many), makeNodes(MANY));
  const pod = pods[0] as ObjectPod;
  decide(core, pod, NODES);
  const columns = [
    layout.ALLOCATABLE_CPU,
    layout.ALLOCATABLE_MEMORY,
    layout.REQUESTED_CPU,
    layout.REQUESTED_MEMORY,
    layout.NONZERO_CPU,
    layout.NONZERO_MEMORY,
  ].map((column) => core.column(column));
  const scores = [new Float64Array(NODES), new Float64Array(NODES)] as const;
  exports.benchScores(NODES);
  scoreTyped(columns, ...scores, pod.requests);
  checkScores(core, scores);
  const repeat = (run: () => void) => (): void => {
    for (let turn = 0; turn < REPEAT; turn += 1) run();
  };
  const [wasm, objects, kernel, typed, read, kernelMany] = leastTimes([
    repeat(() => decide(core, pod, NODES)),
    () => scheduleObjects(pod, nodes),
    repeat(() => exports.benchScores(NODES)),
    repeat(() => scoreTyped(columns, ...scores, pod.requests)),
    repeat(() => exports.benchRead(NODES)),
    () => many.benchScores(MANY),
  ]) as [number, number, number, number, number, number];
  const wrong = differences(nodes.slice(0, 500), pods);
  return [
    atLeast(
      'S1',
      'scheduler core against JavaScript objects, 5,000 nodes, full scan',
      (objects * REPEAT) / wasm,
      25,
    ),
    atLeast('S2', 'score kernel against typed arrays', typed / kernel, 3),
    atMost('S3', 'score kernel against reading the same bytes', kernel / read, 5),
    atMost(
      'S4',
      'score kernel, a node of 100,000 against one of 5,000',
      kernelMany / MANY / (kernel / REPEAT / NODES),
      1.25,
    ),
    atMost('S13', 'differences to the twin and to the objects, 40 pods on 500 nodes', wrong, 0),
  ];
}
