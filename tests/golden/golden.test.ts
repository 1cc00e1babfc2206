/**
 * Runs every transcript of this folder against a lab of its own, and a second time to compare hashes.
 * `UPDATE=1` (npm run golden -- -u) rewrites the expectations: read the diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bootLab, formatTranscript, parseTranscript, Typist } from '../support/transcript.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const FILES = join(HERE, 'files');
const UPDATE = process.env['UPDATE'] === '1';

function homeFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(FILES)) files[name] = readFileSync(join(FILES, name), 'utf8');
  return files;
}

const names = readdirSync(HERE).filter((name) => name.endsWith('.txt'));

describe.each(names)('%s', (name) => {
  test('prints as recorded, and the same again', () => {
    const text = readFileSync(join(HERE, name), 'utf8');
    const transcript = parseTranscript(text);
    const play = (): { outputs: string[]; hash: string } => {
      const typist = new Typist(bootLab({ ...transcript, files: homeFiles() }));
      const outputs = transcript.cases.map((one) =>
        one.commands
          .map((command) => typist.run(command))
          .filter((output) => output !== '')
          .join('\n'),
      );
      return { outputs, hash: typist.lab.traceHash };
    };
    const first = play();
    if (UPDATE) writeFileSync(join(HERE, name), formatTranscript(transcript, first.outputs));
    else expect(formatTranscript(transcript, first.outputs)).toBe(`${text.replace(/\n+$/, '')}\n`);
    expect(play().hash).toBe(first.hash);
  });
});
