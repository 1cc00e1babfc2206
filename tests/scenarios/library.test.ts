/**
 * Every scenario of the library is whole: it parses, its references hold, its words are there in both
 * languages, with the same commands, and its commands and solutions are shell.
 */
import { describe, expect, it } from 'vitest';
import { checksEn, checksZhCN } from '../../src/doors/locale/checks.ts';
import type { LoadedScenario } from '../../src/lab/scenarios/folder.ts';
import type { FeedbackKey, ScenarioText } from '../../src/lab/scenarios/format.ts';
import { catalogue, libraryScenario, SCENARIO_IDS } from '../../src/lab/scenarios/library/index.ts';
import { parseShell } from '../../src/programs/shell/parser.ts';
import { runBlocks } from '../support/scenario.ts';

/** A new key without a sentence is a type error here. */
const FEEDBACK: Readonly<Record<FeedbackKey, string>> = checksEn;

function loaded(id: string): LoadedScenario {
  const found = libraryScenario(id);
  if (found?.ok !== true) throw new Error(found?.error.join('\n') ?? `no scenario ${id}`);
  return found.value;
}

describe.each(SCENARIO_IDS)('scenario %s', (id) => {
  it('has no problem, and a card in each language', () => {
    const found = libraryScenario(id);
    expect(found?.ok === false ? found.error : []).toEqual([]);
    for (const language of ['en', 'zh-CN']) {
      expect(catalogue(language).map((card) => card.id)).toContain(id);
    }
  });

  it('offers the same commands in every language, and all of them parse', () => {
    const { scenario, texts, solutions } = loaded(id);
    const english = texts.get('en') as ScenarioText;
    const commands = scenario.steps.flatMap((step) => {
      const here = runBlocks(english, step.id);
      expect(here.length, `step ${step.id} has a command`).toBeGreaterThan(0);
      for (const text of texts.values()) expect(runBlocks(text, step.id)).toEqual(here);
      return [...here, ...step.hints.map((hint) => hint.run).filter((line) => line !== '')];
    });
    for (const command of [...commands, ...Object.values(solutions)]) {
      const parsed = parseShell(command);
      expect([command, parsed.fault, parsed.incomplete]).toEqual([command, undefined, false]);
    }
  });

  it('names only files that it has', () => {
    const { scenario, files, solutions } = loaded(id);
    const used = [
      ...Object.values(solutions),
      ...scenario.steps.flatMap((step) => step.hints.map((hint) => hint.run)),
    ]
      .flatMap((text) => [...text.matchAll(/-f (\S+)/g)])
      .map((match) => match[1] ?? '');
    expect(used.filter((path) => !Object.hasOwn(files, path))).toEqual([]);
  });

  it('is written calmly', () => {
    for (const text of loaded(id).texts.values()) {
      const all = JSON.stringify(text);
      expect(all).not.toMatch(/!|！|\bplease\b|请(?!求)/i);
    }
  });
});

describe('what a red check says', () => {
  it.each(Object.keys(FEEDBACK))('%s has the same values in both languages', (key) => {
    const names = (text: string): readonly string[] =>
      [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1] ?? ''))].sort();
    const table: Readonly<Record<string, string>> = checksZhCN;
    expect(names(table[key] ?? '')).toEqual(names((checksEn as Record<string, string>)[key] ?? ''));
  });
});
