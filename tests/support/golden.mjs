// `npm run golden [-- -u] [name]`: runs transcripts, or rewrites them.
import { spawnSync } from 'node:child_process';

const words = process.argv.slice(2);
const update = words.includes('-u');
const names = words.filter((word) => word !== '-u');
const args = ['vitest', 'run', 'tests/golden', ...names.flatMap((name) => ['-t', name])];
const result = spawnSync('npx', args, {
  stdio: 'inherit',
  env: { ...process.env, ...(update ? { UPDATE: '1' } : {}) },
});
process.exit(result.status ?? 1);
