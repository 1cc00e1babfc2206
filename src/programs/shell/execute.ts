/**
 * The interpreter: walks the syntax tree and runs it (bash 5.2 execute_cmd.c). Every function is a
 * task; the exit status stands in `shell.status`, and a command that leaves its surroundings (break,
 * return, exit, an error that ends the line) sets `shell.jump`, which every list looks at.
 */
import { textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { compileGlob, matchesGlob } from '../../ground/lang/glob.ts';
import { runSimpleCommand } from './command.ts';
import { runCoproc } from './coproc.ts';
import { evaluateConditional } from './conditional.ts';
import { evaluateText, expandPattern, expandText, expandWords } from './expand.ts';
import { forkShell } from './fork.ts';
import { runInBackground } from './jobs.ts';
import type {
  AndOr,
  ArithmeticFor,
  ArithmeticExpression,
  Case,
  CommandNode,
  CompoundList,
  For,
  Function as FunctionNode,
  If,
  PipelineNode,
  Select,
  Statement,
  While,
} from './parser.ts';
import { complainPending, traceLine } from './report.ts';
import type { Node } from './interpreter.ts';
import { runPipeline } from './pipeline.ts';
import { applyRedirections, restoreRedirections } from './redirect.ts';
import { NESTING_MAX, type Shell } from './state.ts';
import { assign } from './assign.ts';
import { finishSubstitutions } from './substitution.ts';
import { noteCommand, runPendingTraps, runTrap, runTrapCommand } from './traps.ts';
import { waitForeground } from './pipeline.ts';
import { interrupted } from './waiting.ts';

/** Runs statements until control leaves. */
export function* runStatements(shell: Shell, statements: readonly Statement[]): Task<void> {
  for (const statement of statements) {
    if (shell.pendingTraps.length > 0) yield* runPendingTraps(shell);
    if (shell.leaving) return;
    yield* runStatement(shell, statement);
  }
  if (shell.pendingTraps.length > 0) yield* runPendingTraps(shell);
}

function* runStatement(shell: Shell, statement: Statement): Task<void> {
  yield* shell.step();
  if (shell.leaving || shell.options.has('n')) return;
  const substitutions = shell.substitutions.length;
  if (statement.background === true) yield* runInBackground(shell, statement);
  else yield* runNode(shell, statement.command);
  if (shell.substitutions.length > substitutions) finishSubstitutions(shell, substitutions);
}

/** Runs a node as part of a condition: failures do not end the shell. */
function* runTested(shell: Shell, node: Node): Task<void> {
  shell.tested += 1;
  yield* runNode(shell, node);
  shell.tested -= 1;
}

/** Runs any node and applies `set -e` and the ERR trap to the ones that stand for a command. */
export function* runNode(shell: Shell, node: Node): Task<void> {
  if (shell.nesting > NESTING_MAX) {
    yield* shell.complain(`maximum nesting level exceeded (${NESTING_MAX})`);
    shell.exit(2);
    return;
  }
  shell.nesting += 1;
  yield* dispatch(shell, node);
  shell.nesting -= 1;
  if (shell.status === 0 || shell.tested > 0 || shell.leaving) return;
  switch (node.type) {
    case 'Pipeline':
      if (node.prefixes.some((prefix) => prefix.type === 'Negation')) return;
      break;
    case 'Command':
    case 'Subshell':
    case 'TestCommand':
    case 'ArithmeticCommand':
    case 'Redirected':
      break;
    default:
      return;
  }
  yield* failed(shell);
}

function* failed(shell: Shell): Task<void> {
  const { status } = shell;
  if (shell.traps.has('ERR') && (shell.calls === 0 || shell.options.has('E')))
    yield* runTrap(shell, 'ERR');
  if (shell.options.has('e')) shell.exit(status);
}

function* dispatch(shell: Shell, node: Node): Task<void> {
  switch (node.type) {
    case 'Command':
      return yield* runSimpleCommand(shell, node);
    case 'Pipeline':
      return yield* runPipeline(shell, node);
    case 'AndOr':
      return yield* runAndOr(shell, node);
    case 'CompoundList':
      return yield* runStatements(shell, node.commands);
    case 'If':
      return yield* runIf(shell, node);
    case 'For':
      return yield* runFor(shell, node);
    case 'ArithmeticFor':
      return yield* runArithmeticFor(shell, node);
    case 'While':
      return yield* runWhile(shell, node);
    case 'Case':
      return yield* runCase(shell, node);
    case 'Select':
      return yield* runSelect(shell, node);
    case 'BraceGroup':
      return yield* runStatements(shell, node.body.commands);
    case 'Subshell':
      if (!shell.inTrap) {
        shell.running = node;
        shell.runningText = shell.source.text;
      }
      return yield* runSubshell(shell, node.body);
    case 'Function':
      return yield* defineFunction(shell, node);
    case 'TestCommand':
      shell.at = node.pos;
      if (!shell.inTrap) yield* noteCommand(shell, node);
      return yield* evaluateConditional(shell, node.expression);
    case 'ArithmeticCommand':
      if (!shell.inTrap) yield* noteCommand(shell, node);
      return yield* runArithmetic(shell, node.pos, node.body);
    case 'Redirected':
      return yield* runRedirected(shell, node.command, node.redirects);
    case 'Coproc':
      yield* runCoproc(shell, node);
  }
}

function* runAndOr(shell: Shell, node: AndOr): Task<void> {
  for (let index = 0; index < node.commands.length; index += 1) {
    const operator = node.operators[index - 1];
    if (operator === '&&' && shell.status !== 0) continue;
    if (operator === '||' && shell.status === 0) continue;
    const command = node.commands[index] as PipelineNode;
    if (index < node.commands.length - 1) yield* runTested(shell, command);
    else yield* runNode(shell, command);
    if (shell.leaving) return;
  }
}

function* runIf(shell: Shell, node: If): Task<void> {
  yield* runTested(shell, node.clause);
  if (shell.leaving) return;
  if (shell.status === 0) return yield* runStatements(shell, node.then.commands);
  for (const branch of node.elif) {
    yield* runTested(shell, branch.clause);
    if (shell.leaving) return;
    if (shell.status === 0) return yield* runStatements(shell, branch.then.commands);
  }
  shell.status = 0;
  if (node.else !== undefined) yield* runStatements(shell, node.else.commands);
}

/** Runs a loop's body; false when the loop is over. */
function* runBody(shell: Shell, body: CompoundList): Task<boolean> {
  yield* runStatements(shell, body.commands);
  return loopGoesOn(shell);
}

function loopGoesOn(shell: Shell): boolean {
  const { jump } = shell;
  if (jump === undefined) return true;
  if (jump.kind !== 'break' && jump.kind !== 'continue') return false;
  jump.levels -= 1;
  if (jump.levels > 0) return false;
  shell.jump = undefined;
  return jump.kind === 'continue';
}

function* runFor(shell: Shell, node: For): Task<void> {
  shell.at = node.pos;
  const words =
    node.wordlist === undefined ? [...shell.positional] : yield* expandWords(shell, node.wordlist);
  if (shell.leaving) return;
  shell.status = 0;
  shell.loops += 1;
  for (const word of words) {
    yield* shell.step();
    if (shell.leaving) break;
    if (!shell.inTrap) yield* noteCommand(shell, node);
    if (!assign(shell, node.name.text, word, false)) {
      yield* complainPending(shell);
      break;
    }
    if (shell.options.has('x'))
      yield* traceLine(shell, `for ${node.name.text} in ${words.join(' ')}`);
    if (!(yield* runBody(shell, node.body))) break;
  }
  shell.loops -= 1;
}

function expressionText(shell: Shell, node: ArithmeticExpression | undefined): string | undefined {
  return node === undefined ? undefined : shell.source.text.slice(node.pos, node.end);
}

function* runArithmeticFor(shell: Shell, node: ArithmeticFor): Task<void> {
  shell.at = node.pos;
  const initialize = expressionText(shell, node.initialize);
  const test = expressionText(shell, node.test);
  const update = expressionText(shell, node.update);
  shell.status = 0;
  if (initialize !== undefined) yield* evaluateText(shell, initialize);
  if (shell.leaving) return;
  shell.loops += 1;
  for (;;) {
    yield* shell.step();
    if (shell.leaving) break;
    if (test !== undefined) {
      const value = yield* evaluateText(shell, test);
      if (value === undefined || value === 0n) break;
    }
    if (!(yield* runBody(shell, node.body))) break;
    if (update !== undefined) yield* evaluateText(shell, update);
    if (shell.leaving) break;
  }
  shell.loops -= 1;
}

function* runWhile(shell: Shell, node: While): Task<void> {
  shell.loops += 1;
  let status = 0;
  for (;;) {
    yield* shell.step();
    if (shell.leaving) break;
    yield* runTested(shell, node.clause);
    if (shell.leaving) {
      if (!loopGoesOn(shell)) break;
      continue;
    }
    if ((shell.status === 0) !== (node.kind === 'while')) {
      shell.status = status;
      break;
    }
    const goesOn = yield* runBody(shell, node.body);
    status = shell.status;
    if (!goesOn) break;
  }
  shell.loops -= 1;
}

function* runCase(shell: Shell, node: Case): Task<void> {
  shell.at = node.pos;
  if (!shell.inTrap) yield* noteCommand(shell, node);
  const text = yield* expandText(shell, node.word);
  if (shell.options.has('x')) yield* traceLine(shell, `case ${node.word.text} in`);
  let falls = false;
  let ran = false;
  for (const item of node.items) {
    if (shell.leaving) return;
    if (!falls) {
      let matched = false;
      for (const pattern of item.pattern) {
        const source = yield* expandPattern(shell, pattern);
        if (
          matchesGlob(compileGlob(source, { ignoreCase: shell.shopt.has('nocasematch') }), text)
        ) {
          matched = true;
          break;
        }
      }
      if (!matched) continue;
    }
    if (!ran) shell.status = 0;
    ran = true;
    yield* runStatements(shell, item.body.commands);
    if (shell.leaving) return;
    if (item.terminator === ';;' || item.terminator === undefined) return;
    falls = item.terminator === ';&';
  }
  if (!ran && !shell.leaving) shell.status = 0;
}

function* runSelect(shell: Shell, node: Select): Task<void> {
  const words =
    node.wordlist === undefined ? [...shell.positional] : yield* expandWords(shell, node.wordlist);
  shell.status = 0;
  if (words.length === 0 || shell.leaving) return;
  const menu = words
    .map((word, index) => `${`${index + 1}`.padStart(`${words.length}`.length)}) ${word}\n`)
    .join('');
  shell.loops += 1;
  yield* shell.write(2, menu);
  for (;;) {
    yield* shell.step();
    if (shell.leaving) break;
    yield* shell.write(2, shell.variables.get('PS3') ?? '#? ');
    const line = yield* readLine(shell);
    if (line === undefined) {
      if (!shell.leaving) shell.status = 1;
      break;
    }
    if (line === '') {
      yield* shell.write(2, menu);
      continue;
    }
    shell.set('REPLY', line);
    shell.set(node.name.text, words[Number(line) - 1] ?? '');
    if (!(yield* runBody(shell, node.body))) break;
  }
  shell.loops -= 1;
}

/** One line of standard input, byte by byte so that nothing is taken from who reads next. */
function* readLine(shell: Shell): Task<string | undefined> {
  const file = shell.process.descriptors.get(0);
  if (file === undefined) return undefined;
  const bytes: number[] = [];
  for (;;) {
    if (yield* interrupted(shell, file)) return undefined;
    const chunk = yield* file.read(1);
    if (!chunk.ok || chunk.value === undefined)
      return bytes.length === 0 ? undefined : decode(bytes);
    if (chunk.value[0] === 10) return decode(bytes);
    bytes.push(chunk.value[0] as number);
  }
}

function decode(bytes: readonly number[]): string {
  return textOf(Uint8Array.from(bytes));
}

function* runSubshell(shell: Shell, body: CompoundList): Task<void> {
  const child = forkShell(shell, body.commands, { subshell: true });
  if (child === undefined) {
    yield* complainPending(shell);
    shell.status = 254;
    return;
  }
  yield* waitForeground(shell, child, '');
}

function* defineFunction(shell: Shell, node: FunctionNode): Task<void> {
  const name = node.name.value;
  if (!/^[^\s$'"\\|&;()<>]+$/.test(name)) {
    yield* shell.complain(`\`${name}': not a valid identifier`);
    shell.status = 1;
    return;
  }
  const { source } = shell;
  const file = source.functions ?? source.name;
  const shown = shell.interactive || file === source.name ? source : { ...source, name: file };
  shell.functions.set(name, { node, source: shown, file, traced: false });
  shell.status = 0;
}

function* runArithmetic(shell: Shell, pos: number, body: string): Task<void> {
  shell.at = pos;
  if (shell.options.has('x')) yield* traceLine(shell, `(( ${body} ))`);
  const value = yield* evaluateText(shell, body, '((: ');
  if (value === undefined) {
    if (shell.jump?.kind === 'discard') shell.jump = undefined;
    shell.status = 1;
  } else shell.status = value === 0n ? 1 : 0;
}

function* runRedirected(
  shell: Shell,
  command: CommandNode,
  redirects: Parameters<typeof applyRedirections>[1],
): Task<void> {
  shell.at = command.pos;
  const saved = yield* applyRedirections(shell, redirects);
  if (saved === undefined) return;
  yield* dispatch(shell, command);
  restoreRedirections(shell, saved);
}

/** The end of a shell: its EXIT trap. */
export function* finishShell(shell: Shell): Task<void> {
  const command = shell.traps.get('EXIT');
  if (command === undefined || command === '') return;
  shell.jump = undefined;
  const { status } = shell;
  shell.traps.delete('EXIT');
  yield* runTrapCommand(shell, command);
  const left = shell.jump as { kind: string } | undefined;
  if (left?.kind !== 'exit') shell.status = status;
}
