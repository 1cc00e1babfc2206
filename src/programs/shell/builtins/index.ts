/** The builtins of the shell, by name. */
import type { Task } from '../../../ground/base/task.ts';
import type { Expanded } from '../command.ts';
import type { Shell } from '../state.ts';
import { DECLARE_BUILTINS } from './declare.ts';
import { DIRECTORY_BUILTINS } from './directories.ts';
import { FLOW_BUILTINS } from './flow.ts';
import { INPUT_BUILTINS } from './input.ts';
import { JOB_BUILTINS } from './jobs.ts';
import { OPTION_BUILTINS } from './options.ts';
import { OUTPUT_BUILTINS } from './output.ts';

export interface BuiltinContext {
  /** Assignments among the arguments of a declaration. */
  readonly declared: readonly Expanded[];
  readonly redirected: boolean;
}

/** A builtin: arguments with its own name first; gives the exit status. */
export type Builtin = (shell: Shell, argv: string[], context: BuiltinContext) => Task<number>;

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...OUTPUT_BUILTINS,
  ...FLOW_BUILTINS,
  ...DECLARE_BUILTINS,
  ...INPUT_BUILTINS,
  ...DIRECTORY_BUILTINS,
  ...OPTION_BUILTINS,
  ...JOB_BUILTINS,
]);

/** What busybox's ash does not have. */
const BASH_ONLY = new Set([
  'declare',
  'typeset',
  'shopt',
  'mapfile',
  'readarray',
  'pushd',
  'popd',
  'dirs',
  'disown',
  'builtin',
  'compgen',
  'complete',
  'enable',
  'caller',
  'logout',
  'suspend',
]);

export function builtinNamed(shell: Shell, name: string): Builtin | undefined {
  if (shell.flavour === 'ash' && BASH_ONLY.has(name)) return undefined;
  return BUILTINS.get(name);
}

/** Names for `compgen -b`, completion and `help`. */
export function builtinNames(): string[] {
  return [...BUILTINS.keys()];
}
