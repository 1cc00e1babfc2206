/**
 * The service account controller (k8s.io/kubernetes/pkg/controller/serviceaccount, v1.34): every active
 * namespace has a ServiceAccount `default`. Watches Namespaces and ServiceAccounts; the key is the
 * namespace's name.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { NAMESPACES, SERVICE_ACCOUNTS } from '../../ground/api/names.ts';
import type { Namespace, ServiceAccount } from '../../ground/api/types.ts';
import { isNamespaceTerminating } from '../../spine/client/api-error.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import { type Controller, startWorkers } from './context.ts';

const DEFAULT = 'default';

export const serviceAccountController: Controller = {
  name: 'serviceaccount-controller',
  account: 'service-account-controller',
  component: 'service-account-controller',
  start(context) {
    const namespaces = context.informers.of<Namespace>(NAMESPACES);
    const accounts = context.informers.of<ServiceAccount>(SERVICE_ACCOUNTS);
    const queue = new WorkQueue(context.process, 'serviceaccount');
    namespaces.addHandler({
      onAdd: (namespace) => queue.add(namespace.metadata.name),
      onUpdate: (_, namespace) => queue.add(namespace.metadata.name),
    });
    accounts.addHandler({ onDelete: (account) => queue.add(account.metadata.namespace ?? '') });
    startWorkers(context, queue, [namespaces, accounts], { workers: 1 }, function* (key) {
      const namespace = namespaces.get(key);
      if (namespace === undefined || namespace.status?.phase !== 'Active') return undefined;
      if (accounts.get(`${key}/${DEFAULT}`) !== undefined) return undefined;
      const account = freezeDeep<ServiceAccount>({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: DEFAULT, namespace: key },
      });
      const created = yield* context.client.create<ServiceAccount>(SERVICE_ACCOUNTS, account);
      if (created.ok || created.error.reason === 'AlreadyExists') return undefined;
      return isNamespaceTerminating(created.error) ? undefined : created.error.message;
    });
  },
};
