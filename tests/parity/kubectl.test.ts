/**
 * kubectl against the machine's own kubectl, without a server: mistakes in flags and arguments, and
 * the objects that `create … --dry-run=client -o yaml` makes. 1.33 is compared with (1.34 no longer
 * prints `creationTimestamp: null`, which is taken out).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EventLoop } from '../../src/ground/base/event-loop.ts';
import { textOf } from '../../src/ground/base/bytes.ts';
import { Recorder } from '../../src/ground/trace/recorder.ts';
import { MODERN_COSTS } from '../../src/machines/machine/costs.ts';
import { sinkFile } from '../../src/machines/machine/files/open-file.ts';
import { Host } from '../../src/machines/machine/host.ts';
import { bytesOf } from '../../src/machines/network/chunk.ts';
import { Fabric } from '../../src/machines/network/fabric.ts';
import { kubectl } from '../../src/programs/cli/kubectl/index.ts';

function oracle(): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') return undefined;
  const beside = join(dirname(realpathSync(found)), 'kubectl.1.33');
  return existsSync(beside) ? beside : undefined;
}

const REAL = oracle();
const FILES: Readonly<Record<string, string>> = {
  'bad-indent.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n   labels: b\n',
  'tab.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n',
  'no-kind.yaml': 'apiVersion: v1\nmetadata:\n  name: a\n',
  'empty.yaml': '',
  'env.txt': '# comment\nA=1\nB=two words\n',
  'data.txt': 'hello\nworld\n',
};

/** Command lines by words; those that differ on purpose are not here. */
const LINES: readonly string[] = [
  'get --foo',
  'get -z',
  'get -n',
  'get --all-namespaces=x pods',
  'scale --replicas=x deploy/a',
  'scale deploy/a',
  'rollout foo',
  'gte',
  'creat',
  'create',
  'create deployment',
  'create deployment a',
  'create foo',
  'run',
  'run a',
  'logs',
  'exec',
  'exec a',
  'exec a ls',
  'delete',
  'expose',
  'label',
  'label pods a',
  'annotate',
  'set image',
  'apply',
  'apply -f nofile.yaml',
  'get',
  'describe',
  'edit',
  'wait',
  'wait pod/a',
  'patch',
  'patch pod a',
  'wait --for=foo pod/a',
  'diff',
  'replace',
  'attach',
  'cp',
  'rollout status',
  'rollout undo',
  '--foo',
  '-z',
  'explain',
  'apply -f a -x',
  'run a --image=b --restart=Foo',
  'run --image=x a --dry-run=foo',
  'wait --timeout=5 pod/a',
  'create namespace',
  'create configmap',
  'create configmap a --from-literal=b',
  'create service foo',
  'create ns a --dry-run=client -o yaml',
  'create deployment web --image=nginx:1.27 --replicas=3 --port=80 --dry-run=client -o yaml',
  'create deployment web --image=nginx --image=docker.io/busybox:1 --dry-run=client -o yaml',
  'create deployment web --image=nginx --dry-run=client -o yaml -n shop -- sleep 5',
  'create deployment web --image=nginx --dry-run=client -o name',
  'create deployment web --image=nginx --dry-run=client',
  'create configmap c --from-literal=a=1 --from-literal=b=x=y --dry-run=client -o yaml',
  'create configmap c --from-file=data.txt --dry-run=client -o yaml',
  'create configmap c --from-file=k=data.txt --dry-run=client -o yaml',
  'create configmap c --from-env-file=env.txt --dry-run=client -o yaml',
  'create configmap c --from-file=nofile --dry-run=client -o yaml',
  'create configmap c --from-literal=a=1 --from-literal=a=2 --dry-run=client -o yaml',
  'create secret generic s --from-literal=a=1 --dry-run=client -o yaml',
  'create secret generic s --from-literal=a=1 --type=x/y --dry-run=client -o yaml',
  'create secret docker-registry s --docker-username=u --docker-password=p --docker-server=r --dry-run=client -o yaml',
  'create service clusterip s --tcp=80:8080 --dry-run=client -o yaml',
  'create service clusterip s --clusterip=None --dry-run=client -o yaml',
  'create service nodeport s --tcp=80 --node-port=30001 --dry-run=client -o yaml',
  'create service externalname s --external-name=a.example --dry-run=client -o yaml',
  'create service clusterip s --dry-run=client -o yaml',
  'create serviceaccount a --dry-run=client -o yaml',
  'create rolebinding r --clusterrole=view --user=jane --serviceaccount=a:b --dry-run=client -o yaml',
  'create rolebinding r --dry-run=client -o yaml',
  'create clusterrolebinding r --clusterrole=view --group=g --dry-run=client -o yaml',
  'create clusterrolebinding r --clusterrole=view --serviceaccount=g --dry-run=client -o yaml',
  'create priorityclass p --value=5 --dry-run=client -o yaml',

  'run a --image=nginx --expose --dry-run=client -o yaml',
  'run a --image=nginx --rm',
  'run a --image=nginx -t --dry-run=client',
  'run a --image=NGINX --dry-run=client',
  'run a --image=nginx --dry-run=client -o foo',
  'logs a -l x=y',
  'logs a --since=5',
  'delete pod a --cascade=foo',
  'delete pod a --now --grace-period=5',

  'create deployment web --image=nginx --dry-run=client -o custom-columns=N:.metadata.name,I:.spec.template.spec.containers[*].image',
  'create deployment web --image=nginx --dry-run=client -o jsonpath={.foo}',
  'create deployment web --image=nginx --port=80 --dry-run=client -o json',
  'run a --image=nginx --port=x',
  'create service clusterip s --tcp=x',
  'create secret tls s --cert=a --key=b',
  'create clusterrole c --verb=get',
  'cp a',
  'cp a b',
  'cp a:b c:d',
  'cp :a b',
  'cp a: b',
  'label pods a b=c=d',
  'label pods a b=c b-',
  'label pods a b=c d',
  'annotate pods a b=c b-',
  'auth can-i',
  'auth can-i get',
];

