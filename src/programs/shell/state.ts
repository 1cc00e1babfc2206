/**
 * What one shell process knows: variables, functions, options, descriptors, jobs, traps, and how
 * control leaves the running command (`jump`). A subshell is a copy of it in a forked process. The
 * interpreter's steps are counted here: every thousand of them compute for a millisecond, so that
 * `while :; do :; done` moves simulated time instead of holding the loop.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import { Condition, type Task } from '../../ground/base/task.ts';
import { bytesOfEscaped } from '../../ground/lang/printf.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Child, Process, Signal } from '../../machines/machine/process.ts';
import { type ArithmeticFault, type Expression, parseArithmetic } from './arithmetic-parser.ts';
import type { Interpreter, Node } from './interpreter.ts';
import type { Function as FunctionNode, Word } from './parser.ts';
import { newVariable, Variables } from './variables.ts';

/** Steps between two `work` calls, each step one microsecond. */
const STEPS_PER_WORK = 1000;
/** Function calls and subshells inside one another: what the host's stack holds with room to spare. */
export const CALL_DEPTH_MAX = 200;
/** Commands inside one another, those of functions included. */
export const NESTING_MAX = 900;

/** Why the running command list is being left. */
export type Jump =
  | { readonly kind: 'break' | 'continue'; levels: number }
  | { readonly kind: 'return' }
  | { readonly kind: 'exit' }
  | { readonly kind: 'discard' };

export type Flavour = 'bash' | 'sh' | 'ash';

export interface ShellFunction {
  readonly node: FunctionNode;
  readonly source: Source;
  /** What BASH_SOURCE calls the place of its definition. */
  readonly file: string;
  /** `declare -t`: DEBUG and RETURN traps reach into it. */
  traced: boolean;
}

/** A text that is being executed: for line numbers. */
export interface Source {
  /** What messages call it: `bash`, `./x.sh`. */
  readonly name: string;
  readonly text: string;
  /** Lines before the first line of the text (an interactive session counts on). */
  readonly firstLine: number;
  /** Whether messages carry `line N:`. */
  readonly numbered: boolean;
  /** What functions that are defined here take as their file; default: the name. */
  readonly functions?: string;
}

export interface Job {
  readonly number: number;
  readonly group: number;
  readonly text: string;
  readonly children: readonly Child[];
  state: 'running' | 'stopped' | 'done';
  /** The last notice that was printed about it. */
  notified: boolean;
}

/** A function or a sourced file that is running: an element of FUNCNAME, BASH_LINENO and BASH_SOURCE. */
export interface CallFrame {
  readonly name: string;
  /** Line of the call. */
  readonly line: number;
  readonly file: string;
}

