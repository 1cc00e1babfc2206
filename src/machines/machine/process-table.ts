/**
 * The processes of a running host: birth, signals, stop and go, death, zombies, orphans. A killed
 * process is dropped where it stands and the kernel takes back what it held, in a fixed order:
 * tasks, sockets, descriptors, memory; then children are adopted, and its parent is told.
 *
 *     spawn ──► running ◄──SIGSTOP/SIGCONT──► stopped
 *                  └────────── end ──────────────┴──► zombie ── wait ──► gone
 *
 * Process 1 of the host reaps all its children at once, as systemd does.
 *
 * Not modelled: orphans that a container's process 1 forgets to wait for (they are reaped too), core
 * dumps.
 */
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import type { Task, Wait, Waiter } from '../../ground/base/task.ts';
import { Condition, Running } from '../../ground/base/task.ts';
import type { Errno } from '../network/errno.ts';
import type { Cgroup } from './cgroup.ts';
import { ChildHandle, type Parenting } from './child.ts';
import { type Executable, findExecutable } from './exec.ts';
import type { OpenFile } from './files-types.ts';
import type { Namespaces } from './kernel.ts';
import type { PidNamespace } from './pids.ts';
import type { Child, ExitStatus, Process, Signal, SpawnError, SpawnOptions } from './process.ts';
import { RunningProcess } from './running-process.ts';
import type { ProcessGroup } from './session.ts';
import { defaultAction, isForced, signalNumber } from './signals.ts';
import type { System } from './system.ts';
import { adoptTerminal, hangUp } from './terminal.ts';

/** TASK_COMM_LEN less its final zero. */
const COMM_MAX = 15;
/** What a small program has in memory that does not say what it takes. */
const RESIDENT_AT_START = 768 * 1024;

export class ProcessTable {
  readonly #system: System;
  readonly #exitListeners = new Map<RunningProcess, ((status: ExitStatus) => void)[]>();

