/** TCP, UDP, ICMP and unix sockets over hosts, bridges and pods, whole and broken. */
import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../../../src/ground/base/bytes.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { parseCidr } from '../../../../src/ground/base/cidr.ts';
import { sleep, startTask, type Task } from '../../../../src/ground/base/task.ts';
import { bytesOf } from '../../../../src/machines/network/chunk.ts';
import type { FabricHost, FabricOptions } from '../../../../src/machines/network/fabric.ts';
import { defaultRoute, type NetworkNamespace } from '../../../../src/machines/network/namespace.ts';
import type {
  HookResult,
  Netfilter,
  PacketFields,
} from '../../../../src/machines/network/netfilter/types.ts';
import type { Connection } from '../../../../src/machines/network/socket.ts';
import type { Path } from '../../../../src/machines/network/walk.ts';
import { socketsOf } from '../../../../src/machines/network/sockets.ts';
import {
  addNode,
  address,
  addPod,
  joinNodes,
  newNetwork,
  runTask,
  type SmallNetwork,
  socketsIn,
} from '../../../support/small-network.ts';

interface World extends SmallNetwork {
  readonly one: FabricHost;
  readonly two: FabricHost;
  /** 10.244.1.2 on node-1, 10.244.1.3 beside it, 10.244.2.2 on node-2. */
  readonly near: NetworkNamespace;
  readonly beside: NetworkNamespace;
  readonly far: NetworkNamespace;
}

const FAR = address('10.244.2.2');

function newWorld(options: FabricOptions = {}): World {
  const network = newNetwork(options);
  const { fabric } = network;
  const one = addNode(fabric, 'node-1', '192.168.0.11', '10.244.1.0/24');
  const two = addNode(fabric, 'node-2', '192.168.0.12', '10.244.2.0/24');
  joinNodes([
    [one, '192.168.0.11', '10.244.1.0/24'],
    [two, '192.168.0.12', '10.244.2.0/24'],
  ]);
  const near = addPod(fabric, one, 'near', '10.244.1.2');
  const beside = addPod(fabric, one, 'beside', '10.244.1.3');
  const far = addPod(fabric, two, 'far', '10.244.2.2');
  return { ...network, one, two, near, beside, far };
}

/** A server that keeps what it accepts. */
function listen(namespace: NetworkNamespace, port: number): Connection[] {
  const accepted: Connection[] = [];
  const listener = socketsIn(namespace, 'server').listen(0, port);
  if (!listener.ok) throw new Error(listener.error);
  listener.value.onAccept((connection) => accepted.push(connection));
  return accepted;
}

/** Both ends of a connection from near to far. */
function joined(world: World): readonly [Connection, Connection] {
  const accepted = listen(world.far, 80);
  const opened = runTask(world.loop, socketsIn(world.near).connect(FAR, 80));
  world.loop.run({ until: world.loop.now + 1000 });
  const server = accepted[0];
  if (opened?.ok !== true || server === undefined) throw new Error('not connected');
  return [opened.value, server];
}

/** What a task gives and how long it took. */
function timed<T>(world: SmallNetwork, task: Task<T>): readonly [T | undefined, number] {
  const from = world.loop.now;
  const value = runTask(world.loop, task);
  return [value, world.loop.now - from];
}

const CONNECTS: readonly (readonly [string, (world: World) => void, string, string, number])[] = [
  ['to a closed port', () => {}, '10.244.2.2', 'ECONNREFUSED', 340],
  ['to nobody on another node', () => {}, '10.244.2.9', 'EHOSTUNREACH', 3_000_320],
  ['to nobody on the link', () => {}, '192.168.0.99', 'EHOSTUNREACH', 3_000_020],
  [
    'without a route',
    (w) => w.near.deleteRoute({ destination: { base: 0, bits: 0 } }),
    '10.244.2.2',
    'ENETUNREACH',
    0,
  ],
  [
    'to an unreachable route',
    (w) => w.near.addRoute({ destination: { base: FAR, bits: 32 }, type: 'unreachable' }),
    '10.244.2.2',
    'EHOSTUNREACH',
    0,
  ],
  ['no route on the node', () => {}, '9.9.9.9', 'ENETUNREACH', 20],
  ['over a cut link', (w) => w.fabric.cut(w.one, w.two), '10.244.2.2', 'ETIMEDOUT', 127 * SECOND],
  [
    'answers cut',
    (w) => w.fabric.setFault(w.two, w.one, { cut: true }),
    '10.244.2.2',
    'ETIMEDOUT',
    127 * SECOND,
  ],
  [
    'to a host without power',
    (w) => w.fabric.setPower(w.two, false),
    '192.168.0.12',
    'ETIMEDOUT',
    127 * SECOND,
  ],
  [
    'without forwarding',
    (w) => w.one.namespace.setSysctl('net.ipv4.ip_forward', '0'),
    '10.244.2.2',
    'ETIMEDOUT',
    127 * SECOND,
  ],
];

