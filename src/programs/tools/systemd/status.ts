/** `systemctl status` and `show`: a unit as text. (systemd 252, systemctl-show.c) */
import type { Process } from '../../../machines/machine/process.ts';
import { signalNumber } from '../../../machines/machine/signals.ts';
import type { UnitStatus } from '../../../machines/machine/unit.ts';
import { lastValue } from '../../../machines/machine/unit-file.ts';
import { formatRecord, longStamp } from './journal-text.ts';

const TAIL = 10;

/** ● running, ○ not, × failed. */
function dotOf(status: UnitStatus): string {
  if (status.active === 'failed') return '×';
  return status.active === 'inactive' ? '○' : '●';
}

/** `5min ago`, as format_timestamp_relative. */
function ago(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days >= 7)
    return `${Math.floor(days / 7)} week${days >= 14 ? 's' : ''} ${days % 7} day${days % 7 === 1 ? '' : 's'} ago`;
  if (days > 0) return `${days} day${days === 1 ? '' : 's'} ago`;
  if (hours >= 5) return `${hours}h ago`;
  if (hours > 0) return `${hours}h ${minutes % 60}min ago`;
  if (minutes >= 5) return `${minutes}min ago`;
  if (minutes > 0) return `${minutes}min ${seconds % 60}s ago`;
  if (seconds > 0) return `${seconds}s ago`;
  return micros >= 1000
    ? `${Math.floor(micros / 1000)}ms ago`
    : micros > 0
      ? `${micros}us ago`
      : 'now';
}

function bytes(size: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['G', 1024 ** 3],
    ['M', 1024 ** 2],
    ['K', 1024],
  ];
  for (const [unit, base] of units)
    if (size >= base) return `${(Math.floor((size * 10) / base) / 10).toFixed(1)}${unit}`;
  return `${size}B`;
}

/** CPU time to the millisecond. */
function span(micros: number): string {
  const millis = Math.floor(micros / 1000);
  if (millis < 1000) return `${millis}ms`;
  const minutes = Math.floor(millis / 60_000);
  const rest = (millis % 60_000) / 1000;
  const text = rest.toFixed(3).replace(/\.?0+$/, '');
  return minutes === 0 ? `${rest.toFixed(3)}s` : `${minutes}min ${text}s`;
}

const STATUS_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'SUCCESS'],
  [1, 'FAILURE'],
  [2, 'INVALIDARGUMENT'],
  [126, 'n/a'],
  [127, 'n/a'],
  [203, 'EXEC'],
]);

function endText(status: UnitStatus): string {
  const last = status.lastMain;
  if (last === undefined) return '';
  const { code, signal } = last.status;
  if (signal === undefined)
    return `(code=exited, status=${code}/${STATUS_NAMES.get(code) ?? 'n/a'})`;
  return `(code=killed, signal=${signal.slice(3)})`;
}

export function statusText(
  process: Process,
  status: UnitStatus,
  lines = TAIL,
  full = false,
): string {
  const now = process.clock.wall();
  const title =
    status.description === status.name ? status.name : `${status.name} - ${status.description}`;
  const out = [`${dotOf(status)} ${title}`, row('Loaded', loadedText(status))];
  status.dropIns.forEach((path, index) => {
    if (index === 0) out.push(row('Drop-In', path.slice(0, path.lastIndexOf('/'))));
    const branch = index === status.dropIns.length - 1 ? '└─' : '├─';
    out.push(`${' '.repeat(13)}${branch}${path.slice(path.lastIndexOf('/') + 1)}`);
  });
  out.push(row('Active', activeText(status, now)));
  out.push(
    ...status.documentation.map((each, index) =>
      index === 0 ? row('Docs', each) : `${' '.repeat(13)}${each}`,
    ),
  );
  if (status.lastMain !== undefined && status.mainPid === 0) {
    const command = lastValue(status.values, 'Service.ExecStart') ?? '';
    out.push(
      row('Process', `${status.lastMain.pid} ExecStart=${command} ${endText(status)}`),
      row('Main PID', `${status.lastMain.pid} ${endText(status)}`),
    );
  } else if (status.mainPid !== 0) out.push(row('Main PID', `${status.mainPid} (${status.comm})`));
  if (status.tasks > 0) {
    const limit = Math.floor((process.kernel.memoryBytes / (1024 * 1024)) * 1.2);
    out.push(
      row('Tasks', `${status.tasks} (limit: ${limit})`),
      row('Memory', bytes(status.memory)),
    );
  }
  if (status.cpu > 0) out.push(row('CPU', span(status.cpu)));
  if (status.processes.length > 0) {
    out.push(row('CGroup', status.cgroup));
    const widest = String(status.processes.at(-1)?.pid ?? '').length;
    status.processes.forEach(({ pid, command }, index) => {
      const branch = index === status.processes.length - 1 ? '└─' : '├─';
      out.push(
        shorten(
          `${' '.repeat(13)}${branch}${String(pid).padStart(widest)} ${command}`,
          process,
          full,
        ),
      );
    });
  }
  const records =
    process.uid === 0 && lines > 0
      ? process.kernel.units.journal.read({ unit: status.name, bootId: process.kernel.bootId })
      : [];
  const tail = records.slice(Math.max(0, records.length - lines));
  const log = tail.map((record) =>
    shorten(
      formatRecord(record, 'short', process.kernel.hostName).replace(/\n$/, ''),
      process,
      full,
    ),
  );
  const warning = status.needsReload
    ? `Warning: The unit file, source configuration file or drop-ins of ${status.name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`
    : '';
  return `${warning}${[...out, ...(log.length > 0 ? ['', ...log] : [])].join('\n')}\n`;
}

