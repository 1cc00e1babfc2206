/**
 * The first pass over the nodes: filters, the scores of a node that need no other node, and their
 * weighted sum; where nothing is to be normalised that is the total. The search begins at START,
 * wraps, and stops at WANTED feasible nodes; the order is that of one worker. Whole pairs are scanned
 * as long as the search cannot end inside one, then single nodes.
 *
 * A pair is scored whether its nodes are feasible or not: to divide is cheaper than to branch.
 */
import {
  addPairs,
  andLanes,
  atMostLanes,
  choosePair,
  clearMemory,
  countLanes,
  equalLanes,
  firstLane,
  firstOf,
  keepPair,
  Lanes,
  lanesOf,
  largerPair,
  lessLanes,
  loadDouble,
  loadLanes,
  loadMask,
  loadPair,
  loadWord,
  lowestBits,
  maskOf,
  multiplyPairs,
  orLanes,
  Pair,
  pairOf,
  secondLane,
  secondOf,
  storeDouble,
  storeLanes,
  storeMask,
  storePair,
  storeWord,
} from '../shared/memory';
import { gatesOfPod } from './filters';
import {
  BEST,
  BY_FIT,
  BY_UNSCHEDULABLE,
  CLASS,
  doubleColumn,
  FEASIBLE,
  FLAG_NO_TAINTS,
  FLAG_SEED_ERA,
  FLAG_SKIP_AFFINITY,
  FLAG_SKIP_BALANCED,
  FLAG_SKIP_IMAGE,
  FLAGS,
  HIGHEST_AFFINITY,
  HIGHEST_TAINT,
  LOOKED,
  NODE_COUNT,
  NOT_FEASIBLE,
  PAIR_ASKS_CPU,
  PAIR_ASKS_MEMORY,
  PAIR_BY_FIT,
  PAIR_CPU,
  PAIR_CPU_NONZERO,
  PAIR_MEMORY,
  PAIR_MEMORY_NONZERO,
  PAIR_MOST,
  PAIR_NOT_FEASIBLE,
  PAIR_ONE,
  PAIR_PASSED,
  PAIR_TAINT,
  PAIR_WEIGHT_BALANCED,
  PAIR_WEIGHT_FIT,
  PAIR_WEIGHT_IMAGE,
  PASSED,
  POD_CPU,
  POD_CPU_NONZERO,
  POD_MEMORY,
  POD_MEMORY_NONZERO,
  RAW_TAINT,
  rawColumn,
  SCORE_MAX,
  START,
  TOTAL,
  VERDICT,
  WANTED,
  WEIGHT_BALANCED,
  WEIGHT_FIT,
  WEIGHT_IMAGE,
  WEIGHT_TAINT,
  wordColumn,
} from './layout';
import { balancedPair, fitPair, oldBalancedPair } from './scores';

function isSet(flag: u32): bool {
  return u32(loadWord(FLAGS) & flag) != 0;
}

function putPair(offset: u32, value: f64): void {
  storePair(offset, pairOf(value, value));
}

/** Writes what the scan works with into the lanes of pairs. */
function preparePairs(): void {
  putPair(PAIR_CPU, loadDouble(POD_CPU));
  putPair(PAIR_MEMORY, loadDouble(POD_MEMORY));
  putPair(PAIR_CPU_NONZERO, loadDouble(POD_CPU_NONZERO));
  putPair(PAIR_MEMORY_NONZERO, loadDouble(POD_MEMORY_NONZERO));
  const cpu: bool = loadDouble(POD_CPU) > 0;
  const memory: bool = loadDouble(POD_MEMORY) > 0;
  storeMask(PAIR_ASKS_CPU, maskOf(cpu, cpu));
  storeMask(PAIR_ASKS_MEMORY, maskOf(memory, memory));
  putPair(PAIR_ONE, 1);
  putPair(PAIR_MOST, loadDouble(SCORE_MAX));
  putPair(PAIR_NOT_FEASIBLE, NOT_FEASIBLE);
  putPair(PAIR_TAINT, loadDouble(WEIGHT_TAINT) * loadDouble(SCORE_MAX));
  putPair(PAIR_WEIGHT_FIT, loadDouble(WEIGHT_FIT));
  putPair(PAIR_WEIGHT_BALANCED, isSet(FLAG_SKIP_BALANCED) ? 0 : loadDouble(WEIGHT_BALANCED));
  putPair(PAIR_WEIGHT_IMAGE, loadDouble(WEIGHT_IMAGE));
  storeMask(PAIR_BY_FIT, lanesOf(BY_FIT, BY_FIT));
  storeMask(PAIR_PASSED, lanesOf(PASSED, PASSED));
}