test.each(CONNECTS)('connect %s', (_name, prepare, target, errno, took) => {
  const world = newWorld();
  prepare(world);
  expect(timed(world, socketsIn(world.near).connect(address(target), 80))).toEqual([
    { ok: false, error: errno },
    took,
  ]);
  expect(world.near.sockets.rows()).toEqual([]);
});

test('a deadline, a source port, a taken port, a low port', () => {
  const world = newWorld();
  world.fabric.cut(world.one, world.two);
  const sockets = socketsIn(world.near);
  expect(timed(world, sockets.connect(FAR, 80, { deadline: 2 * SECOND }))).toEqual([
    { ok: false, error: 'ETIMEDOUT' },
    2 * SECOND,
  ]);
  expect(sockets.listen(0, 80).ok).toBe(true);
  expect(sockets.listen(address('10.244.1.2'), 80)).toEqual({ ok: false, error: 'EADDRINUSE' });
  expect(sockets.listen(FAR, 81)).toEqual({ ok: false, error: 'EADDRNOTAVAIL' });
  const user = socketsOf(world.near, { pid: 2, comm: 'user', uid: 1000 });
  expect(user.listen(0, 81)).toEqual({ ok: false, error: 'EACCES' });
  world.near.setSysctl('net.ipv4.ip_unprivileged_port_start', '0');
  expect(user.listen(0, 81).ok).toBe(true);
});

test('half-close, end, and reset when data is thrown away unread', () => {
  const world = newWorld();
  const [client, server] = joined(world);
  client.post(utf8('question'));
  client.closeWrite();
  const states = runTask(
    world.loop,
    (function* () {
      const question = yield* server.receive();
      const end = yield* server.receive();
      yield* server.send(utf8('answer'));
      const state = world.near.sockets.rows()[0]?.state;
      server.close();
      const answer = yield* client.receive();
      const last = yield* client.receive();
      return [
        question.ok && question.value && textOf(bytesOf(question.value)),
        end,
        state,
        answer.ok && answer.value && textOf(bytesOf(answer.value)),
        last,
      ];
    })(),
  );
  expect(states).toEqual([
    'question',
    { ok: true, value: undefined },
    'FIN-WAIT-2',
    'answer',
    { ok: true, value: undefined },
  ]);
  expect(client.open || server.open).toBe(false);
});

test('a process that ends: FIN, or RST when it had not read', () => {
  for (const unread of [false, true]) {
    const world = newWorld();
    const owner = socketsIn(world.far, 'server');
    const listener = owner.listen(0, 80);
    if (!listener.ok) throw new Error(listener.error);
    const opened = runTask(world.loop, socketsIn(world.near).connect(FAR, 80));
    if (opened?.ok !== true) throw new Error('not connected');
    if (unread) opened.value.post(utf8('data'));
    const accepted = runTask(world.loop, listener.value.accept());
    world.loop.run({ until: world.loop.now + SECOND });
    expect(accepted?.open).toBe(true);
    owner.closeAll();
    expect(owner.count).toBe(0);
    const seen = runTask(world.loop, opened.value.receive());
    expect(seen).toEqual(
      unread ? { ok: false, error: 'ECONNRESET' } : { ok: true, value: undefined },
    );
    const refused = runTask(world.loop, socketsIn(world.near).connect(FAR, 80));
    expect(refused).toEqual({ ok: false, error: 'ECONNREFUSED' });
  }
});

test('a cut connection: retransmitted until mended, or dead after 924.6 s', () => {
  for (const mendedAfter of [60 * SECOND, undefined]) {
    const world = newWorld();
    const [client, server] = joined(world);
    world.fabric.cut(world.one, world.two);
    const from = world.loop.now;
    for (const text of ['a', 'b', 'c']) client.post(utf8(text));
    if (mendedAfter !== undefined)
      world.loop.after(mendedAfter, () => world.fabric.mend(world.one, world.two));
    const got: string[] = [];
    server.onReceive((event) =>
      got.push(event.ok ? textOf(bytesOf(event.value ?? utf8('end'))) : event.error),
    );
    if (mendedAfter === undefined) {
      expect(runTask(world.loop, client.receive())).toEqual({ ok: false, error: 'ETIMEDOUT' });
      expect(world.loop.now - from).toBe(924_600_000);
      // The other end had nothing to send; its keep-alive found out long before.
      expect(got).toEqual(['ETIMEDOUT']);
    } else {
      world.loop.run({ until: from + 200 * SECOND });
      expect(got).toEqual(['a', 'b', 'c']);
      expect(client.open).toBe(true);
    }
  }
});

