/**
 * Hashed runs. Consecutive rules of a chain that all test an exact destination, protocol and port
 * before anything stateful become one hash whose buckets keep the rule order; everything else stays
 * in place as a barrier. A rule that does not match changes nothing, so skipping it is unobservable.
 *
 *     rules   │ k k k k k k k k │ barrier │ k k k … │
 *     runs    └─ [0, 8) ────────┘          └─ [9, …) ┘
 */
import { loadWord, multiplyWords, storeWord } from '../shared/memory.ts';
import { allocate, release } from './arena.ts';
import {
  C_COUNT,
  C_RULES,
  C_RUN_COUNT,
  C_RUNS,
  C_STALE,
  KEYED,
  N_END,
  N_MASK,
  N_START,
  N_TABLE,
  R_DPORTS,
  R_DST,
  R_FLAGS,
  R_NEXT,
  R_PROTOCOL,
  RUN_LENGTH_MIN,
  RUN_SIZE,
} from './layout.ts';

function slotOf(table: u32, mask: u32, dst: u32, protocol: u32, port: u32): u32 {
  // One product spreads neighbouring addresses well enough for a table that is at most half full.
  const product: u32 = multiplyWords(
    u32(dst ^ u32(u32(protocol << 24) ^ u32(port << 8))),
    0x9e3779b1,
  );
  let index: u32 = u32(u32(product ^ (product >>> 15)) & mask);
  let slot: u32 = u32(table + index * 4);
  let rule: u32 = loadWord(slot);
  while (rule != 0 && !isOfKey(rule, dst, protocol, port)) {
    index = u32(u32(index + 1) & mask);
    slot = u32(table + index * 4);
    rule = loadWord(slot);
  }
  return slot;
}

function isOfKey(rule: u32, dst: u32, protocol: u32, port: u32): bool {
  if (loadWord(u32(rule + R_DST)) != dst || loadWord(u32(rule + R_PROTOCOL)) != protocol)
    return false;
  return u32(loadWord(u32(rule + R_DPORTS)) & 0xffff) == port;
}

/** The first rule of a run with this key, or 0. */
export function findInRun(run: u32, dst: u32, protocol: u32, port: u32): u32 {
  return loadWord(
    slotOf(loadWord(u32(run + N_TABLE)), loadWord(u32(run + N_MASK)), dst, protocol, port),
  );
}

/** Forgets the runs of a chain. */
export function dropRuns(chain: u32): void {
  const runs: u32 = loadWord(u32(chain + C_RUNS));
  const count: u32 = loadWord(u32(chain + C_RUN_COUNT));
  for (let index: u32 = 0; index < count; index = u32(index + 1)) {
    const run: u32 = u32(runs + index * RUN_SIZE);
    release(loadWord(u32(run + N_TABLE)), u32(u32(loadWord(u32(run + N_MASK)) + 1) * 4));
  }
  if (runs != 0) release(runs, u32(count * RUN_SIZE));
  storeWord(u32(chain + C_RUNS), 0);
  storeWord(u32(chain + C_RUN_COUNT), 0);
  storeWord(u32(chain + C_STALE), 1);
}

function isKeyed(rules: u32, index: u32): bool {
  return u32(loadWord(u32(loadWord(u32(rules + index * 4)) + R_FLAGS)) & KEYED) != 0;
}

/** The end of the run that begins at an index. */
function endOfRun(rules: u32, start: u32, count: u32): u32 {
  let end: u32 = start;
  while (end < count && isKeyed(rules, end)) end = u32(end + 1);
  return end;
}

/** Makes the runs of a chain anew: O(rules). */
export function buildRuns(chain: u32): void {
  dropRuns(chain);
  storeWord(u32(chain + C_STALE), 0);
  const rules: u32 = loadWord(u32(chain + C_RULES));
  const count: u32 = loadWord(u32(chain + C_COUNT));
  let found: u32 = 0;
  for (let index: u32 = 0; index < count; ) {
    const end: u32 = endOfRun(rules, index, count);
    if (u32(end - index) >= RUN_LENGTH_MIN) found = u32(found + 1);
    index = end > index ? end : u32(index + 1);
  }
  if (found == 0) return;
  const runs: u32 = allocate(u32(found * RUN_SIZE));
  if (runs == 0) return;
  let run: u32 = runs;
  for (let index: u32 = 0; index < count; ) {
    const end: u32 = endOfRun(rules, index, count);
    if (u32(end - index) >= RUN_LENGTH_MIN) {
      if (!fillRun(run, rules, index, end)) break;
      run = u32(run + RUN_SIZE);
    }
    index = end > index ? end : u32(index + 1);
  }
  storeWord(u32(chain + C_RUNS), runs);
  storeWord(u32(chain + C_RUN_COUNT), u32(u32(run - runs) / RUN_SIZE));
}

