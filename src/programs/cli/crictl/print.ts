/** How crictl shows things: its table, ages, sizes, cut ids. (cri-tools v1.34, cmd/crictl/display.go, util.go) */
import { formatRfc3339Micro, type WallTime } from '../../../ground/base/time.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import { formatYaml } from '../../../ground/lang/yaml/index.ts';

const CELL_LEAST = 20;
const PADDING = 3;
const ID_SHOWN = 13;

/** Columns at least 20 wide, three blanks apart; the last is not padded. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const head = rows[0] ?? [];
  const widths = head.map((_, index) =>
    rows.reduce((most, row) => Math.max(most, (row[index] ?? '').length + PADDING), CELL_LEAST),
  );
  return rows
    .map(
      (row) =>
        `${row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] as number))).join('')}\n`,
    )
    .join('');
}

/** `sha256:0123…` and ids, as tables show them. */
export function shortId(id: string, whole: boolean): string {
  const bare = id.replace(/^sha256:/, '');
  return whole || (bare.length !== 64 && bare.length < ID_SHOWN) || !/^[0-9a-f]{64}$/.test(bare)
    ? bare
    : bare.slice(0, ID_SHOWN);
}

/** `2 minutes ago` (docker/go-units HumanDuration). */
export function ago(since: WallTime, now: WallTime): string {
  return `${humanSpan(Math.max(0, now - since))} ago`;
}

function humanSpan(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

/** Three significant digits and a decimal unit: `31.5MB`. */
export function humanSize(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB', 'TB']) {
    if (value < 1000 || unit === 'TB') return `${significant(value)}${unit}`;
    value /= 1000;
  }
  return `${bytes}B`;
}

function significant(value: number): string {
  const text = value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Go's time.Time with nanoseconds, in UTC. */
export function goTime(wall: WallTime): string {
  if (wall <= 0) return '0001-01-01T00:00:00Z';
  return formatRfc3339Micro(wall).replace('Z', '000Z');
}

export function formatOutput(value: unknown, kind: string): string {
  return kind === 'yaml'
    ? formatYaml(value)
    : `${formatJson(value, { indent: 2, sortKeys: true })}\n`;
}
