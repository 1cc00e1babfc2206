import { defineConfig } from 'vitest/config';
import { corePlugin, twinPlugin } from './tests/support/core-plugin.ts';

export default defineConfig({
  plugins: [corePlugin(), twinPlugin()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    setupFiles: ['./tests/support/setup.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
});
