/** Why a pod is as it is: not scheduled, waiting, crashing, not ready, on a node that is silent. */
import { isConditionTrue } from '../../ground/api/meta.ts';
import type { ContainerStatus, Node, Pod } from '../../ground/api/types.ts';
import type { WhyNode } from '../view-types.ts';
import {
  claim,
  fieldOf,
  lastAttempt,
  lastEvent,
  nameOf,
  type Seen,
  stored,
  storedOne,
} from './evidence.ts';
import { explainNode } from './node.ts';

export function explainPod(seen: Seen, pod: Pod): WhyNode {
  const name = nameOf(pod);
  const phase = pod.status?.phase ?? 'Pending';
  if (pod.metadata.deletionTimestamp !== undefined) {
    const evidence = [
      fieldOf(pod, `metadata.deletionTimestamp = ${pod.metadata.deletionTimestamp}`),
    ];
    return claim(
      'why.pod.terminating',
      { pod: name, since: pod.metadata.deletionTimestamp },
      evidence,
      nodeReasons(seen, pod),
    );
  }
  if (phase === 'Succeeded' || phase === 'Failed')
    return claim('why.pod.finished', { pod: name, phase }, [
      fieldOf(pod, `status.phase = ${phase}`),
    ]);
  if ((pod.spec?.nodeName ?? '') === '')
    return claim(
      'why.pod.pending',
      { pod: name },
      [fieldOf(pod, 'spec.nodeName is empty')],
      [schedulingReason(seen, pod)],
    );
  if (isConditionTrue(pod.status?.conditions, 'Ready'))
    return claim('why.pod.ready', { pod: name }, [fieldOf(pod, 'status.conditions[Ready] = True')]);
  const ready = pod.status?.conditions?.find((one) => one.type === 'Ready');
  const because = [...nodeReasons(seen, pod), ...containerReasons(seen, pod)];
  return claim(
    'why.pod.not-ready',
    { pod: name },
    [
      fieldOf(
        pod,
        `status.conditions[Ready] = ${ready?.status ?? 'unset'}, ${ready?.reason ?? ''}`,
      ),
    ],
    because,
  );
}

function schedulingReason(seen: Seen, pod: Pod): WhyNode {
  const attempt = lastAttempt(seen, pod);
  if (attempt === undefined) {
    const scheduled = stored<Pod>(seen, '/registry/pods/kube-system/').some((one) =>
      one.metadata.name.startsWith('kube-scheduler-'),
    );
    return claim(scheduled ? 'why.not-tried' : 'why.no-scheduler', {});
  }
  const evidence = [
    {
      text: `attempt ${attempt.attempt}`,
      kind: 'scheduling' as const,
      target: `Pod/${pod.metadata.namespace}/${pod.metadata.name}`,
      time: attempt.time,
    },
  ];
  return claim(
    'why.no-node-fits',
    { attempt: String(attempt.attempt), message: attempt.message },
    evidence,
  );
}

function nodeReasons(seen: Seen, pod: Pod): readonly WhyNode[] {
  const node = storedOne<Node>(seen, `/registry/minions/${pod.spec?.nodeName ?? ''}`);
  if (node === undefined || isConditionTrue(node.status?.conditions, 'Ready')) return [];
  return [explainNode(seen, node)];
}

function containerReasons(seen: Seen, pod: Pod): readonly WhyNode[] {
  const reasons: WhyNode[] = [];
  for (const status of pod.status?.initContainerStatuses ?? []) {
    if (status.state?.terminated?.exitCode === 0) continue;
    reasons.push(
      claim('why.init.waiting', { container: status.name }, [], stateReasons(seen, pod, status)),
    );
    return reasons;
  }
  for (const status of pod.status?.containerStatuses ?? [])
    if (!status.ready) reasons.push(...stateReasons(seen, pod, status));
  return reasons;
}

function stateReasons(seen: Seen, pod: Pod, status: ContainerStatus): readonly WhyNode[] {
  const container = status.name;
  const waiting = status.state?.waiting;
  const last = status.lastState?.terminated ?? status.state?.terminated;
  const ended =
    last === undefined
      ? []
      : [
          claim(
            'why.container.terminated',
            { container, code: String(last.exitCode), reason: last.reason ?? '' },
            [fieldOf(pod, `containerStatuses[${container}].lastState`)],
          ),
        ];
  if (waiting !== undefined) {
    const event = lastEvent(seen, pod, /Fail|BackOff|Err|Unhealthy/);
    const told =
      event === undefined
        ? []
        : [claim('why.event', { reason: event.reason ?? '', message: event.message ?? '' })];
    const values = { container, reason: waiting.reason ?? '', message: waiting.message ?? '' };
    return [
      claim(
        'why.container.waiting',
        values,
        [fieldOf(pod, `containerStatuses[${container}].state.waiting`)],
        [...ended, ...told],
      ),
    ];
  }
  if (status.state?.running === undefined) return ended;
  const event = lastEvent(seen, pod, /Unhealthy/);
  const told =
    event === undefined
      ? []
      : [claim('why.event', { reason: event.reason ?? '', message: event.message ?? '' })];
  return [
    claim(
      'why.container.unready',
      { container },
      [fieldOf(pod, `containerStatuses[${container}].ready = false`)],
      told,
    ),
  ];
}