export class Shell {
  process: Process;
  readonly flavour: Flavour;
  readonly interpreter: Interpreter;
  variables: Variables;
  functions = new Map<string, ShellFunction>();
  aliases = new Map<string, string>();
  /** Single letters of `set`, and long names without a letter: `pipefail`. */
  options = new Set<string>(['h', 'B', 'braceexpand', 'hashall']);
  shopt = new Set<string>([
    'cmdhist',
    'complete_fullquote',
    'extquote',
    'force_fignore',
    'globasciiranges',
    'globskipdots',
    'hostcomplete',
    'interactive_comments',
    'patsub_replacement',
    'progcomp',
    'promptvars',
    'sourcepath',
  ]);
  positional: string[] = [];
  name0 = 'bash';
  status = 0;
  jump: Jump | undefined;
  /** Depth of contexts where a failure is asked about and `set -e` does not apply. */
  tested = 0;
  loops = 0;
  /** Functions inside one another. */
  calls = 0;
  /** Those and sourced files, outermost first. */
  frames: CallFrame[] = [];
  /** The script file that this shell runs. */
  script: string | undefined;
  sourcing = 0;
  subshell = 0;
  source: Source = { name: 'bash', text: '', firstLine: 0, numbered: true };
  /** Offset of the running command in `source.text`. */
  at = 0;
  /** BASH_COMMAND: the command that runs, or ran when a trap came, and the text that it was cut from. */
  running: Node | undefined;
  runningText = '';
  /** The text of `bash -c`, if that is how the shell was started. */
  commandString: string | undefined;
  interactive = false;
  login = false;
  /** An exit has been held back once because of stopped jobs. */
  warnedOfJobs = false;
  /** Signal name or EXIT, ERR, DEBUG, RETURN → command; empty: ignored. */
  traps = new Map<string, string>();
  pendingTraps: string[] = [];
  inTrap = false;
  jobs: Job[] = [];
  lastBackground = 0;
  /** Children that `wait` knows, ended ones included. */
  children = new Map<number, Child>();
  /** Those of them that it has waited for already. */
  readonly reaped = new Set<number>();
  directories: string[] = [];
  history: string[] = [];
  hashed = new Map<string, string>();
  /** What `complete -p` prints, by command. */
  completions = new Map<string, string>();
  lastArgument = '';
  getoptsAt = 0;
  /** This shell's ends of the process substitutions of the running command, closed after it. */
  substitutions: { readonly descriptor: number; readonly file: OpenFile }[] = [];
  /** Status of the last command substitution of the running command. */
  substituted: number | undefined;
  #random: RandomStream | undefined;
  readonly started: Micros;
  /** `$$`: the process that the outermost shell is. */
  readonly pid: number;
  /** How many `+` stand before a line of `set -x`. */
  traceDepth = 1;
  /** Set by SIGINT in an interactive shell; seen at the next step. */
  interrupted = false;
  /** Notified by every handled signal. */
  readonly signalled = new Condition('a signal');
  /** The next external command is the last thing that this process does: it takes its place. */
  tail = false;
  /** Stack depth of compound commands, functions and subshells. */
  nesting = 0;
  /** Set by code that cannot wait (arithmetic); printed by the next that can. */
  pendingFault: string | undefined;
  readonly arithmetic: Map<string, Expression | ArithmeticFault>;
  readonly words: Map<string, Word | undefined>;
  #steps = 0;

  constructor(process: Process, flavour: Flavour, interpreter: Interpreter, parent?: Shell) {
    this.interpreter = interpreter;
    this.process = process;
    this.flavour = flavour;
    this.pid = parent?.pid ?? process.pid;
    this.started = parent?.started ?? process.clock.monotonic();
    this.variables = parent === undefined ? new Variables() : parent.variables.copy();
    this.arithmetic = parent?.arithmetic ?? new Map();
    this.words = parent?.words ?? new Map();
    if (parent === undefined) return;
    this.functions = new Map(parent.functions);
    this.aliases = new Map(parent.aliases);
    this.options = new Set(parent.options);
    this.shopt = new Set(parent.shopt);
    this.positional = [...parent.positional];
    this.name0 = parent.name0;
    this.status = parent.status;
    this.tested = parent.tested;
    this.loops = parent.loops;
    this.calls = parent.calls;
    this.frames = [...parent.frames];
    this.script = parent.script;
    this.jobs = [...parent.jobs];
    this.running = parent.running;
    this.runningText = parent.runningText;
    this.sourcing = parent.sourcing;
    this.subshell = parent.subshell + 1;
    this.source = parent.source;
    this.at = parent.at;
    this.lastBackground = parent.lastBackground;
    this.directories = [...parent.directories];
    this.lastArgument = parent.lastArgument;
    this.getoptsAt = parent.getoptsAt;
    this.hashed = new Map(parent.hashed);
    this.traceDepth = parent.traceDepth;
    this.commandString = parent.commandString;
    // A subshell forgets traps that run commands; ignored signals stay ignored.
    for (const [name, command] of parent.traps) if (command === '') this.traps.set(name, command);
  }

  /** Behind $RANDOM: a stream of this process. */
  get random(): RandomStream {
    this.#random ??= this.process.random.fork('RANDOM');
    return this.#random;
  }

