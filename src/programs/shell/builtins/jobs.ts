/** jobs, fg, bg, wait, kill, disown, trap, umask, ulimit, times. */
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Child, Signal } from '../../../machines/machine/process.ts';
import { findJob, jobLine, refreshJobs } from '../jobs.ts';
import { waitForeground } from '../pipeline.ts';
import { singleQuote } from '../quoting.ts';
import { type Job, type Shell, SIGNAL_NUMBERS, signalNamed } from '../state.ts';
import { runPendingTraps, setTrap } from '../traps.ts';
import type { Builtin } from './types.ts';

function* jobs(shell: Shell, argv: string[]): Task<number> {
  refreshJobs(shell);
  for (const job of shell.jobs) {
    if (argv.includes('-p')) yield* shell.write(1, `${job.group}\n`);
    else {
      const line = jobLine(shell, job);
      yield* shell.write(
        1,
        argv.includes('-l') ? line.replace(/^(\[\d+\].) {2}/, `$1 ${job.group} `) : line,
      );
    }
  }
  shell.jobs = shell.jobs.filter((job) => job.state !== 'done');
  return 0;
}

function* needJob(shell: Shell, argv: readonly string[]): Task<Job | undefined> {
  if (!shell.interactive && !shell.options.has('m')) {
    yield* shell.complain(`${argv[0]}: no job control`);
    return undefined;
  }
  refreshJobs(shell);
  const job = findJob(shell, argv[1] ?? '%+');
  if (job?.state === 'done') {
    yield* shell.complain(`${argv[0]}: job has terminated`);
    return undefined;
  }
  if (job === undefined) yield* shell.complain(`${argv[0]}: ${argv[1] ?? 'current'}: no such job`);
  return job;
}

function* fg(shell: Shell, argv: string[]): Task<number> {
  const job = yield* needJob(shell, argv);
  if (job === undefined) return 1;
  yield* shell.write(1, `${job.text}\n`);
  const terminal = shell.process.descriptors.get(0)?.terminal;
  terminal?.setForeground(job.group);
  shell.process.kill(-job.group, 'SIGCONT');
  shell.jobs = shell.jobs.filter((other) => other !== job);
  for (const child of job.children) yield* waitForeground(shell, child, job.text);
  return shell.status;
}

function* bg(shell: Shell, argv: string[]): Task<number> {
  const job = yield* needJob(shell, argv);
  if (job === undefined) return 1;
  if (job.state === 'running') {
    yield* shell.complain(`bg: job ${job.number} already in background`);
    return 0;
  }
  job.state = 'running';
  shell.process.kill(-job.group, 'SIGCONT');
  yield* shell.write(1, `[${job.number}]+ ${job.text} &\n`);
  return 0;
}

/** Waits for a child, or for a trapped signal, which ends the wait. */
function* waitFor(shell: Shell, child: Child): Task<number> {
  for (;;) {
    if (child.status !== undefined) return child.status.code;
    const first = yield* anyOf([child.exited, shell.signalled]);
    if (first.index === 0) {
      const ended = yield* child.wait();
      return ended.code;
    }
    if (shell.interrupted) return 130;
    const signal = shell.pendingTraps[0];
    if (signal === undefined) continue;
    const number = SIGNAL_NUMBERS.find(([, name]) => name === signalNamed(signal))?.[0] ?? 0;
    yield* runPendingTraps(shell);
    return shell.leaving ? shell.status : 128 + number;
  }
}

