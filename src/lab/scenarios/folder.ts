/**
 * A scenario as the texts of its folder, and what becomes of them: parsed, with everything that refers
 * to something checked. A folder with a problem gives no scenario, only the list of what is wrong.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';
import { sortedText } from '../../ground/base/text.ts';
import {
  type Guide,
  type RequestTask,
  SCENARIO_LANGUAGES,
  type Scenario,
  type ScenarioCard,
  type ScenarioText,
  type Step,
} from './format.ts';
import { type Problems, parseScenario, parseText } from './parse.ts';

/** Texts by name; languages by their code. */
export interface ScenarioFolder {
  readonly logic: string;
  readonly texts: Readonly<Record<string, string>>;
  /** The learner's home directory at the start. */
  readonly files: Readonly<Record<string, string>>;
  readonly solutions: Readonly<Record<string, string>>;
}

/** A scenario that is whole. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly texts: ReadonlyMap<string, ScenarioText>;
  readonly files: Readonly<Record<string, string>>;
  readonly solutions: Readonly<Record<string, string>>;
}

const FILES_MAX = 200;
const CHARACTERS_MAX = 1_000_000;

export function loadScenario(folder: ScenarioFolder): Result<LoadedScenario, Problems> {
  const problems: string[] = [];
  const parsed = parseScenario(folder.logic);
  if (!parsed.ok) problems.push(...parsed.error);
  const texts = new Map<string, ScenarioText>();
  for (const [language, source] of Object.entries(folder.texts)) {
    const text = parseText(language, source);
    if (text.ok) texts.set(language, text.value);
    else problems.push(...text.error);
  }
  if (!parsed.ok) return err(problems);
  const scenario = parsed.value;
  problems.push(...lintLogic(scenario, folder), ...lintSize(folder));
  for (const text of texts.values()) problems.push(...lintText(scenario, text));
  for (const language of SCENARIO_LANGUAGES) {
    if (folder.texts[language] === undefined) problems.push(`${language}.md is missing`);
  }
  return problems.length > 0
    ? err(problems)
    : ok({ scenario, texts, files: folder.files, solutions: folder.solutions });
}

/** What a scenario needs and a lab of this Kubernetes version has not: `k8s>=1.30` is all that can be met. */
export function unmetNeeds(scenario: Scenario, kubernetes: string): readonly string[] {
  const minorOf = (text: string | undefined): number => Number(text?.split('.')[1] ?? Number.NaN);
  return scenario.needs.filter((need) => {
    const wanted = /^k8s>=(1\.\d+)$/.exec(need)?.[1];
    return wanted === undefined || !(minorOf(kubernetes) >= minorOf(wanted));
  });
}

/** The guide in a language; English where a scenario lacks it. */
export function guideOf(loaded: LoadedScenario, language: string): Guide | undefined {
  const text = loaded.texts.get(language) ?? loaded.texts.get('en');
  if (text === undefined) return undefined;
  const { scenario } = loaded;
  const solutions = Object.fromEntries(
    scenario.steps.map((step) => [step.id, loaded.solutions[step.solve] ?? '']),
  );
  return { scenario, text, solutions };
}

/** The catalogue's card of a scenario in a language. */
export function cardOf(loaded: LoadedScenario, language: string): ScenarioCard | undefined {
  const text = loaded.texts.get(language) ?? loaded.texts.get('en');
  if (text === undefined) return undefined;
  const { id, level, minutes, seed, profile, nodes, steps } = loaded.scenario;
  const { title, track, summary } = text;
  const languages = [...loaded.texts.keys()];
  const logic = { id, level, minutes, seed, profile, nodes, steps: steps.length };
  return { ...logic, languages, title, track, summary };
}

// ---------------------------------------------------------------------------------------------
// What refers to something refers to something that is there

function lintLogic(scenario: Scenario, folder: ScenarioFolder): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const once = (id: string, what: string): void => {
    if (seen.has(id)) problems.push(`${what} "${id}": the id is taken`);
    seen.add(id);
  };
  for (const path of scenario.start) {
    if (!Object.hasOwn(folder.files, path)) problems.push(`start: files/${path} is missing`);
  }
  const steps = new Set<string>();
  for (const step of scenario.steps) {
    if (steps.has(step.id)) problems.push(`step "${step.id}": the id is taken`);
    steps.add(step.id);
    problems.push(...lintStep(step, folder));
    for (const task of step.tasks) once(task.id, 'task');
    for (const never of step.never) once(never.id, 'never');
  }
  if (scenario.steps.length === 0) problems.push('there is no step');
  return problems;
}

