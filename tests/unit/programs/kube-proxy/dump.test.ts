/** What kube-proxy writes, as iptables-save prints it: the seeds' dump (R214) and today's. */
import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../../../src/ground/base/cidr.ts';
import { parseIp } from '../../../../src/ground/base/ip.ts';
import { RandomStream } from '../../../../src/ground/base/random.ts';
import { createNetfilter } from '../../../../src/machines/network/netfilter/netfilter.ts';
import { ruleText } from '../../../../src/machines/network/netfilter/print.ts';
import { IptablesWriter, portKey } from '../../../../src/programs/kube-proxy/iptables-writer.ts';
import {
  endpointChain,
  MODERN,
  type ProxyEra,
  SEED_ERA,
  servicePortName,
} from '../../../../src/programs/kube-proxy/names.ts';
import type { ConntrackEntry } from '../../../../src/machines/network/netfilter/types.ts';
import type { PortPolicy, PortState } from '../../../../src/programs/kube-proxy/service-map.ts';
import { staleUdp } from '../../../../src/programs/kube-proxy/stale-udp.ts';
import { createPacketCore } from '../../../../src/machines/network/packet-core.ts';
import { packetTwin } from '../../../support/packet-twin.ts';

function ip(text: string): number {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function state(era: ProxyEra, endpoints: readonly string[]): PortState {
  const name = servicePortName('default', 'http', '', era);
  const targets = endpoints.map((text) => {
    const [host = '', port = ''] = text.split(':');
    return { ip: ip(host), port: Number(port), text, chain: endpointChain(name, 'tcp', text) };
  });
  return {
    name,
    protocol: 'tcp',
    clusterIp: ip('10.101.85.234'),
    port: 80,
    nodePort: 0,
    externalIps: [],
    targets,
  };
}

function bench(era: ProxyEra, podRange: string) {
  const netfilter = createNetfilter({
    core: createPacketCore({ twin: packetTwin() }),
    now: () => 0,
    random: new RandomStream(1, 'test'),
  });
  const writer = new IptablesWriter(netfilter, era, parseCidr(podRange));
  const rules = (table: 'nat' | 'filter', digits: number): string[] =>
    netfilter
      .list(table)
      .flatMap((chain) =>
        chain.rules().map(({ rule }) => `-A ${chain.name} ${ruleText(rule, digits)}`),
      );
  const sync = (next: PortState | undefined, all: readonly PortState[]): void => {
    const key = 'default/http/tcp';
    const changes = new Map<string, PortState | undefined>([
      [next === undefined ? key : portKey(next), next],
    ]);
    const done = writer.sync(changes, () => new Map(all.map((each) => [portKey(each), each])));
    expect(done.ok).toBe(true);
  };
  return { rules, sync };
}

describe('the dump of a node', () => {
  it('is the seeds’ own in their profile', () => {
    const { rules, sync } = bench(SEED_ERA, '');
    const port = state(SEED_ERA, ['10.244.1.5:80', '10.244.1.6:80']);
    sync(port, [port]);
    expect(rules('nat', 12)).toEqual(
      expect.arrayContaining([
        '-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000',
        '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
        '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -m mark --mark 0x4000/0x4000 -j MASQUERADE',
        '-A KUBE-SEP-55QZ6T7MF3AHPOOB -s 10.244.1.6/32 -m comment --comment "default/http:" -j KUBE-MARK-MASQ',
        '-A KUBE-SEP-55QZ6T7MF3AHPOOB -p tcp -m comment --comment "default/http:" -m tcp -j DNAT --to-destination 10.244.1.6:80',
        '-A KUBE-SEP-KJZJRL2KRWMXNR3J -s 10.244.1.5/32 -m comment --comment "default/http:" -j KUBE-MARK-MASQ',
        '-A KUBE-SEP-KJZJRL2KRWMXNR3J -p tcp -m comment --comment "default/http:" -m tcp -j DNAT --to-destination 10.244.1.5:80',
        '-A KUBE-SERVICES -d 10.101.85.234/32 -p tcp -m comment --comment "default/http: cluster IP" -m tcp --dport 80 -j KUBE-SVC-7IMAZDGB2ONQNK4Z',
        '-A KUBE-SVC-7IMAZDGB2ONQNK4Z -m comment --comment "default/http:" -m statistic --mode random --probability 0.500000000000 -j KUBE-SEP-KJZJRL2KRWMXNR3J',
        '-A KUBE-SVC-7IMAZDGB2ONQNK4Z -m comment --comment "default/http:" -j KUBE-SEP-55QZ6T7MF3AHPOOB',
      ]),
    );
  });

  it('follows endpoints one by one, refuses without any, and leaves nothing behind', () => {
    const { rules, sync } = bench(MODERN, '10.244.0.0/16');
    const two = state(MODERN, ['10.244.1.5:80', '10.244.1.6:80']);
    sync(two, [two]);
    const bare = (): string[] =>
      rules('nat', 11).filter((rule) => rule.includes('EC7LQBUW7TSHRMAH'));
    expect(bare()).toEqual([
      '-A KUBE-SERVICES -d 10.101.85.234/32 -p tcp -m comment --comment "default/http cluster IP" -m tcp --dport 80 -j KUBE-SVC-EC7LQBUW7TSHRMAH',
      '-A KUBE-SVC-EC7LQBUW7TSHRMAH ! -s 10.244.0.0/16 -d 10.101.85.234/32 -p tcp -m comment --comment "default/http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
      expect.stringContaining(
        'default/http -> 10.244.1.5:80" -m statistic --mode random --probability 0.50000000000',
      ),
      expect.stringContaining('default/http -> 10.244.1.6:80" -j KUBE-SEP-'),
    ]);
    const one = state(MODERN, ['10.244.1.6:80']);
    sync(one, [one]);
    expect(bare()).toHaveLength(3);
    const none = state(MODERN, []);
    sync(none, [none]);
    expect(bare()).toEqual([]);
    expect(rules('filter', 11)).toContain(
      '-A KUBE-SERVICES -d 10.101.85.234/32 -p tcp -m comment --comment "default/http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
    );
    sync(undefined, []);
    expect(rules('filter', 11).filter((rule) => rule.includes('default/http'))).toEqual([]);
  });

  const plain = { affinity: 0, internalLocal: false, externalLocal: false, localTargets: [] };
  const none = { balancerIps: [], sourceRanges: [], healthPort: 0 };
  const both = ['10.244.1.5:80', '10.244.1.6:80'];

  function withPolicy(policy: Partial<PortPolicy>, here: readonly string[]): PortState {
    const base = state(MODERN, both);
    const localTargets = base.targets.filter((target) => here.includes(target.text));
    return { ...base, nodePort: 30080, policy: { ...plain, ...none, ...policy, localTargets } };
  }

  it.each([
    [
      'a client stays with its endpoint',
      withPolicy({ affinity: 600 }, []),
      [
        'SVC-X default/http -> 10.244.1.5:80 recent --rcheck --seconds 600 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A',
        'SVC-X default/http -> 10.244.1.5:80 statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A',
        'SEP-A default/http recent --set --name KUBE-SEP-A --mask 255.255.255.255 --rsource tcp -j DNAT --to-destination 10.244.1.5:80',
      ],
      [],
    ],
    [
      'what comes from outside stays here',
      withPolicy({ externalLocal: true, healthPort: 31000 }, ['10.244.1.6:80']),
      [
        'NODEPORTS default/http tcp --dport 30080 -j KUBE-EXT-X',
        'EXT-X pod traffic for default/http external destinations -j KUBE-SVC-X',
        'EXT-X masquerade LOCAL traffic for default/http external destinations addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
        'EXT-X -j KUBE-SVL-X',
        'SVL-X default/http -> 10.244.1.6:80 -j KUBE-SEP-B',
        'SERVICES default/http cluster IP tcp --dport 80 -j KUBE-SVC-X',
      ],
      ['NODEPORTS default/http health check node port tcp --dport 31000 -j ACCEPT'],
    ],
    [
      'nobody is here: what comes from outside is dropped, what comes from pods is not',
      withPolicy({ externalLocal: true }, []),
      ['SERVICES default/http cluster IP tcp --dport 80 -j KUBE-SVC-X'],
      [
        'EXTERNAL-SERVICES default/http has no local endpoints addrtype --dst-type LOCAL tcp --dport 30080 -j DROP',
      ],
    ],
    [
      'nobody is here for those inside',
      withPolicy({ internalLocal: true }, []),
      ['NODEPORTS default/http tcp --dport 30080 -j KUBE-EXT-X'],
      ['SERVICES default/http has no local endpoints tcp --dport 80 -j DROP'],
    ],
    [
      'a balancer lets some in',
      withPolicy(
        { balancerIps: [ip('192.168.9.9')], sourceRanges: [{ base: 0x0a000000, bits: 8 }] },
        [],
      ),
      [
        'SERVICES default/http loadbalancer IP tcp --dport 80 -j KUBE-FW-X',
        'FW-X default/http loadbalancer IP -j KUBE-EXT-X',
        'FW-X other traffic to default/http will be dropped by KUBE-PROXY-FIREWALL',
      ],
      ['PROXY-FIREWALL default/http traffic not accepted by KUBE-FW-X tcp --dport 80 -j DROP'],
    ],
  ] as const)('%s', (_, next, nat, filter) => {
    const { rules, sync } = bench(MODERN, '10.244.0.0/16');
    const before = state(MODERN, both);
    const names = new Map(
      next.targets.map(({ chain }, index) => [chain, `KUBE-SEP-${'AB'[index]}`]),
    );
    const short = (rule: string): string =>
      [...names]
        .reduce((text, [chain, name]) => text.replaceAll(chain, name), rule)
        .replaceAll('EC7LQBUW7TSHRMAH', 'X')
        .replace(/^-A KUBE-/, '')
        .replace(/ (! )?-[sdp] \S+/g, '')
        .replace(/-m (comment --comment )?"?/g, '')
        .replace('"', '');
    sync(before, [before]);
    sync(next, [next]);
    expect(rules('nat', 11).map(short)).toEqual(expect.arrayContaining([...nat]));
    expect(rules('filter', 11).map(short)).toEqual(expect.arrayContaining([...filter]));
    // Written anew by a proxy that knows of nothing, and taken away again.
    sync(before, [before]);
    const back = bench(MODERN, '10.244.0.0/16');
    back.sync(before, [before]);
    expect(rules('nat', 11)).toEqual(back.rules('nat', 11));
    expect(rules('filter', 11)).toEqual(back.rules('filter', 11));
  });
});

it('lets go of UDP clients whose endpoint is gone', () => {
  const base = state(MODERN, []);
  const port: PortState = { ...base, protocol: 'udp', nodePort: 30053 };
  const stale = staleUdp(port, (address) => address === ip('10.244.1.5'));
  const entry = (dst: string, dport: number, from: string, protocol = 17) =>
    stale({
      protocol,
      original: { src: 1, dst: ip(dst), sport: 4000, dport },
      reply: { src: ip(from), dst: 1, sport: 53, dport: 4000 },
    } as ConntrackEntry);
  expect(entry('10.101.85.234', 80, '10.244.1.5')).toBe(false);
  expect(entry('10.101.85.234', 80, '10.244.1.6')).toBe(true);
  expect(entry('10.101.85.234', 81, '10.244.1.6')).toBe(false);
  expect(entry('192.168.0.11', 30053, '10.244.1.6')).toBe(true);
  expect(entry('10.101.85.234', 80, '10.244.1.6', 6)).toBe(false);
});
