/**
 * Every step of every scenario: red before, green after its solution; and the whole walk replayed from
 * its log ends in the same trace.
 */
import { describe, expect, it } from 'vitest';
import { replay } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import { libraryScenario, SCENARIO_IDS } from '../../src/lab/scenarios/library/index.ts';
import { Walk } from '../support/scenario.ts';

describe.each(SCENARIO_IDS)('scenario %s', (id) => {
  it('is red before and green after the solution of each step, and replays to the same trace', () => {
    const loaded = libraryScenario(id);
    if (loaded?.ok !== true) throw new Error(loaded?.error.join('\n') ?? `no scenario ${id}`);
    const { scenario, solutions, files } = loaded.value;
    const walk = new Walk(loaded.value);
    scenario.steps.forEach((step, index) => {
      const tasks = step.tasks.map((task) => task.id);
      expect(walk.state.open, `step ${step.id} is open`).toBe(index);
      const before = walk.state.tasks.filter((task) => tasks.includes(task.id));
      expect(before.filter((task) => task.passed).map((task) => task.id)).toEqual([]);
      for (const task of before) expect(task.feedback).toMatch(/^check\./);
      walk.type(solutions[step.solve] ?? '');
      const passed = walk.pass(tasks);
      const lacking = walk.state.tasks.filter((task) => tasks.includes(task.id) && !task.passed);
      expect(passed ? [] : [lacking, walk.output.slice(-2000)]).toEqual([]);
      walk.quiet();
    });
    expect(walk.state.failed).toBe('');
    const again = replay(walk.lab.save(), shippedParts(), files);
    expect(again.traceHash).toBe(walk.lab.traceHash);
    expect(again.story).toBe(walk.lab.story);
  }, 120_000);
});
