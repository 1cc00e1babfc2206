/**
 * The headless lab: boots a cluster until it is quiet, runs a shell script on the workstation as fast
 * as it goes, prints exactly what a terminal would, and exits with the script's code. Node's globals
 * are used only here.
 */
import { readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AssertionError } from '../../ground/base/assert.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { Lab } from '../../lab/lab.ts';
import { shippedParts } from '../../lab/parts.ts';
import { runScript } from '../../lab/script.ts';
import { whyText } from '../../lab/why/index.ts';
import { type LabRunOptions, parseOptions, USAGE } from './options.ts';

function homeFiles(folder: string | undefined): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const name of readdirSync(join(folder as string, path)).sort()) {
      const inner = path === '' ? name : `${path}/${name}`;
      if (statSync(join(folder as string, inner)).isDirectory()) visit(inner);
      else files[inner] = readFileSync(join(folder as string, inner), 'utf8');
    }
  };
  if (folder !== undefined) visit('');
  return files;
}

function runLab(options: LabRunOptions): number {
  const script = readFileSync(options.script ?? 0, 'utf8');
  const started = process.hrtime.bigint();
  const base = {
    profile: options.profile,
    nodes: options.nodes,
    scenario: '',
    files: homeFiles(options.files),
  };
  const lab = new Lab({
    base,
    seed: options.seed,
    parts: shippedParts(),
    commands: { why: whyText },
  });
  let peak = 0;
  const sample = (): void => {
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  };
  try {
    lab.boot();
    sample();
    const code = runScript(lab, script, options.script ?? 'bash', (text) => {
      writeSync(1, text);
      sample();
    });
    if (options.until === 'quiet') lab.run({ quiet: true, until: lab.loop.now + 3600 * SECOND });
    else if (options.until !== undefined)
      lab.run({ until: Math.max(lab.loop.now, options.until * SECOND) });
    return code;
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    writeSync(2, `drydock: the model contradicted itself: ${error.message}\n`);
    writeSync(2, `seed ${options.seed}, time ${lab.loop.now} us, ${lab.inputs.length} inputs\n`);
    return 70;
  } finally {
    sample();
    if (options.traceHash) writeSync(2, `${lab.traceHash}\n`);
    if (options.stats) {
      const engine = Number(process.hrtime.bigint() - started) / 1e9;
      writeSync(
        2,
        `engine ${engine.toFixed(3)} s, simulated ${(lab.loop.now / SECOND).toFixed(3)} s, events ${lab.loop.executed}, peak heap ${(peak / 1048576).toFixed(0)} MiB, story ${lab.story}\n`,
      );
    }
  }
}

const options = parseOptions(process.argv.slice(2));
if (!options.ok) {
  writeSync(2, `lab: ${options.error}\n${USAGE}`);
  process.exit(2);
}
process.exit(runLab(options.value));
