/**
 * What a process needs of the kernel that runs it. `Host` builds one at every boot; the process
 * table, the CPUs and the cgroups of an earlier boot are gone with it.
 */
import type { EventLoop, Micros } from '../../ground/base/event-loop.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { Errno } from '../network/errno.ts';
import type { NetworkNamespace } from '../network/namespace.ts';
import type { CgroupTree } from './cgroup.ts';
import type { Costs } from './costs.ts';
import type { Cpu } from './cpu.ts';
import type { OpenFile } from './files-types.ts';
import type { KernelNumbers } from './kernel-numbers.ts';
import type { Journal } from './journal.ts';
import type { MountView } from './mounts.ts';
import type { PidNamespace } from './pids.ts';
import type { Clock } from './process.ts';
import type { ProcessTable } from './process-table.ts';
import type { UnitTable } from './unit.ts';

export interface System {
  readonly name: string;
  readonly seed: number;
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly costs: Costs;
  readonly clock: Clock;
  readonly cpu: Cpu;
  readonly cgroups: CgroupTree;
  readonly processes: ProcessTable;
  readonly pids: PidNamespace;
  readonly journal: Journal;
  readonly units: UnitTable;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly bootTime: Micros;
  readonly bootId: string;
  readonly machineId: string;
  /** How many times longer than the table of costs the disk takes. */
  readonly diskFactor: number;
  /** True while the whole machine stands still. */
  readonly frozen: boolean;
  /** Under which name processes of this boot draw their numbers. */
  readonly streams: string;
  readonly random: RandomStream;
  /** sysctls that no network namespace has. */
  readonly sysctls: Map<string, string>;
  /** Inodes of namespaces, pipes and sockets. */
  readonly numbers: KernelNumbers;
  newNetworkNamespace(name: string): NetworkNamespace;
  newMountView(name: string): MountView;
  /** /dev/null and its kin, by name. */
  openDevice(device: string, terminal: OpenFile | undefined): Result<OpenFile, Errno>;
  nextPipe(): number;
  reboot(): void;
  powerOff(): void;
}
