/**
 * The packet core's goals P1, P3, P5, P6, P8 and P10 as ratios: hashed against linear walks, against
 * plain JavaScript, flat in the number of services, cheap to call and cheap to edit. All forms must
 * give one checksum, else the bench throws. Figures and method: facts of section 4.2 and 8.
 */
import { bytes } from 'virtual:core/packet';
import * as at from '../../assembly/packet/layout.ts';
import { formatIp } from '../../src/ground/base/ip.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { compareText } from '../../src/ground/base/text.ts';
import {
  createNetfilter,
  type NamespaceNetfilter,
} from '../../src/machines/network/netfilter/netfilter.ts';
import type { Match, Rule, Target } from '../../src/machines/network/netfilter/rule.ts';
import type { Change } from '../../src/machines/network/netfilter/transaction.ts';
import {
  createPacketCore,
  type PacketCore,
  thresholdOf,
} from '../../src/machines/network/packet-core.ts';
import { leastTimes } from './measure.ts';
import { drawsFrom, type Flow, objectWalk, type Service, typedWalk } from './packet-rivals.ts';
import type { BenchRow } from './row.ts';

const SEED = 11;
const FLOWS = 2000;
const HOST = 0xffffffff;

interface Bench {
  readonly core: PacketCore;
  readonly netfilter: NamespaceNetfilter;
  readonly space: number;
  readonly flows: readonly Flow[];
  readonly packets: number;
  readonly services: readonly Service[];
}

function servicesOf(count: number): readonly Service[] {
  return Array.from({ length: count }, (_, index) => ({
    ip: 0x0a600000 + 10 + index,
    port: 80,
    // In byte order of their text, as blocks have them.
    endpoints: [0, 1, 2]
      .map((place) => 0x0af40000 + index * 3 + place)
      .sort((a, b) => compareText(formatIp(a), formatIp(b))),
  }));
}

function changesOf(services: readonly Service[]): readonly Change[] {
  const jump = (chain: string): Target => ({ kind: 'jump', chain });
  const rule = (matches: readonly Match[], target: Target): Rule => ({ matches, target });
  const protocol = { number: 6, invert: false };
  const changes: Change[] = [
    ...['KUBE-MARK-MASQ', 'KUBE-SERVICES', 'KUBE-POSTROUTING'].map(
      (chain) => ({ op: 'newChain', chain }) as const,
    ),
    {
      op: 'append',
      chain: 'KUBE-MARK-MASQ',
      rule: rule([], { kind: 'MARK', value: 0x4000, mask: 0x4000 }),
    },
    { op: 'append', chain: 'PREROUTING', rule: rule([], jump('KUBE-SERVICES')) },
    { op: 'append', chain: 'POSTROUTING', rule: rule([], jump('KUBE-POSTROUTING')) },
    {
      op: 'append',
      chain: 'KUBE-POSTROUTING',
      rule: rule([{ kind: 'mark', value: 0x4000, mask: 0x4000, invert: true }], { kind: 'RETURN' }),
    },
    {
      op: 'append',
      chain: 'KUBE-POSTROUTING',
      rule: rule([], { kind: 'MARK', value: 0x4000, mask: 0 }),
    },
    {
      op: 'append',
      chain: 'KUBE-POSTROUTING',
      rule: rule([], { kind: 'MASQUERADE', ports: undefined, random: '' }),
    },
  ];
  services.forEach((service, index) => {
    const dst = { ip: service.ip, mask: HOST, invert: false };
    const matches: Match[] = [{ kind: 'tcp', dport: { low: 80, high: 80, invert: false } }];
    const chain = `KUBE-SVC-${index}`;
    const first: Rule = {
      src: { ip: 0x0af40000, mask: 0xffff0000, invert: true },
      dst,
      protocol,
      matches,
      target: jump('KUBE-MARK-MASQ'),
    };
    const endpoints = service.endpoints.map((ip, place) => ({
      ip,
      port: 8080,
      chain: `KUBE-SEP-${index}-${place}`,
    }));
    changes.push(
      {
        op: 'block',
        chain,
        block: {
          comment: chain,
          protocol: 6,
          hairpin: true,
          markChain: 'KUBE-MARK-MASQ',
          first,
          endpoints,
        },
      },
      {
        op: 'append',
        chain: 'KUBE-SERVICES',
        rule: { dst, protocol, matches, target: jump(chain) },
      },
    );
  });
  return changes;
}

