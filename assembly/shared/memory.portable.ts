/**
 * Linear memory of a core's TypeScript twin: the names of `memory.ts` over a DataView. It is the one
 * place with module-level state, which only tests load; `selectMemory` gives each twin a memory of
 * its own, so that several may live in one process when their callers select before each call.
 */

/** A twin's memory; `buffer` is replaced when it grows, as a WebAssembly.Memory does. */
export class PortableMemory {
  buffer: ArrayBuffer = new ArrayBuffer(0);
  view: DataView = new DataView(this.buffer);
}

const PAGE: number = 65536;

let current: PortableMemory = new PortableMemory();

/** Makes this the memory that the functions below work on. */
export function selectMemory(memory: PortableMemory): void {
  current = memory;
}

/** The memory selected now. */
export function selectedMemory(): PortableMemory {
  return current;
}

export function loadWord(offset: u32): u32 {
  return current.view.getUint32(offset, true);
}

export function storeWord(offset: u32, value: u32): void {
  current.view.setUint32(offset, value, true);
}

export function loadDouble(offset: u32): f64 {
  return current.view.getFloat64(offset, true);
}

export function storeDouble(offset: u32, value: f64): void {
  current.view.setFloat64(offset, value, true);
}

export function memoryBytes(): u32 {
  return current.buffer.byteLength;
}

export function ensureMemory(bytes: u32): boolean {
  if (bytes <= current.buffer.byteLength) return true;
  const grown: ArrayBuffer = new ArrayBuffer(Math.ceil(bytes / PAGE) * PAGE);
  new Uint8Array(grown).set(new Uint8Array(current.buffer));
  current.buffer = grown;
  current.view = new DataView(grown);
  return true;
}

export function copyMemory(target: u32, source: u32, bytes: u32): void {
  new Uint8Array(current.buffer).copyWithin(target, source, source + bytes);
}

export function clearMemory(offset: u32, bytes: u32): void {
  new Uint8Array(current.buffer).fill(0, offset, offset + bytes);
}

export interface Pair {
  readonly first: f64;
  readonly second: f64;
}

export function loadPair(offset: u32): Pair {
  return { first: loadDouble(offset), second: loadDouble(offset + 8) };
}

export function storePair(offset: u32, value: Pair): void {
  storeDouble(offset, value.first);
  storeDouble(offset + 8, value.second);
}

export function pairOf(first: f64, second: f64): Pair {
  return { first, second };
}

export function addPairs(a: Pair, b: Pair): Pair {
  return { first: a.first + b.first, second: a.second + b.second };
}

export function subtractPairs(a: Pair, b: Pair): Pair {
  return { first: a.first - b.first, second: a.second - b.second };
}

export function multiplyPairs(a: Pair, b: Pair): Pair {
  return { first: a.first * b.first, second: a.second * b.second };
}

export function dividePairs(a: Pair, b: Pair): Pair {
  return { first: a.first / b.first, second: a.second / b.second };
}

export function truncatePair(a: Pair): Pair {
  return { first: Math.trunc(a.first), second: Math.trunc(a.second) };
}

export function sqrtPair(a: Pair): Pair {
  return { first: Math.sqrt(a.first), second: Math.sqrt(a.second) };
}

export function chooseLessOrEqual(a: Pair, b: Pair, yes: Pair, no: Pair): Pair {
  return {
    first: a.first <= b.first ? yes.first : no.first,
    second: a.second <= b.second ? yes.second : no.second,
  };
}

export function firstOf(pair: Pair): f64 {
  return pair.first;
}

export function secondOf(pair: Pair): f64 {
  return pair.second;
}
