/** How records of the journal are shown, for journalctl and the tail of `systemctl status`. (systemd 252) */
import { civilFromWall, formatRfc3339, type WallTime } from '../../../ground/base/time.ts';
import { formatDate } from '../../../ground/lang/strftime.ts';
import { type JournalRecord, messageOf } from '../../../machines/machine/journal.ts';

export type JournalFormat =
  | 'short'
  | 'short-precise'
  | 'short-iso'
  | 'short-full'
  | 'short-unix'
  | 'short-monotonic'
  | 'cat'
  | 'json'
  | 'json-pretty';

export const JOURNAL_FORMATS: readonly JournalFormat[] = [
  'short',
  'short-precise',
  'short-iso',
  'short-full',
  'short-unix',
  'short-monotonic',
  'cat',
  'json',
  'json-pretty',
];

/** One record with its final line end; further lines of a message stand below its first. */
export function formatRecord(
  record: JournalRecord,
  format: JournalFormat,
  host: string | undefined,
  bootTime = 0,
): string {
  const message = messageOf(record);
  if (format === 'cat') return `${message}\n`;
  if (format === 'json' || format === 'json-pretty')
    return jsonText(record, message, host ?? '', format === 'json-pretty');
  const from =
    record.unit === '' && record.identifier === 'kernel'
      ? 'kernel'
      : `${record.identifier}[${record.pid}]`;
  const head = `${stampOf(record.time, format, bootTime)} ${host === undefined ? '' : `${host} `}${from}: `;
  return `${head}${message.split('\n').join(`\n${' '.repeat(head.length)}`)}\n`;
}

function stampOf(wall: WallTime, format: JournalFormat, bootTime: number): string {
  const micro = String(wall % 1_000_000).padStart(6, '0');
  switch (format) {
    case 'short-precise':
      return `${formatDate('%b %d %H:%M:%S', wall)}.${micro}`;
    case 'short-iso':
      return formatRfc3339(wall).replace('Z', '+0000');
    case 'short-full':
      return formatDate('%a %Y-%m-%d %H:%M:%S UTC', wall);
    case 'short-unix':
      return `${Math.floor(wall / 1_000_000)}.${micro}`;
    case 'short-monotonic': {
      const since = wall - bootTime;
      return `[${String(Math.floor(since / 1_000_000)).padStart(5)}.${String(since % 1_000_000).padStart(6, '0')}]`;
    }
    default:
      return formatDate('%b %d %H:%M:%S', wall);
  }
}

function jsonText(record: JournalRecord, message: string, host: string, pretty: boolean): string {
  const fields: readonly (readonly [string, string])[] = [
    ['__CURSOR', `s=${record.bootId};i=${record.sequence.toString(16)};b=${record.bootId}`],
    ['__REALTIME_TIMESTAMP', String(record.time)],
    ['_BOOT_ID', record.bootId],
    ['_HOSTNAME', host],
    ['_TRANSPORT', record.identifier === 'kernel' ? 'kernel' : 'stdout'],
    ['PRIORITY', String(record.priority)],
    ['SYSLOG_IDENTIFIER', record.identifier],
    ['_PID', String(record.pid)],
    ...(record.unit === '' ? [] : [['_SYSTEMD_UNIT', record.unit] as const]),
    ['MESSAGE', message],
  ];
  const pairs = fields.map(([name, value]) => `${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  if (pretty) return `{\n\t${pairs.join(',\n\t')}\n}\n`;
  return `{${pairs.map((pair) => pair.replace(' : ', ':')).join(',')}}\n`;
}

/** `Mon 2026-03-02 09:00:05 UTC` */
export function longStamp(wall: WallTime): string {
  return formatDate('%a %Y-%m-%d %H:%M:%S UTC', wall);
}

/** Midnight of the day of a moment. */
export function midnight(wall: WallTime): WallTime {
  const { hour, minute, second } = civilFromWall(wall);
  return wall - (wall % 1_000_000) - ((hour * 60 + minute) * 60 + second) * 1_000_000;
}
