/** Why a node is not Ready: what its last report said, and whether its host has power. */
import { isConditionTrue } from '../../ground/api/meta.ts';
import type { Lease, Node } from '../../ground/api/types.ts';
import type { WhyNode } from '../view-types.ts';
import { claim, fieldOf, nameOf, type Seen, storedOne } from './evidence.ts';

export function explainNode(seen: Seen, node: Node): WhyNode {
  const name = nameOf(node);
  const powered = seen.lab.faults.hadPower(node.metadata.name, seen.at);
  const off = powered ? [] : [claim('why.node.off', { node: node.metadata.name })];
  if (isConditionTrue(node.status?.conditions, 'Ready')) {
    const evidence = [fieldOf(node, 'status.conditions[Ready] = True')];
    return powered
      ? claim('why.node.ready', { node: name }, evidence)
      : claim('why.node.not-noticed', { node: name }, evidence, [...off, ...leaseOf(seen, node)]);
  }
  const ready = node.status?.conditions?.find((one) => one.type === 'Ready');
  const values = { node: name, status: ready?.status ?? 'unset', message: ready?.message ?? '' };
  const because = [
    claim('why.node.silent', values, [
      fieldOf(node, `status.conditions[Ready] = ${values.status}, ${ready?.reason ?? ''}`),
    ]),
    ...off,
  ];
  return claim('why.node.not-ready', { node: name }, [], because);
}

/** When the node last gave a sign of life. Of a lease only the newest value is kept: none in the past. */
function leaseOf(seen: Seen, node: Node): readonly WhyNode[] {
  const lease = storedOne<Lease>(seen, `/registry/leases/kube-node-lease/${node.metadata.name}`);
  const renewed = lease?.spec?.renewTime;
  if (lease === undefined || renewed === undefined) return [];
  return [claim('why.node.lease', { renewed }, [fieldOf(lease, `spec.renewTime = ${renewed}`)])];
}
