/**
 * Control groups: a tree of processes with CPU shares, CPU quota and a memory limit, and the use of
 * each. Numbers of shares are those of cgroup v1 (1024 a core), as the kubelet and CRI give them.
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { CgroupLimits } from './kernel.ts';
import type { RunningProcess } from './running-process.ts';

/** Default of cpu.shares, and of a cgroup without a request. */
export const SHARES_DEFAULT = 1024;
/** cpu.cfs_period_us. */
export const QUOTA_PERIOD: Micros = 100_000;

export class Cgroup {
  readonly path: string;
  readonly parent: Cgroup | undefined;
  readonly children = new Map<string, Cgroup>();
  readonly processes = new Set<RunningProcess>();
  limits: CgroupLimits;
  /** CPU time, that of children included, in microseconds. */
  cpu: Micros = 0;
  /** Declared memory, that of children included. */
  memory = 0;
  memoryPeak = 0;
  oomKills = 0;
  /** The running quota period: when it began, CPU time used in it. */
  periodStart: Micros = 0;
  periodUsed = 0;
  throttled = false;
  periodsThrottled = 0;

  constructor(path: string, parent: Cgroup | undefined, limits: CgroupLimits) {
    this.path = path;
    this.parent = parent;
    this.limits = limits;
  }

  get shares(): number {
    return this.limits.cpuShares ?? SHARES_DEFAULT;
  }

  /** CPU time a period, or undefined without a quota. */
  get quota(): Micros | undefined {
    const milli = this.limits.cpuQuotaMilli;
    return milli === undefined || milli <= 0 ? undefined : (milli * QUOTA_PERIOD) / 1000;
  }

  /** True when it or one above it has a quota. */
  get isLimited(): boolean {
    return this.quota !== undefined || this.parent?.isLimited === true;
  }

  chargeCpu(micros: Micros): void {
    for (let group: Cgroup | undefined = this; group !== undefined; group = group.parent) {
      group.cpu += micros;
    }
  }

  /** Adds memory, and gives the lowest group whose limit is now passed, if any. */
  chargeMemory(bytes: number): Cgroup | undefined {
    let over: Cgroup | undefined;
    for (let group: Cgroup | undefined = this; group !== undefined; group = group.parent) {
      group.memory += bytes;
      if (group.memory > group.memoryPeak) group.memoryPeak = group.memory;
      const max = group.limits.memoryMax;
      if (over === undefined && max !== undefined && max > 0 && group.memory > max) over = group;
    }
    return over;
  }

  /** Processes of this group and all below it. */
  all(): RunningProcess[] {
    return [...this.processes, ...[...this.children.values()].flatMap((child) => child.all())];
  }
}

/** The tree of one host, by path. */
export class CgroupTree {
  readonly root = new Cgroup('/', undefined, {});

  find(path: string): Cgroup | undefined {
    let group: Cgroup | undefined = this.root;
    for (const part of path.split('/')) {
      if (part !== '') group = group?.children.get(part);
    }
    return group;
  }

  /** Makes a group and those above it; changes the limits of one that is there. */
  make(path: string, limits?: CgroupLimits): Cgroup {
    let group = this.root;
    for (const part of path.split('/')) {
      if (part === '') continue;
      let next = group.children.get(part);
      if (next === undefined) {
        next = new Cgroup(`${group.path === '/' ? '' : group.path}/${part}`, group, {});
        group.children.set(part, next);
      }
      group = next;
    }
    if (limits !== undefined) group.limits = limits;
    return group;
  }

  remove(group: Cgroup): void {
    group.parent?.children.delete(group.path.slice(group.path.lastIndexOf('/') + 1));
  }
}
