/**
 * The Node authorizer (plugin/pkg/auth/authorizer/node, v1.34): what a kubelet may do, by its own name
 * and by the pods bound to its node. Secrets, ConfigMaps and the tokens of ServiceAccounts are open
 * to it only while one of its pods refers to them. Everything else of a kubelet is in the fixed rules
 * that upstream gives the group of nodes (bootstrappolicy NodeRules).
 */
import type { PolicyRule, Pod, Volume } from '../../../ground/api/types.ts';
import type { User } from '../generic/context.ts';
import type { ResourceCache } from '../generic/watch-cache.ts';
import type { Attributes, Decision } from './attributes.ts';
import { covers } from './rbac.ts';

const NODE_PREFIX = 'system:node:';

/** The node that a user is the kubelet of, or undefined. */
export function nodeOfUser(user: User): string | undefined {
  if (!user.name.startsWith(NODE_PREFIX) || !user.groups.includes('system:nodes')) return undefined;
  return user.name.slice(NODE_PREFIX.length);
}

const NO_OPINION: Decision = { allowed: false, reason: '' };
/** Resources are what a client says they are. */
const DECISIONS_MAX = 1000;
const ALLOW: Decision = { allowed: true, reason: '' };

export class NodeAuthorizer {
  readonly #pods: ResourceCache;
  readonly #rules: readonly PolicyRule[];
  /** What the fixed rules say, by verb and resource: they name no objects. */
  readonly #decisions = new Map<string, Decision>();

  constructor(pods: ResourceCache, rules: readonly PolicyRule[]) {
    this.#pods = pods;
    this.#rules = rules;
  }

  authorize(attributes: Attributes): Decision {
    const node = nodeOfUser(attributes.user);
    if (node === undefined) return NO_OPINION;
    if (attributes.isResource) {
      if (attributes.group === '') {
        if (attributes.resource === 'secrets')
          return this.#reference(node, attributes, refersToSecret);
        if (attributes.resource === 'configmaps')
          return this.#reference(node, attributes, refersToConfigMap);
        if (attributes.resource === 'serviceaccounts') return this.#token(node, attributes);
      }
      if (attributes.group === 'coordination.k8s.io') return lease(node, attributes);
    }
    return this.#fixed(attributes);
  }

  #fixed(attributes: Attributes): Decision {
    const { verb, group, resource, subresource, isResource } = attributes;
    const judge = (): Decision =>
      this.#rules.some((rule) => covers(rule, attributes)) ? ALLOW : NO_OPINION;
    if (!isResource) return judge();
    const key = `${verb} ${group}/${resource}/${subresource}`;
    let known = this.#decisions.get(key);
    if (known !== undefined) return known;
    known = judge();
    if (this.#decisions.size < DECISIONS_MAX) this.#decisions.set(key, known);
    return known;
  }

  #reference(
    node: string,
    attributes: Attributes,
    refers: (pod: Pod, name: string) => boolean,
  ): Decision {
    const { verb, subresource, namespace, name } = attributes;
    if (subresource !== '') return deny('cannot read subresources');
    if (verb !== 'get' && verb !== 'list' && verb !== 'watch') {
      return deny(`can only read resources of this type`);
    }
    if (name === '') return deny('No Object name found');
    return this.#anyPod(node, namespace, (pod) => refers(pod, name)) ? ALLOW : unrelated(node);
  }

  #token(node: string, attributes: Attributes): Decision {
    const { verb, subresource, namespace, name } = attributes;
    if (verb === 'get' && subresource === '') return NO_OPINION;
    if (verb !== 'create' || subresource !== 'token') return NO_OPINION;
    const uses = (pod: Pod): boolean => (pod.spec?.serviceAccountName ?? 'default') === name;
    return this.#anyPod(node, namespace, uses) ? ALLOW : unrelated(node);
  }

  #anyPod(node: string, namespace: string, test: (pod: Pod) => boolean): boolean {
    for (const cached of this.#pods.onNode(node)) {
      if (cached.object.metadata.namespace === namespace && test(cached.object as Pod)) return true;
    }
    return false;
  }
}

function deny(reason: string): Decision {
  return { allowed: false, reason };
}

function unrelated(node: string): Decision {
  return deny(`no relationship found between node '${node}' and this object`);
}

/** A node's lease is its own, in kube-node-lease. */
function lease(node: string, attributes: Attributes): Decision {
  const { verb, namespace, name, resource } = attributes;
  if (resource !== 'leases') return NO_OPINION;
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return deny('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== 'kube-node-lease')
    return deny(`can only access leases in the "kube-node-lease" system namespace`);
  if (verb !== 'create' && name !== node)
    return deny('can only access node lease with the same name as the requesting node');
  return ALLOW;
}

function refersToSecret(pod: Pod, name: string): boolean {
  const { spec } = pod;
  if (spec?.imagePullSecrets?.some((each) => each.name === name) === true) return true;
  return (
    inVolumes(
      spec?.volumes,
      (volume) => volume.secret?.secretName === name,
      (source) => source.secret?.name === name,
    ) ||
    inContainers(
      pod,
      (env) => env.secretRef?.name === name,
      (value) => value.secretKeyRef?.name === name,
    )
  );
}

function refersToConfigMap(pod: Pod, name: string): boolean {
  return (
    inVolumes(
      pod.spec?.volumes,
      (volume) => volume.configMap?.name === name,
      (source) => source.configMap?.name === name,
    ) ||
    inContainers(
      pod,
      (env) => env.configMapRef?.name === name,
      (value) => value.configMapKeyRef?.name === name,
    )
  );
}

type Projected = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function inVolumes(
  volumes: readonly Volume[] | undefined,
  direct: (volume: Volume) => boolean,
  projected: (source: Projected) => boolean,
): boolean {
  for (const volume of volumes ?? []) {
    if (direct(volume) || volume.projected?.sources?.some(projected) === true) return true;
  }
  return false;
}

type Container = NonNullable<Pod['spec']>['containers'][number];
type EnvFrom = NonNullable<Container['envFrom']>[number];
type ValueFrom = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

function inContainers(
  pod: Pod,
  from: (source: EnvFrom) => boolean,
  value: (source: ValueFrom) => boolean,
): boolean {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.some(
    (container) =>
      container.envFrom?.some(from) === true ||
      container.env?.some((each) => each.valueFrom !== undefined && value(each.valueFrom)) === true,
  );
}