test('an idle connection to a dead host: 150 s of keep-alive; to one that came back: reset', () => {
  for (const back of [false, true]) {
    const world = newWorld();
    listen(world.two.namespace, 22);
    const opened = runTask(world.loop, socketsIn(world.near).connect(address('192.168.0.12'), 22));
    if (opened?.ok !== true) throw new Error('not connected');
    world.fabric.setPower(world.two, false);
    const from = world.loop.now;
    if (back) world.loop.after(40 * SECOND, () => world.fabric.setPower(world.two, true));
    const end = runTask(world.loop, opened.value.receive());
    expect(end).toEqual({ ok: false, error: back ? 'ECONNRESET' : 'ETIMEDOUT' });
    expect(Math.floor((world.loop.now - from) / SECOND)).toBe(back ? 45 : 150);
  }
});

test('loss delays, order stays, the sum arrives', () => {
  const world = newWorld({ seed: 7 });
  const [client, server] = joined(world);
  world.fabric.setFault(world.one, world.two, { loss: 30, delay: 2000, jitter: 5000 });
  for (let index = 0; index < 100; index += 1) client.post(utf8(`${index},`));
  let got = '';
  server.onReceive((event) => {
    if (event.ok && event.value !== undefined) got += textOf(bytesOf(event.value));
  });
  world.loop.run({ until: world.loop.now + 600 * SECOND });
  expect(got).toBe(Array.from({ length: 100 }, (_, index) => `${index},`).join(''));
});

test('a full window holds the sender until the reader reads', () => {
  const world = newWorld();
  const [client, server] = joined(world);
  let sent = 0;
  startTask(
    world.loop,
    (function* () {
      for (; sent < 30; sent += 1) yield* client.send(new Uint8Array(100_000));
    })(),
    'sender',
  );
  world.loop.run({ until: world.loop.now + SECOND });
  expect(sent).toBe(11);
  const row = world.far.sockets.rows().find((one) => one.state === 'ESTAB');
  expect(row?.receiveQueue).toBe(1_100_000);
  server.onReceive(() => {});
  world.loop.run({ until: world.loop.now + SECOND });
  expect(sent).toBe(30);
});

test('UDP: both ways, refused ports, silence over a cut link', () => {
  const world = newWorld();
  const server = socketsIn(world.far).udp(0, 53);
  const client = socketsIn(world.near).udp(0, 0);
  if (!server.ok || !client.ok) throw new Error('no sockets');
  server.value.onReceive(({ source, payload }) => server.value.sendTo(source, payload));
  const ask = function* (port: number): Task<string> {
    client.value.sendTo({ ip: FAR, port }, utf8('q'));
    const answer = yield* client.value.receive(SECOND);
    return answer.ok ? textOf(bytesOf(answer.value.payload)) : answer.error;
  };
  expect(runTask(world.loop, ask(53))).toBe('q');
  expect(runTask(world.loop, ask(54))).toBe('ECONNREFUSED');
  world.fabric.cut(world.one, world.two);
  expect(runTask(world.loop, ask(53))).toBe('EAGAIN');
});

test('ping: time, hops left, and who says no', () => {
  const world = newWorld();
  const sockets = socketsIn(world.near);
  const ping = (target: string, ttl = 64): unknown =>
    runTask(world.loop, sockets.ping(address(target), { ttl, sequence: 1, deadline: 10 * SECOND }));
  expect(ping('10.244.2.2')).toEqual({ ok: true, value: { source: FAR, ttl: 62, time: 340 } });
  expect(ping('10.244.1.3')).toMatchObject({ ok: true, value: { ttl: 64, time: 40 } });
  expect(ping('127.0.0.1')).toMatchObject({ ok: true, value: { ttl: 64, time: 10 } });
  expect(ping('10.244.2.2', 1)).toMatchObject({
    value: { source: address('10.244.1.1'), unreachable: 'ttl' },
  });
  expect(ping('10.244.2.2', 2)).toMatchObject({
    value: { source: address('192.168.0.12'), unreachable: 'ttl' },
  });
  expect(ping('10.244.2.9')).toMatchObject({
    value: { source: address('192.168.0.12'), unreachable: 'host' },
  });
  expect(ping('9.9.9.9')).toMatchObject({
    value: { source: address('10.244.1.1'), unreachable: 'net' },
  });
});

