/**
 * `ip route`: the main table, shown in the order of the kernel's trie, and changed. (iproute2 6.1,
 * ip/iproute.c)
 *
 * Refused: other tables than main, multipath, encapsulation.
 */
import { type Cidr, formatCidr, maskOf, parseCidr } from '../../../ground/base/cidr.ts';
import { formatIp, type Ip, parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRoute, type Route } from '../../../machines/network/route.ts';
import { type IpCommand, isOrdinary, kernelError, matchWord, refuse } from './support.ts';

interface Wanted {
  destination: Cidr | undefined;
  via: Ip | undefined;
  device: string | undefined;
  type: Route['type'] | undefined;
  protocol: Route['protocol'] | undefined;
  source: Ip | undefined;
  metric: number | undefined;
  /** `exact`, `match` and `root` of `show`. */
  selection: 'exact' | 'match' | 'root' | undefined;
}

const TYPES: readonly string[] = ['unicast', 'unreachable', 'blackhole', 'prohibit'];
const VERBS = [
  'list',
  'show',
  'lst',
  'add',
  'append',
  'change',
  'chg',
  'replace',
  'delete',
  'get',
  'flush',
] as const;

export function* ipRoute(command: IpCommand, args: readonly string[]): Task<number> {
  const [word = 'list', ...rest] = args;
  if (word === 'help') return yield* refuse(command, ROUTE_USAGE, 255);
  const verb = matchWord(word, VERBS);
  if (verb === undefined)
    return yield* refuse(command, `Command "${word}" is unknown, try "ip route help".`, 255);
  if (verb === 'get') return yield* get(command, rest);
  const table = rest[rest.indexOf('table') + 1] ?? '';
  const shows = verb === 'list' || verb === 'show' || verb === 'lst';
  if (shows && rest.includes('table') && ['local', '255', 'all'].includes(table))
    return yield* showLocal(command, table === 'all');
  const parsed = parseWanted(rest);
  if (!parsed.ok) return yield* refuse(command, parsed.error);
  const wanted = parsed.value;
  if (wanted.device !== undefined && command.network.interface(wanted.device) === undefined) {
    return yield* refuse(command, `Cannot find device "${wanted.device}"`);
  }
  if (verb === 'list' || verb === 'show' || verb === 'lst') return yield* show(command, wanted);
  if (isOrdinary(command)) return yield* kernelError(command, 'EPERM');
  if (verb === 'flush') return flush(command, wanted);
  return yield* change(command, verb === 'chg' ? 'change' : verb, wanted);
}

function parseWanted(args: readonly string[]): Result<Wanted, string> {
  const wanted: Wanted = {
    destination: undefined,
    via: undefined,
    device: undefined,
    type: undefined,
    protocol: undefined,
    source: undefined,
    metric: undefined,
    selection: undefined,
  };
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (TYPES.includes(word)) {
      wanted.type = word as Route['type'];
      continue;
    }
    const isKey = KEYS.has(word);
    const value = isKey ? args[at + 1] : undefined;
    if (isKey && value === undefined) return err('Command line is not complete. Try option "help"');
    if (isKey) at += 1;
    const fault = isKey
      ? setKey(wanted, word, value as string)
      : setDestination(wanted, word === 'to' ? (args[++at] ?? '') : word);
    if (fault !== undefined) return err(fault);
  }
  return ok(wanted);
}

const KEYS: ReadonlySet<string> = new Set([
  'via',
  'dev',
  'oif',
  'proto',
  'protocol',
  'scope',
  'src',
  'metric',
  'preference',
  'table',
  'mtu',
  'exact',
  'match',
  'root',
]);

/** Sets one option; gives the fault in iproute2's words. */
function setKey(wanted: Wanted, key: string, value: string): string | undefined {
  switch (key) {
    case 'via':
    case 'src': {
      const address = parseIp(value);
      if (address === undefined) return `Error: inet address is expected rather than "${value}".`;
      if (key === 'via') wanted.via = address;
      else wanted.source = address;
      return undefined;
    }
    case 'dev':
    case 'oif':
      wanted.device = value;
      return undefined;
    case 'proto':
    case 'protocol':
      if (value !== 'kernel' && value !== 'boot' && value !== 'static')
        return `Error: argument "${value}" is wrong: "protocol" value is invalid`;
      wanted.protocol = value;
      return undefined;
    case 'metric':
    case 'preference':
      if (!/^\d+$/.test(value))
        return `Error: argument "${value}" is wrong: "metric" value is invalid`;
      wanted.metric = Number(value);
      return undefined;
    case 'table':
      return value === 'main' || value === '254'
        ? undefined
        : 'Error: ipv4: FIB table does not exist.\nDump terminated';
    case 'exact':
    case 'match':
    case 'root':
      wanted.selection = key;
      return setDestination(wanted, value);
    default:
      return undefined;
  }
}

