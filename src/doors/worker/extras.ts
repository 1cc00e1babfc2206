/**
 * What the first prompt does not need: questions about the lab, the library of scenarios with their
 * checks, help with typing, links and files, and the program `lab`. A chunk of its own that the worker
 * fetches beside the console's, or when a request needs it. It is reached through `Extras` only, so that
 * nothing of it stands in the worker's entry.
 */
import { makeAssist } from '../../lab/assist.ts';
import type { SavedLab } from '../../lab/input-types.ts';
import type { Lab } from '../../lab/lab.ts';
import { labProgram } from '../../lab/lab-program.ts';
import { PROFILES } from '../../lab/profiles.ts';
import { isBooted } from '../../lab/readiness.ts';
import { guideOf, type LoadedScenario, unmetNeeds } from '../../lab/scenarios/folder.ts';
import { catalogue, libraryScenario } from '../../lab/scenarios/library/index.ts';
import { packFile, packLink, unpackFile, unpackLink } from '../../lab/scenarios/packer.ts';
import { ScenarioRun } from '../../lab/scenarios/run.ts';
import { objectAnswer } from '../../lab/views/object.ts';
import { packetsOf } from '../../lab/views/packets.ts';
import { recordsOf } from '../../lab/views/records.ts';
import type { RowTable } from '../../lab/views/rows.ts';
import { schedulingOf } from '../../lab/views/scheduling.ts';
import { explain, whyText } from '../../lab/why/index.ts';
import type { Answer, Request } from './protocol.ts';

/** An open lab as questions see it. */
export interface AskedLab {
  readonly lab: Lab;
  readonly rows: RowTable;
  /** The moment that is looked at; null is the present. */
  readonly looking: number | null;
}

/** The chunk's face. */
export interface Extras {
  /** A whole scenario of the library. */
  scenario(id: string): LoadedScenario | undefined;
  run(scenario: LoadedScenario, lab: Lab): ScenarioRun;
  /** What a question about an open lab is answered with; undefined for other requests. */
  ask(asked: AskedLab, request: Request): Answer | undefined;
  /** Answers that need no lab; undefined for other requests. */
  library(request: Request): Answer | undefined;
  /** For the program `lab`. */
  why(lab: Lab, key: string): string;
  packLink(saved: SavedLab): string;
  /** For the shelf. */
  readonly code: ReadonlyMap<string, unknown>;
}

export const extras: Extras = {
  scenario: wholeScenario,
  run: (scenario, lab) => new ScenarioRun(scenario, lab, () => isBooted(lab.cluster)),
  ask: (asked, request) => view(asked, request) ?? assist(asked.lab, request),
  library,
  why: whyText,
  packLink,
  code: new Map([['lab', labProgram]]),
};

function view({ lab, rows, looking }: AskedLab, request: Request): Answer | undefined {
  // The past knows nothing of what came after it.
  const until = looking ?? Number.POSITIVE_INFINITY;
  switch (request.verb) {
    case 'object':
      return value(objectAnswer(lab, rows, request.key, looking));
    case 'explain':
      return value(explain(lab, request.key, looking));
    case 'scheduling':
      return value(schedulingOf(lab.recorder, request.key.replace(/^Pod\//, ''), until));
    case 'packets':
      return value(packetsOf(lab.recorder, addressOf(lab, rows, request.key), until));
    case 'records':
      return value(recordsOf(lab.recorder, request));
    case 'pack-link':
      return value(packLink(lab.save(request.view, request.marks)));
    case 'pack-file': {
      const saved = lab.save(request.view, request.marks);
      return value(packFile(saved, request.view['title'] ?? 'lab'));
    }
    default:
      return undefined;
  }
}

function addressOf(lab: Lab, rows: RowTable, key: string): string {
  if (key === '') return '';
  const stored = rows.storageKeyOf(key);
  const object =
    stored === undefined
      ? undefined
      : lab.cluster.stored<{ status?: { podIP?: string }; spec?: { clusterIP?: string } }>(stored);
  return object?.status?.podIP ?? object?.spec?.clusterIP ?? '-';
}

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
    case 'unpack':
      return unpack(request.text);
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

/** Reads a link or the text of a file. */
function unpack(text: string): Answer {
  const result = /^drydock /.test(text) ? unpackFile(text) : unpackLink(text);
  return result.ok
    ? value(result.value)
    : { ok: false, error: result.error.key, values: result.error.values };
}

function value(answer: unknown): Answer {
  return { ok: true, value: answer };
}
