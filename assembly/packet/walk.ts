/**
 * The walk of a packet through a base chain and all chains that it jumps to. There is one
 * interpreter; it looks at every rule in order (LINEAR, and RECORD, which also notes each visit), or
 * lets a hashed run name the candidates. Verdicts, counters and draws are the same in all forms.
 *
 * A chain may end in a service block: an ordered list of n endpoints, walked as the rules that
 * kube-proxy would write for it (i = 0 … n−1, the last without a draw):
 *
 *     -A KUBE-SVC-x ! -s <pods> -d … -j KUBE-MARK-MASQ      (the block's first rule, if it has one)
 *     -A KUBE-SVC-x -m statistic --probability 1/(n−i) -j KUBE-SEP-i
 *     -A KUBE-SEP-i -s <endpoint> -j KUBE-MARK-MASQ
 *     -A KUBE-SEP-i -p tcp -j DNAT --to-destination <endpoint>
 *
 * Where the walk is inside a block is a number beyond the chain's own rules: 0 the first rule, then
 * one per endpoint; with IN_ENDPOINT set, the DNAT rule of that endpoint is next.
 */
import { JUMPS_MAX, RECORD_MAX, TRAIL_MAX } from '../shared/limits.ts';
import { clearMemory, loadDouble, loadWord, storeDouble, storeWord } from '../shared/memory.ts';
import { drawBits } from './draw.ts';
import { buildRuns, findInRun } from './hash.ts';
import {
  ALWAYS,
  B_COUNT,
  B_ENDPOINTS,
  B_FIRST,
  B_HAIRPIN,
  B_PROTOCOL,
  B_STAMP,
  C_BLOCK,
  C_COUNT,
  C_INSTANCE,
  C_PACKETS,
  C_POLICY,
  C_RULES,
  C_RUN_COUNT,
  C_RUNS,
  C_STALE,
  DRAW_NOW,
  E_IP,
  E_PORT,
  ENDPOINT_SIZE,
  ENTRY_NOW,
  EXACT,
  FAILED_MORE,
  FAILED_PROTOCOL,
  FAILED_SRC,
  FRAME_SIZE,
  H_CHAIN,
  H_DRAW,
  H_ENDPOINT,
  H_FAILED,
  H_INDEX,
  H_RULE,
  H_TABLE,
  HOP_SIZE,
  I_FIRST,
  I_MARK_CHAIN,
  I_ROOM,
  I_SLOTS,
  I_STAMP,
  IN_ENDPOINT,
  LINEAR,
  MATCH_RANDOM,
  N_END,
  N_START,
  NAT_FLAGS,
  NAT_IP_MAX,
  NAT_IP_MIN,
  NAT_PORTS,
  NAT_SET,
  NO_DRAW,
  NOT_DST,
  P_DPORT,
  P_DST,
  P_MARK,
  P_OUT_IP,
  P_PROTOCOL,
  P_REJECT,
  P_SIZE,
  P_SRC,
  POLICY,
  QUIET,
  R_A,
  R_B,
  R_C,
  R_DST,
  R_DST_MASK,
  R_FLAGS,
  R_NEXT,
  R_PACKETS,
  R_TARGET,
  RECORD,
  RECORD_BASE,
  RECORD_COUNT,
  RUN_SIZE,
  SLOT_SIZE,
  STACK,
  T_ACCEPT,
  T_CONNMARK_RESTORE,
  T_CONNMARK_SAVE,
  T_CONNMARK_SET,
  T_DNAT,
  T_DROP,
  T_GOTO,
  T_JUMP,
  T_MARK,
  T_RANDOM,
  T_REDIRECT,
  T_REJECT,
  T_RETURN,
  THRESHOLDS,
  TRAIL,
  TRAIL_COUNT,
  VERDICT_ACCEPT,
  VERDICT_BY,
  VERDICT_DROP,
  VERDICT_REJECT,
  X_MARK,
} from './layout.ts';
import { firstFailure } from './match.ts';

/** The walk goes on; beside the verdicts. */
const ON: u32 = 16;
/** The table whose counters later packets of a flow do not touch. */
export const TABLE_NAT: u32 = 2;

// Where the walk is. Set at the start of each walk, so nothing survives it.
let chain: u32 = 0;
let index: u32 = 0;
let run: u32 = 0;
/** 0: not in a run; 1: its candidates are used up; else the next candidate. */
let pending: u32 = 0;
let depth: u32 = 0;
let mode: u32 = 0;
let table: u32 = 0;

/** Adds the packet to a counter (packets, bytes as doubles) and notes it for the flow's later packets. */
function bump(counter: u32): void {
  if (u32(mode & QUIET) != 0) return;
  storeDouble(counter, loadDouble(counter) + 1);
  storeDouble(u32(counter + 8), loadDouble(u32(counter + 8)) + f64(loadWord(P_SIZE)));
  if (table != TABLE_NAT) follow(counter);
}

