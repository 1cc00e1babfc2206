/**
 * Namespaces beyond the descriptor (pkg/registry/core/namespace, v1.34): they carry the finalizer
 * `kubernetes` in their spec; a delete makes them Terminating, and only an empty list of finalizers,
 * written through /finalize by the namespace controller, lets them go.
 */
import { withFields } from '../../../ground/api/edit.ts';
import { withMeta } from '../../../ground/api/meta.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { Namespace } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Hooks, RequestContext } from '../generic/context.ts';
import { decodeBody } from '../generic/decode.ts';
import { encodeObject } from '../generic/encode.ts';
import type { Answer } from '../generic/handler.ts';
import type { Registry } from '../generic/registry.ts';
import { methodNotAllowed } from '../generic/status.ts';

const FINALIZERS = Object.freeze(['kubernetes']);
const NAME_LABEL = 'kubernetes.io/metadata.name';

export const namespaceHooks: Hooks = {
  returnsDeleted: true,
  allocate(_context, object, old) {
    const namespace = object as Namespace;
    const labels = Object.freeze({
      ...namespace.metadata.labels,
      [NAME_LABEL]: namespace.metadata.name,
    });
    let next =
      namespace.metadata.labels?.[NAME_LABEL] === namespace.metadata.name
        ? namespace
        : withMeta(namespace, { labels });
    if (old !== undefined) {
      // Finalizers of the spec change through /finalize alone.
      const before = (old as Namespace).spec?.finalizers;
      next = withFields(next, {
        spec: withFields(next.spec ?? Object.freeze({}), { finalizers: before }),
      });
      return ok<KubeObject>(next);
    }
    const given = next.spec?.finalizers ?? [];
    const finalizers = given.includes('kubernetes')
      ? given
      : Object.freeze([...FINALIZERS, ...given]);
    const spec = withFields(next.spec ?? Object.freeze({}), { finalizers });
    return ok<KubeObject>(withFields(next, { spec, status: Object.freeze({ phase: 'Active' }) }));
  },
  mayRemove: (object) => ((object as Namespace).spec?.finalizers?.length ?? 0) === 0,
  beginDelete(object) {
    const namespace = object as Namespace;
    const status = withFields(namespace.status ?? Object.freeze({}), { phase: 'Terminating' });
    return withFields(namespace, { status });
  },
};

/** PUT namespaces/x/finalize. */
export function* serveFinalize(
  registry: Registry,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (info.verb !== 'update') return answer.fail(methodNotAllowed().error);
  yield* process.work(process.costs.apiWriteMicros);
  const decoded = decodeBody(registry.descriptor, context, answer.exchange);
  if (!decoded.ok) return answer.fail(decoded.error);
  const given = decoded.value as Namespace;
  const updated = yield* registry.update(
    context,
    '',
    info.name,
    (current) => {
      const spec = withFields((current as Namespace).spec ?? Object.freeze({}), {
        finalizers: given.spec?.finalizers,
      });
      const { resourceVersion } = given.metadata;
      return ok(withMeta(withFields(current as Namespace, { spec }), { resourceVersion }));
    },
    { part: 'raw', retry: false, verb: 'update' },
  );
  if (!updated.ok) return answer.fail(updated.error);
  encodeObject(answer, context, registry, 200, updated.value);
}
