/**
 * A process as the kernel keeps it, and the handle that its program holds. Everything a program may
 * do is a method here; what needs other processes goes to the process table. Parts that most
 * processes never use (random stream, sockets, signal handlers) are made when first asked for.
 */
import { Roster } from '../../ground/base/roster.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { RandomStream } from '../../ground/base/random.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import {
  type Condition,
  Deferred,
  Running,
  sleepWait,
  type Task,
  type TaskKeeper,
  type Wait,
} from '../../ground/base/task.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { Errno } from '../network/errno.ts';
import type { Sockets } from '../network/socket.ts';
import { type ProcessSockets, socketsOf } from '../network/sockets.ts';
import type { UnixPaths } from '../network/socket-table.ts';
import type { Cgroup } from './cgroup.ts';
import type { Costs } from './costs.ts';
import type { CpuJob, CpuUser } from './cpu.ts';
import { type FileUser, ProcessFiles, resolvePath } from './files/files.ts';
import type { Inode } from './files/inode.ts';
import { descriptionBehind, mayAccess } from './files/inode.ts';
import { NEVER, nullFile } from './files/open-file.ts';
import { makePipe } from './files/pipe.ts';
import { unixPathsOf } from './files/unix-paths.ts';
import type { Files, OpenFile } from './files-types.ts';
import type { Kernel, Namespaces } from './kernel.ts';
import { KernelCalls } from './kernel-calls.ts';
import { LogLine } from './log-line.ts';
import type { MountView } from './mounts.ts';
import type { PidNamespace } from './pids.ts';
import type {
  Child,
  Clock,
  ExitStatus,
  Process,
  Signal,
  SpawnError,
  SpawnOptions,
} from './process.ts';
import type { ProcessGroup, Session } from './session.ts';
import type { System } from './system.ts';

/** What a new process starts with. */
export interface Birth {
  readonly parent: RunningProcess | undefined;
  readonly argv: readonly string[];
  readonly comm: string;
  /** Path of its program, if it has one. */
  readonly executable: string;
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly namespaces: Namespaces;
  readonly cgroup: Cgroup;
  readonly descriptors: ReadonlyMap<number, OpenFile>;
}

export class RunningProcess implements Process, FileUser, CpuUser, TaskKeeper {
  readonly system: System;
  /** Numbers by level of pid namespace; the first is the host's. */
  readonly numbers: readonly number[];
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  argv: readonly string[];
  comm: string;
  executable: string;
  readonly env: Map<string, string>;
  readonly descriptors: Map<number, OpenFile>;
  readonly namespaces: Namespaces;
  #files: ProcessFiles | undefined;
  readonly started: Micros;
  cgroup: Cgroup;
  cwd: string;
  umask: number;
  parent: RunningProcess | undefined;
  /** Its parent died before it: process 1 waits for it without being asked. */
  adopted = false;
  readonly children = new Set<RunningProcess>();
  group: ProcessGroup;
  session: Session;
  state: 'running' | 'stopped' | 'zombie' | 'gone' = 'running';
  readonly tasks = new Roster<Running<unknown>>();
  jobs: CpuJob[] = [];
  cpuUsed: Micros = 0;
  /** Declared memory in bytes. */
  resident = 0;
  /** Settled when it ends. */
  readonly ended = new Deferred<ExitStatus>();
  /** Told when a signal stops it. */
  stops: Condition | undefined;
  /** Handlers by signal; signals that are not here have their default action. */
  dispositions: Map<Signal, (() => void) | 'ignore'> | undefined;
  /** Signals that came while it was stopped. */
  pending: Signal[] = [];
  #cleanups: Set<() => void> | undefined;
  /** Sockets with arrivals that wait until it goes on. */
  #resumptions: (() => void)[] | undefined;
  #sockets: ProcessSockets | undefined;
  #random: RandomStream | undefined;
  #kernel: Kernel | undefined;
  #terminated: Deferred<Signal> | undefined;
  #unixPaths: UnixPaths | undefined;

  constructor(
    system: System,
    birth: Birth,
    group: ProcessGroup | undefined,
    session: Session | undefined,
  ) {
    this.system = system;
    this.namespaces = birth.namespaces;
    this.numbers = birth.namespaces.pid.enter(this);
    this.pid = this.numbers[this.numbers.length - 1] as number;
    this.parent = birth.parent;
    this.argv = birth.argv;
    this.comm = birth.comm;
    this.executable = birth.executable;
    this.env = new Map(birth.env);
    this.cwd = birth.cwd;
    this.umask = birth.parent?.umask ?? 0o022;
    this.uid = birth.uid;
    this.gid = birth.gid;
    this.groups = birth.groups;
    this.cgroup = birth.cgroup;
    this.descriptors = new Map(birth.descriptors);
    for (const file of this.descriptors.values()) file.retain();
    this.started = system.loop.now;
    this.group = group ?? { numbers: this.numbers, members: new Set() };
    this.group.members.add(this);
    this.session = session ?? { leader: this, terminal: undefined };
    this.cgroup.processes.add(this);
    birth.parent?.children.add(this);
  }

