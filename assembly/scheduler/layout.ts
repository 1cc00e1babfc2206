/**
 * Memory of the scheduler core, shared with the host from this one source. Columns, not objects: one
 * double per node and quantity, nodes in snapshot order, so that two nodes are worked on per step.
 *
 *     0     ┌──────────────────────────────────────────────────────────────┐
 *           │ request block: the pod's quantities and switches, the answer │ REQUEST_BYTES
 *     4096  ├──────────────────────────────────────────────────────────────┤
 *           │ double columns   column c, node n:  4096 + (c·N + n)·8       │ DOUBLE_COLUMNS
 *           ├──────────────────────────────────────────────────────────────┤
 *           │ word columns     column w, node n:  … + (w·N + n)·4          │ WORD_COLUMNS
 *           ├──────────────────────────────────────────────────────────────┤
 *           │ class slots: gates (words) and three raw scores (doubles)    │ CLASS_SLOTS
 *           └──────────────────────────────────────────────────────────────┘
 *
 * N is the capacity, even, fixed by `init`; the host makes a larger one and fills it anew.
 */
export const CORE_VERSION: u32 = 2;

/** Nodes that a core holds at the most. */
export const NODES_MAX: u32 = 131072;
/** Selector, toleration and image classes kept at once; the host reuses the oldest. */
export const CLASS_SLOTS: u32 = 16;
/** Resources besides cpu and memory (ephemeral-storage first). */
export const EXTRA_RESOURCES: u32 = 4;

export const NONE: u32 = 0xffffffff;

// Request block, byte offsets. Doubles first.
export const POD_CPU: u32 = 0;
export const POD_MEMORY: u32 = 8;
/** With the non-zero defaults: 100 m and 200 MiB for a container that asks for nothing. */
export const POD_CPU_NONZERO: u32 = 16;
export const POD_MEMORY_NONZERO: u32 = 24;
export const POD_EXTRA: u32 = 32;
export const WEIGHT_TAINT: u32 = 64;
export const WEIGHT_AFFINITY: u32 = 72;
export const WEIGHT_FIT: u32 = 80;
export const WEIGHT_BALANCED: u32 = 88;
export const WEIGHT_IMAGE: u32 = 96;
/** 100 (modern) or 10 (seed-era). */
export const SCORE_MAX: u32 = 104;
/** Best total of the feasible nodes so far; after a run with its tie fraction. */
export const BEST: u32 = 112;
/** Highest raw scores of the feasible nodes, by which the second pass normalises. */
export const HIGHEST_TAINT: u32 = 168;
export const HIGHEST_AFFINITY: u32 = 176;
// Words.
export const NODE_COUNT: u32 = 128;
/** Where the search begins: nextStartNodeIndex. */
export const START: u32 = 132;
/** Feasible nodes wanted: numFeasibleNodesToFind. */
export const WANTED: u32 = 136;
export const CLASS: u32 = 140;
/** Index of the node that the pod names, or NONE. */
export const NODE_NAME: u32 = 144;
/** Bits: see FLAG_…. */
export const FLAGS: u32 = 148;
/** Seed of this pod's tie fractions. */
export const TIE_SEED: u32 = 152;
/** After a run: nodes looked at, and feasible ones found. */
export const LOOKED: u32 = 156;
export const FEASIBLE: u32 = 160;
/** 1 when scoring was left out, because at most one node was feasible. */
export const SINGLE: u32 = 164;

/** The ports column holds this pod's conflicts. */
export const FLAG_PORTS: u32 = 1;
/** BalancedAllocation is skipped: the pod requests nothing. */
export const FLAG_SKIP_BALANCED: u32 = 2;
/** NodeAffinity's score is skipped: no preferred terms. */
export const FLAG_SKIP_AFFINITY: u32 = 4;
/** Formulas of the seed era (LeastRequested, BalancedResourceAllocation on the 0–10 scale). */
export const FLAG_SEED_ERA: u32 = 8;
/** ImageLocality is skipped (not in the profile's defaults). */
export const FLAG_SKIP_IMAGE: u32 = 16;
/** No node has an untolerated PreferNoSchedule taint: TaintToleration gives all of them the most. */
export const FLAG_NO_TAINTS: u32 = 32;

