/** Controllers on the real registry: what they write passes validation, and comes back as they expect. */
import { expect, test } from 'vitest';
import { RESOURCES } from '../../../../src/ground/api/resources.ts';
import {
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  PODS,
  SERVICES,
} from '../../../../src/ground/api/names.ts';
import type { KubeObject, ResourceName } from '../../../../src/ground/api/object.ts';
import type {
  Deployment,
  Endpoints,
  EndpointSlice,
  Pod,
  Service,
} from '../../../../src/ground/api/types.ts';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { ok } from '../../../../src/ground/base/result.ts';
import type { Task } from '../../../../src/ground/base/task.ts';
import { MODERN_COSTS } from '../../../../src/machines/machine/costs.ts';
import { Fabric } from '../../../../src/machines/network/fabric.ts';
import { serveHttp } from '../../../../src/machines/network/http-server.ts';
import { clusterRoleAggregationController } from '../../../../src/programs/controllers/clusterrole-aggregation.ts';
import {
  contextFor,
  DEFAULT_FLAGS,
  Informers,
} from '../../../../src/programs/controllers/context.ts';
import { deploymentController } from '../../../../src/programs/controllers/deployment.ts';
import { endpointSliceController } from '../../../../src/programs/controllers/endpointslice.ts';
import { endpointsController } from '../../../../src/programs/controllers/endpoints.ts';
import { replicaSetController } from '../../../../src/programs/controllers/replicaset.ts';
import { rootCaController } from '../../../../src/programs/controllers/root-ca.ts';
import { serviceAccountController } from '../../../../src/programs/controllers/serviceaccount.ts';
import { Api } from '../../../../src/spine/apiserver/generic/api.ts';
import { Pipeline } from '../../../../src/spine/apiserver/generic/handler.ts';
import { Store } from '../../../../src/spine/apiserver/generic/store.ts';
import { openClient } from '../../../../src/spine/client/client.ts';
import type { ApiResult } from '../../../../src/spine/client/types.ts';
import { newAuthority, newServer } from '../../../support/authority.ts';
import { fakeEtcd } from '../../../support/control-plane.ts';
import { deployment } from '../../../support/controllers.ts';
import { fakeProcess } from '../../../support/fake-process.ts';
import { addNode, httpHost, runTask, socketsIn } from '../../../support/small-network.ts';

const CONTROLLERS = [
  serviceAccountController,
  rootCaController,
  replicaSetController,
  deploymentController,
  endpointsController,
  endpointSliceController,
  clusterRoleAggregationController,
];
const ADMIN = { name: 'admin', uid: '', groups: ['system:masters'], extra: new Map() };

function setUp() {
  const etcd = fakeEtcd();
  const { loop, trace } = etcd;
  const fabric = new Fabric(loop, trace, MODERN_COSTS, {});
  const network = { loop, recorder: trace, fabric };
  const cp = addNode(fabric, 'cp-1', '192.168.0.10', '10.244.0.0/24');
  const node = addNode(fabric, 'node-1', '192.168.0.11', '10.244.1.0/24');
  const server = fakeProcess(loop, 'kube-apiserver', trace).process;
  const store = new Store(server, etcd.client);
  const api = new Api(store, {
    component: 'kube-apiserver',
    descriptors: RESOURCES,
    hooks: () => ({}),
    admission: [],
    subresources: new Map(),
    virtual: new Map(),
    watchSecondsMin: 1800,
  });
  const pipeline = new Pipeline({
    process: server,
    authenticator: { authenticate: () => ok(ADMIN) },
    authorizer: { authorize: () => ok(undefined) },
    impersonate: (user) => ok(user),
    readsMax: 400,
    writesMax: 200,
    requestTimeout: 60_000_000,
    serve: (context, answer) => api.serve(context, answer),
  });
  server.start('store', store.run());
  loop.run({ when: () => store.ready });
  const host = httpHost(network, cp.namespace, 'kube-apiserver');
  const listener = host.net.listen(0, 6443);
  if (!listener.ok) throw new Error(listener.error);
  const authority = newAuthority('kubernetes');
  const tls = { identity: newServer(authority), alpn: ['h2'] };
  serveHttp(host, listener.value, (exchange) => pipeline.handle(exchange), { tls });
  const { process, log } = fakeProcess(loop, 'kube-controller-manager', trace);
  Object.assign(process, { net: socketsIn(node.namespace, 'kube-controller') });
  const config = {
    server: 'https://192.168.0.10:6443',
    roots: [authority.certificate],
    namespace: 'default',
  };
  const client = openClient(process, config, { qps: -1, onWarning: () => {} });
  const informers = new Informers(process, client);
  for (const each of CONTROLLERS) {
    each.start(
      contextFor(process, client, informers, { ...DEFAULT_FLAGS, rootCa: 'PEM' }, each.component),
    );
  }
  const run = <T>(task: Task<ApiResult<T>>): T => {
    const answer = runTask(loop, task, 10 * SECOND);
    if (answer?.ok !== true) throw new Error(answer?.error.message ?? 'no answer');
    return answer.value;
  };
  return { loop, client, log, run };
}

test('a Deployment behind a Service: pods, status, Endpoints and slices; then nothing more is written', () => {
  const { loop, client, run } = setUp();
  const all = <T extends KubeObject>(resource: ResourceName) =>
    run(client.list<T>(resource, 'default')).items;
  run(client.create<Deployment>(DEPLOYMENTS, deployment('web', 3)));
  run(
    client.create<Service>(
      SERVICES,
      freezeDeep<Service>({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          clusterIP: 'None',
          selector: { app: 'web' },
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        },
      }),
    ),
  );
  loop.run({ until: loop.now + 2 * SECOND });
  const pods = all<Pod>(PODS);
  expect(pods).toHaveLength(3);
  pods.forEach((pod, index) => {
    const status = {
      phase: 'Running',
      podIP: `10.244.1.${index + 2}`,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-03-02T09:00:01Z' }],
    };
    run(client.update<Pod>(PODS, freezeDeep({ ...pod, status }) as Pod, { subresource: 'status' }));
  });
  loop.run({ until: loop.now + 2 * SECOND });
  const web = run(client.get<Deployment>(DEPLOYMENTS, 'default', 'web'));
  expect(web.status).toMatchObject({ availableReplicas: 3, updatedReplicas: 3 });
  expect(web.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
  expect(all<Endpoints>(ENDPOINTS)[0]?.subsets?.[0]?.addresses?.map((each) => each.ip)).toEqual([
    '10.244.1.2',
    '10.244.1.3',
    '10.244.1.4',
  ]);
  expect(all<EndpointSlice>(ENDPOINT_SLICES)[0]?.endpoints).toHaveLength(3);
  const before = run(client.list(PODS, '')).resourceVersion;
  loop.run({ until: loop.now + 30 * SECOND });
  expect(run(client.list(PODS, '')).resourceVersion).toBe(before);
});
