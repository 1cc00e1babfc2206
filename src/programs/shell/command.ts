/** Simple commands: assignments, functions, builtins, and files found in PATH. */
import type { Task } from '../../ground/base/task.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Program, SpawnError } from '../../machines/machine/process.ts';
import { assign, assignArray, assignElement, type ArrayElement } from './assign.ts';
import { builtinNamed, type BuiltinContext } from './builtins/types.ts';
import { complainPending, traceLine } from './report.ts';
import { cachedWord, expandText, expandWords, faultNow } from './expand.ts';
import { type Assignment, type Command, parseWord, type Redirection, type Word } from './parser.ts';
import { setPipeStatus, waitForeground } from './pipeline.ts';
import { quoteIfNeeded } from './quoting.ts';
import { applyRedirections, keepRedirections, restoreRedirections } from './redirect.ts';
import { runScriptFile } from './script.ts';
import { CALL_DEPTH_MAX, type Shell, type ShellFunction } from './state.ts';
import { noteCommand, runTrap } from './traps.ts';
import { newVariable } from './variables.ts';
import { forkTask } from './fork.ts';

const DECLARATIONS = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);

/** An assignment whose words are expanded. */
export interface Expanded {
  readonly name: string;
  readonly index: string | undefined;
  readonly append: boolean;
  readonly value: string;
  readonly elements: readonly ArrayElement[] | undefined;
}

export function* runSimpleCommand(shell: Shell, node: Command): Task<void> {
  shell.at = node.pos;
  shell.substituted = undefined;
  // Most commands have no trap before them: then remembering is all.
  if (shell.traps.size > 0 && !shell.inTrap) yield* noteCommand(shell, node);
  else if (!shell.inTrap) {
    shell.running = node;
    shell.runningText = shell.source.text;
  }
  const name = node.name;
  if (name === undefined) return yield* assignOnly(shell, node);
  const words: Word[] = [name];
  const declared: Expanded[] = [];
  const redirects: Redirection[] = [];
  const assignments = assignmentsOf(node, redirects);
  const declares = DECLARATIONS.has(name.text);
  for (const item of node.suffix) {
    if (item.type === 'Word') words.push(item);
    else if (item.type === 'Assignment') {
      if (declares) declared.push(yield* expandAssignment(shell, item));
      else words.push(wordOf(shell, item));
    } else redirects.push(item);
  }
  const argv = yield* expandWords(shell, words);
  if (shell.pendingFault !== undefined) yield* faultNow(shell);
  if (shell.leaving) return;
  if (argv.length === 0) return yield* assignOnly(shell, node);
  yield* execute(shell, node, argv, declared, assignments, redirects);
  if (declared.length === 0) shell.lastArgument = argv.at(-1) ?? '';
}

/** An assignment that stands as an argument: an ordinary word, whose quotes go. */
function wordOf(shell: Shell, item: Assignment): Word {
  const plain = {
    type: 'Word' as const,
    text: item.text,
    value: item.text,
    pos: item.pos,
    end: item.end,
  };
  return /^[\w=.,:/+-]*$/.test(item.text) ? plain : (cachedWord(shell, item.text) ?? plain);
}

function assignmentsOf(node: Command, redirects: Redirection[]): Assignment[] {
  const out: Assignment[] = [];
  for (const item of node.prefix) {
    if (item.type === 'Assignment') out.push(item);
    else redirects.push(item);
  }
  return out;
}

