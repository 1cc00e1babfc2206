/** Every scenario of the library is whole: it parses, its references hold, its words are there. */
import { describe, expect, it } from 'vitest';
import { catalogue, libraryScenario, SCENARIO_IDS } from '../../src/lab/scenarios/library/index.ts';

describe.each(SCENARIO_IDS)('scenario %s', (id) => {
  it('has no problem', () => {
    const loaded = libraryScenario(id);
    expect(loaded?.ok === false ? loaded.error : []).toEqual([]);
    expect(loaded?.ok).toBe(true);
  });

  it('stands in the catalogue in both languages', () => {
    for (const language of ['en', 'zh-CN']) {
      expect(catalogue(language).map((card) => card.id)).toContain(id);
    }
  });
});
