/** The sizes of experience: what the first view loads, the editor, the whole site, the one file. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { DIST } from './browser.ts';

const KB = 1024;
const assets = join(DIST, 'assets');

/** Sum of the packed sizes of the assets whose names match. */
function packed(pattern: RegExp): number {
  const names = readdirSync(assets).filter((name) => pattern.test(name));
  expect(names.length, String(pattern)).toBeGreaterThan(0);
  return names.reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length,
    0,
  );
}

test('the page alone: shell, guide, terminal', () => {
  expect(packed(/^index-.*\.(js|css)$/)).toBeLessThanOrEqual(170 * KB);
});

test('the first view with its worker', () => {
  expect(packed(/^(index|simulation\.worker)-.*\.(js|css)$/)).toBeLessThanOrEqual(450 * KB);
});

test('the editor', () => {
  expect(packed(/^(monaco|editor\.worker|yaml)-.*\.(js|css)$/)).toBeLessThanOrEqual(1.1 * KB * KB);
});

test('the one file', () => {
  expect(statSync(join(DIST, 'drydock.html')).size).toBeLessThanOrEqual(6 * KB * KB);
});
