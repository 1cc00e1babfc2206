/**
 * Pod (pkg/apis/core, pkg/registry/core/pod, 1.34): one or more containers that share a network and
 * live on one node. A pod starts Pending with its quality of service; its spec hardly changes after.
 * Defaults are in pod-defaults.ts, the printer's rules in pod-print.ts, validation in
 * ../validation/pod-spec.ts and pod-update.ts.
 */
import type { Subresource } from '../descriptor.ts';
import { withFields } from '../edit.ts';
import type { FieldError } from '../field-error.ts';
import { ZERO_TIME } from '../meta.ts';
import { milliValue } from '../quantity.ts';
import type { Container, Pod } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain } from '../validation/names.ts';
import { podSpecErrors } from '../validation/pod-spec.ts';
import { podUpdateErrors } from '../validation/pod-update.ts';
import {
  ageColumn,
  describeKind,
  nameColumn,
  preparedForStatusUpdate,
  statusSubresource,
  textColumn,
} from './describe.ts';
import { defaultedPod } from './pod-defaults.ts';
import { readyText, restartsText, statusText } from './pod-print.ts';
import { podUnsupported } from './pod-support.ts';

function connect(name: string, kind: string, verbs: readonly string[]): Subresource {
  return { name, group: '', version: 'v1', kind, verbs };
}

const SUBRESOURCES: readonly Subresource[] = [
  connect('attach', 'PodAttachOptions', ['create', 'get']),
  { name: 'binding', group: '', version: 'v1', kind: 'Binding', verbs: ['create'] },
  connect('ephemeralcontainers', 'Pod', ['get', 'patch', 'update']),
  { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  connect('exec', 'PodExecOptions', ['create', 'get']),
  connect('log', 'Pod', ['get']),
  connect('portforward', 'PodPortForwardOptions', ['create', 'get']),
  connect('proxy', 'PodProxyOptions', [
    'create',
    'delete',
    'get',
    'head',
    'options',
    'patch',
    'update',
  ]),
  connect('resize', 'Pod', ['get', 'patch', 'update']),
  statusSubresource('', 'Pod'),
];

/** Nobody probes conditions: each of them says so with a null. */
function withProbeTimes(pod: Pod): Pod {
  const { status } = pod;
  if (status?.conditions === undefined) return pod;
  if (status.conditions.every((each) => each.lastProbeTime !== undefined)) return pod;
  const conditions = status.conditions.map((each) =>
    each.lastProbeTime === undefined ? withFields(each, { lastProbeTime: ZERO_TIME }) : each,
  );
  return withFields(pod, { status: withFields(status, { conditions: Object.freeze(conditions) }) });
}

export const POD_KIND = describeKind<Pod>({
  group: '',
  resource: 'pods',
  kind: 'Pod',
  namespaced: true,
  shortNames: ['po'],
  categories: ['all'],
  subresources: SUBRESOURCES,
  hasStatus: true,
  generationOf: ['spec'],
  defaults: defaultedPod,
  validateCreate: podErrors,
  validateUpdate: (pod, old) => [...metaUpdateErrors(pod, old), ...podUpdateErrors(pod, old)],
  validateStatusUpdate: metaUpdateErrors,
  prepareForCreate: (pod) =>
    withFields(pod, {
      metadata: withFields(pod.metadata, { generation: 1 }),
      status: Object.freeze({ phase: 'Pending', qosClass: qosClassOf(pod) }),
    }),
  prepareForStatusUpdate: (pod, old) => withProbeTimes(preparedForStatusUpdate(pod, old)),
  columns: [
    nameColumn(),
    textColumn('Ready', 'Containers that are ready, of all.', readyText),
    textColumn('Status', 'What the pod is doing, or why it is not.', statusText),
    textColumn('Restarts', 'How often its containers were started again.', restartsText),
    ageColumn(),
    textColumn('IP', 'Address of the pod.', (pod) => podAddress(pod), true),
    textColumn('Node', 'Where the pod runs.', (pod) => orNone(pod.spec?.nodeName), true),
    textColumn(
      'Nominated Node',
      'Where room is being made for the pod.',
      (pod) => orNone(pod.status?.nominatedNodeName),
      true,
    ),
    textColumn('Readiness Gates', 'Extra conditions that are true, of all.', gatesText, true),
  ],
  fields: new Map<string, (pod: Pod) => string>([
    ['spec.nodeName', (pod) => pod.spec?.nodeName ?? ''],
    ['spec.restartPolicy', (pod) => pod.spec?.restartPolicy ?? ''],
    ['spec.schedulerName', (pod) => pod.spec?.schedulerName ?? ''],
    ['spec.serviceAccountName', (pod) => pod.spec?.serviceAccountName ?? ''],
    ['spec.hostNetwork', (pod) => String(pod.spec?.hostNetwork ?? false)],
    ['status.phase', (pod) => pod.status?.phase ?? ''],
    ['status.podIP', (pod) => pod.status?.podIP ?? ''],
    ['status.podIPs', (pod) => (pod.status?.podIPs ?? []).map((each) => each.ip).join(',')],
    ['status.nominatedNodeName', (pod) => pod.status?.nominatedNodeName ?? ''],
  ]),
  unsupported: podUnsupported('spec'),
});

function podErrors(pod: Pod): readonly FieldError[] {
  return [...metaErrors(pod, true, isDns1123Subdomain), ...podSpecErrors(pod.spec, 'spec')];
}

function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? '<none>' : text;
}

function podAddress(pod: Pod): string {
  return orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP);
}

function gatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const conditions = pod.status?.conditions ?? [];
  const open = gates.filter((gate) =>
    conditions.some((each) => each.type === gate.conditionType && each.status === 'True'),
  );
  return `${open.length}/${gates.length}`;
}

/** Guaranteed, Burstable or BestEffort, by CPU and memory (pkg/apis/core/v1/helper/qos). */
function qosClassOf(pod: Pod): string {
  const containers: Container[] = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []),
  ];
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    const limits = container.resources?.limits ?? {};
    const requests = container.resources?.requests ?? {};
    for (const name of ['cpu', 'memory']) {
      const limit = milliValue(limits[name]);
      const request = requests[name] === undefined ? limit : milliValue(requests[name]);
      if (limit > 0 || request > 0) any = true;
      if (limit === 0 || limit !== request) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed && containers.length > 0 ? 'Guaranteed' : 'Burstable';
}
