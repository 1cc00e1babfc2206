/** Why a node is not Ready: what its last report said, and whether its host has power. */
import { isConditionTrue } from '../../ground/api/meta.ts';
import type { Node } from '../../ground/api/types.ts';
import type { Lab } from '../lab.ts';
import type { WhyNode } from '../view-types.ts';
import { claim, fieldOf, nameOf } from './evidence.ts';

export function explainNode(lab: Lab, node: Node): WhyNode {
  const name = nameOf(node);
  if (isConditionTrue(node.status?.conditions, 'Ready'))
    return claim('why.node.ready', { node: name }, [
      fieldOf(node, 'status.conditions[Ready] = True'),
    ]);
  const ready = node.status?.conditions?.find((one) => one.type === 'Ready');
  const powered = lab.cluster.hosts.get(node.metadata.name)?.powered ?? false;
  const values = { node: name, status: ready?.status ?? 'unset', message: ready?.message ?? '' };
  const because = [
    claim('why.node.silent', values, [
      fieldOf(node, `status.conditions[Ready] = ${values.status}, ${ready?.reason ?? ''}`),
    ]),
    ...(powered ? [] : [claim('why.node.off', { node: node.metadata.name })]),
  ];
  return claim('why.node.not-ready', { node: name }, [], because);
}