// What the scan works with, in both lanes of a pair: kept in memory, for there are too many for registers.
export const PAIR_CPU: u32 = 256;
export const PAIR_MEMORY: u32 = 272;
export const PAIR_CPU_NONZERO: u32 = 288;
export const PAIR_MEMORY_NONZERO: u32 = 304;
/** Masks: the pod asks for cpu, for memory. */
export const PAIR_ASKS_CPU: u32 = 320;
export const PAIR_ASKS_MEMORY: u32 = 336;
export const PAIR_ONE: u32 = 368;
export const PAIR_MOST: u32 = 384;
export const PAIR_NOT_FEASIBLE: u32 = 400;
/** Points of a node without untolerated taints. */
export const PAIR_TAINT: u32 = 416;
export const PAIR_WEIGHT_FIT: u32 = 432;
export const PAIR_WEIGHT_BALANCED: u32 = 448;
export const PAIR_WEIGHT_IMAGE: u32 = 464;
export const PAIR_BY_FIT: u32 = 480;
export const PAIR_PASSED: u32 = 496;

export const REQUEST_BYTES: u32 = 4096;

// Double columns. The scan goes through the first twelve in this order.
export const ALLOCATABLE_CPU: u32 = 0;
export const ALLOCATABLE_MEMORY: u32 = 1;
export const REQUESTED_CPU: u32 = 2;
export const REQUESTED_MEMORY: u32 = 3;
export const NONZERO_CPU: u32 = 4;
export const NONZERO_MEMORY: u32 = 5;
export const PODS: u32 = 6;
export const PODS_ALLOWED: u32 = 7;
/** What a share of cpu or memory counts in their mean: 0.5, or 1 where the node has only one of them. */
export const MEAN: u32 = 8;
export const SCORE_FIT: u32 = 9;
export const SCORE_BALANCED: u32 = 10;
/** Weighted sum of the scores; NOT_FEASIBLE beside the feasible nodes. */
export const TOTAL: u32 = 11;
export const NORMAL_TAINT: u32 = 12;
export const NORMAL_AFFINITY: u32 = 13;
/** Pairs (allocatable, requested) per further resource. */
export const EXTRA: u32 = 14;
export const DOUBLE_COLUMNS: u32 = 22;
export const NOT_FEASIBLE: f64 = -1;

// Word columns.
export const VERDICT: u32 = 0;
/** Written by `explain` where the verdict is BY_FIT. */
export const REASONS: u32 = 1;
/** GATE_PORTS where a host port of the pod in hand is taken. */
export const PORT_CONFLICTS: u32 = 2;
export const NODE_SEED: u32 = 3;
/** Gates of the pod in hand, where those of its class are not all. */
export const GATES_NOW: u32 = 4;
export const WORD_COLUMNS: u32 = 5;

// Verdicts: not looked at, refused by a filter, or feasible. One bit each, in the order of the filters,
// so that the lowest bit of all that is against a node is its verdict.
export const UNSEEN: u32 = 0;
export const BY_UNSCHEDULABLE: u32 = 1;
export const BY_NODE_NAME: u32 = 2;
export const BY_TAINT: u32 = 4;
export const BY_AFFINITY: u32 = 8;
export const BY_PORTS: u32 = 16;
export const BY_FIT: u32 = 32;
export const PASSED: u32 = 64;

// Reasons of NodeResourcesFit, all that apply.
export const REASON_PODS: u32 = 1;
export const REASON_CPU: u32 = 2;
export const REASON_MEMORY: u32 = 4;
export const REASON_EXTRA: u32 = 8;

// Gates of a class, per node: filters that depend on labels and taints alone. PASSED is always among
// them, so that their lowest bit is the verdict as far as they go.
export const GATE_UNSCHEDULABLE: u32 = BY_UNSCHEDULABLE;
export const GATE_TAINT: u32 = BY_TAINT;
export const GATE_AFFINITY: u32 = BY_AFFINITY;
export const GATE_PORTS: u32 = BY_PORTS;

// Raw scores of a class, per node.
export const RAW_TAINT: u32 = 0;
export const RAW_AFFINITY: u32 = 1;
export const RAW_IMAGE: u32 = 2;
export const RAW_COLUMNS: u32 = 3;

/** Byte offset of a double column. */
export function doubleColumn(capacity: u32, column: u32): u32 {
  return u32(REQUEST_BYTES + column * capacity * 8);
}

/** Byte offset of a word column. */
export function wordColumn(capacity: u32, column: u32): u32 {
  return u32(REQUEST_BYTES + DOUBLE_COLUMNS * capacity * 8 + column * capacity * 4);
}

/** Byte offset of the gates of a class slot. */
export function gateColumn(capacity: u32, slot: u32): u32 {
  return u32(wordColumn(capacity, WORD_COLUMNS) + slot * capacity * 4);
}

/** Byte offset of a raw score column of a class slot. */
export function rawColumn(capacity: u32, slot: u32, column: u32): u32 {
  return u32(gateColumn(capacity, CLASS_SLOTS) + (slot * RAW_COLUMNS + column) * capacity * 8);
}

/** Bytes of memory that a capacity needs. */
export function memoryFor(capacity: u32): u32 {
  return rawColumn(capacity, CLASS_SLOTS, 0);
}