/** Notes a counter for the flow's later packets. */
function follow(counter: u32): void {
  const count: u32 = loadWord(TRAIL_COUNT);
  if (count >= TRAIL_MAX) return;
  storeWord(u32(TRAIL + count * 4), counter);
  storeWord(TRAIL_COUNT, u32(count + 1));
}

/** Notes a visit; `place` and `endpoint` say where inside a block when `rule` is 0. */
function note(rule: u32, place: u32, endpoint: u32, failed: u32): void {
  if (u32(mode & RECORD) != 0) writeHop(rule, place, endpoint, failed);
}

function writeHop(rule: u32, place: u32, endpoint: u32, failed: u32): void {
  const base: u32 = loadWord(RECORD_BASE);
  const count: u32 = loadWord(RECORD_COUNT);
  if (base == 0 || count >= RECORD_MAX) return;
  const hop: u32 = u32(base + count * HOP_SIZE);
  storeWord(u32(hop + H_CHAIN), chain);
  storeWord(u32(hop + H_INDEX), place);
  storeWord(u32(hop + H_RULE), rule);
  storeWord(u32(hop + H_FAILED), failed);
  storeWord(u32(hop + H_DRAW), loadWord(DRAW_NOW));
  storeWord(u32(hop + H_ENDPOINT), endpoint);
  storeWord(u32(hop + H_TABLE), table);
  storeWord(RECORD_COUNT, u32(count + 1));
}

function enter(target: u32): void {
  chain = target;
  index = 0;
  run = 0;
  pending = 0;
  if (u32(mode & LINEAR) == 0 && loadWord(u32(chain + C_STALE)) != 0) buildRuns(chain);
}

/** Remembers where to go on, and enters a chain. False when the stack is full. */
function jump(target: u32): bool {
  if (depth >= JUMPS_MAX) return false;
  const frame: u32 = u32(STACK + depth * FRAME_SIZE);
  storeWord(frame, chain);
  storeWord(u32(frame + 4), index);
  storeWord(u32(frame + 8), run);
  storeWord(u32(frame + 12), pending);
  depth = u32(depth + 1);
  enter(target);
  return true;
}

function comeBack(): void {
  depth = u32(depth - 1);
  const frame: u32 = u32(STACK + depth * FRAME_SIZE);
  chain = loadWord(frame);
  index = loadWord(u32(frame + 4));
  run = loadWord(u32(frame + 8));
  pending = loadWord(u32(frame + 12));
}

/**
 * Walks a base chain of a table (0 mangle, 1 filter, 2 nat). The packet's mark may change; what a
 * NAT target wants stands in NAT_*.
 */
export function walk(space: u32, base: u32, ofTable: u32, how: u32): u32 {
  mode = u32(how & RECORD) != 0 ? u32(how | LINEAR) : how;
  table = ofTable;
  depth = 0;
  storeWord(NAT_SET, 0);
  storeWord(VERDICT_BY, 0);
  enter(base);
  for (;;) {
    const verdict: u32 = step(space);
    if (verdict == ON) continue;
    if (verdict != POLICY) return verdict;
    // The end of a chain, or RETURN.
    if (depth > 0) {
      comeBack();
      continue;
    }
    chain = base;
    storeWord(DRAW_NOW, NO_DRAW);
    note(0, POLICY, 0, 0);
    bump(u32(base + C_PACKETS));
    return loadWord(u32(base + C_POLICY)) == T_DROP ? VERDICT_DROP : VERDICT_ACCEPT;
  }
}

/** Looks for the next rule that may match and runs it; POLICY at the end of the chain. */
function step(space: u32): u32 {
  if (pending == 0) {
    const count: u32 = loadWord(u32(chain + C_COUNT));
    let limit: u32 = count;
    if (u32(mode & LINEAR) == 0 && run < loadWord(u32(chain + C_RUN_COUNT))) {
      const found: u32 = u32(loadWord(u32(chain + C_RUNS)) + run * RUN_SIZE);
      limit = loadWord(u32(found + N_START));
      if (index == limit) {
        pending = findInRun(found, loadWord(P_DST), loadWord(P_PROTOCOL), loadWord(P_DPORT));
        if (pending == 0) leaveRun(found);
        return pending == 0 ? ON : tryCandidate(space);
      }
    }
    if (index >= count) return loadWord(u32(chain + C_BLOCK)) == 0 ? POLICY : walkBlock(space);
    // Worth its start only where many rules follow.
    if (u32(mode & RECORD) == 0 && limit > u32(index + 4)) index = skipMisses(index, limit);
    if (index >= limit) return ON;
    const rule: u32 = loadWord(u32(loadWord(u32(chain + C_RULES)) + index * 4));
    index = u32(index + 1);
    return tryRule(space, rule, ALWAYS);
  }
  if (pending > 1) return tryCandidate(space);
  leaveRun(u32(loadWord(u32(chain + C_RUNS)) + run * RUN_SIZE));
  return ON;
}

