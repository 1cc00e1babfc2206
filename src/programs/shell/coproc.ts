/** `coproc`: a command beside the shell, with a pipe to it and one from it in the array NAME. */
import type { Task } from '../../ground/base/task.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { forkTask } from './fork.ts';
import { addJob } from './jobs.ts';
import type { Coproc } from './parser.ts';
import { printCommand } from './print-command.ts';
import { complainPending } from './report.ts';
import type { Shell } from './state.ts';

/** Descriptors of coprocesses are taken from here downwards, below those of process substitutions. */
const COPROC_TOP = 63;

export function* runCoproc(shell: Shell, node: Coproc): Task<void> {
  const name = node.name?.text ?? 'COPROC';
  const [theirInput, myOutput] = shell.process.pipe();
  const [myInput, theirOutput] = shell.process.pipe();
  const descriptors = new Map(shell.process.descriptors);
  descriptors.set(0, theirInput);
  descriptors.set(1, theirOutput);
  const child = forkTask(
    shell,
    {
      descriptors,
      newGroup: shell.interactive,
      background: true,
      tail: node.body.type === 'Command',
    },
    (copy) => copy.interpreter.runNode(copy, node.body),
  );
  theirInput.close();
  theirOutput.close();
  if (child === undefined) {
    myInput.close();
    myOutput.close();
    yield* complainPending(shell);
    shell.status = 254;
    return;
  }
  const read = place(shell, myInput);
  const write = place(shell, myOutput);
  const variable = shell.variables.make(name);
  variable.value = undefined;
  variable.indexed = new Map([
    [0, `${read}`],
    [1, `${write}`],
  ]);
  shell.set(`${name}_PID`, `${child.pid}`);
  shell.lastBackground = child.pid;
  shell.status = 0;
  yield* addJob(shell, child, printCommand(node, shell.source.text));
}

/** The highest free descriptor takes the file. */
function place(shell: Shell, file: OpenFile): number {
  let descriptor = COPROC_TOP;
  while (shell.process.descriptors.has(descriptor)) descriptor -= 1;
  shell.process.descriptors.set(descriptor, file);
  return descriptor;
}
