/** All verbs of kubectl, in the order of its own overview. */
import { apply } from './apply.ts';
import { attach } from './attach.ts';
import { create } from './create.ts';
import { deleteVerb } from './delete.ts';
import { annotate, label } from './edit-map.ts';
import { exec } from './exec.ts';
import { expose } from './expose.ts';
import { describe } from './describe.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { rollout } from './rollout.ts';
import { run } from './run.ts';
import { scale } from './scale.ts';
import type { Verb } from './session.ts';

export const VERBS: readonly Verb[] = [create, expose, run, get, deleteVerb, scale, logs, attach, exec, apply, describe, rollout, label, annotate];
