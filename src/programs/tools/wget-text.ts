/** What both wgets print about sizes, rates and the end of a download. */
import type { Micros } from '../../ground/base/event-loop.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import type { Process } from '../../machines/machine/process.ts';

export function sizeNote(size: number): string {
  if (size < 1024) return '';
  const units: readonly (readonly [string, number])[] = [
    ['G', 1024 ** 3],
    ['M', 1024 ** 2],
    ['K', 1024],
  ];
  for (const [unit, base] of units) {
    if (size < base) continue;
    const value = size / base;
    return ` (${value < 10 ? value.toFixed(1) : value.toFixed(0)}${unit})`;
  }
  return '';
}

function rate(bytes: number, micros: Micros): string {
  const perSecond = (bytes * 1_000_000) / Math.max(1, micros);
  if (perSecond < 1024) return `${perSecond.toFixed(0)} B/s`;
  if (perSecond < 1024 ** 2) return `${(perSecond / 1024).toPrecision(3)} KB/s`;
  return perSecond < 1024 ** 3
    ? `${(perSecond / 1024 ** 2).toPrecision(3)} MB/s`
    : `${(perSecond / 1024 ** 3).toPrecision(3)} GB/s`;
}

export function gnuSummary(
  process: Process,
  shown: string,
  size: number,
  length: string | undefined,
  took: Micros,
  toStdout: boolean,
): string {
  const speed = rate(size, took);
  const bar =
    process.stderr.terminal === undefined
      ? `     0K ${'.'.repeat(Math.min(50, Math.ceil(size / 1024))).padEnd(55)} 100% ${speed.replace(/ (.)B\/s$/, '$1').replace(' B/s', '')}=${seconds(took)}s`
      : `${(toStdout ? '-' : shown).slice(0, 19).padEnd(20)}100%[===================>] ${short(size).padStart(7)}  --.-KB/s    in ${seconds(took)}s      `;
  const stamp = formatDate('%Y-%m-%d %H:%M:%S', process.clock.wall());
  const what = toStdout
    ? `written to stdout [${size}${length === undefined ? '' : `/${length}`}]`
    : `‘${shown}’ saved [${size}${length === undefined ? '' : `/${length}`}]`;
  return `${bar}\n\n${stamp} (${speed}) - ${what}\n\n`;
}

function seconds(micros: Micros): string {
  if (micros < 1000) return '0';
  const value = micros / 1_000_000;
  return value < 1 ? value.toFixed(3).replace(/0+$/, '') : value.toFixed(1);
}

function short(size: number): string {
  if (size < 1024) return String(size);
  return size < 1024 ** 2 ? `${(size / 1024).toFixed(2)}K` : `${(size / 1024 ** 2).toFixed(2)}M`;
}

export function busyboxSummary(shown: string, size: number, toStdout: boolean): string {
  const name = shown
    .slice(shown.lastIndexOf('/') + 1)
    .slice(0, 20)
    .padEnd(20);
  const amount =
    size < 100_000 ? String(size).padStart(5) : `${Math.floor(size / 1024)}k`.padStart(5);
  const bar = `${name} 100% |${'*'.repeat(32)}| ${amount}  0:00:00 ETA\n`;
  return `${bar}${toStdout ? 'written to stdout\n' : `'${shown}' saved\n`}`;
}
