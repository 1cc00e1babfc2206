/**
 * The packet core: netfilter's tables and connection tracking of all network namespaces of a lab in
 * one memory. The host (`src/machines/network/packet-core.ts`) makes records with `allocate`, writes
 * them as `layout` says, and asks for verdicts. Models Linux 6.1 as kube-proxy uses it; the names,
 * texts and transactions of iptables are the host's.
 */
import { copyMemory, loadDouble, loadWord, storeDouble, storeWord } from '../shared/memory.ts';
import {
  allocate as allocateBytes,
  enlarge,
  release as releaseBytes,
  resetArena,
} from './arena.ts';
import {
  confirm,
  destroy,
  findConnection,
  flushConnections,
  follow,
  noteState,
  refresh,
  track,
} from './conntrack.ts';
import { keepSource, rewrite, translateSource, translateTarget } from './nat.ts';
import { buildRuns, dropRuns, noteInsert, noteRemove } from './hash.ts';
import {
  C_COUNT,
  C_ROOM,
  C_RULES,
  C_STALE,
  CLOCK,
  DST_DONE,
  ENTRY_NOW,
  FORWARD,
  INPUT,
  NAT_SET,
  OUTPUT,
  P_DIRECTION,
  P_STATE,
  PREROUTING,
  QUIET,
  RECORD_COUNT,
  S_DRAW,
  S_FILTER,
  S_MANGLE,
  S_NAT,
  SRC_DONE,
  STATE_NEW,
  TRAIL_COUNT,
  VERDICT_ACCEPT,
  VERDICT_DROP,
  P_DPORT,
  P_DST,
  P_MARK,
  P_SPORT,
  P_SRC,
  X_SERIAL,
  X_STATUS,
  P_SIZE,
} from './layout.ts';
import { TABLE_NAT, walk } from './walk.ts';

const VERSION: u32 = 1;

/** Changes with every change of the layout or of the meaning of a call. */
export function version(): u32 {
  return VERSION;
}

/** Empties the memory. Called once at the start. */
export function start(): void {
  resetArena();
}

/** Zeroed memory, or 0 when the maximum is reached. */
export function allocate(bytes: u32): u32 {
  return allocateBytes(bytes);
}

export function release(address: u32, bytes: u32): void {
  releaseBytes(address, bytes);
}

/** Puts a rule at an index of a chain; 1, or 0 when memory is full. */
export function insertRule(chain: u32, index: u32, rule: u32): u32 {
  const count: u32 = loadWord(u32(chain + C_COUNT));
  const room: u32 = loadWord(u32(chain + C_ROOM));
  if (count == room) {
    const larger: u32 = room == 0 ? 4 : u32(room * 2);
    const rules: u32 = enlarge(loadWord(u32(chain + C_RULES)), u32(room * 4), u32(larger * 4));
    if (rules == 0) return 0;
    storeWord(u32(chain + C_RULES), rules);
    storeWord(u32(chain + C_ROOM), larger);
  }
  const at: u32 = u32(loadWord(u32(chain + C_RULES)) + index * 4);
  copyMemory(u32(at + 4), at, u32(u32(count - index) * 4));
  storeWord(at, rule);
  storeWord(u32(chain + C_COUNT), u32(count + 1));
  noteInsert(chain, index);
  return 1;
}

/** Takes a rule out of a chain and returns it; its memory stays the caller's. */
export function removeRule(chain: u32, index: u32): u32 {
  noteRemove(chain, index);
  const count: u32 = u32(loadWord(u32(chain + C_COUNT)) - 1);
  const at: u32 = u32(loadWord(u32(chain + C_RULES)) + index * 4);
  const rule: u32 = loadWord(at);
  copyMemory(at, u32(at + 4), u32(u32(count - index) * 4));
  storeWord(u32(chain + C_COUNT), count);
  return rule;
}

/** Forgets all rules of a chain; their memory stays the caller's. */
export function clearChain(chain: u32): void {
  dropRuns(chain);
  releaseBytes(loadWord(u32(chain + C_RULES)), u32(loadWord(u32(chain + C_ROOM)) * 4));
  storeWord(u32(chain + C_RULES), 0);
  storeWord(u32(chain + C_ROOM), 0);
  storeWord(u32(chain + C_COUNT), 0);
  storeWord(u32(chain + C_STALE), 0);
}

/** Compiles a chain's hashed runs now instead of at the next walk. */
export function compileChain(chain: u32): void {
  buildRuns(chain);
}

/**
 * Runs a packet through all tables of a hook, connection tracking included, and rewrites it. `mode`
 * is a sum of LINEAR, RECORD and QUIET. Returns a verdict; what was counted stands in the trail.
 */
export function runHook(space: u32, hook: u32, mode: u32): u32 {
  storeWord(TRAIL_COUNT, 0);
  storeWord(RECORD_COUNT, 0);
  if (u32(mode & QUIET) == 0) return runTables(space, hook, mode);
  const at: u32 = u32(space + S_DRAW);
  const a: u32 = loadWord(at);
  const b: u32 = loadWord(u32(at + 4));
  const c: u32 = loadWord(u32(at + 8));
  const d: u32 = loadWord(u32(at + 12));
  const verdict: u32 = runTables(space, hook, mode);
  storeWord(at, a);
  storeWord(u32(at + 4), b);
  storeWord(u32(at + 8), c);
  storeWord(u32(at + 12), d);
  return verdict;
}

