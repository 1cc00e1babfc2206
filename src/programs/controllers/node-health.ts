/**
 * Judging nodes by what they last said (k8s.io/kubernetes/pkg/controller/nodelifecycle, v1.34), without
 * I/O: status posts and lease renewals go in with the controller's own monotonic time; out come the
 * conditions that must be written, and the state of zones.
 */
import { conditionOf } from '../../ground/api/meta.ts';
import type { Lease, Node, NodeCondition, Taint } from '../../ground/api/types.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { formatRfc3339, type WallTime } from '../../ground/base/time.ts';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
const EXCLUDED = 'node.kubernetes.io/exclude-disruption';

/** Conditions that a silent kubelet can no longer vouch for. */
const VOUCHED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** What the controller remembers of one node. */
export interface Health {
  /** When it last heard of the node, by status or lease. */
  probed: Micros;
  heartbeat: string;
  transition: string;
  renewed: string;
}

/** Notes what the node and its lease say; a change of either counts as a sign of life. */
export function observe(
  health: Health | undefined,
  node: Node,
  lease: Lease | undefined,
  now: Micros,
): Health {
  const ready = conditionOf(node.status?.conditions, 'Ready');
  const heartbeat = ready?.lastHeartbeatTime ?? '';
  const transition = ready === undefined ? '' : ready.status;
  const renewed = lease?.spec?.renewTime ?? '';
  if (health === undefined) return { probed: now, heartbeat, transition, renewed };
  if (health.heartbeat !== heartbeat) {
    health.heartbeat = heartbeat;
    health.probed = now;
  }
  health.transition = transition;
  if (renewed > health.renewed) {
    health.renewed = renewed;
    health.probed = now;
  }
  return health;
}

/**
 * The conditions of a node that has been silent for too long, or undefined when nothing must change.
 * NetworkUnavailable is not the kubelet's and is left alone.
 */
export function silentConditions(node: Node, wall: WallTime): readonly NodeCondition[] | undefined {
  const time = formatRfc3339(wall);
  let conditions = node.status?.conditions ?? [];
  let changed = false;
  for (const type of VOUCHED) {
    const old = conditionOf(conditions, type);
    if (old === undefined) {
      changed = true;
      conditions = [
        ...conditions,
        {
          type,
          status: 'Unknown',
          ...(node.metadata.creationTimestamp === undefined
            ? {}
            : { lastHeartbeatTime: node.metadata.creationTimestamp }),
          lastTransitionTime: time,
          reason: 'NodeStatusNeverUpdated',
          message: 'Kubelet never posted node status.',
        },
      ];
    } else if (old.status !== 'Unknown') {
      changed = true;
      const unknown: NodeCondition = {
        ...old,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: time,
      };
      conditions = conditions.map((each) => (each === old ? unknown : each));
    }
  }
  return changed ? conditions : undefined;
}

/** The NoSchedule taints that a node's conditions and its unschedulable field ask for. */
export function wantedTaints(node: Node): readonly Pick<Taint, 'key' | 'effect'>[] {
  const taints: Pick<Taint, 'key' | 'effect'>[] = [];
  const add = (key: string): void => {
    taints.push({ key, effect: 'NoSchedule' });
  };
  for (const { type, status } of node.status?.conditions ?? []) {
    if (type === 'Ready' && status === 'False') add(NOT_READY);
    if (type === 'Ready' && status === 'Unknown') add(UNREACHABLE);
    const key = status === 'True' ? PRESSURE_TAINTS.get(type) : undefined;
    if (key !== undefined) add(key);
  }
  if (node.spec?.unschedulable === true) add('node.kubernetes.io/unschedulable');
  return taints;
}

const PRESSURE_TAINTS: ReadonlyMap<string, string> = new Map([
  ['MemoryPressure', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'node.kubernetes.io/pid-pressure'],
]);

/** The keys of NoSchedule taints that belong to this controller. */
export const CONDITION_TAINTS: ReadonlySet<string> = new Set([
  NOT_READY,
  UNREACHABLE,
  'node.kubernetes.io/unschedulable',
  ...PRESSURE_TAINTS.values(),
]);

export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

/** The state of a zone by how many of its nodes are ready. Excluded nodes do not count. */
export function zoneState(nodes: readonly Node[], unhealthyThreshold: number): ZoneState {
  let ready = 0;
  let notReady = 0;
  for (const node of nodes) {
    if (node.metadata.labels !== undefined && Object.hasOwn(node.metadata.labels, EXCLUDED)) {
      continue;
    }
    if (conditionOf(node.status?.conditions, 'Ready')?.status === 'True') ready += 1;
    else notReady += 1;
  }
  if (ready === 0 && notReady > 0) return 'FullDisruption';
  const share = notReady / Math.max(1, ready + notReady);
  return notReady > 2 && share >= unhealthyThreshold ? 'PartialDisruption' : 'Normal';
}

/** `region::zone`, as upstream names a zone; empty without labels. */
export function zoneOf(node: Node): string {
  const label = (key: string): string =>
    node.metadata.labels !== undefined && Object.hasOwn(node.metadata.labels, key)
      ? (node.metadata.labels[key] as string)
      : '';
  const region = label('topology.kubernetes.io/region');
  const zone = label('topology.kubernetes.io/zone');
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`;
}
