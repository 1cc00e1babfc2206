/** date: now, a file's time or a time in words, in GNU's formats (coreutils 9.1). */
import { parseRfc3339, wallFromCivil, type WallTime } from '../../ground/base/time.ts';
import { DAY_NAMES, formatDate, MONTH_NAMES } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import { complain, defineTool, parseOptions, quoted, usageError } from './support.ts';

const SPANS: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  fortnight: 1_209_600,
};

/** What `date -d` understands: RFC 3339, `@seconds`, dates, times, now, today, relative spans. */
export function readDate(text: string, now: WallTime): WallTime | undefined {
  let rest = text.trim();
  const seconds = /^@(-?\d+(?:\.\d+)?)$/.exec(rest);
  if (seconds !== null) return Math.floor(Number(seconds[1]) * 1_000_000);
  const exact = parseRfc3339(rest);
  if (exact !== undefined) return exact;
  let wall = now;
  const day = (value: WallTime): WallTime => Math.floor(value / 86_400_000_000) * 86_400_000_000;
  const date = /^(\d{4})-(\d{1,2})-(\d{1,2})[T ]?/.exec(rest);
  if (date !== null) {
    wall = wallFromCivil(Number(date[1]), Number(date[2]), Number(date[3]));
    rest = rest.slice(date[0].length);
  }
  const written =
    /^(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s+)?(\d{1,2}\s+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*(\s+\d{1,2}(?!\d|:))?,?\s*(\d{4})?/i.exec(
      rest,
    );
  if (written !== null && date === null) {
    const month =
      MONTH_NAMES.findIndex((name) =>
        name.toLowerCase().startsWith((written[2] as string).toLowerCase()),
      ) + 1;
    wall = wallFromCivil(
      Number(written[4] ?? formatDate('%Y', now)),
      month,
      Number(written[1] ?? written[3] ?? '1'),
    );
    rest = rest.slice(written[0].length);
  }
  const time =
    /(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(am|pm)?\s*([-+]\d{2}:?\d{2})?/i.exec(rest) ??
    /\b(\d{1,2})()()\s*(am|pm)\b/i.exec(rest);
  if (time !== null) {
    const [whole, hour, minute = '', second = '', half, zone] = time;
    const hours =
      half === undefined ? Number(hour) : (Number(hour) % 12) + (/pm/i.test(half) ? 12 : 0);
    wall = day(wall) + (hours * 3600 + Number(minute) * 60 + Number(second)) * 1_000_000;
    if (zone !== undefined) {
      const offset = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
      wall -= (zone.startsWith('-') ? -offset : offset) * 60_000_000;
    }
    rest = rest.replace(whole, ' ');
  }
  rest = rest.replace(/\b(utc|gmt|z)\b/gi, ' ');
  for (const [word, shift] of [
    ['now', 0],
    ['today', 0],
    ['yesterday', -86_400],
    ['tomorrow', 86_400],
  ] as const) {
    if (!new RegExp(`\\b${word}\\b`, 'i').test(rest)) continue;
    rest = rest.replace(new RegExp(`\\b${word}\\b`, 'i'), ' ');
    wall += shift * 1_000_000;
  }
  const spans =
    /([-+]?\s*\d+|next|last)\s*(second|sec|minute|min|hour|day|week|fortnight|month|year)s?(\s+ago)?/gi;
  rest = rest.replace(spans, (_, count: string, unit: string, ago: string | undefined) => {
    const amount =
      (count === 'next' ? 1 : count === 'last' ? -1 : Number(count.replace(/\s/g, ''))) *
      (ago === undefined ? 1 : -1);
    const seconds = SPANS[unit.toLowerCase()];
    if (seconds !== undefined) wall += amount * seconds * 1_000_000;
    else {
      const months = /month/i.test(unit) ? amount : amount * 12;
      const total =
        Number(formatDate('%Y', wall)) * 12 + Number(formatDate('%m', wall)) - 1 + months;
      wall =
        wallFromCivil(Math.floor(total / 12), (total % 12) + 1, Number(formatDate('%d', wall))) +
        (wall - day(wall));
    }
    return ' ';
  });
  const weekday = DAY_NAMES.find(
    (name) => rest.trim() !== '' && name.toLowerCase().startsWith(rest.trim().toLowerCase()),
  );
  if (weekday !== undefined) {
    const ahead = (DAY_NAMES.indexOf(weekday) - Number(formatDate('%w', wall)) + 7) % 7;
    return day(wall) + ahead * 86_400_000_000;
  }
  return rest.trim() === '' ? wall : undefined;
}

export const date = defineTool('date', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'ud:r:RI::s:',
    long: {
      utc: 'u',
      universal: 'u',
      date: 'd:',
      reference: 'r:',
      'rfc-email': 'R',
      'iso-8601': 'iso::',
      'rfc-3339': 'rfc:',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  let wall = process.clock.wall();
  const given = value.get('d');
  if (given !== undefined) {
    const parsed = readDate(given, wall);
    if (parsed === undefined) {
      yield* complain(process, `invalid date ${quoted(process, given)}`);
      return 1;
    }
    wall = parsed;
  }
  const reference = value.get('r');
  if (reference !== undefined) {
    const stat = process.files.stat(reference);
    if (!stat.ok) {
      yield* complain(process, `${reference}: ${strerror(stat.error)}`);
      return 1;
    }
    wall = stat.value.modified;
  }
  if (value.has('s')) {
    yield* complain(process, 'cannot set date: Operation not permitted');
    return 1;
  }
  const [format, extra] = value.operands;
  if (extra !== undefined)
    return yield* usageError(process, `extra operand ${quoted(process, extra)}`);
  if (format !== undefined && !format.startsWith('+'))
    return yield* usageError(process, `invalid date ${quoted(process, format)}`);
  const iso = value.get('iso') ?? value.get('I');
  const rfc = value.get('rfc');
  let shape = format?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y';
  if (value.has('R')) shape = '%a, %d %b %Y %H:%M:%S +0000';
  else if (iso !== undefined)
    shape = iso.startsWith('s')
      ? '%Y-%m-%dT%H:%M:%S+00:00'
      : iso.startsWith('m')
        ? '%Y-%m-%dT%H:%M+00:00'
        : iso.startsWith('h')
          ? '%Y-%m-%dT%H+00:00'
          : iso === 'ns'
            ? '%Y-%m-%dT%H:%M:%S,%N+00:00'
            : '%Y-%m-%d';
  else if (rfc !== undefined)
    shape = rfc.startsWith('s')
      ? '%Y-%m-%d %H:%M:%S+00:00'
      : rfc.startsWith('n')
        ? '%Y-%m-%d %H:%M:%S.%N+00:00'
        : '%Y-%m-%d';
  yield* process.print(`${formatDate(shape, wall)}\n`);
  return 0;
});