/** A command without a name: its assignments stay. */
function* assignOnly(shell: Shell, node: Command): Task<void> {
  const redirects: Redirection[] = [];
  const assignments = assignmentsOf(node, redirects);
  for (const item of node.suffix)
    if (item.type !== 'Word' && item.type !== 'Assignment') redirects.push(item);
  for (const assignment of assignments) {
    const expanded = yield* expandAssignment(shell, assignment);
    if (shell.leaving) return;
    if (shell.options.has('x')) yield* traceLine(shell, assignmentText(expanded));
    if (!performAssignment(shell, expanded)) {
      yield* complainPending(shell);
      shell.status = 1;
      if (!shell.interactive && shell.flavour !== 'bash') shell.exit(2);
      else shell.discard();
      return;
    }
  }
  shell.status = shell.substituted ?? 0;
  setPipeStatus(shell, [shell.status]);
  if (redirects.length === 0) return;
  const saved = yield* applyRedirections(shell, redirects);
  if (saved !== undefined) restoreRedirections(shell, saved);
}

function assignmentText(expanded: Expanded): string {
  const index = expanded.index === undefined ? '' : `[${expanded.index}]`;
  const value =
    expanded.elements === undefined
      ? quoteIfNeeded(expanded.value)
      : `(${expanded.elements.map((element) => quoteIfNeeded(element.value)).join(' ')})`;
  return `${expanded.name}${index}${expanded.append ? '+' : ''}=${expanded.value === '' && expanded.elements === undefined ? '' : value}`;
}

export function performAssignment(shell: Shell, item: Expanded): boolean {
  if (item.elements !== undefined) return assignArray(shell, item.name, item.elements, item.append);
  if (item.index !== undefined)
    return assignElement(shell, item.name, item.index, item.value, item.append);
  return assign(shell, item.name, item.value, item.append);
}

