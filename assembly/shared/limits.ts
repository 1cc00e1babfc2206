/**
 * Static maxima of the cores. The host refuses what lies beyond them, by name. The scheduler's are
 * in a part of their own below the packet core's.
 */

/** Bytes of memory a packet core may grow to: all rule tables and connections of one lab. */
export const PACKET_MEMORY_MAX: u32 = 0x40000000;
/** Endpoints of one service block. */
export const BLOCK_ENDPOINTS_MAX: u32 = 16384;
/** Jumps on the stack of one walk; the kernel's nf_tables has 16, legacy tables as many as chains. */
export const JUMPS_MAX: u32 = 256;
/** Counters that one walk of a hook can note for the flows on its cached path. */
export const TRAIL_MAX: u32 = 1024;
/** Rules that one recorded walk can show. */
export const RECORD_MAX: u32 = 65536;
/** Entries of connection tracking in one namespace (nf_conntrack_max of a node with 8 GiB). */
export const CONNTRACK_MAX: u32 = 262144;
/** Ports in one multiport match (XT_MULTI_PORTS). */
export const MULTIPORT_MAX: u32 = 15;
