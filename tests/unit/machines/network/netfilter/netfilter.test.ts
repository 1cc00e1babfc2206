/** A namespace's netfilter, on the Wasm core and on its twin: translation, replies, blocks, refusals. */
import { bytes } from 'virtual:core/packet';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../../../src/ground/base/random.ts';
import { parseIp } from '../../../../../src/ground/base/ip.ts';
import {
  createPacketCore,
  type PacketCore,
} from '../../../../../src/machines/network/packet-core.ts';
import {
  createNetfilter,
  type NamespaceNetfilter,
} from '../../../../../src/machines/network/netfilter/netfilter.ts';
import type { Rule } from '../../../../../src/machines/network/netfilter/rule.ts';
import type { BlockSpec } from '../../../../../src/machines/network/netfilter/transaction.ts';
import type { PacketFields } from '../../../../../src/machines/network/netfilter/types.ts';
import { packetTwin } from '../../../../support/packet-twin.ts';

const ip = (text: string): number => parseIp(text) as number;
const HOST = 0xffffffff;

function make(core: PacketCore): NamespaceNetfilter {
  return createNetfilter({ core, now: () => 1e6, random: new RandomStream(7, 'node-1') });
}

function packet(fields: Partial<PacketFields>): PacketFields {
  return {
    protocol: 6,
    src: ip('10.244.1.2'),
    dst: ip('10.96.5.5'),
    sport: 40000,
    dport: 80,
    mark: 0,
    size: 60,
    inInterface: 'veth0',
    outInterface: '',
    syn: true,
    ...fields,
  };
}

const jump = (chain: string): Rule['target'] => ({ kind: 'jump', chain });
const toService: Rule = {
  dst: { ip: ip('10.96.5.5'), mask: HOST, invert: false },
  protocol: { number: 6, invert: false },
  matches: [
    { kind: 'comment', text: 'default/web:http cluster IP' },
    { kind: 'tcp', dport: { low: 80, high: 80, invert: false } },
  ],
  target: jump('KUBE-SVC-A'),
};
const block: BlockSpec = {
  comment: 'default/web:http',
  protocol: 6,
  first: {
    src: { ip: ip('10.244.0.0'), mask: 0xffff0000, invert: true },
    dst: toService.dst as NonNullable<Rule['dst']>,
    protocol: { number: 6, invert: false },
    matches: toService.matches,
    target: jump('KUBE-MARK-MASQ'),
  },
  hairpin: true,
  markChain: 'KUBE-MARK-MASQ',
  endpoints: [
    { ip: ip('10.244.2.6'), port: 8080, chain: 'KUBE-SEP-B' },
    { ip: ip('10.244.1.5'), port: 8080, chain: 'KUBE-SEP-A' },
  ],
};

function serve(netfilter: NamespaceNetfilter): void {
  const done = netfilter.apply([
    {
      table: 'nat',
      changes: [
        { op: 'newChain', chain: 'KUBE-MARK-MASQ' },
        { op: 'newChain', chain: 'KUBE-POSTROUTING' },
        { op: 'newChain', chain: 'KUBE-SERVICES' },
        {
          op: 'append',
          chain: 'KUBE-MARK-MASQ',
          rule: { matches: [], target: { kind: 'MARK', value: 0x4000, mask: 0x4000 } },
        },
        { op: 'append', chain: 'PREROUTING', rule: { matches: [], target: jump('KUBE-SERVICES') } },
        {
          op: 'append',
          chain: 'POSTROUTING',
          rule: { matches: [], target: jump('KUBE-POSTROUTING') },
        },
        {
          op: 'append',
          chain: 'KUBE-POSTROUTING',
          rule: {
            matches: [{ kind: 'mark', value: 0x4000, mask: 0x4000, invert: true }],
            target: { kind: 'RETURN' },
          },
        },
        {
          op: 'append',
          chain: 'KUBE-POSTROUTING',
          rule: {
            matches: [],
            target: { kind: 'MASQUERADE', ports: undefined, random: 'random-fully' },
          },
        },
        { op: 'block', chain: 'KUBE-SVC-A', block },
        { op: 'append', chain: 'KUBE-SERVICES', rule: toService },
      ],
    },
  ]);
  expect(done).toEqual({ ok: true, value: undefined });
}

