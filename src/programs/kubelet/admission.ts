/**
 * What a node checks before it takes a pod: room, and the selectors that the scheduler should have
 * respected (k8s.io/kubernetes/pkg/kubelet/lifecycle/predicate.go, v1.34).
 */
import { entryOf } from '../../ground/api/meta.ts';
import { milliValue, wholeValue } from '../../ground/api/quantity.ts';
import { matchesMap } from '../../ground/api/selector.ts';
import type {
  Container,
  ContainerPort,
  Node,
  NodeSelectorRequirement,
  Pod,
  Taint,
} from '../../ground/api/types.ts';

export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

interface Room {
  readonly cpu: number;
  readonly memory: number;
}

const NOTHING: Room = Object.freeze({ cpu: 0, memory: 0 });

function asks(container: Container): boolean {
  return container.resources?.requests !== undefined;
}

/**
 * Requests of a pod: the sum of its containers and of those init containers that stay, or what starting
 * takes if that is more: an init container needs its room on top of those that stay before it.
 */
function requestsOf(pod: Pod): Room {
  const { containers, initContainers } = pod.spec ?? {};
  if (containers?.some(asks) !== true && initContainers?.some(asks) !== true) return NOTHING;
  const sum = { cpu: 0, memory: 0 };
  const staying = { cpu: 0, memory: 0 };
  const starting = { cpu: 0, memory: 0 };
  for (const container of containers ?? []) add(sum, container);
  for (const container of initContainers ?? []) {
    const now = container.restartPolicy === 'Always' ? staying : { ...staying };
    add(now, container);
    starting.cpu = Math.max(starting.cpu, now.cpu);
    starting.memory = Math.max(starting.memory, now.memory);
  }
  return {
    cpu: Math.max(sum.cpu + staying.cpu, starting.cpu),
    memory: Math.max(sum.memory + staying.memory, starting.memory),
  };
}

function add(room: { cpu: number; memory: number }, container: Container): void {
  room.cpu += milliValue(entryOf(container.resources?.requests, 'cpu'));
  room.memory += wholeValue(entryOf(container.resources?.requests, 'memory'));
}

/** Whether selector and required affinity of a pod choose this node (component-helpers nodeaffinity). */
function suits(pod: Pod, node: Node): boolean {
  const selector = pod.spec?.nodeSelector;
  if (selector !== undefined && !matchesMap(selector, node.metadata.labels)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 &&
      matchExpressions.every((one) => holds(one, entryOf(node.metadata.labels, one.key))) &&
      matchFields.every((one) => one.key === 'metadata.name' && holds(one, node.metadata.name)),
  );
}

function holds(
  { operator, values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  const whole = /^[+-]?\d+$/;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default: {
      const [bound = ''] = values;
      if (value === undefined || !whole.test(value) || !whole.test(bound)) return false;
      return operator === 'Gt' ? Number(value) > Number(bound) : Number(value) < Number(bound);
    }
  }
}

/** Undefined: the pod may run here. `others` are the active pods already admitted. */
export function admit(
  pod: Pod,
  node: Node | undefined,
  others: readonly Pod[],
  allocatable: { readonly cpuMilli: number; readonly memory: number },
  maxPods: number,
): Refusal | undefined {
  let count = 0;
  let cpu = 0;
  let memory = 0;
  const wanted = requestsOf(pod);
  // Who asks for nothing is not kept out by what others have.
  const summed = wanted.cpu > 0 || wanted.memory > 0;
  for (const other of others) {
    if (other === pod) continue;
    count += 1;
    if (!summed) continue;
    const used = requestsOf(other);
    cpu += used.cpu;
    memory += used.memory;
  }
  const insufficient = (
    reason: string,
    name: string,
    requested: number,
    used: number,
    capacity: number,
  ): Refusal => ({
    reason,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  });
  if (count + 1 > maxPods) return insufficient('OutOfpods', 'pods', 1, count, maxPods);
  if (wanted.cpu > 0 && cpu + wanted.cpu > allocatable.cpuMilli)
    return insufficient('OutOfcpu', 'cpu', wanted.cpu, cpu, allocatable.cpuMilli);
  if (wanted.memory > 0 && memory + wanted.memory > allocatable.memory)
    return insufficient('OutOfmemory', 'memory', wanted.memory, memory, allocatable.memory);
  const predicate = (reason: string, why: string): Refusal => ({
    reason,
    message: `Predicate ${reason} failed: node(s) ${why}`,
  });
  if (node !== undefined && !suits(pod, node))
    return predicate('NodeAffinity', "didn't match Pod's node affinity/selector");
  const own = hostPorts(pod);
  const taken = (other: Pod): boolean =>
    other !== pod && hostPorts(other).some((port) => own.some((each) => clash(each, port)));
  if (own.length > 0 && others.some(taken))
    return predicate('NodePorts', "didn't have free ports for the requested pod ports");
  if (node?.spec?.taints?.some((taint) => taint.effect === 'NoExecute' && !bears(pod, taint)))
    return predicate('TaintToleration', "had taints that the pod didn't tolerate");
  return undefined;
}

/** The ports of the host that a pod takes. */
function hostPorts(pod: Pod): ContainerPort[] {
  return (pod.spec?.containers ?? [])
    .flatMap((container) => container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0);
}

/** Two claims of one port: on one address, or on all of them. */
function clash(a: ContainerPort, b: ContainerPort): boolean {
  if (a.hostPort !== b.hostPort || (a.protocol ?? 'TCP') !== (b.protocol ?? 'TCP')) return false;
  const [one, two] = [a.hostIP ?? '', b.hostIP ?? ''];
  return one === two || isAny(one) || isAny(two);
}

function isAny(address: string): boolean {
  return address === '' || address === '0.0.0.0';
}

function bears(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some(
    ({ key = '', operator = 'Equal', value = '', effect = '' }) =>
      (effect === '' || effect === taint.effect) &&
      (key === '' ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );
}