/** Goes on behind a run whose candidates are used up. */
function leaveRun(found: u32): void {
  pending = 0;
  run = u32(run + 1);
  index = loadWord(u32(found + N_END));
}

/** Tries the next rule that a run has named. */
function tryCandidate(space: u32): u32 {
  const rule: u32 = pending;
  const next: u32 = loadWord(u32(rule + R_NEXT));
  pending = next == 0 ? 1 : next;
  return tryRule(space, rule, u32(ALWAYS | EXACT));
}

/** The next rule whose destination fits, from an index on: the inner loop of the linear walk. */
function skipMisses(from: u32, limit: u32): u32 {
  const dst: u32 = loadWord(P_DST);
  let at: u32 = u32(loadWord(u32(chain + C_RULES)) + from * 4);
  const end: u32 = u32(loadWord(u32(chain + C_RULES)) + limit * 4);
  while (at < end) {
    const rule: u32 = loadWord(at);
    if (u32(u32(dst ^ loadWord(u32(rule + R_DST))) & loadWord(u32(rule + R_DST_MASK))) == 0) break;
    if (u32(loadWord(u32(rule + R_FLAGS)) & NOT_DST) != 0) break;
    at = u32(at + 4);
  }
  return u32(u32(at - loadWord(u32(chain + C_RULES))) / 4);
}

/** Runs a rule; one with a flag of `sure` is known to match. */
function tryRule(space: u32, rule: u32, sure: u32): u32 {
  if (u32(mode & RECORD) == 0) {
    const known: bool = u32(loadWord(u32(rule + R_FLAGS)) & sure) != 0;
    if (!known && firstFailure(rule, space, mode) != 0) return ON;
  } else {
    storeWord(DRAW_NOW, NO_DRAW);
    const failed: u32 = firstFailure(rule, space, mode);
    note(rule, u32(index - 1), 0, failed);
    if (failed != 0) return ON;
  }
  bump(u32(rule + R_PACKETS));
  const word: u32 = loadWord(u32(rule + R_TARGET));
  const target: u32 = u32(word & 0xff);
  if (target == T_JUMP) return jump(loadWord(u32(rule + R_A))) ? ON : VERDICT_DROP;
  if (target == T_GOTO) {
    enter(loadWord(u32(rule + R_A)));
    return ON;
  }
  if (target == T_RETURN) return POLICY;
  if (target >= T_ACCEPT && target < T_MARK) return finish(rule, word);
  setMark(rule, target);
  return ON;
}

function finish(rule: u32, word: u32): u32 {
  const target: u32 = u32(word & 0xff);
  storeWord(VERDICT_BY, rule);
  if (target == T_ACCEPT) return VERDICT_ACCEPT;
  if (target == T_DROP) return VERDICT_DROP;
  if (target == T_REJECT) {
    storeWord(P_REJECT, loadWord(u32(rule + R_A)));
    return VERDICT_REJECT;
  }
  let low: u32 = loadWord(u32(rule + R_A));
  let high: u32 = loadWord(u32(rule + R_B));
  if (target > T_DNAT + 1) {
    // MASQUERADE and REDIRECT take the address of the interface.
    low = loadWord(P_OUT_IP);
    high = low;
    if (low == 0) return VERDICT_DROP;
  }
  choose(
    target == T_REDIRECT ? T_DNAT : target,
    low,
    high,
    loadWord(u32(rule + R_C)),
    u32(word & T_RANDOM),
  );
  return VERDICT_ACCEPT;
}

function choose(target: u32, low: u32, high: u32, ports: u32, flags: u32): void {
  storeWord(NAT_SET, target);
  storeWord(NAT_IP_MIN, low);
  storeWord(NAT_IP_MAX, high);
  storeWord(NAT_PORTS, ports);
  storeWord(NAT_FLAGS, flags);
}

/** MARK and CONNMARK, after which the walk goes on. */
function setMark(rule: u32, target: u32): void {
  const value: u32 = loadWord(u32(rule + R_A));
  const mask: u32 = loadWord(u32(rule + R_B));
  if (target == T_MARK) {
    storeWord(P_MARK, u32(u32(loadWord(P_MARK) & u32(~mask)) ^ value));
    return;
  }
  const entry: u32 = loadWord(ENTRY_NOW);
  if (entry == 0 || u32(mode & QUIET) != 0) return;
  const mark: u32 = loadWord(u32(entry + X_MARK));
  if (target == T_CONNMARK_SET) storeWord(u32(entry + X_MARK), u32(u32(mark & u32(~mask)) ^ value));
  if (target == T_CONNMARK_SAVE)
    storeWord(u32(entry + X_MARK), u32(u32(mark & u32(~mask)) ^ u32(loadWord(P_MARK) & mask)));
  if (target == T_CONNMARK_RESTORE)
    storeWord(P_MARK, u32(u32(loadWord(P_MARK) & u32(~mask)) ^ u32(mark & mask)));
}

