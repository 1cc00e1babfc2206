/** Pipelines and the foreground: each stage a process of its own, joined by pipes. */
import { anyOf, type Task } from '../../ground/base/task.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Child, ExitStatus, Signal } from '../../machines/machine/process.ts';
import { complainPending } from './report.ts';
import { forkTask } from './fork.ts';
import type { CommandNode, Pipeline } from './parser.ts';
import { type Job, SIGNAL_NUMBERS, type Shell } from './state.ts';

export function* runPipeline(shell: Shell, node: Pipeline): Task<void> {
  const negated = node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1;
  const timed = node.prefixes.find((prefix) => prefix.type === 'Time');
  const started = shell.process.clock.monotonic();
  if (negated) shell.tested += 1;
  const only = node.commands[0];
  if (node.commands.length === 0) shell.status = 0;
  else if (node.commands.length === 1 && only !== undefined) {
    yield* shell.interpreter.runNode(shell, only);
  } else yield* runStages(shell, node);
  if (negated) shell.tested -= 1;
  if (timed !== undefined)
    yield* reportTime(shell, shell.process.clock.monotonic() - started, timed.posix !== undefined);
  if (negated && !shell.leaving) shell.status = shell.status === 0 ? 1 : 0;
}

function* reportTime(shell: Shell, micros: number, posix: boolean): Task<void> {
  const seconds = Math.floor(micros / 1000) / 1000;
  const text = (value: number): string => {
    const rest = (value - Math.floor(value / 60) * 60).toFixed(3);
    return `${Math.floor(value / 60)}m${rest}s`;
  };
  const wanted = posix ? undefined : shell.variables.get('TIMEFORMAT');
  if (wanted === '') return;
  if (wanted !== undefined) {
    yield* shell.write(2, `${timeText(wanted, seconds)}\n`);
    return;
  }
  yield* shell.write(
    2,
    posix
      ? `real ${seconds.toFixed(2)}\nuser 0.00\nsys 0.00\n`
      : `\nreal\t${text(seconds)}\nuser\t0m0.000s\nsys\t0m0.000s\n`,
  );
}

/** TIMEFORMAT: `%R`, `%3lU`, `%P`; the processor's times are not counted per command here. */
function timeText(format: string, seconds: number): string {
  return format.replace(
    /%(?:%|([0-9]?)(l?)([RUS])|P)/g,
    (whole, digits: string, long: string, letter: string) => {
      if (whole === '%%') return '%';
      if (whole === '%P') return '0.00';
      const places = digits === '' ? 3 : Math.min(3, Number(digits));
      const value = letter === 'R' ? seconds : 0;
      if (long === '') return value.toFixed(places);
      const minutes = Math.floor(value / 60);
      return `${minutes}m${(value - minutes * 60).toFixed(places)}s`;
    },
  );
}

function* runStages(shell: Shell, node: Pipeline): Task<void> {
  const children = startStages(shell, node.commands, node.operators, shell.interactive);
  if (children === undefined) {
    yield* complainPending(shell);
    shell.status = 254;
    return;
  }
  const terminal = shell.process.descriptors.get(0)?.terminal;
  const group = children[0]?.pid;
  if (shell.interactive && group !== undefined) terminal?.setForeground(group);
  const codes: number[] = [];
  let last: ExitStatus | undefined;
  for (const child of children) {
    last = yield* endOrStop(shell, child);
    if (last === undefined)
      return yield* putAside(shell, children, shell.source.text.slice(node.pos, node.end));
    codes.push(last.code);
  }
  if (shell.interactive) terminal?.setForeground(shell.process.pid);
  setPipeStatus(shell, codes);
  shell.status = codes.at(-1) ?? 0;
  if (shell.options.has('pipefail'))
    shell.status = codes.reduce((sum, code) => (code === 0 ? sum : code), 0);
  if (last?.signal !== undefined) yield* afterSignal(shell, last, children.at(-1)?.pid ?? 0, '');
}

