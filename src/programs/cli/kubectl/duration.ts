/** Durations in Go's notation (time.ParseDuration, Duration.String): `1h2m`, `300ms`, `1.5s`. In microseconds. */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 0.001],
  ['us', 1],
  ['µs', 1],
  ['ms', 1000],
  ['s', 1_000_000],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
]);

/** Reads a duration; the error is Go's. */
export function parseGoDuration(text: string): Result<number, string> {
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return ok(0);
  if (rest === '') return err(`time: invalid duration ${quote(text)}`);
  let total = 0;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d*)?|\.\d+)([^\d.]*)/.exec(rest);
    if (match === null) return err(`time: invalid duration ${quote(text)}`);
    const unit = match[2] as string;
    if (unit === '') return err(`time: missing unit in duration ${quote(text)}`);
    const scale = UNITS.get(unit);
    if (scale === undefined) {
      return err(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    }
    total += Number(match[1]) * scale;
    rest = rest.slice(match[0].length);
  }
  const micros = Math.floor(total);
  return ok(text.startsWith('-') ? -micros : micros);
}

/** `1m30s`, `20s`, `0s`: whole seconds as Go prints them. */
export function formatGoDuration(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
