/** Links and files: every kind of input survives the way, and what cannot be read is said by name. */
import { describe, expect, it } from 'vitest';
import type { LabInput, SavedLab } from '../../../../src/lab/input-types.ts';
import {
  packFile,
  packLink,
  unpackFile,
  unpackLink,
} from '../../../../src/lab/scenarios/packer.ts';

const INPUTS: readonly LabInput[] = [
  { kind: 'setup', text: 'kubectl apply -f client.yaml\n' },
  { kind: 'open-terminal', terminal: 1, columns: 120, rows: 40 },
  { kind: 'line', terminal: 1, text: 'echo "节点 $HOME"' },
  { kind: 'keys', terminal: 1, text: '\u0003' },
  { kind: 'file', path: 'a/b.yaml', text: 'kind: Pod\n' },
  { kind: 'file', path: 'gone', text: null },
  { kind: 'edited', terminal: 1, text: null },
  { kind: 'resize', terminal: 1, columns: 80, rows: 24 },
  { kind: 'send', from: 'pod/client', url: 'http://backend/hello', times: 20 },
  { kind: 'close-terminal', terminal: 1 },
];
const SAVED: SavedLab = {
  format: 1,
  engine: '0.1.0',
  base: { profile: 'modern', nodes: 3, scenario: 'first-service', files: { __proto__x: 'y' } },
  seed: 7,
  inputs: INPUTS.map((input, index) => ({ time: 20_000_000 + index * 1_234_567, input })),
  stop: 60_000_000,
  story: '0badcafe',
  marks: [{ time: 30_000_000, name: 'here' }],
  view: { step: '3', lang: 'zh-CN' },
};

describe('a link', () => {
  const link = packLink(SAVED);

  it('holds the lab, also inside a whole address', () => {
    const read = unpackLink(`https://example.org/drydock/${link}&embed=terminal`);
    expect(read.ok && read.value).toEqual(SAVED);
  });

  it.each([
    ['cut short', link.slice(0, -20), 'link.cut'],
    [
      'altered',
      `${link.slice(0, 30)}${link[30] === 'A' ? 'B' : 'A'}${link.slice(31)}`,
      'link.altered',
    ],
    ['of another program', '#eyJhIjoxfQ', 'link.foreign'],
    ['too new', link.replace('#1', '#9'), 'link.newer'],
    ['empty', '#', 'link.foreign'],
  ])('%s is said to be so', (_, text, key) => {
    const read = unpackLink(text);
    expect(read.ok ? 'ok' : read.error.key).toBe(key);
  });
});

describe('a file', () => {
  it('tells what it is in its first line, and holds the lab', () => {
    const file = packFile(SAVED, 'A first Service');
    expect(file.split('\n')[0]).toBe('drydock 1 engine 0.1.0 A first Service');
    const read = unpackFile(file);
    expect(read.ok && read.value).toEqual(SAVED);
    const newer = unpackFile(file.replace('drydock 1 engine 0.1.0', 'drydock 2 engine 3.0.0'));
    expect(newer.ok ? undefined : newer.error).toEqual({
      key: 'file.newer',
      values: { format: '2', engine: '3.0.0', known: '1' },
    });
    expect(unpackFile('kind: Pod\n').ok).toBe(false);
  });
});
