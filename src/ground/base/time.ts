/**
 * Dates without the host's clock: civil dates from epoch microseconds and back, in UTC, and the text
 * forms that upstream prints. The day arithmetic is Howard Hinnant's days_from_civil.
 */

/** Microseconds since 1970-01-01T00:00:00Z. */
export type WallTime = number;

export interface CivilTime {
  readonly year: number;
  /** 1–12 */
  readonly month: number;
  /** 1–31 */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micros: number;
  /** 0 = Sunday */
  readonly weekday: number;
}

const DAY_SECONDS = 86_400;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export function civilFromWall(wall: WallTime): CivilTime {
  const seconds = Math.floor(wall / 1_000_000);
  const micros = wall - seconds * 1_000_000;
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    micros,
    weekday: (((days + 4) % 7) + 7) % 7,
  };
}

/** Microseconds since the epoch of a UTC date. Fields beyond their range carry over. */
export function wallFromCivil(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): WallTime {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return (days * DAY_SECONDS + hour * 3600 + minute * 60 + second) * 1_000_000;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** `2026-03-02T09:00:00Z`, as metav1.Time prints: whole seconds, UTC. */
export function formatRfc3339(wall: WallTime): string {
  const t = civilFromWall(wall);
  if (t.year < 1000 || t.year > 9999) {
    return `${t.year}-${two(t.month)}-${two(t.day)}T${two(t.hour)}:${two(t.minute)}:${two(t.second)}Z`;
  }
  // Letter by letter: objects keep these texts, and one made of parts would keep its parts.
  const tens = (value: number): number => 48 + (((value / 10) | 0) % 10);
  const ones = (value: number): number => 48 + (value % 10);
  const { year, month, day, hour, minute, second } = t;
  const century = (year / 100) | 0;
  // biome-ignore format: one line for the date, one for the time.
  return String.fromCharCode(
    tens(century), ones(century), tens(year), ones(year), 45, tens(month), ones(month), 45, tens(day), ones(day),
    84, tens(hour), ones(hour), 58, tens(minute), ones(minute), 58, tens(second), ones(second), 90,
  );
}

/** `2026-03-02T09:00:00.000000Z`, as metav1.MicroTime prints. */
export function formatRfc3339Micro(wall: WallTime): string {
  const t = civilFromWall(wall);
  return `${formatRfc3339(wall).slice(0, -1)}.${`${t.micros}`.padStart(6, '0')}Z`;
}

/** `Mon, 02 Mar 2026 09:00:00 +0000`, as kubectl describe prints (RFC 1123 with numeric zone). */
export function formatRfc1123(wall: WallTime): string {
  const t = civilFromWall(wall);
  return `${WEEKDAYS[t.weekday]}, ${two(t.day)} ${MONTHS[t.month - 1]} ${t.year} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} +0000`;
}

/** `Mon, 02 Mar 2026 09:00:00 GMT`, as in HTTP headers. */
export function formatHttpDate(wall: WallTime): string {
  return formatRfc1123(wall).replace('+0000', 'GMT');
}

/** `Mon Mar  2 09:00:00 2026`, as C's ctime prints. */
export function formatCtime(wall: WallTime): string {
  const t = civilFromWall(wall);
  return `${WEEKDAYS[t.weekday]} ${MONTHS[t.month - 1]} ${`${t.day}`.padStart(2, ' ')} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} ${t.year}`;
}

/** `I0302 09:00:00.123456`: the head of a klog line without its severity letter. */
export function formatKlog(wall: WallTime): string {
  const t = civilFromWall(wall);
  return `${two(t.month)}${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}.${`${t.micros}`.padStart(6, '0')}`;
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Reads RFC 3339 with optional fraction and zone; undefined when it is not one. */
export function parseRfc3339(text: string): WallTime | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? '0');
  const month = part(2);
  const day = part(3);
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  if (part(4) > 23 || part(5) > 59 || part(6) > 59) return undefined;
  const fraction = Math.floor(Number((match[7] ?? '0').padEnd(9, '0')) / 1000);
  const zone = (part(9) * 60 + part(10)) * (match[8] === '-' ? -1 : 1);
  const wall = wallFromCivil(part(1), month, day, part(4), part(5), part(6));
  return wall + fraction - zone * 60_000_000;
}

/**
 * Ages as kubectl prints them (k8s.io/apimachinery/pkg/util/duration HumanDuration, v0.34), from a
 * span in microseconds.
 */
export function humanDuration(span: number): string {
  const seconds = Math.trunc(span / 1_000_000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(hours / 24 / 365);
  if (hours < 24 * 365 * 8) return days % 365 === 0 ? `${years}y` : `${years}y${days % 365}d`;
  return `${years}y`;
}
