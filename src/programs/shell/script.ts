/** Running texts: a whole script, `eval`, a sourced file, `bash -c`. */
import type { Task } from '../../ground/base/task.ts';

import { expandAliases, type Parsed, parseShell, type Statement } from './parser.ts';
import type { Shell, Source } from './state.ts';

/**
 * Runs a text line by line, as bash reads it: an error that ends a command ends its line only, and
 * what stands before a syntax error is run first.
 */
export function* runText(shell: Shell, text: string, source: Source, where: string): Task<void> {
  const expands = shell.interactive || shell.shopt.has('expand_aliases');
  const known = expands ? expandAliases(text, shell.aliases) : text;
  shell.source = { ...source, text: known };
  const parsed = parseShell(known);
  if (shell.options.has('v')) yield* shell.write(2, known.endsWith('\n') ? known : `${known}\n`);
  const only = parsed.statements.length === 1 ? parsed.statements[0] : undefined;
  // `bash -c 'program'` becomes the program.
  if (
    shell.commandString === text &&
    where === '-c: ' &&
    only?.command.type === 'Command' &&
    only.background !== true
  )
    shell.tail = true;
  yield* runLines(shell, known, parsed.statements);
  if (parsed.fault !== undefined && !shell.leaving) yield* reportFault(shell, known, parsed, where);
}

/** A syntax error in busybox's words. */
function ashFault(message: string): string {
  const token = /^syntax error near unexpected token `(.*)'$/s.exec(message)?.[1];
  if (token !== undefined)
    return `syntax error: unexpected ${token === 'newline' ? token : `"${token}"`}`;
  if (/looking for matching `["']'/.test(message))
    return 'syntax error: unterminated quoted string';
  return message;
}

/** Prints a syntax error with the line it stands in. */
function* reportFault(shell: Shell, text: string, parsed: Parsed, where: string): Task<void> {
  const { fault } = parsed;
  if (fault === undefined) return;
  if (shell.flavour === 'ash') {
    yield* shell.write(2, `${shell.prefix()}${ashFault(fault.message)}\n`);
    shell.status = 2;
    return;
  }
  // At the end of a text bash has already counted one line more.
  const past = fault.message.endsWith('unexpected end of file') && !text.endsWith('\n') ? 1 : 0;
  const line = shell.line(fault.pos) + past;
  const prefix = shell.source.numbered
    ? `${shell.source.name}: ${where}line ${line}: `
    : `${shell.source.name}: ${where}`;
  yield* shell.write(2, `${prefix}${fault.message}\n`);
  if (fault.showLine && shell.source.numbered) {
    const start = text.lastIndexOf('\n', fault.pos - 1) + 1;
    const end = text.indexOf('\n', fault.pos);
    yield* shell.write(2, `${prefix}\`${text.slice(start, end < 0 ? undefined : end)}'\n`);
  }
  shell.status = 2;
  if (!shell.interactive && where === 'eval: ' && shell.options.has('posix')) shell.exit(2);
}

/** Runs statements; an error that discards its line goes on with the next line. */
function* runLines(shell: Shell, text: string, statements: readonly Statement[]): Task<void> {
  for (let index = 0; index < statements.length; index += 1) {
    const statement = statements[index] as Statement;
    yield* shell.interpreter.runStatements(shell, [statement]);
    if (shell.jump?.kind !== 'discard' || shell.subshell > 0) {
      if (shell.leaving) return;
      continue;
    }
    // Skip what stands on the same line.
    let next = index + 1;
    while (
      next < statements.length &&
      !text
        .slice((statements[next - 1] as Statement).end, (statements[next] as Statement).pos)
        .includes('\n')
    )
      next += 1;
    if (shell.calls > 0 || shell.sourcing > 0) return;
    shell.jump = undefined;
    index = next - 1;
  }
}

/** Runs a file as a script in this (forked) shell. */
export function* runScriptFile(
  shell: Shell,
  path: string,
  text: string,
  args: readonly string[],
): Task<void> {
  shell.name0 = path;
  shell.script = path;
  shell.frames = [];
  shell.calls = 0;
  shell.positional = [...args];
  shell.subshell = 0;
  shell.commandString = undefined;
  yield* runText(shell, text, { name: path, text, firstLine: 0, numbered: true }, '');
}
