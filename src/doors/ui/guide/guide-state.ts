/** Which scenario the guide shows, in the chosen language, and which step. */
import { signal } from '@preact/signals';
import { t } from '../text.ts';

export interface GuideTask {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  /** What can be answered: predict and answer tasks. */
  readonly choices: readonly { readonly id: string; readonly text: string }[];
}

export interface GuideHint {
  readonly id: string;
  readonly text: string;
  readonly run: string;
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
  readonly minutes: number;
  readonly steps: readonly GuideStep[];
}

export const guideScenario = signal<GuideScenario | undefined>(undefined);

/** Name of the lab: for the window, links and files. */
export function labTitle(): string {
  return guideScenario.value?.title ?? t('lab.blank');
}
