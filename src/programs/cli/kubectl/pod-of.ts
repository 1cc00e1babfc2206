/**
 * From what a person names to a pod and a container of it (k8s.io/kubectl/pkg/polymorphichelpers and
 * pkg/cmd/util/podcmd, v0.34): `web`, `pod/web`, `deploy/web`, `svc/web`.
 */
import { formatSelector, selectorOf, selectorOfMap } from '../../../ground/api/selector.ts';
import type { LabelSelector, Pod } from '../../../ground/api/types.ts';
import { annotationOf } from '../../../ground/api/meta.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Loose } from './api.ts';
import { fail, failApi, messageOf, type Outcome } from './failure.ts';
import { kindMapping } from './kinds.ts';
import type { Session } from './session.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The object of `NAME` (a pod) or `TYPE/NAME`. */
export function* namedObject(session: Session, text: string, where = ''): Task<Outcome<Loose>> {
  const slash = text.indexOf('/');
  const type = slash < 0 ? 'pods' : text.slice(0, slash);
  const name = text.slice(slash + 1);
  if (name === '' || name.includes('/'))
    return fail('arguments in resource/name form must have a single resource and name');
  const mapping = yield* session.mapping(type);
  if (!mapping.ok) return mapping;
  const namespace = session.namespace();
  if (!namespace.ok) return namespace;
  const api = session.api();
  if (!api.ok) return api;
  const got = yield* api.value.get(mapping.value, where === '' ? namespace.value : where, name);
  return got.ok ? got : failApi(got.error);
}

/** The selector by which an object finds its pods, as text; undefined when it has none. */
function podSelector(object: Loose): Outcome<string> {
  const spec = object['spec'] as { readonly selector?: unknown } | undefined;
  const selector = spec?.selector;
  if (object.kind === 'Service' || object.kind === 'ReplicationController') {
    if (selector === undefined)
      return fail(
        `invalid service '${object.metadata.name}': Service is defined without a selector`,
      );
    return ok(formatSelector(selectorOfMap(selector as Record<string, string>)));
  }
  if (selector === undefined) return fail(`selector for *v1.${object.kind} not implemented`);
  const made = selectorOf(selector as LabelSelector);
  return made.ok ? ok(formatSelector(made.value)) : fail(`invalid label selector: ${made.error}`);
}

/** The pods of a workload or service, best first: those that run and are ready, older ones first. */
export function* podsOf(
  session: Session,
  object: Loose,
  doing = 'cannot attach to',
): Task<Outcome<readonly Pod[]>> {
  const selector = podSelector(object);
  if (!selector.ok) return fail(`${doing} *v1.${object.kind}: ${messageOf(selector.error)}`);
  const api = session.api();
  if (!api.ok) return api;
  const namespace = object.metadata.namespace ?? '';
  const list = yield* api.value.items(kindMapping('Pod'), namespace, {
    labelSelector: selector.value,
  });
  if (!list.ok) return failApi(list.error);
  return ok([...(list.value as unknown as readonly Pod[])].sort(compareActive));
}

/** podutils.ByLogging: assigned, later phase, ready, ready for longer, fewer restarts, older. */
function compareActive(a: Pod, b: Pod): number {
  const assigned = Number(b.spec?.nodeName !== undefined) - Number(a.spec?.nodeName !== undefined);
  if (assigned !== 0) return assigned;
  const phase = rankOf(b) - rankOf(a);
  if (phase !== 0) return phase;
  const ready = Number(isReady(b)) - Number(isReady(a));
  if (ready !== 0) return ready;
  const [x, y] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return x < y ? -1 : x > y ? 1 : 0;
}

const PHASES = ['Pending', 'Unknown', 'Running'];

function rankOf(pod: Pod): number {
  return PHASES.indexOf(pod.status?.phase ?? '');
}

function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true
  );
}

/** The first pod of what was named; waits for one until `limit` microseconds have passed. */
export function* attachablePod(
  session: Session,
  text: string,
  limit: number,
  where = '',
): Task<Outcome<Pod>> {
  const object = yield* namedObject(session, text, where);
  return object.ok ? yield* firstPodOf(session, object.value, limit) : object;
}

/** A pod itself, or the best pod of a workload or service. */
export function* firstPodOf(session: Session, object: Loose, limit: number): Task<Outcome<Pod>> {
  if (object.kind === 'Pod') return ok(object as unknown as Pod);
  const end = session.process.clock.monotonic() + limit;
  for (;;) {
    const pods = yield* podsOf(session, object);
    if (!pods.ok) return pods;
    const pod = pods.value[0];
    if (pod !== undefined) return ok(pod);
    if (session.process.clock.monotonic() >= end)
      return fail('timed out waiting for the condition');
    yield* session.process.sleep(1_000_000);
  }
}

/** The container to work in; tells which one when nobody said. */
export function* containerOf(session: Session, pod: Pod, quiet: boolean): Task<Outcome<string>> {
  const wanted = session.flags.text('container');
  const containers = (pod.spec?.containers ?? []).map((each) => each.name);
  const init = (pod.spec?.initContainers ?? []).map((each) => each.name);
  const ephemeral = (pod.spec?.ephemeralContainers ?? []).map((each) => each.name);
  if (wanted !== '') {
    if ([...containers, ...init, ...ephemeral].includes(wanted)) return ok(wanted);
    return fail(`container ${wanted} not found in pod ${pod.metadata.name}`);
  }
  const annotated = annotationOf(pod, DEFAULT_CONTAINER) ?? '';
  if (annotated !== '') {
    if (containers.includes(annotated)) return ok(annotated);
    if (!quiet)
      yield* session.printError(
        `Default container name "${annotated}" not found in pod ${pod.metadata.name}\n`,
      );
  }
  const first = containers[0];
  if (first === undefined) return fail(`no containers in pod ${pod.metadata.name}`);
  const all = [
    ...containers,
    ...ephemeral.map((name) => `${name} (ephem)`),
    ...init.map((name) => `${name} (init)`),
  ];
  if (all.length > 1 && !quiet) {
    yield* session.printError(`Defaulted container "${first}" out of: ${all.join(', ')}\n`);
  }
  return ok(first);
}
