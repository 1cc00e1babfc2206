/** `apply view-last-applied`, `set-last-applied` and `edit-last-applied` are in a later step of this file. */
import type { Verb } from './session.ts';

export const lastAppliedVerbs: readonly Verb[] = [];
