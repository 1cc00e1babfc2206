/**
 * Does a packet match a rule? The tests of the record first, in the order in which iptables prints
 * them, then the further matches in the order of the command line: a draw is taken only when
 * everything before it has matched. Models ip_tables.c and the xt_* matches of Linux 6.1.
 */
import { loadDouble, loadWord, storeDouble, storeWord } from '../shared/memory.ts';
import { allocate, release } from './arena.ts';
import { mixWords } from '../shared/words.ts';
import { drawBits } from './draw.ts';
import {
  CLOCK,
  DRAW_NOW,
  ENTRY_NOW,
  FAILED_DPORTS,
  FAILED_DST,
  FAILED_IN,
  FAILED_MARK,
  FAILED_MORE,
  FAILED_OUT,
  FAILED_PROTOCOL,
  FAILED_SPORTS,
  FAILED_SRC,
  FAILED_STATES,
  FAILED_SYN,
  HAS_DEVICE,
  HAS_MARK,
  HAS_PORTS,
  HAS_STATES,
  INVERTED,
  M_A,
  M_ARGUMENTS,
  M_B,
  M_C,
  M_D,
  M_KIND,
  M_NEXT,
  MATCH_CONNMARK,
  MATCH_DPORTS,
  MATCH_DST_RANGE,
  MATCH_DST_TYPE,
  MATCH_GID,
  MATCH_IN_NAME,
  MATCH_LIMIT,
  MATCH_MARK,
  MATCH_MULTIPORT,
  MATCH_NTH,
  MATCH_OUT_NAME,
  MATCH_OWNER,
  MATCH_RANDOM,
  MATCH_RECENT,
  MATCH_SPORTS,
  MATCH_SRC_RANGE,
  MATCH_SRC_TYPE,
  MATCH_STATES,
  MATCH_SYN,
  MATCH_UID,
  NEEDS_SYN,
  NO_OWNER,
  NOT_DPORTS,
  NOT_DST,
  NOT_IN,
  NOT_MARK,
  NOT_OUT,
  NOT_PROTOCOL,
  NOT_SPORTS,
  NOT_SRC,
  NOT_STATES,
  NOT_SYN,
  P_DPORT,
  P_DST,
  P_FLAGS,
  P_GID,
  P_IN,
  P_MARK,
  P_OUT,
  P_PROTOCOL,
  P_SPORT,
  P_SRC,
  P_STATE,
  P_UID,
  QUIET,
  R_DPORTS,
  R_DST,
  R_DST_MASK,
  R_FLAGS,
  R_IN,
  R_MARK,
  R_MARK_MASK,
  R_MORE,
  R_OUT,
  R_PROTOCOL,
  R_SPORTS,
  R_SRC,
  R_SRC_MASK,
  R_STATES,
  S_LOCAL,
  S_LOCAL_COUNT,
  X_MARK,
} from './layout.ts';

/** Bits of address types. */
export const TYPE_UNICAST: u32 = 1;
export const TYPE_LOCAL: u32 = 2;
export const TYPE_BROADCAST: u32 = 4;
export const TYPE_MULTICAST: u32 = 8;

function inRange(port: u32, range: u32): bool {
  return port >= range >>> 16 && port <= u32(range & 0xffff);
}

