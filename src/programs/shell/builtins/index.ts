/** The builtins of the shell, by name. */
import { DECLARE_BUILTINS } from './declare.ts';
import { DIRECTORY_BUILTINS } from './directories.ts';
import { FLOW_BUILTINS } from './flow.ts';
import { INPUT_BUILTINS } from './input.ts';
import { JOB_BUILTINS } from './jobs.ts';
import { OPTION_BUILTINS } from './options.ts';
import { OUTPUT_BUILTINS } from './output.ts';
import type { Builtin } from './types.ts';

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...OUTPUT_BUILTINS,
  ...FLOW_BUILTINS,
  ...DECLARE_BUILTINS,
  ...INPUT_BUILTINS,
  ...DIRECTORY_BUILTINS,
  ...OPTION_BUILTINS,
  ...JOB_BUILTINS,
]);
