/**
 * The packet core against itself and a naive walk in plain JavaScript: Wasm, its TypeScript twin and
 * the naive walk give the same verdicts, rewritten packets, counters and draws on random rules and
 * packets; hashed runs walk as the linear walk does; a service block walks as its rules written out.
 */
import { bytes } from 'virtual:core/packet';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../src/ground/base/random.ts';
import { listText, saveText } from '../../src/machines/network/netfilter/list.ts';
import {
  createNetfilter,
  type NamespaceNetfilter,
} from '../../src/machines/network/netfilter/netfilter.ts';
import type { Match, Rule, Target } from '../../src/machines/network/netfilter/rule.ts';
import type { Change, Transaction } from '../../src/machines/network/netfilter/transaction.ts';
import type { HookResult, PacketFields } from '../../src/machines/network/netfilter/types.ts';
import { createPacketCore, thresholdOf } from '../../src/machines/network/packet-core.ts';
import { runRestore } from '../../src/programs/tools/iptables-restore-text.ts';
import { packetTwin } from '../support/packet-twin.ts';

const SEED = 20260302;
const HOST = 0xffffffff;
const CHAINS = ['A', 'B', 'C', 'D'];
const WORDS = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x0a000000, 0x0a600001, 0x0a600100];
const PORTS = [0, 1, 53, 80, 443, 8080, 32768, 65535];
const NAMES = ['', 'lo', 'eth0', 'eth1', 'veth12345'];

function pick<T>(random: RandomStream, values: readonly T[]): T {
  return values[random.below(values.length)] as T;
}

function make(core: 'wasm' | 'twin', seed = SEED): NamespaceNetfilter {
  const started = createPacketCore(core === 'wasm' ? { wasm: bytes } : { twin: packetTwin() });
  const netfilter = createNetfilter({
    core: started,
    now: () => 5e6,
    random: new RandomStream(seed, 'draws'),
  });
  netfilter.setAddresses([{ ip: 0x0a600001, device: 'eth0' }]);
  return netfilter;
}

function randomMatch(random: RandomStream): Match {
  const invert = random.below(3) === 0;
  switch (random.below(8)) {
    case 0:
      return {
        kind: 'mark',
        value: random.below(4),
        mask: pick(random, [0xffffffff, 1, 3]),
        invert,
      };
    case 1:
      return {
        kind: 'random',
        threshold: pick(random, [0, 0x80000000, 0x40000000, random.below(0x80000000)]),
        invert,
      };
    case 2:
      return { kind: 'nth', every: 1 + random.below(3), packet: 0, invert };
    case 3:
      return { kind: 'addrtype', dst: { types: 2, invert } };
    case 4:
      return {
        kind: 'multiport',
        side: pick(random, ['sports', 'dports', 'ports'] as const),
        ports: [
          { low: 50, high: 80 },
          { low: 443, high: 443 },
        ],
        invert,
      };
    case 5:
      return { kind: 'iprange', src: { low: 1, high: 0x7fffffff, invert } };
    case 6:
      return { kind: 'conntrack', states: pick(random, [8, 2, 10]), invert };
    default:
      return { kind: 'comment', text: 'x' };
  }
}

function randomRule(random: RandomStream, chain: number): Rule {
  const test = (): { ip: number; mask: number; invert: boolean } => {
    const mask = pick(random, [HOST, HOST, 0xffffff00, 0, 0x80000000]);
    return { ip: (pick(random, WORDS) & mask) >>> 0, mask, invert: random.below(5) === 0 };
  };
  const name = (): { name: string; invert: boolean } => ({
    name: pick(random, ['lo', 'eth0', 'eth+']),
    invert: random.below(3) === 0,
  });
  const matches: Match[] = [];
  while (random.below(2) === 0) matches.push(randomMatch(random));
  let protocol: Rule['protocol'];
  if (random.below(2) === 0) {
    protocol = { number: 6, invert: false };
    const low = pick(random, PORTS);
    const single = {
      low,
      high: random.below(3) === 0 ? 65535 : low,
      invert: random.below(4) === 0,
    };
    matches.splice(
      random.below(matches.length + 1),
      0,
      random.below(2) === 0 ? { kind: 'tcp', dport: single } : { kind: 'tcp', sport: single },
    );
  }
  const jumps: Target[] = CHAINS.slice(chain + 1).map((to) => ({
    kind: random.below(4) === 0 ? 'goto' : 'jump',
    chain: to,
  }));
  const others: Target[] = [
    { kind: 'none' },
    { kind: 'RETURN' },
    { kind: 'ACCEPT' },
    { kind: 'DROP' },
    { kind: 'MARK', value: random.below(8), mask: pick(random, [0xffffffff, 3, 0]) },
  ];
  const target =
    random.below(2) === 0 && jumps.length > 0 ? pick(random, jumps) : pick(random, others);
  return {
    ...(random.below(3) === 0 ? { src: test() } : {}),
    ...(random.below(2) === 0 ? { dst: test() } : {}),
    ...(random.below(5) === 0 ? { inInterface: name() } : {}),
    ...(protocol === undefined ? {} : { protocol }),
    matches,
    target,
  };
}

