/**
 * Numbers that may be percentages (k8s.io/apimachinery/pkg/util/intstr, v0.34), and Go's texts of
 * durations.
 */

/** The amount of a number or of `25%`: 25. Other texts count as 0. */
export function percentOf(value: number | string | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  return /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : 0;
}

/** The number that a number or percentage stands for, of a total; rounded up or down. */
export function scaledValue(
  value: number | string | undefined,
  total: number,
  up: boolean,
): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const exact = (percentOf(value) * total) / 100;
  return up ? Math.ceil(exact) : Math.floor(exact);
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 0.001],
  ['us', 1],
  ['µs', 1],
  ['μs', 1],
  ['ms', 1000],
  ['s', 1_000_000],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
]);

/** Reads Go's `1h30m`, `1.5s`, `-2m`; microseconds, or undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (text === '0' || text === '+0' || text === '-0') return 0;
  if (match === null) return undefined;
  let total = 0;
  for (const part of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(part[1]) * (UNITS.get(part[2] as string) as number);
  }
  return Math.trunc(match[1] === '-' ? -total : total);
}

/** Prints microseconds as Go's time.Duration: `1h0m5s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(micros: number): string {
  if (micros === 0) return '0s';
  const sign = micros < 0 ? '-' : '';
  let rest = Math.abs(micros);
  if (rest < 1000) return `${sign}${rest}µs`;
  if (rest < 1_000_000) return `${sign}${decimal(rest, 1000)}ms`;
  const hours = Math.floor(rest / 3_600_000_000);
  rest -= hours * 3_600_000_000;
  const minutes = Math.floor(rest / 60_000_000);
  rest -= minutes * 60_000_000;
  const seconds = `${decimal(rest, 1_000_000)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(amount: number, unit: number): string {
  const whole = Math.floor(amount / unit);
  const rest = `${amount % unit}`.padStart(`${unit}`.length - 1, '0').replace(/0+$/, '');
  return rest === '' ? `${whole}` : `${whole}.${rest}`;
}
