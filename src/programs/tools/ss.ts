/**
 * ss of iproute2 6.1: sockets in columns that fill the screen, as tightly as they go without one.
 *
 * What is filtered by is in `ss-filter`. Refused: -e, -i, -m.
 */
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import type { SocketOwner, SocketRow } from '../../machines/network/socket-table.ts';
import type { Process } from '../../machines/machine/process.ts';
import { portOf, serviceName } from './services.ts';
import { parseSocketFilter } from './ss-filter.ts';
import { defineTool, parseOptions, type ParsedOptions } from './support.ts';

const LONG = {
  tcp: 't',
  udp: 'u',
  unix: 'x',
  listening: 'l',
  all: 'a',
  numeric: 'n',
  processes: 'p',
  'no-header': 'H',
  oneline: 'O',
  summary: 's',
  options: 'o',
  ipv4: '4',
  ipv6: '6',
  extended: 'e',
  info: 'i',
  memory: 'm',
  version: 'V',
  resolve: 'r',
};

interface Column {
  readonly right: boolean;
  readonly title: string;
  readonly gap: string;
}

/** In order; a title and its gap to the left. */
const COLUMNS: readonly Column[] = [
  { right: false, title: 'Netid', gap: '' },
  { right: false, title: 'State', gap: ' ' },
  { right: false, title: 'Recv-Q', gap: ' ' },
  { right: false, title: 'Send-Q', gap: ' ' },
  { right: true, title: 'Local Address:', gap: ' ' },
  { right: false, title: 'Port', gap: '' },
  { right: true, title: 'Peer Address:', gap: ' ' },
  { right: false, title: 'Port', gap: '' },
  { right: false, title: 'Process', gap: '' },
];

export const ss = defineTool('ss', function* run(process, args) {
  const parsed = parseOptions(args, { short: 'tuxlanpHOso46eimVr', long: LONG });
  if (!parsed.ok) {
    yield* process.printError(
      `ss: ${parsed.error}\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]\n`,
    );
    return 255;
  }
  const options = parsed.value;
  if (options.has('V')) {
    yield* process.print('ss utility, iproute2-6.1.0\n');
    return 0;
  }
  for (const letter of ['e', 'i', 'm'] as const) {
    if (!options.has(letter)) continue;
    yield* process.printError(
      `ss: -${letter} is not available: this kernel keeps no such counters\n`,
    );
    return 255;
  }
  const filter = parseSocketFilter(options.operands, portOf);
  if (!filter.ok) {
    yield* process.printError(`${filter.error}\n`);
    return 255;
  }
  const rows = process.kernel.namespaces.network.sockets.rows();
  if (options.has('s')) {
    yield* process.print(summary(rows));
    return 0;
  }
  const shown = rows.filter(
    (row) => isWanted(row, options, filter.value.states) && filter.value.fits(row),
  );
  const { states } = filter.value;
  yield* process.print(yield* format(process, shown, options, states?.size === 1));
  return 0;
});

function isWanted(
  row: SocketRow,
  options: ParsedOptions,
  states: ReadonlySet<string> | undefined,
): boolean {
  const kinds = options.has('t') || options.has('u') || options.has('x');
  const letter = row.protocol === 'tcp' ? 't' : row.protocol === 'udp' ? 'u' : 'x';
  if (kinds && !options.has(letter)) return false;
  // No socket speaks IPv6 here.
  if (options.has('6') && !options.has('4')) return false;
  if (options.has('4') && row.protocol === 'unix') return false;
  if (states !== undefined) return states.has(row.state);
  if (options.has('a')) return true;
  const listening = row.state === 'LISTEN' || row.state === 'UNCONN';
  return options.has('l') ? listening : !listening;
}

function* format(
  process: Process,
  rows: readonly SocketRow[],
  options: ParsedOptions,
  oneState: boolean,
): Task<string> {
  const kinds = ['t', 'u', 'x'].filter((letter) => options.has(letter)).length;
  const holders = options.has('p') ? process.kernel.socketOwners() : NOBODY;
  const cells = rows.map((row) => cellsOf(row, options, holders));
  // What is the same in every line has no column.
  const hidden = (index: number): boolean =>
    (index === 0 && kinds === 1) || (index === 1 && oneState);
  for (const line of cells) for (const index of [0, 1]) if (hidden(index)) line[index] = '';
  const titles = COLUMNS.map(({ title }, index) => (hidden(index) ? '' : title));
  const lines = options.has('H') ? cells : [titles, ...cells];
  const columns = options.has('O') ? undefined : process.stdout.terminal?.columns;
  const { widths, ends } = layOut(lines, columns);
  return lines
    .map((line) => {
      let text = '';
      line.forEach((cell, index) => {
        const column = COLUMNS[index] as Column;
        const width = widths[index] as number;
        if (width === 0) return;
        const first = index === 0 || widths.slice(0, index).every((each) => each === 0);
        const gap = first || ends.has(index - 1) ? '' : column.gap;
        const room = Math.max(0, width - gap.length);
        text += gap + (column.right ? cell.padStart(room) : cell.padEnd(room));
        if (ends.has(index) && index < COLUMNS.length - 1) text += '\n';
      });
      return `${text}\n`;
    })
    .join('');
}

