/** Background jobs: starting them, knowing their state, and saying so. */
import type { Task } from '../../ground/base/task.ts';
import type { Child } from '../../machines/machine/process.ts';
import { complainPending } from './report.ts';
import { forkTask } from './fork.ts';
import type { Statement } from './parser.ts';
import { deathOf } from './pipeline.ts';
import { printCommand } from './print-command.ts';
import type { Job, Shell } from './state.ts';

export function* runInBackground(shell: Shell, statement: Statement): Task<void> {
  const descriptors = new Map(shell.process.descriptors);
  let empty: ReturnType<typeof shell.process.files.open> | undefined;
  if (!shell.interactive) {
    // Without job control a background command does not read the shell's input.
    empty = shell.process.files.open('/dev/null', 'r');
    if (empty.ok) descriptors.set(0, empty.value);
  }
  const child = forkTask(
    shell,
    {
      descriptors,
      newGroup: shell.interactive,
      background: true,
      tail: statement.command.type === 'Command',
    },
    (copy) => copy.interpreter.runNode(copy, statement.command),
  );
  if (empty?.ok === true) empty.value.close();
  if (child === undefined) {
    yield* complainPending(shell);
    shell.status = 254;
    return;
  }
  shell.lastBackground = child.pid;
  shell.status = 0;
  yield* addJob(shell, child, commandText(shell, statement));
}

/** Puts a background process into the table of jobs, and at a terminal says its number. */
export function* addJob(shell: Shell, child: Child, text: string): Task<void> {
  const number = (shell.jobs.at(-1)?.number ?? 0) + 1;
  shell.jobs.push({
    number,
    group: child.pid,
    text,
    children: [child],
    state: 'running',
    notified: false,
  });
  if (shell.interactive) yield* shell.write(2, `[${number}] ${child.pid}\n`);
}

function commandText(shell: Shell, statement: Statement): string {
  return printCommand(statement.command, shell.source.text);
}

/** The status that a job's last process ended with. */
function endOf(job: Job): Child['status'] {
  return job.children.at(-1)?.status;
}

/** Looks which jobs have ended. */
export function refreshJobs(shell: Shell): void {
  for (const job of shell.jobs) {
    if (job.children.every((child) => child.status !== undefined)) job.state = 'done';
  }
}

/** `[1]+  Running                 sleep 10 &` */
export function jobLine(shell: Shell, job: Job): string {
  const latest = shell.jobs.at(-1) === job ? '+' : shell.jobs.at(-2) === job ? '-' : ' ';
  return `[${job.number}]${latest}  ${stateText(job).padEnd(24)}${job.text}${job.state === 'running' ? ' &' : ''}\n`;
}

function stateText(job: Job): string {
  if (job.state === 'running') return 'Running';
  if (job.state === 'stopped') return 'Stopped';
  const ended = endOf(job);
  if (ended?.signal !== undefined) return deathOf(ended.signal);
  return ended === undefined || ended.code === 0 ? 'Done' : `Exit ${ended.code}`;
}

/** Prints notices about ended jobs and forgets them; before a prompt. */
export function* notifyJobs(shell: Shell): Task<void> {
  refreshJobs(shell);
  // The shell waits for what has ended behind it, so that no zombies stay.
  for (const [pid, child] of shell.children) {
    if (child.status === undefined || shell.reaped.has(pid)) continue;
    shell.reaped.add(pid);
    yield* child.wait();
  }
  for (const job of shell.jobs) {
    if (job.state !== 'done') continue;
    if (shell.interactive) yield* shell.write(2, jobLine(shell, job));
  }
  shell.jobs = shell.jobs.filter((job) => job.state !== 'done');
}

/** `%1`, `%%`, `%+`, `%-`, `%name`, `%?text`. */
export function findJob(shell: Shell, text: string): Job | undefined {
  const name = text.replace(/^%/, '');
  if (name === '' || name === '%' || name === '+') return shell.jobs.at(-1);
  if (name === '-') return shell.jobs.at(-2) ?? shell.jobs.at(-1);
  if (/^\d+$/.test(name)) return shell.jobs.find((job) => job.number === Number(name));
  if (name.startsWith('?')) return shell.jobs.find((job) => job.text.includes(name.slice(1)));
  return shell.jobs.find((job) => job.text.startsWith(name));
}
