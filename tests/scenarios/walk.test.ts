/**
 * Every step of every scenario: red before, green after its solution, and green as well after the
 * commands that its prose offers; and the whole walk replayed from its log ends in the same trace.
 */
import { describe, expect, it } from 'vitest';
import { replay } from '../../src/lab/lab.ts';
import { shippedParts } from '../../src/lab/parts.ts';
import type { LoadedScenario } from '../../src/lab/scenarios/folder.ts';
import type { Step } from '../../src/lab/scenarios/format.ts';
import { libraryScenario, SCENARIO_IDS } from '../../src/lab/scenarios/library/index.ts';
import { runBlocks, Walk } from '../support/scenario.ts';

function loadedOf(id: string): LoadedScenario {
  const loaded = libraryScenario(id);
  if (loaded?.ok !== true) throw new Error(loaded?.error.join('\n') ?? `no scenario ${id}`);
  return loaded.value;
}

/** Walks all steps by what `scriptOf` types. */
function walkThrough(loaded: LoadedScenario, scriptOf: (step: Step) => string): Walk {
  const walk = new Walk(loaded);
  loaded.scenario.steps.forEach((step, index) => {
    const tasks = step.tasks.map((task) => task.id);
    expect(walk.state.open, `step ${step.id} is open`).toBe(index);
    const before = tasks.map((id) => walk.task(id));
    expect(before.filter((task) => task.passed)).toEqual([]);
    for (const task of before) expect(task.feedback).toMatch(/^check\./);
    walk.output = '';
    walk.type(scriptOf(step));
    const passed = walk.pass(tasks);
    const lacking = tasks.map((id) => walk.task(id)).filter((task) => !task.passed);
    expect(passed ? [] : [lacking, walk.output]).toEqual([]);
    expect(walk.output).not.toMatch(/^(error|Error|.*command not found|Warning)/m);
    walk.quiet();
  });
  expect(walk.state.failed).toBe('');
  return walk;
}

describe.each(SCENARIO_IDS)('scenario %s', (id) => {
  const loaded = loadedOf(id);

  it('is red before and green after each solution, and replays to the same trace', () => {
    const walk = walkThrough(loaded, (step) => loaded.solutions[step.solve] ?? '');
    const again = replay(walk.lab.save(), shippedParts(), loaded.files);
    expect(again.traceHash).toBe(walk.lab.traceHash);
    expect(again.story).toBe(walk.lab.story);
  }, 120_000);

  it('is green after the commands that its prose offers', () => {
    const text = loaded.texts.get('en');
    walkThrough(loaded, (step) => runBlocks(text, step.id).join('\n'));
  }, 120_000);
});
