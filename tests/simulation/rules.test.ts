/**
 * Rules by hand on a node, inside a Service's block included: what `iptables` and `iptables-restore`
 * insert, delete and move is obeyed by the next new flow, and the counters are the sum of the walks.
 */
import { expect, test } from 'vitest';
import { SERVICES } from '../../src/ground/api/names.ts';
import { formatIp } from '../../src/ground/base/ip.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Path } from '../../src/machines/network/walk.ts';
import { create, createPod, onHost, pods, wait } from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

/** Walks of new flows since a record, those of one host or of all. */
function walks(lab: Lab, since: number, host = ''): readonly Path[] {
  return lab.recorder
    .since(since)
    .filter((record) => record.verb === 'packet' && record.component.endsWith(host))
    .map((record) => record.detail as Path);
}

/** How many packets each rule of the nat table on node-1 took, by what the walks say. */
function walked(lab: Lab, since: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const path of walks(lab, since))
    for (const stage of path.stages)
      for (const rule of stage.rules) {
        if (stage.host !== 'node-1' || stage.namespace !== 'host') continue;
        if (rule.table !== 'nat' || !rule.matched || rule.rule === 0) continue;
        const text = `-A ${rule.chain} ${rule.text}`;
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
  return counts;
}

/** The same by the table's own counters. */
function counted(lab: Lab): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of onHost(lab, 'node-1', 'iptables-save -c -t nat').split('\n')) {
    const [, packets, rule] = /^\[(\d+):\d+\] (-A .*)$/.exec(line) ?? [];
    if (rule !== undefined && Number(packets) > 0) counts.set(rule, Number(packets));
  }
  return counts;
}

test('a rule inside a Service, by hand', () => {
  const lab = bootLab({ seed: 7, nodes: 2, profile: 'modern' });
  for (const nodeName of ['node-1', 'node-2'])
    createPod(lab, `on-${nodeName}`, 'nginx', { nodeName });
  wait(lab, 10);
  create(lab, SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.7.7', selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  onHost(
    lab,
    'workstation',
    'kubectl --kubeconfig /home/learner/.kube/config label pods --all app=web',
  );
  wait(lab, 10);
  const node = (line: string): string => onHost(lab, 'node-1', line).trim();
  const block = node(
    'iptables-save -t nat | sed -n "s/.*default.web cluster IP.*-j \\(KUBE-SVC-.*\\)/\\1/p"',
  );
  const endpoints = (): string[] => node(`iptables -t nat -S ${block} | grep KUBE-SEP`).split('\n');
  expect(endpoints()).toHaveLength(2);
  const ips = ['on-node-1', 'on-node-2'].map(
    (name) => pods(lab).find((pod) => pod.metadata.name === name)?.status?.podIP ?? '',
  );
  const { fabric } = lab.cluster.hosts.get('node-1')?.port.namespace ?? {};
  if (fabric === undefined) throw new Error('no fabric');
  fabric.recordWalk = () => true;
  node('iptables -t nat -Z');
  const begun = lab.recorder.all().at(-1)?.id ?? 0;

  /** Where so many new flows to the Service arrive, by what the walks say; curl's codes with them. */
  const flows = (count: number): readonly string[] => {
    const since = lab.recorder.all().at(-1)?.id ?? 0;
    const codes = node(
      `for i in $(seq ${count}); do curl -s -m 3 -o /dev/null -w '%{http_code} ' http://10.96.7.7/; done`,
    );
    const arrived = walks(lab, since, '@node-1')
      .filter((path) => path.stages.some((stage) => formatIp(stage.before.dst) === '10.96.7.7'))
      .map((path) => formatIp(path.tuple.dst));
    return [codes, ...new Set(arrived)].sort();
  };
  const ok = '200 200 200 200 200 200 200 200';
  expect(flows(8)).toEqual([...ips, ok].sort());

  // Deleted: the other endpoint takes everything. Its rule is the last, which asks no dice.
  const [first = '', last = ''] = endpoints();
  const second = last.includes(`-> ${ips[1]}:80`) ? (ips[1] ?? '') : (ips[0] ?? '');
  node(`iptables -t nat ${first.replace('-A ', '-D ')}`);
  expect(flows(8)).toEqual([second, ok].sort());

  // Moved in one transaction: now the other stands first and takes everything, without dice.
  const sure = first.replace(/ -m statistic --mode random --probability \S+/, '');
  node(
    `printf '%s\\n' '*nat' '${sure.replace(`-A ${block}`, `-I ${block} 1`)}' COMMIT | iptables-restore --noflush`,
  );
  const other = ips.find((ip) => ip !== second) ?? '';
  expect(flows(8)).toEqual([other, ok].sort());

  // Inserted in front of all: nothing is translated, and the address leads nowhere.
  node(`iptables -t nat -I ${block} 1 -j RETURN`);
  expect(flows(1)[0]).toMatch(/^000/);
  node(`iptables -t nat -D ${block} 1`);
  expect(flows(8)).toEqual([other, ok].sort());

  // A rule that stands has counted what the walks say, no more and no less.
  const seen = walked(lab, begun);
  const table = counted(lab);
  expect([...table.keys()].some((rule) => rule.startsWith(`-A ${block} `))).toBe(true);
  for (const [rule, packets] of table) expect([rule, seen.get(rule)]).toEqual([rule, packets]);
});
