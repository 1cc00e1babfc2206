/** The older programs of net-tools 2.10: netstat, route, arp. They show; only ip changes. */
import { maskOf } from '../../ground/base/cidr.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import type { Route } from '../../machines/network/route.ts';
import type { SocketOwner, SocketRow } from '../../machines/network/socket-table.ts';
import type { Process } from '../../machines/machine/process.ts';
import { routesInOrder } from './ip/route.ts';
import { serviceName } from './services.ts';
import { defineTool, parseOptions, type ParsedOptions } from './support.ts';

const NOT_ROOT = `(Not all processes could be identified, non-owned process info
 will not be shown, you would have to be root to see it all.)
`;

export const netstat = defineTool('netstat', function* run(process, args) {
  const parsed = parseOptions(args, {
    short: 'tulnaprisx4Wc',
    long: {
      tcp: 't',
      udp: 'u',
      listening: 'l',
      all: 'a',
      numeric: 'n',
      programs: 'p',
      route: 'r',
      interfaces: 'i',
    },
  });
  if (!parsed.ok) {
    yield* process.printError(`netstat: ${parsed.error}\n`);
    return 4;
  }
  const options = parsed.value;
  if (options.has('r')) {
    yield* process.print(routeTable(process, 'netstat'));
    return 0;
  }
  const rows = process.kernel.namespaces.network.sockets
    .rows()
    .filter((row) => isShown(row, options));
  const which = options.has('a')
    ? 'servers and established'
    : options.has('l')
      ? 'only servers'
      : 'w/o servers';
  const owners = options.has('p') ? process.kernel.socketOwners() : undefined;
  if (owners !== undefined && owners.size < process.kernel.processes().length)
    yield* process.printError(NOT_ROOT);
  const head = `Active Internet connections (${which})\nProto Recv-Q Send-Q Local Address           Foreign Address         State      ${options.has('p') ? ' PID/Program name    ' : ''}\n`;
  yield* process.print(head + rows.map((row) => socketLine(row, options, owners)).join(''));
  return 0;
});

function isShown(row: SocketRow, options: ParsedOptions): boolean {
  if (row.protocol === 'unix') return false;
  if ((options.has('t') || options.has('u')) && !options.has(row.protocol === 'tcp' ? 't' : 'u'))
    return false;
  const listening = row.state === 'LISTEN' || row.state === 'UNCONN';
  return options.has('a') || options.has('l') === listening;
}

const STATES: ReadonlyMap<string, string> = new Map([
  ['ESTAB', 'ESTABLISHED'],
  ['SYN-SENT', 'SYN_SENT'],
  ['SYN-RECV', 'SYN_RECV'],
  ['FIN-WAIT-1', 'FIN_WAIT1'],
  ['FIN-WAIT-2', 'FIN_WAIT2'],
  ['CLOSE-WAIT', 'CLOSE_WAIT'],
  ['LAST-ACK', 'LAST_ACK'],
  ['TIME-WAIT', 'TIME_WAIT'],
  ['UNCONN', ''],
]);

function socketLine(
  row: SocketRow,
  options: ParsedOptions,
  owners: ReadonlyMap<SocketOwner, number> | undefined,
): string {
  const port = (number: number): string =>
    number === 0 ? '*' : ((options.has('n') ? undefined : serviceName(number)) ?? String(number));
  const end = (ip: Ip, number: number): string => `${formatIp(ip)}:${port(number)}`.padEnd(23);
  const state = (STATES.get(row.state) ?? row.state).padEnd(11);
  const backlog = row.state === 'LISTEN' ? 0 : row.sendQueue;
  const pid = row.descriptor === 0 ? undefined : owners?.get(row.owner);
  const program = pid === undefined ? '-' : `${pid}/${row.owner.comm}`;
  const owner = owners === undefined ? '' : ` ${program.slice(0, 20).padEnd(20)}`;
  return `${row.protocol.padEnd(5)} ${String(row.receiveQueue).padStart(6)} ${String(backlog).padStart(6)} ${end(row.local.ip, row.local.port)} ${end(row.remote.ip, row.remote.port)} ${state}${owner}\n`;
}

export const route = defineTool('route', function* run(process, args) {
  const words = args.filter((arg) => !arg.startsWith('-'));
  if (words.length > 0) {
    yield* process.printError('route: only shows the table here; use ip route to change it\n');
    return 4;
  }
  yield* process.print(routeTable(process, 'route'));
  return 0;
});

function routeTable(process: Process, kind: 'route' | 'netstat'): string {
  const tail =
    kind === 'route' ? 'Flags Metric Ref    Use Iface' : 'Flags   MSS Window  irtt Iface';
  const lines = routesInOrder(process.kernel.namespaces.network.routes.all()).map((each) =>
    routeLine(each, kind),
  );
  return `Kernel IP routing table\nDestination     Gateway         Genmask         ${tail}\n${lines.join('')}`;
}

function routeLine(each: Route, kind: 'route' | 'netstat'): string {
  const { base, bits } = each.destination;
  const flags = `${each.type === 'unicast' ? 'U' : '!'}${each.via === undefined ? '' : 'G'}${bits === 32 ? 'H' : ''}`;
  const metric = String(each.metric).padEnd(6);
  const gateway = each.type === 'unicast' ? formatIp(each.via ?? 0) : '-';
  const device = each.device === '' ? '-' : each.device;
  const columns = `${formatIp(base).padEnd(15)} ${gateway.padEnd(15)} ${formatIp(maskOf(bits)).padEnd(15)} ${flags.padEnd(5)}`;
  return kind === 'route'
    ? `${columns} ${metric} 0        0 ${device}\n`
    : `${columns}     0 0          0 ${device}\n`;
}

export const arp = defineTool('arp', function* run(process) {
  const lines = process.kernel.namespaces.network
    .neighbours()
    .map(
      ({ ip, mac, device }) =>
        `${formatIp(ip).padEnd(24)} ether   ${mac.padEnd(19)} C                     ${device}\n`,
    );
  yield* process.print(
    `Address                  HWtype  HWaddress           Flags Mask            Iface\n${lines.join('')}`,
  );
  return 0;
});
