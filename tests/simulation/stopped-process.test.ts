/** A stopped process: the kernel goes on for it, its code does not; and what a destroyed namespace gives back. */
import { expect, test } from 'vitest';
import { createPacketCore } from '../../src/machines/network/packet-core.ts';
import { createNetfilter } from '../../src/machines/network/netfilter/netfilter.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { createPod, inPod, onHost, pods, readyPods, signal, wait } from '../support/lab-probe.ts';
import { packetTwin } from '../support/packet-twin.ts';
import { bootLab } from '../support/transcript.ts';

test('a stopped server accepts connections, answers nothing, and goes on where it stood', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  createPod(lab, 'web', 'nginx', { nodeName: 'node-1' });
  wait(lab, 20);
  expect(readyPods(lab)).toBe(1);
  const url = `http://${pods(lab)[0]?.status?.podIP}/`;
  const ask = `curl -s -o /dev/null -w '%{http_code} %{time_connect}' -m 3 ${url}`;
  expect(signal(lab, 'node-1', 'nginx', 'SIGSTOP')).toBeGreaterThan(0);
  const [code, connected] = onHost(lab, 'node-1', ask).split(' ');
  expect(code).toBe('000');
  expect(Number(connected)).toBeGreaterThan(0);
  // One that waits is answered as soon as the server goes on.
  lab.loop.after(5_000_000, () => signal(lab, 'node-1', 'nginx', 'SIGCONT'));
  expect(
    onHost(lab, 'node-1', `curl -s -o /dev/null -w '%{http_code} %{time_total}' -m 30 ${url}`),
  ).toMatch(/^200 4\.99/);
});

test('a stopped resolver answers late, not never: datagrams wait in its socket', () => {
  const lab = bootLab({ seed: 7, nodes: 1, profile: 'modern' });
  createPod(lab, 'client', 'curlimages/curl', {
    containers: [{ name: 'main', image: 'curlimages/curl', command: ['sleep', '3600'] }],
  });
  wait(lab, 20);
  const all = (what: 'SIGSTOP' | 'SIGCONT'): number =>
    ['cp-1', 'node-1'].reduce((sum, host) => sum + signal(lab, host, 'coredns', what), 0);
  expect(all('SIGSTOP')).toBeGreaterThan(0);
  lab.loop.after(3_000_000, () => all('SIGCONT'));
  const ask = "curl -s -o /dev/null -w '%{http_code} %{time_namelookup}' http://example.com/";
  const [code, seconds] = inPod(lab, 'client', ask).split(' ');
  expect(code).toBe('200');
  expect(Math.round(Number(seconds))).toBe(3);
});

test('a namespace that is destroyed gives its rules and connections back to the core', () => {
  const core = createPacketCore({ twin: packetTwin() });
  const use = (): void => {
    const netfilter = createNetfilter({ core, now: () => 0, random: new RandomStream(1, 'x') });
    netfilter.setAddresses([{ ip: 0x0a000001, device: 'eth0' }]);
    const changes = Array.from({ length: 50 }, (_, index) => [
      { op: 'newChain' as const, chain: `C-${index}` },
      {
        op: 'append' as const,
        chain: 'OUTPUT',
        rule: {
          matches: [
            { kind: 'comment' as const, text: 'a' },
            {
              kind: 'recent' as const,
              action: 'set' as const,
              name: `r${index}`,
              seconds: 0,
              reap: false,
              mask: 0xffffffff,
              side: 'rsource' as const,
              invert: false,
            },
          ],
          target: { kind: 'jump' as const, chain: `C-${index}` },
        },
      },
    ]).flat();
    expect(netfilter.apply([{ table: 'nat', changes }]).ok).toBe(true);
    for (let port = 1000; port < 1200; port += 1) {
      const packet = {
        protocol: 6,
        src: 0x0a000001,
        dst: 0x0a000002,
        sport: port,
        dport: 80,
        mark: 0,
        size: 60,
        inInterface: '',
        outInterface: 'eth0',
        syn: true,
      };
      netfilter.run('OUTPUT', packet, false);
      netfilter.run('POSTROUTING', packet, false);
    }
    expect(netfilter.conntrack().length).toBe(200);
    netfilter.dispose();
    expect(netfilter.idle).toBe(true);
  };
  use();
  const grown = core.words.length;
  for (let round = 0; round < 100; round += 1) use();
  expect(core.words.length).toBe(grown);
});