  readonly #parenting: Parenting = {
    reap: (process) => this.#reap(process),
    send: (sender, target, signal) => this.#send(sender, target, signal),
  };

  constructor(system: System) {
    this.#system = system;
  }

  /** Starts process 1 of the host, whose main is given. */
  startInit(namespaces: Namespaces, comm: string, main: (process: Process) => Task<number>): RunningProcess {
    const process = new RunningProcess(
      this.#system,
      {
        parent: undefined,
        argv: ['/sbin/init'],
        comm,
        executable: '/usr/lib/systemd/systemd',
        env: new Map(),
        cwd: '/',
        uid: 0,
        gid: 0,
        groups: [],
        namespaces,
        cgroup: this.#system.cgroups.make('/init.scope'),
        descriptors: new Map(),
      },
      undefined,
      undefined,
    );
    this.#run(process, main);
    return process;
  }

  spawn(parent: RunningProcess, options: SpawnOptions): Result<Child, SpawnError> {
    const refused = (errno: Errno): Result<Child, SpawnError> =>
      err({ errno, path: options.path ?? options.argv[0] ?? '', notFound: false });
    if (!parent.alive) return refused('ESRCH');
    const { uid = parent.uid, gid = parent.gid, groups = parent.groups } = options;
    const privileged =
      options.namespaces !== undefined ||
      options.cgroup !== undefined ||
      uid !== parent.uid ||
      gid !== parent.gid;
    if (privileged && parent.uid !== 0) return refused('EPERM');
    const namespaces =
      options.namespaces === undefined
        ? parent.namespaces
        : { ...parent.namespaces, ...options.namespaces };
    const cwd = options.cwd ?? parent.cwd;
    let executable: Executable | undefined;
    if (options.fork === undefined) {
      const path = (options.env ?? parent.env).get('PATH');
      const place = { view: namespaces.mount, access: { uid, gid, groups }, cwd };
      const found = findExecutable(options.path ?? options.argv[0] ?? '', options.argv, path, place);
      if (!found.ok) return found;
      executable = found.value;
    }
    const init = namespaces.pid.init;
    if (init !== undefined && !init.alive) return refused('ENOMEM');
    const cgroup = options.cgroup === undefined ? parent.cgroup : this.#system.cgroups.make(options.cgroup);
    const process = new RunningProcess(
      this.#system,
      {
        parent,
        argv: executable?.argv ?? options.argv,
        comm: options.comm ?? (executable === undefined ? parent.comm : commOf(executable.path)),
        executable: executable?.path ?? parent.executable,
        env: options.env ?? parent.env,
        cwd,
        uid: executable?.setUid ?? uid,
        gid,
        groups,
        namespaces,
        cgroup,
        descriptors: descriptorsFor(parent, options),
      },
      options.newGroup === true || options.terminal !== undefined ? undefined : groupFor(parent, options),
      options.terminal === undefined ? parent.session : undefined,
    );
    if (options.terminal !== undefined) adoptTerminal(process, options.terminal);
    inheritIgnored(parent, process);
    if (options.detached === true) adopt(process, this.#system.pids.init);
    this.#run(process, options.fork ?? ((executable as Executable).program.main));
    return ok(new ChildHandle(this.#parenting, parent, process));
  }

  /** execve(2): the process goes on as another program. */
  replace(process: RunningProcess, options: Pick<SpawnOptions, 'argv' | 'path' | 'env'>): Result<void, SpawnError> {
    const env = options.env ?? process.env;
    const place = { view: process.namespaces.mount, access: process, cwd: process.cwd };
    const found = findExecutable(options.path ?? options.argv[0] ?? '', options.argv, env.get('PATH'), place);
    if (!found.ok) return found;
    process.becomes(found.value.argv, found.value.path, commOf(found.value.path), env);
    this.#run(process, found.value.program.main);
    return DONE;
  }

  #run(process: RunningProcess, main: (process: Process) => Task<number>): void {
    const loop = this.#system.loop;
    const task = new Running(loop, main(process), 'main', (code) => {
      this.end(process, { code: code & 255, signal: undefined, time: loop.now });
    });
    process.tasks.add(task as Running<unknown>);
    if (this.#system.frozen) task.hold();
    task.begin();
    if (process.alive && process.resident === 0) process.memory(RESIDENT_AT_START);
  }

  // ---- signals

  /** kill(2): one process, or a group when the number is negative. */
  kill(sender: RunningProcess, pid: number, signal: Signal): Result<void, Errno> {
    const namespace = sender.namespaces.pid;
    if (pid > 0) {
      const target = namespace.processes.get(pid);
      if (target === undefined) return err('ESRCH');
      return this.#send(sender, target, signal);
    }
    const group = pid === 0 ? sender.group : this.groupOf(namespace, -pid);
    if (group === undefined) return err('ESRCH');
    let result: Result<void, Errno> = err('ESRCH');
    for (const member of [...group.members]) {
      const sent = this.#send(sender, member, signal);
      if (sent.ok || !result.ok) result = sent;
    }
    return result;
  }

  /** A process group by its number in a namespace. */
  groupOf(namespace: PidNamespace, number: number): ProcessGroup | undefined {
    for (const process of namespace.processes.values()) {
      if (process.group.numbers[namespace.level] === number) return process.group;
    }
    return undefined;
  }

  #send(sender: RunningProcess, target: RunningProcess, signal: Signal): Result<void, Errno> {
    if (sender.uid !== 0 && sender.uid !== target.uid) return err('EPERM');
    this.deliver(target, signal, sender);
    return DONE;
  }

  /** Delivers a signal; without a sender it comes from the kernel or a terminal. */
  deliver(target: RunningProcess, signal: Signal, sender: RunningProcess | undefined): void {
    if (!target.alive) return;
    const handler = isForced(signal) ? undefined : target.dispositions?.get(signal);
    const action = defaultAction(signal);
    if (handler === undefined && action !== 'continue' && target.pid === 1) {
      const inside = sender !== undefined && sender.namespaces.pid === target.namespaces.pid;
      if (inside || target.namespaces.pid.level === 0 || !isForced(signal)) return;
    }
    if (signal === 'SIGCONT') this.#continue(target);
    if (handler === 'ignore') return;
    if (handler === undefined) {
      if (action === 'stop') this.#stop(target);
      else if (action === 'end') {
        if (target.state === 'stopped' && signal !== 'SIGKILL') target.pending.push(signal);
        else this.#endBySignal(target, signal);
      }
      return;
    }
    if (target.state === 'stopped' || this.#system.frozen) target.pending.push(signal);
    else handler();
  }

  #endBySignal(process: RunningProcess, signal: Signal): void {
    const code = 128 + signalNumber(signal);
    this.end(process, { code, signal, time: this.#system.loop.now });
  }

  #stop(process: RunningProcess): void {
    if (process.state === 'stopped') return;
    process.state = 'stopped';
    process.hold();
    process.stops?.notify();
    if (process.parent !== undefined) this.deliver(process.parent, 'SIGCHLD', process);
  }

  #continue(process: RunningProcess): void {
    if (process.state !== 'stopped') return;
    process.state = 'running';
    if (!this.#system.frozen) this.thaw(process);
  }

  /** Lets a process go on, and delivers what came meanwhile. */
  thaw(process: RunningProcess): void {
    if (process.state !== 'running') return;
    process.proceed();
    const pending = process.pending;
    process.pending = [];
    for (const signal of pending) this.deliver(process, signal, undefined);
  }

  // ---- memory

  /** The OOM killer: the process of the group with the most memory dies, and with it its oom.group. */
  killForMemory(group: Cgroup): void {
    let victim: RunningProcess | undefined;
    for (const process of group.all()) {
      if (victim === undefined || process.resident > victim.resident) victim = process;
    }
    if (victim === undefined) return;
    for (let at: Cgroup | undefined = group; at !== undefined; at = at.parent) at.oomKills += 1;
    const cause = group.parent === undefined ? 'Out of memory' : 'Memory cgroup out of memory';
    const whole = oomGroupOf(victim, group);
    const others = (whole?.all() ?? []).filter((process) => process !== victim);
    this.#killedForMemory(victim, cause);
    if (whole !== undefined)
      this.#say(`Tasks in ${whole.path} are going to be killed due to memory.oom.group set`);
    for (const process of others) if (process.alive) this.#killedForMemory(process, cause);
  }

  #killedForMemory(process: RunningProcess, cause: string): void {
    const kib = Math.floor(process.resident / 1024);
    this.#say(
      `${cause}: Killed process ${process.hostPid} (${process.comm}) total-vm:${kib}kB, anon-rss:${kib}kB, file-rss:0kB, shmem-rss:0kB, UID:${process.uid} pgtables:0kB oom_score_adj:0`,
    );
    const time = this.#system.loop.now;
    this.end(process, { code: 137, signal: 'SIGKILL', time, outOfMemory: true });
  }

  /** A line of the kernel's own log. */
  #say(message: string): void {
    this.#system.journal.add({ unit: '', identifier: 'kernel', pid: 0, priority: 3, message });
  }

  // ---- the end

  /** Ends a process at once. */
  end(process: RunningProcess, status: ExitStatus): void {
    if (!process.alive) return;
    const namespace = process.namespaces.pid;
    process.state = 'zombie';
    const terminal = process.session.leader === process ? process.session.terminal : undefined;
    process.release();
    if (process.pid === 1) this.#endNamespace(namespace, process);
    this.#orphan(process, namespace);
    if (terminal !== undefined) hangUp(process.session, this);
    const listeners = this.#exitListeners.get(process);
    this.#exitListeners.delete(process);
    process.ended.resolve(status);
    for (const listener of listeners ?? []) listener(status);
    const parent = process.parent;
    const unwanted =
      parent === undefined ||
      !parent.alive ||
      process.adopted ||
      parent === this.#system.pids.init ||
      parent.dispositions?.get('SIGCHLD') === 'ignore';
    if (unwanted) {
      this.#reap(process);
    } else this.deliver(parent, 'SIGCHLD', process);
  }

  /** Process 1 of a namespace has ended: so does everybody in it. */
  #endNamespace(namespace: PidNamespace, init: RunningProcess): void {
    for (const other of [...namespace.processes.values()]) {
      if (other !== init && other.alive) this.#endBySignal(other, 'SIGKILL');
    }
  }

  /** Children pass to process 1 of the namespace, or to the host's. */
  #orphan(process: RunningProcess, namespace: PidNamespace): void {
    if (process.children.size === 0) return;
    const init = namespace.init;
    const heir = init?.alive === true ? init : this.#system.pids.init;
    for (const child of process.children) {
      if (!child.alive) this.#reap(child);
      else if (heir?.alive === true && heir !== process) adopt(child, heir);
      else child.parent = undefined;
    }
    process.children.clear();
  }

  #reap(process: RunningProcess): void {
    if (process.state !== 'zombie') return;
    process.state = 'gone';
    process.namespaces.pid.leave(process.numbers);
    process.parent?.children.delete(process);
  }

  /** Tells a listener when a process ends. */
  onExit(process: RunningProcess, listener: (status: ExitStatus) => void): void {
    const listeners = this.#exitListeners.get(process);
    if (listeners === undefined) this.#exitListeners.set(process, [listener]);
    else listeners.push(listener);
  }

  /** Power-off: everything is dropped, nobody is told. */
  dropAll(): void {
    const all = [...this.#system.pids.processes.values()];
    for (const process of all) process.drop();
    for (const process of all) process.forgetFiles();
    this.#exitListeners.clear();
  }
}