/** Widths of columns, and after which of them a line ends: what is left of the screen is shared out. */
function layOut(
  lines: readonly (readonly string[])[],
  screen: number | undefined,
): { widths: number[]; ends: Set<number> } {
  const widths: number[] = [];
  let first = true;
  COLUMNS.forEach(({ gap }, index) => {
    const longest = lines.reduce((most, line) => Math.max(most, (line[index] ?? '').length), 0);
    const width = longest === 0 ? 0 : longest + (first ? 0 : gap.length);
    widths.push(screen === undefined ? width : Math.min(width, screen));
    if (width > 0) first = false;
  });
  const ends = new Set<number>();
  if (screen === undefined) return { widths, ends };
  let begin = 0;
  let length = 0;
  for (let index = 0; index < widths.length; index += 1) {
    if (widths[index] === 0) continue;
    length += widths[index] as number;
    const last = widths.slice(index + 1).every((each) => each === 0);
    if (!last && length < screen) continue;
    let end = index;
    if (length > screen && end > begin) {
      length -= widths[index] as number;
      end -= 1;
    }
    shareOut(widths, begin, end, Math.max(0, screen - length));
    ends.add(end);
    begin = end + 1;
    index = end;
    length = 0;
  }
  return { widths, ends };
}

function shareOut(widths: number[], begin: number, end: number, space: number): void {
  const used = widths.slice(begin, end + 1).filter((width) => width > 0).length;
  if (used === 0) return;
  let rest = space % used;
  for (let index = end; index >= begin; index -= 1) {
    if (widths[index] === 0) continue;
    widths[index] = (widths[index] as number) + Math.floor(space / used) + (rest > 0 ? 1 : 0);
    rest -= 1;
  }
}

const NOBODY: ReadonlyMap<SocketOwner, number> = new Map();

function cellsOf(
  row: SocketRow,
  options: ParsedOptions,
  holders: ReadonlyMap<SocketOwner, number>,
): string[] {
  // A process of a pod has another number here than in its own pid namespace.
  const pid = row.descriptor === 0 ? undefined : holders.get(row.owner);
  const owner =
    pid === undefined ? '' : ` users:(("${row.owner.comm}",pid=${pid},fd=${row.descriptor}))`;
  if (row.protocol === 'unix') {
    return [
      'u_str',
      row.state,
      String(row.receiveQueue),
      String(row.sendQueue),
      row.path ?? '*',
      ' 0',
      '*',
      ' 0',
      owner,
    ];
  }
  const numeric = options.has('n');
  return [
    row.protocol,
    row.state,
    // As wide as its title, with or without one.
    String(row.receiveQueue).padEnd(6),
    String(row.sendQueue).padEnd(6),
    `${addressText(row.local.ip)}:`,
    portText(row.local.port, numeric),
    `${addressText(row.remote.ip)}:`,
    row.remote.port === 0 ? '*' : portText(row.remote.port, numeric),
    owner,
  ];
}

function addressText(ip: Ip): string {
  return formatIp(ip);
}

function portText(port: number, numeric: boolean): string {
  return (numeric ? undefined : serviceName(port)) ?? String(port);
}

function summary(rows: readonly SocketRow[]): string {
  const tcp = rows.filter(({ protocol }) => protocol === 'tcp');
  const udp = rows.filter(({ protocol }) => protocol === 'udp').length;
  const inState = (state: string): number => tcp.filter((row) => row.state === state).length;
  const live = tcp.length - inState('TIME-WAIT');
  const line = (name: string, count: number): string =>
    `${name}\t  ${String(count).padEnd(9)} ${String(count).padEnd(9)} 0        \n`;
  return `Total: ${rows.length}
TCP:   ${tcp.length} (estab ${inState('ESTAB')}, closed ${inState('TIME-WAIT')}, orphaned 0, timewait ${inState('TIME-WAIT')})

Transport Total     IP        IPv6
${line('RAW', 0)}${line('UDP', udp)}${line('TCP', live)}${line('INET', live + udp)}${line('FRAG', 0)}
`;
}
