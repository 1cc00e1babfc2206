/** What the objects of `ip` share: the namespace that it works on, its flags, and its ways to fail. */
import type { Task } from '../../../ground/base/task.ts';
import { type Errno, strerror } from '../../../machines/network/errno.ts';
import type { NetworkNamespace } from '../../../machines/network/namespace.ts';
import type { Process } from '../../../machines/machine/process.ts';

export interface IpCommand {
  readonly process: Process;
  readonly network: NetworkNamespace;
  /** In the words of busybox's applet. */
  readonly busybox: boolean;
  /** `-br` */
  readonly brief: boolean;
  /** `-o`: one record, one line. */
  readonly oneLine: boolean;
  /** `-s`: counters. */
  readonly statistics: boolean;
  /** `-d`: the kind of each link. */
  readonly details: boolean;
}

/** A word of the command line is wrong: exit code 1 by default, 255 for an unknown command. */
export function* refuse(command: IpCommand, message: string, code = 1): Task<number> {
  yield* command.process.printError(`${message}\n`);
  return code;
}

/** The kernel has refused. */
export function* kernelError(command: IpCommand, errno: Errno): Task<number> {
  return yield* refuse(command, `RTNETLINK answers: ${strerror(errno)}`, 2);
}

/** True when the caller may not change the network. */
export function isOrdinary(command: IpCommand): boolean {
  return command.process.uid !== 0;
}

/** A verb or an object by any of its beginnings, in iproute2's order of preference. */
export function matchWord<T extends string>(word: string, words: readonly T[]): T | undefined {
  return words.find((each) => each.startsWith(word));
}
