/** `npm run bench`: measures everything, or what the arguments name, and prints one table of ratios. */
import { spawnSync } from 'node:child_process';
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

function measured(name: string): readonly BenchRow[] {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(`there is no benchmark ${name}`);
  const found = bench();
  if (found.every((row) => row.met) || (loadavg()[0] ?? 0) <= LOAD_MAX) return found;
  process.stderr.write(`${name} again: the machine was busy\n`);
  return bench();
}

/** In a process of its own: what one benchmark leaves in heap and compiler is not another's burden. */
function inOwnProcess(name: string): readonly BenchRow[] {
  process.stderr.write(`${name} …\n`);
  const [, script = ''] = process.argv;
  const run = [...process.execArgv, script, '--rows', name];
  const done = spawnSync(process.execPath, run, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`${name} failed`);
  return JSON.parse(done.stdout) as readonly BenchRow[];
}

const [, , first = '', second = ''] = process.argv;
if (first === '--rows') process.stdout.write(JSON.stringify(measured(second)));
else {
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const names = Object.keys(BENCHES).filter((name) => named.length === 0 || named.includes(name));
  printRows(names.flatMap(inOwnProcess));
  process.stdout.write(`load ${(loadavg()[0] ?? 0).toFixed(2)}\n`);
}
