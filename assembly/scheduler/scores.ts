/**
 * Scores of two nodes a step: NodeResourcesFit by LeastAllocated and NodeResourcesBalancedAllocation.
 * Divisions bound the whole core, and there is no way around these four: f64 division then truncation
 * is exact as long as memory is below 2⁴⁶ bytes and 100·memory below 2⁵³; a reciprocal is not. The
 * mean of the shares needs none, because the host keeps what each counts in it.
 *
 *     LeastAllocated     s_r = 0 if Z > A else ⌊(A − Z)·max / A⌋;  ⌊Σ s_r / number of r with A > 0⌋
 *     BalancedAllocation f_r = min(1, R / A);  ⌊(1 − |f_cpu − f_memory| / 2)·100⌋
 *     seed-era           f_r = Z / A;  0 if any f ≥ 1, else ⌊10 − |f_cpu − f_memory|·10⌋
 */
import {
  absolutePair,
  addPairs,
  andLanes,
  dividePairs,
  keepPair,
  Lanes,
  lessLanes,
  loadPair,
  multiplyPairs,
  Pair,
  pairOf,
  smallerPair,
  subtractPairs,
  truncatePair,
} from '../shared/memory';
import { PAIR_ONE } from './layout';

/** Share of a resource that is left, on the scale of `most`; 0 where it is used up or absent. */
function leastPair(allocatable: Pair, used: Pair, most: Pair): Pair {
  const left: Pair = multiplyPairs(subtractPairs(allocatable, used), most);
  return keepPair(lessLanes(used, allocatable), truncatePair(dividePairs(left, allocatable)));
}

/** LeastAllocated: the mean of the shares. */
export function fitPair(
  cpu: Pair,
  memory: Pair,
  usedCpu: Pair,
  usedMemory: Pair,
  mean: Pair,
  most: Pair,
): Pair {
  const sum: Pair = addPairs(leastPair(cpu, usedCpu, most), leastPair(memory, usedMemory, most));
  return truncatePair(multiplyPairs(sum, mean));
}

/** BalancedAllocation of 1.34; a single resource, which alone makes the mean, is in balance. */
export function balancedPair(
  cpu: Pair,
  memory: Pair,
  usedCpu: Pair,
  usedMemory: Pair,
  mean: Pair,
  most: Pair,
): Pair {
  const one: Pair = loadPair(PAIR_ONE);
  // Where a resource is absent the quotient is no number or infinite, and 1 is taken.
  const gap: Pair = subtractPairs(
    smallerPair(one, dividePairs(usedCpu, cpu)),
    smallerPair(one, dividePairs(usedMemory, memory)),
  );
  const deviation: Pair = multiplyPairs(absolutePair(gap), subtractPairs(one, mean));
  return truncatePair(multiplyPairs(subtractPairs(one, deviation), most));
}

/** BalancedResourceAllocation of the seed era. */
export function oldBalancedPair(
  cpu: Pair,
  memory: Pair,
  usedCpu: Pair,
  usedMemory: Pair,
  most: Pair,
): Pair {
  const one: Pair = pairOf(1, 1);
  const zero: Pair = pairOf(0, 0);
  const cpuShare: Pair = keepPair(lessLanes(zero, cpu), dividePairs(usedCpu, cpu));
  const memoryShare: Pair = keepPair(lessLanes(zero, memory), dividePairs(usedMemory, memory));
  const gap: Pair = multiplyPairs(absolutePair(subtractPairs(cpuShare, memoryShare)), most);
  const free: Lanes = andLanes(lessLanes(cpuShare, one), lessLanes(memoryShare, one));
  return keepPair(free, truncatePair(subtractPairs(most, gap)));
}
