/**
 * Connection tracking: remembers flows so that replies find their way back and translated packets
 * are translated alike. Models nf_conntrack and nf_nat of Linux 6.1 with the default timeouts; TCP's
 * states are those that the model tells apart (new, answered, established, closing). A flow is entered
 * once per direction and both entries die together. Rules are walked in the neighbour file.
 *
 *     original   src:sport → dst:dport        as the first packet came
 *     reply      src':sport' → dst':dport'    as answers come: DNAT changes src', SNAT changes dst'
 */
import { CONNTRACK_MAX } from '../shared/limits.ts';
import { loadDouble, loadWord, storeDouble, storeWord } from '../shared/memory.ts';
import { mixWords } from '../shared/words.ts';
import { allocate, release } from './arena.ts';
import {
  ASSURED,
  CLOCK,
  CONFIRMED,
  CONNECTION_SIZE,
  DST_NAT,
  ENTRY_NOW,
  ENTRY_SERIAL,
  ESTABLISHED_FOR,
  P_DIRECTION,
  P_DPORT,
  P_DST,
  P_FLAGS,
  P_PROTOCOL,
  P_SPORT,
  P_SRC,
  P_STATE,
  QUIET,
  SEEN_REPLY,
  SRC_NAT,
  STATE_DNAT,
  STATE_ESTABLISHED,
  STATE_INVALID,
  STATE_NEW,
  STATE_SNAT,
  S_CURRENT,
  S_DROPPED,
  S_DRY,
  S_ENTRIES,
  S_SWEEP,
  S_TABLE,
  S_TABLE_MASK,
  TCP_ESTABLISHED,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
  X_DEADLINE,
  X_DST,
  X_NEXT,
  X_NEXT_REPLY,
  X_PORTS,
  X_PROTOCOL,
  X_REPLY_DST,
  X_REPLY_PORTS,
  X_REPLY_SRC,
  X_SERIAL,
  X_SINCE,
  X_SRC,
  X_STATE,
  X_STATUS,
} from './layout.ts';

const TABLE_MIN: u32 = 64;
const ICMP: u32 = 1;
const TCP: u32 = 6;
const UDP: u32 = 17;

function swapped(ports: u32): u32 {
  return u32(u32(ports << 16) | (ports >>> 16));
}

export function portsOf(source: u32, target: u32): u32 {
  return u32(u32(source << 16) | u32(target & 0xffff));
}

function bucketOf(space: u32, src: u32, dst: u32, ports: u32, protocol: u32): u32 {
  const hash: u32 = mixWords(u32(mixWords(u32(mixWords(src) ^ dst)) ^ u32(ports ^ protocol)));
  return u32(loadWord(u32(space + S_TABLE)) + u32(hash & loadWord(u32(space + S_TABLE_MASK))) * 4);
}

/** The entry (+ 1 for its reply direction) with this tuple, or 0. One whose time is over is removed. */
export function lookup(space: u32, src: u32, dst: u32, ports: u32, protocol: u32): u32 {
  if (loadWord(u32(space + S_ENTRIES)) == 0) return 0;
  let found: u32 = loadWord(bucketOf(space, src, dst, ports, protocol));
  while (found != 0) {
    const entry: u32 = u32(found & 0xfffffffe);
    const reply: u32 = u32(found & 1);
    const at: u32 = u32(entry + (reply == 0 ? X_SRC : X_REPLY_SRC));
    if (
      loadWord(at) == src &&
      loadWord(u32(at + 4)) == dst &&
      loadWord(u32(at + 8)) == ports &&
      loadWord(u32(entry + X_PROTOCOL)) == protocol
    ) {
      if (loadDouble(u32(entry + X_DEADLINE)) > loadDouble(CLOCK)) return found;
      destroy(space, entry);
      return 0;
    }
    found = loadWord(u32(entry + (reply == 0 ? X_NEXT : X_NEXT_REPLY)));
  }
  return 0;
}

