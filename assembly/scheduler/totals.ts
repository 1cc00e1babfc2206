/**
 * The second pass, over the nodes that were looked at, where there is something to normalise: the
 * highest raw score of the feasible nodes is known only after the first. Then the pick. Totals are
 * whole numbers, so the tie fractions in [0, 1) decide only between nodes of the highest.
 *
 *     normalise   ⌊max·s / highest⌋, reversed max − that; highest 0: 0, reversed max
 */
import {
  addPairs,
  anyLane,
  choosePair,
  dividePairs,
  firstOf,
  Lanes,
  largerPair,
  lessLanes,
  loadDouble,
  loadPair,
  loadWord,
  multiplyPairs,
  orLanes,
  Pair,
  pairOf,
  samePairs,
  secondOf,
  storeDouble,
  storePair,
  subtractPairs,
  truncatePair,
} from '../shared/memory';
import { mixWords } from '../shared/words';
import {
  BEST,
  CLASS,
  doubleColumn,
  HIGHEST_AFFINITY,
  HIGHEST_TAINT,
  LOOKED,
  NODE_COUNT,
  NODE_SEED,
  NONE,
  NORMAL_AFFINITY,
  NORMAL_TAINT,
  NOT_FEASIBLE,
  RAW_AFFINITY,
  RAW_TAINT,
  rawColumn,
  SCORE_MAX,
  START,
  TIE_SEED,
  TOTAL,
  WEIGHT_AFFINITY,
  WEIGHT_TAINT,
  wordColumn,
} from './layout';

/** The default normalisation of the framework's helper. */
function normalPair(raw: Pair, most: Pair, highest: Pair): Pair {
  return truncatePair(dividePairs(multiplyPairs(most, raw), highest));
}

/**
 * Adds the normalised scores of a plugin to the totals of the nodes with first ≤ node < end, both even;
 * gives the best total. A reversed one was counted in full, so its points are taken away.
 */
function addNormalised(
  capacity: u32,
  first: u32,
  end: u32,
  rawAt: u32,
  normalAt: u32,
  highest: f64,
  weight: f64,
  reversed: bool,
): f64 {
  const most: Pair = pairOf(loadDouble(SCORE_MAX), loadDouble(SCORE_MAX));
  const outside: Pair = pairOf(NOT_FEASIBLE, NOT_FEASIBLE);
  const highestPair: Pair = pairOf(highest, highest);
  const points: f64 = reversed ? -weight : weight;
  const weights: Pair = pairOf(points, points);
  const totalAt: u32 = doubleColumn(capacity, TOTAL);
  let best: Pair = outside;
  for (let node: u32 = first; node < end; node = u32(node + 2)) {
    const at: u32 = u32(node * 8);
    const score: Pair = normalPair(loadPair(u32(rawAt + at)), most, highestPair);
    storePair(u32(normalAt + at), reversed ? subtractPairs(most, score) : score);
    const total: Pair = loadPair(u32(totalAt + at));
    const feasible: Lanes = lessLanes(outside, total);
    const sum: Pair = choosePair(feasible, addPairs(total, multiplyPairs(weights, score)), outside);
    storePair(u32(totalAt + at), sum);
    best = largerPair(best, sum);
  }
  return firstOf(best) < secondOf(best) ? secondOf(best) : firstOf(best);
}

/** The same over both ranges of a search that wrapped; the best total of both goes to BEST. */
function addPlugin(
  capacity: u32,
  raw: u32,
  normal: u32,
  highest: f64,
  weight: f64,
  reversed: bool,
): void {
  const rawAt: u32 = rawColumn(capacity, loadWord(CLASS), raw);
  const normalAt: u32 = doubleColumn(capacity, normal);
  const start: u32 = rangeStart();
  const one: f64 = addNormalised(
    capacity,
    start,
    rangeEnd(),
    rawAt,
    normalAt,
    highest,
    weight,
    reversed,
  );
  // A pair in which the search began and ended is in both ranges, and must not be counted twice.
  const wrapped: u32 = wrappedEnd();
  const other: f64 = addNormalised(
    capacity,
    0,
    wrapped < start ? wrapped : start,
    rawAt,
    normalAt,
    highest,
    weight,
    reversed,
  );
  storeDouble(BEST, one > other ? one : other);
}

