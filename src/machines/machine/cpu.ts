/**
 * The CPUs of a host. While there are at least as many CPUs as jobs and no quota is in play, every
 * job has a CPU and one timer, and nothing else happens. Beyond that, CPU time is shared as CFS
 * shares it, in the limit of small slices (processor sharing): the tree of cgroups is filled by
 * weight, one job never gets more than one CPU, and a cgroup with a quota runs at full speed until
 * its share of the 100 ms period is used, then waits for the next period.
 *
 *     rate of a cgroup = water-filling of its parent's rate by shares, at most its number of jobs
 *     rate of a job    = rate of its cgroup / jobs in it
 *
 * Each cgroup keeps a virtual clock that runs at its jobs' rate; a job ends when that clock has
 * gained the job's work, so a change touches the cgroups that are busy and one heap.
 *
 * Not modelled: caches, affinity, slices (wake-up latency under load), nice.
 */
import { Roster } from '../../ground/base/roster.ts';
import {
  type CauseId,
  type Due,
  type EventLoop,
  type Micros,
  NO_CAUSE,
  type Timer,
} from '../../ground/base/event-loop.ts';
import { Heap } from '../../ground/base/heap.ts';
import type { Wait, Waiter } from '../../ground/base/task.ts';
import { type Cgroup, QUOTA_PERIOD, SHARES_DEFAULT } from './cgroup.ts';

/** Who is charged. */
export interface CpuUser {
  cpuUsed: Micros;
  readonly cgroup: Cgroup;
  /** Jobs under way, so that a stopped process can stop them. */
  jobs: CpuJob[];
}

/** Below this a job is done: less than a microsecond's rounding. */
const EPSILON = 1e-6;

/** Work of a user; what a task waits for while it computes. */
export class CpuJob implements Wait, Due {
  readonly description = 'CPU';
  readonly user: CpuUser;
  readonly #cpu: Cpu;
  waiter: Waiter | undefined;
  cause: CauseId = NO_CAUSE;
  sequence = 0;
  state: 'free' | 'shared' | 'paused' | 'over' = 'paused';
  /** Work left when it last changed state; charged work is gone from it. */
  left: number;
  /** Free: since when it runs, and its end. */
  since: Micros = 0;
  timer: Timer | undefined;
  /** Shared: the virtual time at which it ends, and the clock's reading when it was last charged. */
  ends = 0;
  read = 0;

  constructor(cpu: Cpu, user: CpuUser, work: number) {
    this.#cpu = cpu;
    this.user = user;
    this.left = work;
  }

  arm(waiter: Waiter): void {
    this.waiter = waiter;
    this.#cpu.begin(this);
  }

  withdraw(): void {
    this.#cpu.cancel(this);
  }

  get pending(): boolean {
    return this.state === 'free';
  }

  /** It had a CPU to itself, and is done. */
  due(): void {
    this.#cpu.finish(this);
  }
}

/** Jobs of one cgroup under contention. */
interface Group {
  readonly cgroup: Cgroup;
  readonly heap: Heap<CpuJob>;
  count: number;
  clock: number;
  /** CPUs that each of its jobs has now, 0–1. */
  rate: number;
}

/** A cgroup with busy ones at or below it. */
interface Branch {
  readonly cgroup: Cgroup;
  readonly parent: Branch | undefined;
  group: Group | undefined;
  readonly children: Set<Branch>;
  demand: number;
}

export class Cpu {
  readonly count: number;
  readonly #loop: EventLoop;
  readonly #free = new Roster<CpuJob>();
  readonly #groups = new Map<Cgroup, Group>();
  readonly #branches = new Map<Cgroup, Branch>();
  /** Cgroups with a quota that have busy jobs below, and the rate of each. */
  #limited = new Map<Cgroup, number>();
  #shared = 0;
  #sequence = 0;
  #last: Micros = 0;
  #timer: Timer | undefined;
  /** Changes at one instant are planned once, after the last of them. */
  #planning: Timer | undefined;
  /** CPU time of all processes since the host was made. */
  used: Micros = 0;

  constructor(loop: EventLoop, count: number) {
    this.#loop = loop;
    this.count = count;
  }

  /** Jobs that want a CPU now: the load. */
  get running(): number {
    return this.#free.size + this.#shared;
  }

  /** Waits until this much work is done for a user. */
  work(user: CpuUser, micros: Micros): Wait {
    return new CpuJob(this, user, micros);
  }

  /** Somebody waits for a job now. */
  begin(job: CpuJob): void {
    job.cause = this.#loop.cause;
    job.sequence = this.#sequence++;
    job.user.jobs.push(job);
    this.resume(job);
  }

