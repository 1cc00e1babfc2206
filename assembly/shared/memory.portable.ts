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

export function multiplyWords(a: u32, b: u32): u32 {
  return Math.imul(a, b) >>> 0;
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

export function absolutePair(a: Pair): Pair {
  return { first: Math.abs(a.first), second: Math.abs(a.second) };
}

export function smallerPair(a: Pair, b: Pair): Pair {
  return {
    first: b.first < a.first ? b.first : a.first,
    second: b.second < a.second ? b.second : a.second,
  };
}

export function largerPair(a: Pair, b: Pair): Pair {
  return {
    first: a.first < b.first ? b.first : a.first,
    second: a.second < b.second ? b.second : a.second,
  };
}

/** Two words, or two masks of all or no bits. */
export interface Lanes {
  readonly first: u32;
  readonly second: u32;
}

const ALL: u32 = 0xffffffff;

export function lanesOf(first: u32, second: u32): Lanes {
  return { first, second };
}

export function maskOf(first: boolean, second: boolean): Lanes {
  return { first: first ? ALL : 0, second: second ? ALL : 0 };
}

export function loadLanes(offset: u32): Lanes {
  return { first: loadWord(offset), second: loadWord(offset + 4) };
}

export function storeLanes(offset: u32, lanes: Lanes): void {
  storeWord(offset, lanes.first);
  storeWord(offset + 4, lanes.second);
}

/** A mask keeps its place of two doubles; a twin's is two words of it. */
export function loadMask(offset: u32): Lanes {
  return { first: loadWord(offset), second: loadWord(offset + 8) };
}

export function storeMask(offset: u32, mask: Lanes): void {
  storeWord(offset, mask.first);
  storeWord(offset + 8, mask.second);
}

export function firstLane(lanes: Lanes): u32 {
  return lanes.first;
}

export function secondLane(lanes: Lanes): u32 {
  return lanes.second;
}

export function orLanes(a: Lanes, b: Lanes): Lanes {
  return { first: (a.first | b.first) >>> 0, second: (a.second | b.second) >>> 0 };
}

export function andLanes(a: Lanes, b: Lanes): Lanes {
  return { first: (a.first & b.first) >>> 0, second: (a.second & b.second) >>> 0 };
}

export function lowestBits(lanes: Lanes): Lanes {
  return andLanes(lanes, { first: -lanes.first >>> 0, second: -lanes.second >>> 0 });
}

export function countLanes(count: Lanes, mask: Lanes): Lanes {
  return { first: (count.first - mask.first) >>> 0, second: (count.second - mask.second) >>> 0 };
}

export function equalLanes(a: Lanes, b: Lanes): Lanes {
  return { first: a.first === b.first ? ALL : 0, second: a.second === b.second ? ALL : 0 };
}

export function lessLanes(a: Pair, b: Pair): Lanes {
  return { first: a.first < b.first ? ALL : 0, second: a.second < b.second ? ALL : 0 };
}

export function atMostLanes(a: Pair, b: Pair): Lanes {
  return { first: a.first <= b.first ? ALL : 0, second: a.second <= b.second ? ALL : 0 };
}

export function samePairs(a: Pair, b: Pair): Lanes {
  return { first: a.first === b.first ? ALL : 0, second: a.second === b.second ? ALL : 0 };
}

export function anyLane(lanes: Lanes): boolean {
  return (lanes.first | lanes.second) !== 0;
}

export function choosePair(mask: Lanes, yes: Pair, no: Pair): Pair {
  return {
    first: mask.first === 0 ? no.first : yes.first,
    second: mask.second === 0 ? no.second : yes.second,
  };
}

export function keepPair(mask: Lanes, value: Pair): Pair {
  return {
    first: mask.first === 0 ? 0 : value.first,
    second: mask.second === 0 ? 0 : value.second,
  };
}

export function firstOf(pair: Pair): f64 {
  return pair.first;
}

export function secondOf(pair: Pair): f64 {
  return pair.second;
}
