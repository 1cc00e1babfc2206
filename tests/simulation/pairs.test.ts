/**
 * Cutting or delaying each pair of hosts in turn finds every component behind it stale, late or failing,
 * and what does not go that way untouched. The workstation talks to the API server alone, nodes to the
 * control plane and, for their pods, to each other; when the link is whole again, so is everything.
 */
import { expect, test } from 'vitest';
import { SERVICES } from '../../src/ground/api/names.ts';
import type { Lab } from '../../src/lab/lab.ts';
import {
  create,
  createPod,
  onHost,
  pods,
  readiness,
  readyPods,
  wait,
} from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const KUBECTL = 'kubectl --kubeconfig /home/learner/.kube/config';
const NODES = ['node-1', 'node-2'];

/** A server on each node, and a Service of its own before each. */
function scene(): Lab {
  const lab = bootLab({ seed: 7, nodes: 2, profile: 'modern' });
  for (const nodeName of NODES) {
    createPod(lab, `web-${nodeName}`, 'nginx', { nodeName });
    create(lab, SERVICES, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `web-${nodeName}`, namespace: 'default' },
      spec: { selector: { on: nodeName }, ports: [{ port: 80 }] },
    });
  }
  wait(lab, 20);
  expect(readyPods(lab)).toBe(2);
  return lab;
}

const ipOf = (lab: Lab, name: string): string | undefined =>
  pods(lab).find((pod) => pod.metadata.name === name)?.status?.podIP;

/** `200` or the number of curl's error, from a host's own network to a pod of a node. */
const fetch = (lab: Lab, from: string, node: string): string =>
  onHost(
    lab,
    from,
    `curl -s -m 4 -o /dev/null -w '%{http_code}' http://${ipOf(lab, `web-${node}`)}/ || echo " ($?)"`,
  ).trim();

const resolversOn = (lab: Lab, node: string): readonly (string | undefined)[] =>
  pods(lab, 'kube-system')
    .filter((pod) => pod.metadata.name.startsWith('coredns') && pod.spec?.nodeName === node)
    .map((pod) => pod.status?.podIP);

const resolve = (lab: Lab, from: string, ip: string | undefined): string | undefined =>
  onHost(lab, from, `dig +tries=1 +time=2 +short @${ip} kubernetes.default.svc.cluster.local`)
    .trim()
    .split('\n')
    .pop();

/** Rounded to tens of milliseconds; no minus zero. */
const tens = (milli: number): number => Math.round(milli / 10) * 10 + 0;

/** The health of a node's kube-proxy, as the workstation finds it. */
const knock = (lab: Lab, node: string): string => {
  const url = `http://192.168.0.${node === 'node-1' ? 11 : 12}:10256/healthz`;
  const line = `curl -s -m 4 -o /dev/null -w '%{http_code}' ${url} || echo " ($?)"`;
  return onHost(lab, 'workstation', line).trim();
};

/** Milliseconds that a fetch takes. */
const fetchTime = (lab: Lab, from: string, node: string): number => {
  const url = `http://${ipOf(lab, `web-${node}`)}/`;
  return Number(onHost(lab, from, `curl -s -m 20 -o /dev/null -w '%{time_total}' ${url}`)) * 1000;
};

/** The last line of a kubectl command on the workstation. */
const ask = (lab: Lab, words: string): string =>
  onHost(lab, 'workstation', `${KUBECTL} ${words} 2>&1 | tail -1`, 200).trim();

/** Whether the rules of a node lead to the pod that a Service has. */
const ruled = (lab: Lab, node: string, service: string): boolean =>
  onHost(
    lab,
    node,
    `iptables-save -t nat | grep -c "default/${service} -> .*:80" || true`,
  ).trim() !== '0';

interface Cut {
  readonly pair: readonly [string, string];
  /** Nodes that the control plane loses. */
  readonly lost: readonly string[];
  readonly kubectl: boolean;
  /** From where to where pods are out of reach. */
  readonly unreached: readonly string[];
}

/** Every pair of hosts that can be cut. */
const CUTS: readonly Cut[] = [
  { pair: ['workstation', 'cp-1'], lost: [], kubectl: false, unreached: [] },
  { pair: ['workstation', 'node-1'], lost: [], kubectl: true, unreached: [] },
  { pair: ['workstation', 'node-2'], lost: [], kubectl: true, unreached: [] },
  { pair: ['cp-1', 'node-1'], lost: ['node-1'], kubectl: true, unreached: ['cp-1 > node-1'] },
  { pair: ['cp-1', 'node-2'], lost: ['node-2'], kubectl: true, unreached: ['cp-1 > node-2'] },
  {
    pair: ['node-1', 'node-2'],
    lost: [],
    kubectl: true,
    unreached: ['node-1 > node-2', 'node-2 > node-1'],
  },
];

