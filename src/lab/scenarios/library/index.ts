/** The scenarios that are built in, by id, in the catalogue's order. Parsed when asked for. */
import type { Result } from '../../../ground/base/result.ts';
import type { ScenarioCard } from '../format.ts';
import { cardOf, type LoadedScenario, loadScenario, type ScenarioFolder } from '../folder.ts';
import type { Problems } from '../parse.ts';
import { firstService } from './first-service/index.ts';

const FOLDERS: Readonly<Record<string, ScenarioFolder>> = {
  'first-service': firstService,
};

export const SCENARIO_IDS: readonly string[] = Object.keys(FOLDERS);

function folderOf(id: string): ScenarioFolder | undefined {
  return Object.hasOwn(FOLDERS, id) ? FOLDERS[id] : undefined;
}

/** A scenario of the library; undefined when there is none with this id. */
export function libraryScenario(id: string): Result<LoadedScenario, Problems> | undefined {
  const folder = folderOf(id);
  return folder === undefined ? undefined : loadScenario(folder);
}

/** The cards of all scenarios in a language. */
export function catalogue(language: string): readonly ScenarioCard[] {
  return SCENARIO_IDS.flatMap((id) => {
    const loaded = libraryScenario(id);
    const card = loaded?.ok === true ? cardOf(loaded.value, language) : undefined;
    return card === undefined ? [] : [card];
  });
}
