/**
 * The scheduler core: filters, scores, normalises and picks for one pod over a table of nodes. The
 * host interns everything textual (labels, taints, ports, images) and keeps the columns; one call
 * decides one pod. Formulas: facts of kube-scheduler v1.34, and the seed era's 0–10 scale.
 */
import { ensureMemory, loadWord, storeWord } from '../shared/memory';
import { filterNodes } from './filters';
import {
  CORE_VERSION,
  memoryFor,
  NONE,
  NODES_MAX,
  SINGLE,
  FEASIBLE_LIST,
  wordColumn,
} from './layout';
import { readAll, scoreAll, scoreNodes } from './scores';

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
  const feasible: u32 = filterNodes(capacity);
  storeWord(SINGLE, feasible <= 1 ? 1 : 0);
  if (feasible == 0) return NONE;
  if (feasible == 1) return loadWord(wordColumn(capacity, FEASIBLE_LIST));
  return scoreNodes(capacity, feasible);
}

/** Scores all nodes by resources; for the benchmarks. */
export function benchScores(count: u32): void {
  scoreAll(capacity, count);
}

/** Reads all columns; for the benchmarks. */
export function benchRead(count: u32): f64 {
  return readAll(capacity, count);
}
