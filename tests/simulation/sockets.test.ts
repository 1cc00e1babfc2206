/**
 * `ss -tnp` tells the truth: on every host and in every network namespace of it each established
 * connection is printed at both of its ends, with a process that `ps` knows by that number, and no other.
 */
import { expect, test } from 'vitest';
import { formatIp } from '../../src/ground/base/ip.ts';
import type { Lab } from '../../src/lab/lab.ts';
import {
  create,
  createDeployment,
  createPod,
  onHost,
  pods,
  signal,
  wait,
} from '../support/lab-probe.ts';
import { bootLab, Typist } from '../support/transcript.ts';
import { SERVICES } from '../../src/ground/api/names.ts';

/** All namespaces of a host: sockets, the processes that `ps` shows, and what NAT made of addresses. */
const LOOK = [
  'ss -tnpH state established',
  'for n in $(ip netns list | cut -d" " -f1); do ip netns exec $n ss -tnpH state established; done',
  'echo ---',
  'ps -eo pid=,comm=',
  'echo ---',
  'conntrack -L -p tcp 2>/dev/null || true',
].join('; ');

interface End {
  readonly host: string;
  /** `192.168.0.11:48643|192.168.0.10:6443`, its own address first. */
  readonly key: string;
  /** Empty: no process holds it. */
  readonly process: string;
}

interface Look {
  readonly ends: readonly End[];
  /** Where a connection that NAT changed arrives: the server's key by the client's. */
  readonly translated: ReadonlyMap<string, string>;
}

function look(lab: Lab): Look {
  const ends: End[] = [];
  const translated = new Map<string, string>();
  for (const [host, { port }] of lab.cluster.hosts) {
    if (!port.powered) continue;
    const [sockets = '', processes = '', tracked = ''] = onHost(lab, host, LOOK).split('---\n');
    const known = new Map(
      processes.split('\n').map((line) => line.trim().split(/\s+/, 2) as [string, string]),
    );
    for (const line of sockets.split('\n').filter((text) => text !== '')) {
      const [, , local, peer, users = ''] = line.trim().split(/\s+/);
      const [, comm, pid] = /^users:\(\("(.+)",pid=(\d+),fd=\d+\)\)$/.exec(users) ?? [];
      // The number is the host's own, also for a process of a pod.
      const named = pid !== undefined && known.get(pid) === comm;
      const process = users === '' ? '' : named ? `${comm}` : `no such process: ${line}`;
      ends.push({ host, key: `${local}|${peer}`, process });
    }
    for (const line of tracked.split('\n')) {
      const part = (name: string): string[] =>
        [...line.matchAll(new RegExp(` ${name}=(\\S+)`, 'g'))].map((match) => match[1] as string);
      const [src, dst, sport, dport] = [part('src'), part('dst'), part('sport'), part('dport')];
      if (src.length < 2) continue;
      translated.set(
        `${src[0]}:${sport[0]}|${dst[0]}:${dport[0]}`,
        `${src[1]}:${sport[1]}|${dst[1]}:${dport[1]}`,
      );
    }
  }
  return { ends, translated };
}

/** What the fabric holds, both ends of all that is established. */
function held(lab: Lab): readonly string[] {
  const keys: string[] = [];
  for (const [name, host] of lab.cluster.hosts)
    for (const namespace of host.port.namespaces)
      for (const { protocol, state, local, remote } of namespace.sockets.rows())
        if (protocol === 'tcp' && state === 'ESTAB')
          keys.push(
            `${name} ${formatIp(local.ip)}:${local.port}|${formatIp(remote.ip)}:${remote.port}`,
          );
  return keys.sort();
}

/** Ends whose other end nobody printed. */
function halves({ ends, translated }: Look): readonly string[] {
  const keys = new Set(ends.map((end) => end.key));
  // A flow is tracked on both hosts, and only the first of them knows what it was called.
  const called = new Set([...translated].flatMap(([from, to]) => (keys.has(from) ? [to] : [])));
  const mirrored = (key: string): string => key.split('|').reverse().join('|');
  const seen = (key: string | undefined): boolean => key !== undefined && keys.has(key);
  return ends
    .filter(({ key }) => !seen(mirrored(key)) && !seen(translated.get(key)) && !called.has(key))
    .map((end) => `${end.host} ${end.key} ${end.process}`);
}