function* wait(shell: Shell, argv: string[]): Task<number> {
  let args = argv.slice(1);
  let next = false;
  let named: string | undefined;
  while (/^-./.test(args[0] ?? '')) {
    const option = args[0] as string;
    args = args.slice(1);
    if (option === '--') break;
    if (option === '-p') {
      named = args[0];
      args = args.slice(1);
    } else if (/^-[nf]+$/.test(option)) next ||= option.includes('n');
    else {
      yield* shell.complain(`wait: ${option.slice(0, 2)}: invalid option`);
      yield* shell.write(2, 'wait: usage: wait [-fn] [-p var] [id ...]\n');
      return 2;
    }
  }
  if (named !== undefined) shell.variables.unset(named);
  if (next) {
    const running = shell.jobs.flatMap((job) => job.children);
    if (running.length === 0) return 127;
    const done = running.find((child) => child.status !== undefined);
    const first =
      done === undefined ? yield* anyOf(running.map((child) => child.exited)) : undefined;
    const ended = done ?? running[first?.index ?? 0];
    if (ended === undefined) return 127;
    shell.children.delete(ended.pid);
    shell.jobs = shell.jobs.filter((job) => job.group !== ended.pid);
    if (named !== undefined) shell.set(named, `${ended.pid}`);
    return (yield* ended.wait()).code;
  }
  if (args.length === 0) {
    for (const job of [...shell.jobs]) {
      for (const child of job.children) {
        const code = yield* waitFor(shell, child);
        // A trap ended the wait, or the shell.
        if (shell.leaving || (code > 128 && child.status === undefined)) return code;
      }
    }
    // And for the last process substitution, if nothing was put behind after it.
    const last = shell.children.get(shell.lastBackground);
    if (last !== undefined && last.status === undefined) yield* waitFor(shell, last);
    if (!shell.interactive) shell.jobs = [];
    return 0;
  }
  let status = 0;
  for (const text of args) {
    const job = text.startsWith('%') ? findJob(shell, text) : undefined;
    const child = job?.children.at(-1) ?? shell.children.get(Number(text));
    if (text.startsWith('%') && job === undefined) {
      yield* shell.complain(`wait: ${text}: no such job`);
      status = 127;
    } else if (!/^\d+$|^%/.test(text)) {
      yield* shell.complain(`wait: \`${text}': not a pid or valid job spec`);
      status = 1;
    } else if (child === undefined) {
      yield* shell.complain(`wait: pid ${text} is not a child of this shell`);
      status = 127;
    } else {
      status = yield* waitFor(shell, child);
      if (named !== undefined) shell.set(named, `${child.pid}`);
      shell.jobs = shell.jobs.filter((other) => !other.children.includes(child));
    }
  }
  return status;
}

const KILL_USAGE =
  'kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n';

function* kill(shell: Shell, argv: string[]): Task<number> {
  let args = argv.slice(1);
  let signal: Signal | '0' = 'SIGTERM';
  const first = args[0];
  if (first === undefined) {
    yield* shell.write(2, KILL_USAGE);
    return 2;
  }
  if (first === '-l' || first === '-L') return yield* listSignals(shell, args.slice(1));
  if (first.startsWith('-') && first !== '--') {
    const named = first === '-s' || first === '-n' ? args[1] : first.slice(1);
    args = args.slice(first === '-s' || first === '-n' ? 2 : 1);
    const found = named === '0' ? '0' : signalNamed(named ?? '');
    if (found === undefined) {
      yield* shell.complain(`kill: ${named}: invalid signal specification`);
      return 1;
    }
    signal = found;
  }
  if (args[0] === '--') args = args.slice(1);
  if (args.length === 0) {
    yield* shell.write(2, KILL_USAGE);
    return 2;
  }
  let status = 0;
  for (const text of args) {
    const job = text.startsWith('%') ? findJob(shell, text) : undefined;
    if (text.startsWith('%') ? job === undefined : !/^-?\d+$/.test(text)) {
      yield* shell.complain(
        text.startsWith('%')
          ? `kill: ${text}: no such job`
          : `kill: ${text}: arguments must be process or job IDs`,
      );
      status = 1;
      continue;
    }
    const pid = job !== undefined ? (shell.interactive ? -job.group : job.group) : Number(text);
    const done = signal === '0' ? probe(shell, pid) : shell.process.kill(pid, signal);
    if (!done.ok) {
      yield* shell.complain(`kill: (${text}) - ${strerror(done.error)}`);
      status = 1;
    }
  }
  return status;
}

function probe(shell: Shell, pid: number): ReturnType<Shell['process']['kill']> {
  const known = shell.process.kernel
    .processes()
    .some((entry) => entry.pid === Math.abs(pid) && entry.state !== 'Z');
  return known ? { ok: true, value: undefined } : { ok: false, error: 'ESRCH' };
}

const SIGNALS =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS';

/** All signals of Linux by number; 32 and 33 are the C library's own. */
function* signalNames(): Generator<readonly [number, string]> {
  let number = 0;
  for (const name of SIGNALS.split(' ')) yield [++number, name];
  for (let real = 34; real <= 64; real += 1)
    yield [
      real,
      real < 50
        ? `RTMIN${real === 34 ? '' : `+${real - 34}`}`
        : `RTMAX${real === 64 ? '' : `-${64 - real}`}`,
    ];
}