/** Keeps the larger of the lanes and of what stands at an offset there. */
function keepLarger(offset: u32, pair: Pair): void {
  const first: f64 = firstOf(pair);
  const second: f64 = secondOf(pair);
  if (first > loadDouble(offset)) storeDouble(offset, first);
  if (second > loadDouble(offset)) storeDouble(offset, second);
}

/** Too little cpu or memory for the pod; what it does not ask for is never too little. */
function shortLanes(cpu: Pair, usedCpu: Pair, memory: Pair, usedMemory: Pair): Lanes {
  return orLanes(
    andLanes(lessLanes(cpu, usedCpu), loadMask(PAIR_ASKS_CPU)),
    andLanes(lessLanes(memory, usedMemory), loadMask(PAIR_ASKS_MEMORY)),
  );
}

/** The weighted scores that need no other node; TaintToleration's in full. */
function weightedPair(fit: Pair, balanced: Pair, flags: u32, imageAt: u32): Pair {
  const sum: Pair = addPairs(
    addPairs(loadPair(PAIR_TAINT), multiplyPairs(loadPair(PAIR_WEIGHT_FIT), fit)),
    multiplyPairs(loadPair(PAIR_WEIGHT_BALANCED), balanced),
  );
  if (u32(flags & FLAG_SKIP_IMAGE) != 0) return sum;
  return addPairs(sum, multiplyPairs(loadPair(PAIR_WEIGHT_IMAGE), loadPair(imageAt)));
}

/**
 * Filters and scores the pairs whose first column stands from `first` to `end`, and gives how many of
 * their nodes are feasible. Columns are `column` bytes apart; those of the class `raws` after the first
 * one; words of the gates stand at `gateAt`, of the verdicts `verdicts` after these.
 */
function scanPairs(
  first: u32,
  end: u32,
  column: u32,
  gateAt: u32,
  verdicts: u32,
  raws: u32,
  flags: u32,
): u32 {
  let best: Pair = loadPair(PAIR_NOT_FEASIBLE);
  let taint: Pair = pairOf(0, 0);
  let affinity: Pair = pairOf(0, 0);
  let count: Lanes = lanesOf(0, 0);
  let gate: u32 = gateAt;
  for (let cpuAt: u32 = first; cpuAt < end; cpuAt = u32(cpuAt + 16)) {
    const cpu: Pair = loadPair(cpuAt);
    const memoryAt: u32 = u32(cpuAt + column);
    const memory: Pair = loadPair(memoryAt);
    const requestsAt: u32 = u32(memoryAt + column);
    const usedCpu: Pair = addPairs(loadPair(requestsAt), loadPair(PAIR_CPU));
    const requestedMemoryAt: u32 = u32(requestsAt + column);
    const usedMemory: Pair = addPairs(loadPair(requestedMemoryAt), loadPair(PAIR_MEMORY));
    const nonzeroAt: u32 = u32(requestedMemoryAt + column);
    const cpuZ: Pair = addPairs(loadPair(nonzeroAt), loadPair(PAIR_CPU_NONZERO));
    const nonzeroMemoryAt: u32 = u32(nonzeroAt + column);
    const memoryZ: Pair = addPairs(loadPair(nonzeroMemoryAt), loadPair(PAIR_MEMORY_NONZERO));
    const podsAt: u32 = u32(nonzeroMemoryAt + column);
    const allowedAt: u32 = u32(podsAt + column);
    const full: Lanes = atMostLanes(loadPair(allowedAt), loadPair(podsAt));
    const unfit: Lanes = orLanes(full, shortLanes(cpu, usedCpu, memory, usedMemory));
    const verdict: Lanes = lowestBits(
      orLanes(loadLanes(gate), andLanes(unfit, loadMask(PAIR_BY_FIT))),
    );
    storeLanes(u32(gate + verdicts), verdict);
    gate = u32(gate + 8);
    const passed: Lanes = equalLanes(verdict, loadMask(PAIR_PASSED));
    count = countLanes(count, passed);
    const rawAt: u32 = u32(cpuAt + raws);
    if (u32(flags & FLAG_NO_TAINTS) == 0)
      taint = largerPair(taint, keepPair(passed, loadPair(rawAt)));
    if (u32(flags & FLAG_SKIP_AFFINITY) == 0)
      affinity = largerPair(affinity, keepPair(passed, loadPair(u32(rawAt + column))));
    const meanAt: u32 = u32(allowedAt + column);
    const most: Pair = loadPair(PAIR_MOST);
    let fit: Pair;
    let balanced: Pair;
    if (u32(flags & FLAG_SEED_ERA) != 0) {
      fit = fitPair(cpu, memory, cpuZ, memoryZ, pairOf(0.5, 0.5), most);
      balanced = oldBalancedPair(cpu, memory, cpuZ, memoryZ, most);
    } else {
      const mean: Pair = loadPair(meanAt);
      fit = fitPair(cpu, memory, cpuZ, memoryZ, mean, most);
      balanced = balancedPair(cpu, memory, usedCpu, usedMemory, mean, most);
    }
    const fitAt: u32 = u32(meanAt + column);
    storePair(fitAt, fit);
    const balancedAt: u32 = u32(fitAt + column);
    storePair(balancedAt, balanced);
    const sum: Pair = weightedPair(fit, balanced, flags, u32(u32(rawAt + column) + column));
    const total: Pair = choosePair(passed, sum, loadPair(PAIR_NOT_FEASIBLE));
    storePair(u32(balancedAt + column), total);
    best = largerPair(best, total);
  }
  keepLarger(BEST, best);
  keepLarger(HIGHEST_TAINT, taint);
  keepLarger(HIGHEST_AFFINITY, affinity);
  return u32(firstLane(count) + secondLane(count));
}