test('unix sockets: by inode, refused without a listener', () => {
  const { loop, fabric } = newNetwork();
  const host = fabric.addHost('node-1', address('192.168.0.11'), 16);
  const inode = {};
  const path = '/run/containerd/containerd.sock';
  const unixPaths = {
    bind: () => ({ ok: true, value: inode }) as const,
    lookup: () => ({ ok: true, value: inode }) as const,
  };
  const sockets = socketsOf(host.namespace, { pid: 1, comm: 'x', uid: 0, unixPaths });
  expect(runTask(loop, sockets.connectUnix(path))).toEqual({ ok: false, error: 'ECONNREFUSED' });
  const listener = sockets.listenUnix(path);
  if (!listener.ok) throw new Error(listener.error);
  listener.value.onAccept((connection) =>
    connection.onReceive((event) =>
      event.ok && event.value !== undefined ? connection.post(event.value) : connection.close(),
    ),
  );
  const echoed = runTask(
    loop,
    (function* () {
      const opened = yield* sockets.connectUnix(path);
      if (!opened.ok) return opened.error;
      yield* opened.value.send(utf8('hi'));
      const answer = yield* opened.value.receive();
      opened.value.closeWrite();
      const end = yield* opened.value.receive();
      return [
        answer.ok && answer.value && textOf(bytesOf(answer.value)),
        end.ok && end.value,
        host.unixSockets.rows().length,
      ];
    })(),
  );
  expect(echoed).toEqual(['hi', undefined, 1]);
});

/** Rules with one DNAT for 10.96.0.1 and its way back, that note which hooks were asked. */
function oneService(hooks: string[], name: string): Netfilter {
  const backends = new Map<string, string>();
  let counted = 0;
  const run = (hook: string, packet: PacketFields): HookResult => {
    hooks.push(`${name} ${hook}`);
    let { src, dst } = packet;
    if (dst === address('10.96.0.1')) {
      backends.set(`${src}:${packet.sport}`, 'dnat');
      dst = FAR;
    } else if (src === FAR && hook === 'PREROUTING' && backends.has(`${dst}:${packet.dport}`))
      src = address('10.96.0.1');
    const { sport, dport, mark } = packet;
    return {
      verdict: 'accept',
      rejectWith: '',
      src,
      dst,
      sport,
      dport,
      mark,
      trail: [1],
      hops: [],
    };
  };
  return {
    generation: 1,
    idle: false,
    setAddresses() {},
    run,
    dryRun: run,
    count() {
      counted += 1;
      hooks.push(`${name} count ${counted}`);
    },
    noteTcp(_packet, state) {
      hooks.push(`${name} ${state}`);
    },
    conntrack: () => [],
    flushConntrack: () => 0,
  };
}

test('every hook is walked once per direction, then counted; a route change walks again', () => {
  const hooks: string[] = [];
  const world = newWorld({ newNetfilter: (namespace) => oneService(hooks, namespace.host.name) });
  const reads = [world.one.namespace.netfilter.idle, world.two.namespace.netfilter.idle];
  expect(reads).toEqual([false, false]);
  const accepted = listen(world.far, 80);
  const opened = runTask(world.loop, socketsIn(world.near).connect(address('10.96.0.1'), 80));
  if (opened?.ok !== true) throw new Error('not connected');
  world.loop.run({ until: world.loop.now + SECOND });
  expect(accepted[0]?.remote.ip).toBe(address('10.244.1.2'));
  const forward = ['PREROUTING', 'FORWARD', 'POSTROUTING'];
  const way = [
    ...forward.map((hook) => `node-1 ${hook}`),
    ...forward.map((hook) => `node-2 ${hook}`),
  ];
  const back = [
    ...forward.map((hook) => `node-2 ${hook}`),
    ...forward.map((hook) => `node-1 ${hook}`),
  ];
  expect(hooks).toEqual([...way, ...back, ...way, 'node-1 established', 'node-2 established']);
  hooks.length = 0;
  opened.value.post(utf8('x'));
  expect(new Set(hooks.map((line) => line.replace(/\d+$/, '')))).toEqual(
    new Set(['node-1 count ', 'node-2 count ']),
  );
  expect(hooks).toHaveLength(6);
  hooks.length = 0;
  world.two.namespace.addRoute({
    destination: parseCidr('10.9.0.0/16') ?? { base: 0, bits: 0 },
    type: 'blackhole',
  });
  opened.value.post(utf8('x'));
  expect(hooks).toEqual(way);
});

