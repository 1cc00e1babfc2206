/** `describe node` (describe.go describeNode, v0.34): what it is, what runs there, and what is taken. */
import { labelsOf } from '../../../../ground/api/meta.ts';
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  ZERO_QUANTITY,
} from '../../../../ground/api/quantity.ts';
import type { Lease, Node, Pod } from '../../../../ground/api/types.ts';
import { sortedText } from '../../../../ground/base/text.ts';
import type { DescribeWriter } from './writer.ts';

const ROLE = 'node-role.kubernetes.io/';

export function describeNode(
  writer: DescribeWriter,
  node: Node,
  lease: Lease | undefined,
  pods: readonly Pod[],
): void {
  const { metadata, spec, status } = node;
  writer.field(0, 'Name', metadata.name);
  const roles = Object.keys(labelsOf(node))
    .filter((key) => key.startsWith(ROLE))
    .map((key) => key.slice(ROLE.length));
  writer.field(0, 'Roles', roles.length === 0 ? '<none>' : sortedText(roles).join(','));
  writer.labels('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.field(0, 'CreationTimestamp', writer.date(metadata.creationTimestamp));
  const taints = (spec?.taints ?? []).map(
    ({ key, value = '', effect }) => `${key}${value === '' ? '' : `=${value}`}:${effect}`,
  );
  writer.lines('Taints', sortedText(taints));
  writer.field(0, 'Unschedulable', `${spec?.unschedulable ?? false}`);
  describeLease(writer, lease);
  describeConditions(writer, node);
  const addresses = status?.addresses ?? [];
  writer.write(0, 'Addresses:\n');
  for (const { type, address } of addresses) writer.field(1, type, address);
  writer.amounts(0, 'Capacity', status?.capacity);
  writer.amounts(0, 'Allocatable', status?.allocatable);
  describeSystem(writer, node);
  if (spec?.podCIDR !== undefined) writer.field(0, 'PodCIDR', spec.podCIDR);
  if (spec?.podCIDRs !== undefined) writer.field(0, 'PodCIDRs', spec.podCIDRs.join(','));
  if (spec?.providerID !== undefined) writer.field(0, 'ProviderID', spec.providerID);
  describePods(writer, node, pods);
}

function describeLease(writer: DescribeWriter, lease: Lease | undefined): void {
  writer.write(0, 'Lease:\n');
  const { holderIdentity = '<unset>', acquireTime, renewTime } = lease?.spec ?? {};
  writer.field(1, 'HolderIdentity', holderIdentity);
  writer.field(1, 'AcquireTime', acquireTime === undefined ? '<unset>' : writer.date(acquireTime));
  writer.field(1, 'RenewTime', renewTime === undefined ? '<unset>' : writer.date(renewTime));
}

function describeConditions(writer: DescribeWriter, node: Node): void {
  const conditions = node.status?.conditions ?? [];
  if (conditions.length === 0) return;
  writer.write(
    0,
    'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n',
  );
  writer.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n');
  for (const each of conditions) {
    writer.write(
      1,
      `${each.type} \t${each.status} \t${writer.date(each.lastHeartbeatTime)} \t${writer.date(each.lastTransitionTime)} \t${each.reason ?? ''} \t${each.message ?? ''}\n`,
    );
  }
}

function describeSystem(writer: DescribeWriter, node: Node): void {
  const info = node.status?.nodeInfo;
  writer.write(0, 'System Info:\n');
  writer.field(1, 'Machine ID', info?.machineID ?? '');
  writer.field(1, 'System UUID', info?.systemUUID ?? '');
  writer.field(1, 'Boot ID', info?.bootID ?? '');
  writer.field(1, 'Kernel Version', info?.kernelVersion ?? '');
  writer.field(1, 'OS Image', info?.osImage ?? '');
  writer.field(1, 'Operating System', info?.operatingSystem ?? '');
  writer.field(1, 'Architecture', info?.architecture ?? '');
  writer.field(1, 'Container Runtime Version', info?.containerRuntimeVersion ?? '');
  writer.field(1, 'Kubelet Version', info?.kubeletVersion ?? '');
  writer.field(1, 'Kube-Proxy Version', info?.kubeProxyVersion ?? '');
}

type Amounts = ReadonlyMap<string, Quantity>;

function describePods(writer: DescribeWriter, node: Node, pods: readonly Pod[]): void {
  writer.write(0, `Non-terminated Pods:\t(${pods.length} in total)\n`);
  writer.write(
    1,
    'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n',
  );
  writer.write(
    1,
    '---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n',
  );
  const allocatable = node.status?.allocatable ?? node.status?.capacity ?? {};
  const share = (amounts: Amounts, name: string): string => {
    const amount = amounts.get(name) ?? ZERO_QUANTITY;
    return `${formatQuantity(amount)} (${percent(amount, allocatable[name])}%)`;
  };
  for (const pod of pods) {
    const requests = podAmounts(pod, 'requests');
    const limits = podAmounts(pod, 'limits');
    writer.write(
      1,
      `${pod.metadata.namespace ?? ''}\t${pod.metadata.name}\t\t${share(requests, 'cpu')}\t${share(limits, 'cpu')}\t${share(requests, 'memory')}\t${share(limits, 'memory')}\t${writer.age(pod.metadata.creationTimestamp)}\n`,
    );
  }
  const requests = summed(pods, 'requests');
  const limits = summed(pods, 'limits');
  writer.write(
    0,
    'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n',
  );
  writer.write(1, 'Resource\tRequests\tLimits\n');
  writer.write(1, '--------\t--------\t------\n');
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    writer.write(1, `${name}\t${share(requests, name)}\t${share(limits, name)}\n`);
  }
  const others = sortedText(Object.keys(allocatable)).filter((name) => !NATIVE.has(name));
  for (const name of others.filter(isHugePages)) {
    writer.write(1, `${name}\t${share(requests, name)}\t${share(limits, name)}\n`);
  }
  for (const name of others.filter((each) => !isHugePages(each))) {
    const text = (amounts: Amounts): string => formatQuantity(amounts.get(name) ?? ZERO_QUANTITY);
    writer.write(1, `${name}\t${text(requests)}\t${text(limits)}\n`);
  }
}

