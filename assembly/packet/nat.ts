/**
 * Address translation: takes up what a NAT target chose for a new connection, finds a free source
 * port, and rewrites the packets of both directions. Models nf_nat_core.c of Linux 6.1. Ports that
 * must be chosen are drawn from the namespace's stream.
 */
import { loadWord, storeWord } from '../shared/memory.ts';
import { mixWords } from '../shared/words.ts';
import { lookup, portsOf } from './conntrack.ts';
import { drawWord } from './draw.ts';
import {
  DST_NAT,
  NAT_FLAGS,
  NAT_IP_MAX,
  NAT_IP_MIN,
  NAT_PORTS,
  P_DIRECTION,
  P_DPORT,
  P_DST,
  P_SPORT,
  P_SRC,
  SRC_NAT,
  X_PROTOCOL,
  X_REPLY_DST,
  X_REPLY_PORTS,
  X_REPLY_SRC,
  X_SRC,
  X_STATUS,
} from './layout.ts';

const TCP: u32 = 6;
const UDP: u32 = 17;
/** Ports that source translation tries before it gives up (nf_nat_l4proto_unique_tuple). */
const ATTEMPTS: u32 = 128;

/** Takes up what a DNAT or REDIRECT rule chose. */
export function translateTarget(entry: u32, space: u32): void {
  const low: u32 = loadWord(NAT_IP_MIN);
  const high: u32 = loadWord(NAT_IP_MAX);
  let ip: u32 = low == 0 ? loadWord(P_DST) : low;
  // One client stays with one address of a range, as the kernel's hash has it.
  if (high > low) ip = u32(low + (mixWords(loadWord(P_SRC)) % u32(u32(high - low) + 1)));
  const range: u32 = loadWord(NAT_PORTS);
  let port: u32 = loadWord(P_DPORT);
  const from: u32 = range >>> 16;
  const to: u32 = u32(range & 0xffff);
  if (range != 0 && (port < from || port > to || loadWord(NAT_FLAGS) != 0)) {
    port = from;
    if (to > from) port = u32(from + (drawWord(space) % u32(u32(to - from) + 1)));
  }
  const old: u32 = loadWord(u32(entry + X_REPLY_PORTS));
  storeWord(u32(entry + X_REPLY_SRC), ip);
  storeWord(u32(entry + X_REPLY_PORTS), portsOf(port, old));
  storeWord(u32(entry + X_STATUS), u32(loadWord(u32(entry + X_STATUS)) | DST_NAT));
}

/** Takes up what a SNAT or MASQUERADE rule chose; false when every port is taken. */
export function translateSource(entry: u32, space: u32): bool {
  const low: u32 = loadWord(NAT_IP_MIN);
  const high: u32 = loadWord(NAT_IP_MAX);
  let ip: u32 = low == 0 ? loadWord(P_SRC) : low;
  if (high > low) ip = u32(low + (mixWords(loadWord(P_SRC)) % u32(u32(high - low) + 1)));
  const replyFrom: u32 = loadWord(u32(entry + X_REPLY_PORTS)) >>> 16;
  const port: u32 = choosePort(entry, space, ip, replyFrom);
  if (port > 0xffff) return false;
  storeWord(u32(entry + X_REPLY_DST), ip);
  storeWord(u32(entry + X_REPLY_PORTS), portsOf(replyFrom, port));
  storeWord(u32(entry + X_STATUS), u32(loadWord(u32(entry + X_STATUS)) | SRC_NAT));
  return true;
}

function isFree(space: u32, entry: u32, ip: u32, replyFrom: u32, port: u32): bool {
  return (
    lookup(
      space,
      loadWord(u32(entry + X_REPLY_SRC)),
      ip,
      portsOf(replyFrom, port),
      loadWord(u32(entry + X_PROTOCOL)),
    ) == 0
  );
}

/** The source port after translation: its own when it may stay and is free, else one of its class. */
function choosePort(entry: u32, space: u32, ip: u32, replyFrom: u32): u32 {
  const own: u32 = loadWord(P_SPORT);
  const range: u32 = loadWord(NAT_PORTS);
  const inside: bool = range == 0 || (own >= range >>> 16 && own <= u32(range & 0xffff));
  const protocol: u32 = loadWord(u32(entry + X_PROTOCOL));
  if (protocol != TCP && protocol != UDP) return own;
  if (loadWord(NAT_FLAGS) == 0 && inside && isFree(space, entry, ip, replyFrom, own)) return own;
  let from: u32 = range >>> 16;
  let to: u32 = u32(range & 0xffff);
  if (range == 0) {
    from = own < 512 ? 1 : own < 1024 ? 600 : 1024;
    to = own < 512 ? 511 : own < 1024 ? 1023 : 65535;
  }
  const size: u32 = u32(u32(to - from) + 1);
  const offset: u32 = u32(drawWord(space) >>> 16);
  for (let turn: u32 = 0; turn < ATTEMPTS && turn < size; turn = u32(turn + 1)) {
    const port: u32 = u32(from + (u32(offset + turn) % size));
    if (isFree(space, entry, ip, replyFrom, port)) return port;
  }
  return 0x10000;
}

/** Without a rule a new flow keeps its source, unless another flow has taken the answer's way. */
export function keepSource(entry: u32, space: u32): void {
  const replyFrom: u32 = loadWord(u32(entry + X_REPLY_PORTS)) >>> 16;
  const own: u32 = loadWord(P_SPORT);
  if (isFree(space, entry, loadWord(P_SRC), replyFrom, own)) return;
  storeWord(NAT_IP_MIN, loadWord(P_SRC));
  storeWord(NAT_IP_MAX, loadWord(P_SRC));
  storeWord(NAT_PORTS, 0);
  storeWord(NAT_FLAGS, 0);
  translateSource(entry, space);
}

/** Rewrites the packet's target (manip 0) or source (1) as its connection says, in either direction. */
export function rewrite(entry: u32, manip: u32): void {
  const reply: u32 = loadWord(P_DIRECTION);
  const at: u32 = u32(entry + (reply == 0 ? X_REPLY_SRC : X_SRC));
  const ports: u32 = loadWord(u32(at + 8));
  if (manip == 0) {
    storeWord(P_DST, loadWord(at));
    storeWord(P_DPORT, ports >>> 16);
  } else {
    storeWord(P_SRC, loadWord(u32(at + 4)));
    storeWord(P_SPORT, u32(ports & 0xffff));
  }
}