/** Starts every stage; undefined when a process could not be made. */
function startStages(
  shell: Shell,
  commands: readonly CommandNode[],
  operators: readonly string[],
  newGroup: boolean,
): Child[] | undefined {
  const children: Child[] = [];
  let input: OpenFile | undefined;
  for (let index = 0; index < commands.length; index += 1) {
    const command = commands[index] as CommandNode;
    const descriptors = new Map(shell.process.descriptors);
    if (input !== undefined) descriptors.set(0, input);
    const ends = index < commands.length - 1 ? shell.process.pipe() : undefined;
    if (ends !== undefined) descriptors.set(1, ends[1]);
    if (operators[index] === '|&' && ends !== undefined) descriptors.set(2, ends[1]);
    const leader = children[0]?.pid;
    const child = forkTask(
      shell,
      {
        descriptors,
        newGroup,
        tail: command.type === 'Command',
        ...(leader === undefined ? {} : { group: leader }),
      },
      (copy) => copy.interpreter.runNode(copy, command),
    );
    input?.close();
    ends?.[1].close();
    input = ends?.[0];
    if (child === undefined) {
      input?.close();
      return undefined;
    }
    children.push(child);
  }
  return children;
}

export function setPipeStatus(shell: Shell, codes: readonly number[]): void {
  const variable = shell.variables.make('PIPESTATUS');
  variable.value = undefined;
  variable.indexed = new Map(
    codes.map((code, index) => [index, code]).map(([index, code]) => [index as number, `${code}`]),
  );
}

/** Waits until a child has ended; undefined when Ctrl-Z has stopped it instead. */
function* endOrStop(shell: Shell, child: Child): Task<ExitStatus | undefined> {
  if (!shell.interactive || child.stopped === undefined || child.status !== undefined)
    return yield* child.wait();
  const first = yield* anyOf([child.exited, child.stopped]);
  return first.index === 0 ? yield* child.wait() : undefined;
}

/** A stopped foreground job goes into the table of jobs. */
function* putAside(shell: Shell, children: readonly Child[], text: string): Task<void> {
  const number = (shell.jobs.at(-1)?.number ?? 0) + 1;
  const job: Job = {
    number,
    group: children[0]?.pid ?? 0,
    text,
    children,
    state: 'stopped',
    notified: true,
  };
  shell.jobs.push(job);
  shell.process.descriptors.get(0)?.terminal?.setForeground(shell.process.pid);
  yield* shell.write(2, `\n[${number}]+  ${'Stopped'.padEnd(24)}${text}\n`);
  shell.status = 148;
}

/** Waits for a child that holds the foreground. */
export function* waitForeground(shell: Shell, child: Child, text: string): Task<void> {
  const terminal = shell.interactive ? shell.process.descriptors.get(0)?.terminal : undefined;
  const ended = yield* endOrStop(shell, child);
  if (ended === undefined) return yield* putAside(shell, [child], text);
  terminal?.setForeground(shell.process.pid);
  shell.children.delete(child.pid);
  shell.status = ended.code;
  setPipeStatus(shell, [ended.code]);
  if (ended.signal !== undefined) yield* afterSignal(shell, ended, child.pid, text);
}

const DEATHS: ReadonlyMap<Signal, string> = new Map([
  ['SIGHUP', 'Hangup'],
  ['SIGQUIT', 'Quit'],
  ['SIGKILL', 'Killed'],
  ['SIGUSR1', 'User defined signal 1'],
  ['SIGUSR2', 'User defined signal 2'],
  ['SIGALRM', 'Alarm clock'],
  ['SIGTERM', 'Terminated'],
]);

export function deathOf(signal: Signal): string {
  const number = SIGNAL_NUMBERS.find(([, name]) => name === signal)?.[0];
  return DEATHS.get(signal) ?? `Signal ${number ?? 0}`;
}

function* afterSignal(shell: Shell, ended: ExitStatus, pid: number, text: string): Task<void> {
  const { signal } = ended;
  if (signal === undefined) return;
  if (signal === 'SIGINT') {
    if (shell.interactive) {
      yield* shell.write(2, '\n');
      shell.discard(130);
    } else if (!shell.traps.has('INT')) {
      shell.process.kill(shell.process.pid, 'SIGINT');
      yield* shell.step();
    }
    return;
  }
  if (signal === 'SIGPIPE') return;
  const words = deathOf(signal);
  if (shell.interactive) yield* shell.write(2, `${words}\n`);
  else if (text !== '')
    yield* shell.complain(`${`${pid}`.padStart(5)} ${words.padEnd(23)} ${text}`);
}
