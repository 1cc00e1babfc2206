/** Redirections: every form of bash 5.2, applied to the process's own descriptors and taken back after. */
import type { Task } from '../../ground/base/task.ts';
import { type Errno, strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { expandHereDocument, expandText, expandWords } from './expand.ts';
import { textFile } from './memory-file.ts';
import { isNetworkName, openNetworkFile } from './network-file.ts';
import type { Redirect, Redirection } from './parser.ts';
import type { Shell } from './state.ts';

/** What to put back when the command is over. */
export interface Saved {
  readonly descriptor: number;
  readonly file: OpenFile | undefined;
  readonly opened: OpenFile | undefined;
}

/** Applies redirections in order; undefined after a fault, which is printed and undone. */
export function* applyRedirections(
  shell: Shell,
  redirects: readonly Redirection[],
): Task<Saved[] | undefined> {
  const saved: Saved[] = [];
  for (const redirect of redirects) {
    const good = yield* applyOne(shell, redirect, saved);
    if (good && !shell.leaving) continue;
    restoreRedirections(shell, saved);
    shell.status = shell.status === 0 ? 1 : shell.status;
    if (!good) shell.status = 1;
    return undefined;
  }
  return saved;
}

export function restoreRedirections(shell: Shell, saved: readonly Saved[]): void {
  for (let index = saved.length - 1; index >= 0; index -= 1) {
    const item = saved[index] as Saved;
    item.opened?.close();
    if (item.file === undefined) shell.process.descriptors.delete(item.descriptor);
    else shell.process.descriptors.set(item.descriptor, item.file);
  }
}

/** Makes redirections last (`exec >file`): the old files are closed. */
export function keepRedirections(saved: readonly Saved[]): void {
  for (const item of saved) item.file?.close();
}

function put(shell: Shell, descriptor: number, file: OpenFile | undefined, saved: Saved[]): void {
  saved.push({ descriptor, file: shell.process.descriptors.get(descriptor), opened: file });
  if (file === undefined) shell.process.descriptors.delete(descriptor);
  else shell.process.descriptors.set(descriptor, file);
}

function* descriptorOf(shell: Shell, redirect: Redirection, usual: number): Task<number> {
  const { descriptor } = redirect;
  if (descriptor === undefined) return usual;
  if (descriptor.type === 'FileDescriptor') return descriptor.value;
  const isClose = redirect.type === 'Redirect' && redirect.target?.text === '-';
  if (isClose) return Number(shell.variables.get(descriptor.name) ?? '-1');
  let free = 10;
  while (shell.process.descriptors.has(free)) free += 1;
  shell.set(descriptor.name, `${free}`);
  return free;
}

function* applyOne(shell: Shell, redirect: Redirection, saved: Saved[]): Task<boolean> {
  if (redirect.type === 'HereDoc') {
    const text = yield* expandHereDocument(shell, redirect);
    put(shell, yield* descriptorOf(shell, redirect, 0), textFile('here-document', text), saved);
    return true;
  }
  if (redirect.target === undefined) return true;
  if (redirect.type === 'HereString') {
    const text = yield* expandText(shell, redirect.target);
    put(
      shell,
      yield* descriptorOf(shell, redirect, 0),
      textFile('here-string', `${text}\n`),
      saved,
    );
    return true;
  }
  const words = yield* expandWords(shell, [redirect.target]);
  if (shell.leaving) return false;
  const [target] = words;
  if (words.length !== 1 || target === undefined) {
    yield* shell.complain(`${redirect.target.text}: ambiguous redirect`);
    return false;
  }
  const { operator } = redirect;
  if (operator === '>&' || operator === '<&')
    return yield* duplicate(shell, redirect, target, saved);
  return yield* openTarget(shell, redirect, target, saved);
}

function* openTarget(
  shell: Shell,
  redirect: Redirect,
  target: string,
  saved: Saved[],
): Task<boolean> {
  const { operator } = redirect;
  const both = operator === '&>' || operator === '&>>' || operator === '>&';
  const usual = operator === '<' || operator === '<>' ? 0 : 1;
  const descriptor = yield* descriptorOf(shell, redirect, usual);
  const file = yield* openFile(shell, operator, target);
  if (file === undefined) return false;
  put(shell, descriptor, file, saved);
  if (both) {
    file.retain();
    put(shell, 2, file, saved);
  }
  return true;
}

function* openFile(
  shell: Shell,
  operator: Redirect['operator'],
  target: string,
): Task<OpenFile | undefined> {
  const { files } = shell.process;
  const special = standardDescriptor(target);
  if (special !== undefined) {
    const file = shell.process.descriptors.get(special);
    file?.retain();
    if (file === undefined) yield* shell.complain(`${target}: ${strerror('ENOENT')}`);
    return file;
  }
  if (target === '') {
    yield* shell.complain(`: ${strerror('ENOENT')}`);
    return undefined;
  }
  if (shell.flavour !== 'ash' && isNetworkName(target))
    return yield* openNetworkFile(shell, target);
  const stat = files.stat(target);
  if (operator === '>' && shell.options.has('C') && stat.ok && stat.value.type === 'file') {
    yield* shell.complain(`${target}: cannot overwrite existing file`);
    return undefined;
  }
  const writes = operator !== '<' && operator !== '<>';
  if (writes && stat.ok && stat.value.type === 'directory') {
    yield* shell.complain(failure(shell, target, 'EISDIR', writes));
    return undefined;
  }
  if (operator === '<>' && !stat.ok) files.write(target, '');
  const flags =
    operator === '<'
      ? 'r'
      : operator === '<>'
        ? 'r+'
        : operator === '>>' || operator === '&>>'
          ? 'a'
          : 'w';
  const opened = files.open(target, flags);
  if (opened.ok) return opened.value;
  yield* shell.complain(failure(shell, target, opened.error, writes));
  return undefined;
}

function failure(shell: Shell, target: string, errno: Errno, writes: boolean): string {
  if (shell.flavour !== 'ash') return `${target}: ${strerror(errno)}`;
  const words =
    errno === 'ENOENT' ? (writes ? 'nonexistent directory' : 'no such file') : strerror(errno);
  return `can't ${writes ? 'create' : 'open'} ${target}: ${words}`;
}

function standardDescriptor(target: string): number | undefined {
  if (target === '/dev/stdin') return 0;
  if (target === '/dev/stdout') return 1;
  if (target === '/dev/stderr') return 2;
  const match = /^\/dev\/fd\/(\d+)$/.exec(target);
  return match === null ? undefined : Number(match[1]);
}

function* duplicate(
  shell: Shell,
  redirect: Redirect,
  target: string,
  saved: Saved[],
): Task<boolean> {
  const usual = redirect.operator === '<&' ? 0 : 1;
  if (target === '-') {
    put(shell, yield* descriptorOf(shell, redirect, usual), undefined, saved);
    return true;
  }
  const match = /^(\d+)(-?)$/.exec(target);
  if (match === null) {
    if (redirect.operator === '>&' && redirect.descriptor === undefined) {
      return yield* openTarget(shell, redirect, target, saved);
    }
    yield* shell.complain(`${target}: ambiguous redirect`);
    return false;
  }
  const from = Number(match[1]);
  const file = shell.process.descriptors.get(from);
  if (file === undefined) {
    yield* shell.complain(`${from}: ${strerror('EBADF')}`);
    return false;
  }
  file.retain();
  put(shell, yield* descriptorOf(shell, redirect, usual), file, saved);
  if (match[2] === '-') put(shell, from, undefined, saved);
  return true;
}
