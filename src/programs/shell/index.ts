/**
 * bash 5.2 as a program: `bash`, the same invoked as `sh`, and busybox's `ash`. Options, start-up
 * files, and the choice between a script, `-c`, standard input and a terminal (bash 5.2 shell.c).
 */
import { textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process, Program } from '../../machines/machine/process.ts';

import { BUILTINS } from './builtins/index.ts';
import { finishShell, runNode, runStatements } from './execute.ts';
import type { Interpreter, Regexps } from './interpreter.ts';
import { expandParameter } from './parameter.ts';
import { substituteCommand, substituteProcess } from './substitution.ts';
import { runInteractive } from './interactive.ts';
import { userName } from './prompt.ts';
import { runText } from './script.ts';
import { type Flavour, Shell } from './state.ts';
import { runStandardInput } from './standard-input.ts';
import { setTrap } from './traps.ts';

export { completeLine, type CompletionView, type Completion } from './completion.ts';

const INTERPRETER: Omit<Interpreter, 'regexps'> = {
  runNode,
  runStatements,
  finishShell,
  expandParameter,
  substituteCommand,
  substituteProcess,
  builtins: BUILTINS,
};

const VERSION = '5.2.15(1)-release';

export function bashWith(regexps: Regexps): Program {
  const interpreter = { ...INTERPRETER, regexps };
  return {
    name: 'bash',
    version: '5.2.15',
    main: (process) =>
      main(process, interpreter, /(^|\/)-?sh$/.test(process.argv[0] ?? '') ? 'sh' : 'bash'),
  };
}

/** busybox's shell: what `sh` is in small images. */
export function ashWith(regexps: Regexps): Program {
  const interpreter = { ...INTERPRETER, regexps };
  return { name: 'sh', version: '1.36.1', main: (process) => main(process, interpreter, 'ash') };
}

interface Invocation {
  command: string | undefined;
  interactive: boolean;
  login: boolean;
  standardInput: boolean;
  rc: boolean;
  args: string[];
}

function* readInvocation(shell: Shell, argv: readonly string[]): Task<Invocation | undefined> {
  const out: Invocation = {
    command: undefined,
    interactive: false,
    login: argv[0]?.startsWith('-') === true,
    standardInput: false,
    rc: true,
    args: [],
  };
  let at = 1;
  let wantsCommand = false;
  for (; at < argv.length; at += 1) {
    const arg = argv[at] as string;
    if (arg === '--') {
      at += 1;
      break;
    }
    if (arg === '--norc') out.rc = false;
    else if (arg === '--noprofile' || arg === '--posix' || arg === '--noediting') continue;
    else if (arg === '--login') out.login = true;
    else if (arg === '--version') {
      yield* shell.write(1, `GNU bash, version ${VERSION} (x86_64-pc-linux-gnu)\n`);
      return undefined;
    } else if (arg.startsWith('--')) {
      yield* shell.write(2, `${shell.name0}: ${arg}: invalid option\n`);
      shell.status = 2;
      return undefined;
    } else if (/^[-+]./.test(arg)) {
      for (const letter of arg.slice(1)) {
        if (letter === 'c') wantsCommand = true;
        else if (letter === 'i') out.interactive = true;
        else if (letter === 'l') out.login = true;
        else if (letter === 's') out.standardInput = true;
        else if (letter === 'o' || letter === 'O') {
          at += 1;
          const name = argv[at] ?? '';
          if (letter === 'O') shell.shopt.add(name);
          else shell.options.add(LONG.get(name) ?? name);
        } else if (arg[0] === '-') shell.options.add(letter);
        else shell.options.delete(letter);
      }
    } else break;
  }
  out.args = argv.slice(at);
  if (wantsCommand) {
    const command = out.args.shift();
    if (command === undefined) {
      yield* shell.write(2, `${shell.name0}: -c: option requires an argument\n`);
      shell.status = 2;
      return undefined;
    }
    out.command = command;
  }
  return out;
}

const LONG: ReadonlyMap<string, string> = new Map([
  ['errexit', 'e'],
  ['nounset', 'u'],
  ['xtrace', 'x'],
  ['noglob', 'f'],
  ['noexec', 'n'],
  ['verbose', 'v'],
]);

