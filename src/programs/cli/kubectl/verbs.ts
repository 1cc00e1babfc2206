/** All verbs of kubectl, in the order of its own overview. */
import { apply } from './apply.ts';
import { create } from './create.ts';
import { deleteVerb } from './delete.ts';
import { get } from './get.ts';
import { scale } from './scale.ts';
import type { Verb } from './session.ts';

export const VERBS: readonly Verb[] = [create, get, deleteVerb, scale, apply];