function* listSignals(shell: Shell, args: readonly string[]): Task<number> {
  if (args.length === 0) {
    let text = '';
    let column = 0;
    for (const [number, name] of signalNames()) {
      column += 1;
      text += `${`${number}`.padStart(2)}) SIG${name}${column % 5 === 0 ? '\n' : '\t'}`;
    }
    yield* shell.write(1, `${text}\n`);
    return 0;
  }
  let status = 0;
  for (const text of args) {
    const number = /^\d+$/.test(text) ? Number(text) & 127 : undefined;
    const wanted = text.toUpperCase().replace(/^SIG/, '');
    const found = [...signalNames()].find(([value, name]) =>
      number === undefined ? name === wanted : value === number,
    );
    if (found === undefined) {
      yield* shell.complain(`kill: ${text}: invalid signal specification`);
      status = 1;
    } else yield* shell.write(1, number === undefined ? `${found[0]}\n` : `${found[1]}\n`);
  }
  return status;
}

function* disown(shell: Shell, argv: string[]): Task<number> {
  const flags = argv
    .slice(1)
    .filter((arg) => /^-[ahr]+$/.test(arg))
    .join('');
  const names = argv.slice(1).filter((arg) => !/^-[ahr]+$/.test(arg));
  let gone: readonly Job[] = [];
  let status = 0;
  if (names.length === 0 && /[ar]/.test(flags))
    gone = shell.jobs.filter((job) => flags.includes('a') || job.state === 'running');
  else {
    for (const text of names.length === 0 ? ['%%'] : names) {
      const job = text.startsWith('%')
        ? findJob(shell, text)
        : shell.jobs.find((each) => each.children.some((child) => `${child.pid}` === text));
      if (job !== undefined) gone = [...gone, job];
      else {
        yield* shell.complain(`disown: ${names.length === 0 ? 'current' : text}: no such job`);
        status = 1;
      }
    }
  }
  if (!flags.includes('h')) shell.jobs = shell.jobs.filter((job) => !gone.includes(job));
  return status;
}

/** The name under which a trap is kept: `EXIT`, `ERR`, `INT`. */
function trapName(text: string): string | undefined {
  const upper = text.toUpperCase();
  if (text === '0' || upper === 'EXIT') return 'EXIT';
  if (upper === 'ERR' || upper === 'DEBUG' || upper === 'RETURN') return upper;
  return signalNamed(text)?.slice(3);
}

function* trap(shell: Shell, argv: string[]): Task<number> {
  let args = argv.slice(1);
  if (args[0] === '-l') return yield* listSignals(shell, []);
  if (args.length === 0 || args[0] === '-p') {
    const wanted = args.slice(1).map(trapName);
    const order = [
      'EXIT',
      ...SIGNAL_NUMBERS.map(([, name]) => name.slice(3)),
      'DEBUG',
      'ERR',
      'RETURN',
    ];
    for (const name of order) {
      const command = shell.traps.get(name);
      if (command === undefined || (wanted.length > 0 && !wanted.includes(name))) continue;
      const shown = /^(EXIT|ERR|DEBUG|RETURN)$/.test(name) ? name : `SIG${name}`;
      yield* shell.write(1, `trap -- ${singleQuote(command)} ${shown}\n`);
    }
    return 0;
  }
  if (args[0] === '--') args = args.slice(1);
  const resets =
    args.length === 1 || args[0] === '-' || (/^\d+$/.test(args[0] ?? '') && args.length >= 1);
  const command = resets ? undefined : args[0];
  const names = resets && args[0] !== '-' ? args : args.slice(1);
  let status = 0;
  for (const text of names) {
    const name = trapName(text);
    if (name === undefined) {
      yield* shell.complain(`trap: ${text}: invalid signal specification`);
      status = 1;
    } else setTrap(shell, name, command);
  }
  return status;
}