function setDestination(wanted: Wanted, word: string): string | undefined {
  if (wanted.destination !== undefined)
    return `Error: either "to" is duplicate, or "${word}" is a garbage.`;
  const everywhere = word === 'default' || word === 'any' || word === 'all';
  const cidr = everywhere ? { base: 0, bits: 0 } : parseCidr(word);
  if (cidr === undefined) return `Error: any valid prefix is expected rather than "${word}".`;
  const written = parseIp(word.split('/')[0] as string);
  if (written !== undefined && (written & maskOf(cidr.bits)) >>> 0 !== written)
    return 'Error: Invalid prefix for given prefix length.';
  wanted.destination = cidr;
  return undefined;
}

/** In the order of the kernel's trie: by address, then the longer prefix, then the metric. */
export function routesInOrder(routes: readonly Route[]): readonly Route[] {
  return [...routes].sort(
    (a, b) =>
      a.destination.base - b.destination.base ||
      b.destination.bits - a.destination.bits ||
      a.metric - b.metric,
  );
}

function fits(route: Route, wanted: Wanted): boolean {
  const { destination, selection } = wanted;
  if (destination !== undefined) {
    const { base, bits } = route.destination;
    const inside =
      bits >= destination.bits && (base & maskOf(destination.bits)) >>> 0 === destination.base;
    const around = bits <= destination.bits && (destination.base & maskOf(bits)) >>> 0 === base;
    const fit = selection === 'root' ? inside : selection === 'match' ? around : inside && around;
    if (!fit) return false;
  }
  return (
    (wanted.via === undefined || route.via === wanted.via) &&
    (wanted.device === undefined || route.device === wanted.device) &&
    (wanted.type === undefined || route.type === wanted.type) &&
    (wanted.protocol === undefined || route.protocol === wanted.protocol) &&
    (wanted.source === undefined || route.source === wanted.source) &&
    (wanted.metric === undefined || route.metric === wanted.metric)
  );
}

function* show(command: IpCommand, wanted: Wanted): Task<number> {
  const lines = routesInOrder(command.network.routes.all())
    .filter((route) => fits(route, wanted))
    .map((route) => `${withoutNamed(formatRoute(route), wanted)} ${carrierNote(command, route)}\n`);
  const text = lines.join('');
  // The applet shows no protocol, and two blanks before the source.
  const plain = text.replace(/ proto \w+/g, '').replace(/ src /g, '  src ');
  yield* command.process.print(command.busybox ? plain : text);
  return 0;
}

/** The table that the kernel keeps itself: every address of the host, and the broadcasts of its networks. */
function* showLocal(command: IpCommand, all: boolean): Task<number> {
  const rows: { readonly ip: Ip; readonly bits: number; readonly text: string }[] = [];
  const table = all ? 'table local ' : '';
  for (const { name, addresses, up } of command.network.interfaces()) {
    for (const { ip, bits } of up ? addresses : []) {
      const tail = (scope: string): string =>
        `dev ${name} ${table}proto kernel scope ${scope} src ${formatIp(ip)} \n`;
      const base = (ip & maskOf(bits)) >>> 0;
      const last = (base | ~maskOf(bits)) >>> 0;
      rows.push({ ip, bits: 32, text: `local ${formatIp(ip)} ${tail('host')}` });
      if (name === 'lo')
        rows.push({ ip: base, bits, text: `local ${formatIp(base)}/${bits} ${tail('host')}` });
      if (bits < 31)
        rows.push({ ip: last, bits: 32, text: `broadcast ${formatIp(last)} ${tail('link')}` });
    }
  }
  rows.sort((a, b) => a.ip - b.ip || a.bits - b.bits);
  const main = all ? routesInOrder(command.network.routes.all()) : [];
  const text = [...main.map((route) => `${formatRoute(route)} \n`), ...rows.map((row) => row.text)];
  yield* command.process.print(text.join(''));
  return 0;
}

/** What was asked for is not said again. */
function withoutNamed(text: string, wanted: Wanted): string {
  let out = text;
  if (wanted.device !== undefined) out = out.replace(` dev ${wanted.device}`, '');
  if (wanted.protocol !== undefined) out = out.replace(` proto ${wanted.protocol}`, '');
  return out;
}

function carrierNote(command: IpCommand, route: Route): string {
  const device = command.network.interface(route.device);
  return device === undefined || hasCarrier(device) ? '' : 'linkdown ';
}

