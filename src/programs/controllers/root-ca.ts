/**
 * The root CA publisher (k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher, v1.34):
 * every namespace has a ConfigMap kube-root-ca.crt with the cluster's root certificate, from which pods
 * learn whom to trust. Watches Namespaces and those ConfigMaps; the key is the namespace's name.
 */
import { freezeDeep, withFields } from '../../ground/api/edit.ts';
import { entryOf } from '../../ground/api/meta.ts';
import { CONFIGMAPS, NAMESPACES } from '../../ground/api/names.ts';
import type { ConfigMap, Namespace } from '../../ground/api/types.ts';
import { isNamespaceTerminating } from '../../spine/client/api-error.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import { type Controller, startWorkers } from './context.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export const rootCaController: Controller = {
  name: 'root-ca-certificate-publisher-controller',
  account: 'root-ca-cert-publisher',
  component: 'root-ca-cert-publisher',
  start(context) {
    const root = context.flags.rootCa;
    const namespaces = context.informers.of<Namespace>(NAMESPACES);
    const maps = context.informers.of<ConfigMap>(CONFIGMAPS);
    const queue = new WorkQueue(context.process, 'root_ca_cert_publisher');
    namespaces.addHandler({
      onAdd: (namespace) => queue.add(namespace.metadata.name),
      onUpdate: (_, namespace) => queue.add(namespace.metadata.name),
    });
    const changed = (map: ConfigMap): void => {
      if (map.metadata.name === NAME) queue.add(map.metadata.namespace ?? '');
    };
    maps.addHandler({ onUpdate: (_, map) => changed(map), onDelete: changed });
    startWorkers(context, queue, [namespaces, maps], { workers: 1 }, function* (key) {
      const namespace = namespaces.get(key);
      if (namespace === undefined || namespace.status?.phase === 'Terminating') return undefined;
      const current = maps.get(`${key}/${NAME}`);
      const data = Object.freeze({ 'ca.crt': root });
      const annotations = Object.freeze({ 'kubernetes.io/description': DESCRIPTION });
      if (current === undefined) {
        const created = yield* context.client.create<ConfigMap>(
          CONFIGMAPS,
          freezeDeep<ConfigMap>({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: NAME, namespace: key, annotations },
            data,
          }),
        );
        if (created.ok || created.error.reason === 'AlreadyExists') return undefined;
        return isNamespaceTerminating(created.error) ? undefined : created.error.message;
      }
      const described = current.metadata.annotations?.['kubernetes.io/description'] !== undefined;
      const same = entryOf(current.data, 'ca.crt') === root;
      if (same && described && Object.keys(current.data ?? {}).length === 1) return undefined;
      const next = withFields<ConfigMap>(current, {
        data,
        metadata: withFields(current.metadata, {
          annotations: freezeDeep({ ...annotations, ...current.metadata.annotations }),
        }),
      });
      const updated = yield* context.client.update<ConfigMap>(CONFIGMAPS, next);
      return updated.ok ? undefined : updated.error.message;
    });
  },
};
