/**
 * The learner's terminals: each a login shell of `learner` on the workstation, behind a pseudo-terminal
 * whose other side is the door. Output is kept until a door takes it; it is also told to the story hash.
 */
import { assert } from '../ground/base/assert.ts';
import { textOf } from '../ground/base/bytes.ts';
import type { Recorder } from '../ground/trace/recorder.ts';
import { nullFile } from '../machines/machine/files/open-file.ts';
import type { Host } from '../machines/machine/host.ts';
import type { Child } from '../machines/machine/process.ts';
import { Pty, type TerminalState } from '../machines/machine/terminal.ts';

export const LEARNER = { uid: 1000, gid: 1000, name: 'learner', home: '/home/learner' } as const;

export interface LabTerminal {
  readonly id: number;
  readonly pty: Pty;
  readonly state: TerminalState;
  /** Output since the last call. */
  takeOutput(): string;
  /** Exit statuses of commands at a prompt since the last call. */
  takeStatuses(): readonly number[];
  readonly shell: Child;
  /** For the tab. */
  readonly title: string;
}

/** Environment of a login shell on the workstation. */
function loginEnvironment(): ReadonlyMap<string, string> {
  return new Map([
    ['HOME', LEARNER.home],
    ['LANG', 'C.UTF-8'],
    ['LOGNAME', LEARNER.name],
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['SHELL', '/bin/bash'],
    ['TERM', 'xterm-256color'],
    ['USER', LEARNER.name],
    ['EDITOR', '/usr/bin/editor'],
  ]);
}

/** Opens a terminal and starts its shell; `argv` replaces the login shell (a script). */
export function openTerminal(
  host: Host,
  recorder: Recorder,
  id: number,
  size: { readonly columns: number; readonly rows: number },
  argv: readonly string[] = ['-bash'],
): LabTerminal {
  let pending: string[] = [];
  let statuses: number[] = [];
  const pty = new Pty({
    name: `/dev/pts/${id}`,
    columns: size.columns,
    rows: size.rows,
    output: (bytes) => {
      const text = textOf(bytes);
      pending.push(text);
      recorder.tell(text);
    },
    finished: (status) => statuses.push(status),
  });
  const shell = host.spawn({
    argv,
    path: '/bin/bash',
    env: loginEnvironment(),
    cwd: LEARNER.home,
    uid: LEARNER.uid,
    gid: LEARNER.gid,
    terminal: pty.file,
  });
  assert(shell.ok, 'the workstation has a shell');
  return {
    id,
    pty,
    shell: shell.value,
    title: host.name,
    get state() {
      return pty.state;
    },
    takeOutput() {
      const text = pending.join('');
      pending = [];
      return text;
    },
    takeStatuses() {
      const taken = statuses;
      statuses = [];
      return taken;
    },
  };
}

/** Runs a scenario's set-up as the learner, at home and without a terminal; the trace tells its end. */
export function runSetup(host: Host, recorder: Recorder, text: string): void {
  if (text === '') return;
  const nothing = nullFile();
  const spawned = host.spawn({
    argv: ['bash', '-c', text],
    path: '/bin/bash',
    env: loginEnvironment(),
    cwd: LEARNER.home,
    uid: LEARNER.uid,
    gid: LEARNER.gid,
    descriptors: new Map([0, 1, 2].map((number) => [number, nothing] as const)),
    newGroup: true,
  });
  assert(spawned.ok, 'the workstation has a shell');
  const child = spawned.value;
  host.kernel.onExit(child.pid, (status) => {
    recorder.record({ component: 'lab', verb: 'setup', object: 'setup', note: `${status.code}` });
  });
}