const NATIVE = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods']);

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Whole percent, cut off. */
function percent(amount: Quantity, of: string | undefined): number {
  const whole = parseQuantity(of ?? '0');
  if (!whole.ok || whole.value.nano === 0n) return 0;
  return Number((amount.nano * 100n) / whole.value.nano);
}

/** The sum of the containers, or the largest init container where that is more (resourcehelper.PodRequests). */
function podAmounts(pod: Pod, kind: 'requests' | 'limits'): Amounts {
  const total = new Map<string, Quantity>();
  const startup = new Map<string, Quantity>();
  for (const container of pod.spec?.containers ?? []) add(total, container.resources?.[kind]);
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(total, container.resources?.[kind]);
      add(startup, container.resources?.[kind]);
    } else {
      const peak = new Map(startup);
      add(peak, container.resources?.[kind]);
      for (const [name, amount] of peak) raise(total, name, amount);
    }
  }
  return total;
}

function add(
  total: Map<string, Quantity>,
  amounts: Readonly<Record<string, string>> | undefined,
): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const amount = parseQuantity(text);
    if (amount.ok) total.set(name, addQuantity(total.get(name) ?? ZERO_QUANTITY, amount.value));
  }
}

function raise(total: Map<string, Quantity>, name: string, amount: Quantity): void {
  if (compareQuantity(amount, total.get(name) ?? ZERO_QUANTITY) > 0) total.set(name, amount);
}

function summed(pods: readonly Pod[], kind: 'requests' | 'limits'): Amounts {
  const total = new Map<string, Quantity>();
  for (const pod of pods) {
    for (const [name, amount] of podAmounts(pod, kind)) {
      total.set(name, addQuantity(total.get(name) ?? ZERO_QUANTITY, amount));
    }
  }
  return total;
}
