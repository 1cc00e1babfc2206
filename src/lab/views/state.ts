/**
 * The state word of an object: which of the nine glyphs of the design stands beside kubectl's own
 * word. Read from status alone, as a person would.
 */
import { isConditionTrue } from '../../ground/api/meta.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { Deployment, Namespace, Node, Pod, ReplicaSet } from '../../ground/api/types.ts';
import type { StateWord } from '../view-types.ts';

const FAILING =
  /^(Init:)?(CrashLoopBackOff|Error|ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainer\w*Error|RunContainerError|StartError|OOMKilled|ErrImageNeverPull|OutOf\w+|Evicted|NodeAffinity|UnexpectedAdmissionError|ExitCode:\d+|Signal:\d+)/;
const STARTING = /^(ContainerCreating|PodInitializing|Init:.*)$/;

function podState(pod: Pod, status: string): StateWord {
  if (pod.metadata.deletionTimestamp !== undefined) return 'terminating';
  if (status === 'Unknown') return 'stale';
  if (status === 'Completed' || pod.status?.phase === 'Succeeded') return 'done';
  if (FAILING.test(status) || pod.status?.phase === 'Failed') return 'fail';
  if ((pod.spec?.nodeName ?? '') === '') return 'pending';
  if (STARTING.test(status) || status === 'Pending') return 'progress';
  if (isConditionTrue(pod.status?.conditions, 'Ready')) return 'ok';
  const restarted = pod.status?.containerStatuses?.some((one) => one.restartCount > 0) === true;
  return restarted ? 'warn' : 'progress';
}

function nodeState(node: Node, powered: boolean): StateWord {
  if (isConditionTrue(node.status?.conditions, 'Ready'))
    return node.spec?.unschedulable === true ? 'warn' : 'ok';
  if (!powered) return 'off';
  const ready = node.status?.conditions?.find((one) => one.type === 'Ready');
  return ready?.status === 'Unknown' ? 'stale' : 'fail';
}

function replicasState(wanted: number, ready: number): StateWord {
  if (ready >= wanted) return 'ok';
  return ready === 0 && wanted > 0 ? 'warn' : 'progress';
}

/** The state of any object; `status` is kubectl's word for it, `powered` whether its host has power. */
export function stateOf(object: KubeObject, status: string, powered: boolean): StateWord {
  switch (object.kind) {
    case 'Pod':
      return podState(object as Pod, status);
    case 'Node':
      return nodeState(object as Node, powered);
    case 'Deployment': {
      const deployment = object as Deployment;
      return replicasState(
        deployment.spec?.replicas ?? 1,
        deployment.status?.availableReplicas ?? 0,
      );
    }
    case 'ReplicaSet': {
      const set = object as ReplicaSet;
      return replicasState(set.spec?.replicas ?? 1, set.status?.readyReplicas ?? 0);
    }
    case 'Namespace':
      return (object as Namespace).status?.phase === 'Terminating' ? 'terminating' : 'ok';
    default:
      return object.metadata.deletionTimestamp === undefined ? 'ok' : 'terminating';
  }
}
