/**
 * The shell at a terminal: prompts, continuation lines, history, `!` expansion, job notices. Lines
 * come whole: editing them is the line editor's work, outside simulated time.
 */
import { textOf } from '../../ground/base/bytes.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { expandQuoted } from './expand.ts';
import { expandHistory, historyLine } from './history.ts';
import { farewell, staysForJobs } from './leaving.ts';
import { notifyJobs } from './jobs.ts';
import { parseShell } from './parser.ts';
import { expandPromptText } from './prompt.ts';
import { runText } from './script.ts';
import type { Shell } from './state.ts';
import { runPendingTraps } from './traps.ts';

/** As Debian's /etc/bash.bashrc sets it. */
const PS1 = '\\u@\\h:\\w\\$ ';
const HISTORY_MAX = 1000;

export function* runInteractive(shell: Shell): Task<void> {
  if (shell.variables.get('PS1') === undefined)
    shell.set('PS1', shell.flavour === 'ash' ? '\\w \\$ ' : PS1);
  if (shell.variables.get('PS2') === undefined) shell.set('PS2', '> ');
  loadHistory(shell);
  const { source } = shell;
  let ran = false;
  for (;;) {
    yield* notifyJobs(shell);
    yield* runPendingTraps(shell);
    const text = yield* readCommand(shell, ran);
    ran = false;
    if (text === undefined) {
      yield* shell.write(2, shell.flavour === 'ash' ? '\n' : farewell(shell));
      if (yield* staysForJobs(shell)) continue;
      break;
    }
    if (text.trim() === '') continue;
    shell.interrupted = false;
    shell.warnedOfJobs = shell.warnedOfJobs && /^\s*(exit|logout|jobs)\b/.test(text);
    shell.nesting = 0;
    shell.loops = 0;
    shell.tested = 0;
    shell.at = 0;
    yield* runText(shell, text, { ...source, text }, '');
    const { jump } = shell;
    if (jump?.kind === 'exit') break;
    shell.jump = undefined;
    shell.source = source;
    ran = true;
  }
  saveHistory(shell);
}

function loadHistory(shell: Shell): void {
  const home = shell.variables.get('HOME');
  const text =
    home === undefined ? undefined : shell.process.files.readText(`${home}/.bash_history`);
  if (text?.ok === true) shell.history = text.value.split('\n').filter((line) => line !== '');
}

function saveHistory(shell: Shell): void {
  const home = shell.variables.get('HOME');
  if (home === undefined || shell.history.length === 0) return;
  shell.process.files.write(
    `${home}/.bash_history`,
    `${shell.history.slice(-HISTORY_MAX).join('\n')}\n`,
    0o600,
  );
}

/** Reads lines until they make a complete command; undefined at the end of input. `ran`: one was run before. */
function* readCommand(shell: Shell, ran: boolean): Task<string | undefined> {
  let text = '';
  let name = 'PS1';
  const command = shell.variables.get('PROMPT_COMMAND');
  if (command !== undefined && command !== '') {
    const { status, source } = shell;
    yield* runText(shell, command, { ...source, text: command }, '');
    shell.source = source;
    shell.status = status;
  }
  for (;;) {
    const line = yield* readPrompted(shell, name, ran && name === 'PS1');
    if (line === undefined) return text === '' ? undefined : '';
    if (line.interrupted) {
      shell.status = 130;
      return '';
    }
    const expanded = expandHistory(line.text, shell.history);
    if (!expanded.ok) {
      yield* shell.complain(expanded.error);
      return '';
    }
    if (expanded.value !== line.text) yield* shell.write(2, `${expanded.value}\n`);
    text += `${text === '' ? '' : '\n'}${expanded.value}`;
    if (!parseShell(text).incomplete) break;
    name = 'PS2';
  }
  remember(shell, text);
  return text;
}

function remember(shell: Shell, text: string): void {
  const line = historyLine(text);
  if (line.trim() === '' || line.startsWith(' ') || shell.history.at(-1) === line) return;
  shell.history.push(line);
  if (shell.history.length > HISTORY_MAX) shell.history.shift();
}

interface TypedLine {
  readonly text: string;
  readonly interrupted: boolean;
}

function* readPrompted(shell: Shell, name: string, tells: boolean): Task<TypedLine | undefined> {
  const file = shell.process.descriptors.get(0);
  const terminal = file?.terminal;
  if (file === undefined || terminal === undefined) return undefined;
  terminal.setForeground(shell.process.pid);
  terminal.setMode('line');
  const prompt = yield* expandQuoted(
    shell,
    expandPromptText(shell, shell.variables.get(name) ?? ''),
  );
  shell.interrupted = false;
  terminal.prompt(prompt, tells ? shell.status : undefined);
  let text = '';
  for (;;) {
    const first = yield* anyOf([file.readable, shell.signalled]);
    if (shell.interrupted) {
      shell.interrupted = false;
      yield* shell.write(2, '\n');
      return { text: '', interrupted: true };
    }
    if (first.index === 1) {
      yield* runPendingTraps(shell);
      continue;
    }
    const chunk = yield* file.read();
    if (!chunk.ok || chunk.value === undefined)
      return text === '' ? undefined : { text, interrupted: false };
    text += textOf(chunk.value);
    if (text.endsWith('\n')) return { text: text.slice(0, -1), interrupted: false };
  }
}