  /** Begins or goes on with a job. */
  resume(job: CpuJob): void {
    if (job.state !== 'paused') return;
    if (this.#shared === 0 && this.#free.size < this.count && !job.user.cgroup.isLimited) {
      job.state = 'free';
      job.since = this.#loop.now;
      job.timer = this.#loop.after(Math.ceil(job.left), job, job.cause);
      this.#free.add(job);
      return;
    }
    if (this.#shared === 0) this.#last = this.#loop.now;
    else this.#advance();
    this.#shareAll();
    this.#join(job);
    this.#plan();
  }

  /** Stops a job where it stands; `resume` goes on. */
  pause(job: CpuJob): void {
    if (job.state === 'free') {
      this.#chargeFree(job);
      this.#free.delete(job);
      job.timer?.cancel();
      job.state = 'paused';
    } else if (job.state === 'shared') {
      this.#advance();
      this.#leave(job);
      job.state = 'paused';
      this.#plan();
    }
  }

  /** Drops a job: its task was killed. */
  cancel(job: CpuJob): void {
    if (job.state === 'over') return;
    this.pause(job);
    this.#end(job);
  }

  /** Charges all work done so far, so that usage can be read. */
  settle(): void {
    for (const job of this.#free) this.#chargeFree(job);
    if (this.#shared === 0) return;
    this.#advance();
    for (const group of this.#groups.values()) {
      for (const job of group.heap.values()) this.#chargeShared(job, group);
    }
  }

  /** Limits of a cgroup changed. */
  limitsChanged(): void {
    if (this.#shared === 0 && this.#free.size === 0) return;
    if (this.#shared === 0) this.#last = this.#loop.now;
    else this.#advance();
    this.#shareAll();
    this.#plan();
  }

  // ---- a CPU for everybody

  finish(job: CpuJob): void {
    this.#chargeFree(job);
    this.#free.delete(job);
    this.#end(job);
    job.waiter?.resume(undefined);
  }

  #chargeFree(job: CpuJob): void {
    const done = Math.min(job.left, this.#loop.now - job.since);
    job.since = this.#loop.now;
    this.#charge(job, done);
  }

  #charge(job: CpuJob, done: number): void {
    if (done <= 0) return;
    job.left -= done;
    job.user.cpuUsed += done;
    job.user.cgroup.chargeCpu(done);
    this.used += done;
  }

  #end(job: CpuJob): void {
    job.state = 'over';
    const jobs = job.user.jobs;
    const at = jobs.indexOf(job);
    if (at >= 0) jobs.splice(at, 1);
  }

  // ---- shared CPUs

  /** Moves the jobs that had a CPU each into their groups. */
  #shareAll(): void {
    for (const job of this.#free) {
      this.#chargeFree(job);
      job.timer?.cancel();
      this.#join(job);
    }
    this.#free.clear();
  }

  #join(job: CpuJob): void {
    const cgroup = job.user.cgroup;
    let group = this.#groups.get(cgroup);
    if (group === undefined) {
      group = { cgroup, heap: new Heap<CpuJob>(endsBefore), count: 0, clock: 0, rate: 0 };
      this.#groups.set(cgroup, group);
      this.#branchOf(cgroup).group = group;
    }
    job.state = 'shared';
    job.read = group.clock;
    job.ends = group.clock + job.left;
    group.heap.push(job);
    group.count += 1;
    this.#shared += 1;
  }

  #leave(job: CpuJob): void {
    const group = this.#groups.get(job.user.cgroup);
    if (group === undefined) return;
    this.#chargeShared(job, group);
    group.heap.retain((other) => other !== job);
    this.#drop(group);
  }