function link(bucket: u32, entry: u32, reply: u32): void {
  storeWord(u32(entry + (reply == 0 ? X_NEXT : X_NEXT_REPLY)), loadWord(bucket));
  storeWord(bucket, u32(entry | reply));
}

function unlink(bucket: u32, entry: u32, reply: u32): void {
  const wanted: u32 = u32(entry | reply);
  const after: u32 = loadWord(u32(entry + (reply == 0 ? X_NEXT : X_NEXT_REPLY)));
  let at: u32 = bucket;
  let found: u32 = loadWord(at);
  while (found != wanted) {
    if (found == 0) return;
    at = u32(u32(found & 0xfffffffe) + (u32(found & 1) == 0 ? X_NEXT : X_NEXT_REPLY));
    found = loadWord(at);
  }
  storeWord(at, after);
}

function bucketOfEntry(space: u32, entry: u32, reply: u32): u32 {
  const at: u32 = u32(entry + (reply == 0 ? X_SRC : X_REPLY_SRC));
  return bucketOf(
    space,
    loadWord(at),
    loadWord(u32(at + 4)),
    loadWord(u32(at + 8)),
    loadWord(u32(entry + X_PROTOCOL)),
  );
}

/** Takes a confirmed connection out of the table. */
export function destroy(space: u32, entry: u32): void {
  unlink(bucketOfEntry(space, entry, 0), entry, 0);
  unlink(bucketOfEntry(space, entry, 1), entry, 1);
  if (loadWord(u32(space + S_CURRENT)) == entry) storeWord(u32(space + S_CURRENT), 0);
  if (loadWord(ENTRY_NOW) == entry) storeWord(ENTRY_NOW, 0);
  storeWord(u32(space + S_ENTRIES), u32(loadWord(u32(space + S_ENTRIES)) - 1));
  storeWord(u32(entry + X_SERIAL), 0);
  release(entry, CONNECTION_SIZE);
}

/** Removes every connection; how many there were. */
export function flushConnections(space: u32): u32 {
  const count: u32 = loadWord(u32(space + S_ENTRIES));
  const mask: u32 = loadWord(u32(space + S_TABLE_MASK));
  if (loadWord(u32(space + S_TABLE)) == 0) return 0;
  for (let index: u32 = 0; index <= mask; index = u32(index + 1)) {
    const bucket: u32 = u32(loadWord(u32(space + S_TABLE)) + index * 4);
    while (loadWord(bucket) != 0) destroy(space, u32(loadWord(bucket) & 0xfffffffe));
  }
  return count;
}

/** Is the packet, as it now stands, of this connection? Bit 0 the answer, bit 1 its direction. */
function belongs(entry: u32): u32 {
  if (entry == 0 || loadWord(u32(entry + X_PROTOCOL)) != loadWord(P_PROTOCOL)) return 0;
  const ports: u32 = portsOf(loadWord(P_SPORT), loadWord(P_DPORT));
  // Where a packet goes after translation, and between its two halves.
  if (sameEnds(entry, X_SRC, X_REPLY_SRC, ports)) return 1;
  if (sameEnds(entry, X_REPLY_SRC, X_SRC, ports)) return 3;
  return 0;
}

/** Each end of the packet is that of the tuple `own`, or what the tuple `other` makes of it. */
function sameEnds(entry: u32, own: u32, other: u32, ports: u32): bool {
  const ownPorts: u32 = loadWord(u32(entry + own + 8));
  const otherPorts: u32 = swapped(loadWord(u32(entry + other + 8)));
  const src: u32 = loadWord(P_SRC);
  const dst: u32 = loadWord(P_DST);
  const fromOwn: bool = src == loadWord(u32(entry + own)) && ports >>> 16 == ownPorts >>> 16;
  const fromOther: bool =
    src == loadWord(u32(entry + other + 4)) && ports >>> 16 == otherPorts >>> 16;
  const toOwn: bool =
    dst == loadWord(u32(entry + own + 4)) && u32(ports & 0xffff) == u32(ownPorts & 0xffff);
  const toOther: bool =
    dst == loadWord(u32(entry + other)) && u32(ports & 0xffff) == u32(otherPorts & 0xffff);
  return (fromOwn || fromOther) && (toOwn || toOther);
}

