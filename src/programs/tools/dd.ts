/** dd: bytes from one file to another, block by block, and how long that took (GNU coreutils 9.1; busybox 1.36). */
import { borrowedFile } from '../../machines/machine/files/open-file.ts';
import { concatBytes } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { strerror } from '../../machines/network/errno.ts';
import { complain, defineTool, nameOf, quoteName } from './support.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['c', 1],
  ['w', 2],
  ['b', 512],
  ['kB', 1000],
  ['K', 1024],
  ['k', 1024],
  ['KiB', 1024],
  ['MB', 1_000_000],
  ['M', 1_048_576],
  ['MiB', 1_048_576],
  ['GB', 1_000_000_000],
  ['G', 1_073_741_824],
  ['GiB', 1_073_741_824],
]);
/** What a page cache and /dev/zero give, in bytes a microsecond. */
const BYTES_PER_MICRO = 1_800;
/** Nobody needs more in one run here; the real limit is the disk. */
const BLOCK_MAX = 256 * 1_048_576;

function sizeOf(text: string): number | undefined {
  let product = 1;
  for (const factor of text.split('x')) {
    const [, digits, unit = ''] = /^(\d+)([a-zA-Z]*)$/.exec(factor) ?? [];
    const scale = UNITS.get(unit);
    if (digits === undefined || scale === undefined) return undefined;
    product *= Number(digits) * scale;
  }
  return product;
}

interface Job {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly read: number;
  readonly count: number;
  readonly skip: number;
  readonly seek: number;
  readonly keep: boolean;
  readonly append: boolean;
  readonly status: string;
}

const NUMBERS = new Set(['bs', 'ibs', 'obs', 'cbs', 'count', 'skip', 'seek']);
const WORDS = new Set(['if', 'of', 'conv', 'iflag', 'oflag', 'status']);

function parseJob(args: readonly string[]): Result<Job, string> {
  const given = new Map<string, string>();
  const sizes = new Map<string, number>();
  for (const arg of args) {
    const [, key = '', value = ''] = /^([a-z]+)=(.*)$/s.exec(arg) ?? [];
    if (NUMBERS.has(key)) {
      const size = sizeOf(value);
      if (size === undefined || (size === 0 && key.endsWith('bs')))
        return err(`invalid number: ${quoteName(value)}`);
      sizes.set(key, size);
    } else if (!WORDS.has(key)) return err(`unrecognized operand ${quoteName(arg)}`);
    given.set(key, value);
  }
  const flags = `${given.get('conv') ?? ''},${given.get('oflag') ?? ''}`.split(',');
  const block = sizes.get('bs') ?? sizes.get('ibs') ?? 512;
  return ok({
    from: given.get('if'),
    to: given.get('of'),
    read: block,
    count: sizes.get('count') ?? Number.POSITIVE_INFINITY,
    skip: (sizes.get('skip') ?? 0) * block,
    seek: (sizes.get('seek') ?? 0) * (sizes.get('bs') ?? sizes.get('obs') ?? 512),
    keep: flags.includes('notrunc'),
    append: flags.includes('append'),
    status: given.get('status') ?? '',
  });
}

/** The next block, whole unless the file ends. */
function* block(file: OpenFile, size: number): Task<Result<Uint8Array, string>> {
  const parts: Uint8Array[] = [];
  let have = 0;
  while (have < size) {
    const chunk = yield* file.read(size - have);
    if (!chunk.ok) return err(strerror(chunk.error));
    if (chunk.value === undefined || chunk.value.length === 0) break;
    parts.push(chunk.value);
    have += chunk.value.length;
    // A pipe gives what it has: a short block counts as one.
    if (file.kind === 'pipe' || file.kind === 'terminal') break;
  }
  return ok(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts));
}

/** `1.2 MB`, as human_readable with SI units. */
function human(bytes: number, base: number, units: readonly string[]): string {
  let value = bytes;
  let at = 0;
  while (value >= base && at < units.length - 1) {
    value /= base;
    at += 1;
  }
  const text = at > 0 && value < 10 ? value.toFixed(1) : `${Math.floor(value + 0.5)}`;
  return `${text} ${units[at]}`;
}

/** `10.0KB`, as busybox's make_human_readable_str. */
function busyboxSize(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 1024 && at < 3) {
    value /= 1024;
    at += 1;
  }
  return at === 0 ? `${Math.floor(value)}B` : `${value.toFixed(1)}${'KMG'[at - 1]}B`;
}

const SI = ['B', 'kB', 'MB', 'GB'] as const;
const IEC = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** Seconds with three or so digits that count, as printf's %g. */
function seconds(micros: number): string {
  return `${Number((micros / 1_000_000).toPrecision(6))}`;
}

interface Records {
  full: number;
  partial: number;
}