function lintStep(step: Step, folder: ScenarioFolder): string[] {
  const problems: string[] = [];
  const at = `step "${step.id}"`;
  if (step.tasks.length === 0) problems.push(`${at}: no task`);
  if (!Object.hasOwn(folder.solutions, step.solve)) {
    problems.push(`${at}: solution/${step.solve} is missing`);
  }
  step.tasks.forEach((task, index) => {
    const before = step.tasks.slice(0, index).some((one) => one.id === task.after);
    if (task.after !== '' && !before) {
      problems.push(
        `${at}: task "${task.id}" comes after "${task.after}", which is no task above it`,
      );
    }
    if (task.kind === 'request') problems.push(...lintSample(task, at));
  });
  if (step.pause !== '' && !step.tasks.some((task) => task.id === step.pause)) {
    problems.push(`${at}: pause before "${step.pause}", which is no task of it`);
  }
  for (const hint of step.hints) {
    const path = hint.show?.path ?? '';
    if (path !== '' && !Object.hasOwn(folder.files, path)) {
      problems.push(`${at}: hint "${hint.say}" shows files/${path}, which is missing`);
    }
  }
  return problems;
}

/** A tolerance under three standard errors would make a sound lab fail now and then. */
function lintSample(task: RequestTask, at: string): string[] {
  const share = task.expect.share;
  if (share === undefined || share.is.operator !== '=') return [];
  const wanted = Number(share.is.operand.replace('%', '')) / 100;
  const spread = wanted * (1 - wanted);
  if (spread <= 0) return [];
  const tolerance = share.is.tolerance / 100;
  if (tolerance === 0) return [`${at}: task "${task.id}": a share between 0 and 100 % needs a ±`];
  const needed = Math.ceil((9 * spread) / (tolerance * tolerance) - 1e-9);
  return task.send.times >= needed
    ? []
    : [
        `${at}: task "${task.id}": ${share.is.operand}±${share.is.tolerance} needs ${needed} requests, not ${task.send.times}`,
      ];
}

function lintText(scenario: Scenario, text: ScenarioText): string[] {
  const problems: string[] = [];
  const at = `${text.language}.md`;
  for (const name of ['title', 'track', 'summary'] as const) {
    if (text[name] === '') problems.push(`${at}: no ${name}`);
  }
  const ids = scenario.steps.map((step) => step.id);
  const written = text.steps.map((step) => step.id);
  if (ids.join(' ') !== written.join(' ')) {
    problems.push(`${at}: its sections are ${written.join(', ')}; the steps are ${ids.join(', ')}`);
  }
  for (const step of text.steps) {
    if (step.title === '' || step.prose === '')
      problems.push(`${at}: step "${step.id}" says nothing`);
  }
  const tasks = scenario.steps.flatMap((step) =>
    [...step.tasks, ...step.never].map((one) => one.id),
  );
  const hints = scenario.steps.flatMap((step) => step.hints.map((hint) => hint.say));
  problems.push(...lintWords(`${at} tasks`, tasks, text.tasks));
  problems.push(...lintWords(`${at} hints`, hints, text.hints));
  return problems;
}

/** Every key has words, and there are no words without a key. */
function lintWords(
  at: string,
  keys: readonly string[],
  words: Readonly<Record<string, string>>,
): string[] {
  const missing = keys.filter((key) => !Object.hasOwn(words, key) || words[key]?.trim() === '');
  const unused = sortedText(Object.keys(words)).filter((key) => !keys.includes(key));
  return [
    ...missing.map((key) => `${at}: "${key}" is missing`),
    ...unused.map((key) => `${at}: "${key}" belongs to nothing`),
  ];
}

function lintSize(folder: ScenarioFolder): string[] {
  const texts = [
    folder.logic,
    ...Object.values(folder.texts),
    ...Object.values(folder.files),
    ...Object.values(folder.solutions),
  ];
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return [
    ...(texts.length > FILES_MAX ? [`${texts.length} files; at most ${FILES_MAX}`] : []),
    ...(characters > CHARACTERS_MAX ? [`${characters} characters; at most ${CHARACTERS_MAX}`] : []),
  ];
}
