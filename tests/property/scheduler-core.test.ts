/**
 * Laws of the scheduler core: the Wasm build and its TypeScript twin agree bit for bit, and both agree
 * with the formulas in integer arithmetic (BigInt), on random, edge and round quantities. Round ones
 * find the errors that random ones hide.
 */
import { expect, test } from 'vitest';
import * as layout from '../../assembly/scheduler/layout.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { SchedulerCore } from '../../src/programs/scheduler/core.ts';
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

test.each([MODERN_SCHEDULER, SEED_ERA_SCHEDULER])(
  'both builds and whole-number arithmetic agree',
  (profile) => {
    const random = new RandomStream(20260302, profile.seedEra ? 'seed-era' : 'modern');
    const cores = [new SchedulerCore(wasmCore()), new SchedulerCore(twinCore())];
    const offers: Quantities[] = [];
    const uses: Quantities[] = [];
    for (const core of cores) {
      core.resize(NODES);
      core.setWeights(profile.weights);
    }
    for (let node = 0; node < NODES; node += 1) {
      offers.push({ ...quantities(random), pods: 110 });
      uses.push(quantities(random));
      const gates = random.below(8) === 0 ? 1 << random.below(3) : 0;
      const raw = [random.below(4), random.below(101), random.below(101)] as const;
      for (const core of cores) {
        core.setNode(node, { ...(offers[node] as Quantities), extra: [] }, node * 77);
        core.setUse(node, { ...(uses[node] as Quantities), extra: [] });
        core.setClass(0, node, gates, ...raw);
      }
    }
    let scored = 0;
    for (let round = 0; round < 300; round += 1) {
      const pod = quantities(random);
      const program = {
        ...pod,
        cpu: Math.min(pod.cpu, 2000),
        memory: Math.min(pod.memory, 4096 * MIB),
        extra: [],
        classSlot: 0,
        flags:
          (profile.seedEra ? layout.FLAG_SEED_ERA : 0) |
          (random.below(2) * layout.FLAG_SKIP_AFFINITY),
        start: random.below(NODES),
        wanted: 1 + random.below(NODES),
        tieSeed: random.word(),
      };
      const [wasm, twin] = cores.map((core) => ({
        decision: core.schedule(program),
        verdicts: core.verdicts(),
        totals: core.column(layout.TOTAL),
        fit: core.column(layout.SCORE_FIT),
        balanced: core.column(layout.SCORE_BALANCED),
      }));
      expect(twin?.decision).toEqual(wasm?.decision);
      expect(twin?.verdicts).toEqual(wasm?.verdicts);
      if (wasm === undefined || twin === undefined || wasm.decision.single) continue;
      for (let node = 0; node < NODES; node += 1) {
        if (wasm.verdicts[node] !== layout.PASSED) continue;
        scored += 1;
        const wanted = expectedScores(
          profile,
          offers[node] as Quantities,
          uses[node] as Quantities,
          { ...pod, ...program, pods: 0 },
        );
        expect([node, wasm.fit[node], wasm.balanced[node]]).toEqual([
          node,
          wanted.fit,
          wanted.balanced,
        ]);
        expect(Object.is(twin.totals[node], wasm.totals[node])).toBe(true);
      }
    }
    expect(scored).toBeGreaterThan(500);
  },
);
