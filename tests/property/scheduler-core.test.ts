/**
 * Laws of the scheduler core: the Wasm build and its TypeScript twin agree bit for bit, and both agree
 * with one worker of the framework that goes from node to node in integer arithmetic (BigInt): verdicts,
 * reasons, scores, totals and choice, on random, edge and round quantities. Round ones find the errors
 * that random ones hide.
 */
import { expect, test } from 'vitest';
import * as layout from '../../assembly/scheduler/layout.ts';
import { mixWords } from '../../assembly/shared/words.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { type PodProgram, SchedulerCore } from '../../src/programs/scheduler/core.ts';
import {
  MODERN_SCHEDULER,
  SEED_ERA_SCHEDULER,
  type SchedulerProfile,
} from '../../src/programs/scheduler/profile.ts';
import { twinCore, wasmCore } from '../support/scheduler-cores.ts';

const MIB = 1024 * 1024;
const NODES = 97;

interface Quantities {
  readonly cpu: number;
  readonly memory: number;
  readonly extra: readonly number[];
  readonly pods: number;
  readonly cpuNonzero: number;
  readonly memoryNonzero: number;
}

function roundOrRandom(random: RandomStream, most: number, step: number): number {
  switch (random.below(5)) {
    case 0:
      return 0;
    case 1:
      return random.below(20) * step;
    case 2:
      return step;
    case 3:
      return most;
    default:
      return Math.floor(random.fraction() * most);
  }
}

function quantities(random: RandomStream): Quantities {
  const cpu = roundOrRandom(random, 64_000, 100);
  const memory = roundOrRandom(random, 2 ** 38, 128 * MIB);
  return {
    cpu,
    memory,
    extra: [random.below(3), 0, roundOrRandom(random, 2 ** 30, MIB), 0],
    pods: random.below(120),
    cpuNonzero: cpu + random.below(3) * 100,
    memoryNonzero: memory + random.below(3) * 200 * MIB,
  };
}

/** The formulas again, in whole numbers and Go's float64 steps, one node at a time. */
function expectedScores(
  profile: SchedulerProfile,
  offer: Quantities,
  use: Quantities,
  pod: Quantities,
): { fit: number; balanced: number } {
  const most = BigInt(profile.weights.scoreMax);
  const share = (allocatable: number, used: number): bigint =>
    allocatable === 0 || used > allocatable
      ? 0n
      : (BigInt(allocatable - used) * most) / BigInt(allocatable);
  const cpu = share(offer.cpu, use.cpuNonzero + pod.cpuNonzero);
  const memory = share(offer.memory, use.memoryNonzero + pod.memoryNonzero);
  const kinds = BigInt((offer.cpu > 0 ? 1 : 0) + (offer.memory > 0 ? 1 : 0));
  const divisor = profile.seedEra ? 2n : kinds === 0n ? 1n : kinds;
  const fit = Number((cpu + memory) / divisor);
  if (profile.seedEra) {
    const fraction = (a: number, u: number): number => (a === 0 ? 0 : Math.min(1, u / a));
    const c = fraction(offer.cpu, use.cpuNonzero + pod.cpuNonzero);
    const m = fraction(offer.memory, use.memoryNonzero + pod.memoryNonzero);
    return { fit, balanced: c >= 1 || m >= 1 ? 0 : Math.trunc(10 - Math.abs(c - m) * 10) };
  }
  const fractions: number[] = [];
  if (offer.cpu > 0) fractions.push(Math.min(1, (use.cpu + pod.cpu) / offer.cpu));
  if (offer.memory > 0) fractions.push(Math.min(1, (use.memory + pod.memory) / offer.memory));
  const [a, b] = fractions;
  const deviation = a !== undefined && b !== undefined ? Math.abs((a - b) / 2) : 0;
  return { fit, balanced: Math.trunc((1 - deviation) * 100) };
}

interface TestNode {
  readonly offer: Quantities;
  readonly use: Quantities;
  readonly gates: number;
  readonly taint: number;
  readonly affinity: number;
  readonly image: number;
  readonly portTaken: boolean;
  readonly seed: number;
}