test('a bridge passes frames between its ports through the hooks, unless told not to', () => {
  for (const [value, count] of [
    ['1', 3],
    ['0', 0],
  ] as const) {
    const hooks: string[] = [];
    const world = newWorld({ newNetfilter: (namespace) => oneService(hooks, namespace.host.name) });
    expect(world.one.namespace.netfilter.idle).toBe(false);
    world.one.namespace.setSysctl('net.bridge.bridge-nf-call-iptables', value);
    runTask(
      world.loop,
      socketsIn(world.near).ping(address('10.244.1.3'), { sequence: 1, deadline: SECOND }),
    );
    expect(hooks).toHaveLength(count * 2);
  }
});

test('namespaces: names, moves, routes and neighbours', () => {
  const world = newWorld();
  const host = world.one.namespace;
  expect(host.addInterface('bridge', 'cni0')).toEqual({ ok: false, error: 'EEXIST' });
  expect(host.addInterface('dummy', 'a-name-that-is-too-long')).toEqual({
    ok: false,
    error: 'EINVAL',
  });
  expect(host.addRoute(defaultRoute(address('172.16.0.1')))).toEqual({
    ok: false,
    error: 'ENETUNREACH',
  });
  expect(host.deleteInterface('eth0')).toEqual({ ok: false, error: 'EPERM' });
  expect(host.neighbours().map((one) => one.device)).toEqual(['eth0', 'cni0', 'cni0']);
  host.addVeth('v0', host, 'v1');
  expect(host.moveInterface('v1', world.near, 'eth1').ok).toBe(true);
  expect(world.near.interface('eth1')?.up).toBe(false);
  expect(host.deleteInterface('v0').ok).toBe(true);
  expect(world.near.interface('eth1')).toBeUndefined();
  world.far.destroy();
  expect(world.two.namespace.interface('vethfar')).toBeUndefined();
  expect(runTask(world.loop, socketsIn(world.near).connect(FAR, 80))).toEqual({
    ok: false,
    error: 'EHOSTUNREACH',
  });
  expect(
    runTask(
      world.loop,
      (function* () {
        yield* sleep(1);
        return 1;
      })(),
    ),
  ).toBe(1);
});

test('a recorded walk tells stage by stage where the first packet went', () => {
  const world = newWorld({ recordWalk: (_source, owner) => owner.comm === 'curl' });
  runTask(world.loop, socketsIn(world.near, 'curl').connect(FAR, 80));
  runTask(world.loop, socketsIn(world.near, 'kubelet').connect(FAR, 80));
  const records = world.recorder.all().filter((record) => record.verb === 'packet');
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ component: 'curl@node-1', note: 'deliver' });
  expect(records[0]?.object).toMatch(/^tcp 10\.244\.1\.2:\d+ > 10\.244\.2\.2:80$/);
  const stages = (records[0]?.detail as Path | undefined)?.stages ?? [];
  expect(
    stages.map(({ host, namespace, stage, note }) => `${host}/${namespace} ${stage} ${note}`),
  ).toEqual([
    'node-1/near route dev eth0 via 10.244.1.1',
    'node-1/host route dev eth0 via 192.168.0.12',
    'node-1/host link node-1 to node-2',
    'node-2/host route dev cni0',
    'node-2/far deliver ',
  ]);
});

test('power-off takes bridges, pods and rules; what comes back is a fresh boot', () => {
  const world = newWorld();
  const connecting = socketsIn(world.one.namespace);
  world.fabric.setPower(world.two, false);
  expect(world.far.alive).toBe(false);
  expect(world.two.namespaces.size).toBe(1);
  expect(world.two.namespace.interfaces().map((device) => device.name)).toEqual(['lo', 'eth0']);
  world.fabric.setPower(world.two, true);
  expect(runTask(world.loop, connecting.connect(address('192.168.0.12'), 80))).toEqual({
    ok: false,
    error: 'ECONNREFUSED',
  });
});

test('a process that ends while it connects leaves nothing behind', () => {
  const world = newWorld();
  world.fabric.cut(world.one, world.two);
  const sockets = socketsIn(world.near);
  startTask(world.loop, sockets.connect(FAR, 80), 'connect');
  world.loop.run({ until: SECOND / 2 });
  expect(world.near.sockets.rows().map((row) => row.state)).toEqual(['SYN-SENT']);
  sockets.closeAll();
  expect(world.near.sockets.rows()).toEqual([]);
  world.loop.run({});
  expect(world.loop.now).toBe(SECOND);
});
