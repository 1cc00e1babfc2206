/** A script on standard input: complete commands run as soon as their lines have come. */
import { textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import { parseShell } from './parser.ts';
import { runText } from './script.ts';
import type { Shell } from './state.ts';

/** The next line with its newline, read byte by byte: the commands share the input. */
function* nextLine(shell: Shell): Task<string | undefined> {
  const file = shell.process.descriptors.get(0);
  if (file === undefined) return undefined;
  const bytes: number[] = [];
  for (;;) {
    const chunk = yield* file.read(1);
    if (!chunk.ok || chunk.value === undefined) break;
    const byte = chunk.value[0] as number;
    bytes.push(byte);
    if (byte === 10) break;
  }
  return bytes.length === 0 ? undefined : textOf(Uint8Array.from(bytes));
}

export function* runStandardInput(shell: Shell): Task<void> {
  const { source } = shell;
  let firstLine = 0;
  for (;;) {
    let text = yield* nextLine(shell);
    if (text === undefined) return;
    while (parseShell(text).incomplete) {
      const more = yield* nextLine(shell);
      if (more === undefined) break;
      text += more;
    }
    yield* runText(shell, text, { ...source, text, firstLine }, '');
    firstLine += text.split('\n').length - 1;
    if (shell.jump?.kind === 'discard') shell.jump = undefined;
    if (shell.leaving) return;
    if (shell.status === 2 && parseShell(text).fault !== undefined) return;
  }
}
