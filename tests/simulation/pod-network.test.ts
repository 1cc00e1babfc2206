/** What pods reach outside the cluster, what reaches them through the node, and what the tables then say. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { PODS } from '../../src/ground/api/names.ts';
import { asAdmin, createPod, inPod, onHost, pods, readyPods, wait } from '../support/lab-probe.ts';
import { bootLab } from '../support/transcript.ts';

const boot = (nodes = 2) => bootLab({ seed: 7, nodes, profile: 'modern' });

test('a pod reaches the outside by name, as its node; other pods see its own address', () => {
  const lab = boot();
  createPod(lab, 'client', 'curlimages/curl', {
    nodeName: 'node-1',
    containers: [{ name: 'main', image: 'curlimages/curl', command: ['sleep', '3600'] }],
  });
  createPod(lab, 'web', 'nginx', { nodeName: 'node-2' });
  wait(lab, 30);
  expect(readyPods(lab)).toBe(2);
  expect(inPod(lab, 'client', 'curl -s http://example.com/')).toContain('Example Domain');
  const rule =
    '-A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -m comment --comment "pods to the outside" -j MASQUERADE';
  const saved = (): string[] =>
    onHost(lab, 'node-1', 'iptables-save -t nat')
      .split('\n')
      .filter((line) => line.startsWith('-A POSTROUTING -s'));
  expect(saved()).toEqual([rule]);
  // The answer finds its way back by connection tracking alone.
  expect(onHost(lab, 'node-1', 'conntrack -L 2>/dev/null | grep 203.0.113.80')).toMatch(
    /src=10\.244\.1\.\d+ dst=203\.0\.113\.80 .* src=203\.0\.113\.80 dst=192\.168\.0\.11 /,
  );
  onHost(lab, 'node-1', 'systemctl restart node-routes');
  expect(saved()).toEqual([rule]);
  inPod(
    lab,
    'client',
    `curl -s http://${onHost(lab, 'workstation', "kubectl --kubeconfig /home/learner/.kube/config get pod web -o jsonpath='{.status.podIP}'")}/`,
  );
  const log = onHost(
    lab,
    'workstation',
    'kubectl --kubeconfig /home/learner/.kube/config logs web',
  );
  expect(log).toMatch(/^10\.244\.\d+\.\d+ - - .*"GET \/ HTTP\/1\.1" 200/m);
});

test('a host port leads to the pod from outside, from the node and from the pod itself, by the plugin’s rules', () => {
  const lab = boot(1);
  createPod(lab, 'web', 'nginx', {
    containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80, hostPort: 8080 }] }],
  });
  wait(lab, 20);
  expect(readyPods(lab)).toBe(1);
  const ip = pods(lab)[0]?.status?.podIP ?? '';
  const ask = (host: string, to: string): string =>
    onHost(lab, host, `curl -s -o /dev/null -w '%{http_code}' -m 5 http://${to}:8080/`);
  expect(ask('workstation', '192.168.0.11')).toBe('200');
  expect(ask('node-1', '192.168.0.11')).toBe('200');
  expect(ask('node-1', '127.0.0.1')).toBe('200');
  expect(
    inPod(lab, 'web', "curl -s -o /dev/null -w '%{http_code}' -m 5 http://192.168.0.11:8080/"),
  ).toBe('200');
  const rules = (): string[] =>
    onHost(lab, 'node-1', 'iptables-save -t nat')
      .split('\n')
      .filter((line) => line.startsWith('-A') && line.includes('CNI-'));
  const id = /id: \\"([0-9a-f]{64})\\"/.exec(rules().join('\n'))?.[1] ?? '';
  const own = `CNI-DN-${createHash('sha512').update(`podnet${id}`).digest('hex')}`.slice(0, 28);
  expect(rules()).toEqual([
    '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    '-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
    `-A ${own} -s 10.244.1.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
    `-A ${own} -s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
    `-A ${own} -p tcp -m tcp --dport 8080 -j DNAT --to-destination ${ip}:80`,
    `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"podnet\\" id: \\"${id}\\"" -m multiport --dports 8080 -j ${own}`,
    '-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
    '-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
  ]);
  asAdmin(lab, (client) => client.delete(PODS, 'default', 'web'));
  wait(lab, 40);
  expect(rules().filter((line) => line.includes('CNI-DN'))).toEqual([]);
  expect(ask('workstation', '192.168.0.11')).toBe('000');
});
