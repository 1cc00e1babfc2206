/** `describe pod` (describe.go describePod, v0.34). */
import { controllerOf } from '../../../../ground/api/meta.ts';
import { formatLabelSelector } from '../../../../ground/api/selector.ts';
import type { Pod, TopologySpreadConstraint } from '../../../../ground/api/types.ts';
import { compareText } from '../../../../ground/base/text.ts';
import { describeContainers, describeTolerations, describeVolumes } from './pod-spec.ts';
import type { DescribeWriter } from './writer.ts';

export function describePod(writer: DescribeWriter, pod: Pod): void {
  const { metadata, spec, status } = pod;
  const optional = (label: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') writer.field(0, label, value);
  };
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  if (spec?.priority !== undefined) writer.field(0, 'Priority', spec.priority);
  optional('Priority Class Name', spec?.priorityClassName);
  optional('Runtime Class Name', spec?.runtimeClassName);
  optional('Service Account', spec?.serviceAccountName);
  const node = spec?.nodeName ?? '';
  writer.field(0, 'Node', node === '' ? '<none>' : `${node}/${status?.hostIP ?? ''}`);
  if (status?.startTime !== undefined) writer.field(0, 'Start Time', writer.date(status.startTime));
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  const phase = status?.phase ?? '';
  if (metadata.deletionTimestamp !== undefined && phase !== 'Failed' && phase !== 'Succeeded') {
    writer.field(0, 'Status', `Terminating (lasts ${writer.age(metadata.deletionTimestamp)})`);
    writer.field(0, 'Termination Grace Period', `${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else writer.field(0, 'Status', phase);
  optional('Reason', status?.reason);
  optional('Message', status?.message);
  optional('SeccompProfile', spec?.securityContext?.seccompProfile?.type);
  writer.field(0, 'IP', status?.podIP ?? '');
  const ips = status?.podIPs ?? [];
  writer.write(0, ips.length === 0 ? 'IPs:\t<none>\n' : 'IPs:\n');
  for (const { ip } of ips) writer.field(1, 'IP', ip);
  const owner = controllerOf(pod);
  if (owner !== undefined) writer.field(0, 'Controlled By', `${owner.kind}/${owner.name}`);
  optional('NominatedNodeName', status?.nominatedNodeName);
  if ((spec?.initContainers ?? []).length > 0) {
    describeContainers(
      writer,
      'Init Containers',
      spec?.initContainers ?? [],
      status?.initContainerStatuses,
      pod,
      '',
    );
  }
  describeContainers(
    writer,
    'Containers',
    spec?.containers ?? [],
    status?.containerStatuses,
    pod,
    '',
  );
  describeConditions(writer, pod);
  describeVolumes(writer, spec?.volumes ?? [], '');
  optional('QoS Class', status?.qosClass);
  writer.labels('Node-Selectors', spec?.nodeSelector);
  describeTolerations(writer, 'Tolerations', spec?.tolerations ?? []);
  describeSpread(writer, spec?.topologySpreadConstraints ?? []);
}

/** Only where there are any: `zone:ScheduleAnyway when max skew 1 is exceeded for selector a=b`. */
function describeSpread(
  writer: DescribeWriter,
  constraints: readonly TopologySpreadConstraint[],
): void {
  if (constraints.length === 0) return;
  const sorted = [...constraints].sort((a, b) => compareText(a.topologyKey, b.topologyKey));
  const texts = sorted.map(({ topologyKey, whenUnsatisfiable, maxSkew, labelSelector }) => {
    const selector =
      labelSelector === undefined ? '' : ` for selector ${formatLabelSelector(labelSelector)}`;
    return `${topologyKey}:${whenUnsatisfiable} when max skew ${maxSkew} is exceeded${selector}`;
  });
  writer.lines('Topology Spread Constraints', texts);
}

function describeConditions(writer: DescribeWriter, pod: Pod): void {
  const gates = pod.spec?.readinessGates ?? [];
  const conditions = pod.status?.conditions ?? [];
  if (gates.length > 0) {
    writer.write(0, 'Readiness Gates:\n  Type\tStatus\n');
    for (const gate of gates) {
      const status =
        conditions.find((each) => each.type === gate.conditionType)?.status ?? '<none>';
      writer.write(1, `${gate.conditionType} \t${status} \n`);
    }
  }
  if (conditions.length === 0) return;
  writer.write(0, 'Conditions:\n  Type\tStatus\n');
  for (const { type, status } of conditions) writer.write(1, `${type} \t${status} \n`);
}