function fillRun(run: u32, rules: u32, start: u32, end: u32): bool {
  let room: u32 = 16;
  while (room < u32(u32(end - start) * 2)) room = u32(room << 1);
  const table: u32 = allocate(u32(room * 4));
  if (table == 0) return false;
  storeWord(u32(run + N_START), start);
  storeWord(u32(run + N_END), end);
  storeWord(u32(run + N_TABLE), table);
  storeWord(u32(run + N_MASK), u32(room - 1));
  // From the back, so that each rule goes to the head of its bucket and order is kept.
  for (let index: u32 = end; index > start; ) {
    index = u32(index - 1);
    const rule: u32 = loadWord(u32(rules + index * 4));
    const slot: u32 = slotOfRule(run, rule);
    storeWord(u32(rule + R_NEXT), loadWord(slot));
    storeWord(slot, rule);
  }
  return true;
}

function slotOfRule(run: u32, rule: u32): u32 {
  return slotOf(
    loadWord(u32(run + N_TABLE)),
    loadWord(u32(run + N_MASK)),
    loadWord(u32(rule + R_DST)),
    loadWord(u32(rule + R_PROTOCOL)),
    u32(loadWord(u32(rule + R_DPORTS)) & 0xffff),
  );
}

/** Notes a rule that has just been put at an index. In place when a run takes it, else the runs become stale. */
export function noteInsert(chain: u32, index: u32): void {
  if (loadWord(u32(chain + C_STALE)) != 0) return;
  const runs: u32 = loadWord(u32(chain + C_RUNS));
  const runCount: u32 = loadWord(u32(chain + C_RUN_COUNT));
  const rule: u32 = loadWord(u32(loadWord(u32(chain + C_RULES)) + index * 4));
  const keyed: bool = u32(loadWord(u32(rule + R_FLAGS)) & KEYED) != 0;
  let taken: bool = false;
  for (let at: u32 = 0; at < runCount; at = u32(at + 1)) {
    const run: u32 = u32(runs + at * RUN_SIZE);
    const start: u32 = loadWord(u32(run + N_START));
    const end: u32 = loadWord(u32(run + N_END));
    const inside: bool = index > start && index < end;
    if (keyed && !taken && index >= start && index <= end) {
      const slot: u32 = slotOfRule(run, rule);
      const full: bool = u32(u32(end - start) * 4) > u32(loadWord(u32(run + N_MASK)) * 3);
      // A bucket with other rules needs their order, and a full table a larger one: rare, made anew.
      if (loadWord(slot) != 0 || full) {
        storeWord(u32(chain + C_STALE), 1);
        return;
      }
      storeWord(u32(rule + R_NEXT), 0);
      storeWord(slot, rule);
      storeWord(u32(run + N_END), u32(end + 1));
      taken = true;
    } else if (inside) {
      storeWord(u32(chain + C_STALE), 1);
      return;
    } else if (start >= index) {
      storeWord(u32(run + N_START), u32(start + 1));
      storeWord(u32(run + N_END), u32(end + 1));
    }
  }
  // Beside no run a keyed rule may begin one: worth looking again only when chains grow long.
  if (keyed && !taken && runCount == 0 && loadWord(u32(chain + C_COUNT)) >= RUN_LENGTH_MIN) {
    storeWord(u32(chain + C_STALE), 1);
  }
}

/** Notes that the rule at an index is about to be taken out. */
export function noteRemove(chain: u32, index: u32): void {
  if (loadWord(u32(chain + C_STALE)) != 0) return;
  const runs: u32 = loadWord(u32(chain + C_RUNS));
  const runCount: u32 = loadWord(u32(chain + C_RUN_COUNT));
  const rule: u32 = loadWord(u32(loadWord(u32(chain + C_RULES)) + index * 4));
  for (let at: u32 = 0; at < runCount; at = u32(at + 1)) {
    const run: u32 = u32(runs + at * RUN_SIZE);
    const start: u32 = loadWord(u32(run + N_START));
    const end: u32 = loadWord(u32(run + N_END));
    if (index < start) {
      storeWord(u32(run + N_START), u32(start - 1));
      storeWord(u32(run + N_END), u32(end - 1));
    } else if (index < end) {
      takeFromRun(run, rule);
      storeWord(u32(run + N_END), u32(end - 1));
    }
  }
}

function takeFromRun(run: u32, rule: u32): void {
  const slot: u32 = slotOfRule(run, rule);
  const head: u32 = loadWord(slot);
  const next: u32 = loadWord(u32(rule + R_NEXT));
  if (head != rule) {
    let before: u32 = head;
    while (loadWord(u32(before + R_NEXT)) != rule) before = loadWord(u32(before + R_NEXT));
    storeWord(u32(before + R_NEXT), next);
    return;
  }
  storeWord(slot, next);
  if (next == 0) closeGap(run, slot);
}

/** Moves later entries of a probe sequence back over an emptied slot. */
function closeGap(run: u32, slot: u32): void {
  const table: u32 = loadWord(u32(run + N_TABLE));
  const mask: u32 = loadWord(u32(run + N_MASK));
  let index: u32 = u32(u32(slot - table) / 4);
  for (;;) {
    index = u32(u32(index + 1) & mask);
    const at: u32 = u32(table + index * 4);
    const rule: u32 = loadWord(at);
    if (rule == 0) return;
    storeWord(at, 0);
    storeWord(slotOfRule(run, rule), rule);
  }
}
