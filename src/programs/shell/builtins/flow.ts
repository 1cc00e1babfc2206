/** break, continue, return, exit, eval, source, exec, command, builtin, type, hash. */
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import { findCommand, notFound, runExternal } from '../command.ts';
import type { SpawnError } from '../../../machines/machine/process.ts';
import type { Shell } from '../state.ts';
import { runText } from '../script.ts';
import { type Builtin, type BuiltinContext, builtinNamed } from './types.ts';
import { singleQuote } from '../quoting.ts';
import { farewell, staysForJobs } from '../leaving.ts';
import { callStack } from '../parameter.ts';
import { printFunction } from '../print-command.ts';
import { runTrap } from '../traps.ts';

const KEYWORDS = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'case',
  'esac',
  'for',
  'select',
  'while',
  'until',
  'do',
  'done',
  'in',
  'function',
  'time',
  '{',
  '}',
  '!',
  '[[',
  ']]',
  'coproc',
]);

function leaveLoop(kind: 'break' | 'continue'): Builtin {
  return function* leave(shell, argv): Task<number> {
    const levels = argv[1] === undefined ? 1 : Number(argv[1]);
    if (shell.loops === 0) {
      if (shell.flavour !== 'ash')
        yield* shell.complain(`${kind}: only meaningful in a \`for', \`while', or \`until' loop`);
      return 0;
    }
    if (!Number.isInteger(levels)) {
      yield* shell.complain(`${kind}: ${argv[1]}: numeric argument required`);
      shell.exit(128);
      return 128;
    }
    if (levels < 1) {
      yield* shell.complain(`${kind}: ${argv[1]}: loop count out of range`);
      shell.jump = { kind: 'break', levels: shell.loops };
      return 1;
    }
    shell.jump = { kind, levels: Math.min(levels, shell.loops) };
    return 0;
  };
}

function* statusArgument(shell: Shell, argv: readonly string[]): Task<number> {
  const text = argv[1];
  if (text === undefined) return shell.status;
  if (/^[+-]?\d+$/.test(text)) return Number(BigInt.asUintN(8, BigInt(text.replace(/^\+/, ''))));
  yield* shell.complain(`${argv[0]}: ${text}: numeric argument required`);
  return 2;
}

function* returns(shell: Shell, argv: string[]): Task<number> {
  if (shell.calls === 0 && shell.sourcing === 0) {
    yield* shell.complain("return: can only `return' from a function or sourced script");
    return 2;
  }
  const status = yield* statusArgument(shell, argv);
  shell.jump = { kind: 'return' };
  return status;
}

function* exits(shell: Shell, argv: string[]): Task<number> {
  if (argv[0] === 'logout' && !shell.login && shell.flavour !== 'ash') {
    yield* shell.complain("logout: not login shell: use `exit'");
    return 1;
  }
  if (shell.interactive && shell.subshell === 0 && shell.flavour !== 'ash') {
    yield* shell.write(2, farewell(shell));
    if (yield* staysForJobs(shell)) return 1;
  }
  const status = yield* statusArgument(shell, argv);
  if (argv.length > 2 && /^\d+$/.test(argv[1] ?? '')) {
    yield* shell.complain(`${argv[0]}: too many arguments`);
    return 1;
  }
  shell.exit(status);
  return shell.status;
}

function* evals(shell: Shell, argv: string[]): Task<number> {
  const text = argv.slice(argv[1] === '--' ? 2 : 1).join(' ');
  if (text.trim() === '') return 0;
  const { source, at } = shell;
  shell.traceDepth += 1;
  yield* runText(shell, text, { ...source, text, firstLine: shell.line() - 1 }, 'eval: ');
  shell.traceDepth -= 1;
  shell.source = source;
  shell.at = at;
  return shell.status;
}

function* sources(shell: Shell, argv: string[]): Task<number> {
  const name = argv[1];
  if (name === undefined) {
    yield* shell.complain(
      `${argv[0]}: filename argument required\n${argv[0]}: usage: ${argv[0]} filename [arguments]`,
    );
    return 2;
  }
  const { files } = shell.process;
  let path = name;
  if (!name.includes('/')) {
    for (const folder of (shell.variables.get('PATH') ?? '').split(':')) {
      const stat = files.stat(`${folder}/${name}`);
      if (stat.ok && stat.value.type === 'file') {
        path = `${folder}/${name}`;
        break;
      }
    }
  }
  const text = files.readText(path);
  if (!text.ok) {
    const directory = text.error === 'EISDIR';
    if (shell.flavour === 'ash') {
      yield* shell.write(
        2,
        `${shell.prefix()}.: can't open '${name}': No such file or directory\n`,
      );
      if (!shell.interactive) shell.exit(2);
      return 2;
    }
    yield* shell.complain(
      directory ? `${argv[0]}: ${name}: is a directory` : `${name}: ${strerror(text.error)}`,
    );
    return 1;
  }
  if (shell.sourcing > 200) {
    yield* shell.complain(`${name}: maximum source nesting level exceeded (200)`);
    shell.discard();
    return 1;
  }
  const { source, at, positional } = shell;
  if (argv.length > 2) shell.positional = argv.slice(2);
  shell.sourcing += 1;
  shell.frames.push({ name: 'source', line: shell.line(), file: name });
  shell.status = 0;
  yield* runText(shell, text.value, { name, text: text.value, firstLine: 0, numbered: true }, '');
  if (shell.traps.has('RETURN')) yield* runTrap(shell, 'RETURN');
  shell.frames.pop();
  shell.sourcing -= 1;
  if (argv.length > 2) shell.positional = positional;
  if (shell.jump?.kind === 'return') shell.jump = undefined;
  shell.source = source;
  shell.at = at;
  return shell.status;
}