/** Who talks to whom, by host and process, ports below the ephemeral ones only. */
function talks({ ends }: Look): readonly string[] {
  const found = ends.flatMap(({ host, key, process }) => {
    const port = Number(key.slice(key.lastIndexOf(':') + 1));
    return port < 32768 ? [`${host} ${process} > ${port}`] : [];
  });
  return [...new Set(found)].sort();
}

function expectTruth(lab: Lab): Look {
  const before = held(lab);
  const seen = look(lab);
  expect(seen.ends.map(({ host, key }) => `${host} ${key}`).sort()).toEqual(before);
  expect(seen.ends.filter(({ process }) => /^(no such|$)/.test(process))).toEqual([]);
  expect(halves(seen)).toEqual([]);
  return seen;
}

test('every connection in use, at both ends, with its process', () => {
  const lab = bootLab({ seed: 7, nodes: 2, profile: 'modern' });
  createDeployment(lab, 'web', 2);
  create(lab, SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, nodePort: 30080 }] },
  });
  createPod(lab, 'client', '', {
    nodeName: 'node-1',
    containers: [{ name: 'main', image: 'curlimages/curl', command: ['sleep', '3600'] }],
  });
  wait(lab, 20);
  // Nobody asks for anything: watches, leases and the API server's way to etcd.
  const components = (node: string): string[] => [
    `${node} kube-proxy > 6443`,
    `${node} kubelet > 6443`,
  ];
  const talkers = [
    ...components('cp-1'),
    ...pods(lab, 'kube-system')
      .filter((pod) => pod.metadata.name.startsWith('coredns'))
      .map((pod) => `${pod.spec?.nodeName} coredns > 443`),
    'cp-1 kube-apiserver > 2379',
    'cp-1 kube-controller > 6443',
    'cp-1 kube-scheduler > 6443',
    ...components('node-1'),
    ...components('node-2'),
  ];
  const idle = [...new Set(talkers)].sort();
  expect(talks(expectTruth(lab))).toEqual(idle);

  // Servers that are stopped keep what reaches them: through the Service, from a pod and from outside.
  for (const node of ['node-1', 'node-2']) signal(lab, node, 'nginx', 'SIGSTOP');
  const typist = new Typist(lab);
  typist.run('& kubectl exec client -- curl -s -m 600 http://web/');
  typist.run('2& curl -s -m 600 http://192.168.0.12:30080/');
  typist.run('3& kubectl logs -f client');
  wait(lab, 5);
  const seen = look(lab);
  const unaccepted = seen.ends.filter((end) => end.process === '');
  expect(unaccepted.map((end) => end.key.split('|')[0]?.split(':')[1])).toEqual(['80', '80']);
  expect(halves(seen)).toEqual([]);
  expect(talks(seen).filter((talk) => !idle.includes(talk))).toEqual([
    'cp-1 kube-apiserver > 10250',
    'node-1 curl > 80',
    'workstation curl > 30080',
    'workstation kubectl > 6443',
  ]);
  for (const node of ['node-1', 'node-2']) signal(lab, node, 'nginx', 'SIGCONT');
  for (const id of [1, 2, 3]) lab.push({ kind: 'close-terminal', terminal: id });
  // The API server keeps its way to a kubelet for as long as Go's clients do.
  wait(lab, 100);
  expect(talks(expectTruth(lab))).toEqual(idle);

  // A node without power keeps nothing; its peers keep their half.
  lab.faults.powerOff('node-2');
  wait(lab, 5);
  const alone = halves(look(lab));
  expect(alone.length).toBeGreaterThan(0);
  expect(alone.filter((half) => !half.includes('|192.168.0.12:'))).toEqual([]);
  // Those with something on the way last for all of TCP's retransmissions, about a quarter of an hour.
  wait(lab, 240);
  expect(halves(look(lab)).every((half) => half.startsWith('cp-1 192.168.0.10:6443|'))).toBe(true);
  wait(lab, 800);
  expectTruth(lab);
  expect(pods(lab).length).toBeGreaterThan(0);
});
