/**
 * journalctl of systemd 252: the journal of the host that it runs on.
 *
 * Refused: other journals (-D, -m, --file), vacuuming, -o verbose and export, matches of fields other
 * than _PID, _SYSTEMD_UNIT, SYSLOG_IDENTIFIER and PRIORITY.
 */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { compileRegexp } from '../../../ground/lang/regexp.ts';
import { parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import {
  type Journal,
  type JournalFilter,
  type JournalRecord,
  messageOf,
} from '../../../machines/machine/journal.ts';
import { fullName } from '../../../machines/machine/unit.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { defineTool, parseOptions, type ParsedOptions } from '../support.ts';
import {
  formatRecord,
  JOURNAL_FORMATS,
  type JournalFormat,
  longStamp,
  midnight,
} from './journal-text.ts';

const LONG = {
  unit: 'u:',
  follow: 'f',
  lines: 'n::',
  since: 'S:',
  until: 'U:',
  output: 'o:',
  boot: 'b::',
  dmesg: 'k',
  priority: 'p:',
  reverse: 'r',
  'pager-end': 'e',
  catalog: 'x',
  quiet: 'q',
  identifier: 't:',
  grep: 'g:',
  all: 'a',
  full: 'l',
  'no-pager': 'P',
  'no-full': 'l',
  'no-hostname': 'H',
  'no-tail': 'T',
  'list-boots': 'B',
  'disk-usage': 'D',
  utc: 'P',
  system: 'P',
};

const PRIORITIES: readonly string[] = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warning',
  'notice',
  'info',
  'debug',
];
const LINES = 10;

interface Query {
  readonly units: readonly string[];
  readonly filter: JournalFilter;
  readonly kernel: boolean;
  readonly pattern: ((text: string) => boolean) | undefined;
  readonly format: JournalFormat;
  /** Undefined: all. */
  readonly lines: number | undefined;
  readonly host: string | undefined;
}

export const journalctl = defineTool('journalctl', function* run(process, args) {
  const parsed = parseOptions(splitOptional(args), {
    short: 'u:fn:S:U:o:bkp:rexqt:g:alm',
    long: LONG,
  });
  if (!parsed.ok) {
    yield* process.printError(`journalctl: ${parsed.error}\n`);
    return 1;
  }
  const options = parsed.value;
  const { journal } = process.kernel.units;
  if (process.uid !== 0) {
    yield* process.printError(
      "Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\nNo journal files were opened due to insufficient permissions.\n",
    );
    return 1;
  }
  if (options.has('B')) {
    yield* process.print(bootsText(journal));
    return 0;
  }
  if (options.has('D')) {
    yield* process.print(
      `Archived and active journals take up ${(Math.max(1, Math.ceil(journal.last / 20_000)) * 8).toFixed(1)}M in the file system.\n`,
    );
    return 0;
  }
  const query = readQuery(process, options);
  if (!query.ok) {
    yield* process.printError(`${query.error}\n`);
    return 1;
  }
  return yield* show(process, journal, query.value, options);
});

/** `-n` and `-b` take a value only when one stands behind them. */
function splitOptional(args: readonly string[]): readonly string[] {
  const out: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    const next = args[at + 1];
    if (arg === '-n' || arg === '--lines') {
      const taken = next !== undefined && /^(\d+|all)$/.test(next);
      out.push(`--lines=${taken ? next : LINES}`);
      if (taken) at += 1;
    } else if (arg === '-b' || arg === '--boot') {
      const taken = next !== undefined && /^([+-]?\d+|[0-9a-f]{32})$/.test(next);
      out.push(`--boot=${taken ? next : '0'}`);
      if (taken) at += 1;
    } else if (/^-[a-zA-Z]*[nb]$/.test(arg) && !/^-[a-z]*[uopgtSU]/.test(arg)) {
      // `-fn` and `-xeb`: the last letter is the one with the value.
      out.push(arg.slice(0, -1));
      const letter = arg.at(-1);
      const taken = next !== undefined && /^(\d+|all)$/.test(next) && letter === 'n';
      out.push(letter === 'n' ? `--lines=${taken ? next : LINES}` : '--boot=0');
      if (taken) at += 1;
    } else out.push(arg);
  }
  return out;
}

