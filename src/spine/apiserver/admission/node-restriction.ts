/**
 * NodeRestriction (plugin/pkg/admission/noderestriction, v1.34): a kubelet may change only its own
 * node, pods bound to it, and tokens of those pods.
 */
import { annotationOf } from '../../../ground/api/meta.ts';
import type { Pod, TokenRequest } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { nodeOfUser } from '../authz/node.ts';
import type { AdmissionPlugin } from '../generic/context.ts';
import { forbiddenObject } from '../generic/status.ts';
import type { ResourceCache } from '../generic/watch-cache.ts';
import { MIRROR } from './service-account.ts';

export function nodeRestriction(pods: ResourceCache): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    admit(context, operation, object, old) {
      const node = nodeOfUser(context.user);
      if (node === undefined) return ok(object);
      const { info } = context;
      const of = { group: info.group, resource: info.resource };
      const refuse = (why: string) => forbiddenObject(of, object, why);
      if (info.group === '' && info.resource === 'nodes') {
        if (operation === 'DELETE' || object.metadata.name === node) return ok(object);
        return refuse(`node "${node}" is not allowed to modify node "${object.metadata.name}"`);
      }
      if (info.group === '' && info.resource === 'pods') {
        const pod = object as Pod;
        if (operation === 'CREATE' && info.subresource === '') {
          if (annotationOf(pod, MIRROR) === undefined) {
            return refuse(
              `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`,
            );
          }
          if (pod.spec?.nodeName === node) return ok(object);
          return refuse(`node "${node}" can only create pods with spec.nodeName set to itself`);
        }
        const bound = ((old ?? object) as Pod).spec?.nodeName;
        if (bound === node) return ok(object);
        if (operation === 'DELETE') {
          return refuse(`node "${node}" can only delete pods with spec.nodeName set to itself`);
        }
        return refuse(
          `node "${node}" can only update pod status for pods with spec.nodeName set to itself`,
        );
      }
      if (info.resource === 'serviceaccounts' && info.subresource === 'token') {
        const reference = (object as unknown as TokenRequest).spec?.boundObjectRef;
        if (reference?.kind !== 'Pod') return refuse(`node requested token not bound to a pod`);
        const pod = pods.get(info.namespace, reference.name ?? '')?.object as Pod | undefined;
        if (pod?.spec?.nodeName === node) return ok(object);
        return refuse(`node requested token bound to a pod scheduled on a different node`);
      }
      return ok(object);
    },
  };
}
