/**
 * The shell and the text tools against the machine's own bash, coreutils, grep, sed, gawk and jq: the
 * same script must print the same bytes, complain in the same words and end with the same code. All scripts of a file run in one
 * real bash, each in a folder of its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeShellBench } from './bench.ts';
import { generateScripts } from './generator.ts';
import { parseScripts } from './scripts.ts';

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs every script with the machine's bash. */
function runReal(scripts: readonly string[]): Outcome[] {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-shell-'));
  scripts.forEach((script, index) => {
    writeFileSync(join(folder, `s${index}`), script);
  });
  const driver = `
umask 022
cd "$1"
for ((index = 0; index < $2; index++)); do
  mkdir "w$index"; cd "w$index"
  bash -c "$(cat "../s$index")" > "../o$index" 2> "../e$index" < /dev/null; echo $? > "../c$index"
  cd ..
done`;
  execFileSync('bash', ['-c', driver, 'driver', folder, `${scripts.length}`], {
    env: { PATH: '/usr/bin:/bin', HOME: '/root', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  });
  const outcomes = scripts.map((_, index) => ({
    stdout: readFileSync(join(folder, `o${index}`), 'utf8'),
    stderr: readFileSync(join(folder, `e${index}`), 'utf8'),
    code: Number(readFileSync(join(folder, `c${index}`), 'utf8')),
  }));
  rmSync(folder, { recursive: true });
  return outcomes;
}

function has(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
}

const NEEDED = ['bash', 'gawk', 'sed', 'grep', 'jq', 'sort', 'diff', 'xxd', 'column'];
const missing = NEEDED.filter((name) => !has(name));
if (missing.length > 0)
  console.warn(
    `shell parity: not on this machine, scripts that need them are skipped: ${missing.join(', ')}`,
  );

function usable(script: string): boolean {
  return missing.every(
    (name) => !new RegExp(`\\b${name === 'gawk' ? 'awk' : name}\\b`).test(script),
  );
}

const here = new URL('./scripts/', import.meta.url).pathname;
const suites: readonly (readonly [string, readonly string[]])[] = [
  ['bash', parseScripts(readFileSync(join(here, 'bash.txt'), 'utf8'))],
  ['tools', parseScripts(readFileSync(join(here, 'tools.txt'), 'utf8'))],
  ['admin', parseScripts(readFileSync(join(here, 'admin.txt'), 'utf8'))],
  ['generated', generateScripts(20261121, 200)],
];

for (const [name, all] of suites) {
  const scripts = missing.includes('bash') ? [] : all.filter(usable);
  describe(`${name} as on the machine`, () => {
    const real = runReal(scripts);
    const bench = makeShellBench();
    it.each(scripts.map((script, index) => [script, index] as const))('%s', (script, index) => {
      const ours = bench.run(script);
      expect(ours).toEqual(real[index]);
    });
  });
}
