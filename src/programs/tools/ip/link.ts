/**
 * `ip link`: interfaces, made, removed, set up and down. (iproute2 6.1, ip/iplink.c)
 *
 * Kinds: bridge, dummy, veth. Refused: others, a new hardware address, a new name in place.
 */
import type { Task } from '../../../ground/base/task.ts';
import { showDevices } from './address.ts';
import { findNetns } from './netns.ts';
import { type IpCommand, isOrdinary, kernelError, matchWord, refuse } from './support.ts';

const VERBS = ['show', 'list', 'lst', 'set', 'add', 'delete', 'change'] as const;

export function* ipLink(command: IpCommand, args: readonly string[]): Task<number> {
  const [word = 'show', ...rest] = args;
  const verb = matchWord(word, VERBS);
  if (verb === undefined)
    return yield* refuse(command, `Command "${word}" is unknown, try "ip link help".`, 255);
  if (verb === 'show' || verb === 'list' || verb === 'lst')
    return yield* showDevices(command, rest, false);
  if (verb === 'add') return yield* add(command, rest);
  if (verb === 'delete') return yield* remove(command, rest);
  return yield* set(command, rest);
}

function* add(command: IpCommand, args: readonly string[]): Task<number> {
  let name: string | undefined;
  let kind: string | undefined;
  let peer: string | undefined;
  let peerSpace: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === 'type') {
      kind = args[++at];
      if (args[at + 1] === 'peer') {
        at += args[at + 2] === 'name' ? 3 : 2;
        peer = args[at];
        if (args[at + 1] === 'netns') peerSpace = args[at + 2];
        at = args.length;
      }
    } else name = word === 'name' || word === 'dev' ? args[++at] : word;
  }
  if (kind === undefined)
    return yield* refuse(command, 'Not enough information: "type" argument is required', 255);
  if (kind !== 'bridge' && kind !== 'dummy' && kind !== 'veth') {
    return yield* refuse(
      command,
      /^[a-z0-9]+$/.test(kind)
        ? 'Error: Unknown device type.'
        : `Garbage instead of arguments "${kind} ...". Try "ip link help".`,
      2,
    );
  }
  if (isOrdinary(command)) return yield* kernelError(command, 'EPERM');
  const { network } = command;
  const own = name ?? freeName(command, kind);
  const target = peerSpace === undefined ? network : findNetns(command.process, peerSpace);
  if (target === undefined)
    return yield* refuse(command, `Error: argument "${peerSpace}" is wrong: Invalid "netns" value`);
  const made =
    kind === 'veth'
      ? network.addVeth(own, target, peer ?? freeName(command, 'veth'))
      : network.addInterface(kind, own);
  if (made.ok) return 0;
  if (made.error === 'EINVAL')
    return yield* refuse(command, `Error: argument "${own}" is wrong: "name" not a valid ifname`);
  return yield* kernelError(command, made.error);
}

function freeName(command: IpCommand, kind: string): string {
  let number = 0;
  while (command.network.interface(`${kind}${number}`) !== undefined) number += 1;
  return `${kind}${number}`;
}

function* remove(command: IpCommand, args: readonly string[]): Task<number> {
  const name = args[0] === 'dev' ? args[1] : args[0];
  if (name === undefined)
    return yield* refuse(command, 'Not enough information: "dev" argument is required.', 255);
  if (command.network.interface(name) === undefined)
    return yield* refuse(command, `Cannot find device "${name}"`);
  if (isOrdinary(command)) return yield* kernelError(command, 'EPERM');
  const gone = command.network.deleteInterface(name);
  if (gone.ok) return 0;
  return gone.error === 'EPERM'
    ? yield* refuse(command, 'RTNETLINK answers: Operation not supported', 2)
    : yield* kernelError(command, gone.error);
}

function* set(command: IpCommand, args: readonly string[]): Task<number> {
  const [first, ...rest] = args;
  const words = first === 'dev' ? rest : args;
  const name = words[0];
  if (name === undefined)
    return yield* refuse(command, 'Not enough information: "dev" argument is required.', 255);
  const { network } = command;
  const device = network.interface(name);
  if (device === undefined) return yield* refuse(command, `Cannot find device "${name}"`);
  if (isOrdinary(command)) return yield* kernelError(command, 'EPERM');
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] as string;
    const value = words[at + 1] ?? '';
    if (word === 'up' || word === 'down') network.setUp(name, word === 'up');
    else if (word === 'nomaster') network.setMaster(name, undefined);
    else if (word === 'mtu') {
      if (!/^\d+$/.test(value))
        return yield* refuse(command, `Error: argument "${value}" is wrong: Invalid "mtu" value`);
      device.mtu = Number(value);
      at += 1;
    } else if (word === 'master') {
      if (network.interface(value) === undefined)
        return yield* refuse(command, `Error: argument "${value}" is wrong: Device does not exist`);
      const done = network.setMaster(name, value);
      if (!done.ok) return yield* kernelError(command, done.error);
      at += 1;
    } else if (word === 'netns') {
      const target = findNetns(command.process, value);
      if (target === undefined)
        return yield* refuse(command, `Error: argument "${value}" is wrong: Invalid "netns" value`);
      const done = network.moveInterface(name, target);
      if (!done.ok) return yield* kernelError(command, done.error);
      at += 1;
    } else if (word === 'promisc' || word === 'txqueuelen' || word === 'group') at += 1;
    else if (word === 'name' || word === 'address' || word === 'alias')
      return yield* refuse(command, 'RTNETLINK answers: Operation not supported', 2);
    else
      return yield* refuse(
        command,
        `Error: either "dev" is duplicate, or "${word}" is a garbage.`,
        255,
      );
  }
  return 0;
}
