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
import { humanDuration, parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import type { RequestContext } from '../generic/context.ts';
import { decodeAny } from '../generic/decode.ts';
import { wantsTable } from '../generic/encode.ts';
import type { Answer } from '../generic/handler.ts';
import { applyPatchTo } from '../generic/patch.ts';
import type { Registry } from '../generic/registry.ts';
import { badRequest, type Failure, invalid, methodNotAllowed } from '../generic/status.ts';
import { partialOf } from '../generic/table.ts';

export function* scaleSubresource(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (info.verb === 'get') {
    yield* process.work(process.costs.apiReadMicros);
    const found = yield* registry.get(info.namespace, info.name);
    if (!found.ok) return answer.fail(found.error);
    const scale = scaleOf(found.value);
    return answer.object(200, wantsTable(answer) ? scaleTable(scale, context.now) : scale);
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

/** pkg/printers/internalversion printScale */
function scaleTable(scale: Scale, now: WallTime): KubeObject {
  const { metadata, spec, status } = scale;
  const column = (name: string, type: string, format = '') => ({
    name,
    type,
    format,
    description: '',
    priority: 0,
  });
  const created = parseRfc3339(metadata.creationTimestamp ?? '');
  const age = created === undefined ? '<unknown>' : humanDuration(now - created);
  const cells = [metadata.name, spec?.replicas ?? 0, status?.replicas ?? 0, age];
  const { resourceVersion } = metadata;
  return freezeDeep({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: [
      column('Name', 'string', 'name'),
      column('Desired', 'integer'),
      column('Available', 'integer'),
      column('Age', 'string'),
    ],
    rows: [{ cells, object: partialOf(scale as unknown as KubeObject) }],
  }) as unknown as KubeObject;
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
  if (!decoded.ok) return decoded;
  const given = decoded.value.metadata?.name ?? '';
  const { name } = context.info;
  if (given !== '' && given !== name) {
    return badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  }
  return ok(() => ok(decoded.value as unknown as Scale));
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