function* umask(shell: Shell, argv: string[]): Task<number> {
  const { process } = shell;
  const text = argv.find((arg, index) => index > 0 && !/^-[pS]+$/.test(arg));
  const flags = argv.filter((arg) => /^-[pS]+$/.test(arg)).join('');
  if (text === undefined) {
    const letters = [6, 3, 0].map((shift) => {
      const bits = ~(process.umask >> shift) & 7;
      return `${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
    });
    const symbolic = `u=${letters[0]},g=${letters[1]},o=${letters[2]}`;
    yield* shell.write(
      1,
      `${flags.includes('p') ? (flags.includes('S') ? 'umask -S ' : 'umask ') : ''}${flags.includes('S') ? symbolic : process.umask.toString(8).padStart(4, '0')}\n`,
    );
    return 0;
  }
  if (/^\d/.test(text)) {
    if (!/^[0-7]{1,4}$/.test(text)) {
      yield* shell.complain(`umask: ${text}: octal number out of range`);
      return 1;
    }
    process.umask = Number.parseInt(text, 8) & 0o777;
    return 0;
  }
  const mask = symbolicMask(text, ~process.umask & 0o777);
  if (typeof mask === 'string') {
    yield* shell.complain(`umask: ${mask}`);
    return 1;
  }
  process.umask = ~mask & 0o777;
  return 0;
}

/** What a symbolic mode such as `u=rwx,g-w` makes of the permissions that are let through; or what is wrong. */
function symbolicMask(text: string, before: number): number | string {
  let allowed = before;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxX]*)(.?)/.exec(clause);
    if (match === null)
      return `\`${clause.replace(/^[ugoa]*/, '').charAt(0)}': invalid symbolic mode operator`;
    const [, who = '', operator, letters = '', wrong = ''] = match;
    if (wrong !== '') return `\`${wrong}': invalid symbolic mode character`;
    let bits = 0;
    for (const letter of letters) bits |= letter === 'r' ? 4 : letter === 'w' ? 2 : 1;
    for (const [name, shift] of [
      ['u', 6],
      ['g', 3],
      ['o', 0],
    ] as const) {
      if (who !== '' && !who.includes('a') && !who.includes(name)) continue;
      if (operator === '=') allowed &= ~(7 << shift);
      if (operator === '-') allowed &= ~(bits << shift);
      else allowed |= bits << shift;
    }
  }
  return allowed;
}

/** What `ulimit -a` prints: description, unit, letter, soft limit of Debian 12 on these machines. */
const LIMITS: readonly (readonly [string, string, string, string])[] = [
  ['real-time non-blocking time', 'microseconds', 'R', 'unlimited'],
  ['core file size', 'blocks', 'c', '0'],
  ['data seg size', 'kbytes', 'd', 'unlimited'],
  ['scheduling priority', '', 'e', '0'],
  ['file size', 'blocks', 'f', 'unlimited'],
  ['pending signals', '', 'i', '15446'],
  ['max locked memory', 'kbytes', 'l', '8192'],
  ['max memory size', 'kbytes', 'm', 'unlimited'],
  ['open files', '', 'n', '1048576'],
  ['pipe size', '512 bytes', 'p', '8'],
  ['POSIX message queues', 'bytes', 'q', '819200'],
  ['real-time priority', '', 'r', '0'],
  ['stack size', 'kbytes', 's', '8192'],
  ['cpu time', 'seconds', 't', 'unlimited'],
  ['max user processes', '', 'u', '15446'],
  ['virtual memory', 'kbytes', 'v', 'unlimited'],
  ['file locks', '', 'x', 'unlimited'],
];

function* ulimit(shell: Shell, argv: string[]): Task<number> {
  const flags = argv
    .slice(1)
    .filter((arg) => /^-[A-Za-z]+$/.test(arg))
    .join('')
    .replace(/-/g, '');
  const value = argv.slice(1).find((arg) => !arg.startsWith('-'));
  const wrong = [...flags].find(
    (each) => !/[SHa]/.test(each) && !LIMITS.some((row) => row[2] === each),
  );
  if (wrong !== undefined) {
    yield* shell.complain(`ulimit: -${wrong}: invalid option`);
    yield* shell.write(2, 'ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]\n');
    return 2;
  }
  if (flags.includes('a')) {
    for (const [what, unit, letter, limit] of LIMITS) {
      const place = unit === '' ? `(-${letter})` : `(${unit}, -${letter})`;
      yield* shell.write(1, `${what}${place.padStart(44 - what.length)} ${limit}\n`);
    }
    return 0;
  }
  const chosen = [...flags].find((each) => !/[SH]/.test(each)) ?? 'f';
  const row = LIMITS.find((each) => each[2] === chosen);
  if (value === undefined) yield* shell.write(1, `${row?.[3] ?? 'unlimited'}\n`);
  else if (!/^(\d+|unlimited|soft|hard)$/.test(value)) {
    yield* shell.complain(`ulimit: ${value}: invalid number`);
    return 1;
  } else if (value !== row?.[3] && !/^(soft|hard)$/.test(value)) {
    yield* shell.complain(`ulimit: warning: ${row?.[0] ?? ''}: limits have no effect here`);
  }
  return 0;
}

function* times(shell: Shell): Task<number> {
  yield* shell.write(1, '0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n');
  return 0;
}

export const JOB_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['jobs', jobs],
  ['fg', fg],
  ['bg', bg],
  ['wait', wait],
  ['kill', kill],
  ['disown', disown],
  ['trap', trap],
  ['umask', umask],
  ['ulimit', ulimit],
  ['times', times],
];
