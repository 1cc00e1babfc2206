/**
 * `ip netns`: network namespaces by name. Those that a program has made and named (the pods' `cni-…`)
 * are found by the processes that live in them; those of `ip netns add` are kept in /run/netns. (iproute2 6.1,
 * ip/ipnetns.c)
 */
import type { Task } from '../../../ground/base/task.ts';
import type { Document } from '../../../machines/machine/files-types.ts';
import type { NetworkNamespace } from '../../../machines/network/namespace.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { type IpCommand, matchWord, refuse } from './support.ts';

const FOLDER = '/run/netns';
const KIND = 'network-namespace';

/** Named namespaces of the host, newest first. */
function named(process: Process): ReadonlyMap<string, NetworkNamespace> {
  const found: [string, NetworkNamespace][] = [];
  const own = process.kernel.namespacesOf(1);
  const host = own.ok ? own.value.network : undefined;
  for (const { pid } of process.kernel.processes()) {
    const spaces = process.kernel.namespacesOf(pid);
    if (!spaces.ok) continue;
    const { network } = spaces.value;
    if (network !== host && network !== process.kernel.namespaces.network)
      found.push([network.name, network]);
  }
  const files = process.files.list(FOLDER);
  for (const name of files.ok ? files.value : []) {
    const content = process.files.readContent(`${FOLDER}/${name}`);
    if (!content.ok || !('kind' in content.value) || content.value.kind !== KIND) continue;
    found.push([name, content.value.value as NetworkNamespace]);
  }
  return new Map(found.reverse());
}

/** Other namespaces, in the order in which the interfaces of this one lead there: their numbers here. */
export function peerNamespaces(network: NetworkNamespace): readonly NetworkNamespace[] {
  const met: NetworkNamespace[] = [];
  for (const { peer } of network.interfaces()) {
    const there = peer?.namespace;
    if (there !== undefined && there !== network && !met.includes(there)) met.push(there);
  }
  return met;
}

export function netnsNames(process: Process): ReadonlySet<string> {
  return new Set(named(process).keys());
}

/** By name, or by the pid of a process that lives there. */
export function findNetns(process: Process, nameOrPid: string): NetworkNamespace | undefined {
  const byName = named(process).get(nameOrPid);
  if (byName !== undefined || !/^\d+$/.test(nameOrPid)) return byName;
  const spaces = process.kernel.namespacesOf(Number(nameOrPid));
  return spaces.ok ? spaces.value.network : undefined;
}

export function* ipNetns(command: IpCommand, args: readonly string[]): Task<number> {
  const { process } = command;
  const [word = 'list', name, ...rest] = args;
  const verb = matchWord(word, [
    'list',
    'show',
    'lst',
    'add',
    'delete',
    'exec',
    'identify',
    'pids',
  ] as const);
  if (verb === undefined)
    return yield* refuse(command, `Command "${word}" is unknown, try "ip netns help".`, 255);
  if (verb === 'list' || verb === 'show' || verb === 'lst') {
    const ids = peerNamespaces(process.kernel.namespaces.network);
    const lines = [...named(process)].map(([each, network]) => {
      const id = ids.indexOf(network);
      return id < 0 ? `${each}\n` : `${each} (id: ${id})\n`;
    });
    yield* process.print(lines.join(''));
    return 0;
  }
  if (verb === 'identify') {
    const spaces = process.kernel.namespacesOf(Number(name ?? process.pid));
    const at = spaces.ok ? spaces.value.network : undefined;
    const names = [...named(process)]
      .filter(([, network]) => network === at)
      .map(([each]) => `${each}\n`);
    yield* process.print(names.join(''));
    return 0;
  }
  if (name === undefined)
    return yield* refuse(
      command,
      verb === 'add' ? 'No netns name specified' : 'Must specify netns name',
      255,
    );
  if (process.uid !== 0) return yield* refuse(command, `mkdir ${FOLDER} failed: Permission denied`);
  if (verb === 'add') return yield* add(command, name);
  const target = findNetns(process, name);
  if (target === undefined) {
    const what =
      verb === 'delete'
        ? `Cannot remove namespace file "${FOLDER}/${name}"`
        : `Cannot open network namespace "${name}"`;
    return yield* refuse(command, `${what}: No such file or directory`);
  }
  if (verb === 'delete') {
    const removed = process.files.unlink(`${FOLDER}/${name}`);
    if (removed.ok) target.destroy();
    return removed.ok
      ? 0
      : yield* refuse(
          command,
          `Cannot remove namespace file "${FOLDER}/${name}": Device or resource busy`,
        );
  }
  if (verb === 'pids') return yield* pids(command, target);
  return yield* execIn(command, target, rest);
}

function* add(command: IpCommand, name: string): Task<number> {
  const { process } = command;
  if (named(process).has(name))
    return yield* refuse(command, `Cannot create namespace file "${FOLDER}/${name}": File exists`);
  const made = process.kernel.newNetworkNamespace(name);
  // The runtime's loopback plugin sets up a pod's; nobody does here.
  made.setUp('lo', false);
  const document: Document = { kind: KIND, value: made, render: () => new Uint8Array() };
  process.files.mkdir(FOLDER, { parents: true });
  process.files.write(`${FOLDER}/${name}`, document, 0o444);
  return 0;
}

function* pids(command: IpCommand, target: NetworkNamespace): Task<number> {
  const { kernel } = command.process;
  for (const { pid } of kernel.processes()) {
    const spaces = kernel.namespacesOf(pid);
    if (spaces.ok && spaces.value.network === target) yield* command.process.print(`${pid}\n`);
  }
  return 0;
}

/** Runs a program in the namespace. */
function* execIn(
  command: IpCommand,
  network: NetworkNamespace,
  argv: readonly string[],
): Task<number> {
  if (argv.length === 0) return yield* refuse(command, 'No command specified', 255);
  const child = command.process.spawn({ argv, namespaces: { network } });
  if (!child.ok)
    return yield* refuse(command, `exec of "${argv[0]}" failed: No such file or directory`);
  return (yield* child.value.wait()).code;
}