/** Scans whole pairs from an even node on. */
function scanFrom(capacity: u32, gates: u32, node: u32, pairs: u32): u32 {
  const base: u32 = doubleColumn(capacity, 0);
  const first: u32 = u32(base + node * 8);
  const end: u32 = u32(first + pairs * 16);
  const verdicts: u32 = u32(wordColumn(capacity, VERDICT) - gates);
  const raws: u32 = u32(rawColumn(capacity, loadWord(CLASS), RAW_TAINT) - base);
  const gate: u32 = u32(gates + node * 4);
  return scanPairs(first, end, u32(capacity * 8), gate, verdicts, raws, loadWord(FLAGS));
}

/**
 * Scans one node of a pair, while the gate of the other is closed; that one keeps its verdict and
 * total. 1 when the node is feasible.
 */
function scanOne(capacity: u32, gates: u32, node: u32): u32 {
  const other: u32 = u32(node ^ 1);
  const gate: u32 = u32(gates + other * 4);
  const verdict: u32 = u32(wordColumn(capacity, VERDICT) + other * 4);
  const total: u32 = u32(doubleColumn(capacity, TOTAL) + other * 8);
  const keptGate: u32 = loadWord(gate);
  const keptVerdict: u32 = loadWord(verdict);
  const keptTotal: f64 = loadDouble(total);
  storeWord(gate, BY_UNSCHEDULABLE);
  const found: u32 = scanFrom(capacity, gates, u32(node & 0xfffffffe), 1);
  storeWord(gate, keptGate);
  storeWord(verdict, keptVerdict);
  storeDouble(total, keptVerdict == PASSED ? keptTotal : NOT_FEASIBLE);
  return found;
}

/** Scans until enough nodes are feasible; gives the number of feasible ones. */
export function scanNodes(capacity: u32): u32 {
  const count: u32 = loadWord(NODE_COUNT);
  const wanted: u32 = loadWord(WANTED);
  const gates: u32 = gatesOfPod(capacity);
  // A search that goes through all nodes in whole pairs writes every verdict.
  const whole: bool = wanted >= count && u32(u32(loadWord(START) | count) & 1) == 0;
  if (!whole) clearMemory(wordColumn(capacity, VERDICT), u32(capacity * 4));
  preparePairs();
  storeDouble(BEST, NOT_FEASIBLE);
  storeDouble(HIGHEST_TAINT, 0);
  storeDouble(HIGHEST_AFFINITY, 0);
  let node: u32 = loadWord(START);
  let feasible: u32 = 0;
  let looked: u32 = 0;
  while (looked < count && feasible < wanted) {
    if (node >= count) node = 0;
    let nodes: u32 = u32(count - looked);
    if (u32(count - node) < nodes) nodes = u32(count - node);
    if (u32(wanted - feasible) < nodes) nodes = u32(wanted - feasible);
    if (u32(node & 1) != 0 || nodes < 2) {
      nodes = 1;
      feasible = u32(feasible + scanOne(capacity, gates, node));
    } else {
      nodes = u32(nodes & 0xfffffffe);
      const found: u32 = scanFrom(capacity, gates, node, nodes >>> 1);
      feasible = u32(feasible + found);
    }
    node = u32(node + nodes);
    looked = u32(looked + nodes);
  }
  storeWord(LOOKED, looked);
  storeWord(FEASIBLE, feasible);
  return feasible;
}
