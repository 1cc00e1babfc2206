// @ts-nocheck The types of linear memory and SIMD are AssemblyScript's own; see memory.portable.ts.
/**
 * Linear memory of a core: the only file with raw loads, stores and vectors. Words and doubles are
 * little-endian, at byte offsets. `memory.portable` has the same names over a DataView and stands in
 * for this file in the TypeScript build. A `Pair` is two doubles that are worked on lane by lane.
 */

export function loadWord(offset: u32): u32 {
  return load<u32>(offset);
}

export function storeWord(offset: u32, value: u32): void {
  store<u32>(offset, value);
}

export function loadDouble(offset: u32): f64 {
  return load<f64>(offset);
}

export function storeDouble(offset: u32, value: f64): void {
  store<f64>(offset, value);
}

/** The low 32 bits of a product. A TypeScript product goes through a double and would lose them. */
export function multiplyWords(a: u32, b: u32): u32 {
  return a * b;
}

/** Bytes of memory there are. */
export function memoryBytes(): u32 {
  return u32(memory.size()) << 16;
}

/** Makes at least this many bytes; false when the host refuses. New memory is zero. */
export function ensureMemory(bytes: u32): bool {
  const have: u32 = u32(memory.size()) << 16;
  if (bytes <= have) return true;
  return memory.grow(i32((bytes - have + 0xffff) >>> 16)) >= 0;
}

/** Copies bytes; the ranges may overlap. */
export function copyMemory(target: u32, source: u32, bytes: u32): void {
  memory.copy(target, source, bytes);
}

/** Clears bytes. */
export function clearMemory(offset: u32, bytes: u32): void {
  memory.fill(offset, 0, bytes);
}

/** Two doubles, lane by lane the same IEEE operations in both builds. */
export type Pair = v128;

export function loadPair(offset: u32): Pair {
  return v128.load(offset);
}

export function storePair(offset: u32, value: Pair): void {
  v128.store(offset, value);
}

export function pairOf(first: f64, second: f64): Pair {
  return f64x2.replace_lane(f64x2.splat(first), 1, second);
}

export function addPairs(a: Pair, b: Pair): Pair {
  return f64x2.add(a, b);
}

export function subtractPairs(a: Pair, b: Pair): Pair {
  return f64x2.sub(a, b);
}

export function multiplyPairs(a: Pair, b: Pair): Pair {
  return f64x2.mul(a, b);
}

export function dividePairs(a: Pair, b: Pair): Pair {
  return f64x2.div(a, b);
}

export function truncatePair(a: Pair): Pair {
  return f64x2.trunc(a);
}

export function absolutePair(a: Pair): Pair {
  return f64x2.abs(a);
}

/** The smaller of each lane; `a` where they do not compare. */
export function smallerPair(a: Pair, b: Pair): Pair {
  return f64x2.pmin(a, b);
}

/** The larger of each lane; `a` where they do not compare. */
export function largerPair(a: Pair, b: Pair): Pair {
  return f64x2.pmax(a, b);
}

/** Two words, or two masks of all or no bits, in the lanes of a pair. */
export type Lanes = v128;

export function lanesOf(first: u32, second: u32): Lanes {
  return i64x2.replace_lane(i64x2.splat(i64(first)), 1, i64(second));
}

/** A mask of the lanes that are named. */
export function maskOf(first: bool, second: bool): Lanes {
  return i64x2.replace_lane(i64x2.splat(first ? -1 : 0), 1, second ? -1 : 0);
}

/** Two words that follow each other. */
export function loadLanes(offset: u32): Lanes {
  return v128.load_ext<u32>(offset);
}

export function storeLanes(offset: u32, lanes: Lanes): void {
  v128.store_lane<u64>(offset, v128.shuffle<u32>(lanes, lanes, 0, 2, 0, 2), 0);
}

/** Lanes that stand in memory as wide as a pair of doubles, as masks must. */
export function loadMask(offset: u32): Lanes {
  return v128.load(offset);
}

export function storeMask(offset: u32, mask: Lanes): void {
  v128.store(offset, mask);
}

export function firstLane(lanes: Lanes): u32 {
  return u32(i64x2.extract_lane(lanes, 0));
}

export function secondLane(lanes: Lanes): u32 {
  return u32(i64x2.extract_lane(lanes, 1));
}

export function orLanes(a: Lanes, b: Lanes): Lanes {
  return v128.or(a, b);
}

export function andLanes(a: Lanes, b: Lanes): Lanes {
  return v128.and(a, b);
}

/** A count per lane, one more where the mask is set. */
export function countLanes(count: Lanes, mask: Lanes): Lanes {
  return i64x2.sub(count, mask);
}

/** The lowest bit that is set in each lane. */
export function lowestBits(lanes: Lanes): Lanes {
  return v128.and(lanes, i64x2.neg(lanes));
}

/** Masks of the lanes that are equal. */
export function equalLanes(a: Lanes, b: Lanes): Lanes {
  return i64x2.eq(a, b);
}

/** Masks of the lanes in which a < b. */
export function lessLanes(a: Pair, b: Pair): Lanes {
  return f64x2.lt(a, b);
}

/** Masks of the lanes in which a ≤ b. */
export function atMostLanes(a: Pair, b: Pair): Lanes {
  return f64x2.le(a, b);
}

/** Masks of the lanes in which a = b. */
export function samePairs(a: Pair, b: Pair): Lanes {
  return f64x2.eq(a, b);
}

/** Is any bit of the two lanes set? */
export function anyLane(lanes: Lanes): bool {
  return v128.any_true(lanes);
}

/** Lane by lane: `yes` where the mask is set, else `no`. */
export function choosePair(mask: Lanes, yes: Pair, no: Pair): Pair {
  return v128.bitselect(yes, no, mask);
}

/** Lane by lane: the value where the mask is set, else 0. */
export function keepPair(mask: Lanes, value: Pair): Pair {
  return v128.and(mask, value);
}

export function firstOf(pair: Pair): f64 {
  return f64x2.extract_lane(pair, 0);
}

export function secondOf(pair: Pair): f64 {
  return f64x2.extract_lane(pair, 1);
}
