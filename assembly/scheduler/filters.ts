/**
 * Filters of one pod over the nodes, in the order of the framework: NodeUnschedulable, NodeName,
 * TaintToleration, NodeAffinity, NodePorts, NodeResourcesFit (pkg/scheduler/framework/plugins, v1.34).
 * The first that refuses ends a node's row. The search begins at START, wraps, and stops at WANTED
 * feasible nodes; the order is that of one worker.
 */
import { loadDouble, loadWord, storeWord } from '../shared/memory';
import {
  ALLOCATABLE_CPU,
  ALLOCATABLE_MEMORY,
  BY_AFFINITY,
  BY_FIT,
  BY_NODE_NAME,
  BY_PORTS,
  BY_TAINT,
  BY_UNSCHEDULABLE,
  CLASS,
  doubleColumn,
  EXTRA,
  EXTRA_RESOURCES,
  FEASIBLE,
  FEASIBLE_LIST,
  FLAG_PORTS,
  FLAGS,
  GATE_AFFINITY,
  GATE_TAINT,
  GATE_UNSCHEDULABLE,
  gateColumn,
  LOOKED,
  NODE_COUNT,
  NODE_NAME,
  NONE,
  PASSED,
  POD_CPU,
  POD_EXTRA,
  POD_MEMORY,
  PODS,
  PODS_ALLOWED,
  PORT_CONFLICTS,
  REASON_CPU,
  REASON_EXTRA,
  REASON_MEMORY,
  REASON_PODS,
  REASONS,
  REQUESTED_CPU,
  REQUESTED_MEMORY,
  START,
  UNSEEN,
  VERDICT,
  WANTED,
  wordColumn,
} from './layout';

/** All reasons for which the pod does not fit a node: pod count and every resource that is short. */
function fitReasons(capacity: u32, node: u32): u32 {
  const at: u32 = u32(node * 8);
  let reasons: u32 = 0;
  const pods: f64 = loadDouble(u32(doubleColumn(capacity, PODS) + at));
  if (pods + 1 > loadDouble(u32(doubleColumn(capacity, PODS_ALLOWED) + at))) reasons = REASON_PODS;
  const cpu: f64 = loadDouble(POD_CPU);
  const memory: f64 = loadDouble(POD_MEMORY);
  const freeCpu: f64 =
    loadDouble(u32(doubleColumn(capacity, ALLOCATABLE_CPU) + at)) -
    loadDouble(u32(doubleColumn(capacity, REQUESTED_CPU) + at));
  const freeMemory: f64 =
    loadDouble(u32(doubleColumn(capacity, ALLOCATABLE_MEMORY) + at)) -
    loadDouble(u32(doubleColumn(capacity, REQUESTED_MEMORY) + at));
  if (cpu > 0 && cpu > freeCpu) reasons = u32(reasons | REASON_CPU);
  if (memory > 0 && memory > freeMemory) reasons = u32(reasons | REASON_MEMORY);
  for (let extra: u32 = 0; extra < EXTRA_RESOURCES; extra = u32(extra + 1)) {
    const wanted: f64 = loadDouble(u32(POD_EXTRA + extra * 8));
    if (wanted > 0) {
      const pair: u32 = u32(EXTRA + extra * 2);
      const free: f64 =
        loadDouble(u32(doubleColumn(capacity, pair) + at)) -
        loadDouble(u32(doubleColumn(capacity, u32(pair + 1)) + at));
      if (wanted > free) reasons = u32(reasons | u32(REASON_EXTRA << extra));
    }
  }
  return reasons;
}

/** The verdict on one node; reasons of Fit go to their column. */
function verdictOn(capacity: u32, node: u32, gates: u32, flags: u32, named: u32): u32 {
  const gate: u32 = loadWord(u32(gates + node * 4));
  if (u32(gate & GATE_UNSCHEDULABLE) != 0) return BY_UNSCHEDULABLE;
  if (named != NONE && named != node) return BY_NODE_NAME;
  if (u32(gate & GATE_TAINT) != 0) return BY_TAINT;
  if (u32(gate & GATE_AFFINITY) != 0) return BY_AFFINITY;
  if (u32(flags & FLAG_PORTS) != 0) {
    const conflict: u32 = loadWord(u32(wordColumn(capacity, PORT_CONFLICTS) + node * 4));
    if (conflict != 0) return BY_PORTS;
  }
  const reasons: u32 = fitReasons(capacity, node);
  if (reasons == 0) return PASSED;
  storeWord(u32(wordColumn(capacity, REASONS) + node * 4), reasons);
  return BY_FIT;
}

/** Filters until enough nodes are feasible; gives the number of feasible ones. */
export function filterNodes(capacity: u32): u32 {
  const count: u32 = loadWord(NODE_COUNT);
  const wanted: u32 = loadWord(WANTED);
  const flags: u32 = loadWord(FLAGS);
  const named: u32 = loadWord(NODE_NAME);
  const gates: u32 = gateColumn(capacity, loadWord(CLASS));
  const verdicts: u32 = wordColumn(capacity, VERDICT);
  const list: u32 = wordColumn(capacity, FEASIBLE_LIST);
  let node: u32 = loadWord(START);
  let feasible: u32 = 0;
  let looked: u32 = 0;
  while (looked < count && feasible < wanted) {
    if (node >= count) node = 0;
    const verdict: u32 = verdictOn(capacity, node, gates, flags, named);
    storeWord(u32(verdicts + node * 4), verdict);
    if (verdict == PASSED) {
      storeWord(u32(list + feasible * 4), node);
      feasible = u32(feasible + 1);
    }
    node = u32(node + 1);
    looked = u32(looked + 1);
  }
  storeWord(LOOKED, looked);
  storeWord(FEASIBLE, feasible);
  clearUnseen(verdicts, count, looked);
  return feasible;
}

/** Nodes that the search did not reach lose the verdict of an earlier pod. */
function clearUnseen(verdicts: u32, count: u32, looked: u32): void {
  let node: u32 = u32(loadWord(START) + looked);
  for (let rest: u32 = looked; rest < count; rest = u32(rest + 1)) {
    if (node >= count) node = u32(node - count);
    storeWord(u32(verdicts + node * 4), UNSEEN);
    node = u32(node + 1);
  }
}
