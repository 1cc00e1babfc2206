/**
 * What root may do to its machine: other processes, mounts, namespaces, interfaces, power. Kubelet,
 * containerd, kube-proxy, `ps`, `ip`, `iptables`, `ss`, `systemctl` work through this.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Errno } from '../network/errno.ts';
import type { NetworkNamespace } from '../network/namespace.ts';
import type { SocketOwner } from '../network/socket-table.ts';
import type { MountView } from './mounts.ts';
import type { PidNamespace } from './pids.ts';
import type { ExitStatus, Signal } from './process.ts';
import type { UnitTable } from './unit.ts';

/** The namespaces that a process lives in. Sharing one is sharing the object. */
export interface Namespaces {
  readonly network: NetworkNamespace;
  readonly mount: MountView;
  readonly pid: PidNamespace;
  readonly uts: { hostname: string };
  readonly ipc: { readonly name: string };
}

export interface ProcessEntry {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly comm: string;
  readonly argv: readonly string[];
  /** R running, S sleeping, T stopped, Z zombie. */
  readonly state: 'R' | 'S' | 'T' | 'Z';
  readonly started: Micros;
  /** CPU time used, in microseconds. */
  readonly cpu: Micros;
  readonly memory: number;
  /** Address space in KiB. */
  readonly virtualKib: number;
  /** It leads a session: `s` of ps; several tasks are its `l`. */
  readonly leader: boolean;
  readonly threads: number;
  readonly cgroup: string;
  readonly terminal: string;
  /** What its tasks wait for, for inspectors. */
  readonly waitingFor: readonly string[];
}

export interface CgroupLimits {
  /** CPU shares (cgroup v1 numbers: 1024 a core); undefined: no request. */
  readonly cpuShares?: number;
  /** CPU quota in millicores; undefined: none. */
  readonly cpuQuotaMilli?: number;
  readonly memoryMax?: number;
  /** memory.oom.group: when memory runs out, all processes in it die together. */
  readonly oomGroup?: boolean;
}

export interface Kernel {
  readonly hostName: string;
  /** The namespaces of the calling process. */
  readonly namespaces: Namespaces;
  /** Those of another process, by pid in the host's own pid namespace. */
  namespacesOf(pid: number): Result<Namespaces, Errno>;
  newNetworkNamespace(name: string): NetworkNamespace;
  newPidNamespace(name: string): PidNamespace;
  /** A mount view whose root is what `root` holds (see mounts.ts). */
  newMountView(name: string): MountView;
  /** Processes visible in the caller's pid namespace, by pid. */
  processes(): readonly ProcessEntry[];
  /** Whose descriptors the caller may look at, with their pids as it sees them: /proc/PID/fd, which `ss -p` reads. */
  socketOwners(): ReadonlyMap<SocketOwner, number>;
  /** Signals by pid in the caller's namespace; as root, any process. */
  signal(pid: number, signal: Signal): Result<void, Errno>;
  /** Called when a process that is not the caller's child ends (containerd-shim as subreaper). */
  onExit(pid: number, listener: (status: ExitStatus) => void): Result<void, Errno>;
  makeCgroup(path: string, limits: CgroupLimits): Result<void, Errno>;
  /** Kills what is in it, then removes it. */
  removeCgroup(path: string): Result<void, Errno>;
  /** CPU time and memory of a cgroup, children included; the numbers behind cAdvisor. */
  cgroupUsage(
    path: string,
  ): Result<{ readonly cpu: Micros; readonly memory: number; readonly oomKills: number }, Errno>;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly bootTime: Micros;
  readonly bootId: string;
  readonly machineId: string;
  readonly units: UnitTable;
  reboot(): void;
  powerOff(): void;
  /** sysctl values by dotted name, of the caller's network namespace where they are per namespace. */
  sysctl(name: string): string | undefined;
  setSysctl(name: string, value: string): Result<void, Errno>;
}