function* execs(shell: Shell, argv: string[]): Task<number> {
  let args = argv.slice(1);
  let name0: string | undefined;
  while (args[0]?.startsWith('-') === true) {
    if (args[0] === '-a') {
      name0 = args[1];
      args = args.slice(2);
    } else args = args.slice(1);
  }
  const name = args[0];
  if (name === undefined) return 0;
  const found = findCommand(shell, name);
  const stat = found.kind === 'file' ? shell.process.files.stat(found.path) : undefined;
  if (found.kind !== 'file' || stat?.ok !== true) {
    const words =
      found.kind === 'file'
        ? `${name}: cannot execute: ${strerror('ENOENT')}`
        : `exec: ${notFound(shell, name, found).replace(/command not found$/, 'not found')}`;
    yield* shell.complain(words);
    if (!shell.interactive) shell.exit(127);
    return 127;
  }
  const error = yield* shell.process.exec?.({
    argv: name0 === undefined ? args : [name0, ...args.slice(1)],
    path: found.path,
    env: shell.variables.environment(),
  }) ?? unavailable(found.path);
  yield* shell.complain(`${found.path}: ${strerror(error.errno)}`);
  if (!shell.interactive) shell.exit(126);
  return 126;
}

function* unavailable(path: string): Task<SpawnError> {
  return { errno: 'ENOSYS', path, notFound: false };
}

interface Kind {
  readonly kind: string;
  readonly text: string;
}

/** What a name is, the first that would be found; with `all` everything that it could be. */
function kindsOf(shell: Shell, name: string, all: boolean): readonly Kind[] {
  const first = kindOf(shell, name);
  if (!all) return first === undefined ? [] : [first];
  const out: Kind[] = first === undefined || first.kind === 'file' ? [] : [first];
  if (first?.kind !== 'builtin' && builtinNamed(shell, name) !== undefined)
    out.push({ kind: 'builtin', text: name });
  for (const folder of name.includes('/') ? [] : (shell.variables.get('PATH') ?? '').split(':')) {
    const stat = shell.process.files.stat(`${folder}/${name}`);
    if (stat.ok && stat.value.type !== 'directory' && (stat.value.mode & 0o111) !== 0)
      out.push({ kind: 'file', text: `${folder}/${name}` });
  }
  return out.length === 0 && first !== undefined ? [first] : out;
}

/** What a name is, in the order in which it would be found. */
function kindOf(shell: Shell, name: string): Kind | undefined {
  const alias = shell.aliases.get(name);
  if (alias !== undefined && shell.interactive) return { kind: 'alias', text: alias };
  if (KEYWORDS.has(name)) return { kind: 'keyword', text: name };
  const callee = shell.functions.get(name);
  if (callee !== undefined)
    return { kind: 'function', text: printFunction(callee.node, callee.source.text) };
  if (builtinNamed(shell, name) !== undefined) return { kind: 'builtin', text: name };
  const found = findCommand(shell, name);
  if (found.kind !== 'file') return undefined;
  const stat = shell.process.files.stat(found.path);
  if (!stat.ok || stat.value.type === 'directory' || (stat.value.mode & 0o111) === 0)
    return undefined;
  return { kind: 'file', text: found.path };
}

function describe(shell: Shell, name: string, kind: Kind): string {
  switch (kind.kind) {
    case 'alias':
      return `${name} is aliased to \`${kind.text}'`;
    case 'keyword':
      return `${name} is a shell keyword`;
    case 'function':
      return `${name} is a function\n${kind.text}`;
    case 'builtin':
      return `${name} is a shell builtin`;
    default:
      return shell.hashed.has(name)
        ? `${name} is hashed (${kind.text})`
        : `${name} is ${kind.text}`;
  }
}

