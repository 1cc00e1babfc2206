/**
 * The replay law: the same base, seed and inputs give the same events, through a link and through a
 * file; another seed gives another story because it draws otherwise, not because it is hashed in.
 */
import { expect, test } from 'vitest';
import { Lab, replay } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import { packFile, packLink, unpackFile, unpackLink } from '../../src/lab/scenarios/packer.ts';
import { bootLab, Typist } from '../support/transcript.ts';

const LINES = [
  'echo one > a.txt; cat a.txt',
  'lab fault power-off node-2',
  'lab tick 70s',
  'lab fault get',
];

function played(seed: number): Lab {
  const typist = new Typist(bootLab({ seed, nodes: 2, profile: 'modern' }));
  for (const line of LINES) typist.run(`$ ${line}`);
  return typist.lab;
}

test('a lab replays to the same hashes, through a link and through a file', () => {
  const lab = played(7);
  const saved = lab.save();
  const link = unpackLink(packLink(saved));
  const file = unpackFile(packFile(saved, 'test'));
  if (!link.ok || !file.ok) throw new Error('the link or the file could not be read');
  for (const one of [saved, link.value, file.value]) {
    const again = replay(one, shippedParts());
    expect([again.traceHash, again.story, again.loop.executed]).toEqual([
      lab.traceHash,
      lab.story,
      lab.loop.executed,
    ]);
  }
});

test('another seed is another story', () => {
  expect(played(7).traceHash).not.toBe(played(8).traceHash);
});

test.each([
  ['#1', 'link.cut'],
  ['#9abc', 'link.newer'],
  ['#hello', 'link.foreign'],
  ['https://example.com/', 'link.foreign'],
])('what cannot be read is said by name: %s', (text, key) => {
  const result = unpackLink(text);
  expect(result.ok ? '' : result.error.key).toBe(key);
});

test('a link that was cut off or altered says so', () => {
  const link = packLink(
    new Lab({
      base: {
        profile: 'modern',
        nodes: 1,
        scenario: '',
        files: { 'a.yaml': 'kind: Pod\n'.repeat(50) },
      },
      seed: 7,
      parts: shippedParts(),
    }).save(),
  );
  const cut = unpackLink(link.slice(0, link.length - 12));
  const altered = unpackLink(
    `${link.slice(0, 40)}${link[40] === 'A' ? 'B' : 'A'}${link.slice(41)}`,
  );
  expect([cut.ok ? '' : cut.error.key, altered.ok ? '' : altered.error.key]).toEqual([
    'link.cut',
    'link.altered',
  ]);
});
