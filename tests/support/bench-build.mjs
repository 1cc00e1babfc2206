// Builds the benchmarks: mode `node` for Node, mode `browser` for a page.
import { spawnSync } from 'node:child_process';

export function buildBench(root, outDir, mode) {
  const config = 'tests/bench/vite.config.ts';
  const args = ['vite', 'build', '-c', config, '--outDir', outDir, '--mode', mode];
  const build = spawnSync('npx', [...args, '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (build.status !== 0) throw new Error('the benchmarks do not build');
}