/** Frees the connection of an earlier packet that never got through. */
function abandon(space: u32, slot: u32): void {
  const entry: u32 = loadWord(u32(space + slot));
  storeWord(u32(space + slot), 0);
  if (entry != 0 && u32(loadWord(u32(entry + X_STATUS)) & CONFIRMED) == 0) {
    storeWord(u32(entry + X_SERIAL), 0);
    release(entry, CONNECTION_SIZE);
  }
}

function begin(): u32 {
  const entry: u32 = allocate(CONNECTION_SIZE);
  if (entry == 0) return 0;
  const ports: u32 = portsOf(loadWord(P_SPORT), loadWord(P_DPORT));
  storeWord(u32(entry + X_SRC), loadWord(P_SRC));
  storeWord(u32(entry + X_DST), loadWord(P_DST));
  storeWord(u32(entry + X_PORTS), ports);
  storeWord(u32(entry + X_REPLY_SRC), loadWord(P_DST));
  storeWord(u32(entry + X_REPLY_DST), loadWord(P_SRC));
  storeWord(u32(entry + X_REPLY_PORTS), swapped(ports));
  storeWord(u32(entry + X_PROTOCOL), loadWord(P_PROTOCOL));
  storeDouble(u32(entry + X_SINCE), loadDouble(CLOCK));
  const serial: u32 = u32(loadWord(ENTRY_SERIAL) + 1);
  storeWord(ENTRY_SERIAL, serial == 0 ? 1 : serial);
  storeWord(u32(entry + X_SERIAL), loadWord(ENTRY_SERIAL));
  const syn: bool = u32(loadWord(P_FLAGS) & 1) != 0;
  // A TCP flow first seen in its middle is taken up as established (nf_conntrack_tcp_loose).
  storeWord(u32(entry + X_STATE), syn ? TCP_SYN_SENT : TCP_ESTABLISHED);
  return entry;
}

/**
 * What happens to a packet that comes in (PREROUTING) or is made here (OUTPUT): finds or begins its
 * connection and says its state. A packet that comes over the loopback keeps the one it has.
 */
export function track(space: u32, mode: u32): void {
  const quiet: bool = u32(mode & QUIET) != 0;
  const slot: u32 = quiet ? S_DRY : S_CURRENT;
  const loopback: bool = u32(loadWord(P_FLAGS) & 2) != 0;
  if (loopback) {
    const kept: u32 = loadWord(u32(space + slot));
    const same: u32 = belongs(kept);
    if (same != 0) {
      attach(kept, same >>> 1);
      return;
    }
  }
  abandon(space, slot);
  const ports: u32 = portsOf(loadWord(P_SPORT), loadWord(P_DPORT));
  let found: u32 = lookup(space, loadWord(P_SRC), loadWord(P_DST), ports, loadWord(P_PROTOCOL));
  if (found != 0 && isReopened(found)) {
    if (quiet) found = 0;
    else {
      destroy(space, u32(found & 0xfffffffe));
      found = 0;
    }
  }
  if (found == 0) found = begin();
  const entry: u32 = u32(found & 0xfffffffe);
  storeWord(u32(space + slot), entry);
  if (entry == 0) {
    storeWord(ENTRY_NOW, 0);
    storeWord(P_STATE, STATE_INVALID);
    return;
  }
  const status: u32 = loadWord(u32(entry + X_STATUS));
  if (u32(found & 1) == 1 && !quiet) storeWord(u32(entry + X_STATUS), u32(status | SEEN_REPLY));
  attach(entry, u32(found & 1));
  if (!quiet) refresh(entry, u32(found & 1));
}

/** A SYN for a connection that is closed begins a new one. */
function isReopened(found: u32): bool {
  const entry: u32 = u32(found & 0xfffffffe);
  return (
    u32(loadWord(P_FLAGS) & 1) != 0 &&
    loadWord(P_PROTOCOL) == TCP &&
    loadWord(u32(entry + X_STATE)) == TCP_TIME_WAIT
  );
}

