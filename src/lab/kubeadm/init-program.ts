/**
 * The last phases of `kubeadm init`, run once as a unit on the control-plane host: wait until the API
 * server answers, create the addon objects, mark the control-plane node. The object list is
 * addons.ts; the calls go over the wire like anybody's.
 */
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CONFIGMAPS,
  DEPLOYMENTS,
  NODES,
  ROLE_BINDINGS,
  ROLES,
  SERVICE_ACCOUNTS,
  SERVICES,
} from '../../ground/api/names.ts';
import type { KubeObject, ResourceName } from '../../ground/api/object.ts';
import type { Node } from '../../ground/api/types.ts';
import { MILLISECOND } from '../../ground/base/event-loop.ts';
import { required } from '../../ground/base/assert.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { openClient } from '../../spine/client/client.ts';
import { loadKubeconfig } from '../../spine/client/kubeconfig.ts';
import type { Client } from '../../spine/client/types.ts';
import { addonObjects, type AddonOptions } from './addons.ts';

const RESOURCE_OF: ReadonlyMap<string, ResourceName> = new Map([
  ['ClusterRole', CLUSTER_ROLES],
  ['ClusterRoleBinding', CLUSTER_ROLE_BINDINGS],
  ['Role', ROLES],
  ['RoleBinding', ROLE_BINDINGS],
  ['ConfigMap', CONFIGMAPS],
  ['ServiceAccount', SERVICE_ACCOUNTS],
  ['Service', SERVICES],
  ['Deployment', DEPLOYMENTS],
]);

const RETRY = 500 * MILLISECOND;

export function kubeadmInit(options: AddonOptions): Program {
  return {
    name: 'kubeadm',
    version: options.version,
    main: (process) => main(process, options),
  };
}

function* main(process: Process, options: AddonOptions): Task<number> {
  const config = loadKubeconfig(process, '/etc/kubernetes/super-admin.conf');
  if (!config.ok) {
    yield* process.printError(`error: ${config.error}\n`);
    return 1;
  }
  const client = openClient(process, config.value, {
    qps: -1,
    userAgent: `kubeadm/${options.version} (linux/amd64)`,
  });
  yield* waitUntilReady(process, client);
  for (const object of addonObjects(options)) {
    const resource = required(RESOURCE_OF.get(object.kind), `kubeadm knows ${object.kind}`);
    yield* createWithRetry(process, client, resource, object);
  }
  yield* markControlPlane(process, client);
  return 0;
}

function* waitUntilReady(process: Process, client: Client): Task<void> {
  for (;;) {
    const answer = yield* client.raw({
      method: 'GET',
      target: '/readyz',
      headers: new Map(),
      body: undefined,
    });
    if (answer.ok && answer.value.status === 200) return;
    yield* process.sleep(RETRY);
  }
}

function* createWithRetry(
  process: Process,
  client: Client,
  resource: ResourceName,
  object: KubeObject,
): Task<void> {
  for (;;) {
    const created = yield* client.create(resource, object);
    if (created.ok || created.error.code === 409) return;
    process.log(
      'W',
      'kubeadm',
      `creating ${object.kind} ${object.metadata.name}: ${created.error.message}`,
    );
    yield* process.sleep(RETRY);
  }
}

/** Labels that a kubelet may not give itself (NodeRestriction). */
function* markControlPlane(process: Process, client: Client): Task<void> {
  const labels = {
    'node-role.kubernetes.io/control-plane': '',
    'node.kubernetes.io/exclude-from-external-load-balancers': '',
  };
  for (;;) {
    const patched = yield* client.patch<Node>(NODES, '', process.hostname, 'merge', {
      metadata: { labels },
    });
    if (patched.ok) return;
    yield* process.sleep(RETRY);
  }
}
