/**
 * What the parts of the interpreter call in one another. Commands run builtins that run commands, words
 * hold commands that hold words: the circle is closed here, by values that the shell carries, and not
 * by imports.
 */
import type { Task } from '../../ground/base/task.ts';
import type { Regexp, RegexpOptions } from '../../ground/lang/regexp/posix.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Builtin } from './builtins/types.ts';
import type { Reading } from './expand.ts';
import type { Fields } from './fields.ts';
import type {
  AndOr,
  CommandExpansionPart,
  CompoundList,
  ParameterExpansionPart,
  PipelineNode,
  ProcessSubstitutionPart,
  SimpleExpansionPart,
  Statement,
} from './parser.ts';
import type { Shell } from './state.ts';

/** Gives the compiler of extended regular expressions, for `=~`; its code may have to come first. */
export type Regexps = (
  process: Process,
) => Task<(source: string, options?: RegexpOptions) => Result<Regexp, string>>;

export type Node = PipelineNode | AndOr | CompoundList;

export interface Interpreter {
  runNode(shell: Shell, node: Node): Task<void>;
  runStatements(shell: Shell, statements: readonly Statement[]): Task<void>;
  finishShell(shell: Shell): Task<void>;
  expandParameter(
    shell: Shell,
    part: SimpleExpansionPart | ParameterExpansionPart,
    fields: Fields,
    reading: Reading,
  ): Task<void>;
  substituteCommand(shell: Shell, part: CommandExpansionPart): Task<string>;
  substituteProcess(shell: Shell, part: ProcessSubstitutionPart): Task<string>;
  builtins: ReadonlyMap<string, Builtin>;
  regexps: Regexps;
}