/** Random nodes; in slot 0 they have soft taints, in slot 1 none. */
function makeNode(random: RandomStream, index: number): TestNode {
  const gates = [layout.GATE_UNSCHEDULABLE, layout.GATE_TAINT, layout.GATE_AFFINITY];
  return {
    offer: { ...quantities(random), pods: 110 },
    use: quantities(random),
    gates: gates.reduce((sum, gate) => sum | (random.below(12) === 0 ? gate : 0), 0),
    taint: random.below(4),
    affinity: random.below(101),
    image: random.below(101),
    portTaken: random.below(6) === 0,
    seed: index * 77,
  };
}

/** All reasons of Fit against a pod on a node. */
function expectedReasons({ offer, use }: TestNode, pod: PodProgram): number {
  const lacks = (wanted: number, has: number, used: number): boolean =>
    wanted > 0 && wanted > has - used;
  let reasons = use.pods + 1 > offer.pods ? layout.REASON_PODS : 0;
  if (lacks(pod.cpu, offer.cpu, use.cpu)) reasons |= layout.REASON_CPU;
  if (lacks(pod.memory, offer.memory, use.memory)) reasons |= layout.REASON_MEMORY;
  pod.extra.forEach((wanted, at) => {
    if (lacks(wanted, offer.extra[at] as number, use.extra[at] as number))
      reasons |= layout.REASON_EXTRA << at;
  });
  return reasons;
}

/** The first filter that refuses a node, in the framework's order. */
function expectedVerdict(node: TestNode, pod: PodProgram): number {
  if (node.gates & layout.GATE_UNSCHEDULABLE) return layout.BY_UNSCHEDULABLE;
  if (node.gates & layout.GATE_TAINT) return layout.BY_TAINT;
  if (node.gates & layout.GATE_AFFINITY) return layout.BY_AFFINITY;
  if (pod.flags & layout.FLAG_PORTS && node.portTaken) return layout.BY_PORTS;
  return expectedReasons(node, pod) === 0 ? layout.PASSED : layout.BY_FIT;
}

/** The default normalisation. */
function normalised(raw: number, highest: number, most: number): number {
  return highest === 0 ? 0 : Number((BigInt(most) * BigInt(raw)) / BigInt(highest));
}

/** One worker: the search from START on, then scores, totals and the pick. */
function oracle(profile: SchedulerProfile, nodes: readonly TestNode[], pod: PodProgram) {
  const verdicts = nodes.map(() => layout.UNSEEN);
  const feasible: number[] = [];
  let looked = 0;
  for (; looked < nodes.length && feasible.length < pod.wanted; looked += 1) {
    const at = (pod.start + looked) % nodes.length;
    verdicts[at] = expectedVerdict(nodes[at] as TestNode, pod);
    if (verdicts[at] === layout.PASSED) feasible.push(at);
  }
  const { weights } = profile;
  const most = weights.scoreMax;
  const taintOf = (node: TestNode): number => (pod.classSlot === 0 ? node.taint : 0);
  const highest = (raw: (node: TestNode) => number): number =>
    Math.max(0, ...feasible.map((at) => raw(nodes[at] as TestNode)));
  const [taints, affinities] = [highest(taintOf), highest((node) => node.affinity)];
  const skipped = (flag: number): boolean => (pod.flags & flag) !== 0;
  let [chosen, best] = [-1, -1];
  const scores = feasible.map((at) => {
    const node = nodes[at] as TestNode;
    const { fit, balanced } = expectedScores(profile, node.offer, node.use, { ...pod, pods: 0 });
    const taint = most - normalised(taintOf(node), taints, most);
    const affinity = skipped(layout.FLAG_SKIP_AFFINITY)
      ? 0
      : normalised(node.affinity, affinities, most);
    const total =
      weights.taint * taint +
      weights.affinity * affinity +
      weights.fit * fit +
      (skipped(layout.FLAG_SKIP_BALANCED) ? 0 : weights.balanced * balanced) +
      (skipped(layout.FLAG_SKIP_IMAGE) ? 0 : weights.image * node.image);
    const whole = total + (mixWords((pod.tieSeed ^ mixWords(node.seed)) >>> 0) >>> 1) / 2 ** 31;
    if (whole > best) [chosen, best] = [at, whole];
    return { at, fit, balanced, taint, affinity, total };
  });
  const single = feasible.length <= 1;
  const decision = { chosen, looked, feasible: feasible.length, single };
  return { decision, verdicts, scores: single ? [] : scores };
}

