/**
 * Scores: NodeResourcesFit by LeastAllocated, NodeResourcesBalancedAllocation, then the normalised
 * TaintToleration and NodeAffinity, ImageLocality as it comes, and the weighted total with its tie
 * fraction. Two nodes a step; division, never a reciprocal: f64 division then truncation is exact as
 * long as memory is below 2⁴⁶ bytes and 100·memory below 2⁵³.
 *
 *     LeastAllocated     s_r = 0 if Z > A else ⌊(A − Z)·max / A⌋;  ⌊Σ s_r / number of r with A > 0⌋
 *     BalancedAllocation f_r = min(1, R / A);  ⌊(1 − |f_cpu − f_memory| / 2)·100⌋
 *     seed-era           f_r = Z / A;  0 if any f ≥ 1, else ⌊10 − |f_cpu − f_memory|·10⌋
 *     normalise          ⌊max·s / highest⌋, reversed max − that; highest 0: 0, reversed max
 */
import {
  addPairs,
  chooseLessOrEqual,
  dividePairs,
  loadDouble,
  loadPair,
  loadWord,
  multiplyPairs,
  Pair,
  pairOf,
  storeDouble,
  storePair,
  storeWord,
  subtractPairs,
  truncatePair,
} from '../shared/memory';
import { mixWords } from '../shared/words';
import {
  ALLOCATABLE_CPU,
  ALLOCATABLE_MEMORY,
  BEST,
  CLASS,
  doubleColumn,
  FEASIBLE_LIST,
  FLAG_SEED_ERA,
  FLAG_SKIP_AFFINITY,
  FLAG_SKIP_BALANCED,
  FLAG_SKIP_IMAGE,
  FLAGS,
  LOOKED,
  NODE_COUNT,
  NODE_SEED,
  NONE,
  NONZERO_CPU,
  NONZERO_MEMORY,
  NORMAL_AFFINITY,
  NORMAL_TAINT,
  POD_CPU,
  POD_CPU_NONZERO,
  POD_MEMORY,
  POD_MEMORY_NONZERO,
  RAW_AFFINITY,
  RAW_IMAGE,
  RAW_TAINT,
  rawColumn,
  REQUESTED_CPU,
  REQUESTED_MEMORY,
  SCORE_BALANCED,
  SCORE_FIT,
  SCORE_MAX,
  START,
  TIE_SEED,
  TOTAL,
  WEIGHT_AFFINITY,
  WEIGHT_BALANCED,
  WEIGHT_FIT,
  WEIGHT_IMAGE,
  WEIGHT_TAINT,
  wordColumn,
} from './layout';

/** Share of a resource that is left, on the scale of `most`; 0 where it is overdrawn or absent. */
function leastPair(allocatable: Pair, used: Pair, most: Pair, zero: Pair): Pair {
  const left: Pair = multiplyPairs(subtractPairs(allocatable, used), most);
  const share: Pair = truncatePair(dividePairs(left, allocatable));
  return chooseLessOrEqual(
    allocatable,
    zero,
    zero,
    chooseLessOrEqual(used, allocatable, share, zero),
  );
}

/** Used fraction, at most 1; 0 where the resource is absent. */
function fractionPair(allocatable: Pair, used: Pair, one: Pair, zero: Pair): Pair {
  const fraction: Pair = dividePairs(used, allocatable);
  const bounded: Pair = chooseLessOrEqual(fraction, one, fraction, one);
  return chooseLessOrEqual(allocatable, zero, zero, bounded);
}

function absolutePair(value: Pair, zero: Pair): Pair {
  return chooseLessOrEqual(value, zero, subtractPairs(zero, value), value);
}