const WAYS = ['cp-1', ...NODES].flatMap((from) =>
  NODES.map((node) => [`${from} > ${node}`, from, node] as const),
);

test.each(CUTS)('cut $pair', ({ pair, lost, kubectl, unreached }) => {
  const lab = scene();
  const [a, b] = pair;
  expect(lab.faults.cut(a, b, false).ok).toBe(true);
  wait(lab, 1);

  // Pods of the far side are out of reach, those of the same node are not.
  for (const [way, from, node] of WAYS)
    expect([way, fetch(lab, from, node)]).toEqual([
      way,
      unreached.includes(way) ? '000 (28)' : '200',
    ]);

  // What a node serves to the outside, a person reaches directly.
  for (const node of NODES) {
    const reached = a === 'workstation' && b === node ? '000 (28)' : '200';
    expect([node, knock(lab, node)]).toEqual([node, reached]);
  }

  // Names are answered by the resolvers that can be reached.
  for (const [way, from, node] of WAYS) {
    const expected = unreached.includes(way) ? ';; no servers could be reached' : '10.96.0.1';
    for (const ip of resolversOn(lab, node))
      expect([way, resolve(lab, from, ip)]).toEqual([way, expected]);
  }

  // kubectl needs the API server, and that one needs the kubelet.
  const nowhere = 'Unable to connect to the server: dial tcp 192.168.0.10:6443: i/o timeout';
  for (const node of NODES) {
    const way = `https://192.168.0.${node === 'node-1' ? 11 : 12}:10250`;
    const unlogged = `Error from server: Get "${way}/containerLogs/default/web-${node}/main?tailLines=1": dial tcp ${way.slice(8)}: i/o timeout`;
    const said = ask(lab, `logs web-${node} --tail=1`);
    if (!kubectl) expect(said).toBe(nowhere);
    else if (lost.includes(node)) expect(said).toBe(unlogged);
    else expect(said).toContain('GET / HTTP/1.1');
  }

  // A Service gets its endpoint: the kube-proxy that is cut off does not hear of it.
  for (const node of kubectl ? NODES : []) {
    expect(ask(lab, `label pod web-${node} on=${node}`)).toBe(`pod/web-${node} labeled`);
    wait(lab, 3);
    for (const proxy of NODES)
      expect([node, proxy, ruled(lab, proxy, `web-${node}`)]).toEqual([
        node,
        proxy,
        !lost.includes(proxy),
      ]);
  }

  // 40 s of grace and a look every 5 s after the last lease.
  wait(lab, 60);
  for (const node of NODES)
    expect([node, readiness(lab, node)]).toEqual([node, lost.includes(node) ? 'Unknown' : 'True']);

  lab.faults.remove('');
  wait(lab, 90);
  for (const node of NODES) expect([node, readiness(lab, node)]).toEqual([node, 'True']);
  for (const [way, from, node] of WAYS) expect([way, fetch(lab, from, node)]).toEqual([way, '200']);
  if (!kubectl) expect(ask(lab, 'label pod web-node-1 on=node-1')).toBe('pod/web-node-1 labeled');
  wait(lab, 5);
  for (const proxy of NODES)
    expect([proxy, ruled(lab, proxy, 'web-node-1')]).toEqual([proxy, true]);
});

test('delay of each pair', () => {
  const lab = scene();
  const quick = new Map(WAYS.map(([way, from, node]) => [way, fetchTime(lab, from, node)]));
  const getTime = (): number =>
    Number(
      onHost(
        lab,
        'workstation',
        `S=$(date +%s%N); ${KUBECTL} get pods >/dev/null; echo $(( ($(date +%s%N) - S) / 1000000 ))`,
      ),
    );
  const soon = getTime();
  for (const { pair, lost, unreached } of CUTS) {
    const [a, b] = pair;
    expect(lab.faults.degrade(a, b, { delay: 100_000 }, `delay ${a} ${b} 100ms`).ok).toBe(true);
    // A fetch is two round trips, one for the handshake and one for the page.
    for (const [way, from, node] of WAYS) {
      const late = fetchTime(lab, from, node) - (quick.get(way) ?? 0);
      expect([pair, way, tens(late)]).toEqual([pair, way, unreached.includes(way) ? 400 : 0]);
    }
    // Of kubectl's ways only the one to the API server: dial, TLS, one request.
    const later = getTime() - soon;
    expect([pair, tens(later)]).toEqual([pair, pair.join() === 'workstation,cp-1' ? 600 : 0]);
    wait(lab, 60);
    // Leases come late and in time.
    for (const node of [...NODES, ...lost]) expect(readiness(lab, node)).toBe('True');
    lab.faults.remove('');
    wait(lab, 5);
  }
});
