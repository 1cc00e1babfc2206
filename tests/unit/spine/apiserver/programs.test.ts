/** The programs themselves, on one machine: etcd, kube-apiserver and etcdctl over TLS on its loopback. */
import { expect, test } from 'vitest';
import { parseIp } from '../../../../src/ground/base/ip.ts';
import { issue, selfSigned } from '../../../../src/ground/pki/certificate.ts';
import { certificateFile, keyFile, publicKeyFile } from '../../../../src/ground/pki/document.ts';
import { newPrivateKey } from '../../../../src/ground/pki/keys.ts';
import { MODERN_COSTS } from '../../../../src/machines/machine/costs.ts';
import { etcdctl } from '../../../../src/programs/cli/etcdctl/index.ts';
import { kubeApiserver } from '../../../../src/spine/apiserver/index.ts';
import { etcd } from '../../../../src/spine/etcd/index.ts';
import { type Bench, makeBench, run } from '../../machines/machine/support.ts';

const SECOND = 1_000_000;

function controlPlane(): Bench {
  const bench = makeBench();
  const { files } = bench.host;
  const times = { notBefore: MODERN_COSTS.epoch - SECOND, notAfter: MODERN_COSTS.epoch + 1e15 };
  const key = (name: string) => newPrivateKey(1, name);
  const authority = selfSigned({ subject: { commonName: 'ca' }, ...times }, key('ca'));
  files.mkdir('/pki', { parents: true });
  files.write('/pki/ca.crt', certificateFile(authority));
  const loopback = parseIp('127.0.0.1') ?? 0;
  for (const [name, usage] of [
    ['server', 'server'],
    ['client', 'client'],
  ] as const) {
    const template = {
      subject: { commonName: name, organizations: ['system:masters'] },
      ipAddresses: [loopback],
      dnsNames: ['localhost'],
      usages: [usage],
      publicKey: key(name).publicKey,
      ...times,
    };
    files.write(
      `/pki/${name}.crt`,
      certificateFile(issue(template, { certificate: authority, key: key('ca') })),
    );
    files.write(`/pki/${name}.key`, keyFile(key(name)));
  }
  files.write('/pki/sa.key', keyFile(key('sa')));
  files.write('/pki/sa.pub', publicKeyFile(key('sa').publicKey));
  files.write('/usr/bin/etcd', etcd, 0o755);
  files.write('/usr/bin/kube-apiserver', kubeApiserver, 0o755);
  files.write('/usr/bin/etcdctl', etcdctl, 0o755);
  return bench;
}

const ETCD = [
  'etcd',
  '--name=cp-1',
  '--data-dir=/var/lib/etcd',
  '--listen-client-urls=https://127.0.0.1:2379',
  '--advertise-client-urls=https://127.0.0.1:2379',
  '--listen-peer-urls=https://127.0.0.1:2380',
  '--listen-metrics-urls=http://127.0.0.1:2381',
  '--cert-file=/pki/server.crt',
  '--key-file=/pki/server.key',
  '--trusted-ca-file=/pki/ca.crt',
  '--client-cert-auth=true',
];
const API = [
  'kube-apiserver',
  '--advertise-address=127.0.0.1',
  '--authorization-mode=Node,RBAC',
  '--client-ca-file=/pki/ca.crt',
  '--etcd-cafile=/pki/ca.crt',
  '--etcd-certfile=/pki/client.crt',
  '--etcd-keyfile=/pki/client.key',
  '--etcd-servers=https://127.0.0.1:2379',
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  '--service-account-key-file=/pki/sa.pub',
  '--service-account-signing-key-file=/pki/sa.key',
  '--service-cluster-ip-range=10.96.0.0/12',
  '--tls-cert-file=/pki/server.crt',
  '--tls-private-key-file=/pki/server.key',
];

function program(bench: Bench, argv: readonly string[]) {
  return run(
    bench,
    function* () {
      return 0;
    },
    { argv, path: `/usr/bin/${argv[0]}`, fork: undefined as never },
  );
}

