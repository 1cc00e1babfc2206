/** An API server over a fake etcd, bootstrapped, for unit tests. Calls are made as any user. */
import { utf8 } from '../../src/ground/base/bytes.ts';
import { newPrivateKey } from '../../src/ground/pki/keys.ts';
import type { HttpConnection } from '../../src/machines/network/http-types.ts';
import type { TlsPeer } from '../../src/machines/network/tls-types.ts';
import { bootstrapObjects, writeMissing } from '../../src/spine/apiserver/bootstrap.ts';
import { parseOptions } from '../../src/spine/apiserver/options.ts';
import { buildServer, type Server } from '../../src/spine/apiserver/server.ts';
import { type FakeEtcd, fakeEtcd, type Reply, request, runTask } from './control-plane.ts';
import { fakeConnection } from './fake-http.ts';
import { fakeProcess } from './fake-process.ts';

export interface FakeApiServer extends FakeEtcd {
  readonly server: Server;
  /** A connection with a client certificate of this name and these groups. */
  connect(name: string, ...groups: string[]): HttpConnection;
  /** As kubernetes-admin. */
  call(method: string, target: string, body?: unknown, headers?: Record<string, string>): Reply;
  callAs(
    connection: HttpConnection,
    method: string,
    target: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Reply;
}

export function fakeApiServer(...flags: readonly string[]): FakeApiServer {
  const etcd = fakeEtcd();
  const { process } = fakeProcess(etcd.loop, 'kube-apiserver', etcd.trace);
  const options = parseOptions([
    '--etcd-servers=https://127.0.0.1:2379',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--service-account-signing-key-file=/etc/kubernetes/pki/sa.key',
    '--service-cluster-ip-range=10.96.0.0/12',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--advertise-address=192.168.0.10',
    '--allow-privileged=true',
    ...flags,
  ]);
  if (!options.ok) throw new Error(options.error);
  const signingKey = newPrivateKey(1, 'sa');
  const server = buildServer(
    process,
    options.value,
    {
      serving: undefined as never,
      clientRoots: [],
      signingKey,
      accountKeys: [signingKey.publicKey],
      kubelet: undefined,
      kubeletRoots: undefined,
    },
    etcd.client,
  );
  process.start('store', server.store.run());
  process.start('timeouts', server.pipeline.expire());
  etcd.loop.run({ when: () => server.store.ready });
  etcd.run(writeMissing(server.api, bootstrapObjects(), process.random, process.clock.wall()));
  etcd.loop.run({ when: () => server.store.caches.get('clusterroles')?.items.size === 68 });
  const connect = (name: string, ...groups: string[]): HttpConnection => {
    const certificate = {
      id: `${name}/${groups}`,
      subject: { commonName: name, organizations: groups },
      der: () => utf8(name),
    };
    const peer = { certificate, serverName: '', alpn: 'h2' } as unknown as TlsPeer;
    return fakeConnection(
      etcd.loop,
      (exchange) => process.start('request', server.pipeline.handle(exchange)),
      peer,
    );
  };
  const admin = connect('kubernetes-admin', 'system:masters');
  const callAs: FakeApiServer['callAs'] = (connection, method, target, body, headers) =>
    runTask(etcd.loop, request(connection, method, target, body, headers));
  return {
    ...etcd,
    server,
    connect,
    callAs,
    call: (method, target, body, headers) => callAs(admin, method, target, body, headers),
  };
}
