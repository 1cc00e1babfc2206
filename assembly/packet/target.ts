/**
 * What matching rules do, in either walker: verdicts, the choices of NAT targets, marks, and the
 * counters that the later packets of a flow touch too.
 */
import { TRAIL_MAX } from '../shared/limits.ts';
import {
  addPairs,
  clearMemory,
  loadPair,
  loadWord,
  pairOf,
  storePair,
  storeWord,
} from '../shared/memory.ts';
import {
  B_STAMP,
  COUNTED,
  C_POLICY,
  C_RULES,
  ENTRY_NOW,
  I_FIRST,
  I_ROOM,
  I_STAMP,
  NAT_FLAGS,
  NAT_IP_MAX,
  NAT_IP_MIN,
  NAT_PORTS,
  NAT_SET,
  NOT_DST,
  P_DST,
  P_MARK,
  P_OUT_IP,
  P_REJECT,
  P_SIZE,
  QUIET,
  R_A,
  R_B,
  R_C,
  R_DST,
  R_DST_MASK,
  R_FLAGS,
  R_TARGET,
  TRAIL,
  TRAIL_COUNT,
  T_ACCEPT,
  T_CONNMARK_RESTORE,
  T_CONNMARK_SAVE,
  T_CONNMARK_SET,
  T_DNAT,
  T_DROP,
  T_MARK,
  T_RANDOM,
  T_REDIRECT,
  T_REJECT,
  VERDICT_ACCEPT,
  VERDICT_BY,
  VERDICT_DROP,
  VERDICT_REJECT,
  X_MARK,
} from './layout.ts';

/** The walk goes on; beside the verdicts. */
export const ON: u32 = 16;
/** Added to the mode of a walk: counters are noted for the flow's later packets. Not so in nat. */
export const NOTED: u32 = 0x100;

/** Adds the packet to a counter (packets, bytes as doubles), unless the walk is quiet. */
export function countPacket(counter: u32, how: u32): void {
  if (u32(how & QUIET) != 0) return;
  storePair(counter, addPairs(loadPair(counter), loadPair(COUNTED)));
  if (u32(how & NOTED) != 0) follow(counter);
}

/** Says what counters grow by for the packet in hand. */
export function beginCounting(): void {
  storePair(COUNTED, pairOf(1, f64(loadWord(P_SIZE))));
}

/** Notes a counter for the flow's later packets. */
function follow(counter: u32): void {
  const count: u32 = loadWord(TRAIL_COUNT);
  if (count >= TRAIL_MAX) return;
  storeWord(u32(TRAIL + count * 4), counter);
  storeWord(TRAIL_COUNT, u32(count + 1));
}

/** What becomes of a packet that no rule of a base chain has decided about. */
export function policyOf(base: u32): u32 {
  return loadWord(u32(base + C_POLICY)) == T_DROP ? VERDICT_DROP : VERDICT_ACCEPT;
}

/** Runs a target other than a jump, a goto or a return; ON after marks and rules without a target. */
export function runTarget(rule: u32, how: u32): u32 {
  const word: u32 = loadWord(u32(rule + R_TARGET));
  const target: u32 = u32(word & 0xff);
  if (target >= T_ACCEPT && target < T_MARK) return finish(rule, word);
  setMark(rule, target, how);
  return ON;
}

/** What a target that ends the walk says; the choice of a NAT target stands in NAT_*. */
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

/** Writes down what a NAT target chose. */
export function choose(target: u32, low: u32, high: u32, ports: u32, flags: u32): void {
  storeWord(NAT_SET, target);
  storeWord(NAT_IP_MIN, low);
  storeWord(NAT_IP_MAX, high);
  storeWord(NAT_PORTS, ports);
  storeWord(NAT_FLAGS, flags);
}

/** MARK and CONNMARK, after which the walk goes on. */
function setMark(rule: u32, target: u32, mode: u32): void {
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
export function freshen(instance: u32, block: u32): void {
  if (loadWord(u32(instance + I_STAMP)) != loadWord(u32(block + B_STAMP)))
    clearCounters(instance, block);
}

function clearCounters(instance: u32, block: u32): void {
  clearMemory(u32(instance + I_FIRST), loadWord(u32(instance + I_ROOM)));
  storeWord(u32(instance + I_STAMP), loadWord(u32(block + B_STAMP)));
}

/** The next rule whose destination fits, from an index on: the inner loop of the linear walk. */
export function skipMisses(chain: u32, from: u32, limit: u32): u32 {
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