function makePod(random: RandomStream, profile: SchedulerProfile): PodProgram {
  const pod = quantities(random);
  const flag = (bit: number): number => (random.below(3) === 0 ? bit : 0);
  return {
    ...pod,
    cpu: Math.min(pod.cpu, 2000),
    memory: Math.min(pod.memory, 4096 * MIB),
    extra: random.below(4) === 0 ? pod.extra.map((each) => Math.min(each, MIB)) : [],
    classSlot: random.below(2),
    flags:
      (profile.seedEra ? layout.FLAG_SEED_ERA : 0) |
      flag(layout.FLAG_PORTS) |
      flag(layout.FLAG_SKIP_AFFINITY) |
      flag(layout.FLAG_SKIP_BALANCED) |
      flag(layout.FLAG_SKIP_IMAGE),
    start: random.below(NODES),
    wanted: random.below(3) === 0 ? NODES : 1 + random.below(NODES),
    tieSeed: random.word(),
  };
}

function fill(core: SchedulerCore, profile: SchedulerProfile, nodes: readonly TestNode[]): void {
  core.resize(NODES);
  core.setWeights(profile.weights);
  nodes.forEach((node, index) => {
    core.setNode(index, node.offer, node.seed);
    core.setUse(index, node.use);
    core.setClass(0, index, node.gates, node.taint, node.affinity, node.image);
    core.setClass(1, index, node.gates, 0, node.affinity, node.image);
    core.setPortConflict(index, node.portTaken);
  });
}

test.each([MODERN_SCHEDULER, SEED_ERA_SCHEDULER])(
  'both builds do what one worker does in whole numbers',
  (profile) => {
    const random = new RandomStream(20260302, profile.seedEra ? 'seed-era' : 'modern');
    const cores = [new SchedulerCore(wasmCore()), new SchedulerCore(twinCore())];
    const nodes = Array.from({ length: NODES }, (_, index) => makeNode(random, index));
    for (const core of cores) fill(core, profile, nodes);
    let scored = 0;
    for (let round = 0; round < 300; round += 1) {
      const pod = makePod(random, profile);
      const wanted = oracle(profile, nodes, pod);
      for (const core of cores) {
        expect(core.schedule(pod), `round ${round}`).toEqual(wanted.decision);
        expect([...core.verdicts()]).toEqual(wanted.verdicts);
        const reasons = core.reasons();
        nodes.forEach((node, at) => {
          if (wanted.verdicts[at] === layout.BY_FIT)
            expect(reasons[at]).toBe(expectedReasons(node, pod));
        });
        const column = (number: number): Float64Array => core.column(number);
        const [fit, balanced] = [column(layout.SCORE_FIT), column(layout.SCORE_BALANCED)];
        const [taint, affinity] = [column(layout.NORMAL_TAINT), column(layout.NORMAL_AFFINITY)];
        const totals = column(layout.TOTAL);
        const skipsAffinity = (pod.flags & layout.FLAG_SKIP_AFFINITY) !== 0;
        const found = wanted.scores.map(({ at }) => ({
          at,
          fit: fit[at],
          balanced: balanced[at],
          taint: taint[at],
          affinity: skipsAffinity ? 0 : affinity[at],
          total: totals[at],
        }));
        expect(found).toEqual(wanted.scores);
        scored += found.length;
      }
    }
    expect(scored).toBeGreaterThan(2000);
  },
);
