/**
 * The packet core's goal P12: draws split flows evenly, what is saved and restored is saved again byte
 * for byte, and the walkers (hashed, linear, recorded, and the hashed one of the TypeScript twin) agree
 * in verdicts, counters and draws. Figures are counts of differences, and a χ² as part of its limit.
 */
import * as at from '../../assembly/packet/layout.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { saveText } from '../../src/machines/network/netfilter/list.ts';
import {
  createNetfilter,
  type NamespaceNetfilter,
} from '../../src/machines/network/netfilter/netfilter.ts';
import type { PacketFields } from '../../src/machines/network/netfilter/types.ts';
import { runRestore } from '../../src/programs/tools/iptables-restore-text.ts';
import { packetTwin } from '../support/packet-twin.ts';
import { atMost } from './measure.ts';
import {
  batch,
  changesOf,
  drawWords,
  type PacketBench,
  servicesOf,
  setUp,
} from './packet-setup.ts';
import type { BenchRow } from './row.ts';

const SERVICES = 500;
const SPLIT_FLOWS = 20_000;
/** χ² at p = 0.001 by number of endpoints: one degree of freedom less. */
const CRITICAL: readonly (readonly [number, number])[] = [
  [2, 10.828],
  [3, 13.816],
  [7, 22.458],
  [10, 27.877],
  [50, 85.351],
];
const SAVE = { wall: 0, counters: true, table: undefined };

function emptyLike(bench: PacketBench): NamespaceNetfilter {
  const random = new RandomStream(1, 'restored');
  return createNetfilter({ core: bench.core, now: () => 0, random });
}

/** χ² of one Service's flows over its endpoints, as part of what chance allows. */
function splitOf(bench: PacketBench, endpoints: number, critical: number): number {
  const [service] = servicesOf(1, endpoints);
  if (service === undefined) throw new Error('there is one Service');
  const netfilter = emptyLike(bench);
  netfilter.apply([{ table: 'nat', changes: changesOf([service]) }]);
  const seen = new Map<number, number>(service.endpoints.map((ip) => [ip, 0]));
  for (let flow = 0; flow < SPLIT_FLOWS; flow += 1) {
    const packet: PacketFields = {
      protocol: 6,
      src: 0xc0a80000 + (flow >>> 14),
      dst: service.ip,
      sport: 1024 + (flow & 0x3fff),
      dport: service.port,
      mark: 0,
      size: 60,
      inInterface: 'eth0',
      outInterface: '',
      syn: true,
    };
    const { dst } = netfilter.run('PREROUTING', packet, false);
    seen.set(dst, (seen.get(dst) ?? 0) + 1);
  }
  if (seen.size !== endpoints) throw new Error(`${seen.size} addresses for ${endpoints} endpoints`);
  const mean = SPLIT_FLOWS / endpoints;
  const chi = [...seen.values()].reduce((sum, hits) => sum + (hits - mean) ** 2 / mean, 0);
  return chi / critical;
}

/** Places at which two texts differ. */
function differentBytes(left: string, right: string): number {
  let count = Math.abs(left.length - right.length);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1)
    if (left.charCodeAt(index) !== right.charCodeAt(index)) count += 1;
  return count;
}

/** The rules with their counters, restored into an empty namespace and saved there. */
function restoredDifferences(bench: PacketBench): number {
  const text = saveText(bench.netfilter, SAVE);
  const other = emptyLike(bench);
  const options = { program: 'iptables-restore', flush: true, counters: true, test: false };
  const { code, stderr } = runRestore(other, text, { ...options, table: undefined });
  if (code !== 0) throw new Error(`what was saved is not restored: ${stderr}`);
  return differentBytes(text, saveText(other, SAVE));
}

/** Flows through the same rules by each walker: checksum, draws and all counters against the hashed one. */
function walkerDifferences(): number {
  const forms = [
    { bench: setUp(SERVICES), mode: 0 },
    { bench: setUp(SERVICES), mode: at.LINEAR },
    { bench: setUp(SERVICES), mode: at.RECORD },
    { bench: setUp(SERVICES, { twin: packetTwin() }), mode: 0 },
  ];
  const results = forms.map(({ bench, mode }) => ({
    sum: batch(bench, mode),
    draws: drawWords(bench),
    text: saveText(bench.netfilter, SAVE),
  }));
  const [hashed, ...others] = results;
  if (hashed === undefined) throw new Error('there are four walkers');
  let count = 0;
  for (const other of others) {
    if (other.sum !== hashed.sum) count += 1;
    count += hashed.draws.filter((word, index) => word !== other.draws[index]).length;
    count += differentBytes(hashed.text, other.text);
  }
  return count;
}

/** The rows of P12; two seconds. */
export function packetExactness(): BenchRow[] {
  const bench = setUp(SERVICES);
  batch(bench, 0);
  const split = Math.max(...CRITICAL.map(([count, limit]) => splitOf(bench, count, limit)));
  return [
    atMost('P12', 'χ² of splits over 2 to 50 endpoints against its limit at p = 0.001', split, 1),
    atMost(
      'P12',
      'bytes that save, restore, save changes, 500 services',
      restoredDifferences(bench),
      0,
    ),
    atMost(
      'P12',
      'differences of hashed, linear, recorded walk and twin: verdicts, draws, counters',
      walkerDifferences(),
      0,
    ),
  ];
}
