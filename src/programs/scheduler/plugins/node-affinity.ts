/**
 * NodeAffinity: nodeSelector, required node affinity, and the weights of preferred terms
 * (pkg/scheduler/framework/plugins/nodeaffinity, v1.34; component-helpers/scheduling/corev1/nodeaffinity).
 * Terms are ORed, the expressions of a term ANDed; an empty term matches nothing.
 */
import { entryOf } from '../../../ground/api/meta.ts';
import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
} from '../../../ground/api/types.ts';

const INTEGER = /^[+-]?\d{1,18}$/;

function requirementHolds(
  requirement: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const bound = values[0];
      if (value === undefined || bound === undefined) return false;
      if (!INTEGER.test(value) || !INTEGER.test(bound)) return false;
      return requirement.operator === 'Gt'
        ? Number(value) > Number(bound)
        : Number(value) < Number(bound);
    }
    default:
      return false;
  }
}

function termHolds(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const labels = node.metadata.labels;
  return (
    expressions.every((one) => requirementHolds(one, entryOf(labels, one.key))) &&
    fields.every((one) => one.key === 'metadata.name' && requirementHolds(one, node.metadata.name))
  );
}

/** True when nodeSelector and the required terms let the pod run on the node. */
export function affinityAdmits(spec: PodSpec, node: Node): boolean {
  const selector = spec.nodeSelector;
  if (selector !== undefined) {
    for (const key of Object.keys(selector)) {
      if (entryOf(node.metadata.labels, key) !== selector[key]) return false;
    }
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => termHolds(term, node));
}

/** Raw score: the sum of the weights of preferred terms that hold. */
export function preferredWeight(spec: PodSpec, node: Node): number {
  let sum = 0;
  for (const term of spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ??
    []) {
    if (term.weight !== 0 && termHolds(term.preference, node)) sum += term.weight;
  }
  return sum;
}

export function hasPreferredTerms(spec: PodSpec): boolean {
  return (
    (spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0
  );
}

export const AFFINITY_REASON = "node(s) didn't match Pod's node affinity/selector";
