/** Times as people read them: simulated clock, spans, kubectl's ages. All take microseconds. */

const SECOND = 1_000_000;

/** `02:28.350`, with hours in front when there are any. */
export function clockText(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = Math.floor(millis / 1000);
  const hours = Math.floor(seconds / 3600);
  const head = hours > 0 ? `${hours}:` : '';
  return `${head}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(millis % 1000).padStart(3, '0')}`;
}

/** `3.1 s`, `2 m 05 s`. */
export function spanText(micros: number): string {
  const seconds = micros / SECOND;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return `${Math.floor(seconds / 60)} m ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}

/** kubectl's ages: `5s`, `2m10s`, `3h`, `2d`. */
export function ageText(micros: number): string {
  const seconds = Math.max(0, Math.floor(micros / SECOND));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const withRest = (whole: number, unit: string, rest: number, small: string): string =>
    rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${small}`;
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return withRest(days, 'd', hours % 24, 'h');
  return `${days}d`;
}
