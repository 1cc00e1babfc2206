/** The programs themselves, on one machine: etcd, kube-apiserver and etcdctl over TLS on its loopback. */
import { expect, test } from 'vitest';
import { parseIp } from '../../../../src/ground/base/ip.ts';
import { issue, selfSigned } from '../../../../src/ground/pki/certificate.ts';
import { certificateFile, keyFile, publicKeyFile } from '../../../../src/ground/pki/document.ts';
import { newPrivateKey } from '../../../../src/ground/pki/keys.ts';
import { MODERN_COSTS } from '../../../../src/machines/machine/costs.ts';
import { etcdctl, etcdutl } from '../../../../src/programs/cli/etcdctl/index.ts';
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
  files.write('/usr/bin/etcdutl', etcdutl, 0o755);
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

/** Runs a program to its end. */
function ends(bench: Bench, ...argv: string[]): string {
  const ran = program(bench, argv);
  bench.loop.run({ until: bench.loop.now + 20 * SECOND, when: () => ran.status() !== undefined });
  return ran.text();
}

const DB = '/var/lib/etcd/member/snap/db';

test('a copy of the data file keeps the old state, and putting it back brings it back', () => {
  const bench = controlPlane();
  const { files } = bench.host;
  const store = program(bench, ETCD);
  bench.loop.run({ until: bench.loop.now + 2 * SECOND });
  ctl(bench, 'put', 'color', 'red');
  const copy = files.readContent(DB);
  if (!copy.ok) throw new Error(copy.error);
  files.write('/backup.db', copy.value);
  ctl(bench, 'put', 'color', 'blue');
  expect(ctl(bench, 'get', 'color')).toBe('color\nblue\n');
  store.child.signal('SIGKILL');
  const back = files.readContent('/backup.db');
  if (!back.ok) throw new Error(back.error);
  files.write(DB, back.value);
  program(bench, ETCD);
  bench.loop.run({ until: bench.loop.now + 3 * SECOND });
  expect(ctl(bench, 'get', 'color')).toBe('color\nred\n');
  ctl(bench, 'put', 'color', 'green');
  expect(files.readText('/backup.db')).toMatchObject({
    ok: true,
    value: expect.stringContaining('red'),
  });
});

test('a snapshot is saved, looked at, and restored as a new member', () => {
  const bench = controlPlane();
  const store = program(bench, ETCD);
  bench.loop.run({ until: bench.loop.now + 2 * SECOND });
  ctl(bench, 'put', 'a', '1');
  ctl(bench, 'put', 'a', '2');
  expect(ctl(bench, 'snapshot', 'save', '/snap.db')).toBe(
    'Snapshot saved at /snap.db\nServer version 3.6.0\n',
  );
  ctl(bench, 'put', 'a', '3');
  expect(ends(bench, 'etcdutl', 'snapshot', 'status', '/snap.db')).toMatch(
    /^[0-9a-f]{1,8}, 3, 2, 20 kB, 3\.6\.0\n$/,
  );
  store.child.signal('SIGTERM');
  bench.loop.run({ until: bench.loop.now + SECOND });
  const restore = ['etcdutl', 'snapshot', 'restore', '/snap.db', '--name=cp-1', '--data-dir=/new'];
  expect(ends(bench, ...restore, '--initial-cluster=cp-1=https://127.0.0.1:2380')).toMatch(
    /restored snapshot/,
  );
  expect(ends(bench, ...restore)).toBe('Error: data-dir "/new" not empty or could not be read\n');
  program(
    bench,
    ETCD.map((flag) => (flag.startsWith('--data-dir') ? '--data-dir=/new' : flag)),
  );
  bench.loop.run({ until: bench.loop.now + 3 * SECOND });
  expect(ctl(bench, 'get', 'a')).toBe('a\n2\n');
});

test('beyond its quota etcd takes deletes only, until space is freed and the alarm disarmed', () => {
  const bench = controlPlane();
  program(bench, [...ETCD, '--quota-backend-bytes=40000']);
  bench.loop.run({ until: bench.loop.now + 2 * SECOND });
  const big = 'x'.repeat(15_000);
  expect(ctl(bench, 'put', 'a', big)).toBe('OK\n');
  expect(ctl(bench, 'put', 'a', big)).toBe('OK\n');
  const full = 'Error: etcdserver: mvcc: database space exceeded\n';
  expect(ctl(bench, 'put', 'a', big)).toBe(full);
  expect(ctl(bench, 'alarm', 'list')).toMatch(/^memberID:\d+ alarm:NOSPACE \n$/);
  expect(ctl(bench, 'endpoint', 'health')).toMatch(/is unhealthy: .*NOSPACE/);
  expect(ctl(bench, 'del', 'a')).toBe('1\n');
  expect(ctl(bench, 'put', 'b', '1')).toBe(full);
  expect(ctl(bench, 'compaction', '4')).toBe('compacted revision 4\n');
  expect(ctl(bench, 'defrag')).toMatch(/^Finished defragmenting etcd member\[/);
  expect(ctl(bench, 'alarm', 'disarm')).toMatch(/alarm:NOSPACE/);
  expect(ctl(bench, 'put', 'b', '1')).toBe('OK\n');
});

test('flags that change nothing are named in the log; wrong values end the program', () => {
  const bench = controlPlane();
  const store = program(bench, [...ETCD, '--snapshot-count=10000', '--peer-client-cert-auth']);
  bench.loop.run({ until: bench.loop.now + SECOND });
  expect(store.text()).toMatch(/flag --snapshot-count has no effect here/);
  expect(store.text()).toMatch(/flag --peer-client-cert-auth has no effect here/);
  expect(ends(bench, 'etcd', '--max-txn-ops=many')).toMatch(
    /^invalid value "many" for flag -max-txn-ops: parse error/,
  );
  expect(ends(bench, 'etcd', '--force-new-cluster')).toMatch(/not supported by this simulator/);
});
