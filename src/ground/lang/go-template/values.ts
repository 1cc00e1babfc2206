/**
 * Values of a template as Go has them after encoding/json: what is true, how they print, what they are
 * called. Numbers of JSON are int64 where they are whole; bigints are the int of literals, `len` and
 * the counts of ranges. A literal like `2.0` counts as whole here, which Go does not do.
 */
import { quote, sortedText } from '../../base/text.ts';

/** What a missing key gives: no value at all, unlike JSON's null. */
export const NOTHING: unique symbol = Symbol('no value');

/** Go's `%v`. */
export function printed(value: unknown): string {
  if (value === NOTHING) return '<no value>';
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return goFloat(value);
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (typeof value === 'object') {
    const map = value as Readonly<Record<string, unknown>>;
    const keys = sortedText(Object.keys(map).filter((key) => map[key] !== undefined));
    return `map[${keys.map((key) => `${key}:${printed(map[key])}`).join(' ')}]`;
  }
  return String(value);
}

/** An int64 of JSON, or an int of the template. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** `%v` of a number: a float64 has an exponent of two digits from 10⁶ on, and below 10⁻⁴. */
function goFloat(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Empty values are false: false, 0, "", nil, and maps and lists without entries. */
export function isTrue(value: unknown): boolean {
  if (value === NOTHING || value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return Boolean(value);
}

/** What Go calls the type. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined || value === NOTHING) return 'interface {}';
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'object':
      return 'map[string]interface {}';
    case 'number':
      return isInteger(value) ? 'int64' : 'float64';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    default:
      return 'string';
  }
}

/** `%q` of a text. */
export function goQuoted(value: unknown): string {
  return quote(printed(value));
}