/** 0 when the packet matches, else the code of the first test that failed. */
export function firstFailure(rule: u32, space: u32, mode: u32): u32 {
  const flags: u32 = loadWord(u32(rule + R_FLAGS));
  const srcMiss: u32 = u32(
    u32(loadWord(P_SRC) ^ loadWord(u32(rule + R_SRC))) & loadWord(u32(rule + R_SRC_MASK)),
  );
  if ((srcMiss != 0) != (u32(flags & NOT_SRC) != 0)) return FAILED_SRC;
  const dstMiss: u32 = u32(
    u32(loadWord(P_DST) ^ loadWord(u32(rule + R_DST))) & loadWord(u32(rule + R_DST_MASK)),
  );
  if ((dstMiss != 0) != (u32(flags & NOT_DST) != 0)) return FAILED_DST;
  if (u32(flags & HAS_DEVICE) != 0) {
    const failed: u32 = failedDevice(rule, flags);
    if (failed != 0) return failed;
  }
  const protocol: u32 = loadWord(u32(rule + R_PROTOCOL));
  if (protocol != 0 && (protocol != loadWord(P_PROTOCOL)) != (u32(flags & NOT_PROTOCOL) != 0))
    return FAILED_PROTOCOL;
  if (u32(flags & u32(HAS_PORTS | u32(HAS_MARK | u32(NEEDS_SYN | NOT_SYN)))) != 0) {
    const failed: u32 = failedPorts(rule, flags);
    if (failed != 0) return failed;
  }
  if (u32(flags & HAS_STATES) != 0) {
    const miss: bool = u32(loadWord(u32(rule + R_STATES)) & loadWord(P_STATE)) == 0;
    if (miss != (u32(flags & NOT_STATES) != 0)) return FAILED_STATES;
  }
  const more: u32 = loadWord(u32(rule + R_MORE));
  return more == 0 ? 0 : failedFurther(more, space, mode);
}

function failedDevice(rule: u32, flags: u32): u32 {
  const inName: u32 = loadWord(u32(rule + R_IN));
  if (inName != 0 && (inName != loadWord(P_IN)) != (u32(flags & NOT_IN) != 0)) return FAILED_IN;
  const outName: u32 = loadWord(u32(rule + R_OUT));
  if (outName != 0 && (outName != loadWord(P_OUT)) != (u32(flags & NOT_OUT) != 0))
    return FAILED_OUT;
  return 0;
}

function failedPorts(rule: u32, flags: u32): u32 {
  if (u32(flags & HAS_PORTS) != 0) {
    if (
      !inRange(loadWord(P_SPORT), loadWord(u32(rule + R_SPORTS))) !=
      (u32(flags & NOT_SPORTS) != 0)
    )
      return FAILED_SPORTS;
    if (
      !inRange(loadWord(P_DPORT), loadWord(u32(rule + R_DPORTS))) !=
      (u32(flags & NOT_DPORTS) != 0)
    )
      return FAILED_DPORTS;
  }
  if (u32(flags & u32(NEEDS_SYN | NOT_SYN)) != 0) {
    const syn: bool = u32(loadWord(P_FLAGS) & 1) != 0;
    if (syn != (u32(flags & NEEDS_SYN) != 0)) return FAILED_SYN;
  }
  if (u32(flags & HAS_MARK) != 0) {
    const miss: bool =
      u32(loadWord(P_MARK) & loadWord(u32(rule + R_MARK_MASK))) != loadWord(u32(rule + R_MARK));
    if (miss != (u32(flags & NOT_MARK) != 0)) return FAILED_MARK;
  }
  return 0;
}

function failedFurther(first: u32, space: u32, mode: u32): u32 {
  for (let match: u32 = first; match != 0; match = loadWord(u32(match + M_NEXT))) {
    const word: u32 = loadWord(u32(match + M_KIND));
    const kind: u32 = u32(word & 0xff);
    if (holds(match, kind, space, mode) == (u32(word & INVERTED) != 0))
      return u32(FAILED_MORE + kind);
  }
  return 0;
}