function setUp(count: number): Bench {
  const core = createPacketCore({ wasm: bytes });
  const netfilter = createNetfilter({
    core,
    now: () => 0,
    random: new RandomStream(SEED, 'draws'),
  });
  const services = servicesOf(count);
  const done = netfilter.apply([{ table: 'nat', changes: changesOf(services) }]);
  if (!done.ok) throw new Error(`the rules were refused: ${done.error.error}`);
  const random = new RandomStream(SEED, 'flows');
  const flows: Flow[] = Array.from({ length: FLOWS }, () => ({
    src:
      random.below(2) === 0 ? 0x0af40000 + random.below(60000) : 0xc0a80000 + random.below(60000),
    dst: (services[random.below(count)] as Service).ip,
    sport: 1024 + random.below(60000),
    dport: 80,
  }));
  const packets = core.allocate(FLOWS * 20);
  const { words } = core;
  flows.forEach((flow, index) => {
    words.set(
      [flow.src, flow.dst, ((flow.sport << 16) | flow.dport) >>> 0, 6, 0],
      (packets >>> 2) + index * 5,
    );
  });
  words[at.P_OUT_IP >>> 2] = 0xc0a8000b;
  return { core, netfilter, space: netfilter.tables.space, flows, packets, services };
}

function drawWords(bench: Bench): readonly number[] {
  const start = (bench.space + at.S_DRAW) >>> 2;
  return [...bench.core.words.subarray(start, start + 4)];
}

function setDraws(bench: Bench, words: readonly number[]): void {
  bench.core.words.set(words, (bench.space + at.S_DRAW) >>> 2);
}

function batch(bench: Bench, mode: number): number {
  return bench.core.calls.walkBatch(bench.space, bench.packets, FLOWS, mode) >>> 0;
}

function single(bench: Bench): number {
  const { calls } = bench.core;
  let sum = 0;
  for (let index = 0; index < FLOWS; index += 1)
    sum += calls.walkPacket(bench.space, bench.packets + index * 20, 0);
  return sum;
}

/** Every form gives the same checksum from the same draws. */
function checkForms(bench: Bench): void {
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
function editTwice(bench: Bench): void {
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

function row(id: string, what: string, ratio: number, goal: number, least: boolean): BenchRow {
  return {
    id,
    what,
    ratio,
    goal: `${least ? '≥' : '≤'} ${goal}`,
    met: least ? ratio >= goal : ratio <= goal,
  };
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
  const few = large.flows.slice(0, FLOWS / 20);
  const repeat = (bench: Bench, mode: number, times: number) => (): void => {
    for (let turn = 0; turn < times; turn += 1) batch(bench, mode);
  };
  const whole = rewriteOf(large.services);
  const [hashed, linear, jsTyped, jsObjects, hashedSmall, hashedHuge, calls] = leastTimes([
    repeat(large, 0, 10),
    repeat(large, at.LINEAR, 1),
    () => typed(large.flows),
    () => objects(few),
    repeat(small, 0, 10),
    repeat(huge, 0, 10),
    () => {
      for (let turn = 0; turn < 10; turn += 1) single(large);
    },
  ]) as [number, number, number, number, number, number, number];
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
    row(
      'P1',
      'hashed walk against own linear walk, 10,000 services',
      linear / (hashed / 10),
      30,
      true,
    ),
    row('P3', 'hashed walk, 20,000 services against 10', hashedHuge / hashedSmall, 3, false),
    row(
      'P5',
      'linear walk in Wasm against typed JavaScript, 10,000 services',
      jsTyped / linear,
      2,
      true,
    ),
    row(
      'P6',
      'hashed walk against JavaScript objects, 10,000 services',
      (jsObjects * 20) / (hashed / 10),
      250,
      true,
    ),
    row('P8', 'one call per packet against a batch', calls / hashed, 1.5, false),
    row(
      'P10',
      'one endpoint changed against a full sync, 10,000 services',
      compile / (edits / 1000),
      500,
      true,
    ),
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
