/** awk's values: numbers, strings, and input that looks like a number ("strnum"). */
import { general } from '../../../ground/lang/printf.ts';

/** Text from input that compares as a number. */
export interface NumericText {
  readonly text: string;
  readonly number: number;
}

export type Value = number | string | NumericText | undefined;

const NUMERIC = /^[ \t\n]*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)[ \t\n]*$/;
const LEADING = /^[ \t\n]*([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?))/;

/** A field or other input: a strnum when it looks like a number. */
export function inputValue(text: string): Value {
  return NUMERIC.test(text) ? { text, number: Number(text) } : text;
}

export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (value === undefined) return 0;
  if (typeof value !== 'string') return value.number;
  const match = LEADING.exec(value);
  return match === null ? 0 : Number(match[1]);
}

/** Text of a number by CONVFMT or OFMT: integers print as integers. */
function numberText(value: number, format: string): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${value}`;
  if (Number.isNaN(value)) return value < 0 ? 'nan' : '-nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value)) return BigInt(value).toString();
  const precision = /^%\.(\d+)g$/.exec(format);
  const sign = value < 0 ? '-' : '';
  return precision === null ? `${value}` : sign + general(Math.abs(value), Number(precision[1]));
}

export function toText(value: Value, format = '%.6g'): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (typeof value === 'number') return numberText(value, format);
  return value.text;
}

export function isTrue(value: Value): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  return value !== undefined && value.number !== 0;
}

/** Both count as numbers: compared as such. */
export function comparesAsNumbers(a: Value, b: Value): boolean {
  return typeof a !== 'string' && typeof b !== 'string';
}
