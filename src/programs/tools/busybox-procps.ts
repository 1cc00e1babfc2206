/** ps, top and uptime as busybox prints them (procps/ps.c, top.c, uptime.c, 1.36). */
import { formatDate } from '../../ground/lang/strftime.ts';
import type { ProcessEntry } from '../../machines/machine/kernel.ts';
import type { Process } from '../../machines/machine/process.ts';
import { ownerName } from './file-text.ts';
import { loadOf, memoryOf, upTime } from './memory.ts';
import { defineTool } from './support.ts';

/** One line, whatever stands in it: what does not print is a space. */
function commandOf(entry: ProcessEntry): string {
  if (entry.argv.length === 0) return `[${entry.comm}]`;
  const text = entry.argv.join(' ');
  return text.replace(/[\x00-\x1f]/g, ' ').trimEnd();
}

function stateOf(process: Process, entry: ProcessEntry): string {
  return entry.pid === process.pid ? 'R' : entry.state;
}

/** All processes, whatever the options, in four columns. */
export const busyboxPs = defineTool('ps', function* run(process) {
  let text = 'PID   USER     TIME  COMMAND\n';
  for (const entry of process.kernel.processes()) {
    const minutes = Math.floor(entry.cpu / 60_000_000);
    const seconds = Math.floor(entry.cpu / 1_000_000) % 60;
    const time = `${minutes}:${String(seconds).padStart(2, '0')}`;
    const user = ownerName(process, entry.uid).slice(0, 8).padEnd(8);
    text += `${String(entry.pid).padStart(5)} ${user} ${time.padStart(5)} ${commandOf(entry)}\n`;
  }
  yield* process.print(text);
  return 0;
});

const PAUSE = 5_000_000;

/** CPU since the last look by pid; the first look sees the time since boot. */
function screen(process: Process, before: ReadonlyMap<number, number>, span: number): string {
  const { cpus } = process.kernel;
  const memory = memoryOf(process);
  const entries = process.kernel.processes();
  const used = (entry: ProcessEntry): number => entry.cpu - (before.get(entry.pid) ?? 0);
  const busy = entries.reduce((sum, entry) => sum + used(entry), 0);
  const share = (micros: number): number =>
    Math.floor((micros * 100) / Math.max(1, span * cpus) + 0.5);
  const percent = (value: number): string => `${`${value}`.padStart(3)}%`;
  const load = Math.min(100, share(busy));
  const running = entries.filter((entry) => stateOf(process, entry) === 'R').length;
  let text = `Mem: ${memory.total - memory.free}K used, ${memory.free}K free, ${memory.shared}K shrd, ${memory.buffers}K buff, ${memory.cached}K cached\n`;
  text += `CPU: ${percent(load)} usr ${percent(0)} sys ${percent(0)} nic ${percent(100 - load)} idle ${percent(0)} io ${percent(0)} irq ${percent(0)} sirq\n`;
  text += `Load average: ${loadOf(process).join(' ')} ${running}/${entries.length} ${process.pid}\n`;
  text += '  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n';
  const sorted = [...entries].sort((a, b) => used(b) - used(a) || b.pid - a.pid);
  for (const entry of sorted) {
    const user = ownerName(process, entry.uid).slice(0, 8).padEnd(8);
    const size = Math.floor((entry.virtualKib * 100) / Math.max(1, memory.total) + 0.5);
    text += `${`${entry.pid}`.padStart(5)} ${`${entry.ppid}`.padStart(5)} ${user} ${stateOf(process, entry).padEnd(4)} ${`${entry.virtualKib}`.padStart(5)} ${percent(size)} ${`${entry.pid % cpus}`.padStart(3)} ${percent(share(used(entry)))} ${commandOf(entry)}\n`;
  }
  return text;
}

export const busyboxTop = defineTool('top', function* run(process, args) {
  const line = args.join(' ');
  const batch = /(^|\s)-\w*b/.test(line);
  const rounds = Number(/-\w*n\s*(\d+)/.exec(line)?.[1] ?? 'Infinity');
  const pause = Number(/-\w*d\s*(\d+)/.exec(line)?.[1] ?? PAUSE / 1_000_000) * 1_000_000;
  let before: ReadonlyMap<number, number> = new Map();
  let since = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) yield* process.sleep(pause);
    const now = process.clock.monotonic();
    const text = screen(process, before, now - since);
    yield* process.print(batch ? text : `\x1b[H\x1b[J${text}`);
    before = new Map(process.kernel.processes().map((entry) => [entry.pid, entry.cpu]));
    since = now;
  }
  return 0;
});

export const busyboxUptime = defineTool('uptime', function* run(process) {
  const time = formatDate('%H:%M:%S', process.clock.wall());
  yield* process.print(
    ` ${time} up ${upTime(process)},  load average: ${loadOf(process).join(', ')}\n`,
  );
  return 0;
});
