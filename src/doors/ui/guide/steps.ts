/** Reset step: the lab as it was when the step began, by replay. */
import { forkAt } from '../actions/lab.ts';
import { labTitle, stepBegan } from './guide-state.ts';

export async function resetStep(): Promise<void> {
  await forkAt(Math.max(stepBegan(), 1), labTitle(), true);
}