/** The pair that the search began with. */
function rangeStart(): u32 {
  return u32(loadWord(START) & 0xfffffffe);
}

/** The end of what was looked at before the search wrapped. */
function rangeEnd(): u32 {
  const last: u32 = u32(loadWord(START) + loadWord(LOOKED));
  return last < loadWord(NODE_COUNT) ? last : loadWord(NODE_COUNT);
}

/** The end of what was looked at after it wrapped. */
function wrappedEnd(): u32 {
  const last: u32 = u32(loadWord(START) + loadWord(LOOKED));
  return last > loadWord(NODE_COUNT) ? u32(last - loadWord(NODE_COUNT)) : 0;
}

/** A fraction in [0, 1) that is fixed for a pod and a node, whatever the order of the nodes. */
function tieFraction(podSeed: u32, nodeSeed: u32): f64 {
  return f64(mixWords(u32(podSeed ^ mixWords(nodeSeed))) >>> 1) / 2147483648.0;
}

/** Of the nodes with the best total, the one with the highest fraction: compared with BEST so far. */
function pickRange(capacity: u32, first: u32, end: u32, best: f64, chosen: u32): u32 {
  const seeds: u32 = wordColumn(capacity, NODE_SEED);
  const totals: u32 = doubleColumn(capacity, TOTAL);
  const podSeed: u32 = loadWord(TIE_SEED);
  const wanted: Pair = pairOf(best, best);
  let picked: u32 = chosen;
  for (let group: u32 = first; group < end; group = u32(group + 4)) {
    const at: u32 = u32(totals + group * 8);
    const some: Lanes = samePairs(loadPair(at), wanted);
    const more: Lanes = samePairs(loadPair(u32(at + 16)), wanted);
    if (!anyLane(orLanes(some, more))) continue;
    const last: u32 = u32(group + 4) < end ? u32(group + 4) : end;
    for (let node: u32 = group; node < last; node = u32(node + 1)) {
      if (loadDouble(u32(totals + node * 8)) != best) continue;
      const score: f64 = best + tieFraction(podSeed, loadWord(u32(seeds + node * 4)));
      if (score > loadDouble(BEST)) {
        storeDouble(BEST, score);
        picked = node;
      }
    }
  }
  return picked;
}

/** Normalises what there is to normalise and gives the best of the feasible nodes. */
export function pickBest(capacity: u32): u32 {
  const taint: f64 = loadDouble(HIGHEST_TAINT);
  if (taint != 0)
    addPlugin(capacity, RAW_TAINT, NORMAL_TAINT, taint, loadDouble(WEIGHT_TAINT), true);
  const affinity: f64 = loadDouble(HIGHEST_AFFINITY);
  if (affinity != 0)
    addPlugin(
      capacity,
      RAW_AFFINITY,
      NORMAL_AFFINITY,
      affinity,
      loadDouble(WEIGHT_AFFINITY),
      false,
    );
  const best: f64 = loadDouble(BEST);
  storeDouble(BEST, NOT_FEASIBLE);
  const picked: u32 = pickRange(capacity, rangeStart(), rangeEnd(), best, NONE);
  return pickRange(capacity, 0, wrappedEnd(), best, picked);
}

/** Writes the normalised scores that are the same for every node, which the first pass leaves out. */
export function fillNormalised(capacity: u32): void {
  const most: f64 = loadDouble(SCORE_MAX);
  if (loadDouble(HIGHEST_TAINT) == 0) fill(capacity, NORMAL_TAINT, most);
  if (loadDouble(HIGHEST_AFFINITY) == 0) fill(capacity, NORMAL_AFFINITY, 0);
}

function fill(capacity: u32, column: u32, value: f64): void {
  const at: u32 = doubleColumn(capacity, column);
  const count: u32 = loadWord(NODE_COUNT);
  for (let node: u32 = 0; node < count; node = u32(node + 1))
    storeDouble(u32(at + node * 8), value);
}