function attach(entry: u32, reply: u32): void {
  const status: u32 = loadWord(u32(entry + X_STATUS));
  storeWord(ENTRY_NOW, entry);
  storeWord(P_DIRECTION, reply);
  let state: u32 = reply == 1 || u32(status & SEEN_REPLY) != 0 ? STATE_ESTABLISHED : STATE_NEW;
  if (u32(status & DST_NAT) != 0) state = u32(state | STATE_DNAT);
  if (u32(status & SRC_NAT) != 0) state = u32(state | STATE_SNAT);
  storeWord(P_STATE, state);
}

/** Finds the connection again at the later hooks of the same packet. */
export function follow(space: u32, mode: u32): void {
  const entry: u32 = loadWord(u32(space + (u32(mode & QUIET) != 0 ? S_DRY : S_CURRENT)));
  const same: u32 = belongs(entry);
  if (same != 0) {
    attach(entry, same >>> 1);
    return;
  }
  const ports: u32 = portsOf(loadWord(P_SPORT), loadWord(P_DPORT));
  let found: u32 = lookup(space, loadWord(P_SRC), loadWord(P_DST), ports, loadWord(P_PROTOCOL));
  if (found == 0) {
    const turned: u32 = lookup(
      space,
      loadWord(P_DST),
      loadWord(P_SRC),
      swapped(ports),
      loadWord(P_PROTOCOL),
    );
    if (turned != 0) found = u32(turned ^ 1);
  }
  if (found == 0) {
    storeWord(ENTRY_NOW, 0);
    storeWord(P_STATE, STATE_INVALID);
    return;
  }
  attach(u32(found & 0xfffffffe), u32(found & 1));
}

/** Puts the deadline off, by protocol and state (nf_conntrack_proto_*.c, seconds). */
export function refresh(entry: u32, reply: u32): void {
  const protocol: u32 = loadWord(u32(entry + X_PROTOCOL));
  const status: u32 = loadWord(u32(entry + X_STATUS));
  const now: f64 = loadDouble(CLOCK);
  let seconds: f64 = 600;
  if (protocol == TCP) seconds = tcpTimeout(entry, status, reply);
  else if (protocol == UDP) {
    seconds = 30;
    if (u32(status & SEEN_REPLY) != 0 && now > loadDouble(u32(entry + X_SINCE)) + 2) {
      seconds = 120;
      storeWord(u32(entry + X_STATUS), u32(status | ASSURED));
    }
  } else if (protocol == ICMP) seconds = 30;
  storeDouble(u32(entry + X_DEADLINE), now + seconds);
}

function tcpTimeout(entry: u32, status: u32, reply: u32): f64 {
  const state: u32 = loadWord(u32(entry + X_STATE));
  if (state == TCP_SYN_SENT && reply == 1) storeWord(u32(entry + X_STATE), TCP_SYN_RECV);
  if (state == TCP_SYN_RECV && reply == 0 && u32(loadWord(P_FLAGS) & 1) == 0) {
    storeWord(u32(entry + X_STATE), TCP_ESTABLISHED);
    storeWord(u32(entry + X_STATUS), u32(status | ASSURED));
  }
  return timeoutOfState(loadWord(u32(entry + X_STATE)), status);
}

function timeoutOfState(state: u32, status: u32): f64 {
  if (state == TCP_SYN_RECV) return 60;
  if (state != TCP_ESTABLISHED) return 120;
  if (u32(status & SEEN_REPLY) == 0) return 300;
  const seconds: u32 = loadWord(ESTABLISHED_FOR);
  return seconds == 0 ? 432000 : f64(seconds);
}

/** TCP's own news: the flow is established, or closed. */
export function noteState(entry: u32, state: u32): void {
  storeWord(u32(entry + X_STATE), state);
  const status: u32 = u32(loadWord(u32(entry + X_STATUS)) | u32(SEEN_REPLY | ASSURED));
  storeWord(u32(entry + X_STATUS), status);
  storeDouble(u32(entry + X_DEADLINE), loadDouble(CLOCK) + timeoutOfState(state, status));
}