/** A bridge without a port that is up, or a veth whose other end is down, has none. */
export function hasCarrier(device: {
  readonly kind: string;
  readonly ports: readonly { readonly up: boolean }[];
  readonly peer: { readonly up: boolean } | undefined;
}): boolean {
  if (device.kind === 'bridge') return device.ports.some((port) => port.up);
  return device.kind !== 'veth' || device.peer?.up === true;
}

function* get(command: IpCommand, args: readonly string[]): Task<number> {
  const word = args[0] === 'to' ? args[1] : args[0];
  const target = parseIp(word?.replace(/\/32$/, '') ?? '');
  if (word === undefined) return yield* refuse(command, 'need at least a destination address');
  if (target === undefined)
    return yield* refuse(command, `Error: any valid prefix is expected rather than "${word}".`);
  const decision = command.network.route(target);
  if (typeof decision === 'string') return yield* kernelError(command, decision);
  const { local, device, nextHop, source } = decision;
  const via = nextHop === target ? '' : `via ${formatIp(nextHop)} `;
  if (command.busybox) {
    const text = `${local ? 'local ' : ''}${formatIp(target)} ${via}dev ${device.name}  src ${formatIp(source)} \n`;
    yield* command.process.print(text);
    return 0;
  }
  const head = `${local ? 'local ' : ''}${formatIp(target)} ${via}dev ${device.name} src ${formatIp(source)} uid ${command.process.uid} `;
  yield* command.process.print(`${head}\n    cache ${local ? '<local> ' : ''}\n`);
  return 0;
}

function flush(command: IpCommand, wanted: Wanted): number {
  for (const route of [...command.network.routes.all()]) {
    if (fits(route, wanted)) command.network.deleteRoute(route);
  }
  return 0;
}

function* change(
  command: IpCommand,
  verb: 'add' | 'append' | 'change' | 'replace' | 'delete',
  wanted: Wanted,
): Task<number> {
  const { network } = command;
  const { destination } = wanted;
  if (destination === undefined)
    return yield* kernelError(command, verb === 'delete' ? 'ESRCH' : 'EINVAL');
  const route = {
    destination,
    ...(wanted.via === undefined ? {} : { via: wanted.via }),
    ...(wanted.device === undefined ? {} : { device: wanted.device }),
    ...(wanted.type === undefined ? {} : { type: wanted.type }),
    ...(wanted.protocol === undefined ? {} : { protocol: wanted.protocol }),
    ...(wanted.source === undefined ? {} : { source: wanted.source }),
    ...(wanted.metric === undefined ? {} : { metric: wanted.metric }),
  };
  if (verb === 'delete') {
    const deleted = network.deleteRoute(route);
    return deleted.ok ? 0 : yield* kernelError(command, deleted.error);
  }
  const before = network.routes
    .all()
    .find((other) => sameKey(other, destination, wanted.metric ?? 0));
  if (verb === 'change' && before === undefined) return yield* kernelError(command, 'ENOENT');
  if (before !== undefined && verb !== 'add' && verb !== 'append') network.deleteRoute(before);
  const added = network.addRoute(route);
  if (added.ok) return 0;
  // The one that was to be replaced stays when the new one is refused.
  if (before !== undefined && verb !== 'add' && verb !== 'append') network.addRoute(before);
  return yield* addError(command, wanted, added.error);
}

function sameKey(route: Route, destination: Cidr, metric: number): boolean {
  return formatCidr(route.destination) === formatCidr(destination) && route.metric === metric;
}

function* addError(
  command: IpCommand,
  wanted: Wanted,
  errno: Parameters<typeof kernelError>[1],
): Task<number> {
  const device = wanted.device === undefined ? undefined : command.network.interface(wanted.device);
  if (errno === 'ENETUNREACH' && device !== undefined && !device.up)
    return yield* refuse(command, 'Error: Nexthop device is not up.', 2);
  if (errno === 'ENETUNREACH' && wanted.via !== undefined)
    return yield* refuse(command, 'Error: Nexthop has invalid gateway.', 2);
  if (errno === 'ENODEV') return yield* refuse(command, 'RTNETLINK answers: No such device', 2);
  return yield* kernelError(command, errno);
}

const ROUTE_USAGE = `Usage: ip route { show | flush } SELECTOR
       ip route get ADDRESS
       ip route { add | del | change | append | replace } ROUTE
SELECTOR := [ root PREFIX ] [ match PREFIX ] [ exact PREFIX ]
            [ proto RTPROTO ] [ type TYPE ] [ dev STRING ]
ROUTE := [ TYPE ] PREFIX [ via ADDRESS ] [ dev STRING ] [ src ADDRESS ]
         [ metric NUMBER ] [ proto RTPROTO ]
TYPE := { unicast | blackhole | unreachable | prohibit }
RTPROTO := { kernel | boot | static }`;