describe.each([
  ['wasm', () => createPacketCore({ wasm: bytes })],
  ['twin', () => createPacketCore({ twin: packetTwin() })],
])('%s', (_name, core) => {
  test('a service translates, and answers find their way back', () => {
    const netfilter = make(core());
    netfilter.setAddresses([{ ip: ip('192.168.0.11'), device: 'eth0' }]);
    expect(netfilter.idle).toBe(true);
    serve(netfilter);
    expect(netfilter.idle).toBe(false);
    const first = netfilter.run('PREROUTING', packet({}), true);
    expect([ip('10.244.2.6'), ip('10.244.1.5')]).toContain(first.dst);
    expect(first.dport).toBe(8080);
    expect(
      first.hops.map((hop) => `${hop.chain} ${hop.rule} ${hop.matched ? hop.action : hop.failed}`),
    ).toMatchSnapshot();
    const rest = packet({ dst: first.dst, dport: first.dport, outInterface: 'veth1' });
    expect(netfilter.run('FORWARD', rest, false).verdict).toBe('accept');
    const out = netfilter.run('POSTROUTING', { ...rest, inInterface: '' }, false);
    expect(out.src).toBe(ip('10.244.1.2'));
    expect(netfilter.conntrack()).toHaveLength(1);
    const back = netfilter.run(
      'PREROUTING',
      packet({ src: first.dst, sport: 8080, dst: ip('10.244.1.2'), dport: 40000, syn: false }),
      false,
    );
    expect(back.dst).toBe(ip('10.244.1.2'));
    const away = netfilter.run(
      'POSTROUTING',
      packet({
        src: first.dst,
        sport: 8080,
        dst: ip('10.244.1.2'),
        dport: 40000,
        syn: false,
        outInterface: 'veth0',
      }),
      false,
    );
    expect([away.src, away.sport]).toEqual([ip('10.96.5.5'), 80]);
    expect(netfilter.conntrack()[0]).toMatchObject({ state: 'SYN_RECV', replied: true });
  });

  test('a client outside the pod range is masqueraded', () => {
    const netfilter = make(core());
    netfilter.setAddresses([
      { ip: ip('192.168.0.11'), device: 'eth0' },
      { ip: ip('10.244.1.1'), device: 'cni0' },
    ]);
    serve(netfilter);
    const first = netfilter.run('PREROUTING', packet({ src: ip('192.168.0.2') }), false);
    expect(first.mark).toBe(0x4000);
    const out = netfilter.run(
      'POSTROUTING',
      packet({
        src: ip('192.168.0.2'),
        dst: first.dst,
        dport: 8080,
        mark: first.mark,
        inInterface: '',
        outInterface: 'cni0',
      }),
      false,
    );
    expect(out.src).toBe(ip('10.244.1.1'));
    expect(out.sport).toBeGreaterThanOrEqual(1024);
    const back = netfilter.run(
      'PREROUTING',
      packet({ src: first.dst, sport: 8080, dst: out.src, dport: out.sport, syn: false }),
      false,
    );
    expect([back.dst, back.dport]).toEqual([ip('192.168.0.2'), 40000]);
  });

  test('equal blocks are one, and follow each other through an edit', () => {
    const shared = core();
    const nodes = [make(shared), make(shared), make(shared)];
    for (const node of nodes) serve(node);
    const [first] = nodes as [NamespaceNetfilter];
    expect(first.tables.blocks.size).toBe(1);
    const edit = [
      {
        table: 'nat' as const,
        changes: [
          {
            op: 'addEndpoint' as const,
            chain: 'KUBE-SVC-A',
            endpoint: { ip: ip('10.244.1.4'), port: 8080, chain: 'KUBE-SEP-C' },
          },
        ],
      },
    ];
    first.apply(edit);
    expect(first.tables.blocks.size).toBe(2);
    for (const node of nodes.slice(1)) node.apply(edit);
    expect(first.tables.blocks.size).toBe(1);
    const listed = first.list('nat').find((chain) => chain.name === 'KUBE-SVC-A');
    expect(listed?.rules().map((rule) => rule.rule.target)).toEqual([
      jump('KUBE-MARK-MASQ'),
      jump('KUBE-SEP-C'),
      jump('KUBE-SEP-A'),
      jump('KUBE-SEP-B'),
    ]);
  });

  test('a refused transaction changes nothing', () => {
    const netfilter = make(core());
    serve(netfilter);
    const before = netfilter
      .list('nat')
      .map((chain) => [chain.name, chain.references, chain.rules()]);
    const refused = netfilter.apply([
      {
        table: 'nat',
        changes: [
          { op: 'removeEndpoint', chain: 'KUBE-SVC-A', ip: ip('10.244.1.5'), port: 8080 },
          { op: 'flush', chain: 'KUBE-SERVICES' },
          {
            op: 'insert',
            chain: 'KUBE-SEP-B',
            index: 0,
            rule: { matches: [], target: { kind: 'RETURN' } },
          },
          { op: 'append', chain: 'PREROUTING', rule: { matches: [], target: jump('NOPE') } },
        ],
      },
    ]);
    expect(refused).toMatchObject({
      ok: false,
      error: { error: 'no-target', change: 3, name: 'NOPE' },
    });
    expect(
      netfilter.list('nat').map((chain) => [chain.name, chain.references, chain.rules()]),
    ).toEqual(before);
  });
});