interface Tally {
  readonly read: Records;
  readonly written: Records;
  bytes: number;
}

function count(records: Records, whole: boolean): void {
  if (whole) records.full += 1;
  else records.partial += 1;
}

function report(tally: Tally, micros: number, busybox: boolean): string {
  const { read, written, bytes } = tally;
  const records = `${read.full}+${read.partial} records in\n${written.full}+${written.partial} records out\n`;
  const rate = micros === 0 ? 0 : (bytes * 1_000_000) / micros;
  if (busybox) {
    const time = (micros / 1_000_000).toFixed(6);
    return `${records}${bytes} bytes (${busyboxSize(bytes)}) copied, ${time} seconds, ${busyboxSize(rate)}/s\n`;
  }
  const shown =
    bytes < 1000
      ? `${bytes} bytes`
      : bytes < 1024
        ? `${bytes} bytes (${human(bytes, 1000, SI)})`
        : `${bytes} bytes (${human(bytes, 1000, SI)}, ${human(bytes, 1024, IEC)})`;
  return `${records}${shown} copied, ${seconds(micros)} s, ${human(rate, 1000, SI)}/s\n`;
}

function* copy(
  process: Process,
  job: Job,
  input: OpenFile,
  output: OpenFile,
  tally: Tally,
): Task<string | undefined> {
  let skipped = 0;
  while (skipped < job.skip) {
    const piece = yield* block(input, Math.min(job.read, job.skip - skipped));
    if (!piece.ok) return piece.error;
    if (piece.value.length === 0) break;
    skipped += piece.value.length;
  }
  while (tally.read.full + tally.read.partial < job.count) {
    const piece = yield* block(input, job.read);
    if (!piece.ok)
      return `error reading ${quoteName(job.from ?? 'standard input')}: ${piece.error}`;
    const { length } = piece.value;
    if (length === 0) break;
    count(tally.read, length === job.read);
    yield* process.work(Math.max(1, Math.ceil(length / BYTES_PER_MICRO)));
    const written = yield* output.write(piece.value);
    if (!written.ok)
      return `error writing ${quoteName(job.to ?? 'standard output')}: ${strerror(written.error)}`;
    count(tally.written, length === job.read);
    tally.bytes += length;
  }
  return undefined;
}

/** The output, with what stands before `seek` kept. */
function openOutput(process: Process, job: Job): Result<OpenFile, string> {
  if (job.to === undefined) {
    return ok(borrowedFile(process.stdout));
  }
  if (job.seek > 0 && !job.append) {
    const old = process.files.read(job.to);
    const before = new Uint8Array(job.seek);
    if (old.ok) before.set(old.value.subarray(0, job.seek));
    const kept = process.files.write(job.to, before);
    if (!kept.ok) return err(strerror(kept.error));
  }
  const opened = process.files.open(job.to, job.append || job.seek > 0 ? 'a' : 'w');
  return opened.ok ? opened : err(strerror(opened.error));
}

function ddWith(busybox: boolean): Program {
  return defineTool('dd', function* run(process, args) {
    const parsed = parseJob(args);
    if (!parsed.ok) {
      yield* complain(process, parsed.error);
      if (!busybox)
        yield* process.printError(`Try '${nameOf(process)} --help' for more information.\n`);
      return 1;
    }
    const job = parsed.value;
    if (job.read > BLOCK_MAX) {
      yield* complain(process, `memory exhausted by input buffer of size ${job.read} bytes`);
      return 1;
    }
    const failed = (path: string, reason: string): string =>
      busybox ? `can't open '${path}': ${reason}` : `failed to open ${quoteName(path)}: ${reason}`;
    let input = borrowedFile(process.stdin);
    if (job.from !== undefined) {
      const opened = process.files.open(job.from, 'r');
      if (!opened.ok) {
        yield* complain(process, failed(job.from, strerror(opened.error)));
        return 1;
      }
      input = opened.value;
    }
    const output = openOutput(process, job);
    if (!output.ok) {
      input.close();
      yield* complain(process, failed(job.to ?? '', output.error));
      return 1;
    }
    const begun = process.clock.monotonic();
    const records = (): Records => ({ full: 0, partial: 0 });
    const tally: Tally = { read: records(), written: records(), bytes: 0 };
    const fault = yield* copy(process, job, input, output.value, tally);
    input.close();
    output.value.close();
    if (fault !== undefined) yield* complain(process, fault);
    const text = report(tally, process.clock.monotonic() - begun, busybox);
    if (job.status === 'noxfer')
      yield* process.printError(`${text.split('\n').slice(0, 2).join('\n')}\n`);
    else if (job.status !== 'none') yield* process.printError(text);
    return fault === undefined ? 0 : 1;
  });
}

export const dd = ddWith(false);
export const busyboxDd = ddWith(true);
