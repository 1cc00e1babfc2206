/** What /proc/meminfo and /proc/loadavg say, and `free` (procps 4.0). */
import type { Process } from '../../machines/machine/process.ts';
import { defineTool } from './support.ts';

/** Amounts in KiB. */
export interface Memory {
  readonly total: number;
  readonly free: number;
  readonly shared: number;
  readonly buffers: number;
  readonly cached: number;
  readonly available: number;
}

export function memoryOf(process: Process): Memory {
  const text = process.files.readText('/proc/meminfo');
  const amounts = new Map<string, number>();
  for (const line of text.ok ? text.value.split('\n') : []) {
    const [, name, amount] = /^(\w+):\s+(\d+)/.exec(line) ?? [];
    if (name !== undefined) amounts.set(name, Number(amount));
  }
  const of = (name: string): number => amounts.get(name) ?? 0;
  return {
    total: of('MemTotal'),
    free: of('MemFree'),
    shared: of('Shmem'),
    buffers: of('Buffers'),
    cached: of('Cached') + of('SReclaimable'),
    available: of('MemAvailable'),
  };
}

/** `0.00, 0.00, 0.00` */
export function loadOf(process: Process): readonly string[] {
  const text = process.files.readText('/proc/loadavg');
  return (text.ok ? text.value : '0.00 0.00 0.00').split(' ').slice(0, 3);
}

/** ` 09:00:23 up 3 min`: minutes, hours and minutes, days. */
export function upTime(process: Process): string {
  const minutes = Math.floor(process.clock.monotonic() / 60_000_000);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor(minutes / 60) % 24;
  const rest = `${minutes % 60}`.padStart(2, '0');
  const before = days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `;
  return before + (hours > 0 ? `${`${hours}`.padStart(2)}:${rest}` : `${minutes % 60} min`);
}

/** `7.8Gi`, `138Mi`, `0B`: three figures at most, as free -h scales. */
function scaled(kib: number): string {
  if (kib === 0) return '0B';
  let value = kib;
  for (const unit of ['Ki', 'Mi', 'Gi', 'Ti']) {
    const short = value.toFixed(1);
    if (short.length <= 3) return `${short}${unit}`;
    if (`${Math.floor(value)}`.length <= 3) return `${Math.floor(value)}${unit}`;
    value /= 1024;
  }
  return `${Math.floor(value)}Pi`;
}

const UNITS: readonly (readonly [RegExp, (kib: number) => string])[] = [
  [/^(-h|--human)$/, scaled],
  [/^(-b|--bytes)$/, (kib) => `${kib * 1024}`],
  [/^(-m|--mebi)$/, (kib) => `${Math.floor(kib / 1024)}`],
  [/^(-g|--gibi)$/, (kib) => `${Math.floor(kib / 1_048_576)}`],
];

const HEADS = ['total', 'used', 'free', 'shared', 'buff/cache', 'available'];

/** What of the memory is used: procps counts what is not available, busybox what is neither free nor cache. */
function freeWith(label: number, used: (memory: Memory) => number) {
  return defineTool('free', function* run(process, args) {
    const memory = memoryOf(process);
    const show =
      UNITS.find(([flag]) => args.some((arg) => flag.test(arg)))?.[1] ?? ((kib) => `${kib}`);
    const row = (name: string, cells: readonly string[]): string =>
      `${name.padEnd(label)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
    const { total, free, shared, buffers, cached, available } = memory;
    const amounts = [total, used(memory), free, shared, buffers + cached, available];
    yield* process.print(
      row('', HEADS) + row('Mem:', amounts.map(show)) + row('Swap:', [0, 0, 0].map(show)),
    );
    return 0;
  });
}

export const free = freeWith(8, (memory) => memory.total - memory.available);
export const busyboxFree = freeWith(
  7,
  ({ total, free: left, buffers, cached }) => total - left - buffers - cached,
);
