/** Reset step: the lab as it was when the step began, by replay. */
import { forkAt } from '../actions/lab.ts';
import * as mirror from '../mirror/mirror.ts';
import { scenarioStep } from '../mirror/selection.ts';
import { labTitle } from './guide-state.ts';

/** When each step was first shown, in simulated time. */
const began = new Map<number, number>();

export function noteStep(step: number): void {
  if (!began.has(step)) began.set(step, mirror.time.value);
}

export function forgetSteps(): void {
  began.clear();
}

export async function resetStep(): Promise<void> {
  const start = began.get(scenarioStep.value) ?? 0;
  await forkAt(Math.max(start, 1), labTitle());
}
