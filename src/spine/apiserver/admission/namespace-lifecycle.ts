/**
 * NamespaceLifecycle (k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle, v0.34): nothing is
 * created in a namespace that does not exist or is being deleted; three namespaces stay.
 */
import { isDeleting } from '../../../ground/api/meta.ts';
import type { Namespace } from '../../../ground/api/types.ts';
import { err, ok } from '../../../ground/base/result.ts';
import type { AdmissionPlugin } from '../generic/context.ts';
import { forbidden, forbiddenObject, notFound, statusOf } from '../generic/status.ts';
import type { ResourceCache } from '../generic/watch-cache.ts';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

export function namespaceLifecycle(namespaces: ResourceCache): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    admit(context, operation, object) {
      const { group, resource } = context.info;
      const of = { group, resource };
      if (group === '' && resource === 'namespaces') {
        const { name } = object.metadata;
        if (operation !== 'DELETE' || !IMMORTAL.has(name)) return ok(object);
        return forbidden(of, name, 'this namespace may not be deleted');
      }
      const namespace = object.metadata.namespace ?? '';
      if (operation !== 'CREATE' || namespace === '') return ok(object);
      const found = namespaces.get('', namespace)?.object as Namespace | undefined;
      if (found === undefined) return notFound({ group: '', resource: 'namespaces' }, namespace);
      if (!isDeleting(found) && found.status?.phase !== 'Terminating') return ok(object);
      const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
      const { error } = forbiddenObject(of, object, why);
      const cause = Object.freeze({
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      });
      return err({
        status: statusOf({
          code: 403,
          reason: 'Forbidden',
          message: error.status.message ?? '',
          details: { ...error.status.details, causes: Object.freeze([cause]) },
        }),
      });
    },
  };
}
