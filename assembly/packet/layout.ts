/**
 * Where everything of the packet core stands in its memory: byte offsets inside records, shared by
 * the core and its host. The first pages are fixed; above them an arena of blocks in size classes
 * holds rules, chains, hashes, service blocks and connections of all network namespaces. An address
 * of 0 means none.
 *
 *     0          256        1024          9216        17408           HEAP_START
 *     │ control  │ packet   │ walk stack  │ trail     │ thresholds    │ arena …
 */
import { BLOCK_ENDPOINTS_MAX, JUMPS_MAX, TRAIL_MAX } from '../shared/limits.ts';

// Control: allocator, recording, the namespace whose draws are taken.
export const ARENA_TOP: u32 = 8;
export const RECORD_BASE: u32 = 12;
export const RECORD_COUNT: u32 = 16;
export const TRAIL_COUNT: u32 = 20;
export const ENTRY_NOW: u32 = 24; // connection of the packet that is walked, 0: untracked
export const ENTRY_SERIAL: u32 = 28;
export const DRAW_NOW: u32 = 32; // last draw of a recorded walk
export const FAILED_NOW: u32 = 36;
export const CLOCK: u32 = 40; // f64 seconds, the host's monotonic clock
export const NAT_SET: u32 = 48; // what a NAT target chose: 1 when set
export const NAT_IP_MIN: u32 = 52;
export const NAT_IP_MAX: u32 = 56;
export const NAT_PORTS: u32 = 60; // low << 16 | high, 0: keep
export const NAT_FLAGS: u32 = 64;
export const VERDICT_BY: u32 = 68; // rule that gave the verdict
export const ESTABLISHED_FOR: u32 = 72; // seconds that an established TCP connection is kept
export const COUNTED: u32 = 80; // what a counter grows by, as a pair: 1 packet, so many bytes
export const FREE_LISTS: u32 = 96; // one head per power of two from 2⁴ to 2³⁰
export const SIZE_CLASS_MIN: u32 = 4;

// The packet: filled by the host before a hook, read back after it.
export const PACKET: u32 = 256;
export const P_SRC: u32 = PACKET;
export const P_DST: u32 = PACKET + 4;
export const P_SPORT: u32 = PACKET + 8;
export const P_DPORT: u32 = PACKET + 12;
export const P_PROTOCOL: u32 = PACKET + 16;
export const P_MARK: u32 = PACKET + 20;
export const P_SIZE: u32 = PACKET + 24;
export const P_IN: u32 = PACKET + 28; // address of a name record
export const P_OUT: u32 = PACKET + 32;
export const P_FLAGS: u32 = PACKET + 36; // 1 SYN
export const P_UID: u32 = PACKET + 40; // NO_OWNER: from no local socket
export const P_GID: u32 = PACKET + 44;
export const P_STATE: u32 = PACKET + 48; // conntrack state bits
export const P_REJECT: u32 = PACKET + 52;
export const P_DIRECTION: u32 = PACKET + 56; // 0 original, 1 reply
export const P_OUT_IP: u32 = PACKET + 60; // address of the outgoing interface, for MASQUERADE
export const NO_OWNER: u32 = 0xffffffff;

// Walk stack: chain, index, run, rule.
export const STACK: u32 = 1024;
export const FRAME_SIZE: u32 = 16;
export const TRAIL: u32 = STACK + JUMPS_MAX * FRAME_SIZE + 4096;
/** Thresholds of 1/1 … 1/n as iptables rounds them to 31 bits. */
export const THRESHOLDS: u32 = TRAIL + TRAIL_MAX * 8;
export const HEAP_START: u32 = THRESHOLDS + BLOCK_ENDPOINTS_MAX * 4 + 64;

/**
 * A rule; the first 64 bytes, one cache line, are all that the rules of Services need, hits included.
 *
 *     ┌ dst │ mask │ protocol │ flags │ src │ mask │ sports │ dports │ more │ target │ a │ next │ packets (f64) │ bytes (f64) ┐
 *     └ in │ out │ mark │ mask │ states │ b │ c │ host id ┘
 */