/** Scores every node with first ≤ node < end, both even, whether feasible or not. */
function scoreRange(capacity: u32, first: u32, end: u32): void {
  const most: Pair = pairOf(loadDouble(SCORE_MAX), loadDouble(SCORE_MAX));
  const zero: Pair = pairOf(0, 0);
  const one: Pair = pairOf(1, 1);
  const two: Pair = pairOf(2, 2);
  const podCpu: Pair = pairOf(loadDouble(POD_CPU), loadDouble(POD_CPU));
  const podMemory: Pair = pairOf(loadDouble(POD_MEMORY), loadDouble(POD_MEMORY));
  const podCpuZ: Pair = pairOf(loadDouble(POD_CPU_NONZERO), loadDouble(POD_CPU_NONZERO));
  const podMemoryZ: Pair = pairOf(loadDouble(POD_MEMORY_NONZERO), loadDouble(POD_MEMORY_NONZERO));
  const seedEra: bool = u32(loadWord(FLAGS) & FLAG_SEED_ERA) != 0;
  const cpuColumn: u32 = doubleColumn(capacity, ALLOCATABLE_CPU);
  const memoryColumn: u32 = doubleColumn(capacity, ALLOCATABLE_MEMORY);
  const requestedCpu: u32 = doubleColumn(capacity, REQUESTED_CPU);
  const requestedMemory: u32 = doubleColumn(capacity, REQUESTED_MEMORY);
  const nonzeroCpu: u32 = doubleColumn(capacity, NONZERO_CPU);
  const nonzeroMemory: u32 = doubleColumn(capacity, NONZERO_MEMORY);
  const fit: u32 = doubleColumn(capacity, SCORE_FIT);
  const balanced: u32 = doubleColumn(capacity, SCORE_BALANCED);
  for (let node: u32 = first; node < end; node = u32(node + 2)) {
    const at: u32 = u32(node * 8);
    const cpu: Pair = loadPair(u32(cpuColumn + at));
    const memory: Pair = loadPair(u32(memoryColumn + at));
    const usedCpuZ: Pair = addPairs(loadPair(u32(nonzeroCpu + at)), podCpuZ);
    const usedMemoryZ: Pair = addPairs(loadPair(u32(nonzeroMemory + at)), podMemoryZ);
    const sum: Pair = addPairs(
      leastPair(cpu, usedCpuZ, most, zero),
      leastPair(memory, usedMemoryZ, most, zero),
    );
    const kinds: Pair = addPairs(
      chooseLessOrEqual(cpu, zero, zero, one),
      chooseLessOrEqual(memory, zero, zero, one),
    );
    const divisor: Pair = seedEra ? two : chooseLessOrEqual(kinds, one, one, kinds);
    storePair(u32(fit + at), truncatePair(dividePairs(sum, divisor)));
    if (seedEra) {
      const cpuShare: Pair = fractionPair(cpu, usedCpuZ, one, zero);
      const memoryShare: Pair = fractionPair(memory, usedMemoryZ, one, zero);
      const gap: Pair = multiplyPairs(
        absolutePair(subtractPairs(cpuShare, memoryShare), zero),
        most,
      );
      const score: Pair = truncatePair(subtractPairs(most, gap));
      const full: Pair = chooseLessOrEqual(one, cpuShare, zero, score);
      storePair(u32(balanced + at), chooseLessOrEqual(one, memoryShare, zero, full));
    } else {
      const usedCpu: Pair = addPairs(loadPair(u32(requestedCpu + at)), podCpu);
      const usedMemory: Pair = addPairs(loadPair(u32(requestedMemory + at)), podMemory);
      const gap: Pair = subtractPairs(
        fractionPair(cpu, usedCpu, one, zero),
        fractionPair(memory, usedMemory, one, zero),
      );
      const deviation: Pair = dividePairs(absolutePair(gap, zero), two);
      const counted: Pair = chooseLessOrEqual(kinds, one, zero, deviation);
      storePair(u32(balanced + at), truncatePair(multiplyPairs(subtractPairs(one, counted), most)));
    }
  }
}

/** Scores the nodes that the search looked at: one range, or two where it wrapped. */
function scoreLooked(capacity: u32): void {
  const count: u32 = loadWord(NODE_COUNT);
  const start: u32 = loadWord(START);
  const end: u32 = u32(start + loadWord(LOOKED));
  if (end <= count) scoreRange(capacity, u32(start & 0xfffffffe), end);
  else {
    scoreRange(capacity, u32(start & 0xfffffffe), count);
    scoreRange(capacity, 0, u32(end - count));
  }
}

function highestRaw(column: u32, list: u32, feasible: u32): f64 {
  let highest: f64 = 0;
  for (let index: u32 = 0; index < feasible; index = u32(index + 1)) {
    const raw: f64 = loadDouble(u32(column + loadWord(u32(list + index * 4)) * 8));
    if (raw > highest) highest = raw;
  }
  return highest;
}

/** The default normalisation of the framework's helper, over the feasible nodes. */
function normalise(raw: u32, target: u32, list: u32, feasible: u32, reversed: bool): void {
  const most: f64 = loadDouble(SCORE_MAX);
  const highest: f64 = highestRaw(raw, list, feasible);
  for (let index: u32 = 0; index < feasible; index = u32(index + 1)) {
    const at: u32 = u32(loadWord(u32(list + index * 4)) * 8);
    let score: f64 = highest == 0 ? 0 : Math.trunc((most * loadDouble(u32(raw + at))) / highest);
    if (reversed) score = most - score;
    storeDouble(u32(target + at), score);
  }
}

