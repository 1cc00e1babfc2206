/** Which scenario the guide shows, in the chosen language, and how its step began. */
import { effect, signal } from '@preact/signals';
import { type Guide, hintText, taskTitle, textOf } from '../../../lab/scenarios/format.ts';
import { ask, openedLab } from '../actions/lab.ts';
import { clockText } from '../format.ts';
import * as mirror from '../mirror/mirror.ts';
import { scenarioStep } from '../mirror/selection.ts';
import { language, t } from '../text.ts';
import { sayUrgently } from '../widgets/live-region.tsx';

export interface GuideTask {
  readonly id: string;
  readonly title: string;
}

export interface GuideHint {
  readonly id: string;
  readonly text: string;
  readonly run: string;
  /** An object that it points at, or empty. */
  readonly object: string;
  /** Shown only when the worker says that it is due. */
  readonly conditional: boolean;
}

export interface GuideStep {
  readonly id: string;
  readonly title: string;
  readonly markdown: string;
  readonly tasks: readonly GuideTask[];
  readonly hints: readonly GuideHint[];
  /** Commands that do the step. */
  readonly solve: string;
}

export interface GuideScenario {
  readonly id: string;
  readonly title: string;
  readonly track: string;
  readonly steps: readonly GuideStep[];
}

export const guideScenario = signal<GuideScenario | undefined>(undefined);

/** When each step was first shown, in simulated time. */
const began = new Map<number, number>();

/** Follows the opened lab and the language; notes when steps begin. */
export function followScenario(): void {
  effect(() => {
    const id = openedLab.value?.base.scenario ?? '';
    const words = language.value;
    if (id === '') guideScenario.value = undefined;
    else void load(id, words);
  });
  effect(() => {
    openedLab.value;
    began.clear();
  });
  effect(() => {
    if (mirror.booted.value) tellStep(scenarioStep.value);
  });
  sayPassed();
}

/** A check that has passed is said at once. */
function sayPassed(): void {
  let known = -1;
  effect(() => {
    const tasks = mirror.scenarioState.value?.tasks ?? [];
    const passed = tasks.filter((task) => task.passed);
    const newest = passed.at(-1);
    if (known >= 0 && passed.length > known && newest !== undefined) {
      sayUrgently(`${newest.id}: ${t('guide.passed', { time: clockText(newest.passedAt ?? 0) })}`);
    }
    known = passed.length;
  });
}

async function load(id: string, words: string): Promise<void> {
  const guide = await ask<Guide>({ verb: 'guide', scenario: id, language: words }).catch(
    () => undefined,
  );
  if (guide !== undefined && openedLab.value?.base.scenario === id)
    guideScenario.value = drawn(guide);
}

function drawn({ scenario, text, solutions }: Guide): GuideScenario {
  return {
    id: scenario.id,
    title: text.title,
    track: text.track,
    steps: scenario.steps.map((step, index) => {
      const words = textOf(text, step);
      return {
        id: step.id,
        title: words.title,
        markdown:
          index === 0 && text.intro !== '' ? `${text.intro}\n\n${words.prose}` : words.prose,
        tasks: step.tasks.map((task) => ({ id: task.id, title: taskTitle(text, task.id) })),
        hints: step.hints.map((hint) => ({
          id: hint.say,
          text: hintText(text, hint),
          run: hint.run,
          object: hint.show?.object ?? '',
          conditional: hint.when !== undefined,
        })),
        solve: commandsOf(solutions[step.id] ?? ''),
      };
    }),
  };
}

/** A solution's commands: its comments are for its authors. */
function commandsOf(script: string): string {
  return script
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .join('\n');
}

function tellStep(step: number): void {
  if (openedLab.value?.base.scenario === '') return;
  if (!began.has(step)) began.set(step, mirror.time.peek());
  void ask({ verb: 'scenario-step', step }).catch(() => undefined);
}

/** When the shown step began. */
export function stepBegan(): number {
  return began.get(scenarioStep.value) ?? 1;
}

/** Name of the lab: for the window, links and files. */
export function labTitle(): string {
  return guideScenario.value?.title ?? t('lab.blank');
}
