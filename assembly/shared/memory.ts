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

export function sqrtPair(a: Pair): Pair {
  return f64x2.sqrt(a);
}

/** Lane by lane: `yes` where a ≤ b, else `no`. */
export function chooseLessOrEqual(a: Pair, b: Pair, yes: Pair, no: Pair): Pair {
  return v128.bitselect(yes, no, f64x2.le(a, b));
}

export function firstOf(pair: Pair): f64 {
  return f64x2.extract_lane(pair, 0);
}

export function secondOf(pair: Pair): f64 {
  return f64x2.extract_lane(pair, 1);
}