/** The counters of a node begin anew when the block's content has changed, as rewritten rules do. */
function freshen(instance: u32, block: u32): void {
  if (loadWord(u32(instance + I_STAMP)) != loadWord(u32(block + B_STAMP)))
    clearCounters(instance, block);
}

function clearCounters(instance: u32, block: u32): void {
  clearMemory(u32(instance + I_FIRST), loadWord(u32(instance + I_ROOM)));
  storeWord(u32(instance + I_STAMP), loadWord(u32(block + B_STAMP)));
}

function walkBlock(space: u32): u32 {
  const block: u32 = loadWord(u32(chain + C_BLOCK));
  const instance: u32 = loadWord(u32(chain + C_INSTANCE));
  if (u32(mode & QUIET) == 0) freshen(instance, block);
  if (u32(index & IN_ENDPOINT) != 0)
    return deliver(block, instance, u32(index & u32(~IN_ENDPOINT)));
  const count: u32 = loadWord(u32(chain + C_COUNT));
  const first: u32 = loadWord(u32(block + B_FIRST));
  const lead: u32 = first == 0 ? 0 : 1;
  if (lead == 1 && index == count) {
    index = u32(index + 1);
    storeWord(DRAW_NOW, NO_DRAW);
    const failed: u32 = firstFailure(first, space, mode);
    note(0, 0, 0, failed);
    if (failed == 0) {
      bump(u32(instance + I_FIRST));
      return jump(loadWord(u32(instance + I_MARK_CHAIN))) ? ON : VERDICT_DROP;
    }
  }
  const endpoints: u32 = loadWord(u32(block + B_COUNT));
  for (let at: u32 = u32(u32(index - count) - lead); at < endpoints; at = u32(at + 1)) {
    let matched: bool = true;
    storeWord(DRAW_NOW, NO_DRAW);
    if (u32(at + 1) < endpoints) {
      const draw: u32 = drawBits(space);
      storeWord(DRAW_NOW, draw);
      matched = draw < loadWord(u32(THRESHOLDS + u32(endpoints - at) * 4));
    }
    note(0, 1, at, matched ? 0 : u32(FAILED_MORE + MATCH_RANDOM));
    if (matched) return visitEndpoint(block, instance, at);
  }
  return POLICY;
}

/** Enters an endpoint's chain: its own packets are marked first. */
function visitEndpoint(block: u32, instance: u32, at: u32): u32 {
  const slot: u32 = u32(instance + u32(I_SLOTS + at * SLOT_SIZE));
  const endpoint: u32 = u32(loadWord(u32(block + B_ENDPOINTS)) + at * ENDPOINT_SIZE);
  bump(slot);
  if (loadWord(u32(block + B_HAIRPIN)) != 0) {
    const own: bool = loadWord(P_SRC) == loadWord(u32(endpoint + E_IP));
    storeWord(DRAW_NOW, NO_DRAW);
    note(0, 2, at, own ? 0 : FAILED_SRC);
    if (own) {
      bump(u32(slot + 16));
      index = u32(IN_ENDPOINT | at);
      return jump(loadWord(u32(instance + I_MARK_CHAIN))) ? ON : VERDICT_DROP;
    }
  }
  return deliver(block, instance, at);
}

/** The DNAT rule of an endpoint. */
function deliver(block: u32, instance: u32, at: u32): u32 {
  const fits: bool = loadWord(P_PROTOCOL) == loadWord(u32(block + B_PROTOCOL));
  storeWord(DRAW_NOW, NO_DRAW);
  note(0, 3, at, fits ? 0 : FAILED_PROTOCOL);
  if (!fits) {
    const lead: u32 = loadWord(u32(block + B_FIRST)) == 0 ? 0 : 1;
    index = u32(u32(loadWord(u32(chain + C_COUNT)) + lead) + u32(at + 1));
    return ON;
  }
  bump(u32(instance + u32(u32(I_SLOTS + 32) + at * SLOT_SIZE)));
  const endpoint: u32 = u32(loadWord(u32(block + B_ENDPOINTS)) + at * ENDPOINT_SIZE);
  const ip: u32 = loadWord(u32(endpoint + E_IP));
  const port: u32 = loadWord(u32(endpoint + E_PORT));
  choose(T_DNAT, ip, ip, u32(u32(port << 16) | port), 0);
  return VERDICT_ACCEPT;
}
