// `npm run bench [-- name …]` builds the benchmarks and runs them; with `--peer` it measures against
// the nearest peer instead, which is installed into a temporary folder and never into the project, and
// with `--page` only how fluid the built page stays meanwhile.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBench } from './bench-build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
let status = 1;
try {
  if (process.argv.includes('--peer') || process.argv.includes('--page')) {
    const { benchPage, benchPeer } = await import('./bench-peer.mjs');
    status = process.argv.includes('--page')
      ? await benchPage(root, folder)
      : await benchPeer(root, folder, process.argv.includes('--quick'));
  } else {
    buildBench(root, folder, 'node');
    const flags = ['--expose-gc', '--stack-size=4000', '--max-old-space-size=4096'];
    const run = [...flags, join(folder, 'bench.mjs'), ...process.argv.slice(2)];
    status = spawnSync(process.execPath, run, { stdio: 'inherit' }).status ?? 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
