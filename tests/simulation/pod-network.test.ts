/** What pods reach outside the cluster, what reaches them through the node, and what the tables then say. */
import { expect, test } from 'vitest';
import { createPod, inPod, onHost, readyPods, wait } from '../support/lab-probe.ts';
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