/** A run of keyed rules, for the hashes, with keys that repeat. */
function keyedRule(random: RandomStream, chain: number): Rule {
  const rule = randomRule(random, chain);
  return {
    ...rule,
    dst: { ip: pick(random, WORDS), mask: HOST, invert: false },
    protocol: { number: 6, invert: false },
    matches: [
      { kind: 'tcp', dport: { low: pick(random, PORTS), high: 0, invert: false } },
      ...rule.matches.filter((match) => match.kind !== 'tcp'),
    ].map((match) =>
      match.kind === 'tcp' && match.dport !== undefined
        ? { ...match, dport: { ...match.dport, high: match.dport.low } }
        : match,
    ) as Match[],
  };
}

function randomTables(random: RandomStream): readonly Transaction[] {
  const changes: Change[] = CHAINS.map((chain) => ({ op: 'newChain', chain }));
  const base = { name: 'PREROUTING', index: -1 };
  for (const { name, index } of [
    base,
    ...CHAINS.map((chain, number) => ({ name: chain, index: number })),
  ]) {
    const count = random.below(30);
    const keyed = random.below(2) === 0;
    for (let turn = 0; turn < count; turn += 1) {
      const rule =
        keyed && random.below(8) !== 0 ? keyedRule(random, index) : randomRule(random, index);
      changes.push({ op: 'append', chain: name, rule });
    }
  }
  return [{ table: 'mangle', changes }];
}

function randomPacket(random: RandomStream): PacketFields {
  return {
    protocol: pick(random, [6, 6, 17, 1]),
    src: pick(random, WORDS),
    dst: pick(random, WORDS),
    sport: pick(random, PORTS),
    dport: pick(random, PORTS),
    mark: random.below(4),
    size: 40 + random.below(1460),
    inInterface: pick(random, NAMES),
    outInterface: '',
    syn: random.below(2) === 0,
  };
}

// ---- the naive walk ----

interface Naive {
  readonly rules: Map<
    string,
    { rule: Rule; packets: number; bytes: number; nth: Map<Match, number> }[]
  >;
  readonly draw: () => number;
}

function naiveOf(tables: readonly Transaction[], random: RandomStream): Naive {
  const rules: Naive['rules'] = new Map([['PREROUTING', []]]);
  for (const change of tables[0]?.changes ?? []) {
    if (change.op === 'newChain') rules.set(change.chain, []);
    if (change.op === 'append')
      rules.get(change.chain)?.push({ rule: change.rule, packets: 0, bytes: 0, nth: new Map() });
  }
  const state = [random.word(), random.word(), random.word(), random.word()] as [
    number,
    number,
    number,
    number,
  ];
  const draw = (): number => {
    const [a, b, c, d] = state;
    const sum = (a + b + d) >>> 0;
    state[3] = (d + 1) >>> 0;
    state[0] = (b ^ (b >>> 9)) >>> 0;
    state[1] = (c + (c << 3)) >>> 0;
    state[2] = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum >>> 1;
  };
  return { rules, draw };
}

type Live = { -readonly [K in keyof PacketFields]: PacketFields[K] } & { state: number };