  get ppid(): number {
    return this.parent?.pidIn(this.namespaces.pid) ?? 0;
  }

  /** Number in the host's own namespace. */
  get hostPid(): number {
    return this.numbers[0] as number;
  }

  /** Number in a namespace that can see it. */
  pidIn(namespace: PidNamespace): number | undefined {
    const number = this.numbers[namespace.level];
    return number !== undefined && namespace.processes.get(number) === this ? number : undefined;
  }

  get alive(): boolean {
    return this.state === 'running' || this.state === 'stopped';
  }

  get hostname(): string {
    return this.namespaces.uts.hostname;
  }

  get view(): MountView {
    return this.namespaces.mount;
  }

  chdir(path: string): Result<void, Errno> {
    const found = this.view.walk(path, this, this.cwd);
    if (!found.ok) return found;
    if (!found.value.inode.isDirectory) return err('ENOTDIR');
    if (!mayAccess(found.value.inode, this, 1)) return err('EACCES');
    this.cwd = resolvePath(this.cwd, path);
    return DONE;
  }

  // ---- streams

  get stdin(): OpenFile {
    return this.descriptors.get(0) ?? nullFile();
  }

  get stdout(): OpenFile {
    return this.descriptors.get(1) ?? nullFile();
  }

  get stderr(): OpenFile {
    return this.descriptors.get(2) ?? nullFile();
  }

  pipe(): readonly [OpenFile, OpenFile] {
    return makePipe(this.system.nextPipe());
  }

  print(text: string): Task<void> {
    return this.#print(this.stdout, text);
  }

  printError(text: string): Task<void> {
    return this.#print(this.stderr, text);
  }

