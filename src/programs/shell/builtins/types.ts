/** What a builtin is. */
import type { Task } from '../../../ground/base/task.ts';
import type { Expanded } from '../command.ts';
import type { Shell } from '../state.ts';

export interface BuiltinContext {
  /** Assignments among the arguments of a declaration. */
  readonly declared: readonly Expanded[];
  readonly redirected: boolean;
}

/** A builtin: arguments with its own name first; gives the exit status. */
export type Builtin = (shell: Shell, argv: string[], context: BuiltinContext) => Task<number>;

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
  return shell.interpreter.builtins.get(name);
}