export const R_DST: u32 = 0;
export const R_DST_MASK: u32 = 4;
export const R_PROTOCOL: u32 = 8; // 0: all
export const R_FLAGS: u32 = 12;
export const R_SRC: u32 = 16;
export const R_SRC_MASK: u32 = 20;
export const R_SPORTS: u32 = 24; // low << 16 | high
export const R_DPORTS: u32 = 28;
export const R_MORE: u32 = 32; // first further match
export const R_TARGET: u32 = 36;
export const R_A: u32 = 40;
export const R_NEXT: u32 = 44; // next rule of the same hash bucket, in rule order
export const R_PACKETS: u32 = 48;
export const R_BYTES: u32 = 56;
export const R_IN: u32 = 64; // name record; 0: any
export const R_OUT: u32 = 68;
export const R_MARK: u32 = 72;
export const R_MARK_MASK: u32 = 76;
export const R_STATES: u32 = 80; // 0: no test
export const R_B: u32 = 84;
export const R_C: u32 = 88;
export const R_ID: u32 = 92;
export const RULE_SIZE: u32 = 96;

// Flags of a rule.
export const NOT_SRC: u32 = 1;
export const NOT_DST: u32 = 2;
export const NOT_IN: u32 = 4;
export const NOT_OUT: u32 = 8;
export const NOT_PROTOCOL: u32 = 16;
export const NOT_SPORTS: u32 = 32;
export const NOT_DPORTS: u32 = 64;
export const NOT_MARK: u32 = 128;
export const NOT_STATES: u32 = 256;
export const HAS_MARK: u32 = 512;
export const HAS_PORTS: u32 = 1024;
/** Exact dst/32, protocol and port, tested before anything stateful: may stand in a hashed run. */
export const KEYED: u32 = 2048;
export const NEEDS_SYN: u32 = 4096;
export const NOT_SYN: u32 = 8192;
/** No test at all: always matches. */
export const ALWAYS: u32 = 16384;
/** Nothing but the key of a hashed run: what the hash finds matches. */
export const EXACT: u32 = 32768;
/** An interface is named, conntrack states are: the second half of the record has tests. */
export const HAS_DEVICE: u32 = 65536;
export const HAS_STATES: u32 = 131072;

// Targets.
export const T_NONE: u32 = 0;
export const T_JUMP: u32 = 1; // a: chain
export const T_GOTO: u32 = 2;
export const T_RETURN: u32 = 3;
export const T_ACCEPT: u32 = 4;
export const T_DROP: u32 = 5;
export const T_REJECT: u32 = 6; // a: kind, as the host numbers them
export const T_DNAT: u32 = 7; // a–b: addresses, c: ports
export const T_SNAT: u32 = 8;
export const T_MASQUERADE: u32 = 9; // c: ports
export const T_REDIRECT: u32 = 10; // c: ports
export const T_MARK: u32 = 11; // a: value, b: mask; mark = (mark & ~mask) ^ value
export const T_CONNMARK_SET: u32 = 12;
export const T_CONNMARK_SAVE: u32 = 13; // b: mask
export const T_CONNMARK_RESTORE: u32 = 14;
/** Above the kind of a NAT target: --random or --random-fully. */
export const T_RANDOM: u32 = 0x100;