function holds(match: u32, kind: u32, space: u32, mode: u32): bool {
  const a: u32 = loadWord(u32(match + M_A));
  const b: u32 = loadWord(u32(match + M_B));
  if (kind == MATCH_RANDOM) {
    const draw: u32 = drawBits(space);
    storeWord(DRAW_NOW, draw);
    return draw < a;
  }
  if (kind == MATCH_NTH) return isNth(match, a, b, mode);
  if (kind == MATCH_STATES) return u32(a & loadWord(P_STATE)) != 0;
  if (kind == MATCH_MARK) return u32(loadWord(P_MARK) & b) == a;
  if (kind == MATCH_CONNMARK) {
    const entry: u32 = loadWord(ENTRY_NOW);
    return entry != 0 && u32(loadWord(u32(entry + X_MARK)) & b) == a;
  }
  if (kind == MATCH_SPORTS) return inRange(loadWord(P_SPORT), a);
  if (kind == MATCH_DPORTS) return inRange(loadWord(P_DPORT), a);
  if (kind == MATCH_MULTIPORT) return anyPort(match, a, b);
  if (kind == MATCH_DST_TYPE) return u32(typeOf(loadWord(P_DST), space) & a) != 0;
  if (kind == MATCH_SRC_TYPE) return u32(typeOf(loadWord(P_SRC), space) & a) != 0;
  if (kind == MATCH_UID) return owned(loadWord(P_UID), a, b);
  if (kind == MATCH_GID) return owned(loadWord(P_GID), a, b);
  if (kind == MATCH_OWNER) return loadWord(P_UID) != NO_OWNER;
  if (kind == MATCH_IN_NAME) return isNamed(match, loadWord(P_IN));
  if (kind == MATCH_OUT_NAME) return isNamed(match, loadWord(P_OUT));
  if (kind == MATCH_SYN) return u32(loadWord(P_FLAGS) & 1) != 0;
  if (kind == MATCH_SRC_RANGE) return loadWord(P_SRC) >= a && loadWord(P_SRC) <= b;
  if (kind == MATCH_DST_RANGE) return loadWord(P_DST) >= a && loadWord(P_DST) <= b;
  if (kind == MATCH_RECENT) return isRecent(match, a, b, mode);
  if (kind == MATCH_LIMIT) return hasCredit(match, mode);
  return false;
}

/** xt_statistic: the count wraps at `every`; a match is the packet number `packet` of each round. */
function isNth(match: u32, every: u32, packet: u32, mode: u32): bool {
  const count: u32 = loadWord(u32(match + M_C));
  const next: u32 = count == u32(every - 1) ? 0 : u32(count + 1);
  if (u32(mode & QUIET) == 0) storeWord(u32(match + M_C), next);
  return next == packet;
}

function anyPort(match: u32, side: u32, count: u32): bool {
  for (let index: u32 = 0; index < count; index = u32(index + 1)) {
    const range: u32 = loadWord(u32(match + M_ARGUMENTS + index * 4));
    if (u32(side & 1) != 0 && inRange(loadWord(P_SPORT), range)) return true;
    if (u32(side & 2) != 0 && inRange(loadWord(P_DPORT), range)) return true;
  }
  return false;
}

function owned(id: u32, low: u32, high: u32): bool {
  return id != NO_OWNER && id >= low && id <= high;
}

/** The type of an address: loopback and the namespace's own addresses are LOCAL. */
function typeOf(ip: u32, space: u32): u32 {
  if (ip >>> 24 == 127) return TYPE_LOCAL;
  if (ip >>> 28 == 14) return TYPE_MULTICAST;
  if (ip == 0xffffffff) return TYPE_BROADCAST;
  const list: u32 = loadWord(u32(space + S_LOCAL));
  const count: u32 = loadWord(u32(space + S_LOCAL_COUNT));
  for (let index: u32 = 0; index < count; index = u32(index + 1)) {
    if (loadWord(u32(list + index * 4)) == ip) return TYPE_LOCAL;
  }
  return TYPE_UNICAST;
}

function isNamed(match: u32, name: u32): bool {
  for (let at: u32 = 0; at < 16; at = u32(at + 4)) {
    const want: u32 = loadWord(u32(match + M_ARGUMENTS + at));
    const mask: u32 = loadWord(u32(match + M_ARGUMENTS + 16 + at));
    const have: u32 = name == 0 ? 0 : loadWord(u32(name + at));
    if (u32(u32(have ^ want) & mask) != 0) return false;
  }
  return true;
}

// A table of xt_recent: ┌ slots │ mask │ used │ side (0 source, 1 destination) ┐; a slot: ┌ ip + 1 │ – │ seen (f64) ┐.
export const RECENT_SLOTS: u32 = 0;
export const RECENT_MASK: u32 = 4;
export const RECENT_USED: u32 = 8;
export const RECENT_TABLE_SIZE: u32 = 16;
export const RECENT_SLOT_SIZE: u32 = 16;
const GONE: f64 = -1;

