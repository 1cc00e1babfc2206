/**
 * A child as its parent holds it: whoever waits for its end reaps it. What a parent rarely asks for (a
 * wait among others, a wait for a stop) is made when it does.
 */
import { err, type Result } from '../../ground/base/result.ts';
import { Condition, type Task, type Wait, type Waiter } from '../../ground/base/task.ts';
import type { Errno } from '../network/errno.ts';
import type { Child, ExitStatus, Signal } from './process.ts';
import type { RunningProcess } from './running-process.ts';

/** What a child needs of the process table. */
export interface Parenting {
  /** Takes a zombie away. */
  reap(process: RunningProcess): void;
  send(sender: RunningProcess, target: RunningProcess, signal: Signal): Result<void, Errno>;
}

export class ChildHandle implements Child {
  readonly pid: number;
  readonly #table: Parenting;
  readonly #parent: RunningProcess;
  readonly #process: RunningProcess;
  #exited: Wait | undefined;
  #stopped: Wait | undefined;

  constructor(table: Parenting, parent: RunningProcess, process: RunningProcess) {
    this.pid = process.pidIn(parent.namespaces.pid) ?? process.pid;
    this.#table = table;
    this.#parent = parent;
    this.#process = process;
  }

  get exited(): Wait {
    this.#exited ??= new Exit(this.#table, this.#process, this.pid);
    return this.#exited;
  }

  get stopped(): Wait {
    this.#stopped ??= stopOf(this.#process, this.pid);
    return this.#stopped;
  }

  get status(): ExitStatus | undefined {
    return this.#process.ended.value;
  }

  *wait(): Task<ExitStatus> {
    const { ended } = this.#process;
    if (!ended.settled) return (yield this.exited) as ExitStatus;
    this.#table.reap(this.#process);
    return ended.value as ExitStatus;
  }

  signal(signal: Signal): Result<void, Errno> {
    const process = this.#process;
    return process.alive ? this.#table.send(this.#parent, process, signal) : err('ESRCH');
  }
}

/** The end of a process; who hears of it first has reaped it. */
class Exit implements Wait {
  readonly #table: Parenting;
  readonly #process: RunningProcess;
  readonly #pid: number;
  readonly #reapers = new Map<Waiter, Waiter>();

  constructor(table: Parenting, process: RunningProcess, pid: number) {
    this.#table = table;
    this.#process = process;
    this.#pid = pid;
  }

  get description(): string {
    return `process ${this.#pid} to end`;
  }

  arm(waiter: Waiter): void {
    const reap = (): void => {
      this.#reapers.delete(waiter);
      this.#table.reap(this.#process);
    };
    const reaper: Waiter = {
      loop: waiter.loop,
      wake(status) {
        reap();
        waiter.wake(status);
      },
      resume(status) {
        reap();
        waiter.resume(status);
      },
    };
    this.#reapers.set(waiter, reaper);
    this.#process.ended.arm(reaper);
  }

  withdraw(waiter: Waiter): void {
    const reaper = this.#reapers.get(waiter);
    if (reaper !== undefined) this.#process.ended.withdraw(reaper);
    this.#reapers.delete(waiter);
  }
}

function stopOf(process: RunningProcess, pid: number): Wait {
  return {
    description: `process ${pid} to stop`,
    arm(waiter) {
      process.stops ??= new Condition('stop');
      if (process.state === 'stopped') waiter.wake(undefined);
      else process.stops.arm(waiter);
    },
    withdraw: (waiter) => process.stops?.withdraw(waiter),
  };
}
