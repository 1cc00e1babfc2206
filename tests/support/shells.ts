/** The shells with regular expressions at hand: for tests that write them onto hosts of their own. */
import { breathe } from '../../src/ground/base/task.ts';
import { compileExtended } from '../../src/ground/lang/regexp/posix.ts';
import { ashWith, bashWith } from '../../src/programs/shell/index.ts';
import type { Regexps } from '../../src/programs/shell/interpreter.ts';

const regexps: Regexps = function* () {
  yield* breathe();
  return compileExtended;
};

export const bash = bashWith(regexps);
export const ash = ashWith(regexps);
