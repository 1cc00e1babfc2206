/**
 * The model's etcd and etcdctl beside the real ones, command by command, where these are installed
 * (Debian: etcd-server, etcd-client). Ids and terms are made by chance and are compared by their form.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { etcdctl } from '../../src/programs/cli/etcdctl/index.ts';
import { etcd } from '../../src/spine/etcd/index.ts';
import { type Bench, makeBench, run } from '../unit/machines/machine/support.ts';

const SECOND = 1_000_000;
const installed =
  spawnSync('etcd', ['--version']).status === 0 && spawnSync('etcdctl', ['version']).status === 0;
if (!installed)
  console.warn('SKIPPED: no real etcd here (apt-get install etcd-server etcd-client)');

/** Commands in order; each sees what those before it did. `<id>` is the last lease's id. */
const COMMANDS: readonly string[] = [
  'put foo bar',
  'put foo baz --prev-kv',
  'put a/1 one',
  'put a/2 two',
  'put a/3 three',
  'get foo',
  'get nothing',
  'get foo -w json',
  'get foo -w fields',
  'get a/ --prefix',
  'get a/ --prefix --keys-only',
  'get a/ --prefix -w json',
  'get a/ --prefix --limit=2 -w json',
  'get a/ --prefix --limit=2',
  'get a/1 a/3',
  'get a/2 --from-key',
  'get a/ --prefix --order=DESCEND',
  'get a/ --prefix --sort-by=MODIFY --order=DESCEND',
  'get a/ --prefix --print-value-only',
  'get foo --hex',
  'get foo --rev=2',
  'get foo --rev=99',
  'get --prefix --from-key a',
  'put foo',
  'del a/1',
  'del a/2 --prev-kv',
  'del nothing',
  'del a/ --prefix -w json',
  'put foo --ignore-value --lease=0',
  'put absent --ignore-value',
  'lease grant 100',
  'put leased x --lease=<id>',
  'get leased',
  'lease timetolive <id>',
  'lease timetolive <id> --keys',
  'lease list',
  'lease keep-alive --once <id>',
  'lease revoke <id>',
  'get leased',
  'lease revoke <id>',
  'lease timetolive <id>',
  'put x y --lease=123456',
  'compaction 4',
  'compaction 4',
  'compaction 9999',
  'get foo --rev=2',
  'alarm list',
  'alarm disarm',
];

/** What is made by chance, or is a time, by its form. */
function settled(text: string): string {
  return (
    text
      .replace(/"(cluster_id|member_id|raft_term)":\d+/g, '"$1":N')
      .replace(/"(ClusterID|MemberID|RaftTerm)" : \d+/g, '"$1" : N')
      .replace(/\b[0-9a-f]{15,16}\b/g, 'LEASE')
      .replace(/remaining\(\d+s\)/g, 'remaining(Ns)')
      // Since 3.5 the client library logs its retries as JSON lines.
      .replace(/^\{"level":"warn".*\n/gm, '')
  );
}

/** Runs the table against one side. */
function outputs(call: (args: readonly string[]) => string): string[] {
  let lease = '0';
  return COMMANDS.map((line) => {
    const text = call(line.split(' ').map((word) => word.replace('<id>', lease)));
    lease = /^lease ([0-9a-f]+) granted/.exec(text)?.[1] ?? lease;
    return settled(text);
  });
}

describe.skipIf(!installed)('etcdctl', () => {
  const port = 23_000 + (process.pid % 1000) * 2;
  const folder = mkdtempSync(join(tmpdir(), 'etcd-'));
  let server: ChildProcess | undefined;
  let real: string[] = [];
  let model: string[] = [];

  const ask = (args: readonly string[]): string => {
    const env = { ...process.env, ETCDCTL_API: '3' };
    const ran = spawnSync('etcdctl', [`--endpoints=127.0.0.1:${port}`, ...args], { env });
    return `${ran.stdout}${ran.stderr}`;
  };

  beforeAll(() => {
    const client = `http://127.0.0.1:${port}`;
    const peer = `http://127.0.0.1:${port + 1}`;
    server = spawn(
      'etcd',
      [
        `--data-dir=${folder}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
      ],
      { stdio: 'ignore' },
    );
    for (let attempt = 0; attempt < 40; attempt += 1) {
      if (ask(['endpoint', 'health']).includes('is healthy')) break;
      spawnSync('sleep', ['0.25']);
    }
    real = outputs(ask);
    const bench: Bench = makeBench();
    bench.host.files.write('/usr/bin/etcd', etcd, 0o755);
    bench.host.files.write('/usr/bin/etcdctl', etcdctl, 0o755);
    const start = (...argv: string[]) =>
      run(
        bench,
        function* () {
          return 0;
        },
        { argv, path: `/usr/bin/${argv[0]}`, fork: undefined as never },
      );
    start('etcd', '--data-dir=/data', '--initial-cluster=default=http://127.0.0.1:2380');
    bench.loop.run({ until: bench.loop.now + 3 * SECOND });
    model = outputs((args) => {
      const ran = start('etcdctl', ...args);
      const end = bench.loop.now + 20 * SECOND;
      bench.loop.run({ until: end, when: () => ran.status() !== undefined });
      return ran.text();
    });
  }, 120_000);

  afterAll(() => {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(COMMANDS.map((line, index) => [line, index] as const))('%s', (_line, index) => {
    expect(model[index]).toBe(real[index]);
  });
});
