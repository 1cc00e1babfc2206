/**
 * One object for the inspector: its YAML as kubectl prints it, its events, its revisions, and the
 * desired / observed / real panel: what spec asks for, what status says, what the machines really do.
 */
import { countOf, lastSeenOf } from '../../ground/api/kinds/event.ts';
import { annotationOf } from '../../ground/api/meta.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { Deployment, Event, Node, Pod } from '../../ground/api/types.ts';
import { formatYaml } from '../../ground/lang/yaml/index.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { withFields } from '../../ground/api/edit.ts';
import { parseRfc3339 } from '../../ground/base/time.ts';
import type { Lab } from '../lab.ts';
import type { EventRow, LayerRow, ObjectAnswer } from '../view-types.ts';
import { isObject } from './keys.ts';
import type { RowTable } from './rows.ts';

/** The object as it is, or as it was at a time. */
export function objectAnswer(
  lab: Lab,
  rows: RowTable,
  key: string,
  time: number | null,
): ObjectAnswer | null {
  const stored = rows.storageKeyOf(key);
  if (stored === undefined) return null;
  const history = lab.recorder.history;
  const moment = time === null ? history.of(stored).at(-1) : history.at(stored, time);
  const object = moment?.value;
  if (!isObject(object)) return null;
  const shown = withFields(object, {
    metadata: withFields(object.metadata, { managedFields: undefined }),
  });
  return {
    key,
    yaml: formatYaml(shown),
    revision: Number(object.metadata.resourceVersion ?? moment?.revision ?? 0),
    summary: rows.rowOf(object),
    events: eventsOf(lab, object, time),
    revisions: history.of(stored).map((one) => ({
      revision: one.revision,
      time: one.time,
      by: lab.recorder.find(one.cause)?.note ?? '',
    })),
    layers: layersOf(lab, object, time ?? lab.loop.now),
  };
}

function eventsOf(lab: Lab, object: KubeObject, time: number | null): readonly EventRow[] {
  const epoch = lab.base.epoch ?? lab.profile.costs.epoch;
  const at = time ?? lab.loop.now;
  return lab.recorder.history
    .list('/registry/events/', at)
    .map((entry) => entry.moment.value as Event)
    .filter(
      (event) =>
        event.involvedObject?.uid === object.metadata.uid ||
        (object.kind === 'Node' &&
          event.involvedObject?.kind === 'Node' &&
          event.involvedObject.name === object.metadata.name),
    )
    .map((event) => ({
      time:
        (parseRfc3339(lastSeenOf(event) || (event.metadata.creationTimestamp ?? '')) ?? epoch) -
        epoch,
      type: event.type ?? '',
      reason: event.reason ?? '',
      message: event.message ?? '',
      from: event.source?.component || event.reportingComponent || '',
      count: countOf(event),
    }))
    .sort((a, b) => a.time - b.time);
}

function layersOf(lab: Lab, object: KubeObject, at: Micros): readonly LayerRow[] {
  if (object.kind === 'Deployment') {
    const deployment = object as Deployment;
    const owned = realPods(
      lab,
      at,
      (pod) =>
        pod.metadata.namespace === object.metadata.namespace && matchesTemplate(pod, deployment),
    );
    const wanted = deployment.spec?.replicas ?? 1;
    const ready = deployment.status?.readyReplicas ?? 0;
    const next = wanted === ready ? '' : 'deployment-controller';
    return [
      {
        what: 'Ready',
        desired: String(wanted),
        observed: String(ready),
        real: `${owned} running`,
        next,
      },
    ];
  }
  if (object.kind === 'Pod') {
    const pod = object as Pod;
    const ready = pod.status?.conditions?.find((one) => one.type === 'Ready')?.status ?? 'Unknown';
    const node = pod.spec?.nodeName ?? '';
    return [
      {
        what: 'Ready',
        desired: 'True',
        observed: ready,
        real: realPod(lab, pod, at),
        next: ready === 'True' ? '' : node === '' ? 'kube-scheduler' : `kubelet@${node}`,
      },
    ];
  }
  if (object.kind === 'Node') {
    const node = object as Node;
    const ready = node.status?.conditions?.find((one) => one.type === 'Ready')?.status ?? 'Unknown';
    const powered = lab.faults.hadPower(object.metadata.name, at);
    return [
      {
        what: 'Ready',
        desired: 'True',
        observed: ready,
        real: powered ? 'powered on' : 'powered off',
        next: ready === 'True' ? '' : powered ? `kubelet@${object.metadata.name}` : 'nobody',
      },
    ];
  }
  return [];
}

/** What the machines have of a pod: its processes. Of the past only the host's power is known. */
function realPod(lab: Lab, pod: Pod, at: Micros): string {
  const node = pod.spec?.nodeName ?? '';
  if (node === '') return 'no node';
  if (!lab.faults.hadPower(node, at)) return 'host is off';
  const host = lab.cluster.hosts.get(node);
  if (at < lab.loop.now || host === undefined) return 'host is on';
  // A static pod's cgroup has the name of its manifest's hash.
  const uid = annotationOf(pod, 'kubernetes.io/config.hash') ?? pod.metadata.uid ?? '';
  const group = uid.replaceAll('-', '_');
  let count = 0;
  for (const process of host.system.pids.processes.values())
    if (process.alive && process.cgroup.path.includes(group)) count += 1;
  return count === 1 ? '1 process' : `${count} processes`;
}

function matchesTemplate(pod: Pod, deployment: Deployment): boolean {
  const wanted = deployment.spec?.selector.matchLabels ?? {};
  const labels = pod.metadata.labels ?? {};
  return Object.keys(wanted).every(
    (key) => Object.hasOwn(labels, key) && labels[key] === wanted[key],
  );
}

function realPods(lab: Lab, at: Micros, test: (pod: Pod) => boolean): number {
  let count = 0;
  for (const { moment } of lab.recorder.history.list('/registry/pods/', at)) {
    const pod = moment.value as Pod;
    const node = pod.spec?.nodeName ?? '';
    if (test(pod) && pod.status?.phase === 'Running' && lab.faults.hadPower(node, at)) count += 1;
  }
  return count;
}