function naiveHolds(
  naive: Naive,
  entry: { nth: Map<Match, number> },
  match: Match,
  packet: Live,
): boolean {
  const ports = (
    test: { low: number; high: number; invert: boolean } | undefined,
    port: number,
  ): boolean => test === undefined || (port >= test.low && port <= test.high) !== test.invert;
  switch (match.kind) {
    case 'mark':
      return ((packet.mark & match.mask) >>> 0 === match.value) !== match.invert;
    case 'random':
      return naive.draw() < match.threshold !== match.invert;
    case 'nth': {
      const next = ((entry.nth.get(match) ?? 0) + 1) % match.every;
      entry.nth.set(match, next);
      return (next === match.packet) !== match.invert;
    }
    case 'addrtype':
      return (packet.dst === 0x0a600001 || packet.dst >>> 24 === 127) !== match.dst?.invert;
    case 'multiport': {
      const within = (port: number): boolean =>
        match.ports.some((range) => port >= range.low && port <= range.high);
      const hit =
        (match.side !== 'dports' && within(packet.sport)) ||
        (match.side !== 'sports' && within(packet.dport));
      return hit !== match.invert;
    }
    case 'iprange':
      return (
        match.src !== undefined &&
        (packet.src >= match.src.low && packet.src <= match.src.high) !== match.src.invert
      );
    case 'conntrack':
      return ((match.states & packet.state) !== 0) !== match.invert;
    case 'tcp':
      return ports(match.sport, packet.sport) && ports(match.dport, packet.dport);
    default:
      return true;
  }
}

function naiveMatches(
  naive: Naive,
  entry: { rule: Rule; nth: Map<Match, number> },
  packet: Live,
): boolean {
  const { rule } = entry;
  const address = (test: Rule['src'], ip: number): boolean =>
    test === undefined || ((ip & test.mask) >>> 0 === test.ip) !== test.invert;
  const named = (test: Rule['inInterface'], name: string): boolean =>
    test === undefined ||
    (test.name.endsWith('+') ? name.startsWith(test.name.slice(0, -1)) : name === test.name) !==
      test.invert;
  if (
    !address(rule.src, packet.src) ||
    !address(rule.dst, packet.dst) ||
    !named(rule.inInterface, packet.inInterface)
  )
    return false;
  if (rule.protocol !== undefined && rule.protocol.number !== packet.protocol) return false;
  return rule.matches.every((match) => naiveHolds(naive, entry, match, packet));
}

function naiveWalk(naive: Naive, chain: string, packet: Live): 'accept' | 'drop' | 'end' {
  for (const entry of naive.rules.get(chain) ?? []) {
    if (!naiveMatches(naive, entry, packet)) continue;
    entry.packets += 1;
    entry.bytes += packet.size;
    const { target } = entry.rule;
    if (target.kind === 'ACCEPT') return 'accept';
    if (target.kind === 'DROP') return 'drop';
    if (target.kind === 'RETURN') return 'end';
    if (target.kind === 'MARK') packet.mark = ((packet.mark & ~target.mask) ^ target.value) >>> 0;
    if (target.kind === 'goto') return naiveWalk(naive, target.chain, packet);
    if (target.kind === 'jump') {
      const inner = naiveWalk(naive, target.chain, packet);
      if (inner !== 'end') return inner;
    }
  }
  return 'end';
}

function counters(netfilter: NamespaceNetfilter): readonly unknown[] {
  return netfilter
    .list('mangle')
    .map((chain) => [
      chain.name,
      chain.rules().map((rule) => [rule.counters.packets, rule.counters.bytes]),
    ]);
}

test('Wasm, hashed and linear, its twin and a naive walk agree', () => {
  for (let round = 0; round < 40; round += 1) {
    const seed = SEED + round;
    const random = new RandomStream(seed, 'rules');
    const tables = randomTables(random);
    const hashed = make('wasm', seed);
    const linear = make('wasm', seed);
    const twin = make('twin', seed);
    const naive = naiveOf(tables, new RandomStream(seed, 'draws'));
    for (const each of [hashed, linear, twin]) expect(each.apply(tables).ok).toBe(true);
    for (let turn = 0; turn < 60; turn += 1) {
      const packet = randomPacket(random);
      const results = [
        hashed.run('PREROUTING', packet, false),
        linear.run('PREROUTING', packet, true),
        twin.run('PREROUTING', packet, false),
      ];
      const live: Live = { ...packet, state: 8 };
      const verdict = naiveWalk(naive, 'PREROUTING', live) === 'drop' ? 'drop' : 'accept';
      for (const result of results)
        expect([seed, turn, result.verdict, result.mark]).toEqual([seed, turn, verdict, live.mark]);
    }
    const wanted = ['PREROUTING', ...CHAINS].map((chain) => [
      chain,
      naive.rules.get(chain)?.map((entry) => [entry.packets, entry.bytes]),
    ]);
    for (const each of [hashed, linear, twin]) {
      const found = counters(each).filter((row) =>
        wanted.some((want) => want[0] === (row as string[])[0]),
      );
      expect([seed, found]).toEqual([seed, wanted]);
    }
  }
});

