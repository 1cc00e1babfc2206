/** An API server over a fake etcd, with a user that may do everything, for unit tests. */
import { RESOURCES } from '../../src/ground/api/resources.ts';
import { ok } from '../../src/ground/base/result.ts';
import { utf8 } from '../../src/ground/base/bytes.ts';
import type { HttpConnection } from '../../src/machines/network/http-types.ts';
import { Api } from '../../src/spine/apiserver/generic/api.ts';
import { Pipeline } from '../../src/spine/apiserver/generic/handler.ts';
import { Store } from '../../src/spine/apiserver/generic/store.ts';
import { type FakeEtcd, fakeEtcd, type Reply, request, runTask } from './control-plane.ts';
import { fakeConnection } from './fake-http.ts';
import { fakeProcess } from './fake-process.ts';

export interface FakeApiServer extends FakeEtcd {
  readonly api: Api;
  readonly connection: HttpConnection;
  readonly log: string[];
  call(method: string, target: string, body?: unknown, headers?: Record<string, string>): Reply;
}

const ADMIN = { name: 'kubernetes-admin', uid: '', groups: ['system:masters'], extra: new Map() };

export function fakeApiServer(): FakeApiServer {
  const etcd = fakeEtcd();
  const { process, log } = fakeProcess(etcd.loop, 'kube-apiserver', etcd.trace);
  const store = new Store(process, etcd.client, (object) => utf8(object.kind));
  const api = new Api(store, {
    component: 'kube-apiserver',
    descriptors: RESOURCES,
    hooks: () => ({}),
    admission: [],
    subresources: new Map(),
    virtual: new Map(),
  });
  const pipeline = new Pipeline({
    process,
    authenticator: { authenticate: () => ok(ADMIN) },
    authorizer: { authorize: () => ok(undefined) },
    impersonate: (user) => ok(user),
    serve: (context, answer) => api.serve(context, answer),
  });
  process.start('store', store.run());
  const connection = fakeConnection(etcd.loop, (exchange) => {
    process.start('request', pipeline.handle(exchange));
  });
  etcd.loop.run({ when: () => store.ready });
  return {
    ...etcd,
    api,
    connection,
    log,
    call: (method, target, body, headers) =>
      runTask(etcd.loop, request(connection, method, target, body, headers)),
  };
}
