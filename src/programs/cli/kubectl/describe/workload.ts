/** `describe deployment` and `describe replicaset` (describe.go, v0.34). */
import { controllerOf } from '../../../../ground/api/meta.ts';
import { formatLabelSelector } from '../../../../ground/api/selector.ts';
import type { Deployment, Pod, ReplicaSet } from '../../../../ground/api/types.ts';
import { describeTemplate } from './pod-spec.ts';
import type { DescribeWriter } from './writer.ts';

/** `sets`: the ReplicaSets of the deployment; the one of its present template is `current`. */
export function describeDeployment(
  writer: DescribeWriter,
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
): void {
  const { metadata, spec, status } = deployment;
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.field(0, 'CreationTimestamp', writer.date(metadata.creationTimestamp));
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.field(0, 'Selector', formatLabelSelector(spec?.selector));
  const {
    updatedReplicas = 0,
    replicas = 0,
    availableReplicas = 0,
    unavailableReplicas = 0,
  } = status ?? {};
  writer.field(
    0,
    'Replicas',
    `${spec?.replicas ?? 1} desired | ${updatedReplicas} updated | ${replicas} total | ${availableReplicas} available | ${unavailableReplicas} unavailable`,
  );
  writer.field(0, 'StrategyType', spec?.strategy?.type ?? '');
  writer.field(0, 'MinReadySeconds', spec?.minReadySeconds ?? 0);
  const rolling = spec?.strategy?.rollingUpdate;
  if (rolling !== undefined) {
    writer.field(
      0,
      'RollingUpdateStrategy',
      `${rolling.maxUnavailable ?? 0} max unavailable, ${rolling.maxSurge ?? 0} max surge`,
    );
  }
  describeTemplate(writer, spec?.template);
  describeConditions(writer, status?.conditions ?? []);
  const old = sets.filter((set) => set !== current && (set.spec?.replicas ?? 0) > 0);
  const others = sets.filter((set) => set !== current);
  writer.field(
    0,
    'OldReplicaSets',
    setsText(old.length > 0 || current === undefined ? old : others),
  );
  writer.field(0, 'NewReplicaSet', setsText(current === undefined ? [] : [current]));
}

function setsText(sets: readonly ReplicaSet[]): string {
  if (sets.length === 0) return '<none>';
  return sets
    .map(
      (set) =>
        `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec?.replicas ?? 0} replicas created)`,
    )
    .join(', ');
}

export function describeReplicaSet(
  writer: DescribeWriter,
  set: ReplicaSet,
  pods: readonly Pod[],
): void {
  const { metadata, spec, status } = set;
  writer.field(0, 'Name', metadata.name);
  writer.field(0, 'Namespace', metadata.namespace ?? '');
  writer.field(0, 'Selector', formatLabelSelector(spec?.selector));
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  const owner = controllerOf(set);
  if (owner !== undefined) writer.field(0, 'Controlled By', `${owner.kind}/${owner.name}`);
  writer.field(0, 'Replicas', `${status?.replicas ?? 0} current / ${spec?.replicas ?? 0} desired`);
  const count = (phase: string): number => pods.filter((pod) => pod.status?.phase === phase).length;
  writer.field(
    0,
    'Pods Status',
    `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`,
  );
  describeTemplate(writer, spec?.template);
  describeConditions(writer, status?.conditions ?? []);
}

function describeConditions(
  writer: DescribeWriter,
  conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string | undefined;
  }[],
): void {
  if (conditions.length === 0) return;
  writer.write(0, 'Conditions:\n  Type\tStatus\tReason\n');
  writer.write(1, '----\t------\t------\n');
  for (const { type, status, reason = '' } of conditions) {
    writer.write(1, `${type} \t${status}\t${reason}\n`);
  }
}
