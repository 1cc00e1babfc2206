/**
 * kubectl before a server, in the words of the real one. The files of `kubectl-lines` hold what kubectl 1.33
 * printed before this API server (`UPDATE=1` has it print them again, through a bridge to a lab); ours
 * must print the same on the workstation of a lab of the same seed. One file is played by the real
 * one each time, where the machine has it, so that the bridge stays whole.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatLines, parseLines, playOurs, playReal } from '../support/kubectl-lines.ts';
import { realKubectl } from '../support/real-kubectl.ts';
import { bootLab } from '../support/transcript.ts';

const REAL = realKubectl();
const FOLDER = join(import.meta.dirname, 'kubectl-lines');
const LIVE = 'go-template.txt';
const UPDATE = process.env['UPDATE'] === '1';

const boot = () => bootLab({ seed: 7, nodes: 2, profile: 'modern' });
const read = (name: string) => parseLines(readFileSync(join(FOLDER, name), 'utf8'));

describe('kubectl prints what the real one printed', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
  test.each(files)('%s', async (name) => {
    if (UPDATE && REAL !== undefined)
      writeFileSync(join(FOLDER, name), formatLines(await playReal(boot(), REAL, read(name))));
    const lines = read(name);
    expect(formatLines(playOurs(boot(), lines))).toBe(formatLines(lines));
  });

  test.skipIf(REAL === undefined)('and the real one still does', async () => {
    const lines = read(LIVE);
    expect(formatLines(await playReal(boot(), REAL ?? '', lines))).toBe(formatLines(lines));
  });
});

if (REAL === undefined)
  console.warn("kubectl: no kubectl.1.33 beside the machine's kubectl to compare with");
