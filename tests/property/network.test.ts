/**
 * Random clusters, connections and faults: what arrives is what was sent, in order and at most once;
 * once all faults are mended everything arrives or the sender has been told; and two runs of one seed
 * are one run, event for event.
 */
import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../src/ground/base/bytes.ts';
import { HOUR, SECOND } from '../../src/ground/base/event-loop.ts';
import { formatIp } from '../../src/ground/base/ip.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { sleep, startTask, type Task } from '../../src/ground/base/task.ts';
import { bytesOf } from '../../src/machines/network/chunk.ts';
import type { FabricHost } from '../../src/machines/network/fabric.ts';
import type { NetworkNamespace } from '../../src/machines/network/namespace.ts';
import {
  addNode,
  addPod,
  joinNodes,
  newNetwork,
  type SmallNetwork,
  socketsIn,
} from '../support/small-network.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 20_261, 20_262];
const PORT = 80;

interface Flow {
  readonly name: string;
  sent: string[];
  got: string[];
  /** What the sender was told at the end: `ok`, or an errno. */
  outcome: string;
}

interface World extends SmallNetwork {
  readonly nodes: readonly FabricHost[];
  readonly pods: readonly NetworkNamespace[];
  readonly flows: Flow[];
}

function pick<T>(random: RandomStream, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

function build(seed: number, random: RandomStream): World {
  const network = newNetwork({ seed });
  const count = 2 + random.below(4);
  const plan = Array.from(
    { length: count },
    (_, index) => [`192.168.0.${11 + index}`, `10.244.${index}.0/24`] as const,
  );
  const nodes = plan.map(([ip, range], index) =>
    addNode(network.fabric, `node-${index}`, ip, range),
  );
  joinNodes(
    nodes.map((node, index) => [node, plan[index]?.[0] ?? '', plan[index]?.[1] ?? ''] as const),
  );
  const pods = nodes.flatMap((node, index) =>
    Array.from({ length: 1 + random.below(3) }, (_, at) =>
      addPod(network.fabric, node, `p${index}-${at}`, `10.244.${index}.${2 + at}`),
    ),
  );
  return { ...network, nodes, pods, flows: [] };
}

/** Each pod receives lines `<flow> <number>` and files them under their flow. */
function serve(world: World): void {
  for (const pod of world.pods) {
    const listener = socketsIn(pod).listen(0, PORT);
    if (!listener.ok) throw new Error(listener.error);
    listener.value.onAccept((connection) =>
      connection.onReceive((event) => {
        if (!event.ok || event.value === undefined) return connection.close();
        const [name, number] = textOf(bytesOf(event.value)).split(' ');
        world.flows.find((flow) => flow.name === name)?.got.push(number ?? '');
      }),
    );
  }
}

function* send(
  flow: Flow,
  source: NetworkNamespace,
  target: NetworkNamespace,
  random: RandomStream,
): Task<void> {
  const ip = target.interface('eth0')?.addresses[0]?.ip ?? 0;
  const opened = yield* socketsIn(source).connect(ip, PORT);
  if (!opened.ok) {
    flow.outcome = `${opened.error} to ${formatIp(ip)}`;
    return;
  }
  for (let number = 0; number < 20; number += 1) {
    yield* sleep(random.below(2 * SECOND));
    const done = yield* opened.value.send(utf8(`${flow.name} ${number}`));
    if (!done.ok) {
      flow.outcome = done.error;
      return;
    }
    flow.sent.push(`${number}`);
  }
  opened.value.closeWrite();
  const end = yield* opened.value.receive();
  flow.outcome = end.ok ? 'ok' : end.error;
}

function* spoil(world: World, random: RandomStream): Task<void> {
  const { fabric, nodes } = world;
  for (let step = 0; step < 12; step += 1) {
    yield* sleep(random.below(5 * SECOND));
    const from = pick(random, nodes);
    const to = pick(random, nodes);
    if (from === to) continue;
    const kind = random.below(4);
    if (kind === 0) fabric.cut(from, to);
    else if (kind === 1) fabric.setFault(from, to, { cut: true });
    else if (kind === 2) fabric.setFault(from, to, { loss: random.below(60) });
    else fabric.setFault(from, to, { delay: random.below(100_000), jitter: random.below(100_000) });
  }
  for (const from of nodes) for (const to of nodes) if (from !== to) fabric.mend(from, to);
}

function run(seed: number): { readonly world: World; readonly hash: number } {
  const random = new RandomStream(seed, 'test');
  const world = build(seed, random);
  serve(world);
  for (let index = 0; index < 12; index += 1) {
    const flow: Flow = { name: `f${index}`, sent: [], got: [], outcome: 'unknown' };
    world.flows.push(flow);
    startTask(
      world.loop,
      send(flow, pick(random, world.pods), pick(random, world.pods), random.fork(flow.name)),
      flow.name,
    );
  }
  startTask(world.loop, spoil(world, random.fork('faults')), 'faults');
  world.loop.run({ until: HOUR });
  return { world, hash: world.loop.hash };
}

test.each(SEEDS)('seed %i', (seed) => {
  const { world, hash } = run(seed);
  for (const { name, sent, got, outcome } of world.flows) {
    const context = `seed ${seed} flow ${name}: ${outcome}`;
    expect(got, context).toEqual(sent.slice(0, got.length));
    // Faults last a minute, less than any connection: nobody may be told of a failure.
    expect(outcome, context).toBe('ok');
    expect(got, context).toHaveLength(20);
  }
  for (const pod of world.pods) {
    const left = pod.sockets.rows().filter((row) => row.state !== 'LISTEN');
    expect(left, `seed ${seed}`).toEqual([]);
  }
  expect(run(seed).hash).toBe(hash);
});

test('another seed is another run, because ports, losses and jitter are drawn', () => {
  expect(new Set(SEEDS.map((seed) => run(seed).hash)).size).toBe(SEEDS.length);
});
