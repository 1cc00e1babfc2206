/** top in batch mode, and on a terminal without its keys (procps 4.0). */
import { formatDate } from '../../ground/lang/strftime.ts';
import type { ProcessEntry } from '../../machines/machine/kernel.ts';
import type { Process } from '../../machines/machine/process.ts';
import { ownerName } from './file-text.ts';
import { loadOf, memoryOf, upTime } from './memory.ts';
import { defineTool } from './support.ts';
import { users } from './system.ts';

const PAUSE = 3_000_000;

function state(process: Process, entry: ProcessEntry): string {
  return entry.pid === process.pid ? 'R' : entry.state;
}

/** `0:01.25` */
function cpuTime(micros: number): string {
  const hundredths = Math.floor(micros / 10_000);
  const seconds = `${Math.floor(hundredths / 100) % 60}`.padStart(2, '0');
  const rest = `${hundredths % 100}`.padStart(2, '0');
  return `${Math.floor(hundredths / 6000)}:${seconds}.${rest}`;
}

function head(process: Process, entries: readonly ProcessEntry[], busy: number): string {
  const memory = memoryOf(process);
  const mib = (kib: number): string => (kib / 1024).toFixed(1).padStart(9);
  const count = (letter: string): string =>
    `${entries.filter((entry) => state(process, entry) === letter).length}`.padStart(3);
  const part = (value: number): string => value.toFixed(1).padStart(5);
  const time = formatDate('%H:%M:%S', process.clock.wall());
  const used = memory.total - memory.available;
  return (
    `top - ${time} up ${upTime(process)},  ${users(process)},  load average: ${loadOf(process).join(', ')}\n` +
    `Tasks: ${`${entries.length}`.padStart(3)} total, ${count('R')} running, ${count('S')} sleeping, ${count('T')} stopped, ${count('Z')} zombie\n` +
    `%Cpu(s):${part(busy)} us,${part(0)} sy,${part(0)} ni,${part(100 - busy)} id,${part(0)} wa,${part(0)} hi,${part(0)} si,${part(0)} st \n` +
    `MiB Mem :${mib(memory.total)} total,${mib(memory.free)} free,${mib(used)} used,${mib(memory.buffers + memory.cached)} buff/cache     \n` +
    `MiB Swap:${mib(0)} total,${mib(0)} free,${mib(0)} used.${mib(memory.available)} avail Mem \n\n` +
    '    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n'
  );
}

/** One screen; CPU is that since the last look. */
function screen(process: Process, before: ReadonlyMap<number, number>, span: number): string {
  const entries = process.kernel.processes();
  const used = (entry: ProcessEntry): number => entry.cpu - (before.get(entry.pid) ?? 0);
  const percent = (micros: number): number => (micros * 100) / Math.max(1, span);
  const sum = entries.reduce((total, entry) => total + used(entry), 0);
  const busy = Math.min(100, percent(sum) / process.kernel.cpus);
  const sorted = [...entries].sort((a, b) => used(b) - used(a) || a.pid - b.pid);
  return (
    head(process, entries, busy) +
    sorted
      .map((entry) => {
        const resident = Math.floor(entry.memory / 1024);
        const cells = [
          `${entry.pid}`.padStart(7),
          ownerName(process, entry.uid).slice(0, 8).padEnd(8),
          ' 20',
          '  0',
          `${entry.virtualKib}`.padStart(7),
          `${resident}`.padStart(6),
          `${Math.floor(resident / 2)}`.padStart(6),
          state(process, entry),
          percent(used(entry)).toFixed(1).padStart(5),
          ((entry.memory * 100) / process.kernel.memoryBytes).toFixed(1).padStart(5),
          cpuTime(entry.cpu).padStart(9),
          entry.comm,
        ];
        return `${cells.join(' ')}\n`;
      })
      .join('')
  );
}

export const top = defineTool('top', function* run(process, args) {
  const line = args.join(' ');
  const batch = /(^|\s)-\w*b/.test(line);
  const rounds = Number(/-\w*n\s*(\d+)/.exec(line)?.[1] ?? 'Infinity');
  const pause = Number(/-\w*d\s*([\d.]+)/.exec(line)?.[1] ?? PAUSE / 1_000_000) * 1_000_000;
  let before: ReadonlyMap<number, number> = new Map();
  let since = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) yield* process.sleep(pause);
    const now = process.clock.monotonic();
    const text = screen(process, before, now - since);
    yield* process.print(batch ? `${round > 0 ? '\n' : ''}${text}` : `\x1b[H\x1b[J${text}`);
    before = new Map(process.kernel.processes().map((entry) => [entry.pid, entry.cpu]));
    since = now;
  }
  return 0;
});