function readQuery(process: Process, options: ParsedOptions): Result<Query, string> {
  const { journal } = process.kernel.units;
  const now = process.clock.wall();
  const format = (options.get('o') ?? 'short') as JournalFormat;
  if (!JOURNAL_FORMATS.includes(format)) return err(`Unknown output format: ${format}`);
  const priority = priorityOf(options.get('p'));
  if (priority === null) return err(`Unknown log level ${options.get('p')}`);
  const since = momentOf(options.get('S'), now);
  const until = momentOf(options.get('U'), now);
  if (since === null || until === null)
    return err(
      `Failed to parse timestamp: ${since === null ? options.get('S') : options.get('U')}`,
    );
  let boot: string | undefined;
  if (options.has('b') || options.has('k')) {
    const found = bootOf(journal, process.kernel.bootId, options.get('b') ?? '0');
    if (found === undefined)
      return err(
        `Data from the specified boot (${options.get('b')}) is not available: No such boot ID in journal`,
      );
    boot = found;
  }
  let pattern: ((text: string) => boolean) | undefined;
  const source = options.get('g');
  if (source !== undefined) {
    const compiled = compileRegexp(source, source === source.toLowerCase());
    if (!compiled.ok) return err(`Bad pattern "${source}": ${compiled.error}`);
    pattern = (text) => compiled.value.test(text);
  }
  const matches = readMatches(options.operands);
  if (!matches.ok) return matches;
  const identifier = options.get('t') ?? matches.value.identifier;
  const units = [
    ...options.all('u').map(fullName),
    ...(matches.value.unit === undefined ? [] : [matches.value.unit]),
  ];
  const lines = options.get('n');
  const counted =
    lines === undefined
      ? options.has('f') && !options.has('T')
        ? LINES
        : options.has('e')
          ? 1000
          : undefined
      : lines === 'all'
        ? undefined
        : Number(lines);
  return ok({
    units,
    kernel: options.has('k'),
    pattern,
    format,
    lines: counted,
    host: options.has('H') ? undefined : process.kernel.hostName,
    filter: {
      ...(identifier === undefined ? {} : { identifier }),
      ...(matches.value.pid === undefined ? {} : { pid: matches.value.pid }),
      ...(priority === undefined ? {} : { priority }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(boot === undefined ? {} : { bootId: boot }),
    },
  });
}

function readMatches(
  words: readonly string[],
): Result<{ pid?: number; unit?: string; identifier?: string }, string> {
  const out: { pid?: number; unit?: string; identifier?: string } = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const value = word.slice(equals + 1);
    if (word.startsWith('_PID=')) out.pid = Number(value);
    else if (word.startsWith('_SYSTEMD_UNIT=')) out.unit = value;
    else if (word.startsWith('SYSLOG_IDENTIFIER=') || word.startsWith('_COMM='))
      out.identifier = value;
    else
      return err(
        equals < 0
          ? `Failed to add match '${word}': Invalid argument`
          : `Field ${word.slice(0, equals)} is not kept by this journal`,
      );
  }
  return ok(out);
}

/** Null: no such level. A range `a..b` keeps its upper end. */
function priorityOf(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined;
  const word = text.split('..').at(-1) as string;
  const number = /^[0-7]$/.test(word)
    ? Number(word)
    : PRIORITIES.indexOf(word === 'error' ? 'err' : word === 'warn' ? 'warning' : word);
  return number < 0 ? null : number;
}

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(us|usec|µs)$/, 1],
  [/^(ms|msec)$/, 1000],
  [/^(s|sec|second|seconds)$/, 1_000_000],
  [/^(m|min|minute|minutes)$/, 60_000_000],
  [/^(h|hr|hour|hours)$/, 3_600_000_000],
  [/^(d|day|days)$/, 86_400_000_000],
  [/^(w|week|weeks)$/, 604_800_000_000],
];

