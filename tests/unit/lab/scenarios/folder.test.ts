/** The linter: each thing that an author can forget or mistype is named with its place. */
import { describe, expect, it } from 'vitest';
import {
  cardOf,
  guideOf,
  loadScenario,
  type ScenarioFolder,
  unmetNeeds,
} from '../../../../src/lab/scenarios/folder.ts';

const LOGIC = `
format: 1
id: tiny
level: beginner
minutes: 5
needs: [k8s>=1.30]
start: [files/a.yaml]
steps:
  - id: one
    tasks:
      - { id: made, kind: state, object: Pod/a, where: { status.phase: Running } }
      - { id: asked, kind: command, matches: "kubectl get", after: made }
      - id: reached
        kind: request
        after: made
        send: { from: pod/a, get: "http://b/", times: 400 }
        expect: { status: 200, share: { of: v2, is: "10%±5" } }
    hints:
      - { say: nudge }
      - { say: look, show: { pane: files, path: a.yaml, line: 1 } }
    never:
      - { id: lost, object: Pod/*, labels: { app: a }, count: "=0" }
    solve: solution/1.sh
`;
const TEXT = `---
title: Tiny
track: Tests
summary: One step.
tasks: { made: It runs, asked: You asked, reached: It answers, lost: It is gone }
hints: { nudge: Think, look: There }
---
Before.

## The one {#one}

Do it.

::: notes
Say this.
:::

Then look.
`;
const FOLDER: ScenarioFolder = {
  logic: LOGIC,
  texts: { en: TEXT, 'zh-CN': TEXT },
  files: { 'a.yaml': 'a' },
  solutions: { '1.sh': 'true\n' },
};

function problemsOf(change: Partial<ScenarioFolder>): readonly string[] {
  const loaded = loadScenario({ ...FOLDER, ...change });
  return loaded.ok ? [] : loaded.error;
}

describe('a whole folder', () => {
  it('becomes a scenario, a guide and a card', () => {
    const loaded = loadScenario(FOLDER);
    if (!loaded.ok) throw new Error(loaded.error.join('\n'));
    const guide = guideOf(loaded.value, 'de');
    expect(guide?.solutions).toEqual({ one: 'true\n' });
    expect(guide?.text.intro).toBe('Before.');
    expect(guide?.text.steps).toEqual([
      { id: 'one', title: 'The one', prose: 'Do it.\n\n\nThen look.', notes: 'Say this.' },
    ]);
    expect(guide?.scenario.steps[0]?.never[0]?.check.count).toEqual({
      operator: '=',
      operand: '0',
      tolerance: 0,
    });
    expect(cardOf(loaded.value, 'en')).toMatchObject({
      id: 'tiny',
      steps: 1,
      languages: ['en', 'zh-CN'],
      seed: 7,
    });
  });

  it('says what it needs', () => {
    const loaded = loadScenario({
      ...FOLDER,
      logic: LOGIC.replace('[k8s>=1.30]', '[k8s>=1.30, istio]'),
    });
    const scenario = loaded.ok ? loaded.value.scenario : undefined;
    if (scenario === undefined) throw new Error('no scenario');
    expect(unmetNeeds(scenario, 'v1.34.0')).toEqual(['istio']);
    expect(unmetNeeds(scenario, 'v1.29.5')).toEqual(['k8s>=1.30', 'istio']);
  });
});

describe('problems of the logic', () => {
  it.each([
    ['format: 1', 'format: 2', 'format: this version reads format 1'],
    ['id: tiny', 'id: Tiny!', 'id: "Tiny!": small letters, digits and dashes'],
    ['minutes: 5', 'minuets: 5', 'unknown key "minuets"'],
    ['level: beginner', 'level: easy', 'level: beginner, intermediate, advanced'],
    ['files/a.yaml', 'files/b.yaml', 'start: files/b.yaml is missing'],
    ['solution/1.sh', 'solution/2.sh', 'step "one": solution/2.sh is missing'],
    ['kind: state', 'kind: predict', 'steps[0].tasks[0].kind: "predict"'],
    ['object: Pod/a,', 'object: Prod/a,', 'there is no kind "Prod"'],
    ['status.phase:', 'status..phase:', 'cannot read "..phase"'],
    ['Running', "'>x'", '> compares numbers'],
    ['"kubectl get"', '"kubectl ("', 'steps[0].tasks[1].matches: '],
    ['id: asked', 'id: made', 'task "made": the id is taken'],
    ['after: made }', 'after: reached }', 'comes after "reached", which is no task above it'],
    ['from: pod/a', 'from: node/a', 'steps[0].tasks[2].send.from: pod/name'],
    ['http://b/', 'https://b/', 'an address such as http://backend/hello'],
    ['times: 400', 'times: 100', 'needs 324 requests, not 100'],
    ['path: a.yaml', 'path: c.yaml', 'hint "look" shows files/c.yaml, which is missing'],
    ['Pod/*, labels', 'Pod/x, labels', 'labels and count go with Kind/*'],
    ['steps:\n', 'steps: {}\nrest:\n', 'steps: a list is wanted'],
    ['format: 1', 'format: 1\nformat: 1', 'stands there twice'],
    ['format: 1', 'format: [', 'yaml: '],
  ])('%s → %s', (from, to, wanted) => {
    expect(LOGIC).toContain(from);
    expect(problemsOf({ logic: LOGIC.replace(from, () => to) }).join('\n')).toContain(wanted);
  });
});

describe('problems of the words', () => {
  it.each([
    ['title: Tiny', 'title: ""', 'en.md: no title'],
    ['asked: You asked, ', '', 'en.md tasks: "asked" is missing'],
    ['nudge: Think', 'nugde: Think', 'en.md hints: "nugde" belongs to nothing'],
    ['{#one}', '{#two}', 'en.md: its sections are two; the steps are one'],
    [' {#one}', '', 'no {#step-id}'],
    ['---\ntitle', 'title', 'en: begins with ---'],
  ])('%s → %s', (from, to, wanted) => {
    const texts = { en: TEXT.replace(from, () => to), 'zh-CN': TEXT };
    expect(problemsOf({ texts }).join('\n')).toContain(wanted);
  });

  it('a language that is missing', () => {
    expect(problemsOf({ texts: { en: TEXT } })).toEqual(['zh-CN.md is missing']);
  });
});
