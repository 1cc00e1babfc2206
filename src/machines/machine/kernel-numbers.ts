/**
 * Numbers that the kernel gives to things without a name: namespaces (fs/nsfs.c, their inodes are links
 * of /proc/PID/ns) and pipes and sockets that a process holds (links of /proc/PID/fd). A thing gets its
 * number when somebody first looks at it, and keeps it.
 */

/** Namespaces of the first process have fixed numbers (include/linux/proc_ns.h; mnt and net as 6.1 counts). */
const INITIAL: ReadonlyMap<string, number> = new Map([
  ['cgroup', 4_026_531_835],
  ['pid', 4_026_531_836],
  ['user', 4_026_531_837],
  ['uts', 4_026_531_838],
  ['ipc', 4_026_531_839],
  ['net', 4_026_531_840],
  ['mnt', 4_026_531_841],
  ['time', 4_026_531_834],
]);
const FIRST_NAMESPACE = 4_026_532_160;
const FIRST_ANONYMOUS = 20_000;

export class KernelNumbers {
  readonly #namespaces = new WeakMap<object, number>();
  readonly #anonymous = new WeakMap<object, number>();
  #nextNamespace = FIRST_NAMESPACE;
  #nextAnonymous = FIRST_ANONYMOUS;

  /** The inode of a namespace; undefined is that of process 1. */
  namespace(type: string, space: object | undefined): number {
    if (space === undefined) return INITIAL.get(type) ?? 0;
    let number = this.#namespaces.get(space);
    if (number === undefined) {
      number = this.#nextNamespace;
      this.#nextNamespace += 1;
      this.#namespaces.set(space, number);
    }
    return number;
  }

  /** The inode of a pipe or socket. */
  anonymous(thing: object): number {
    let number = this.#anonymous.get(thing);
    if (number === undefined) {
      number = this.#nextAnonymous;
      this.#nextAnonymous += 1;
      this.#anonymous.set(thing, number);
    }
    return number;
  }
}
