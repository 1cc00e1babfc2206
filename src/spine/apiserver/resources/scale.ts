/**
 * The scale of Deployments and ReplicaSets (pkg/registry/apps/deployment/storage, v1.34): a view of
 * spec.replicas that is read, replaced and patched like an object of its own.
 */
import { freezeDeep, withFields } from '../../../ground/api/edit.ts';
import { invalidField } from '../../../ground/api/field-error.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import { formatLabelSelector } from '../../../ground/api/selector.ts';
import type { Deployment, Scale } from '../../../ground/api/types.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { RequestContext } from '../generic/context.ts';
import { decodeAny } from '../generic/decode.ts';
import type { Answer } from '../generic/handler.ts';
import { applyPatchTo } from '../generic/patch.ts';
import type { Registry } from '../generic/registry.ts';
import { type Failure, invalid, methodNotAllowed } from '../generic/status.ts';

export function* scaleSubresource(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (info.verb === 'get') {
    yield* process.work(process.costs.apiReadMicros);
    const found = yield* registry.get(info.namespace, info.name);
    return found.ok ? answer.object(200, scaleOf(found.value)) : answer.fail(found.error);
  }
  if (info.verb !== 'update' && info.verb !== 'patch') return answer.fail(methodNotAllowed().error);
  yield* process.work(process.costs.apiWriteMicros);
  const change = wantedScale(context, answer);
  if (!change.ok) return answer.fail(change.error);
  const updated = yield* registry.update(
    context,
    info.namespace,
    info.name,
    (current) => {
      const scale = change.value(scaleOf(current));
      return scale.ok ? scaled(current as Deployment, scale.value) : scale;
    },
    { part: 'main', retry: true, verb: 'scale' },
  );
  if (!updated.ok) return answer.fail(updated.error);
  answer.object(200, scaleOf(updated.value));
}

/** From the present scale to the wanted one. */
function wantedScale(
  context: RequestContext,
  answer: Answer,
): Result<(scale: Scale) => Result<Scale, Failure>, Failure> {
  if (context.info.verb === 'patch') {
    const patch = applyPatchTo('autoscaling.v1.Scale', answer.exchange);
    if (!patch.ok) return patch;
    return ok(
      (scale) => patch.value(scale as unknown as KubeObject) as unknown as Result<Scale, Failure>,
    );
  }
  const decoded = decodeAny(answer.exchange, 'autoscaling.v1.Scale');
  return decoded.ok ? ok(() => ok(decoded.value as unknown as Scale)) : decoded;
}

function scaled(current: Deployment, scale: Scale): Result<KubeObject, Failure> {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    const error = invalidField('spec.replicas', replicas, 'must be greater than or equal to 0');
    return invalid('autoscaling', 'Scale', current.metadata.name, [error]);
  }
  const spec = withFields(current.spec ?? (Object.freeze({}) as NonNullable<Deployment['spec']>), {
    replicas,
  });
  const { resourceVersion } = scale.metadata;
  return ok(withMeta(withFields(current, { spec }), { resourceVersion }));
}

function scaleOf(object: KubeObject): Scale {
  const { metadata, spec, status } = object as Deployment;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = formatLabelSelector(spec?.selector);
  return freezeDeep({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector },
  });
}
