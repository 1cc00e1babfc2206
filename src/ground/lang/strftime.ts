/** strftime(3) in the C locale and UTC, for `date`, `printf '%(…)T'`, awk and jq. */
import { civilFromWall, wallFromCivil, type WallTime } from '../base/time.ts';

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const DAY_NAMES = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];

function pad(value: number, width: number, fill = '0'): string {
  return `${value}`.padStart(width, fill);
}

/** Day of the year, 1–366. */
function dayOfYear(wall: WallTime): number {
  const civil = civilFromWall(wall);
  return Math.floor((wall - wallFromCivil(civil.year, 1, 1)) / 86_400_000_000) + 1;
}

/** ISO 8601 week and its year. */
function isoWeek(wall: WallTime): readonly [number, number] {
  const civil = civilFromWall(wall);
  const weekday = (civil.weekday + 6) % 7;
  const week = Math.floor((dayOfYear(wall) - 1 - weekday + 10) / 7);
  if (week < 1) return isoWeek(wallFromCivil(civil.year - 1, 12, 31));
  if (
    week === 53 &&
    civilFromWall(wallFromCivil(civil.year + 1, 1, 1)).weekday <= 4 &&
    civilFromWall(wallFromCivil(civil.year + 1, 1, 1)).weekday >= 1
  ) {
    return [1, civil.year + 1];
  }
  return [week, civil.year];
}

/** Formats; microseconds behind `%N` are shown as nanoseconds, as date(1) does. */
export function formatDate(format: string, wall: WallTime): string {
  return format.replace(
    /%([-_0^#]?)(\d*)(:{0,2}[a-zA-Z%+])/g,
    (whole: string, flag: string, width: string, letter: string) => {
      const value = field(letter, wall);
      if (value === undefined) return whole;
      if (letter === 'N' && width !== '') return value.slice(0, Number(width));
      let text = value;
      if (flag === '-') text = text.replace(/^[0 ]+(?=.)/, '');
      else if (flag === '_') text = text.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length));
      else if (flag === '0') text = text.replace(/^ +/, (spaces) => '0'.repeat(spaces.length));
      else if (flag === '^') text = text.toUpperCase();
      return width === '' ? text : text.padStart(Number(width), /[a-zA-Z]/.test(text) ? ' ' : '0');
    },
  );
}

function field(letter: string, wall: WallTime): string | undefined {
  const t = civilFromWall(wall);
  const hour12 = t.hour % 12 === 0 ? 12 : t.hour % 12;
  switch (letter) {
    case 'Y':
      return `${t.year}`;
    case 'C':
      return pad(Math.floor(t.year / 100), 2);
    case 'y':
      return pad(t.year % 100, 2);
    case 'm':
      return pad(t.month, 2);
    case 'd':
      return pad(t.day, 2);
    case 'e':
      return pad(t.day, 2, ' ');
    case 'H':
      return pad(t.hour, 2);
    case 'I':
      return pad(hour12, 2);
    case 'k':
      return pad(t.hour, 2, ' ');
    case 'l':
      return pad(hour12, 2, ' ');
    case 'M':
      return pad(t.minute, 2);
    case 'S':
      return pad(t.second, 2);
    case 'N':
      return pad(t.micros * 1000, 9);
    case 's':
      return `${Math.floor(wall / 1_000_000)}`;
    case 'p':
      return t.hour < 12 ? 'AM' : 'PM';
    case 'P':
      return t.hour < 12 ? 'am' : 'pm';
    case 'a':
      return (DAY_NAMES[t.weekday] as string).slice(0, 3);
    case 'A':
      return DAY_NAMES[t.weekday];
    case 'b':
    case 'h':
      return (MONTH_NAMES[t.month - 1] as string).slice(0, 3);
    case 'B':
      return MONTH_NAMES[t.month - 1];
    case 'j':
      return pad(dayOfYear(wall), 3);
    case 'u':
      return `${t.weekday === 0 ? 7 : t.weekday}`;
    case 'w':
      return `${t.weekday}`;
    case 'U':
      return pad(Math.floor((dayOfYear(wall) + 6 - t.weekday) / 7), 2);
    case 'W':
      return pad(Math.floor((dayOfYear(wall) + 6 - ((t.weekday + 6) % 7)) / 7), 2);
    case 'V':
      return pad(isoWeek(wall)[0], 2);
    case 'G':
      return `${isoWeek(wall)[1]}`;
    case 'g':
      return pad(isoWeek(wall)[1] % 100, 2);
    case 'F':
      return formatDate('%Y-%m-%d', wall);
    case 'T':
    case 'X':
      return formatDate('%H:%M:%S', wall);
    case 'R':
      return formatDate('%H:%M', wall);
    case 'r':
      return formatDate('%I:%M:%S %p', wall);
    case 'D':
    case 'x':
      return formatDate('%m/%d/%y', wall);
    case 'c':
      return formatDate('%a %b %e %H:%M:%S %Y', wall);
    case '+':
      return formatDate('%a %b %e %H:%M:%S %Z %Y', wall);
    case 'z':
      return '+0000';
    case ':z':
      return '+00:00';
    case '::z':
      return '+00:00:00';
    case 'Z':
      return 'UTC';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
    default:
      return undefined;
  }
}
