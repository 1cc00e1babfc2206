/**
 * Runs a shell script on the workstation of a booted lab, in a terminal of its own, and hands out what
 * the terminal shows as it comes. For the headless lab, benchmarks and transcripts.
 */
import { assert } from '../ground/base/assert.ts';
import type { Lab } from './lab.ts';
import { LEARNER, openTerminal } from './terminals.ts';

const SCRIPT_TERMINAL = 900;
/** Events between two looks at the terminal. */
const SLICE_EVENTS = 2_000;
/** Ctrl-D. */
const END_OF_INPUT = '\x04';

/** Exit code of the script; output goes to `print` in order. */
export function runScript(
  lab: Lab,
  text: string,
  name: string,
  print: (text: string) => void,
): number {
  const path = `${LEARNER.home}/.script.sh`;
  const files = lab.cluster.workstation.files;
  const written = files.write(path, text, 0o755);
  assert(written.ok, "the learner's home takes a script");
  files.chown(path, LEARNER.uid, LEARNER.gid);
  const size = { columns: 200, rows: 50 };
  const terminal = openTerminal(lab.cluster.workstation, lab.recorder, SCRIPT_TERMINAL, size, [
    name,
    path,
  ]);
  while (terminal.shell.status === undefined) {
    const reason = lab.run({
      events: SLICE_EVENTS,
      when: () => terminal.shell.status !== undefined,
    });
    print(terminal.takeOutput());
    // Nobody sits here: an editor is closed at once, and a program that reads a line gets none.
    const { edit, waiting } = terminal.state;
    if (edit !== undefined) {
      print(
        `(nobody is here to edit ${edit.name}: closed without saving; set EDITOR or KUBE_EDITOR)\n`,
      );
      terminal.pty.edited(undefined);
    } else if (waiting) terminal.pty.keys(END_OF_INPUT);
    assert(reason !== 'empty', 'a script that waits has something to wait for');
  }
  print(terminal.takeOutput());
  return terminal.shell.status.code;
}