describe.skipIf(REAL === undefined)("the words of the machine's kubectl", () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const real = (words: readonly string[]) => {
    const done = spawnSync(REAL as string, words, {
      cwd: folder,
      encoding: 'utf8',
      env: { HOME: folder, KUBECONFIG: join(folder, 'none') },
      input: '',
    });
    return `${done.stdout}${done.stderr}exit ${done.status}`.replace(
      /^\s*"?creationTimestamp"?: null,?\n/gm,
      '',
    );
  };
  test.each(LINES)('%s', (line) => {
    const words = line.split(' ');
    expect(ours(words)).toBe(real(words));
  });
});

if (REAL === undefined)
  console.warn("kubectl parity skipped: no kubectl.1.33 beside the machine's kubectl");

function ours(words: readonly string[]): string {
  const loop = new EventLoop();
  const fabric = new Fabric(loop, new Recorder(loop), MODERN_COSTS, { seed: 1 });
  const host = new Host({
    name: 'workstation',
    ip: 0xc0a80002,
    bits: 16,
    fabric,
    costs: MODERN_COSTS,
    seed: 1,
  });
  host.boot();
  loop.run({ quiet: true });
  host.files.mkdir('/home/learner', { parents: true });
  for (const [name, text] of Object.entries(FILES)) host.files.write(`/home/learner/${name}`, text);
  host.files.write('/usr/bin/kubectl', kubectl, 0o755);
  const out: string[] = [];
  const errors: string[] = [];
  const spawned = host.spawn({
    argv: ['kubectl', ...words],
    path: '/usr/bin/kubectl',
    cwd: '/home/learner',
    env: new Map([
      ['HOME', '/home/learner'],
      ['PATH', '/usr/bin'],
    ]),
    descriptors: new Map([
      [1, sinkFile('out', (chunk) => out.push(textOf(bytesOf(chunk))))],
      [2, sinkFile('err', (chunk) => errors.push(textOf(bytesOf(chunk))))],
    ]),
  });
  if (!spawned.ok) throw new Error(`spawn: ${spawned.error.errno}`);
  loop.run({ when: () => spawned.value.status !== undefined, until: loop.now + 600_000_000 });
  return `${out.join('')}${errors.join('')}exit ${spawned.value.status?.code}`;
}
