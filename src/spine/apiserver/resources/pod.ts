/**
 * Pods beyond the descriptor (pkg/registry/core/pod, v1.34): the grace of their deletion, and the
 * subresources binding and eviction.
 */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import {
  type FieldError,
  forbiddenField,
  formatFieldError,
  requiredField,
  unsupportedOf,
} from '../../../ground/api/field-error.ts';
import { isDeleting, withCondition, withMeta, ZERO_TIME } from '../../../ground/api/meta.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Binding, DeleteOptions, Eviction, Pod } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRfc3339, type WallTime } from '../../../ground/base/time.ts';
import type { Hooks, RequestContext } from '../generic/context.ts';
import { decodeAny } from '../generic/decode.ts';
import { deleteObject } from '../generic/delete.ts';
import type { Answer } from '../generic/handler.ts';
import type { Registry } from '../generic/registry.ts';
import {
  badRequest,
  conflict,
  invalid,
  methodNotAllowed,
  unknownError,
  wrongObject,
} from '../generic/status.ts';

const GRACE_DEFAULT = 30;

export function podHooks(allowPrivileged: boolean): Hooks {
  return {
    returnsDeleted: true,
    allocate(context, object, old) {
      const pod = old === undefined ? gated(object as Pod, context.now) : (object as Pod);
      if (allowPrivileged) return ok(pod);
      const errors = privilegedErrors(pod);
      return errors.length === 0 ? ok(pod) : invalid('', 'Pod', pod.metadata.name, errors);
    },
    grace(object, asked) {
      const pod = object as Pod;
      let grace = asked ?? pod.spec?.terminationGracePeriodSeconds ?? GRACE_DEFAULT;
      if (grace < 0) grace = 1;
      // Nobody runs it, or it has ended: there is nothing to wait for.
      if ((pod.spec?.nodeName ?? '') === '') return 0;
      const phase = pod.status?.phase;
      return phase === 'Failed' || phase === 'Succeeded' ? 0 : grace;
    },
  };
}

/** A new pod with scheduling gates says from the beginning why nobody places it. */
function gated(pod: Pod, now: WallTime): Pod {
  if ((pod.spec?.schedulingGates ?? []).length === 0) return pod;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
    lastProbeTime: ZERO_TIME,
    lastTransitionTime: formatRfc3339(now),
  };
  return withFields(pod, { status: freezeDeep({ ...pod.status, conditions: [condition] }) });
}

/** `--allow-privileged=false`. */
function privilegedErrors(pod: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (pod.spec?.[list] ?? []).entries()) {
      if (container.securityContext?.privileged !== true) continue;
      const field = `spec.${list}[${index}].securityContext.privileged`;
      errors.push(forbiddenField(field, 'disallowed by cluster policy'));
    }
  }
  return errors;
}

const SUCCESS = Object.freeze({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: Object.freeze({}),
  status: 'Success',
  code: 201,
});

/** POST pods/x/binding: the scheduler's decision. */
export function* serveBinding(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (info.verb !== 'create') return answer.fail(methodNotAllowed().error);
  yield* process.work(process.costs.apiWriteMicros);
  const parsed = decodeAny(answer.exchange, 'core.v1.Binding');
  if (!parsed.ok) return answer.fail(parsed.error);
  const binding = parsed.value as unknown as Binding;
  const node = binding.target?.name ?? '';
  const { name } = info;
  if ((binding.metadata?.name ?? '') !== name) {
    const why = 'name in URL does not match name in Binding object';
    return answer.fail(badRequest(why).error);
  }
  const errors = bindingErrors(binding);
  // Upstream makes no Status of these.
  if (errors.length > 0) {
    const text = errors.map(formatFieldError).join(', ');
    return answer.fail(unknownError(errors.length === 1 ? text : `[${text}]`).error);
  }
  const bound = yield* registry.update(
    context,
    info.namespace,
    name,
    (current) => bind(current as Pod, binding, node, formatRfc3339(context.now)),
    { part: 'raw', retry: true, verb: 'bind' },
  );
  if (!bound.ok) return answer.fail(bound.error);
  answer.object(201, SUCCESS);
}

function bindingErrors(binding: Binding): FieldError[] {
  const errors: FieldError[] = [];
  const { kind = '', name = '' } = binding.target ?? {};
  if (kind !== '' && kind !== 'Node') {
    errors.push(unsupportedOf('target.kind', kind, ['Node', '<empty>']));
  }
  if (name === '') errors.push(requiredField('target.name'));
  return errors;
}

function bind(pod: Pod, binding: Binding, node: string, now: string) {
  const of = { group: '', resource: 'pods/binding' };
  const { name } = pod.metadata;
  const uid = binding.metadata.uid ?? '';
  if (uid !== '' && uid !== pod.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ''}`;
    const key = `/registry/pods/${pod.metadata.namespace ?? ''}/${name}`;
    return wrongObject({ group: '', resource: 'pods' }, name, key, why);
  }
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    return conflict(of, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
  if (isDeleting(pod)) {
    return conflict(of, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec === undefined || (pod.spec.nodeName ?? '') !== '') {
    return conflict(
      of,
      name,
      `pod ${name} is already assigned to node "${pod.spec?.nodeName ?? ''}"`,
    );
  }
  const conditions = withCondition(pod.status?.conditions, {
    lastProbeTime: ZERO_TIME,
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: now,
    ...(pod.metadata.generation === undefined
      ? {}
      : { observedGeneration: pod.metadata.generation }),
  });
  const spec = withFields(pod.spec, { nodeName: node });
  const status = withFields(pod.status ?? Object.freeze({}), { conditions });
  const { annotations } = binding.metadata;
  const merged =
    annotations === undefined
      ? pod
      : withMeta(pod, { annotations: freezeDeep({ ...pod.metadata.annotations, ...annotations }) });
  return ok<KubeObject>(withFields(merged, { spec, status }));
}

/** POST pods/x/eviction. Disruption budgets are not served yet, so nothing stands in its way. */
export function* serveEviction(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (info.verb !== 'create') return answer.fail(methodNotAllowed().error);
  yield* process.work(process.costs.apiWriteMicros);
  const parsed = decodeAny(answer.exchange, 'policy.v1.Eviction');
  if (!parsed.ok) return answer.fail(parsed.error);
  const eviction = parsed.value as unknown as Eviction;
  const options: Partial<DeleteOptions> = eviction.deleteOptions ?? {};
  const done = yield* deleteObject(registry, context, info.namespace, info.name, options);
  if (!done.ok) return answer.fail(done.error);
  answer.object(201, SUCCESS);
}
