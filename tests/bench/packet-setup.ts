/** What the benches of the packet core share: rules as kube-proxy writes them, and flows to its Services. */
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
  type PacketCoreSource,
} from '../../src/machines/network/packet-core.ts';
import type { Flow, Service } from './packet-rivals.ts';

const SEED = 11;
export const FLOWS = 2000;
export const SAMPLING = 50;
const HOST = 0xffffffff;

export interface PacketBench {
  readonly core: PacketCore;
  readonly netfilter: NamespaceNetfilter;
  readonly space: number;
  readonly flows: readonly Flow[];
  readonly packets: number;
  /** One in SAMPLING of the flows, for what takes long. */
  readonly sample: readonly Flow[];
  readonly samplePackets: number;
  readonly services: readonly Service[];
}

export function servicesOf(count: number, endpoints = 3): readonly Service[] {
  return Array.from({ length: count }, (_, index) => ({
    ip: 0x0a600000 + 10 + index,
    port: 80,
    // In byte order of their text, as blocks have them.
    endpoints: Array.from(
      { length: endpoints },
      (_, place) => 0x0af40000 + index * endpoints + place,
    ).sort((a, b) => compareText(formatIp(a), formatIp(b))),
  }));
}

/** kube-proxy's chains in nat for these Services. */
export function changesOf(services: readonly Service[]): readonly Change[] {
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

/** A namespace with that many Services, and flows to them from inside and outside of the pods' range. */
export function setUp(count: number, source: PacketCoreSource = { wasm: bytes }): PacketBench {
  const core = createPacketCore(source);
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
  core.words[at.P_OUT_IP >>> 2] = 0xc0a8000b;
  // Every so manieth by destination: as far down the list, on average, as all of them.
  const ordered = [...flows].sort((a, b) => a.dst - b.dst);
  const sample = ordered.filter((_, index) => index % SAMPLING === SAMPLING >>> 1);
  const space = netfilter.tables.space;
  return {
    core,
    netfilter,
    space,
    flows,
    packets: written(core, flows),
    sample,
    samplePackets: written(core, sample),
    services,
  };
}

/** Flows as the core's batches take them. */
function written(core: PacketCore, flows: readonly Flow[]): number {
  const packets = core.allocate(flows.length * 20);
  const { words } = core;
  flows.forEach((flow, index) => {
    words.set(
      [flow.src, flow.dst, ((flow.sport << 16) | flow.dport) >>> 0, 6, 0],
      (packets >>> 2) + index * 5,
    );
  });
  return packets;
}

/** The state of the stream of draws. */
export function drawWords(bench: PacketBench): readonly number[] {
  const start = (bench.space + at.S_DRAW) >>> 2;
  return [...bench.core.words.subarray(start, start + 4)];
}

export function setDraws(bench: PacketBench, words: readonly number[]): void {
  bench.core.words.set(words, (bench.space + at.S_DRAW) >>> 2);
}

/** Sends all flows through both hooks; the checksum of their verdicts and targets. */
export function batch(bench: PacketBench, mode: number): number {
  return bench.core.calls.walkBatch(bench.space, bench.packets, FLOWS, mode) >>> 0;
}

/** The same for the sample. */
export function sampleBatch(bench: PacketBench, mode: number): number {
  const { calls } = bench.core;
  return calls.walkBatch(bench.space, bench.samplePackets, bench.sample.length, mode) >>> 0;
}
