/** `npm run bench`: measures everything, or what the arguments name, and prints one table of ratios. */
import { loadavg } from 'node:os';
import { endpointBench, heapBench, idleBench, scaleBench, walkBench } from './engine.ts';
import { loopBench } from './loop.ts';
import { packetBench } from './packet.ts';
import type { BenchRow } from './row.ts';
import { schedulerBench } from './scheduler.ts';
import { printRows } from './table.ts';

const BENCHES: Readonly<Record<string, () => BenchRow[]>> = {
  loop: loopBench,
  scheduler: schedulerBench,
  packet: packetBench,
  scale: scaleBench,
  idle: idleBench,
  endpoint: endpointBench,
  walk: walkBench,
  heap: heapBench,
};

/** A run on a busier machine is repeated, once. */
const LOAD_MAX = 1.5;

const named = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const rows: BenchRow[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (named.length > 0 && !named.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  let found = bench();
  if (found.some((row) => !row.met) && (loadavg()[0] ?? 0) > LOAD_MAX) {
    process.stderr.write(`${name} again: the machine was busy\n`);
    found = bench();
  }
  rows.push(...found);
}
printRows(rows);
process.stdout.write(`load ${(loadavg()[0] ?? 0).toFixed(2)}\n`);
