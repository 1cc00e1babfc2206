/**
 * The table of lazily loaded programs names exactly what the chunk has. `UPDATE=1` rewrites the table:
 * run it after adding a tool.
 */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { consolePrograms } from '../../src/lab/console.ts';
import { CONSOLE_TABLE } from '../../src/lab/console-table.ts';

const HEAD = `/** What the chunk of programs has: key, command name, version. Written by tests/unit/console-table.test.ts. */
export const CONSOLE_TABLE: readonly (readonly [string, string, string])[] = `;

test('the table of programs is that of the chunk', () => {
  const rows = [...consolePrograms()].map(([key, program]) => [key, program.name, program.version]);
  if (process.env['UPDATE'] === '1') {
    const file = new URL('../../src/lab/console-table.ts', import.meta.url);
    writeFileSync(
      file,
      `${HEAD}${JSON.stringify(rows).replaceAll('],', '],\n  ').replace('[[', '[\n  [')};\n`,
    );
  } else expect(CONSOLE_TABLE).toEqual(rows);
});
