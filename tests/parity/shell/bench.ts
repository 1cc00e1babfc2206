/** Runs shell scripts on a host of the model, with all tools installed; for comparison with the machine's. */
import { textOf } from '../../../src/ground/base/bytes.ts';
import { EventLoop } from '../../../src/ground/base/event-loop.ts';
import { Recorder } from '../../../src/ground/trace/recorder.ts';
import { MODERN_COSTS } from '../../../src/machines/machine/costs.ts';
import { sinkFile } from '../../../src/machines/machine/files/open-file.ts';
import { Host } from '../../../src/machines/machine/host.ts';
import { bytesOf } from '../../../src/machines/network/chunk.ts';
import { Fabric } from '../../../src/machines/network/fabric.ts';
import { ash, bash } from '../../support/shells.ts';
import { textFile } from '../../../src/programs/shell/memory-file.ts';
import { TEXT_TOOLS } from '../../../src/programs/tools/index.ts';

export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

export interface ShellBench {
  readonly loop: EventLoop;
  readonly host: Host;
  run(script: string, options?: RunOptions): ScriptResult;
}

export interface RunOptions {
  readonly argv?: readonly string[];
  readonly stdin?: string;
  readonly cwd?: string;
}

export function makeShellBench(seed = 1): ShellBench {
  const loop = new EventLoop();
  const fabric = new Fabric(loop, new Recorder(loop), MODERN_COSTS, { seed });
  const host = new Host({
    name: 'box',
    ip: 0xc0a8000b,
    bits: 16,
    fabric,
    costs: MODERN_COSTS,
    seed,
  });
  host.boot();
  loop.run({ quiet: true });
  host.files.write('/bin/bash', bash, 0o755);
  host.files.write('/bin/sh', bash, 0o755);
  host.files.write('/bin/ash', ash, 0o755);
  for (const tool of TEXT_TOOLS) host.files.write(tool.path, tool.program, 0o755);
  host.files.mkdir('/srv', { parents: true });
  host.files.mkdir('/tmp', { parents: true });
  let count = 0;
  return {
    loop,
    host,
    run(script, options = {}) {
      count += 1;
      const cwd = options.cwd ?? `/srv/t${count}`;
      host.files.mkdir(cwd, { parents: true });
      const out: Uint8Array[] = [];
      const errors: Uint8Array[] = [];
      const spawned = host.spawn({
        argv: options.argv ?? ['bash', '-c', script],
        path: options.argv === undefined ? '/bin/bash' : (options.argv[0] as string),
        cwd,
        env: new Map([
          ['PATH', '/usr/bin:/bin'],
          ['HOME', '/root'],
          ['LC_ALL', 'C.UTF-8'],
        ]),
        descriptors: new Map([
          [0, textFile('input', options.stdin ?? '')],
          [1, sinkFile('out', (chunk) => out.push(bytesOf(chunk)))],
          [2, sinkFile('err', (chunk) => errors.push(bytesOf(chunk)))],
        ]),
      });
      if (!spawned.ok) throw new Error(`spawn: ${spawned.error.errno}`);
      const child = spawned.value;
      loop.run({ when: () => child.status !== undefined, events: 3_000_000 });
      return { stdout: join(out), stderr: join(errors), code: child.status?.code };
    },
  };
}

function join(parts: readonly Uint8Array[]): string {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return textOf(all);
}
