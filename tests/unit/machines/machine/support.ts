/** A host on a fabric of its own, for the tests of this folder. */
import { EventLoop } from '../../../../src/ground/base/event-loop.ts';
import type { Task } from '../../../../src/ground/base/task.ts';
import { Recorder } from '../../../../src/ground/trace/recorder.ts';
import { type Costs, MODERN_COSTS } from '../../../../src/machines/machine/costs.ts';
import { sinkFile } from '../../../../src/machines/machine/files/open-file.ts';
import { Host } from '../../../../src/machines/machine/host.ts';
import type {
  Child,
  ExitStatus,
  Process,
  Program,
  SpawnOptions,
} from '../../../../src/machines/machine/process.ts';
import { bytesOf } from '../../../../src/machines/network/chunk.ts';
import { Fabric } from '../../../../src/machines/network/fabric.ts';
import { textOf } from '../../../../src/ground/base/bytes.ts';

export interface Bench {
  readonly loop: EventLoop;
  readonly fabric: Fabric;
  readonly host: Host;
}

export function makeBench(costs: Partial<Costs> = {}, seed = 1): Bench {
  const loop = new EventLoop();
  const all = { ...MODERN_COSTS, ...costs };
  const fabric = new Fabric(loop, new Recorder(loop), all, { seed });
  const host = new Host({ name: 'box', ip: 0xc0a8000b, bits: 16, fabric, costs: all, seed });
  host.boot();
  loop.run({ quiet: true });
  return { loop, fabric, host };
}

export function program(name: string, main: (process: Process) => Task<number>): Program {
  return { name, version: '1', main };
}

export function install(host: Host, name: string, main: (process: Process) => Task<number>): void {
  host.files.write(`/usr/bin/${name}`, program(name, main), 0o755);
}

export interface Ran {
  readonly child: Child;
  readonly output: string[];
  readonly text: () => string;
  readonly status: () => ExitStatus | undefined;
}

/** Starts a body as a child of process 1, with its output collected. */
export function run(
  bench: Bench,
  body: (process: Process) => Task<number>,
  options: Partial<SpawnOptions> = {},
): Ran {
  const output: string[] = [];
  const sink = sinkFile('out', (chunk) => output.push(textOf(bytesOf(chunk))));
  const spawned = bench.host.spawn({
    argv: ['body'],
    comm: 'body',
    fork: body,
    env: new Map([['PATH', '/usr/bin:/bin']]),
    descriptors: new Map([
      [1, sink],
      [2, sink],
    ]),
    ...options,
  });
  if (!spawned.ok) throw new Error(`spawn: ${spawned.error.errno} ${spawned.error.path}`);
  const child = spawned.value;
  return { child, output, text: () => output.join(''), status: () => child.status };
}