test('hashed runs follow insertions, replacements and deletions', () => {
  const random = new RandomStream(SEED, 'edits');
  const hashed = make('wasm');
  const linear = make('wasm');
  let count = 0;
  for (let turn = 0; turn < 1500; turn += 1) {
    const rule = random.below(6) === 0 ? randomRule(random, 9) : keyedRule(random, 9);
    const index = random.below(count + 1);
    const change: Change =
      count > 0 && (random.below(3) === 0 || count > 120)
        ? { op: 'delete', chain: 'PREROUTING', index: random.below(count) }
        : { op: 'insert', chain: 'PREROUTING', index, rule };
    count += change.op === 'delete' ? -1 : 1;
    for (const each of [hashed, linear])
      expect(each.apply([{ table: 'mangle', changes: [change] }]).ok).toBe(true);
    const packet = randomPacket(random);
    expect(hashed.run('PREROUTING', packet, false)).toMatchObject(
      outcome(linear.run('PREROUTING', packet, true)),
    );
  }
  expect(counters(hashed)).toEqual(counters(linear));
});

function outcome(result: HookResult): Partial<HookResult> {
  const { verdict, src, dst, sport, dport, mark } = result;
  return { verdict, src, dst, sport, dport, mark };
}

// ---- service blocks ----

const RULE = (matches: readonly Match[], target: Target): Rule => ({ matches, target });

function serviceTables(count: number): readonly Transaction[] {
  const endpoints = Array.from({ length: count }, (_, index) => ({
    ip: 0x0af40100 + index * 7,
    port: 8080,
    chain: `KUBE-SEP-${index}`,
  }));
  const dst = { ip: 0x0a600505, mask: HOST, invert: false };
  const port: Match[] = [
    { kind: 'comment', text: 'default/web:http cluster IP' },
    { kind: 'tcp', dport: { low: 80, high: 80, invert: false } },
  ];
  const protocol = { number: 6, invert: false };
  const mark: Target = { kind: 'jump', chain: 'KUBE-MARK-MASQ' };
  return [
    {
      table: 'nat',
      changes: [
        { op: 'newChain', chain: 'KUBE-MARK-MASQ' },
        {
          op: 'append',
          chain: 'KUBE-MARK-MASQ',
          rule: RULE([], { kind: 'MARK', value: 0x4000, mask: 0x4000 }),
        },
        {
          op: 'block',
          chain: 'KUBE-SVC-A',
          block: {
            comment: 'default/web:http',
            protocol: 6,
            hairpin: true,
            markChain: 'KUBE-MARK-MASQ',
            endpoints,
            first: {
              src: { ip: 0x0af40000, mask: 0xffff0000, invert: true },
              dst,
              protocol,
              matches: port,
              target: mark,
            },
          },
        },
        {
          op: 'append',
          chain: 'PREROUTING',
          rule: { dst, protocol, matches: port, target: { kind: 'jump', chain: 'KUBE-SVC-A' } },
        },
      ],
    },
  ];
}

const SAVE = { wall: 0, counters: true, table: undefined };