/** A fraction in [0, 1) that is fixed for a pod and a node, whatever the order of the nodes. */
function tieFraction(podSeed: u32, nodeSeed: u32): f64 {
  return f64(mixWords(u32(podSeed ^ mixWords(nodeSeed))) >>> 1) / 2147483648.0;
}

/** Totals of the feasible nodes; gives the best one. */
function pickBest(capacity: u32, feasible: u32): u32 {
  const slot: u32 = loadWord(CLASS);
  const flags: u32 = loadWord(FLAGS);
  const list: u32 = wordColumn(capacity, FEASIBLE_LIST);
  const seeds: u32 = wordColumn(capacity, NODE_SEED);
  const taint: u32 = doubleColumn(capacity, NORMAL_TAINT);
  const affinity: u32 = doubleColumn(capacity, NORMAL_AFFINITY);
  const fit: u32 = doubleColumn(capacity, SCORE_FIT);
  const balanced: u32 = doubleColumn(capacity, SCORE_BALANCED);
  const image: u32 = rawColumn(capacity, slot, RAW_IMAGE);
  const totals: u32 = doubleColumn(capacity, TOTAL);
  const podSeed: u32 = loadWord(TIE_SEED);
  const affinityWeight: f64 =
    u32(flags & FLAG_SKIP_AFFINITY) != 0 ? 0 : loadDouble(WEIGHT_AFFINITY);
  const balancedWeight: f64 =
    u32(flags & FLAG_SKIP_BALANCED) != 0 ? 0 : loadDouble(WEIGHT_BALANCED);
  const imageWeight: f64 = u32(flags & FLAG_SKIP_IMAGE) != 0 ? 0 : loadDouble(WEIGHT_IMAGE);
  const taintWeight: f64 = loadDouble(WEIGHT_TAINT);
  const fitWeight: f64 = loadDouble(WEIGHT_FIT);
  let best: u32 = NONE;
  let bestScore: f64 = -1;
  for (let index: u32 = 0; index < feasible; index = u32(index + 1)) {
    const node: u32 = loadWord(u32(list + index * 4));
    const at: u32 = u32(node * 8);
    const total: f64 =
      taintWeight * loadDouble(u32(taint + at)) +
      affinityWeight * loadDouble(u32(affinity + at)) +
      fitWeight * loadDouble(u32(fit + at)) +
      balancedWeight * loadDouble(u32(balanced + at)) +
      imageWeight * loadDouble(u32(image + at));
    storeDouble(u32(totals + at), total);
    const score: f64 = total + tieFraction(podSeed, loadWord(u32(seeds + node * 4)));
    if (score > bestScore) {
      bestScore = score;
      best = node;
    }
  }
  storeDouble(BEST, bestScore);
  return best;
}

/** Scores, normalises, totals and picks among the feasible nodes that `filterNodes` listed. */
export function scoreNodes(capacity: u32, feasible: u32): u32 {
  const slot: u32 = loadWord(CLASS);
  const list: u32 = wordColumn(capacity, FEASIBLE_LIST);
  scoreLooked(capacity);
  const taint: u32 = doubleColumn(capacity, NORMAL_TAINT);
  normalise(rawColumn(capacity, slot, RAW_TAINT), taint, list, feasible, true);
  if (u32(loadWord(FLAGS) & FLAG_SKIP_AFFINITY) == 0) {
    const affinity: u32 = doubleColumn(capacity, NORMAL_AFFINITY);
    normalise(rawColumn(capacity, slot, RAW_AFFINITY), affinity, list, feasible, false);
  }
  return pickBest(capacity, feasible);
}

/** Only the kernel: LeastAllocated and BalancedAllocation of all nodes. For the benchmarks. */
export function scoreAll(capacity: u32, count: u32): void {
  scoreRange(capacity, 0, count);
}

/** Reads the bytes that the kernel reads, and nothing else: its roofline. For the benchmarks. */
export function readAll(capacity: u32, count: u32): f64 {
  let sum: Pair = pairOf(0, 0);
  for (let node: u32 = 0; node < count; node = u32(node + 2)) {
    for (let column: u32 = 0; column < 8; column = u32(column + 1)) {
      sum = addPairs(sum, loadPair(u32(doubleColumn(capacity, column) + node * 8)));
    }
  }
  storePair(BEST, sum);
  storeWord(TIE_SEED, 0);
  return loadDouble(BEST) + loadDouble(u32(BEST + 8));
}
