/**
 * `kubectl describe` (k8s.io/kubectl/pkg/cmd/describe and pkg/describe, v0.34): an object, what
 * belongs to it, and its events, as text for people. Printing is all on this side; a name that no
 * object has is taken as the beginning of names.
 */
import type { KubeObject } from '../../../ground/api/object.ts';
import { annotationOf, isControlledBy } from '../../../ground/api/meta.ts';
import { formatSelector, selectorOf } from '../../../ground/api/selector.ts';
import { sameValue } from '../../../ground/api/edit.ts';
import { withLabel } from '../../../ground/api/meta.ts';
import type {
  ConfigMap,
  Deployment,
  Endpoints,
  EndpointSlice,
  Event,
  Lease,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
} from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Api, Loose } from './api.ts';
import {
  describeConfigMap,
  describeNamespace,
  describeSecret,
  describeServiceAccount,
} from './describe/config.ts';
import { describeEvents } from './describe/events.ts';
import { describeGeneric } from './describe/generic.ts';
import { describeNode } from './describe/node.ts';
import { describePod } from './describe/pod.ts';
import { describeBinding, describeRole } from './describe/rbac.ts';
import { describeEndpoints, describeEndpointSlice, describeService } from './describe/service.ts';
import { describeDeployment, describeReplicaSet } from './describe/workload.ts';
import { DescribeWriter } from './describe/writer.ts';
import { fail, type Failure, isNotFound, type Outcome, together } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { kindMapping } from './kinds.ts';
import {
  type Subject,
  infoOf,
  namespaceOf,
  type Target,
  targetsOf,
  visit,
} from './resource-builder.ts';
import type { Session, Verb } from './session.ts';
import { apiFailure } from './failure.ts';

