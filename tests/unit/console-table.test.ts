/**
 * The table of lazily loaded programs names exactly what the chunk has. `UPDATE=1` rewrites the table:
 * run it after adding a tool.
 */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMPONENT_TABLE } from '../../src/lab/component-table.ts';
import { componentCode } from '../../src/lab/components.ts';
import { consolePrograms } from '../../src/lab/console.ts';
import { CONSOLE_TABLE } from '../../src/lab/console-table.ts';
import { firstPrograms } from '../../src/lab/first-programs.ts';
import { CodeShelf } from '../../src/lab/lazy-program.ts';
import type { Program } from '../../src/machines/machine/process.ts';

const HEAD = `/** What the chunk of programs has: key, command name, version. Written by tests/unit/console-table.test.ts. */
export const CONSOLE_TABLE: readonly (readonly [string, string, string])[] = `;

const SHELF = new CodeShelf();

test('the table of programs is that of the chunk', () => {
  const rows = [...consolePrograms(SHELF)].map(([key, program]) => [
    key,
    program.name,
    program.version,
  ]);
  if (process.env['UPDATE'] === '1') {
    const file = new URL('../../src/lab/console-table.ts', import.meta.url);
    writeFileSync(
      file,
      `${HEAD}${JSON.stringify(rows).replaceAll('],', '],\n  ').replace('[[', '[\n  [')};\n`,
    );
  } else expect(CONSOLE_TABLE).toEqual(rows);
});

test('the table of components is that of their chunk', () => {
  const code = componentCode() as ReadonlyMap<string, Program>;
  const named = COMPONENT_TABLE.map(([key]) => [key, code.get(key)?.name, code.get(key)?.version]);
  expect(COMPONENT_TABLE.map((row) => row.slice(0, 3))).toEqual(named);
  const others = [...code.keys()].filter((key) => !COMPONENT_TABLE.some((row) => row[0] === key));
  const shared = CONSOLE_TABLE.map(([key]) => key).filter((key) => /ip6?tables/.test(key));
  expect(others.sort()).toEqual([...shared, 'images', 'kinds'].sort());
});

test('a program that two chunks have is the same in both', () => {
  const all = consolePrograms(SHELF);
  const elsewhere = [...firstPrograms(SHELF), ...(componentCode() as ReadonlyMap<string, Program>)];
  const both = elsewhere.filter(([key]) => all.has(key));
  expect(both.map(([key]) => key)).toContain('bash');
  for (const [key, program] of both)
    if (!/seed-era|^bash$/.test(key)) expect(program, key).toBe(all.get(key));
});
