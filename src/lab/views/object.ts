/**
 * One object for the inspector: its YAML as kubectl prints it, its events, its revisions, and the
 * desired / observed / real panel: what spec asks for, what status says, what the machines really do.
 */
import type { KubeObject } from '../../ground/api/object.ts';
import type { Deployment, Event, Node, Pod } from '../../ground/api/types.ts';
import { formatYaml } from '../../ground/lang/yaml/index.ts';
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
    layers: layersOf(lab, object),
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
        (parseRfc3339(event.lastTimestamp ?? event.metadata.creationTimestamp ?? '') ?? epoch) -
        epoch,
      type: event.type ?? '',
      reason: event.reason ?? '',
      message: event.message ?? '',
      from: event.source?.component ?? event.reportingComponent ?? '',
      count: event.count ?? 1,
    }))
    .sort((a, b) => a.time - b.time);
}

function layersOf(lab: Lab, object: KubeObject): readonly LayerRow[] {
  if (object.kind === 'Deployment') {
    const deployment = object as Deployment;
    const owned = realPods(
      lab,
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
    const host = lab.cluster.hosts.get(pod.spec?.nodeName ?? '');
    const real = host === undefined ? 'no node' : host.powered ? 'host is on' : 'host is off';
    return [
      {
        what: 'Ready',
        desired: 'True',
        observed: ready,
        real,
        next:
          ready === 'True' ? '' : host === undefined ? 'kube-scheduler' : `kubelet@${host.name}`,
      },
    ];
  }
  if (object.kind === 'Node') {
    const node = object as Node;
    const ready = node.status?.conditions?.find((one) => one.type === 'Ready')?.status ?? 'Unknown';
    const powered = lab.cluster.hosts.get(object.metadata.name)?.powered ?? false;
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

function matchesTemplate(pod: Pod, deployment: Deployment): boolean {
  const wanted = deployment.spec?.selector.matchLabels ?? {};
  const labels = pod.metadata.labels ?? {};
  return Object.keys(wanted).every(
    (key) => Object.hasOwn(labels, key) && labels[key] === wanted[key],
  );
}

function realPods(lab: Lab, test: (pod: Pod) => boolean): number {
  let count = 0;
  for (const { moment } of lab.recorder.history.list('/registry/pods/', lab.loop.now)) {
    const pod = moment.value as Pod;
    const host = lab.cluster.hosts.get(pod.spec?.nodeName ?? '');
    if (test(pod) && host?.powered === true && pod.status?.phase === 'Running') count += 1;
  }
  return count;
}