export const describe: Verb = {
  name: 'describe',
  usage: '(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]',
  short: 'Show details of a specific resource or group of resources',
  flags: flagSpecs(
    `A all-namespaces=false chunk-size=500 f filename=[] k kustomize='' R recursive=false l selector='' show-events=true`,
  ),
  *run(session) {
    const { args, flags } = session;
    if (args.length === 0 && flags.list('filename').length === 0) {
      return fail(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    }
    const found = flags.list('filename').length > 0 ? yield* visit(session) : yield* find(session);
    if (!found.ok) return found;
    const { infos, failures } = found.value;
    let first = true;
    for (const info of infos) {
      const text = yield* describeOne(session, info);
      if (!text.ok) return text;
      yield* session.print(first ? text.value : `\n\n${text.value}`);
      first = false;
    }
    if (first && failures.length === 0) yield* session.printError(yield* nothingText(session));
    const failure = together(failures);
    return failure === undefined ? ok(0) : { ok: false, error: failure };
  },
};

function* nothingText(session: Session): Task<string> {
  const namespace = namespaceOf(session);
  const targets = yield* targetsOf(session, session.args);
  const scoped = targets.ok && targets.value.every((each) => each.mapping.namespaced);
  return scoped && namespace.ok && namespace.value !== ''
    ? `No resources found in ${namespace.value} namespace.\n`
    : 'No resources found\n';
}

/** Objects by name; a name that nobody has is tried as a prefix. */
function* find(
  session: Session,
): Task<Outcome<{ readonly infos: readonly Subject[]; readonly failures: readonly Failure[] }>> {
  const visited = yield* visit(session, { everything: true });
  if (!visited.ok) return visited;
  const { infos, failures } = visited.value;
  if (infos.length > 0 || failures.length === 0) return visited;
  const [, prefix] = session.args;
  if (prefix === undefined || session.args.length !== 2) return visited;
  const targets = yield* targetsOf(session, session.args);
  const target = targets.ok ? targets.value[0] : undefined;
  if (target === undefined) return visited;
  const matching = yield* withPrefix(session, target, prefix);
  return matching.length === 0 ? visited : ok({ infos: matching, failures: [] });
}

function* withPrefix(session: Session, target: Target, prefix: string): Task<readonly Subject[]> {
  const api = session.api();
  const namespace = namespaceOf(session);
  if (!api.ok || !namespace.ok) return [];
  const list = yield* api.value.items(target.mapping, namespace.value, {});
  if (!list.ok) return [];
  return list.value
    .filter((object) => object.metadata.name.startsWith(prefix))
    .map((object) => infoOf(target.mapping, object));
}

/** The text of one object. */
function* describeOne(session: Session, info: Subject): Task<Outcome<string>> {
  const api = session.api();
  if (!api.ok) return api;
  const writer = new DescribeWriter(session.now);
  const { object } = info;
  const failed = yield* describeKind(api.value, writer, object);
  if (failed !== undefined) return { ok: false, error: failed };
  if (session.flags.bool('show-events') && !WITHOUT_EVENTS.has(object.kind)) {
    describeEvents(writer, yield* eventsOf(api.value, object));
  }
  return ok(writer.text());
}

const WITHOUT_EVENTS = new Set([
  'Namespace',
  'Secret',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
]);

/** Prints by kind; the answer is what kept it from being complete. */
function* describeKind(api: Api, writer: DescribeWriter, object: Loose): Task<Failure | undefined> {
  const namespace = object.metadata.namespace ?? '';
  switch (`${object.apiVersion} ${object.kind}`) {
    case 'v1 Pod':
      describePod(writer, as<Pod>(object));
      return undefined;
    case 'apps/v1 Deployment':
      return yield* deployment(api, writer, as<Deployment>(object));
    case 'apps/v1 ReplicaSet':
      return yield* replicaSet(api, writer, as<ReplicaSet>(object));
    case 'v1 Service': {
      const query = { labelSelector: `kubernetes.io/service-name=${object.metadata.name}` };
      const slices = yield* api.items(kindMapping('EndpointSlice'), namespace, query);
      describeService(
        writer,
        as<Service>(object),
        slices.ok ? slices.value.map(as<EndpointSlice>) : [],
      );
      return undefined;
    }
    case 'v1 Node':
      return yield* node(api, writer, as<Node>(object));
    case 'v1 Endpoints':
      describeEndpoints(writer, as<Endpoints>(object));
      return undefined;
    case 'discovery.k8s.io/v1 EndpointSlice':
      describeEndpointSlice(writer, as<EndpointSlice>(object));
      return undefined;
    case 'v1 Namespace':
      describeNamespace(writer, as<Namespace>(object));
      return undefined;
    case 'v1 ConfigMap':
      describeConfigMap(writer, as<ConfigMap>(object));
      return undefined;
    case 'v1 Secret':
      describeSecret(writer, as<Secret>(object));
      return undefined;
    case 'v1 ServiceAccount':
      describeServiceAccount(writer, as<ServiceAccount>(object));
      return undefined;
    case 'rbac.authorization.k8s.io/v1 Role':
    case 'rbac.authorization.k8s.io/v1 ClusterRole':
      describeRole(writer, as<Role>(object));
      return undefined;
    case 'rbac.authorization.k8s.io/v1 RoleBinding':
    case 'rbac.authorization.k8s.io/v1 ClusterRoleBinding':
      describeBinding(writer, as<RoleBinding>(object));
      return undefined;
    default:
      describeGeneric(writer, object);
      return undefined;
  }
}

/** An object of a kind that its apiVersion and kind have told. */
function as<T extends KubeObject>(object: Loose): T {
  return object as unknown as T;
}

function* deployment(
  api: Api,
  writer: DescribeWriter,
  object: Deployment,
): Task<Failure | undefined> {
  const selector = selectorOf(object.spec?.selector);
  const query = { labelSelector: selector.ok ? formatSelector(selector.value) : '' };
  const list = yield* api.items(kindMapping('ReplicaSet'), object.metadata.namespace ?? '', query);
  if (!list.ok) return apiFailure(list.error);
  const sets = list.value
    .map(as<ReplicaSet>)
    .filter((set) => isControlledBy(set, object.metadata.uid ?? ''));
  describeDeployment(writer, object, sets, currentSet(object, sets));
  return undefined;
}

const HASH = 'pod-template-hash';

/** The set whose template is the deployment's, apart from its hash label (deploymentutil.FindNewReplicaSet). */
function currentSet(object: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = object.spec?.template;
  return sets.find((set) => {
    const template = set.spec?.template;
    if (template === undefined || wanted === undefined) return false;
    const bare = withLabel(
      template as unknown as KubeObject,
      HASH,
      undefined,
    ) as unknown as typeof template;
    return sameValue(bare, wanted);
  });
}

function* replicaSet(
  api: Api,
  writer: DescribeWriter,
  object: ReplicaSet,
): Task<Failure | undefined> {
  const selector = selectorOf(object.spec?.selector);
  const query = { labelSelector: selector.ok ? formatSelector(selector.value) : '' };
  const list = yield* api.items(kindMapping('Pod'), object.metadata.namespace ?? '', query);
  if (!list.ok) return apiFailure(list.error);
  const pods = list.value
    .map(as<Pod>)
    .filter((pod) => isControlledBy(pod, object.metadata.uid ?? ''));
  describeReplicaSet(writer, object, pods);
  return undefined;
}

function* node(api: Api, writer: DescribeWriter, object: Node): Task<Failure | undefined> {
  const { name } = object.metadata;
  const lease = yield* api.get(kindMapping('Lease'), 'kube-node-lease', name);
  if (!lease.ok && !isNotFound(lease.error) && lease.error.code !== 403)
    return apiFailure(lease.error);
  const query = {
    fieldSelector: `spec.nodeName=${name},status.phase!=Failed,status.phase!=Succeeded`,
  };
  const pods = yield* api.items(kindMapping('Pod'), '', query);
  if (!pods.ok) return apiFailure(pods.error);
  describeNode(
    writer,
    object,
    lease.ok ? as<Lease>(lease.value) : undefined,
    pods.value.map(as<Pod>),
  );
  return undefined;
}

const MIRROR = 'kubernetes.io/config.mirror';

/** The events about an object, as the field selector of event.Search names it. */
function* eventsOf(api: Api, object: Loose): Task<readonly Event[]> {
  const { name, namespace = '' } = object.metadata;
  // The kubelet knows a static pod by its manifest: its events name that, not the mirror pod.
  const uid = annotationOf(object, MIRROR) ?? object.metadata.uid ?? '';
  // Nodes' events are kept in the default namespace under the node's name as uid, too: by kind and name.
  const parts = [`involvedObject.name=${name}`, `involvedObject.kind=${object.kind}`];
  if (object.kind === 'Node') {
    const all = yield* api.items(kindMapping('Event'), '', { fieldSelector: parts.join(',') });
    return all.ok ? all.value.map(as<Event>) : [];
  }
  parts.push(`involvedObject.uid=${uid}`);
  if (namespace !== '') parts.push(`involvedObject.namespace=${namespace}`);
  const list = yield* api.items(kindMapping('Event'), namespace, {
    fieldSelector: parts.join(','),
  });
  return list.ok ? list.value.map(as<Event>) : [];
}
