/** `@csv`, `@base64` and their kin: strings made of values. */
import { base64Of, parseBase64, textOf, utf8 } from '../../base/bytes.ts';
import { singleQuote } from '../shell-quote.ts';
import { describe, JqError } from './signals.ts';
import { formatJson, isArray, type Json, numberText } from './value.ts';

export function toText(value: Json): string {
  return typeof value === 'string' ? value : formatJson(value);
}

export function formatText(format: string, value: Json): string | JqError {
  switch (format) {
    case '@text':
      return toText(value);
    case '@json':
      return formatJson(value);
    case '@html':
      return toText(value).replace(
        /[<>&'"]/g,
        (char) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;' })[char] ?? '&quot;',
      );
    case '@uri': {
      let out = '';
      for (const byte of utf8(toText(value))) {
        const char = String.fromCharCode(byte);
        out += /[A-Za-z0-9\-_.~]/.test(char)
          ? char
          : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
      }
      return out;
    }
    case '@base64':
      return base64Of(utf8(toText(value)));
    case '@base64d': {
      const bytes = parseBase64(toText(value).replace(/=+$/, ''));
      return bytes === undefined
        ? new JqError(`${describe(toText(value))} is not valid base64 data`)
        : textOf(bytes);
    }
    case '@csv':
    case '@tsv':
      return formatRow(format, value);
    case '@sh':
      return formatShell(value);
    default:
      return new JqError(`${format.slice(1)} is not a valid format`);
  }
}

function formatRow(format: '@csv' | '@tsv', value: Json): string | JqError {
  if (!isArray(value))
    return new JqError(
      `${describe(value)} cannot be ${format === '@csv' ? 'csv' : 'tsv'}-formatted, only array`,
    );
  const cells: string[] = [];
  for (const item of value) {
    if (item === null) cells.push('');
    else if (typeof item === 'boolean') cells.push(`${item}`);
    else if (typeof item === 'number') cells.push(numberText(item));
    else if (typeof item !== 'string')
      return new JqError(`${describe(item)} is not valid in a csv row`);
    else if (format === '@csv') cells.push(`"${item.replace(/"/g, '""')}"`);
    else
      cells.push(
        item
          .replace(/\\/g, '\\\\')
          .replace(/\t/g, '\\t')
          .replace(/\n/g, '\\n')
          .replace(/\r/g, '\\r'),
      );
  }
  return cells.join(format === '@csv' ? ',' : '\t');
}

function formatShell(value: Json): string | JqError {
  const items = isArray(value) ? value : [value];
  const out: string[] = [];
  for (const item of items) {
    if (typeof item === 'string') out.push(singleQuote(item));
    else if (typeof item === 'object' && item !== null)
      return new JqError(`${describe(item)} can not be escaped for shell`);
    else out.push(formatJson(item));
  }
  return out.join(' ');
}