function* expandAssignment(shell: Shell, node: Assignment): Task<Expanded> {
  const { value } = node;
  const index = node.index === undefined ? undefined : yield* expandText(shell, node.index);
  if (value.type === 'Word') {
    const text = yield* expandText(shell, value, { quoted: false, assignment: true });
    return {
      name: node.name,
      index,
      append: node.append === true,
      value: text,
      elements: undefined,
    };
  }
  const elements: ArrayElement[] = [];
  for (const word of value.elements) {
    const keyed = /^\[((?:[^\]"']|"[^"]*"|'[^']*')*)\](\+?)=/.exec(word.text);
    if (keyed === null) {
      for (const text of yield* expandWords(shell, [word]))
        elements.push({ key: undefined, value: text });
      continue;
    }
    const key = yield* expandFragment(shell, keyed[1] as string);
    const text = yield* expandFragment(shell, word.text.slice(keyed[0].length));
    elements.push({ key, value: text, ...(keyed[2] === '+' ? { append: true } : {}) });
  }
  return { name: node.name, index, append: node.append === true, value: '', elements };
}

/** Expands a piece of a word's text that is not a word of its own in the tree. */
function* expandFragment(shell: Shell, text: string): Task<string> {
  if (/^[A-Za-z0-9_./:-]*$/.test(text)) return text;
  const quoted = /\s/.test(text) && !/["'\\]/.test(text) ? `"${text}"` : text;
  const word = parseWord(quoted);
  return word === undefined ? text : yield* expandText(shell, word);
}

function* execute(
  shell: Shell,
  node: Command,
  argv: string[],
  declared: readonly Expanded[],
  assignments: readonly Assignment[],
  redirects: readonly Redirection[],
): Task<void> {
  const temporary: Expanded[] = [];
  for (const assignment of assignments) temporary.push(yield* expandAssignment(shell, assignment));
  if (shell.leaving) return;
  if (shell.options.has('x')) {
    const words = [
      ...temporary.map(assignmentText),
      ...argv.map(quoteIfNeeded),
      ...declared.map(assignmentText),
    ];
    yield* traceLine(shell, words.join(' '));
  }
  const name = argv[0] as string;
  const tail = shell.tail && shell.traps.size === 0;
  shell.tail = false;
  const callee = shell.functions.get(name);
  const builtin = callee === undefined ? builtinNamed(shell, name) : undefined;
  if (callee === undefined && builtin === undefined) {
    yield* runExternal(shell, argv, {
      temporary,
      redirects,
      text: shell.source.text.slice(node.pos, node.end),
      tail,
    });
    return;
  }
  const saved = yield* applyRedirections(shell, redirects);
  if (saved === undefined) return;
  if (callee !== undefined) yield* callFunction(shell, callee, argv, temporary);
  else if (builtin !== undefined) {
    const restore = setTemporary(shell, temporary);
    const context: BuiltinContext = { declared, redirected: redirects.length > 0 };
    shell.status = yield* builtin(shell, argv, context);
    if (name !== 'exec' || argv.length > 1) restore();
    if (shell.pendingFault !== undefined) yield* faultNow(shell);
  }
  if (name === 'exec' && argv.length === 1 && callee === undefined) keepRedirections(saved);
  else restoreRedirections(shell, saved);
  setPipeStatus(shell, [shell.status]);
}

/** Puts `A=1` before a builtin into place; gives back how to take it away. */
function setTemporary(shell: Shell, temporary: readonly Expanded[]): () => void {
  if (temporary.length === 0) return () => {};
  const undo: (() => void)[] = [];
  for (const item of temporary) {
    const variable = shell.variables.find(item.name);
    if (variable === undefined) undo.push(() => shell.variables.unset(item.name));
    else {
      const before = { ...variable };
      undo.push(() => Object.assign(variable, before));
    }
    performAssignment(shell, item);
    shell.variables.make(item.name).exported = true;
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
}

function* callFunction(
  shell: Shell,
  callee: ShellFunction,
  argv: readonly string[],
  temporary: readonly Expanded[],
): Task<void> {
  const name = argv[0] as string;
  if (shell.calls >= CALL_DEPTH_MAX) {
    yield* shell.complain(`${name}: maximum function nesting level exceeded (${CALL_DEPTH_MAX})`);
    shell.discard();
    return;
  }
  const { positional, source, at, loops } = shell;
  shell.variables.open();
  for (const item of temporary) {
    const variable = newVariable(item.value);
    variable.exported = true;
    shell.variables.put(item.name, variable);
  }
  shell.calls += 1;
  shell.frames.push({ name, line: shell.line(), file: callee.file });
  const traps = callee.traced || shell.options.has('T') ? [] : hideTraps(shell);
  shell.positional = argv.slice(1);
  shell.source = callee.source;
  shell.loops = 0;
  const body = callee.node.body;
  yield* shell.interpreter.runNode(shell, body);
  if (shell.jump?.kind === 'return') shell.jump = undefined;
  if (shell.traps.has('RETURN')) yield* runTrap(shell, 'RETURN');
  for (const [trap, command] of traps) if (!shell.traps.has(trap)) shell.traps.set(trap, command);
  shell.frames.pop();
  shell.calls -= 1;
  shell.variables.close();
  shell.positional = positional;
  shell.source = source;
  shell.at = at;
  shell.loops = loops;
}

/** Takes away the traps that a function does not inherit; gives them back for the end of the call. */
function hideTraps(shell: Shell): readonly (readonly [string, string])[] {
  const hidden: (readonly [string, string])[] = [];
  for (const name of ['DEBUG', 'RETURN']) {
    const command = shell.traps.get(name);
    if (command === undefined) continue;
    hidden.push([name, command]);
    shell.traps.delete(name);
  }
  return hidden;
}

export interface ExternalOptions {
  readonly temporary: readonly Expanded[];
  readonly redirects: readonly Redirection[];
  readonly text: string;
  /** Nothing comes after it: it takes the place of this process. */
  readonly tail?: boolean;
}

/** Where a command was found, or why not. */
export type Found =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'denied'; readonly path: string }
  | { readonly kind: 'none' };

export function findCommand(shell: Shell, name: string): Found {
  const { files } = shell.process;
  if (name.includes('/')) return { kind: 'file', path: name };
  const search =
    shell.variables.get('PATH') ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  let denied: string | undefined;
  for (const folder of search.split(':')) {
    const path = folder === '' ? `./${name}` : `${folder.replace(/\/$/, '')}/${name}`;
    const stat = files.stat(path);
    if (!stat.ok || stat.value.type === 'directory') continue;
    if ((stat.value.mode & 0o111) !== 0) return { kind: 'file', path };
    denied ??= path;
  }
  return denied === undefined ? { kind: 'none' } : { kind: 'denied', path: denied };
}

export function* runExternal(
  shell: Shell,
  argv: readonly string[],
  options: ExternalOptions,
): Task<void> {
  const name = argv[0] as string;
  const saved = yield* applyRedirections(shell, options.redirects);
  if (saved === undefined) return;
  const found = name === '' ? { kind: 'none' as const } : findCommand(shell, name);
  if (found.kind !== 'file') {
    shell.status = found.kind === 'none' ? 127 : 126;
    yield* shell.complain(notFound(shell, name, found));
  } else {
    const env = shell.variables.environment();
    for (const item of options.temporary) env.set(item.name, item.value);
    env.set('_', found.path);
    if (options.tail === true && shell.process.exec !== undefined) {
      // What the redirections took away would stay open behind the new program: its readers never see an end.
      keepRedirections(saved);
      const error = yield* shell.process.exec({ argv, path: found.path, env });
      yield* spawnFailed(shell, argv, found.path, error);
      return;
    }
    const child = shell.process.spawn({
      argv,
      path: found.path,
      env,
      cwd: shell.process.cwd,
      descriptors: new Map(shell.process.descriptors),
      ...(shell.interactive ? { newGroup: true } : {}),
    });
    if (!child.ok) yield* spawnFailed(shell, argv, found.path, child.error);
    else {
      if (shell.interactive)
        shell.process.descriptors.get(0)?.terminal?.setForeground(child.value.pid);
      yield* waitForeground(shell, child.value, options.text);
    }
  }
  restoreRedirections(shell, saved);
  setPipeStatus(shell, [shell.status]);
}

export function notFound(shell: Shell, name: string, found: Found): string {
  if (found.kind === 'denied') return `${found.path}: ${strerror('EACCES')}`;
  return shell.flavour === 'ash' ? `${name}: not found` : `${name}: command not found`;
}

function* spawnFailed(
  shell: Shell,
  argv: readonly string[],
  path: string,
  error: SpawnError,
): Task<void> {
  const { files } = shell.process;
  const stat = files.stat(path);
  if (error.errno === 'ENOEXEC') {
    const text = files.readText(path);
    if (text.ok && !text.value.slice(0, 80).includes('\0')) {
      const child = forkTask(shell, {}, (copy) =>
        runScriptFile(copy, path, text.value, argv.slice(1)),
      );
      if (child !== undefined) return yield* waitForeground(shell, child, '');
    }
  }
  if (stat.ok && stat.value.type === 'directory') {
    yield* shell.complain(`${path}: ${strerror('EISDIR')}`);
    shell.status = 126;
    return;
  }
  if (error.errno === 'ENOENT') {
    const interpreter = shebangOf(shell, path);
    if (stat.ok && interpreter !== undefined) {
      yield* shell.complain(
        shell.flavour === 'ash'
          ? `${path}: not found`
          : `${path}: cannot execute: required file not found`,
      );
      shell.status = 127;
      return;
    }
    yield* shell.complain(
      shell.flavour === 'ash' ? `${path}: not found` : `${path}: ${strerror('ENOENT')}`,
    );
    shell.status = 127;
    return;
  }
  yield* shell.complain(`${path}: ${strerror(error.errno)}`);
  shell.status = 126;
}

function shebangOf(shell: Shell, path: string): string | undefined {
  const content = shell.process.files.readContent(path);
  if (!content.ok || isProgram(content.value)) return undefined;
  const text = shell.process.files.readText(path);
  return text.ok ? /^#!\s*(\S+)/.exec(text.value)?.[1] : undefined;
}

function isProgram(content: unknown): content is Program {
  return typeof content === 'object' && content !== null && 'main' in content;
}