function* types(shell: Shell, argv: string[]): Task<number> {
  let mode = '';
  let at = 1;
  while (/^-[tpPaf]+$/.test(argv[at] ?? '')) mode += (argv[at++] as string).slice(1);
  let status = 0;
  for (const name of argv.slice(at)) {
    const kinds = kindsOf(shell, name, mode.includes('a'));
    if (kinds.length === 0) {
      status = 1;
      if (!/[tpP]/.test(mode)) yield* shell.complain(`type: ${name}: not found`);
    }
    for (const kind of kinds) {
      if (mode.includes('t')) yield* shell.write(1, `${kind.kind}\n`);
      else if (/[pP]/.test(mode)) {
        const found =
          mode.includes('P') && !mode.includes('a') ? findCommand(shell, name) : undefined;
        if (found?.kind === 'file') yield* shell.write(1, `${found.path}\n`);
        else if (kind.kind === 'file') yield* shell.write(1, `${kind.text}\n`);
      } else yield* shell.write(1, `${describe(shell, name, kind)}\n`);
    }
  }
  return status;
}

function* commands(shell: Shell, argv: string[], context: BuiltinContext): Task<number> {
  let at = 1;
  let mode = '';
  while (/^-[pvV]+$/.test(argv[at] ?? '')) mode += (argv[at++] as string).slice(1);
  if (argv[at] === '--') at += 1;
  const rest = argv.slice(at);
  const name = rest[0];
  if (name === undefined) return 0;
  if (mode.includes('v') || mode.includes('V')) {
    let status = 0;
    for (const each of rest) {
      const kind = kindOf(shell, each);
      if (kind === undefined) {
        status = 1;
        if (mode.includes('V')) yield* shell.complain(`command: ${each}: not found`);
      } else if (mode.includes('V')) yield* shell.write(1, `${describe(shell, each, kind)}\n`);
      else if (kind.kind === 'alias')
        yield* shell.write(1, `alias ${each}=${singleQuote(kind.text)}\n`);
      else yield* shell.write(1, `${kind.kind === 'file' ? kind.text : each}\n`);
    }
    return status;
  }
  const builtin = builtinNamed(shell, name);
  if (builtin !== undefined) return yield* builtin(shell, rest, context);
  yield* runExternal(shell, rest, { temporary: [], redirects: [], text: rest.join(' ') });
  return shell.status;
}

function* builtins(shell: Shell, argv: string[], context: BuiltinContext): Task<number> {
  const name = argv[1];
  if (name === undefined) return 0;
  const builtin = shell.interpreter.builtins.get(name);
  if (builtin !== undefined) return yield* builtin(shell, argv.slice(1), context);
  yield* shell.complain(`builtin: ${name}: not a shell builtin`);
  return 1;
}

function* hashes(shell: Shell, argv: string[]): Task<number> {
  if (argv[1] === '-r') {
    shell.hashed.clear();
    return 0;
  }
  let status = 0;
  for (const name of argv.slice(1)) {
    const found = findCommand(shell, name);
    if (found.kind === 'file' && !name.includes('/')) shell.hashed.set(name, found.path);
    else {
      yield* shell.complain(`hash: ${name}: not found`);
      status = 1;
    }
  }
  if (argv.length === 1 && shell.hashed.size === 0)
    yield* shell.write(1, 'hash: hash table empty\n');
  else if (argv.length === 1) {
    yield* shell.write(1, 'hits\tcommand\n');
    for (const path of shell.hashed.values()) yield* shell.write(1, `   1\t${path}\n`);
  }
  return status;
}

function* caller(shell: Shell, argv: string[]): Task<number> {
  const text = argv[1];
  const depth = text === undefined ? 0 : Number(text);
  if (!Number.isInteger(depth) || depth < 0) {
    yield* shell.complain(`caller: ${text}: invalid number`);
    yield* shell.write(2, 'caller: usage: caller [expr]\n');
    return 2;
  }
  if (shell.frames.length === 0) return 1;
  const line = callStack(shell, 'BASH_LINENO')[depth];
  const file = callStack(shell, 'BASH_SOURCE')[depth + 1];
  const name = callStack(shell, 'FUNCNAME')[depth + 1];
  if (text === undefined) yield* shell.write(1, `${line} ${file ?? 'NULL'}\n`);
  else if (name === undefined) return 1;
  else yield* shell.write(1, `${line} ${name} ${file}\n`);
  return 0;
}

export const FLOW_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['break', leaveLoop('break')],
  ['continue', leaveLoop('continue')],
  ['return', returns],
  ['exit', exits],
  ['logout', exits],
  ['eval', evals],
  ['.', sources],
  ['source', sources],
  ['exec', execs],
  ['command', commands],
  ['builtin', builtins],
  ['type', types],
  ['hash', hashes],
  ['caller', caller],
];
