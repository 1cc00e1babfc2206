/** Services over the real packet core: from pods, from nodes, to oneself; refusals by rules. */
import { bytes } from 'virtual:core/packet';
import { expect, test } from 'vitest';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { formatIp } from '../../../../src/ground/base/ip.ts';
import { RandomStream } from '../../../../src/ground/base/random.ts';
import type { Fabric } from '../../../../src/machines/network/fabric.ts';
import type { NetworkNamespace } from '../../../../src/machines/network/namespace.ts';
import {
  createNetfilter,
  type NamespaceNetfilter,
} from '../../../../src/machines/network/netfilter/netfilter.ts';
import type { Rule } from '../../../../src/machines/network/netfilter/rule.ts';
import { createPacketCore } from '../../../../src/machines/network/packet-core.ts';
import {
  addNode,
  address,
  addPod,
  joinNodes,
  newNetwork,
  runTask,
  socketsIn,
} from '../../../support/small-network.ts';

const SERVICE = address('10.96.0.10');

function to(ip: string): Pick<Rule, 'dst' | 'protocol'> {
  const dst = { ip: address(ip), mask: 0xffffffff, invert: false };
  return { dst, protocol: { number: 6, invert: false } };
}

/** 10.96.0.10 is pod 10.244.2.2:8080, masqueraded when a pod calls itself; 10.96.0.11 refuses; .12 drops. */
function writeRules(namespace: NetworkNamespace): void {
  const netfilter = namespace.netfilter as NamespaceNetfilter;
  const pod = address('10.244.2.2');
  const dnat: Rule = {
    ...to('10.96.0.10'),
    matches: [],
    target: {
      kind: 'DNAT',
      to: { low: pod, high: pod },
      ports: { low: 8080, high: 8080 },
      random: '',
    },
  };
  const self: Rule = {
    src: { ip: pod, mask: 0xffffffff, invert: false },
    dst: { ip: pod, mask: 0xffffffff, invert: false },
    matches: [],
    target: { kind: 'MASQUERADE', ports: undefined, random: '' },
  };
  const reject: Rule = {
    ...to('10.96.0.11'),
    matches: [],
    target: { kind: 'REJECT', with: 'icmp-port-unreachable' },
  };
  const drop: Rule = { ...to('10.96.0.12'), matches: [], target: { kind: 'DROP' } };
  const done = netfilter.apply([
    {
      table: 'nat',
      changes: [
        { op: 'append', chain: 'PREROUTING', rule: dnat },
        { op: 'append', chain: 'OUTPUT', rule: dnat },
        { op: 'append', chain: 'POSTROUTING', rule: self },
      ],
    },
    {
      table: 'filter',
      changes: ['FORWARD', 'OUTPUT'].flatMap((chain) =>
        [reject, drop].map((rule) => ({ op: 'append', chain, rule }) as const),
      ),
    },
  ]);
  expect(done.ok).toBe(true);
}

function build(): {
  readonly fabric: Fabric;
  readonly pods: readonly NetworkNamespace[];
  readonly network: ReturnType<typeof newNetwork>;
} {
  const core = createPacketCore({ wasm: bytes });
  const network = newNetwork({
    newNetfilter: (namespace) =>
      createNetfilter({
        core,
        now: () => network.loop.now,
        random: new RandomStream(1, namespace.host.name),
      }),
  });
  const { fabric } = network;
  const one = addNode(fabric, 'node-1', '192.168.0.11', '10.244.1.0/24');
  const two = addNode(fabric, 'node-2', '192.168.0.12', '10.244.2.0/24');
  joinNodes([
    [one, '192.168.0.11', '10.244.1.0/24'],
    [two, '192.168.0.12', '10.244.2.0/24'],
  ]);
  const gateway = address('192.168.0.1');
  fabric.addHost('gateway', gateway, 16);
  for (const node of [one, two]) {
    node.namespace.addRoute({ destination: { base: 0, bits: 0 }, via: gateway });
    writeRules(node.namespace);
  }
  const client = addPod(fabric, one, 'client', '10.244.1.2');
  const server = addPod(fabric, two, 'server', '10.244.2.2');
  const beside = addPod(fabric, two, 'beside', '10.244.2.3');
  return { fabric, network, pods: [client, beside, server, one.namespace, two.namespace] };
}

const SOURCES: readonly (readonly [string, number, string])[] = [
  ['a pod of another node', 0, '10.244.1.2'],
  ['a pod beside it, back through the bridge', 1, '10.244.2.3'],
  ['the pod itself, masqueraded', 2, '10.244.2.1'],
  ['another node', 3, '192.168.0.11'],
  ['its own node', 4, '192.168.0.12'],
];

test.each(SOURCES)('a service is reached from %s', (_name, index, seen) => {
  const { network, pods } = build();
  const source = pods[index];
  const server = pods[2];
  if (source === undefined || server === undefined) throw new Error('no pods');
  const listener = socketsIn(server).listen(0, 8080);
  if (!listener.ok) throw new Error(listener.error);
  const remotes: string[] = [];
  listener.value.onAccept((connection) => {
    remotes.push(formatIp(connection.remote.ip));
    connection.onReceive((event) => {
      if (event.ok && event.value !== undefined) connection.post(event.value);
      else connection.close();
    });
  });
  const answer = runTask(
    network.loop,
    (function* () {
      const opened = yield* socketsIn(source).connect(SERVICE, 80, { deadline: 5 * SECOND });
      if (!opened.ok) return opened.error;
      for (let round = 0; round < 3; round += 1) {
        yield* opened.value.send(Uint8Array.of(round));
        const echoed = yield* opened.value.receive(SECOND);
        if (!echoed.ok) return echoed.error;
      }
      opened.value.close();
      return formatIp(opened.value.remote.ip);
    })(),
  );
  expect(answer).toBe('10.96.0.10');
  expect(remotes).toEqual([seen]);
});

test('REJECT refuses at once, DROP lets the caller wait', () => {
  const { network, pods } = build();
  for (const index of [0, 3]) {
    const source = pods[index];
    if (source === undefined) throw new Error('no source');
    const refused = socketsIn(source).connect(address('10.96.0.11'), 80);
    expect(runTask(network.loop, refused)).toEqual({ ok: false, error: 'ECONNREFUSED' });
    const from = network.loop.now;
    const dropped = socketsIn(source).connect(address('10.96.0.12'), 80, { deadline: 3 * SECOND });
    expect(runTask(network.loop, dropped)).toEqual({ ok: false, error: 'ETIMEDOUT' });
    expect(network.loop.now - from).toBe(3 * SECOND);
  }
});