function recentSlot(table: u32, ip: u32): u32 {
  const slots: u32 = loadWord(u32(table + RECENT_SLOTS));
  const mask: u32 = loadWord(u32(table + RECENT_MASK));
  let index: u32 = u32(mixWords(ip) & mask);
  let slot: u32 = u32(slots + index * RECENT_SLOT_SIZE);
  while (loadWord(slot) != 0 && loadWord(slot) != u32(ip + 1)) {
    index = u32(u32(index + 1) & mask);
    slot = u32(slots + index * RECENT_SLOT_SIZE);
  }
  return slot;
}

function growRecent(table: u32): void {
  const slots: u32 = loadWord(u32(table + RECENT_SLOTS));
  const mask: u32 = loadWord(u32(table + RECENT_MASK));
  if (u32(loadWord(u32(table + RECENT_USED)) * 2) <= mask) return;
  const larger: u32 = allocate(u32(u32(mask + 1) * 2 * RECENT_SLOT_SIZE));
  if (larger == 0) return;
  storeWord(u32(table + RECENT_SLOTS), larger);
  storeWord(u32(table + RECENT_MASK), u32(u32(mask << 1) + 1));
  for (let index: u32 = 0; index <= mask; index = u32(index + 1)) {
    const slot: u32 = u32(slots + index * RECENT_SLOT_SIZE);
    if (loadWord(slot) == 0) continue;
    const target: u32 = recentSlot(table, u32(loadWord(slot) - 1));
    storeWord(target, loadWord(slot));
    storeDouble(u32(target + 8), loadDouble(u32(slot + 8)));
  }
  release(slots, u32(u32(mask + 1) * RECENT_SLOT_SIZE));
}

/** xt_recent: the address was seen within the seconds; `--set` and `--update` note it, `--remove` forgets. */
function isRecent(match: u32, table: u32, action: u32, mode: u32): bool {
  const side: u32 = loadWord(u32(match + M_D));
  const ip: u32 = side == 0 ? loadWord(P_SRC) : loadWord(P_DST);
  const keep: bool = u32(mode & QUIET) == 0;
  const now: f64 = loadDouble(CLOCK);
  if (action == 1 && keep) growRecent(table);
  const slot: u32 = recentSlot(table, ip);
  const known: bool = loadWord(slot) != 0 && loadDouble(u32(slot + 8)) != GONE;
  if (action == 1) {
    if (!keep) return true;
    if (loadWord(slot) == 0)
      storeWord(u32(table + RECENT_USED), u32(loadWord(u32(table + RECENT_USED)) + 1));
    storeWord(slot, u32(ip + 1));
    storeDouble(u32(slot + 8), now);
    return true;
  }
  if (!known) return false;
  if (action == 4) {
    if (keep) storeDouble(u32(slot + 8), GONE);
    return true;
  }
  const seconds: u32 = loadWord(u32(match + M_C));
  const hit: bool = seconds == 0 || now - loadDouble(u32(slot + 8)) <= f64(seconds);
  if (hit && action == 3 && keep) storeDouble(u32(slot + 8), now);
  return hit;
}

/** xt_limit: a bucket that fills by one in each `a` microseconds, up to `b`. State: level, time. */
function hasCredit(match: u32, mode: u32): bool {
  const at: u32 = u32(match + M_ARGUMENTS);
  const now: f64 = loadDouble(CLOCK);
  const cap: f64 = f64(loadWord(u32(match + M_B)));
  const period: f64 = f64(loadWord(u32(match + M_A))) / 1000000;
  let level: f64 = loadDouble(at) + (now - loadDouble(u32(at + 8))) / period;
  if (level > cap) level = cap;
  const enough: bool = level >= 1;
  if (u32(mode & QUIET) == 0) {
    storeDouble(at, enough ? level - 1 : level);
    storeDouble(u32(at + 8), now);
  }
  return enough;
}