function importEnvironment(shell: Shell, process: Process): void {
  for (const [name, value] of process.env) {
    if (!/^[A-Za-z_]\w*$/.test(name)) continue;
    const variable = shell.variables.make(name);
    variable.value = value;
    variable.exported = true;
  }
  const plain = (name: string, value: string): void => {
    if (shell.variables.raw(name) === undefined) shell.variables.make(name).value = value;
  };
  shell.variables.make('PWD').value = process.cwd;
  shell.variables.make('PWD').exported = true;
  plain('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  shell.variables.make('IFS').value = ' \t\n';
  plain('OPTIND', '1');
  shell.variables.make('PPID').value = `${process.ppid}`;
  plain('HOSTNAME', process.hostname);
  if (shell.flavour === 'ash') return;
  const level = Number(shell.variables.get('SHLVL') ?? '0');
  shell.variables.make('SHLVL').value = `${Number.isNaN(level) ? 1 : level + 1}`;
  shell.variables.make('SHLVL').exported = true;
  plain('BASH', '/bin/bash');
  plain('BASH_VERSION', VERSION);
  const versions = shell.variables.make('BASH_VERSINFO');
  versions.indexed = new Map(
    ['5', '2', '15', '1', 'release', 'x86_64-pc-linux-gnu'].map((part, index) => [index, part]),
  );
  versions.readonly = true;
  for (const [name, value] of [
    ['UID', `${process.uid}`],
    ['EUID', `${process.uid}`],
  ] as const) {
    const variable = shell.variables.make(name);
    variable.value = value;
    variable.readonly = true;
    variable.integer = true;
  }
  plain('HOSTTYPE', 'x86_64');
  plain('OSTYPE', 'linux-gnu');
  plain('MACHTYPE', 'x86_64-pc-linux-gnu');
  plain('PS4', '+ ');
  plain('OPTERR', '1');
}

function* main(process: Process, interpreter: Interpreter, flavour: Flavour): Task<number> {
  const shell = new Shell(process, flavour, interpreter);
  // A login shell keeps its dash: `-bash: foo: command not found`.
  shell.name0 = process.argv[0] ?? 'bash';
  importEnvironment(shell, process);
  yield* process.work(process.costs.smallToolMicros);
  const called = shell.name0.split('/').at(-1) as string;
  shell.source = { name: called, text: '', firstLine: 0, numbered: true, functions: 'main' };
  const invocation = yield* readInvocation(shell, process.argv);
  if (invocation === undefined) return shell.status;
  const input = process.descriptors.get(0);
  const script =
    invocation.command === undefined && !invocation.standardInput ? invocation.args[0] : undefined;
  const atTerminal =
    invocation.command === undefined && script === undefined && input?.terminal !== undefined;
  shell.interactive = invocation.interactive || atTerminal;
  shell.login = invocation.login;
  if (shell.interactive) {
    shell.options.add('m');
    shell.options.add('H');
    shell.shopt.add('expand_aliases');
    shell.source = { ...shell.source, numbered: false };
    if (shell.variables.get('USER') === undefined)
      shell.variables.make('USER').value = userName(shell);
    // Handled rather than ignored: what the shell starts shall not inherit it.
    for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGTSTP'] as const)
      process.onSignal(signal, () => {});
    setTrap(shell, 'INT', undefined);
  }
  if (invocation.login) yield* startupFile(shell, ['/etc/profile']);
  if (invocation.login)
    yield* startupFile(shell, ['~/.bash_profile', '~/.bash_login', '~/.profile']);
  if (shell.interactive && !invocation.login && invocation.rc && flavour === 'bash') {
    yield* startupFile(shell, ['/etc/bash.bashrc']);
    yield* startupFile(shell, ['~/.bashrc']);
  }
  if (shell.jump?.kind !== 'exit') yield* start(shell, invocation, script);
  yield* shell.interpreter.finishShell(shell);
  return shell.status;
}

function* start(shell: Shell, invocation: Invocation, script: string | undefined): Task<void> {
  const { name } = shell.source;
  if (invocation.command !== undefined) {
    if (invocation.args[0] !== undefined) shell.name0 = invocation.args[0];
    shell.positional = invocation.args.slice(1);
    shell.commandString = invocation.command;
    const source = {
      name: shell.flavour === 'ash' ? name : shell.name0,
      text: invocation.command,
      firstLine: 0,
      numbered: true,
      functions: 'environment',
    };
    return yield* runText(shell, invocation.command, source, '-c: ');
  }
  if (script !== undefined) {
    shell.positional = invocation.args.slice(1);
    return yield* runFile(shell, script);
  }
  shell.positional = invocation.args;
  if (shell.process.descriptors.get(0)?.terminal !== undefined) return yield* runInteractive(shell);
  shell.options.add('s');
  return yield* runStandardInput(shell);
}

function* runFile(shell: Shell, path: string): Task<void> {
  const { files } = shell.process;
  let found = path;
  if (!files.exists(path) && !path.includes('/')) {
    for (const folder of (shell.variables.get('PATH') ?? '').split(':')) {
      if (files.exists(`${folder}/${path}`)) found = `${folder}/${path}`;
    }
  }
  const bytes = files.read(found);
  const called = shell.source.name;
  if (!bytes.ok) {
    const words = strerror(bytes.error);
    if (shell.flavour === 'ash')
      yield* shell.write(2, `${called}: can't open '${path}': ${words}\n`);
    else if (bytes.error === 'EISDIR') yield* shell.write(2, `${path}: ${path}: ${words}\n`);
    else yield* shell.write(2, `${called}: ${path}: ${words}\n`);
    shell.status = bytes.error === 'ENOENT' ? (shell.flavour === 'ash' ? 2 : 127) : 126;
    return;
  }
  const text = textOf(bytes.value);
  if (text.slice(0, 80).includes('\0')) {
    yield* shell.write(2, `${path}: ${path}: cannot execute binary file\n`);
    shell.status = 126;
    return;
  }
  shell.name0 = path;
  shell.script = path;
  yield* runText(shell, text, { name: path, text, firstLine: 0, numbered: true }, '');
}

/** Sources the first of the files that is there. */
function* startupFile(shell: Shell, paths: readonly string[]): Task<void> {
  const home = shell.variables.get('HOME') ?? '/';
  for (const path of paths) {
    const full = path.replace(/^~/, home);
    const text = shell.process.files.readText(full);
    if (!text.ok) continue;
    const { source } = shell;
    shell.sourcing += 1;
    yield* runText(
      shell,
      text.value,
      { name: full, text: text.value, firstLine: 0, numbered: true },
      '',
    );
    shell.sourcing -= 1;
    if (shell.jump?.kind === 'return' || shell.jump?.kind === 'discard') shell.jump = undefined;
    shell.source = source;
    shell.at = 0;
    return;
  }
}
