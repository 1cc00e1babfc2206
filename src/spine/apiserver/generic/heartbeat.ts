/**
 * Which writes are heartbeats: they say "still here" and nothing else. They stay in the background and
 * the past keeps only the last of them.
 */
import { sameValue } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Lease, Node, NodeCondition } from '../../../ground/api/types.ts';

export function isHeartbeat(resource: string, next: KubeObject, old: KubeObject): boolean {
  if (resource === 'leases') return sameLease(next as Lease, old as Lease);
  if (resource === 'nodes') return sameNode(next as Node, old as Node);
  return false;
}

/** Only renewTime differs. */
function sameLease(next: Lease, old: Lease): boolean {
  return (
    next.spec?.holderIdentity === old.spec?.holderIdentity &&
    next.spec?.leaseTransitions === old.spec?.leaseTransitions &&
    next.spec?.acquireTime === old.spec?.acquireTime
  );
}

/** Only the lastHeartbeatTime of conditions differs. */
function sameNode(next: Node, old: Node): boolean {
  if (next.spec !== old.spec && !sameValue(next.spec, old.spec)) return false;
  if (!sameValue(next.metadata, old.metadata)) return false;
  const before = old.status?.conditions ?? [];
  const now = next.status?.conditions ?? [];
  if (before.length !== now.length) return false;
  if (!now.every((condition, index) => sameCondition(condition, before[index]))) return false;
  const a = next.status as Readonly<Record<string, unknown>> | undefined;
  const b = old.status as Readonly<Record<string, unknown>> | undefined;
  const keys = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  keys.delete('conditions');
  return [...keys].every((key) => sameValue(a?.[key], b?.[key]));
}

function sameCondition(a: NodeCondition, b: NodeCondition | undefined): boolean {
  return (
    a.type === b?.type && a.status === b.status && a.reason === b.reason && a.message === b.message
  );
}
