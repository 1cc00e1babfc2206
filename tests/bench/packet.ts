/**
 * The packet core's goals P1, P3, P5, P6, P8 and P10 as ratios, and P12: hashed against linear walks, against
 * plain JavaScript, flat in the number of services, cheap to call and cheap to edit. All forms must
 * give one checksum, else the bench throws. P12 stands in its own file.
 */
import * as at from '../../assembly/packet/layout.ts';
import type { Change } from '../../src/machines/network/netfilter/transaction.ts';
import { thresholdOf } from '../../src/machines/network/packet-core.ts';
import { atLeast, atMost, leastTimes } from './measure.ts';
import { packetExactness } from './packet-exact.ts';
import { drawsFrom, objectWalk, type Service, typedWalk } from './packet-rivals.ts';
import {
  batch,
  changesOf,
  drawWords,
  FLOWS,
  sampleBatch,
  SAMPLING,
  type PacketBench,
  setDraws,
  setUp,
} from './packet-setup.ts';
import type { BenchRow } from './row.ts';

const TURNS = 61;
const WARMUP_MS = 1500;

function single(bench: PacketBench): number {
  const { calls } = bench.core;
  let sum = 0;
  for (let index = 0; index < FLOWS; index += 1)
    sum += calls.walkPacket(bench.space, bench.packets + index * 20, 0);
  return sum;
}

/** Every form gives the same checksum from the same draws. */
function checkForms(bench: PacketBench): void {
  const words = drawWords(bench);
  const wanted = batch(bench, at.LINEAR);
  setDraws(bench, words);
  const sums = [
    batch(bench, 0),
    typedWalk(bench.services, drawsFrom(words), thresholdOf)(bench.flows),
    objectWalk(bench.services, drawsFrom(words), thresholdOf)(bench.flows),
  ];
  if (sums.some((sum) => sum !== wanted))
    throw new Error(`the walks differ: ${wanted} against ${sums.join(' ')}`);
}

/** One endpoint goes and comes back: two edits. */
function editTwice(bench: PacketBench): void {
  const service = bench.services[5000] as Service;
  const ip = service.endpoints[1] as number;
  const chain = 'KUBE-SVC-5000';
  bench.netfilter.apply([
    { table: 'nat', changes: [{ op: 'removeEndpoint', chain, ip, port: 8080 }] },
  ]);
  bench.netfilter.apply([
    {
      table: 'nat',
      changes: [
        { op: 'addEndpoint', chain, endpoint: { ip, port: 8080, chain: 'KUBE-SEP-5000-1' } },
      ],
    },
  ]);
}

/** Measures the packet core; about ten seconds. */
export function packetBench(): BenchRow[] {
  const small = setUp(10);
  const large = setUp(10_000);
  const huge = setUp(20_000);
  checkForms(large);
  const draw = drawsFrom(drawWords(large));
  const typed = typedWalk(large.services, draw, thresholdOf);
  const objects = objectWalk(large.services, draw, thresholdOf);
  const times = (count: number, run: () => void) => (): void => {
    for (let turn = 0; turn < count; turn += 1) run();
  };
  // Short pieces, so that most are not interrupted: thrice all flows, or some of the sample.
  const [hashed, linear, jsTyped, jsObjects, hashedSmall, hashedHuge, calls] = leastTimes(
    [
      times(3, () => batch(large, 0)),
      times(3, () => sampleBatch(large, at.LINEAR)),
      () => typed(large.sample),
      () => objects(large.sample),
      times(3, () => batch(small, 0)),
      times(3, () => batch(huge, 0)),
      times(3, () => single(large)),
    ],
    TURNS,
    WARMUP_MS,
  ) as [number, number, number, number, number, number, number];
  const whole = rewriteOf(large.services);
  // Apart from the others: a full sync leaves the hashes to be made anew.
  const [edits, compile] = leastTimes([
    () => {
      for (let turn = 0; turn < 500; turn += 1) editTwice(large);
    },
    () => {
      large.netfilter.apply([{ table: 'nat', changes: whole }]);
    },
  ]) as [number, number];
  return [
    atLeast(
      'P1',
      'hashed walk against own linear walk, 10,000 services',
      ((linear / 3) * SAMPLING) / (hashed / 3),
      30,
    ),
    atMost('P3', 'hashed walk, 20,000 services against 10', hashedHuge / hashedSmall, 3),
    atLeast(
      'P5',
      'linear walk in Wasm against typed JavaScript, 10,000 services',
      jsTyped / (linear / 3),
      2,
    ),
    atLeast(
      'P6',
      'hashed walk against JavaScript objects, 10,000 services',
      (jsObjects * SAMPLING) / (hashed / 3),
      250,
    ),
    atMost('P8', 'one call per packet against a batch', calls / hashed, 1.5),
    atLeast(
      'P10',
      'one endpoint changed against a full sync, 10,000 services',
      compile / (edits / 1000),
      500,
    ),
    ...packetExactness(),
  ];
}

/** What a full sync of kube-proxy writes: every chain of every service anew. */
function rewriteOf(services: readonly Service[]): readonly Change[] {
  const made = new Set(['newChain']);
  const fresh = changesOf(services).filter((change) => !made.has(change.op));
  const own = fresh.filter(
    (change) =>
      change.op === 'block' || (change.op === 'append' && change.chain === 'KUBE-SERVICES'),
  );
  return [{ op: 'flush', chain: 'KUBE-SERVICES' }, ...own];
}