/** A further match, in the order of the command line: next, kind, arguments. */
export const M_NEXT: u32 = 0;
export const M_KIND: u32 = 4; // kind | 0x100 inverted
export const M_A: u32 = 8;
export const M_B: u32 = 12;
export const M_C: u32 = 16;
export const M_D: u32 = 20;
export const M_ARGUMENTS: u32 = 24;
export const MATCH_SIZE: u32 = 96;
export const INVERTED: u32 = 0x100;
export const MATCH_RANDOM: u32 = 1; // a: threshold
export const MATCH_NTH: u32 = 2; // a: every, b: packet, c: count
export const MATCH_STATES: u32 = 3; // a: bits
export const MATCH_MARK: u32 = 4; // a: value, b: mask
export const MATCH_CONNMARK: u32 = 5;
export const MATCH_SPORTS: u32 = 6; // a: low << 16 | high
export const MATCH_DPORTS: u32 = 7;
export const MATCH_MULTIPORT: u32 = 8; // a: 1 sources, 2 destinations, 3 either; b: count; ranges follow
export const MATCH_DST_TYPE: u32 = 9; // a: bits of address types
export const MATCH_SRC_TYPE: u32 = 10;
export const MATCH_UID: u32 = 11; // a: low, b: high
export const MATCH_GID: u32 = 12;
export const MATCH_IN_NAME: u32 = 13; // 4 words of name, 4 of mask
export const MATCH_OUT_NAME: u32 = 14;
export const MATCH_SYN: u32 = 15;
export const MATCH_RECENT: u32 = 16; // a: table, b: 1 set 2 rcheck 3 update 4 remove, c: seconds, d: hits
export const MATCH_LIMIT: u32 = 17; // a: credit per packet, b: cap; state: credit and time as doubles
export const MATCH_SRC_RANGE: u32 = 18; // a–b
export const MATCH_DST_RANGE: u32 = 19;
export const MATCH_NEVER: u32 = 20; // what the model cannot see (icmp types other than echo, tcp flags)
export const MATCH_OWNER: u32 = 21; // a socket stands behind it

/**
 * A chain: array of rules, then perhaps a service block.
 *
 *     ┌ rules │ count │ room │ policy │ block │ instance │ runs │ run count │ stale │ id │ packets (f64) │ bytes (f64) ┐
 */
export const C_RULES: u32 = 0;
export const C_COUNT: u32 = 4;
export const C_ROOM: u32 = 8;
export const C_POLICY: u32 = 12; // 0 user chain, T_ACCEPT, T_DROP
export const C_BLOCK: u32 = 16;
export const C_INSTANCE: u32 = 20;
export const C_RUNS: u32 = 24;
export const C_RUN_COUNT: u32 = 28;
export const C_STALE: u32 = 32; // 1: the runs must be made anew
export const C_ID: u32 = 36;
export const C_PACKETS: u32 = 40;
export const C_BYTES: u32 = 48;
export const CHAIN_SIZE: u32 = 56;

/** A hashed run: rules [start, end) of a chain and the heads of its buckets. */
export const N_START: u32 = 0;
export const N_END: u32 = 4;
export const N_TABLE: u32 = 8;
export const N_MASK: u32 = 12;
export const RUN_SIZE: u32 = 16;
/** Shorter runs are walked. */
export const RUN_LENGTH_MIN: u32 = 8;

/** A service block, shared between nodes: first rule (or 0) and endpoints in order. */
export const B_FIRST: u32 = 0; // rule record without counters: the masquerade mark for outside sources
export const B_PROTOCOL: u32 = 4;
export const B_COUNT: u32 = 8;
export const B_ENDPOINTS: u32 = 12; // array of endpoint records
export const B_STAMP: u32 = 16; // changes with the content: counters of instances start anew
export const B_HAIRPIN: u32 = 20; // 1: an endpoint's own packets are marked
export const BLOCK_SIZE: u32 = 24;
/** An endpoint: address, port, slot of its counters. */
export const E_IP: u32 = 0;
export const E_PORT: u32 = 4;
export const E_SLOT: u32 = 8;
export const ENDPOINT_SIZE: u32 = 16;
/** What a node owns of a block: its chain for marks, and counters by slot. */
export const I_MARK_CHAIN: u32 = 0;
export const I_STAMP: u32 = 4;
export const I_ROOM: u32 = 8; // bytes of counters
export const I_FIRST: u32 = 16; // counters of the first rule
export const I_SLOTS: u32 = 32; // per slot: jump, hairpin mark, DNAT; 16 bytes each
export const SLOT_SIZE: u32 = 48;
/** Index bits of frames inside an endpoint's own chain. */
export const IN_ENDPOINT: u32 = 0x80000000;

/**
 * A namespace: base chains, addresses, draws, connections.
 */
export const S_MANGLE: u32 = 0; // five chains, by hook
export const S_FILTER: u32 = 20;
export const S_NAT: u32 = 40;
export const S_DRAW: u32 = 60; // four words of sfc32
export const S_LOCAL: u32 = 76; // array of local addresses
export const S_LOCAL_COUNT: u32 = 80;
export const S_TABLE: u32 = 84; // hash of connections
export const S_TABLE_MASK: u32 = 88;
export const S_ENTRIES: u32 = 92;
export const S_CURRENT: u32 = 96; // connection of the packet under way
export const S_SWEEP: u32 = 100;
export const S_DRY: u32 = 104; // connection of the dry run under way
export const S_DROPPED: u32 = 108;
export const SPACE_SIZE: u32 = 112;