  #drop(group: Group): void {
    group.count -= 1;
    this.#shared -= 1;
    if (group.count > 0) return;
    this.#groups.delete(group.cgroup);
    let branch = this.#branches.get(group.cgroup);
    if (branch !== undefined) branch.group = undefined;
    while (branch !== undefined && branch.group === undefined && branch.children.size === 0) {
      this.#branches.delete(branch.cgroup);
      branch.parent?.children.delete(branch);
      branch = branch.parent;
    }
  }

  #branchOf(cgroup: Cgroup): Branch {
    const known = this.#branches.get(cgroup);
    if (known !== undefined) return known;
    const parent = cgroup.parent === undefined ? undefined : this.#branchOf(cgroup.parent);
    const made: Branch = { cgroup, parent, group: undefined, children: new Set(), demand: 0 };
    this.#branches.set(cgroup, made);
    parent?.children.add(made);
    return made;
  }

  #chargeShared(job: CpuJob, group: Group): void {
    const done = Math.min(job.left, group.clock - job.read);
    job.read = group.clock;
    this.#charge(job, done);
  }

  /** Brings all clocks and quotas to the present. */
  #advance(): void {
    const now = this.#loop.now;
    const span = now - this.#last;
    this.#last = now;
    if (span > 0) for (const group of this.#groups.values()) group.clock += group.rate * span;
    for (const [cgroup, rate] of this.#limited) {
      const since = now - cgroup.periodStart;
      if (since >= QUOTA_PERIOD) {
        cgroup.periodStart += Math.floor(since / QUOTA_PERIOD) * QUOTA_PERIOD;
        cgroup.periodUsed = cgroup.throttled ? 0 : rate * (now - cgroup.periodStart);
        cgroup.throttled = false;
      } else cgroup.periodUsed += rate * span;
    }
  }

  /** Plans after all changes of this instant. */
  #plan(): void {
    if (this.#planning?.pending === true) return;
    this.#planning = this.#loop.at(this.#loop.now, () => this.#replan());
  }

  /** Gives every group its rate, and arms the timer for the next thing that happens. */
  #replan(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#shared === 0) {
      this.#limited.clear();
      return;
    }
    this.#allocate();
    let next = Number.POSITIVE_INFINITY;
    let cause = this.#loop.cause;
    for (const group of this.#groups.values()) {
      const head = group.heap.peek();
      if (head === undefined || group.rate === 0) continue;
      const span = Math.max(0, (head.ends - group.clock - EPSILON) / group.rate);
      if (span < next) {
        next = span;
        cause = head.cause;
      }
    }
    for (const [cgroup, rate] of this.#limited) {
      const toPeriodEnd = cgroup.periodStart + QUOTA_PERIOD - this.#loop.now;
      const quota = cgroup.quota ?? 0;
      let span = Number.POSITIVE_INFINITY;
      if (cgroup.throttled) span = toPeriodEnd;
      else if (rate * QUOTA_PERIOD > quota) {
        span = Math.min(toPeriodEnd, Math.max(0, (quota - cgroup.periodUsed) / rate));
      }
      if (span < next) next = span;
    }
    if (next !== Number.POSITIVE_INFINITY) {
      this.#timer = this.#loop.at(this.#loop.now + Math.ceil(next), () => this.#turn(), cause);
    }
  }

  /** Something ended: jobs, a quota, or a period. */
  #turn(): void {
    this.#timer = undefined;
    this.#advance();
    const done: CpuJob[] = [];
    for (const group of [...this.#groups.values()]) {
      for (;;) {
        const head = group.heap.peek();
        if (head === undefined || head.ends - group.clock > EPSILON) break;
        group.heap.pop();
        this.#charge(head, head.left);
        this.#drop(group);
        done.push(head);
      }
    }
    for (const [cgroup] of this.#limited) {
      const quota = cgroup.quota;
      if (quota !== undefined && !cgroup.throttled && cgroup.periodUsed >= quota - EPSILON) {
        cgroup.throttled = true;
        cgroup.periodsThrottled += 1;
      }
    }
    done.sort((a, b) => a.sequence - b.sequence);
    for (const job of done) this.#end(job);
    this.#plan();
    for (const job of done) {
      this.#loop.cause = job.cause;
      job.waiter?.wake(undefined);
    }
  }

  #allocate(): void {
    for (const group of this.#groups.values()) group.rate = 0;
    const limited = new Map<Cgroup, number>();
    let root: Branch | undefined;
    for (const branch of this.#branches.values()) {
      this.#openPeriod(branch.cgroup);
      if (branch.parent === undefined) root = branch;
    }
    if (root !== undefined) fill(root, Math.min(this.count, demandOf(root)), limited);
    this.#limited = limited;
  }

  /** A quota's period begins when a job comes after the last one has passed. */
  #openPeriod(cgroup: Cgroup): void {
    const now = this.#loop.now;
    if (cgroup.quota === undefined || now < cgroup.periodStart + QUOTA_PERIOD) return;
    if (this.#limited.has(cgroup)) return;
    cgroup.periodStart = now;
    cgroup.periodUsed = 0;
    cgroup.throttled = false;
  }
}

function endsBefore(a: CpuJob, b: CpuJob): boolean {
  return a.ends < b.ends || (a.ends === b.ends && a.sequence < b.sequence);
}

function demandOf(branch: Branch): number {
  let demand = branch.group?.count ?? 0;
  for (const child of branch.children) demand += demandOf(child);
  branch.demand = branch.cgroup.throttled && branch.cgroup.quota !== undefined ? 0 : demand;
  return branch.demand;
}

/** Divides `rate` CPUs below a branch: by weight, and what one cannot use goes to the others. */
function fill(branch: Branch, rate: number, limited: Map<Cgroup, number>): void {
  if (branch.cgroup.quota !== undefined) limited.set(branch.cgroup, rate);
  const { group, children } = branch;
  if (children.size === 0) {
    if (group !== undefined) group.rate = rate / group.count;
    return;
  }
  if (children.size === 1 && group === undefined) {
    for (const child of children) fill(child, Math.min(rate, child.demand), limited);
    return;
  }
  // The processes of a cgroup itself compete with its children, each with the default weight.
  const parts: (readonly [Branch | undefined, number, number])[] = [];
  for (const child of children) parts.push([child, child.cgroup.shares, child.demand]);
  if (group !== undefined) parts.push([undefined, SHARES_DEFAULT * group.count, group.count]);
  parts.sort((a, b) => a[2] / a[1] - b[2] / b[1]);
  let weights = 0;
  for (const [, weight] of parts) weights += weight;
  let left = rate;
  for (const [child, weight, demand] of parts) {
    const share = Math.min(demand, (left * weight) / weights);
    if (child !== undefined) fill(child, share, limited);
    else if (group !== undefined) group.rate = share / group.count;
    left -= share;
    weights -= weight;
  }
}
