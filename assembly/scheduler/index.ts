/**
 * The scheduler core: filters, scores, normalises and picks for one pod over a table of nodes. The
 * host interns everything textual (labels, taints, ports, images) and keeps the columns; one call
 * decides one pod. Formulas: facts of kube-scheduler v1.34, and the seed era's 0–10 scale.
 */
import {
  addPairs,
  ensureMemory,
  firstLane,
  firstOf,
  Lanes,
  lanesOf,
  loadLanes,
  loadPair,
  loadWord,
  orLanes,
  Pair,
  pairOf,
  secondLane,
  secondOf,
  storeWord,
} from '../shared/memory';
import {
  CLASS,
  CORE_VERSION,
  doubleColumn,
  gateColumn,
  memoryFor,
  NODE_COUNT,
  NODES_MAX,
  NONE,
  PASSED,
  SINGLE,
  VERDICT,
  wordColumn,
} from './layout';
import { explainFit } from './filters';
import { scanNodes } from './scan';
import { fillNormalised, pickBest } from './totals';

let capacity: u32 = 0;

export function version(): u32 {
  return CORE_VERSION;
}

/** Makes room for this many nodes (even); 0 when the maximum is passed or memory is refused. */
export function init(nodes: u32): u32 {
  if (nodes > NODES_MAX) return 0;
  if (!ensureMemory(u32(memoryFor(nodes) + 65536))) return 0;
  capacity = nodes;
  return nodes;
}

/** Decides the pod in the request block; gives the node's index or NONE. */
export function schedule(): u32 {
  const feasible: u32 = scanNodes(capacity);
  storeWord(SINGLE, feasible <= 1 ? 1 : 0);
  return feasible <= 1 ? onlyFeasible() : pickBest(capacity);
}

/** Completes, for the record of the attempt, the columns that no decision needs. */
export function explain(): void {
  explainFit(capacity);
  fillNormalised(capacity);
}

/** The node that passed where no other did, or NONE. */
function onlyFeasible(): u32 {
  const verdicts: u32 = wordColumn(capacity, VERDICT);
  const count: u32 = loadWord(NODE_COUNT);
  for (let node: u32 = 0; node < count; node = u32(node + 1)) {
    if (loadWord(u32(verdicts + node * 4)) == PASSED) return node;
  }
  return NONE;
}

/** Reads the bytes that the scan reads, nine columns of doubles and the gates, and nothing else: its roofline. */
export function benchRead(count: u32): f64 {
  const column: u32 = u32(capacity * 8);
  let at: u32 = doubleColumn(capacity, 0);
  let gate: u32 = gateColumn(capacity, loadWord(CLASS));
  const end: u32 = u32(at + count * 8);
  let sum: Pair = pairOf(0, 0);
  let gates: Lanes = lanesOf(0, 0);
  for (; at < end; at = u32(at + 16)) {
    const second: u32 = u32(u32(u32(at + column) + column) + column);
    const third: u32 = u32(u32(u32(second + column) + column) + column);
    const most: Pair = addPairs(sumOfThree(at, column), sumOfThree(second, column));
    sum = addPairs(sum, addPairs(most, sumOfThree(third, column)));
    gates = orLanes(gates, loadLanes(gate));
    gate = u32(gate + 8);
  }
  return firstOf(sum) + secondOf(sum) + f64(u32(firstLane(gates) | secondLane(gates)));
}

/** Added as a tree, so that no addition waits for many others. */
function sumOfThree(at: u32, column: u32): Pair {
  const second: u32 = u32(at + column);
  return addPairs(addPairs(loadPair(at), loadPair(second)), loadPair(u32(second + column)));
}
