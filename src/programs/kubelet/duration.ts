/** Spans of time as Go prints them (time.Duration.String), rounded to milliseconds. */
import type { Micros } from '../../ground/base/event-loop.ts';

/** `4.1s`, `350ms`, `5m0s`. */
export function goDuration(micros: Micros): string {
  const milli = Math.floor((micros + 500) / 1000);
  if (milli < 1000) return `${milli}ms`;
  const text = (milli / 1000).toFixed(3).replace(/\.?0+$/, '');
  const seconds = Math.floor(milli / 1000);
  if (seconds < 60) return `${text}s`;
  const rest = ((milli % 60_000) / 1000).toFixed(3).replace(/\.?0+$/, '');
  return `${Math.floor(seconds / 60)}m${rest}s`;
}