/** Gives a process another parent, which waits for it without being asked. */
function adopt(child: RunningProcess, heir: RunningProcess | undefined): void {
  if (heir?.alive !== true) return;
  child.parent?.children.delete(child);
  child.parent = heir;
  heir.children.add(child);
  child.adopted = true;
}

function commOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, COMM_MAX);
}

function descriptorsFor(
  parent: RunningProcess,
  options: SpawnOptions,
): ReadonlyMap<number, OpenFile> {
  if (options.descriptors !== undefined) return options.descriptors;
  const { terminal } = options;
  if (terminal !== undefined) {
    return new Map([
      [0, terminal],
      [1, terminal],
      [2, terminal],
    ]);
  }
  const standard = new Map<number, OpenFile>();
  for (const number of [0, 1, 2]) {
    const file = parent.descriptors.get(number);
    if (file !== undefined) standard.set(number, file);
  }
  return standard;
}

/** Ignored signals stay ignored across fork and exec (nohup); handlers are closures of the parent's tasks. */
function inheritIgnored(parent: RunningProcess, child: RunningProcess): void {
  for (const [signal, handler] of parent.dispositions ?? []) {
    if (handler === 'ignore') child.onSignal(signal, 'ignore');
  }
}

/** The group that a pipeline's first process leads, or the parent's own. */
function groupFor(parent: RunningProcess, options: SpawnOptions): RunningProcess['group'] {
  const leader = options.group === undefined ? undefined : parent.namespaces.pid.processes.get(options.group);
  return leader?.group ?? parent.group;
}

/** The topmost group between a process and the group out of memory that dies as one (mem_cgroup_get_oom_group). */
function oomGroupOf(victim: RunningProcess, domain: Cgroup): Cgroup | undefined {
  let whole: Cgroup | undefined;
  for (let at: Cgroup | undefined = victim.cgroup; at !== undefined; at = at.parent) {
    if (at.limits.oomGroup === true) whole = at;
    if (at === domain) break;
  }
  return whole;
}