  *#print(file: OpenFile, text: string): Task<void> {
    const written = yield* file.write(text);
    if (written.ok || written.error !== 'EPIPE') return;
    this.system.processes.deliver(this, 'SIGPIPE', undefined);
    if (!this.alive) yield NEVER;
  }

  openSpecial(inode: Inode): Result<OpenFile, Errno> {
    if (inode.type !== 'character') return err('ENODEV');
    const behind = descriptionBehind(inode);
    behind?.retain();
    if (behind !== undefined) return ok(behind);
    return this.system.openDevice(inode.target, this.session.terminal);
  }

  get files(): ProcessFiles & Files {
    this.#files ??= new ProcessFiles(this);
    return this.#files;
  }

  /** Called when the process ends, however it ends; the returned function forgets it. */
  atEnd(cleanup: () => void): () => void {
    this.#cleanups ??= new Set();
    this.#cleanups.add(cleanup);
    return () => {
      this.#cleanups?.delete(cleanup);
    };
  }

  // ---- network, clocks, random

  get net(): Sockets {
    this.#sockets ??= socketsOf(this.namespaces.network, this);
    return this.#sockets;
  }

  get unixPaths(): UnixPaths {
    this.#unixPaths ??= unixPathsOf(this);
    return this.#unixPaths;
  }

  get clock(): Clock {
    return this.system.clock;
  }

  get random(): RandomStream {
    this.#random ??= new RandomStream(
      this.system.seed,
      `${this.system.streams}/${this.comm}/${this.hostPid}`,
    );
    return this.#random;
  }

  get costs(): Costs {
    return this.system.costs;
  }

  get trace(): Recorder {
    return this.system.recorder;
  }

  get kernel(): Kernel {
    this.#kernel ??= new KernelCalls(this.system, this);
    return this.#kernel;
  }

  // ---- time and resources

  *sleep(delay: Micros): Task<void> {
    yield sleepWait(delay);
  }

  *work(micros: Micros): Task<void> {
    if (micros > 0) yield this.system.cpu.work(this, micros);
  }

  *fsync(): Task<void> {
    yield sleepWait(Math.ceil(this.costs.fsyncMicros * this.system.diskFactor));
  }

  retitle(text: string): void {
    this.argv = [text];
  }

  memory(bytes: number): void {
    const change = bytes - this.resident;
    this.resident = bytes;
    const over = this.cgroup.chargeMemory(change);
    if (over !== undefined) this.system.processes.killForMemory(over);
  }

  // ---- processes and tasks

  spawn(options: SpawnOptions): Result<Child, SpawnError> {
    return this.system.processes.spawn(this, options);
  }

  *exec(options: Pick<SpawnOptions, 'argv' | 'path' | 'env'>): Task<SpawnError> {
    const done = this.system.processes.replace(this, options);
    if (!done.ok) return done.error;
    for (;;) yield NEVER;
  }

  /** Forgets what belonged to the program that ran here, when another takes its place. */
  becomes(
    argv: readonly string[],
    executable: string,
    comm: string,
    env: ReadonlyMap<string, string>,
  ): void {
    for (const task of [...this.tasks]) task.kill();
    this.tasks.clear();
    this.argv = argv;
    this.executable = executable;
    this.comm = comm;
    const fresh = [...env];
    this.env.clear();
    for (const [name, value] of fresh) this.env.set(name, value);
    for (const [signal, handler] of [...(this.dispositions ?? [])])
      if (handler !== 'ignore') this.dispositions?.delete(signal);
    this.#terminated = undefined;
    this.#random = undefined;
    this.memory(0);
  }

  start<T>(name: string, task: Task<T>): Running<T> {
    const running = new Running(this.system.loop, task, name, undefined, this);
    if (!this.alive) return running;
    this.tasks.add(running as Running<unknown>);
    if (this.state === 'stopped' || this.system.frozen) running.hold();
    running.begin();
    return running;
  }

  forget(task: Running<unknown>): void {
    this.tasks.delete(task);
  }

  kill(pid: number, signal: Signal): Result<void, Errno> {
    return this.system.processes.kill(this, pid, signal);
  }

  onSignal(signal: Signal, handler: (() => void) | 'ignore' | undefined): void {
    if (signal === 'SIGKILL' || signal === 'SIGSTOP') return;
    this.dispositions ??= new Map();
    if (handler === undefined) this.dispositions.delete(signal);
    else this.dispositions.set(signal, handler);
  }

  get terminated(): Wait {
    if (this.#terminated === undefined) {
      const told = new Deferred<Signal>();
      told.description = 'SIGTERM or SIGINT';
      this.#terminated = told;
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        if (this.dispositions?.has(signal) !== true)
          this.onSignal(signal, () => told.resolve(signal));
      }
    }
    return this.#terminated;
  }

  *exit(code: number): Task<never> {
    this.system.processes.end(this, {
      code: code & 255,
      signal: undefined,
      time: this.system.loop.now,
    });
    for (;;) yield NEVER;
  }

  log(severity: 'I' | 'W' | 'E' | 'F', source: string, message: string): void {
    this.stderr.post(new LogLine(severity, this.clock.wall(), this.pid, source, message));
  }

  // ---- called by the process table

  /** Drops all tasks where they stand and gives back what the kernel holds for the process. */
  release(): void {
    for (const task of [...this.tasks]) task.kill();
    this.tasks.clear();
    for (const cleanup of [...(this.#cleanups ?? [])]) cleanup();
    this.#cleanups = undefined;
    this.#sockets?.closeAll();
    for (const file of this.descriptors.values()) file.close();
    this.descriptors.clear();
    this.cgroup.chargeMemory(-this.resident);
    this.resident = 0;
    this.cgroup.processes.delete(this);
    this.group.members.delete(this);
    this.dispositions = undefined;
    this.pending = [];
    this.env.clear();
  }

  /** Power-off: nobody is told and nothing is closed in order. */
  drop(): void {
    this.state = 'gone';
    for (const task of [...this.tasks]) task.kill();
    this.tasks.clear();
  }

  /** After power-off: the disk, which stays, has nothing open and nobody watching. */
  forgetFiles(): void {
    for (const cleanup of [...(this.#cleanups ?? [])]) cleanup();
    this.#cleanups = undefined;
    for (const file of this.descriptors.values()) if (file.kind === 'file') file.close();
    this.descriptors.clear();
  }

  get held(): boolean {
    return this.state === 'stopped' || this.system.frozen;
  }

  whenProceeds(action: () => void): void {
    this.#resumptions ??= [];
    this.#resumptions.push(action);
  }

  /** Stops progress: tasks are held, work under way is paused. */
  hold(): void {
    for (const task of this.tasks) task.hold();
    for (const job of [...this.jobs]) this.system.cpu.pause(job);
  }

  proceed(): void {
    for (const job of [...this.jobs]) this.system.cpu.resume(job);
    for (const task of [...this.tasks]) task.proceed();
    const resumptions = this.#resumptions ?? [];
    this.#resumptions = undefined;
    for (const action of resumptions) action();
  }
}
