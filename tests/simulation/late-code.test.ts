/**
 * Code that comes late: the prompt stands before any chunk is here, the loop is held where code is
 * needed and no earlier, and the trace is the same as with all code at once.
 */
import { expect, test } from 'vitest';
import { SECOND } from '../../src/ground/base/event-loop.ts';
import { componentCode } from '../../src/lab/components.ts';
import { consoleCode } from '../../src/lab/console.ts';
import { partsWith } from '../../src/lab/cores.ts';
import { firstPrograms } from '../../src/lab/first-programs.ts';
import { Lab } from '../../src/lab/lab.ts';
import { labProgram } from '../../src/lab/lab-program.ts';
import { CodeShelf } from '../../src/lab/lazy-program.ts';
import { shippedParts } from '../../src/lab/parts.ts';

const LINES = [
  '[[ node-12 =~ ^node-([0-9]+)$ ]] && echo "number ${BASH_REMATCH[1]}"',
  'kubectl get nodes -o name | head -1',
  'lab time',
];
const END = 60 * SECOND;

function open(parts: ReturnType<typeof shippedParts>): Lab {
  const base = { profile: 'modern', nodes: 1, scenario: '', files: {} } as const;
  const lab = new Lab({ base, seed: 7, parts });
  lab.push({ kind: 'open-terminal', terminal: 1, columns: 96, rows: 24 });
  LINES.forEach((text, index) => {
    lab.pushAt((20 + index) * SECOND, { kind: 'line', terminal: 1, text });
  });
  return lab;
}

const textOf = (lab: Lab): string => lab.terminals.get(1)?.takeOutput() ?? '';

test('late code holds the loop, and changes nothing', () => {
  const whole = open(shippedParts());
  expect(whole.run({ until: END })).toBe('time');

  const shelf = new CodeShelf();
  shelf.fill(firstPrograms(shelf));
  const lab = open(partsWith(shelf));
  const runTo = (reason: string, code: ReadonlyMap<string, unknown>): number => {
    expect(lab.run({ until: END })).toBe('held');
    expect(lab.loop.held).toBe(reason);
    expect(lab.run({ events: 1 })).toBe('held');
    shelf.fill(code);
    expect(shelf.wanting).toBe(false);
    lab.loop.release();
    return lab.loop.now;
  };
  // The prompt stands, and takes lines, before the components are needed.
  expect(lab.run({ until: END })).toBe('held');
  const prompt = textOf(lab);
  expect(prompt).toMatch(/learner@workstation.*\$ $/s);
  expect(runTo('code of /usr/sbin/iptables', componentCode())).toBeLessThan(SECOND);
  expect(runTo('code of regexps', consoleCode(shelf))).toBeGreaterThanOrEqual(20 * SECOND);
  expect(runTo('code of lab', new Map([['lab', labProgram]]))).toBeGreaterThanOrEqual(22 * SECOND);
  expect(lab.run({ until: END })).toBe('time');

  expect(prompt + textOf(lab)).toBe(textOf(whole));
  expect([lab.traceHash, lab.story, lab.loop.executed]).toEqual([
    whole.traceHash,
    whole.story,
    whole.loop.executed,
  ]);
});
