/** Archives both ways, and against the machine's own tar where there is one. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../../../src/ground/base/bytes.ts';
import { formatTar, parseTar, type TarEntry } from '../../../../src/machines/machine/tar.ts';

const LONG = `${'folder/'.repeat(16)}file`;

function entry(name: string, more: Partial<TarEntry> = {}): TarEntry {
  const common = { mode: 0o644, uid: 1, gid: 2, modified: 1_772_442_000, target: '' };
  return { ...common, name, type: 'file', content: utf8(`${name}\n`), ...more };
}

const ENTRIES: readonly TarEntry[] = [
  entry('a/', { type: 'directory', mode: 0o755, content: utf8('') }),
  entry('a/one'),
  entry('a/big', { content: utf8('x'.repeat(1025)) }),
  entry('a/link', { type: 'symlink', target: 'one', content: utf8('') }),
  entry(LONG),
];

function archive(): Uint8Array {
  const made = formatTar(ENTRIES);
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

test('what was packed is unpacked', () => {
  const bytes = archive();
  expect(bytes.length % 10_240).toBe(0);
  const parsed = parseTar(bytes);
  expect(parsed.ok && parsed.value).toEqual(ENTRIES);
});

test('what is no archive, or was cut off, says so', () => {
  expect(parseTar(utf8('x'.repeat(600)))).toEqual({ ok: false, error: 'no archive' });
  expect(parseTar(archive().subarray(0, 1800))).toEqual({ ok: false, error: 'cut off' });
  expect(formatTar([entry('n'.repeat(101))])).toEqual({ ok: false, error: 'n'.repeat(101) });
});

const HAS_TAR = spawnSync('tar', ['--version']).status === 0;

test.skipIf(!HAS_TAR)("the machine's tar reads ours, and we read its", () => {
  const listed = spawnSync('tar', ['tf', '-'], { input: archive(), encoding: 'utf8' });
  expect(listed.stdout).toBe(ENTRIES.map(({ name }) => `${name}\n`).join(''));
  const made = spawnSync('tar', ['--format=ustar', '-cf', '-', 'package.json']);
  const parsed = parseTar(new Uint8Array(made.stdout));
  const first = parsed.ok ? parsed.value[0] : undefined;
  expect(first?.name).toBe('package.json');
  expect(textOf(first?.content ?? utf8(''))).toContain('"name"');
});
