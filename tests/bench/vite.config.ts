/** Builds the benchmarks with the cores and the scheduler core's twin: for Node, or one module for a page. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { corePlugin, twinPlugin } from '../support/core-plugin.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export default defineConfig(({ mode }) => {
  const browser = mode === 'browser';
  const bench = join(ROOT, 'tests/bench/index.ts');
  const own = join(ROOT, 'tests/bench/own-node.ts');
  const worker = join(ROOT, 'tests/bench/own-worker.ts');
  return {
    root: ROOT,
    publicDir: false as const,
    plugins: [corePlugin(), twinPlugin()],
    ...(browser ? {} : { ssr: { noExternal: true as const } }),
    build: {
      ...(browser ? { lib: { entry: { worker }, formats: ['es' as const] } } : { ssr: true }),
      target: browser ? 'es2022' : 'node20',
      emptyOutDir: false,
      minify: browser,
      rolldownOptions: {
        ...(browser ? {} : { input: { bench, own } }),
        output: { entryFileNames: '[name].mjs' },
      },
    },
  };
});