  /** Counts a step of the interpreter and now and then lets the machine's clock move. */
  *step(): Task<void> {
    this.#steps += 1;
    if (this.interrupted) {
      this.interrupted = false;
      this.discard(130);
    }
    if (this.#steps < STEPS_PER_WORK) return;
    this.#steps = 0;
    yield* this.process.work(STEPS_PER_WORK);
  }

  /** True while commands must not run because control is leaving. */
  get leaving(): boolean {
    return this.jump !== undefined;
  }

  /** 1-based line of the running command. */
  line(pos = this.at): number {
    let line = 1 + this.source.firstLine;
    const end = Math.min(pos, this.source.text.length);
    for (let index = this.source.text.indexOf('\n'); index >= 0 && index < end; ) {
      line += 1;
      index = this.source.text.indexOf('\n', index + 1);
    }
    return line;
  }

  /** `bash: line 3: `, `./x.sh: line 3: `, interactively `bash: `. */
  prefix(): string {
    if (this.flavour === 'ash')
      return `${this.source.numbered && this.source.name !== 'sh' ? `${this.source.name}: line ${this.line()}` : 'sh'}: `;
    return this.source.numbered
      ? `${this.source.name}: line ${this.line()}: `
      : `${this.source.name}: `;
  }

  /** Prints an error of the shell itself. */
  *complain(message: string): Task<void> {
    yield* this.write(2, `${this.prefix()}${message}\n`);
  }

  /** Writes to a descriptor; a closed pipe ends the process as SIGPIPE does. False when it failed. */
  *write(descriptor: number, text: string): Task<boolean> {
    if (text === '') return true;
    const file = this.process.descriptors.get(descriptor);
    if (file === undefined) {
      if (descriptor === 1) yield* this.complain(`echo: write error: ${strerror('EBADF')}`);
      return false;
    }
    const result = yield* file.write(bytesOfEscaped(text));
    if (result.ok) return true;
    if (result.error === 'EPIPE') yield* this.brokenPipe();
    return false;
  }

  *brokenPipe(): Task<void> {
    if (this.traps.get('PIPE') === '') return;
    this.process.onSignal('SIGPIPE', undefined);
    this.process.kill(this.process.pid, 'SIGPIPE');
    yield* this.process.exit(141);
  }

  /** Leaves the current command with an error status (bash's return to top level). */
  discard(status = 1): void {
    this.status = status;
    this.jump ??= { kind: 'discard' };
  }

  exit(status: number): void {
    this.status = status & 255;
    this.jump = { kind: 'exit' };
  }

  parseArithmetic(text: string): Expression | ArithmeticFault {
    let parsed = this.arithmetic.get(text);
    if (parsed === undefined) {
      parsed = parseArithmetic(text);
      if (this.arithmetic.size > 5000) this.arithmetic.clear();
      this.arithmetic.set(text, parsed);
    }
    return parsed;
  }

  /** Sets a scalar without attributes; readonly is the caller's concern. */
  set(name: string, value: string): void {
    const variable = this.variables.make(name);
    if (variable.indexed !== undefined) variable.indexed.set(0, value);
    else if (variable.associative !== undefined) variable.associative.set('0', value);
    else variable.value = value;
  }

  setExported(name: string, value: string): void {
    const variable = newVariable(value);
    variable.exported = true;
    this.variables.put(name, variable);
  }
}

/** Signals by number, as `kill -l` and `trap` know them. */
export const SIGNAL_NUMBERS: readonly (readonly [number, Signal])[] = [
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [3, 'SIGQUIT'],
  [9, 'SIGKILL'],
  [10, 'SIGUSR1'],
  [12, 'SIGUSR2'],
  [13, 'SIGPIPE'],
  [14, 'SIGALRM'],
  [15, 'SIGTERM'],
  [17, 'SIGCHLD'],
  [18, 'SIGCONT'],
  [19, 'SIGSTOP'],
  [20, 'SIGTSTP'],
  [28, 'SIGWINCH'],
];

/** Reads `9`, `KILL`, `SIGKILL` (any case); undefined when unknown. */
export function signalNamed(text: string): Signal | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '');
  for (const [number, signal] of SIGNAL_NUMBERS) {
    if (`${number}` === text || signal === `SIG${name}`) return signal;
  }
  return undefined;
}
