/**
 * The hashed walk: what nearly every packet takes. A run of rules with exact keys is asked once, and
 * names its candidates in the order of the rules; all else is walked rule by rule, and a chain that is
 * jumped to by a call. The linear walk of the neighbour file is the reference: verdicts, counters,
 * draws and what flows note are the same.
 *
 * Each function gives a verdict, ON where the walk goes on, or POLICY at the end of a chain.
 */
import { JUMPS_MAX } from '../shared/limits.ts';
import { loadWord } from '../shared/memory.ts';
import { drawBits } from './draw.ts';
import { buildRuns, findInRun } from './hash.ts';
import {
  ALWAYS,
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
  C_RUN_COUNT,
  C_RUNS,
  C_STALE,
  E_IP,
  E_PORT,
  ENDPOINT_SIZE,
  EXACT,
  I_FIRST,
  I_MARK_CHAIN,
  I_SLOTS,
  N_END,
  N_START,
  P_DPORT,
  P_DST,
  P_PROTOCOL,
  P_SRC,
  POLICY,
  QUIET,
  R_A,
  R_FLAGS,
  R_NEXT,
  R_PACKETS,
  R_TARGET,
  RUN_SIZE,
  SLOT_SIZE,
  T_DNAT,
  T_GOTO,
  T_JUMP,
  T_RETURN,
  THRESHOLDS,
  VERDICT_ACCEPT,
  VERDICT_DROP,
} from './layout.ts';
import { firstFailure } from './match.ts';
import { choose, countPacket, freshen, ON, policyOf, runTarget, skipMisses } from './target.ts';

/** Walks a base chain. */
export function walkHashed(space: u32, base: u32, how: u32): u32 {
  const verdict: u32 = walkChain(space, base, how, 0);
  if (verdict != POLICY) return verdict;
  countPacket(u32(base + C_PACKETS), how);
  return policyOf(base);
}

function walkChain(space: u32, chain: u32, how: u32, depth: u32): u32 {
  if (loadWord(u32(chain + C_STALE)) != 0) buildRuns(chain);
  const count: u32 = loadWord(u32(chain + C_COUNT));
  let run: u32 = loadWord(u32(chain + C_RUNS));
  const lastRun: u32 = u32(run + loadWord(u32(chain + C_RUN_COUNT)) * RUN_SIZE);
  for (let index: u32 = 0; index < count; ) {
    const limit: u32 = run == lastRun ? count : loadWord(u32(run + N_START));
    let verdict: u32 = ON;
    if (index < limit) {
      // Worth its start only where many rules follow.
      if (limit > u32(index + 4)) index = skipMisses(chain, index, limit);
      if (index == limit) continue;
      const rule: u32 = loadWord(u32(loadWord(u32(chain + C_RULES)) + index * 4));
      index = u32(index + 1);
      verdict = tryRule(space, rule, ALWAYS, how, depth);
    } else {
      verdict = tryRun(space, run, how, depth);
      index = loadWord(u32(run + N_END));
      run = u32(run + RUN_SIZE);
    }
    if (verdict != ON) return verdict;
  }
  return loadWord(u32(chain + C_BLOCK)) == 0 ? POLICY : walkBlock(space, chain, how, depth);
}

/** Tries the rules that a run has for the packet. */
function tryRun(space: u32, run: u32, how: u32, depth: u32): u32 {
  let rule: u32 = findInRun(run, loadWord(P_DST), loadWord(P_PROTOCOL), loadWord(P_DPORT));
  while (rule != 0) {
    const verdict: u32 = tryRule(space, rule, u32(ALWAYS | EXACT), how, depth);
    if (verdict != ON) return verdict;
    rule = loadWord(u32(rule + R_NEXT));
  }
  return ON;
}

/** Runs a rule, when it matches; one with a flag of `sure` is known to. */
function tryRule(space: u32, rule: u32, sure: u32, how: u32, depth: u32): u32 {
  const known: bool = u32(loadWord(u32(rule + R_FLAGS)) & sure) != 0;
  if (!known && firstFailure(rule, space, how) != 0) return ON;
  countPacket(u32(rule + R_PACKETS), how);
  const target: u32 = u32(loadWord(u32(rule + R_TARGET)) & 0xff);
  if (target == T_JUMP) return jump(space, loadWord(u32(rule + R_A)), how, depth);
  if (target == T_GOTO) return walkChain(space, loadWord(u32(rule + R_A)), how, depth);
  return target == T_RETURN ? POLICY : runTarget(rule, how);
}

/** Walks a chain and comes back behind the jump. */
function jump(space: u32, chain: u32, how: u32, depth: u32): u32 {
  if (depth >= JUMPS_MAX) return VERDICT_DROP;
  const verdict: u32 = walkChain(space, chain, how, u32(depth + 1));
  return verdict == POLICY ? ON : verdict;
}

/** The rules that a service block stands for. */
function walkBlock(space: u32, chain: u32, how: u32, depth: u32): u32 {
  const block: u32 = loadWord(u32(chain + C_BLOCK));
  const instance: u32 = loadWord(u32(chain + C_INSTANCE));
  if (u32(how & QUIET) == 0) freshen(instance, block);
  const first: u32 = loadWord(u32(block + B_FIRST));
  if (first != 0 && firstFailure(first, space, how) == 0) {
    countPacket(u32(instance + I_FIRST), how);
    const verdict: u32 = jump(space, loadWord(u32(instance + I_MARK_CHAIN)), how, depth);
    if (verdict != ON) return verdict;
  }
  const count: u32 = loadWord(u32(block + B_COUNT));
  for (let left: u32 = count; left > 0; left = u32(left - 1)) {
    if (left > 1 && drawBits(space) >= loadWord(u32(THRESHOLDS + left * 4))) continue;
    const verdict: u32 = visitEndpoint(space, block, instance, u32(count - left), how, depth);
    if (verdict != ON) return verdict;
  }
  return POLICY;
}

/** An endpoint's chain: its own packets are marked, then the target is chosen. */
function visitEndpoint(
  space: u32,
  block: u32,
  instance: u32,
  place: u32,
  how: u32,
  depth: u32,
): u32 {
  const slot: u32 = u32(instance + u32(I_SLOTS + place * SLOT_SIZE));
  const endpoint: u32 = u32(loadWord(u32(block + B_ENDPOINTS)) + place * ENDPOINT_SIZE);
  const ip: u32 = loadWord(u32(endpoint + E_IP));
  countPacket(slot, how);
  if (loadWord(P_SRC) == ip && loadWord(u32(block + B_HAIRPIN)) != 0) {
    countPacket(u32(slot + 16), how);
    const verdict: u32 = jump(space, loadWord(u32(instance + I_MARK_CHAIN)), how, depth);
    if (verdict != ON) return verdict;
  }
  if (loadWord(P_PROTOCOL) != loadWord(u32(block + B_PROTOCOL))) return ON;
  countPacket(u32(slot + 32), how);
  const port: u32 = loadWord(u32(endpoint + E_PORT));
  choose(T_DNAT, ip, ip, u32(u32(port << 16) | port), 0);
  return VERDICT_ACCEPT;
}
