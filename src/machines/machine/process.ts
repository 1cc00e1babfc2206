/**
 * The process handle: the whole world of a program. A program is the `main` of a file; it is started
 * by path on a host or in a container and touches the model only through this handle.
 *
 *     export const hello: Program = {
 *       name: 'hello',
 *       version: '1.0',
 *       *main(process) {
 *         yield* process.work(200);
 *         yield* process.print('hello\n');
 *         return 0;
 *       },
 *     };
 *
 * System calls that cannot block are plain functions that give `Result<…, Errno>`; those that wait are
 * tasks. Computing costs time: `yield* process.work(µs)`. A process that is killed is dropped where it
 * stands (its `finally` blocks do not run) and the kernel takes back its sockets, files and children.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Running, Task, Wait } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { Errno } from '../network/errno.ts';
import type { Sockets } from '../network/socket.ts';
import type { Costs } from './costs.ts';
import type { Files, OpenFile } from './files-types.ts';
import type { Kernel, Namespaces } from './kernel.ts';

/** A program: what an executable file holds. */
export interface Program {
  /** As in `/proc/<pid>/comm`. */
  readonly name: string;
  readonly version: string;
  /** Runs until it returns its exit code, 0–255. */
  main(process: Process): Task<number>;
}

export type Signal =
  | 'SIGHUP'
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGKILL'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGPIPE'
  | 'SIGALRM'
  | 'SIGTERM'
  | 'SIGCHLD'
  | 'SIGCONT'
  | 'SIGSTOP'
  | 'SIGTSTP'
  | 'SIGWINCH';

/** How a process ended: `code` 0–255, or 128 + n with `signal` set. */
export interface ExitStatus {
  readonly code: number;
  readonly signal: Signal | undefined;
  readonly time: Micros;
  /** True when the memory limit of its cgroup killed it. */
  readonly outOfMemory?: boolean;
}

/** A child as its parent sees it. */
export interface Child {
  readonly pid: number;
  /** Resolved when it has ended. */
  wait(): Task<ExitStatus>;
  /** For `anyOf`: delivers an ExitStatus. */
  readonly exited: Wait;
  /** For `anyOf`: ends when a signal stops it (waitpid WUNTRACED); at once if it stands still. */
  readonly stopped?: Wait;
  readonly status: ExitStatus | undefined;
  signal(signal: Signal): Result<void, Errno>;
}

export interface SpawnOptions {
  /** argv[0] may differ from the path that is executed. */
  readonly argv: readonly string[];
  /** File to execute; default: argv[0] searched in PATH (with `/` in it: taken as it is). */
  readonly path?: string;
  /** The whole environment; default: the parent's. */
  readonly env?: ReadonlyMap<string, string>;
  readonly cwd?: string;
  /** Descriptors of the child; default: the parent's 0, 1 and 2. Each is shared, not copied. */
  readonly descriptors?: ReadonlyMap<number, OpenFile>;
  readonly uid?: number;
  readonly gid?: number;
  readonly groups?: readonly number[];
  /** Namespaces that differ from the parent's (root only). */
  readonly namespaces?: Partial<Namespaces>;
  /** cgroup path (root only); default: the parent's. */
  readonly cgroup?: string;
  /** A new session with this terminal as its own (login shells, containers with a tty). */
  readonly terminal?: OpenFile;
  /** A process group of its own (job control). */
  readonly newGroup?: boolean;
  /** Joins the group of this process (the later stages of a pipeline). */
  readonly group?: number;
  /** Runs this instead of a file: subshells and functions of a shell (fork without exec). */
  readonly fork?: (process: Process) => Task<number>;
  /** Replaces comm in `ps`. */
  readonly comm?: string;
  /** Forked twice: the process between has ended, and process 1 is the parent and will wait for it. */
  readonly detached?: boolean;
}

/** Why a program could not be executed; a shell turns it into 126 or 127. */
export interface SpawnError {
  readonly errno: Errno;
  /** The path tried, or argv[0] when nothing was found in PATH. */
  readonly path: string;
  /** True when argv[0] without `/` was in no folder of PATH. */
  readonly notFound: boolean;
}

export interface Clock {
  /** The host's wall clock: epoch of the lab + time + skew + drift. For timestamps, certificates, cron. */
  wall(): WallTime;
  /** The host's monotonic clock. For time-outs, leases and back-off. */
  monotonic(): Micros;
}

export interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly argv: readonly string[];
  readonly env: Map<string, string>;
  readonly cwd: string;
  chdir(path: string): Result<void, Errno>;
  /** Permission bits that files made by this process and by its later children do not get; 0o022 at first. */
  umask: number;
  /** Name of the host or of the container's UTS namespace. */
  readonly hostname: string;

  readonly stdin: OpenFile;
  readonly stdout: OpenFile;
  readonly stderr: OpenFile;
  /** Open descriptors by number; a shell edits its own map before it spawns. */
  readonly descriptors: Map<number, OpenFile>;
  /** A pipe: what is written to the second is read from the first. */
  pipe(): readonly [OpenFile, OpenFile];
  /** Writes text to standard output, with back-pressure. EPIPE ends a program that ignores it (SIGPIPE). */
  print(text: string): Task<void>;
  /** Writes text to standard error. */
  printError(text: string): Task<void>;

  readonly files: Files;
  readonly net: Sockets;
  readonly clock: Clock;
  /** A stream of its own, named after host, program and pid. */
  readonly random: RandomStream;
  readonly costs: Costs;

  sleep(delay: Micros): Task<void>;
  /** Computes for this long on the host's CPUs; takes longer when they are busy or the quota is used up. */
  work(micros: Micros): Task<void>;
  /** Waits for the disk to hold what was written: `costs.fsyncMicros`, longer when the disk is slow. */
  fsync(): Task<void>;
  /** Overwrites its own argv, as servers do that tell `ps` what they are (setproctitle(3)). */
  retitle(text: string): void;
  /** Declares resident memory in bytes; above the cgroup's limit the process is killed. */
  memory(bytes: number): void;

  spawn(options: SpawnOptions): Result<Child, SpawnError>;
  /**
   * Goes on as another program (execve): pid, descriptors, directory and children stay, all tasks of
   * this one end here. Comes back only with the reason why not.
   */
  exec?(options: Pick<SpawnOptions, 'argv' | 'path' | 'env'>): Task<SpawnError>;
  /** Starts a task inside this process (a thread, a goroutine); it ends with the process. */
  start<T>(name: string, task: Task<T>): Running<T>;
  /** Sends a signal to another process (pid > 0) or to a group (pid < 0), by number in its pid namespace. */
  kill(pid: number, signal: Signal): Result<void, Errno>;
  /** Handles a signal instead of its default action; undefined restores the default. SIGKILL cannot be. */
  onSignal(signal: Signal, handler: (() => void) | 'ignore' | undefined): void;
  /** For `anyOf`: ends when SIGTERM or SIGINT comes, which from the first use on no longer end the process. */
  readonly terminated: Wait;
  /** Ends this process at once with a code, from any of its tasks. Never returns to the caller's next wait. */
  exit(code: number): Task<never>;

  /** One line to standard error in klog's shape; severity I, W, E or F. */
  log(severity: 'I' | 'W' | 'E' | 'F', source: string, message: string): void;
  /** The trace: what a component records about its own doing. Not for programs of the learner. */
  readonly trace: Recorder;
  /** System calls of root: mounts, namespaces, interfaces, rules, other processes, power. */
  readonly kernel: Kernel;
}
