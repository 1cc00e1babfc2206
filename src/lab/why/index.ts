/**
 * `why`: one engine, read from objects, trace and the lab's views, never a request in the lab. An
 * answer is a tree of claims (message keys with values) with their evidence; the page draws it, the
 * terminal prints it.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { Deployment, Node, Pod, ReplicaSet, Service } from '../../ground/api/types.ts';
import type { Lab } from '../lab.ts';
import type { ExplainAnswer, WhyNode } from '../view-types.ts';
import { claim, fieldOf, lastEvent, nameOf, stored, type Seen, storedOne } from './evidence.ts';
import { sentence } from './messages.ts';
import { explainNode } from './node.ts';
import { explainPod } from './pod.ts';
import { explainService } from './service.ts';

const PREFIX: Readonly<Record<string, string>> = {
  Pod: 'pods',
  Service: 'services/specs',
  Deployment: 'deployments',
  ReplicaSet: 'replicasets',
  Node: 'minions',
};
const PODS_EXPLAINED_MAX = 3;

/**
 * Explains an object by its view key (`Pod/default/web-1`), now or as it was at a time; no trees when there
 * is none.
 */
export function explain(lab: Lab, key: string, time: Micros | null = null): ExplainAnswer {
  const seen = { lab, at: time ?? lab.loop.now };
  const [kind = '', ...rest] = key.split('/');
  const prefix = PREFIX[kind];
  const object =
    prefix === undefined
      ? undefined
      : storedOne<KubeObject>(seen, `/registry/${prefix}/${rest.join('/')}`);
  return { trees: object === undefined ? [] : [explainObject(seen, object)], next: null };
}

function explainObject(seen: Seen, object: KubeObject): WhyNode {
  switch (object.kind) {
    case 'Pod':
      return explainPod(seen, object as Pod);
    case 'Node':
      return explainNode(seen, object as Node);
    case 'Service':
      return explainService(seen, object as Service);
    default:
      return explainWorkload(seen, object as Deployment | ReplicaSet);
  }
}

function explainWorkload(seen: Seen, workload: Deployment | ReplicaSet): WhyNode {
  const wanted = workload.spec?.replicas ?? 1;
  const available = workload.status?.availableReplicas ?? 0;
  const values = {
    deployment: nameOf(workload),
    wanted: String(wanted),
    available: String(available),
  };
  if (available >= wanted)
    return claim('why.deployment.complete', values, [
      fieldOf(workload, `status.availableReplicas = ${available}`),
    ]);
  const failed = lastEvent(seen, workload, /FailedCreate/);
  const creating =
    failed === undefined
      ? []
      : [claim('why.replicaset.failing', { set: nameOf(workload), message: failed.message ?? '' })];
  const selector = workload.spec?.selector?.matchLabels ?? {};
  const pods = stored<Pod>(seen, `/registry/pods/${workload.metadata.namespace ?? 'default'}/`)
    .filter((pod) =>
      Object.keys(selector).every((label) => pod.metadata.labels?.[label] === selector[label]),
    )
    .map((pod) => explainPod(seen, pod))
    .filter((node) => node.claim !== 'why.pod.ready')
    .slice(0, PODS_EXPLAINED_MAX);
  return claim(
    'why.deployment.short',
    values,
    [fieldOf(workload, `status.availableReplicas = ${available}`)],
    [...creating, ...pods],
  );
}

/** The tree as indented lines, for the terminal; empty when there is nothing to explain. */
export function whyText(lab: Lab, key: string): string {
  return explain(lab, key)
    .trees.map((tree) => treeText(tree, '', true))
    .join('');
}

function treeText(node: WhyNode, indent: string, root: boolean): string {
  const head = root ? '' : `${indent}└ `;
  const evidence = node.evidence.map((one) => `  [${one.text}]`).join('');
  const inner = root ? '' : `${indent}  `;
  return `${head}${sentence(node.claim, node.values)}${evidence}\n${node.because.map((one) => treeText(one, inner, false)).join('')}`;
}