/** The connection of a packet as it was sent or as it arrives translated, or 0; + 1 for the reply side. */
export function findConnection(space: u32): u32 {
  const ports: u32 = portsOf(loadWord(P_SPORT), loadWord(P_DPORT));
  const found: u32 = lookup(space, loadWord(P_SRC), loadWord(P_DST), ports, loadWord(P_PROTOCOL));
  if (found != 0) return found;
  const turned: u32 = lookup(
    space,
    loadWord(P_DST),
    loadWord(P_SRC),
    swapped(ports),
    loadWord(P_PROTOCOL),
  );
  return turned == 0 ? 0 : u32(turned ^ 1);
}

/** Enters a connection whose first packet got through. False when the table is full. */
export function confirm(space: u32, mode: u32): bool {
  const entry: u32 = loadWord(ENTRY_NOW);
  if (entry == 0 || u32(loadWord(u32(entry + X_STATUS)) & CONFIRMED) != 0) return true;
  if (u32(mode & QUIET) != 0) return true;
  if (loadWord(u32(space + S_ENTRIES)) >= CONNTRACK_MAX) {
    storeWord(u32(space + S_DROPPED), u32(loadWord(u32(space + S_DROPPED)) + 1));
    return false;
  }
  if (!makeRoom(space)) return false;
  sweep(space);
  storeWord(u32(entry + X_STATUS), u32(loadWord(u32(entry + X_STATUS)) | CONFIRMED));
  link(bucketOfEntry(space, entry, 0), entry, 0);
  link(bucketOfEntry(space, entry, 1), entry, 1);
  storeWord(u32(space + S_ENTRIES), u32(loadWord(u32(space + S_ENTRIES)) + 1));
  return true;
}

/** Doubles the table when it holds as many tuples as buckets. */
function makeRoom(space: u32): bool {
  const old: u32 = loadWord(u32(space + S_TABLE));
  const buckets: u32 = old == 0 ? 0 : u32(loadWord(u32(space + S_TABLE_MASK)) + 1);
  if (u32(loadWord(u32(space + S_ENTRIES)) * 2) < buckets) return true;
  const wanted: u32 = old == 0 ? TABLE_MIN : u32(buckets * 2);
  const larger: u32 = allocate(u32(wanted * 4));
  if (larger == 0) return old != 0;
  storeWord(u32(space + S_TABLE), larger);
  storeWord(u32(space + S_TABLE_MASK), u32(wanted - 1));
  for (let index: u32 = 0; index < buckets; index = u32(index + 1)) {
    let found: u32 = loadWord(u32(old + index * 4));
    while (found != 0) {
      const entry: u32 = u32(found & 0xfffffffe);
      const reply: u32 = u32(found & 1);
      found = loadWord(u32(entry + (reply == 0 ? X_NEXT : X_NEXT_REPLY)));
      link(bucketOfEntry(space, entry, reply), entry, reply);
    }
  }
  if (old != 0) release(old, u32(buckets * 4));
  return true;
}

/** Looks at a few buckets for connections whose time is over. */
function sweep(space: u32): void {
  const mask: u32 = loadWord(u32(space + S_TABLE_MASK));
  let at: u32 = loadWord(u32(space + S_SWEEP));
  for (let turn: u32 = 0; turn < 4; turn = u32(turn + 1)) {
    at = u32(u32(at + 1) & mask);
    let found: u32 = loadWord(u32(loadWord(u32(space + S_TABLE)) + at * 4));
    while (found != 0) {
      const entry: u32 = u32(found & 0xfffffffe);
      found = loadWord(u32(entry + (u32(found & 1) == 0 ? X_NEXT : X_NEXT_REPLY)));
      if (loadDouble(u32(entry + X_DEADLINE)) <= loadDouble(CLOCK)) {
        // Its other half may be next in this bucket.
        if (u32(found & 0xfffffffe) == entry) found = 0;
        destroy(space, entry);
      }
    }
  }
  storeWord(u32(space + S_SWEEP), at);
}
