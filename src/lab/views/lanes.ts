/** Marks of the time bar's lanes. */
import { isBackground } from '../../ground/base/event-loop.ts';
import type { TraceRecord } from '../../ground/trace/record.ts';
import type { LaneMark } from '../view-types.ts';

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'bind']);

/** The mark of a record, or undefined when it has no lane (heartbeats, packets). */
export function markOf(record: TraceRecord): LaneMark | undefined {
  if (isBackground(record.id)) return undefined;
  const lane = laneOf(record);
  if (lane === undefined) return undefined;
  const warning = record.verb === 'reject' || /^(BackOff|Failed)/.test(record.note);
  return {
    time: record.time,
    lane,
    id: record.id,
    text: `${record.verb} ${record.object}`,
    warning,
  };
}

function laneOf(record: TraceRecord): LaneMark['lane'] | undefined {
  if (record.component === 'learner') return 'you';
  if (record.verb === 'fault') return 'faults';
  if (record.component.startsWith('kube-scheduler')) return 'scheduler';
  if (record.component.startsWith('kubelet')) return 'kubelets';
  if (record.component.startsWith('kube-proxy')) return 'proxy';
  if (!record.component.startsWith('kube-apiserver') || !WRITES.has(record.verb)) return undefined;
  return record.object.startsWith('Event/') ? 'events' : 'writes';
}
