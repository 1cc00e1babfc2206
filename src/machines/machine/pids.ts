/**
 * Pid namespaces: numbers of processes, nested. A process has a number in its own namespace and in
 * every one above it. When number 1 ends, all others in the namespace are killed (pid_namespaces(7)).
 */
import type { RunningProcess } from './running-process.ts';

/** kernel.pid_max of a small host. */
const PID_MAX = 4_194_304;

export class PidNamespace {
  readonly name: string;
  readonly parent: PidNamespace | undefined;
  readonly level: number;
  readonly processes = new Map<number, RunningProcess>();
  #next = 1;

  constructor(name: string, parent: PidNamespace | undefined) {
    this.name = name;
    this.parent = parent;
    this.level = parent === undefined ? 0 : parent.level + 1;
  }

  /** Process 1, which adopts orphans. */
  get init(): RunningProcess | undefined {
    return this.processes.get(1);
  }

  /** Gives a process its number here and above; index 0 is the host's. */
  enter(process: RunningProcess): number[] {
    const numbers = this.parent === undefined ? [] : this.parent.enter(process);
    while (this.processes.has(this.#next)) this.#next += 1;
    numbers.push(this.#next);
    this.processes.set(this.#next, process);
    this.#next = this.#next >= PID_MAX ? 300 : this.#next + 1;
    return numbers;
  }

  leave(numbers: readonly number[]): void {
    this.processes.delete(numbers[this.level] as number);
    this.parent?.leave(numbers);
  }
}
