// `npm run lab`: builds the headless lab when its sources changed, then runs it with the same arguments.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const hash = createHash('sha256');
const read = (folder) => {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (path !== 'src/doors/ui') read(path);
    } else hash.update(path).update(readFileSync(join(root, path)));
  }
};
read('src');
read('assembly');
hash.update(readFileSync(join(root, 'vite.config.ts')));
const digest = hash.digest('hex');
const stamp = join(root, '.cache', 'headless', 'stamp');
const entry = join(root, '.cache', 'headless', 'lab.js');
if (!existsSync(entry) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  const build = spawnSync('npx', ['vite', 'build', '--mode', 'headless', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (build.status !== 0) process.exit(build.status ?? 1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}
const result = spawnSync(process.execPath, ['--stack-size=4000', entry, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(result.status ?? 1);
