/**
 * The walk of a packet through a base chain and all chains that it jumps to. This file is the
 * reference, which looks at every rule in order (LINEAR, and RECORD, which also notes each visit);
 * any other walk is handed to the hashed one. Verdicts, counters and draws are the same in both.
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
import { JUMPS_MAX, RECORD_MAX } from '../shared/limits.ts';
import { loadWord, storeWord } from '../shared/memory.ts';
import { drawBits } from './draw.ts';
import { walkHashed } from './hashed.ts';
import {
  B_COUNT,
  B_ENDPOINTS,
  B_FIRST,
  B_HAIRPIN,
  B_PROTOCOL,
  C_BLOCK,
  C_COUNT,
  C_INSTANCE,
  C_PACKETS,
  C_RULES,
  DRAW_NOW,
  ENDPOINT_SIZE,
  E_IP,
  E_PORT,
  FAILED_MORE,
  FAILED_PROTOCOL,
  FAILED_SRC,
  FRAME_SIZE,
  HOP_SIZE,
  H_CHAIN,
  H_DRAW,
  H_ENDPOINT,
  H_FAILED,
  H_INDEX,
  H_RULE,
  H_TABLE,
  IN_ENDPOINT,
  I_FIRST,
  I_MARK_CHAIN,
  I_SLOTS,
  LINEAR,
  MATCH_RANDOM,
  NAT_SET,
  NO_DRAW,
  POLICY,
  P_PROTOCOL,
  P_SRC,
  QUIET,
  RECORD,
  RECORD_BASE,
  RECORD_COUNT,
  R_A,
  R_PACKETS,
  R_TARGET,
  SLOT_SIZE,
  STACK,
  THRESHOLDS,
  T_DNAT,
  T_GOTO,
  T_JUMP,
  T_RETURN,
  VERDICT_ACCEPT,
  VERDICT_BY,
  VERDICT_DROP,
} from './layout.ts';
import { firstFailure } from './match.ts';
import {
  NOTED,
  ON,
  beginCounting,
  choose,
  countPacket,
  freshen,
  policyOf,
  runTarget,
  skipMisses,
} from './target.ts';

/** The table whose counters later packets of a flow do not touch. */
export const TABLE_NAT: u32 = 2;

// Where the linear walk is. Set at the start of each walk, so nothing survives it.
let chain: u32 = 0;
let index: u32 = 0;
let depth: u32 = 0;
let how: u32 = 0;
let table: u32 = 0;

function bump(counter: u32): void {
  countPacket(counter, how);
}

/** Notes a visit; `place` and `endpoint` say where inside a block when `rule` is 0. */
function note(rule: u32, place: u32, endpoint: u32, failed: u32): void {
  if (u32(how & RECORD) != 0) writeHop(rule, place, endpoint, failed);
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
}

/** Remembers where to go on, and enters a chain. False when the stack is full. */
function jump(target: u32): bool {
  if (depth >= JUMPS_MAX) return false;
  const frame: u32 = u32(STACK + depth * FRAME_SIZE);
  storeWord(frame, chain);
  storeWord(u32(frame + 4), index);
  depth = u32(depth + 1);
  enter(target);
  return true;
}

function comeBack(): void {
  depth = u32(depth - 1);
  const frame: u32 = u32(STACK + depth * FRAME_SIZE);
  chain = loadWord(frame);
  index = loadWord(u32(frame + 4));
}

/**
 * Walks a base chain of a table (0 mangle, 1 filter, 2 nat). The packet's mark may change; what a
 * NAT target wants stands in NAT_*.
 */
export function walk(space: u32, base: u32, ofTable: u32, mode: u32): u32 {
  storeWord(NAT_SET, 0);
  storeWord(VERDICT_BY, 0);
  beginCounting();
  const noted: u32 = ofTable == TABLE_NAT ? 0 : NOTED;
  if (u32(mode & u32(RECORD | LINEAR)) == 0) return walkHashed(space, base, u32(mode | noted));
  how = u32(mode | noted);
  table = ofTable;
  depth = 0;
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
    return policyOf(base);
  }
}

/** Looks for the next rule that may match and runs it; POLICY at the end of the chain. */
function step(space: u32): u32 {
  const count: u32 = loadWord(u32(chain + C_COUNT));
  if (u32(how & RECORD) == 0 && index < count) index = skipMisses(chain, index, count);
  if (index >= count) return loadWord(u32(chain + C_BLOCK)) == 0 ? POLICY : walkBlock(space);
  const rule: u32 = loadWord(u32(loadWord(u32(chain + C_RULES)) + index * 4));
  index = u32(index + 1);
  return tryRule(space, rule);
}

function tryRule(space: u32, rule: u32): u32 {
  storeWord(DRAW_NOW, NO_DRAW);
  const failed: u32 = firstFailure(rule, space, how);
  note(rule, u32(index - 1), 0, failed);
  if (failed != 0) return ON;
  bump(u32(rule + R_PACKETS));
  const target: u32 = u32(loadWord(u32(rule + R_TARGET)) & 0xff);
  if (target == T_JUMP) return jump(loadWord(u32(rule + R_A))) ? ON : VERDICT_DROP;
  if (target == T_GOTO) {
    enter(loadWord(u32(rule + R_A)));
    return ON;
  }
  return target == T_RETURN ? POLICY : runTarget(rule, how);
}

function walkBlock(space: u32): u32 {
  const block: u32 = loadWord(u32(chain + C_BLOCK));
  const instance: u32 = loadWord(u32(chain + C_INSTANCE));
  if (u32(how & QUIET) == 0) freshen(instance, block);
  if (u32(index & IN_ENDPOINT) != 0)
    return deliver(block, instance, u32(index & u32(~IN_ENDPOINT)));
  const count: u32 = loadWord(u32(chain + C_COUNT));
  const first: u32 = loadWord(u32(block + B_FIRST));
  const lead: u32 = first == 0 ? 0 : 1;
  if (lead == 1 && index == count) {
    index = u32(index + 1);
    storeWord(DRAW_NOW, NO_DRAW);
    const failed: u32 = firstFailure(first, space, how);
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
