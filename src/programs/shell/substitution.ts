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

/** Process substitutions are named from this descriptor downwards, as bash does. */
const SUBSTITUTION_TOP = 63;

/**
 * `<(…)` and `>(…)`: one end of a pipe, which the command finds as /dev/fd/N while the other end is the
 * standard output or input of a shell that runs beside it.
 */
export function* substituteProcess(shell: Shell, part: ProcessSubstitutionPart): Task<string> {
  const [read, write] = shell.process.pipe();
  const reads = part.operator === '<';
  const mine = reads ? read : write;
  const theirs = reads ? write : read;
  const descriptors = new Map(shell.process.descriptors);
  for (const item of shell.substitutions) descriptors.delete(item.descriptor);
  descriptors.set(reads ? 1 : 0, theirs);
  const child = forkShell(shell, part.script?.commands ?? [], { descriptors });
  theirs.close();
  if (child === undefined) {
    mine.close();
    return '';
  }
  let descriptor = SUBSTITUTION_TOP;
  while (shell.process.descriptors.has(descriptor)) descriptor -= 1;
  shell.process.descriptors.set(descriptor, mine);
  shell.substitutions.push({ descriptor, file: mine });
  shell.lastBackground = child.pid;
  return `/dev/fd/${descriptor}`;
}

/** Closes the ends that a command's process substitutions had here. */
export function finishSubstitutions(shell: Shell, from: number): void {
  for (const item of shell.substitutions.splice(from)) {
    if (shell.process.descriptors.get(item.descriptor) === item.file)
      shell.process.descriptors.delete(item.descriptor);
    item.file.close();
  }
}