describe.each(['wasm', 'twin'] as const)('%s', (core) => {
  test('a block walks, counts and draws as its rules written out', () => {
    for (const count of [1, 2, 3, 10, 50]) {
      const block = make(core);
      const plain = make(core);
      expect(block.apply(serviceTables(count)).ok).toBe(true);
      const text = saveText(block, SAVE);
      expect(
        runRestore(plain, text, {
          program: 'iptables-restore',
          flush: true,
          counters: true,
          test: false,
          table: undefined,
        }),
      ).toEqual({ stdout: '', stderr: '', code: 0 });
      const random = new RandomStream(SEED, 'flows');
      for (let flow = 0; flow < 300; flow += 1) {
        const src =
          random.below(3) === 0
            ? 0x0af40100 + random.below(count) * 7
            : random.below(2) === 0
              ? 0xc0a80002
              : 0x0af40a0a;
        const packet: PacketFields = {
          protocol: 6,
          src,
          dst: 0x0a600505,
          sport: 1024 + flow,
          dport: 80,
          mark: 0,
          size: 60,
          inInterface: 'eth0',
          outInterface: '',
          syn: true,
        };
        const record = flow % 7 === 0;
        const [a, b] = [
          block.run('PREROUTING', packet, record),
          plain.run('PREROUTING', packet, record),
        ];
        expect([count, flow, outcome(a), a.hops]).toEqual([count, flow, outcome(b), b.hops]);
      }
      expect(saveText(block, SAVE)).toBe(saveText(plain, SAVE));
      const list = { numeric: true, verbose: true, exact: false, lineNumbers: true };
      expect(listText(block.list('nat'), 0, list)).toBe(listText(plain.list('nat'), 0, list));
    }
  });
});

test('endpoints are chosen alike (χ²), whatever their number', () => {
  const CRITICAL: Record<number, number> = { 2: 10.83, 3: 13.82, 7: 22.46, 10: 27.88 };
  for (const count of [2, 3, 7, 10]) {
    const netfilter = make('wasm', 4);
    netfilter.apply(serviceTables(count));
    const flows = 20000;
    const seen = new Map<number, number>();
    for (let flow = 0; flow < flows; flow += 1) {
      const packet: PacketFields = {
        protocol: 6,
        src: 0x0af40a00 + (flow >>> 14),
        dst: 0x0a600505,
        sport: 1024 + (flow & 0x3fff),
        dport: 80,
        mark: 0,
        size: 60,
        inInterface: 'eth0',
        outInterface: '',
        syn: true,
      };
      const { dst } = netfilter.run('PREROUTING', packet, false);
      seen.set(dst, (seen.get(dst) ?? 0) + 1);
    }
    const mean = flows / count;
    const chi = [...seen.values()].reduce((sum, hits) => sum + (hits - mean) ** 2 / mean, 0);
    expect(seen.size).toBe(count);
    expect(chi).toBeLessThan(CRITICAL[count] as number);
  }
});

test('a rule put inside a block is obeyed by the next flow, and editing goes on', () => {
  const netfilter = make('wasm');
  netfilter.apply(serviceTables(3));
  const before = saveText(netfilter, SAVE);
  expect(
    netfilter.apply([
      {
        table: 'nat',
        changes: [
          { op: 'insert', chain: 'KUBE-SEP-1', index: 0, rule: RULE([], { kind: 'ACCEPT' }) },
        ],
      },
    ]).ok,
  ).toBe(true);
  expect(saveText(netfilter, SAVE)).toBe(
    before.replace(
      '[0:0] -A KUBE-SEP-1 -s',
      '[0:0] -A KUBE-SEP-1 -j ACCEPT\n[0:0] -A KUBE-SEP-1 -s',
    ),
  );
  const edit: Change = { op: 'removeEndpoint', chain: 'KUBE-SVC-A', ip: 0x0af40100, port: 8080 };
  expect(netfilter.apply([{ table: 'nat', changes: [edit] }]).ok).toBe(true);
  const fresh = make('wasm');
  fresh.apply(serviceTables(3));
  fresh.apply([{ table: 'nat', changes: [edit] }]);
  expect(saveText(netfilter, SAVE)).toBe(saveText(fresh, SAVE));
  expect(
    netfilter.apply([
      {
        table: 'nat',
        changes: [
          { op: 'flush', chain: 'PREROUTING' },
          { op: 'deleteBlock', chain: 'KUBE-SVC-A' },
        ],
      },
    ]).ok,
  ).toBe(true);
  expect(saveText(netfilter, SAVE)).not.toContain('KUBE-S');
});

test('thresholds are those that iptables makes of the ten decimals kube-proxy writes', () => {
  expect([1, 2, 3].map((count) => (thresholdOf(count) / 2 ** 31).toFixed(11))).toEqual([
    '1.00000000000',
    '0.50000000000',
    '0.33333333349',
  ]);
});
