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
  const plain = /^(\d{1,9})s$/.exec(text);
  if (plain !== null) return Number(plain[1]) * 1_000_000;
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (text === '0' || text === '+0' || text === '-0') return 0;
  if (match === null) return undefined;
  let total = 0;
  for (const part of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(part[1]) * (UNITS.get(part[2] as string) as number);
  }
  return Math.trunc(match[1] === '-' ? -total : total);
}
