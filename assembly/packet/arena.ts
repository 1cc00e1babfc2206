/**
 * The arena: memory for records of every size, in classes of powers of two with a free list each.
 * Memory comes zeroed and aligned to its class (at most 64), so that the first half of a rule is
 * one cache line. 0 is never an address; it is the answer when PACKET_MEMORY_MAX is reached.
 */
import { PACKET_MEMORY_MAX } from '../shared/limits.ts';
import {
  clearMemory,
  copyMemory,
  ensureMemory,
  loadWord,
  memoryBytes,
  storeWord,
} from '../shared/memory.ts';
import { ARENA_TOP, FREE_LISTS, HEAP_START, SIZE_CLASS_MIN } from './layout.ts';

/** Makes an empty arena. */
export function resetArena(): void {
  ensureMemory(u32(HEAP_START + 65536));
  clearMemory(0, HEAP_START);
  storeWord(ARENA_TOP, u32(u32(HEAP_START + 63) & 0xffffffc0));
}

function classOf(bytes: u32): u32 {
  let bits: u32 = SIZE_CLASS_MIN;
  while (u32(1 << bits) < bytes) bits = u32(bits + 1);
  return bits;
}

/** Zeroed memory of at least this many bytes, or 0 when there is no more. */
export function allocate(bytes: u32): u32 {
  const bits: u32 = classOf(bytes);
  const size: u32 = u32(1 << bits);
  const list: u32 = u32(FREE_LISTS + bits * 4);
  const free: u32 = loadWord(list);
  if (free != 0) {
    storeWord(list, loadWord(free));
    clearMemory(free, size);
    return free;
  }
  const mask: u32 = size < 64 ? u32(size - 1) : 63;
  const start: u32 = u32(u32(loadWord(ARENA_TOP) + mask) & u32(~mask));
  const end: u32 = u32(start + size);
  if (end > PACKET_MEMORY_MAX || size > PACKET_MEMORY_MAX) return 0;
  if (end > memoryBytes()) {
    // Grow by a quarter, so that filling a large table copies the twin's memory only a few times.
    let want: u32 = u32(end + (end >>> 2));
    if (want > PACKET_MEMORY_MAX) want = PACKET_MEMORY_MAX;
    if (!ensureMemory(want)) return 0;
  }
  storeWord(ARENA_TOP, end);
  return start;
}

/** Gives memory back; `bytes` as it was asked for. */
export function release(address: u32, bytes: u32): void {
  if (address == 0) return;
  const list: u32 = u32(FREE_LISTS + classOf(bytes) * 4);
  storeWord(address, loadWord(list));
  storeWord(list, address);
}

/** An array that holds `want` bytes: the old one, or a larger one with the old content. */
export function enlarge(address: u32, have: u32, want: u32): u32 {
  if (address != 0 && want <= have) return address;
  const larger: u32 = allocate(want);
  if (larger == 0) return 0;
  if (address != 0) {
    copyMemory(larger, address, have);
    release(address, have);
  }
  return larger;
}