export const PREROUTING: u32 = 0;
export const INPUT: u32 = 1;
export const FORWARD: u32 = 2;
export const OUTPUT: u32 = 3;
export const POSTROUTING: u32 = 4;

/** Conntrack state of a packet. */
export const STATE_INVALID: u32 = 1;
export const STATE_ESTABLISHED: u32 = 2;
export const STATE_RELATED: u32 = 4;
export const STATE_NEW: u32 = 8;
export const STATE_SNAT: u32 = 16;
export const STATE_DNAT: u32 = 32;
export const STATE_UNTRACKED: u32 = 64;

/**
 * A connection, entered once per direction.
 *
 *     ┌ next (original) │ next (reply) │ src │ dst │ ports │ protocol │ src' │ dst' │ ports' │ status │ deadline (f64) │ mark │ serial │ state │ since ┐
 */
export const X_NEXT: u32 = 0;
export const X_NEXT_REPLY: u32 = 4;
export const X_SRC: u32 = 8;
export const X_DST: u32 = 12;
export const X_PORTS: u32 = 16; // source << 16 | destination
export const X_PROTOCOL: u32 = 20;
export const X_REPLY_SRC: u32 = 24;
export const X_REPLY_DST: u32 = 28;
export const X_REPLY_PORTS: u32 = 32;
export const X_STATUS: u32 = 36;
export const X_DEADLINE: u32 = 40;
export const X_MARK: u32 = 48;
export const X_SERIAL: u32 = 52;
export const X_STATE: u32 = 56;
export const X_SINCE: u32 = 64; // f64 seconds
export const CONNECTION_SIZE: u32 = 72;

export const SEEN_REPLY: u32 = 1;
export const ASSURED: u32 = 2;
export const CONFIRMED: u32 = 4;
export const DST_DONE: u32 = 8;
export const SRC_DONE: u32 = 16;
export const DST_NAT: u32 = 32;
export const SRC_NAT: u32 = 64;

// TCP's states as /proc/net/nf_conntrack names them.
export const TCP_SYN_SENT: u32 = 1;
export const TCP_SYN_RECV: u32 = 2;
export const TCP_ESTABLISHED: u32 = 3;
export const TCP_TIME_WAIT: u32 = 7;

/** A visited rule of a recorded walk. */
export const H_CHAIN: u32 = 0;
export const H_INDEX: u32 = 4; // as in a frame; POLICY for the chain's end
export const H_RULE: u32 = 8; // 0 inside a block
export const H_FAILED: u32 = 12; // 0: matched
export const H_DRAW: u32 = 16; // NO_DRAW: none
export const H_ENDPOINT: u32 = 20;
export const H_TABLE: u32 = 24;
export const HOP_SIZE: u32 = 32;
export const NO_DRAW: u32 = 0xffffffff;
export const POLICY: u32 = 0xffffffff;

// Which test failed; further matches are FAILED_MORE + kind.
export const FAILED_SRC: u32 = 1;
export const FAILED_DST: u32 = 2;
export const FAILED_IN: u32 = 3;
export const FAILED_OUT: u32 = 4;
export const FAILED_PROTOCOL: u32 = 5;
export const FAILED_SPORTS: u32 = 6;
export const FAILED_DPORTS: u32 = 7;
export const FAILED_MARK: u32 = 8;
export const FAILED_STATES: u32 = 9;
export const FAILED_SYN: u32 = 10;
export const FAILED_MORE: u32 = 32;

// How to walk.
export const LINEAR: u32 = 1;
export const RECORD: u32 = 2; // implies LINEAR
export const QUIET: u32 = 4; // no counters, no trail, nothing kept

export const VERDICT_ACCEPT: u32 = 0;
export const VERDICT_DROP: u32 = 1;
export const VERDICT_REJECT: u32 = 2;