function runTables(space: u32, hook: u32, mode: u32): u32 {
  if (hook == PREROUTING || hook == OUTPUT) track(space, mode);
  else follow(space, mode);
  let verdict: u32 = walkTable(space, S_MANGLE, 0, hook, mode);
  if (verdict != VERDICT_ACCEPT) return verdict;
  if (hook == INPUT || hook == FORWARD) {
    verdict = walkTable(space, S_FILTER, 1, hook, mode);
    if (verdict != VERDICT_ACCEPT || hook == FORWARD) return verdict;
  }
  verdict = translate(space, hook, mode);
  if (verdict != VERDICT_ACCEPT) return verdict;
  if (hook == OUTPUT) return walkTable(space, S_FILTER, 1, hook, mode);
  if (hook == PREROUTING) return VERDICT_ACCEPT;
  return confirm(space, mode) ? VERDICT_ACCEPT : VERDICT_DROP;
}

function walkTable(space: u32, table: u32, number: u32, hook: u32, mode: u32): u32 {
  const chain: u32 = loadWord(u32(space + u32(table + hook * 4)));
  return chain == 0 ? VERDICT_ACCEPT : walk(space, chain, number, mode);
}

/** The nat table: rules are asked for the first packet of a flow only; all packets are rewritten. */
function translate(space: u32, hook: u32, mode: u32): u32 {
  const entry: u32 = loadWord(ENTRY_NOW);
  if (entry == 0) return VERDICT_ACCEPT;
  const manip: u32 = hook == PREROUTING || hook == OUTPUT ? 0 : 1;
  const done: u32 = manip == 0 ? DST_DONE : SRC_DONE;
  const status: u32 = loadWord(u32(entry + X_STATUS));
  const quiet: bool = u32(mode & QUIET) != 0;
  if (
    loadWord(P_DIRECTION) == 0 &&
    u32(loadWord(P_STATE) & STATE_NEW) != 0 &&
    u32(status & done) == 0
  ) {
    const verdict: u32 = walkTable(space, S_NAT, TABLE_NAT, hook, mode);
    if (verdict != VERDICT_ACCEPT) return verdict;
    const set: u32 = loadWord(NAT_SET);
    storeWord(NAT_SET, 0);
    if (set != 0) {
      if (manip == 0) translateTarget(entry, space);
      else if (!translateSource(entry, space)) return VERDICT_DROP;
    } else if (manip == 1 && !quiet) keepSource(entry, space);
    storeWord(u32(entry + X_STATUS), u32(loadWord(u32(entry + X_STATUS)) | done));
  }
  rewrite(entry, manip);
  return VERDICT_ACCEPT;
}

/** One walk of one base chain, without connection tracking: `table` 0 mangle, 1 filter, 2 nat. */
export function walkChain(space: u32, chain: u32, table: u32, mode: u32): u32 {
  storeWord(TRAIL_COUNT, 0);
  storeWord(RECORD_COUNT, 0);
  return walk(space, chain, table, mode);
}

/**
 * New flows through PREROUTING and POSTROUTING of nat, for measuring: each packet is five words
 * (source, target, ports, protocol, –) at `packets`. Returns a checksum of verdicts and targets.
 */
export function walkBatch(space: u32, packets: u32, count: u32, mode: u32): u32 {
  let sum: u32 = 0;
  for (let index: u32 = 0; index < count; index = u32(index + 1)) {
    sum = u32(sum + walkPacket(space, u32(packets + index * 20), mode));
  }
  return sum;
}

/** One packet of `walkBatch`. */
export function walkPacket(space: u32, packet: u32, mode: u32): u32 {
  storeWord(P_SRC, loadWord(packet));
  storeWord(P_DST, loadWord(u32(packet + 4)));
  storeWord(P_SPORT, loadWord(u32(packet + 8)) >>> 16);
  storeWord(P_DPORT, u32(loadWord(u32(packet + 8)) & 0xffff));
  storeWord(u32(P_DPORT + 4), loadWord(u32(packet + 12)));
  storeWord(P_MARK, 0);
  storeWord(TRAIL_COUNT, 0);
  const before: u32 = walkTable(space, S_NAT, TABLE_NAT, PREROUTING, mode);
  const target: u32 = loadWord(NAT_SET) == 0 ? 0 : loadWord(u32(NAT_SET + 4));
  const after: u32 = walkTable(space, S_NAT, TABLE_NAT, 4, mode);
  return u32(u32(target + before) + u32(u32(after + loadWord(NAT_SET)) * 7));
}

/** Notes that TCP is established (3) or closed (7) for the packet's connection. */
export function noteTcp(space: u32, state: u32): void {
  const found: u32 = findConnection(space);
  if (found != 0) noteState(u32(found & 0xfffffffe), state);
}

/** The connection of the packet in the packet area (+ 1: its reply side), or 0. */
export function findEntry(space: u32): u32 {
  return findConnection(space);
}

/** Puts off the deadline of a connection for a packet on a cached path, when it is still the same. */
export function touchEntry(entry: u32, serial: u32, reply: u32): void {
  if (loadWord(u32(entry + X_SERIAL)) == serial) refresh(entry, reply);
}

/** Removes one connection. */
export function removeEntry(space: u32, entry: u32): void {
  destroy(space, entry);
}

/** Removes all connections of a namespace; how many. */
export function flushEntries(space: u32): u32 {
  return flushConnections(space);
}

/** Sets the host's monotonic clock, in seconds. */
export function setClock(seconds: f64): void {
  storeDouble(CLOCK, seconds);
}

/** Adds a packet to a counter. */
export function count(counter: u32): void {
  storeDouble(counter, loadDouble(counter) + 1);
  storeDouble(u32(counter + 8), loadDouble(u32(counter + 8)) + f64(loadWord(P_SIZE)));
}
