/** The system calls of root for one process. Without root those that change anything fail with EPERM. */
import type { Micros } from '../../ground/base/event-loop.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import type { Errno } from '../network/errno.ts';
import type { NetworkNamespace } from '../network/namespace.ts';
import type { SocketOwner } from '../network/socket-table.ts';
import type { CgroupLimits, Kernel, Namespaces, ProcessEntry } from './kernel.ts';
import type { MountView } from './mounts.ts';
import { PidNamespace } from './pids.ts';
import type { ExitStatus, Signal } from './process.ts';
import type { RunningProcess } from './running-process.ts';
import type { System } from './system.ts';
import type { UnitTable } from './unit.ts';

export class KernelCalls implements Kernel {
  readonly #system: System;
  readonly #caller: RunningProcess;

  constructor(system: System, caller: RunningProcess) {
    this.#system = system;
    this.#caller = caller;
  }

  get hostName(): string {
    return this.#system.name;
  }

  get namespaces(): Namespaces {
    return this.#caller.namespaces;
  }

  namespacesOf(pid: number): Result<Namespaces, Errno> {
    const process = this.#system.pids.processes.get(pid);
    if (process === undefined) return err('ESRCH');
    return this.#mayTouch(process) ? ok(process.namespaces) : err('EACCES');
  }

  #mayTouch(process: RunningProcess): boolean {
    return this.#caller.uid === 0 || this.#caller.uid === process.uid;
  }

  newNetworkNamespace(name: string): NetworkNamespace {
    return this.#system.newNetworkNamespace(name);
  }

  newPidNamespace(name: string): PidNamespace {
    return new PidNamespace(name, this.#caller.namespaces.pid);
  }

  newMountView(name: string): MountView {
    return this.#system.newMountView(name);
  }

  processes(): readonly ProcessEntry[] {
    this.#system.cpu.settle();
    const namespace = this.#caller.namespaces.pid;
    return [...namespace.processes]
      .sort((a, b) => a[0] - b[0])
      .map(([pid, process]) => entryOf(pid, process, namespace));
  }

  socketOwners(): ReadonlyMap<SocketOwner, number> {
    const visible = new Map<SocketOwner, number>();
    for (const [pid, process] of this.#caller.namespaces.pid.processes)
      if (process.alive && this.#mayTouch(process)) visible.set(process, pid);
    return visible;
  }

  signal(pid: number, signal: Signal): Result<void, Errno> {
    return this.#system.processes.kill(this.#caller, pid, signal);
  }

  onExit(pid: number, listener: (status: ExitStatus) => void): Result<void, Errno> {
    const process = this.#caller.namespaces.pid.processes.get(pid);
    if (process === undefined || !process.alive) return err('ESRCH');
    this.#system.processes.onExit(process, listener);
    return DONE;
  }

  makeCgroup(path: string, limits: CgroupLimits): Result<void, Errno> {
    if (this.#caller.uid !== 0) return err('EACCES');
    this.#system.cgroups.make(path, limits);
    this.#system.cpu.limitsChanged();
    return DONE;
  }

  removeCgroup(path: string): Result<void, Errno> {
    if (this.#caller.uid !== 0) return err('EACCES');
    const group = this.#system.cgroups.find(path);
    if (group === undefined) return err('ENOENT');
    if (group.parent === undefined) return err('EBUSY');
    for (const process of group.all())
      this.#system.processes.deliver(process, 'SIGKILL', undefined);
    this.#system.cgroups.remove(group);
    return DONE;
  }

  cgroupUsage(path: string): ReturnType<Kernel['cgroupUsage']> {
    const group = this.#system.cgroups.find(path);
    if (group === undefined) return err('ENOENT');
    this.#system.cpu.settle();
    return ok({ cpu: Math.floor(group.cpu), memory: group.memory, oomKills: group.oomKills });
  }

  get cpus(): number {
    return this.#system.cpus;
  }

  get memoryBytes(): number {
    return this.#system.memoryBytes;
  }

  get bootTime(): Micros {
    return this.#system.bootTime;
  }

  get bootId(): string {
    return this.#system.bootId;
  }

  get machineId(): string {
    return this.#system.machineId;
  }

  get units(): UnitTable {
    return this.#system.units;
  }

  reboot(): void {
    if (this.#caller.uid === 0) this.#system.reboot();
  }

  powerOff(): void {
    if (this.#caller.uid === 0) this.#system.powerOff();
  }

  sysctl(name: string): string | undefined {
    if (name === 'kernel.hostname') return this.#caller.hostname;
    return this.#caller.namespaces.network.sysctls.get(name) ?? this.#system.sysctls.get(name);
  }

  setSysctl(name: string, value: string): Result<void, Errno> {
    if (this.#caller.uid !== 0) return err('EACCES');
    if (name === 'kernel.hostname') {
      this.#caller.namespaces.uts.hostname = value;
      return DONE;
    }
    if (this.#caller.namespaces.network.sysctls.has(name)) {
      return this.#caller.namespaces.network.setSysctl(name, value);
    }
    if (!this.#system.sysctls.has(name)) return err('ENOENT');
    this.#system.sysctls.set(name, value);
    return DONE;
  }
}

/** A row of `ps`. */
function entryOf(pid: number, process: RunningProcess, namespace: PidNamespace): ProcessEntry {
  const ppid = process.parent?.pidIn(namespace) ?? 0;
  return {
    pid,
    ppid,
    uid: process.uid,
    comm: process.comm,
    argv: process.argv,
    state: stateOf(process),
    started: process.started,
    cpu: Math.floor(process.cpuUsed),
    memory: process.resident,
    virtualKib: virtualKib(process.resident),
    // Whatever is started in a container from outside leads a session of its own, as runc starts it.
    leader: process.session.leader === process || ppid === 0,
    threads: Math.max(1, process.tasks.size),
    cgroup: process.cgroup.path,
    terminal: process.session.terminal?.name.replace('/dev/', '') ?? '?',
    waitingFor: [...process.tasks].flatMap((task) =>
      task.waitingFor === undefined ? [] : [`${task.name}: ${task.waitingFor}`],
    ),
  };
}

/** Address space in KiB: the program, its libraries, and twice what is in memory. */
export function virtualKib(resident: number): number {
  return 1_760 + Math.floor(resident / 512);
}

/** R running, S sleeping, T stopped, Z zombie. */
export function stateOf(process: RunningProcess): ProcessEntry['state'] {
  if (process.state === 'stopped') return 'T';
  if (!process.alive) return 'Z';
  return process.jobs.length > 0 ? 'R' : 'S';
}
