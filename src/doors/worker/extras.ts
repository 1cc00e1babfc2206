/**
 * What the first prompt does not need: the library of scenarios with their checks, and help with typing.
 * A chunk of its own that the worker fetches once the console's is here, or when a request needs it. It
 * is reached through `Extras` only, so that nothing of it stands in the worker's entry.
 */
import { makeAssist } from '../../lab/assist.ts';
import type { Lab } from '../../lab/lab.ts';
import { PROFILES } from '../../lab/profiles.ts';
import { isBooted } from '../../lab/readiness.ts';
import { guideOf, type LoadedScenario, unmetNeeds } from '../../lab/scenarios/folder.ts';
import { catalogue, libraryScenario } from '../../lab/scenarios/library/index.ts';
import { ScenarioRun } from '../../lab/scenarios/run.ts';
import type { Answer, Request } from './protocol.ts';

/** The chunk's face. */
export interface Extras {
  /** A whole scenario of the library. */
  scenario(id: string): LoadedScenario | undefined;
  run(scenario: LoadedScenario, lab: Lab): ScenarioRun;
  /** Completion, hover and markers; undefined for other requests. */
  assist(lab: Lab, request: Request): Answer | undefined;
  /** Catalogue and guide, which need no lab; undefined for other requests. */
  library(request: Request): Answer | undefined;
}

export const extras: Extras = {
  scenario: wholeScenario,
  run: (scenario, lab) => new ScenarioRun(scenario, lab, () => isBooted(lab.cluster)),
  assist,
  library,
};

function wholeScenario(id: string): LoadedScenario | undefined {
  const loaded = libraryScenario(id);
  return loaded?.ok === true ? loaded.value : undefined;
}

function assist(lab: Lab, request: Request): Answer | undefined {
  const help = makeAssist(lab);
  switch (request.verb) {
    case 'complete-line':
      return value(help.completeLine(request.terminal, request.text, request.cursor));
    case 'complete-yaml':
      return value(help.completeYaml(request.text, request.offset));
    case 'hover-yaml':
      return value(help.hoverYaml(request.text, request.offset));
    case 'check-yaml':
      return value(help.checkYaml(request.path, request.text));
    default:
      return undefined;
  }
}

function library(request: Request): Answer | undefined {
  switch (request.verb) {
    case 'catalogue':
      return value(catalogue(request.language));
    case 'guide': {
      const loaded = wholeScenario(request.scenario);
      const guide = loaded === undefined ? undefined : guideOf(loaded, request.language);
      if (guide === undefined)
        return { ok: false, error: 'scenario.unknown', values: { scenario: request.scenario } };
      const { kubernetes } = PROFILES[guide.scenario.profile];
      const needs = unmetNeeds(guide.scenario, kubernetes).join(', ');
      return needs === ''
        ? value(guide)
        : { ok: false, error: 'scenario.needs', values: { needs, kubernetes } };
    }
    default:
      return undefined;
  }
}

function value(answer: unknown): Answer {
  return { ok: true, value: answer };
}
