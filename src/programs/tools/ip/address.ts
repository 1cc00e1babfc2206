/** `ip address`: addresses of interfaces, shown and changed. (iproute2 6.1, ip/ipaddress.c) */
import { parseIp } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { NetworkInterface } from '../../../machines/network/interface.ts';
import { formatAddresses, formatBrief, formatLink, formatStatistics } from './device.ts';
import { netnsNames } from './netns.ts';
import { type IpCommand, isOrdinary, kernelError, matchWord, refuse } from './support.ts';

const VERBS = [
  'list',
  'show',
  'lst',
  'add',
  'change',
  'chg',
  'replace',
  'delete',
  'flush',
] as const;

export function* ipAddress(command: IpCommand, args: readonly string[]): Task<number> {
  const [word = 'list', ...rest] = args;
  const verb = matchWord(word, VERBS);
  if (verb === undefined)
    return yield* refuse(command, `Command "${word}" is unknown, try "ip address help".`, 255);
  if (verb === 'list' || verb === 'show' || verb === 'lst')
    return yield* showDevices(command, rest, true);
  if (verb === 'flush') return yield* flush(command, rest);
  return yield* change(command, verb, rest);
}

/** `show [up] [master NAME] [type KIND] [[dev] NAME]`, for addresses or links alone. */
export function* showDevices(
  command: IpCommand,
  args: readonly string[],
  addresses: boolean,
): Task<number> {
  const tests: ((device: NetworkInterface) => boolean)[] = [];
  let name: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === 'up') tests.push((device) => device.up);
    else if (word === 'type') {
      const kind = args[++at];
      tests.push((device) => device.kind === kind);
    } else if (word === 'master') {
      const master = args[++at];
      tests.push((device) => device.master?.name === master);
    } else if (word === 'scope' || word === 'to' || word === 'label') at += 1;
    else name = word === 'dev' ? args[++at] : word;
  }
  const { network } = command;
  if (name !== undefined && network.interface(name) === undefined)
    return yield* refuse(command, `Device "${name}" does not exist.`);
  const shown = network
    .interfaces()
    .filter(
      (device) =>
        (name === undefined || device.name === name) && tests.every((test) => test(device)),
    );
  const known = netnsNames(command.process);
  const text = shown.map((device) => formatDevice(command, device, addresses, known)).join('');
  yield* command.process.print(command.busybox ? busyboxText(text) : text);
  return 0;
}

/** busybox knows no groups and names no namespaces, but says that the other end is not seen from here. */
function busyboxText(text: string): string {
  return text
    .replace(/ (mode DEFAULT )?group default/g, '')
    .replace(/ link-netns(id)? \S+/g, '')
    .replace(/^(\d+: \S+@if\d+: <[^>]*)>/gm, '$1,M-DOWN>');
}

function formatDevice(
  command: IpCommand,
  device: NetworkInterface,
  addresses: boolean,
  known: ReadonlySet<string>,
): string {
  if (command.brief) return `${formatBrief(device, addresses)}\n`;
  const counters = command.statistics ? formatStatistics(device) : [];
  if (!command.oneLine) {
    const lines = [
      ...formatLink(command, device, !addresses, known),
      ...(addresses ? formatAddresses(device) : counters),
    ];
    return `${[...lines, ...(addresses ? counters : [])].join('\n')}\n`;
  }
  if (!addresses)
    return `${[...formatLink(command, device, true, known), ...counters].join('\\')}\n`;
  const lines = formatAddresses(device);
  const head = `${device.index}: ${device.name}`;
  return lines
    .flatMap((line, at) => (at % 2 === 0 ? [`${head}${line}\\${lines[at + 1] ?? ''}\n`] : []))
    .join('');
}

function* change(
  command: IpCommand,
  verb: 'add' | 'change' | 'chg' | 'replace' | 'delete',
  args: readonly string[],
): Task<number> {
  let written: string | undefined;
  let name: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === 'dev') name = args[++at];
    else if (
      word === 'brd' ||
      word === 'broadcast' ||
      word === 'scope' ||
      word === 'label' ||
      word === 'peer'
    )
      at += 1;
    else written = word === 'local' ? args[++at] : word;
  }
  if (name === undefined)
    return yield* refuse(command, 'Not enough information: "dev" argument is required.', 255);
  const [address = '', length = '32'] = (written ?? '').split('/');
  const ip = parseIp(address);
  if (ip === undefined || !/^\d+$/.test(length) || Number(length) > 32) {
    return yield* refuse(
      command,
      `Error: any valid prefix is expected rather than "${written ?? ''}".`,
    );
  }
  const { network } = command;
  if (network.interface(name) === undefined)
    return yield* refuse(command, `Cannot find device "${name}"`);
  if (isOrdinary(command)) return yield* kernelError(command, 'EPERM');
  const done =
    verb === 'delete'
      ? network.removeAddress(name, ip)
      : network.addAddress(name, ip, Number(length));
  if (done.ok || (verb !== 'add' && verb !== 'delete')) return 0;
  if (done.error === 'EEXIST')
    return yield* refuse(command, 'Error: ipv4: Address already assigned.', 2);
  if (done.error === 'EADDRNOTAVAIL')
    return yield* refuse(command, 'Error: ipv4: Address not found.', 2);
  return yield* kernelError(command, done.error);
}

function* flush(command: IpCommand, args: readonly string[]): Task<number> {
  const name = args[0] === 'dev' ? args[1] : args[0];
  if (name === undefined) return yield* refuse(command, 'Flush requires arguments.', 255);
  const device = command.network.interface(name);
  if (device === undefined) return yield* refuse(command, `Device "${name}" does not exist.`);
  if (isOrdinary(command)) return yield* kernelError(command, 'EPERM');
  for (const { ip } of [...device.addresses]) command.network.removeAddress(name, ip);
  return 0;
}
