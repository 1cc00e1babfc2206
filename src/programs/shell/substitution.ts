/** Command and process substitution: a forked shell whose output becomes text or a file. */
import { concatBytes, textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { expandText } from './expand.ts';
import { forkShell } from './fork.ts';
import type { CommandExpansionPart, ProcessSubstitutionPart, Script } from './parser.ts';
import type { Shell } from './state.ts';

/** Most bytes that a command substitution may bring. */
const OUTPUT_MAX = 16_000_000;

/** Everything that can be read, as text. */
function* readAll(file: OpenFile): Task<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = yield* file.read();
    if (!chunk.ok || chunk.value === undefined) break;
    parts.push(chunk.value);
    length += chunk.value.length;
    if (length > OUTPUT_MAX) break;
  }
  return textOf(concatBytes(parts));
}

/** Runs `$(…)` and gives its output without trailing newlines. */
export function* substituteCommand(shell: Shell, part: CommandExpansionPart): Task<string> {
  const { script } = part;
  if (script === undefined) return '';
  const file = fileOnly(script);
  if (file !== undefined) {
    const path = yield* expandText(shell, file);
    const text = shell.process.files.readText(path);
    if (text.ok) {
      shell.substituted = 0;
      return text.value.replace(/\n+$/, '').replace(/\0/g, '');
    }
    yield* shell.complain(`${path}: ${strerror(text.error)}`);
    shell.substituted = 1;
    return '';
  }
  const [read, write] = shell.process.pipe();
  const descriptors = new Map(shell.process.descriptors);
  descriptors.set(1, write);
  const child = forkShell(shell, script.commands, {
    descriptors,
    source: script.source,
    substitution: true,
  });
  write.close();
  if (child === undefined) {
    read.close();
    return '';
  }
  const text = yield* readAll(read);
  read.close();
  const status = yield* child.wait();
  shell.substituted = status.code;
  shell.status = status.code;
  return text.replace(/\n+$/, '').replace(/\0/g, '');
}

/** `$(< file)`: the file's word. */
function fileOnly(script: Script): CommandWord | undefined {
  const command = script.commands.length === 1 ? script.commands[0]?.command : undefined;
  if (command?.type !== 'Command' || command.name !== undefined || command.prefix.length !== 1)
    return undefined;
  const redirect = command.prefix[0];
  if (
    redirect?.type !== 'Redirect' ||
    redirect.operator !== '<' ||
    redirect.descriptor !== undefined
  )
    return undefined;
  return redirect.target;
}

type CommandWord = NonNullable<
  Extract<NonNullable<Script['commands'][number]['command']>, { type: 'Command' }>['name']
>;

/**
 * `<(…)` and `>(…)`: there is no /dev/fd here, so the command's output stands in a file under /tmp that
 * goes when the command ends; `>(…)` reads what was written once the command is over.
 */
export function* substituteProcess(shell: Shell, part: ProcessSubstitutionPart): Task<string> {
  const { files } = shell.process;
  const path = `/tmp/.sh-${shell.process.pid}-${shell.substitutions.length}-${shell.random.hex(6)}`;
  const commands = part.script?.commands ?? [];
  const opened = files.open(path, 'w', 0o600);
  if (!opened.ok) {
    yield* shell.complain(`cannot make pipe for process substitution: ${strerror(opened.error)}`);
    return '';
  }
  if (part.operator === '>') {
    opened.value.close();
    shell.substitutions.push({ path, after: () => feed(shell, path, commands) });
    return path;
  }
  const descriptors = new Map(shell.process.descriptors);
  descriptors.set(1, opened.value);
  const child = forkShell(shell, commands, { descriptors });
  opened.value.close();
  if (child !== undefined) yield* child.wait();
  shell.substitutions.push({ path, after: undefined });
  return path;
}

function* feed(shell: Shell, path: string, commands: Script['commands']): Task<void> {
  const input = shell.process.files.open(path, 'r');
  if (!input.ok) return;
  const descriptors = new Map(shell.process.descriptors);
  descriptors.set(0, input.value);
  const child = forkShell(shell, commands, { descriptors });
  input.value.close();
  if (child !== undefined) yield* child.wait();
}

/** Ends the process substitutions of a command. */
export function* finishSubstitutions(shell: Shell, from: number): Task<void> {
  const ended = shell.substitutions.splice(from);
  for (const item of ended) {
    if (item.after !== undefined) yield* item.after();
    shell.process.files.unlink(item.path);
  }
}
