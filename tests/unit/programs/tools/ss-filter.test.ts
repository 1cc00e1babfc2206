/** What `ss` is asked to show: expressions, and the complaints of the real one. */
import { expect, test } from 'vitest';
import { parseIp } from '../../../../src/ground/base/ip.ts';
import type { SocketRow } from '../../../../src/machines/network/socket-table.ts';
import { parseSocketFilter } from '../../../../src/programs/tools/ss-filter.ts';

const ROW = {
  protocol: 'tcp',
  state: 'ESTAB',
  local: { ip: parseIp('10.0.0.1'), port: 22 },
  remote: { ip: parseIp('10.0.9.9'), port: 40_000 },
} as SocketRow;
const portOf = (text: string): number | undefined => (text === 'ssh' ? 22 : Number(text));

test.each([
  ['', true],
  ['sport = :22', true],
  ['sport = ssh', true],
  ['sport 23', false],
  ['sport = :80 or dport ge :40000', true],
  ['not sport = :22', false],
  ['( sport = :80 or sport = :22 ) and dst 10.0.9.0/24', true],
  ['(sport = :80 or sport = :22) dst != 10.0.9.0/24', false],
  ['src 10.0.0.1:22', true],
  ['dst 10.0.0.0/24 or src 10.0.0.1:23', false],
  ['state connected dport lt :9', false],
])('%s', (text, expected) => {
  const filter = parseSocketFilter(text.split(' '), portOf);
  expect(filter.ok && filter.value.fits(ROW)).toBe(expected);
});

test.each([
  ['state', 'Command line is not complete. Try option "help"'],
  ['state foo', 'ss: wrong state name: foo'],
  [
    'foo = 1',
    'Error: an inet prefix is expected rather than "foo".\nCannot parse dst/src address.',
  ],
])('refuses %s', (text, expected) => {
  const filter = parseSocketFilter(text.split(' '), portOf);
  expect(filter.ok ? '' : filter.error).toBe(expected);
});

test('states are gathered and left out', () => {
  const states = (text: string): string[] => {
    const filter = parseSocketFilter(text.split(' '), portOf);
    return filter.ok ? [...(filter.value.states ?? [])] : [];
  };
  expect(states('state listening state time-wait')).toEqual(['LISTEN', 'TIME-WAIT']);
  expect(states('exclude connected')).toEqual(['LISTEN', 'UNCONN']);
});