/** On a terminal a line is cut at its edge, unless -l. */
function shorten(line: string, process: Process, full: boolean): string {
  const columns = process.stdout.terminal?.columns;
  if (full || columns === undefined || line.length <= columns) return line;
  return `${line.slice(0, columns - 1)}…`;
}

function row(label: string, value: string): string {
  return `${label.padStart(11)}: ${value}`;
}

function loadedText(status: UnitStatus): string {
  if (status.loadState === 'not-found') return `not-found (Reason: Unit ${status.name} not found.)`;
  if (status.loadState === 'masked') return `masked (Reason: Unit ${status.name} is masked.)`;
  const where = status.path === '' ? '' : `${status.path}; `;
  const preset = status.enabled === 'static' || status.enabled === '' ? '' : '; preset: enabled';
  return `${status.loadState} (${where}${status.enabled === '' ? 'static' : status.enabled}${preset})`;
}

function activeText(status: UnitStatus, now: number): string {
  const result = status.result === 'success' ? '' : ` (Result: ${status.result})`;
  const state =
    status.active === 'failed'
      ? `failed${result}`
      : `${status.active} (${status.sub})${status.active === 'activating' ? result : ''}`;
  if (status.since === undefined) return state;
  return `${state} since ${longStamp(status.since)}; ${ago(now - status.since)}`;
}

/** Properties of `show`, in the order in which systemd prints the ones that the model has. */
export function properties(status: UnitStatus): readonly (readonly [string, string])[] {
  const last = status.lastMain;
  const stamp = status.since === undefined ? '' : longStamp(status.since);
  return [
    ['Type', lastValue(status.values, 'Service.Type') ?? 'simple'],
    ['Restart', lastValue(status.values, 'Service.Restart') ?? 'no'],
    ['NRestarts', String(status.restarts)],
    ['MainPID', String(status.mainPid)],
    ['Result', status.result],
    ['ExecMainPID', String(status.mainPid === 0 ? (last?.pid ?? 0) : status.mainPid)],
    [
      'ExecMainCode',
      last === undefined || status.mainPid !== 0
        ? '0'
        : last.status.signal === undefined
          ? '1'
          : '2',
    ],
    [
      'ExecMainStatus',
      last === undefined || status.mainPid !== 0
        ? '0'
        : String(
            last.status.signal === undefined ? last.status.code : signalNumber(last.status.signal),
          ),
    ],
    ['ExecStart', lastValue(status.values, 'Service.ExecStart') ?? ''],
    ['ControlGroup', status.cgroup],
    ['MemoryCurrent', status.memory === 0 ? '[not set]' : String(status.memory)],
    ['CPUUsageNSec', String(status.cpu * 1000)],
    ['TasksCurrent', status.tasks === 0 ? '[not set]' : String(status.tasks)],
    ['Id', status.name],
    ['Names', status.name],
    ['Description', status.description],
    ['LoadState', status.loadState],
    ['ActiveState', status.active],
    ['SubState', status.sub],
    ['FragmentPath', status.path],
    ['DropInPaths', status.dropIns.join(' ')],
    ['UnitFileState', status.enabled],
    ['UnitFilePreset', 'enabled'],
    ['ActiveEnterTimestamp', status.active === 'active' ? stamp : ''],
    ['StateChangeTimestamp', stamp],
    ['NeedDaemonReload', status.needsReload ? 'yes' : 'no'],
  ];
}
