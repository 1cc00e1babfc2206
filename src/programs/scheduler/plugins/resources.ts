/**
 * What a pod requests (k8s.io/component-helpers/resource PodRequests, v1.34): the sum over its
 * containers, or the largest init container where that is more, plus overhead. The "non-zero" request
 * counts 100 m of cpu and 200 MiB for a container that asks for nothing, and serves the scores of
 * NodeResourcesFit (pkg/scheduler/util/pod_resources.go).
 */
import { milliValue, wholeValue } from '../../../ground/api/quantity.ts';
import type { Container, Pod } from '../../../ground/api/types.ts';

export interface PodRequest {
  /** Milli. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly cpuNonzero: number;
  readonly memoryNonzero: number;
  /** Everything else by name: ephemeral-storage in bytes, extended resources in units. */
  readonly others: ReadonlyMap<string, number>;
}

const DEFAULT_CPU_MILLI = 100;
const DEFAULT_MEMORY = 200 * 1024 * 1024;

interface Sum {
  cpu: number;
  memory: number;
  cpuNonzero: number;
  memoryNonzero: number;
  readonly others: Map<string, number>;
}

function emptySum(): Sum {
  return { cpu: 0, memory: 0, cpuNonzero: 0, memoryNonzero: 0, others: new Map() };
}

function addContainer(sum: Sum, container: Container): void {
  const requests = container.resources?.requests;
  const entries = requests === undefined ? [] : Object.entries(requests);
  let cpu: number | undefined;
  let memory: number | undefined;
  for (const [name, text] of entries) {
    if (name === 'cpu') cpu = milliValue(text);
    else if (name === 'memory') memory = wholeValue(text);
    else sum.others.set(name, (sum.others.get(name) ?? 0) + wholeValue(text));
  }
  sum.cpu += cpu ?? 0;
  sum.memory += memory ?? 0;
  sum.cpuNonzero += cpu ?? DEFAULT_CPU_MILLI;
  sum.memoryNonzero += memory ?? DEFAULT_MEMORY;
}

/** The larger of both, resource by resource. */
function raise(sum: Sum, other: Sum): void {
  sum.cpu = Math.max(sum.cpu, other.cpu);
  sum.memory = Math.max(sum.memory, other.memory);
  sum.cpuNonzero = Math.max(sum.cpuNonzero, other.cpuNonzero);
  sum.memoryNonzero = Math.max(sum.memoryNonzero, other.memoryNonzero);
  for (const [name, value] of other.others) {
    sum.others.set(name, Math.max(sum.others.get(name) ?? 0, value));
  }
}

function plus(a: Sum, b: Sum): Sum {
  const others = new Map(a.others);
  for (const [name, value] of b.others) others.set(name, (others.get(name) ?? 0) + value);
  return {
    cpu: a.cpu + b.cpu,
    memory: a.memory + b.memory,
    cpuNonzero: a.cpuNonzero + b.cpuNonzero,
    memoryNonzero: a.memoryNonzero + b.memoryNonzero,
    others,
  };
}

/** With init containers: restartable ones stay; the others only need room while they run, on top of those. */
function withFirst(sum: Sum, initContainers: readonly Container[]): Sum {
  let stay = emptySum();
  const start = emptySum();
  for (const container of initContainers) {
    const one = emptySum();
    addContainer(one, container);
    if (container.restartPolicy === 'Always') {
      stay = plus(stay, one);
      raise(start, stay);
    } else raise(start, plus(one, stay));
  }
  const total = plus(sum, stay);
  raise(total, start);
  return total;
}

/** What the pod requests of a node. */
export function podRequest(pod: Pod): PodRequest {
  const sum = emptySum();
  for (const container of pod.spec?.containers ?? []) addContainer(sum, container);
  const first = pod.spec?.initContainers ?? [];
  const total = first.length === 0 ? sum : withFirst(sum, first);
  for (const [name, text] of Object.entries(pod.spec?.overhead ?? {})) {
    if (name === 'cpu') {
      total.cpu += milliValue(text);
      total.cpuNonzero += milliValue(text);
    } else if (name === 'memory') {
      total.memory += wholeValue(text);
      total.memoryNonzero += wholeValue(text);
    } else total.others.set(name, (total.others.get(name) ?? 0) + wholeValue(text));
  }
  return total;
}

/** True when nothing is requested at all: BalancedAllocation then skips the pod. */
export function requestsNothing(request: PodRequest): boolean {
  if (request.cpu > 0 || request.memory > 0) return false;
  for (const value of request.others.values()) if (value > 0) return false;
  return true;
}
