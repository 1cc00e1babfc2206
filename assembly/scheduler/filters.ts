/**
 * Filters of one pod over the nodes, in the order of the framework: NodeUnschedulable, NodeName,
 * TaintToleration, NodeAffinity, NodePorts, NodeResourcesFit (pkg/scheduler/framework/plugins, v1.34).
 * Each is a bit, and the lowest bit that is against a node is the filter that the framework would have
 * stopped at. What depends on the class alone stands in its gates; Fit for cpu, memory and the number
 * of pods is asked two nodes a step in the scan.
 */
import { loadDouble, loadWord, storeWord } from '../shared/memory';
import {
  ALLOCATABLE_CPU,
  ALLOCATABLE_MEMORY,
  BY_FIT,
  BY_NODE_NAME,
  CLASS,
  doubleColumn,
  EXTRA,
  EXTRA_RESOURCES,
  FLAG_PORTS,
  FLAGS,
  gateColumn,
  GATES_NOW,
  NODE_COUNT,
  NODE_NAME,
  NONE,
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
  VERDICT,
  wordColumn,
} from './layout';

/** Does the pod ask for a resource beside cpu and memory? */
function wantsExtras(): bool {
  for (let extra: u32 = 0; extra < EXTRA_RESOURCES; extra = u32(extra + 1)) {
    if (loadDouble(u32(POD_EXTRA + extra * 8)) > 0) return true;
  }
  return false;
}

/** Is a request of this size, at this address, more than a node has left? A request of 0 never is. */
function isShort(capacity: u32, node: u32, request: u32, allocatable: u32, requested: u32): bool {
  const at: u32 = u32(node * 8);
  const wanted: f64 = loadDouble(request);
  const has: f64 = loadDouble(u32(doubleColumn(capacity, allocatable) + at));
  return wanted > 0 && wanted > has - loadDouble(u32(doubleColumn(capacity, requested) + at));
}

/** Further resources of which a node has too little. */
function extraReasons(capacity: u32, node: u32): u32 {
  let reasons: u32 = 0;
  for (let extra: u32 = 0; extra < EXTRA_RESOURCES; extra = u32(extra + 1)) {
    const pair: u32 = u32(EXTRA + extra * 2);
    if (isShort(capacity, node, u32(POD_EXTRA + extra * 8), pair, u32(pair + 1)))
      reasons = u32(reasons | u32(REASON_EXTRA << extra));
  }
  return reasons;
}

/**
 * The column of gates for the pod in hand: that of its class, or, where the pod has host ports, names a
 * node or asks for further resources, one that is made of it.
 */
export function gatesOfPod(capacity: u32): u32 {
  const gates: u32 = gateColumn(capacity, loadWord(CLASS));
  const ports: bool = u32(loadWord(FLAGS) & FLAG_PORTS) != 0;
  const named: u32 = loadWord(NODE_NAME);
  const extras: bool = wantsExtras();
  if (!ports && named == NONE && !extras) return gates;
  const conflicts: u32 = wordColumn(capacity, PORT_CONFLICTS);
  const own: u32 = wordColumn(capacity, GATES_NOW);
  const count: u32 = loadWord(NODE_COUNT);
  for (let node: u32 = 0; node < count; node = u32(node + 1)) {
    let gate: u32 = loadWord(u32(gates + node * 4));
    if (ports) gate = u32(gate | loadWord(u32(conflicts + node * 4)));
    if (named != NONE && named != node) gate = u32(gate | BY_NODE_NAME);
    if (extras && extraReasons(capacity, node) != 0) gate = u32(gate | BY_FIT);
    storeWord(u32(own + node * 4), gate);
  }
  return own;
}

/** Collects all reasons of Fit for the nodes that it has refused: pod count and every short resource. */
export function explainFit(capacity: u32): void {
  const verdicts: u32 = wordColumn(capacity, VERDICT);
  const target: u32 = wordColumn(capacity, REASONS);
  const pods: u32 = doubleColumn(capacity, PODS);
  const allowed: u32 = doubleColumn(capacity, PODS_ALLOWED);
  const count: u32 = loadWord(NODE_COUNT);
  for (let node: u32 = 0; node < count; node = u32(node + 1)) {
    if (loadWord(u32(verdicts + node * 4)) != BY_FIT) continue;
    let reasons: u32 = extraReasons(capacity, node);
    if (loadDouble(u32(pods + node * 8)) + 1 > loadDouble(u32(allowed + node * 8)))
      reasons = u32(reasons | REASON_PODS);
    if (isShort(capacity, node, POD_CPU, ALLOCATABLE_CPU, REQUESTED_CPU))
      reasons = u32(reasons | REASON_CPU);
    if (isShort(capacity, node, POD_MEMORY, ALLOCATABLE_MEMORY, REQUESTED_MEMORY))
      reasons = u32(reasons | REASON_MEMORY);
    storeWord(u32(target + node * 4), reasons);
  }
}
