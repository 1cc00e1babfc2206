/** jq's functions of dates: broken-down times as arrays, months and weekdays from 0, all in UTC. */
import { civilFromWall, wallFromCivil } from '../../base/time.ts';
import { formatDate } from '../strftime.ts';
import { JqError } from './signals.ts';
import { isArray, type Json } from './value.ts';

export function gmtime(value: Json): Json | JqError {
  if (typeof value !== 'number') return new JqError('gmtime() requires a number');
  const t = civilFromWall(Math.floor(value) * 1_000_000);
  const day = Math.floor((Math.floor(value) - wallFromCivil(t.year, 1, 1) / 1_000_000) / 86_400);
  return [
    t.year,
    t.month - 1,
    t.day,
    t.hour,
    t.minute,
    t.second + (value - Math.floor(value)),
    t.weekday,
    day,
  ];
}

export function mktime(value: Json): Json | JqError {
  if (!isArray(value) || value.length < 6 || value.some((item) => typeof item !== 'number'))
    return new JqError('mktime requires array of 6 numbers');
  const [year, month, day, hour, minute, second] = value as readonly number[];
  return Math.floor(
    wallFromCivil(year as number, (month as number) + 1, day as number, hour, minute, second) /
      1_000_000,
  );
}

export function strftime(value: Json, format: Json): Json | JqError {
  const parts = typeof value === 'number' ? gmtime(value) : value;
  if (parts instanceof JqError || !isArray(parts))
    return new JqError('strftime/1 requires parsed datetime inputs');
  if (typeof format !== 'string') return new JqError('strftime/1 requires a string format');
  const seconds = mktime(parts);
  return seconds instanceof JqError ? seconds : formatDate(format, Number(seconds) * 1_000_000);
}

export function strptime(value: Json, format: Json): Json | JqError {
  if (typeof value !== 'string')
    return new JqError(`strptime/1 requires string inputs and arguments`);
  const fault = new JqError(`date "${value}" does not match format "${format}"`);
  const names: string[] = [];
  const source = String(format)
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/%([YmdHMSZzTFj])/g, (whole, letter: string) => {
      if (letter === 'T') {
        names.push('H', 'M', 'S');
        return '(\\d+):(\\d+):(\\d+)';
      }
      if (letter === 'F') {
        names.push('Y', 'm', 'd');
        return '(\\d+)-(\\d+)-(\\d+)';
      }
      if (letter === 'Z') return '[A-Za-z]+';
      if (letter === 'z') return '[-+]\\d{4}';
      names.push(letter);
      return letter === 'Y' ? '(\\d{4})' : whole === '' ? '' : '(\\d{1,3})';
    });
  const match = new RegExp(`^${source}$`).exec(value);
  if (match === null) return fault;
  const field = (name: string, usual: number): number =>
    names.includes(name) ? Number(match[names.indexOf(name) + 1]) : usual;
  const wall = wallFromCivil(
    field('Y', 1900),
    field('m', 1),
    field('d', 1),
    field('H', 0),
    field('M', 0),
    field('S', 0),
  );
  return gmtime(wall / 1_000_000);
}