function ctl(bench: Bench, ...args: string[]): string {
  const ran = program(bench, [
    'etcdctl',
    '--cacert=/pki/ca.crt',
    '--cert=/pki/client.crt',
    '--key=/pki/client.key',
    ...args,
  ]);
  const end = bench.loop.now + 20 * SECOND;
  bench.loop.run({ until: end, when: () => ran.status() !== undefined });
  return ran.text();
}

test('a control plane comes up, writes its first objects, and survives kill -9 of etcd', () => {
  const bench = controlPlane();
  const store = program(bench, ETCD);
  const api = program(bench, API);
  bench.loop.run({ until: bench.loop.now + 8 * SECOND });
  expect(api.text() + store.text()).not.toMatch(/^[EF]\d/m);
  expect(ctl(bench, 'get', '/registry/services/specs/', '--prefix', '--keys-only')).toBe(
    '/registry/services/specs/default/kubernetes\n\n',
  );
  const names = ctl(bench, 'get', '/registry/clusterroles/', '--prefix', '--keys-only');
  expect(names.split('\n').filter((line) => line !== '')).toHaveLength(68);
  expect(ctl(bench, 'get', '/registry/namespaces/default')).toMatch(
    /k8s\0\n\x0f\n\x02v1\x12\tNamespace/,
  );
  expect(ctl(bench, 'put', 'foo', 'bar')).toBe('OK\n');
  store.child.signal('SIGKILL');
  expect(ctl(bench, 'get', 'foo')).toBe('Error: context deadline exceeded\n');
  program(bench, ETCD);
  bench.loop.run({ until: bench.loop.now + 3 * SECOND });
  expect(ctl(bench, 'get', 'foo')).toBe('foo\nbar\n');
  expect(ctl(bench, 'endpoint', 'health')).toMatch(
    /^127\.0\.0\.1:2379 is healthy: successfully committed proposal: took = /,
  );
});

test('a wrong flag ends the program with code 1', () => {
  const bench = controlPlane();
  const api = program(bench, ['kube-apiserver', '--x=1']);
  bench.loop.run({ until: bench.loop.now + SECOND });
  expect(api.text()).toBe('Error: unknown flag: --x\n');
  expect(api.status()?.code).toBe(1);
});

test('etcdctl prints as the real one', () => {
  const bench = controlPlane();
  program(bench, ETCD);
  bench.loop.run({ until: bench.loop.now + 2 * SECOND });
  ctl(bench, 'put', 'foo', 'bar');
  expect(ctl(bench, 'get', 'foo', '-w', 'fields')).toMatch(
    /^"ClusterID" : \d+\n"MemberID" : \d+\n"Revision" : 2\n"RaftTerm" : 1\n"Key" : "foo"\n"CreateRevision" : 2\n"ModRevision" : 2\n"Version" : 1\n"Value" : "bar"\n"Lease" : 0\n"More" : false\n"Count" : 1\n$/,
  );
  expect(ctl(bench, 'get', 'foo', '-w', 'json')).toMatch(
    /^\{"header":\{"cluster_id":\d+,"member_id":\d+,"revision":2,"raft_term":1\},"kvs":\[\{"key":"Zm9v","create_revision":2,"mod_revision":2,"version":1,"value":"YmFy"\}\],"count":1\}\n$/,
  );
  const granted = ctl(bench, 'lease', 'grant', '60');
  expect(granted).toMatch(/^lease [0-9a-f]{16} granted with TTL\(60s\)\n$/);
  const id = granted.split(' ')[1] ?? '';
  ctl(bench, 'put', 'leased', 'x', `--lease=${id}`);
  expect(ctl(bench, 'lease', 'timetolive', id, '--keys')).toMatch(
    /granted with TTL\(60s\), remaining\(5\ds\), attached keys\(\[leased\]\)\n$/,
  );
  // Expiry is looked for every 500 ms, so the key goes at most that much later.
  bench.loop.run({ until: bench.loop.now + 61 * SECOND });
  expect(ctl(bench, 'get', 'leased')).toBe('');
  expect(ctl(bench, 'member', 'list', '-w', 'table').split('\n')[1]).toMatch(
    /^\| +ID +\| STATUS +\| NAME \|/,
  );
  expect(ctl(bench, 'get', 'foo', '--rev', '99')).toBe(
    'Error: etcdserver: mvcc: required revision is a future revision\n',
  );
});