/** systemd.time(7): a date, a time of today, a word, or so long ago. Null: none of these. */
function momentOf(text: string | undefined, now: WallTime): WallTime | undefined | null {
  if (text === undefined) return undefined;
  const day = 86_400_000_000;
  if (text === 'now') return now;
  if (text === 'today') return midnight(now);
  if (text === 'yesterday') return midnight(now) - day;
  if (text === 'tomorrow') return midnight(now) + day;
  if (/^@\d+$/.test(text)) return Number(text.slice(1)) * 1_000_000;
  const time = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (time !== null)
    return (
      midnight(now) +
      ((Number(time[1]) * 60 + Number(time[2])) * 60 + Number(time[3] ?? 0)) * 1_000_000
    );
  const date = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?(?: ?UTC|Z)?$/.exec(
    text,
  );
  if (date !== null)
    return parseRfc3339(`${date[1]}T${date[2] ?? '00:00'}${date[3] ?? ':00'}Z`) ?? null;
  const ago = / ago$/.test(text);
  const signed = /^[-+]/.exec(text)?.[0];
  if (!ago && signed === undefined) return null;
  const span = spanOf(text.replace(/^[-+]/, '').replace(/ ago$/, ''));
  if (span === undefined) return null;
  return signed === '+' ? now + span : now - span;
}

function spanOf(text: string): number | undefined {
  let sum = 0;
  let rest = text.trim();
  while (rest !== '') {
    const match = /^(\d+)\s*([a-zµ]*)\s*/.exec(rest);
    if (match === null) return undefined;
    const unit =
      match[2] === '' ? 1_000_000 : UNITS.find(([name]) => name.test(match[2] as string))?.[1];
    if (unit === undefined) return undefined;
    sum += Number(match[1]) * unit;
    rest = rest.slice(match[0].length);
  }
  return sum;
}

function bootOf(journal: Journal, current: string, wanted: string): string | undefined {
  if (/^[0-9a-f]{32}$/.test(wanted)) return wanted;
  const { boots } = journal;
  const number = Number(wanted);
  if (number === 0) return current;
  return number > 0 ? boots[number - 1] : boots[boots.length - 1 + number];
}

function bootsText(journal: Journal): string {
  const { boots } = journal;
  const lines = boots.map((boot, index) => {
    const records = journal.read({ bootId: boot });
    const first = records[0];
    const last = records.at(-1);
    const stamp = (record: JournalRecord | undefined): string =>
      record === undefined ? '' : longStamp(record.time);
    return `${String(index - boots.length + 1).padStart(3)} ${boot} ${stamp(first)} ${stamp(last)}\n`;
  });
  return `IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n${lines.join('')}`;
}

function select(journal: Journal, query: Query, after?: number): readonly JournalRecord[] {
  const { units, kernel, pattern } = query;
  const single = units.length === 1 ? { unit: units[0] as string } : {};
  return journal
    .read({ ...query.filter, ...single, ...(after === undefined ? {} : { after }) })
    .filter(
      (record) =>
        (units.length < 2 || units.includes(record.unit)) &&
        (!kernel || record.identifier === 'kernel') &&
        (pattern === undefined || pattern(messageOf(record))),
    );
}

function* show(
  process: Process,
  journal: Journal,
  query: Query,
  options: ParsedOptions,
): Task<number> {
  let seen = journal.last;
  const found = select(journal, query);
  const tail =
    query.lines === undefined ? found : found.slice(Math.max(0, found.length - query.lines));
  const shown = options.has('r') ? [...tail].reverse() : tail;
  let text = '';
  let boot: string | undefined;
  for (const record of shown) {
    if (
      boot !== undefined &&
      record.bootId !== boot &&
      !options.has('q') &&
      !query.format.startsWith('json')
    )
      text += `-- Boot ${record.bootId} --\n`;
    boot = record.bootId;
    text += formatRecord(record, query.format, query.host);
    if (text.length > 16_384) {
      yield* process.print(text);
      text = '';
    }
  }
  if (shown.length === 0 && !options.has('f') && !options.has('q')) text = '-- No entries --\n';
  yield* process.print(text);
  if (!options.has('f')) return 0;
  for (;;) {
    const first = yield* anyOf([process.terminated, journal.added]);
    if (first.index === 0) return 0;
    const fresh = select(journal, query, seen);
    seen = journal.last;
    if (fresh.length > 0)
      yield* process.print(
        fresh.map((record) => formatRecord(record, query.format, query.host)).join(''),
      );
  }
}
