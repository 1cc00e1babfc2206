/**
 * Values to YAML as kubectl prints it: sigs.k8s.io/yaml over go-yaml v2. Keys sorted in go-yaml's
 * natural order, lists not indented below their key, `|` blocks for text with line ends, quotes only
 * where a plain scalar would read back differently, long texts broken at the first blank behind
 * column 80. Models the emitter's choices (yaml_emitter_analyze_scalar, select_scalar_style).
 */
import { formatNumber } from '../json.ts';
import { needsQuotes } from './resolve.ts';

/** The value as a YAML document, with a line end. Fields that are undefined are left out. */
export function formatYaml(value: unknown): string {
  const out: string[] = [];
  if (isCollection(value)) writeNode(out, value, 0);
  else out.push(scalar(value, 2, 0), '\n');
  return out.join('');
}

function isCollection(value: unknown): value is object {
  if (value === null || typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length > 0 : keysOf(value).length > 0;
}

function keysOf(value: object): string[] {
  const map = value as Record<string, unknown>;
  return Object.keys(map)
    .filter((key) => map[key] !== undefined)
    .sort(compareKeys);
}

function writeNode(out: string[], value: object, indent: number): void {
  if (Array.isArray(value)) writeList(out, value, indent);
  else writeMap(out, value as Record<string, unknown>, indent, '');
}

function writeList(out: string[], list: readonly unknown[], indent: number): void {
  const pad = ' '.repeat(indent);
  for (const item of list) {
    if (!isCollection(item)) {
      out.push(pad, '- ', scalar(item, indent + 2, indent + 2), '\n');
    } else if (Array.isArray(item)) {
      const inner: string[] = [];
      writeList(inner, item, indent + 2);
      out.push(pad, '- ', inner.join('').slice(indent + 2));
    } else writeMap(out, item as Record<string, unknown>, indent + 2, `${pad}- `);
  }
}

/** `first` stands in for the indentation of the first line: the dash of a list item. */
function writeMap(
  out: string[],
  map: Record<string, unknown>,
  indent: number,
  first: string,
): void {
  const pad = ' '.repeat(indent);
  let lead = first === '' ? pad : first;
  for (const key of keysOf(map)) {
    const value = map[key];
    const name = keyScalar(key);
    out.push(lead, name, ':');
    lead = pad;
    const column = indent + name.length + 2;
    if (!isCollection(value)) out.push(' ', scalar(value, indent + 2, column), '\n');
    else {
      out.push('\n');
      // Lists stand at the indentation of their key.
      writeNode(out, value, Array.isArray(value) ? indent : indent + 2);
    }
  }
}

function keyScalar(key: string): string {
  return textScalar(key, -1, 0);
}

/** `column` is where the scalar begins, `indent` where its further lines would. */
function scalar(value: unknown, indent: number, column: number): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') {
    return value.includes('\n') && blockFits(value)
      ? block(value, indent)
      : textScalar(value, indent, column);
  }
  if (typeof value === 'number') return goFloat(value);
  if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
  return String(value);
}

/** Whole numbers as they are; floats in the shortest form, with an exponent from 1e21 on. */
function goFloat(value: number): string {
  return formatNumber(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Lines are broken at the first blank behind this column. */
const WIDTH = 80;

function textScalar(text: string, indent: number, column: number): string {
  if (text === '') return '""';
  if (/[\n\r\u0085\u2028\u2029]/.test(text) || !isPrintable(text) || needsQuotes(text)) {
    return folded(doubleQuoted(text), indent, column, 'double');
  }
  if (isPlain(text)) return folded(text, indent, column, 'plain');
  return folded(`'${text.replace(/'/g, "''")}'`, indent, column, 'single');
}

/** A scalar's text on several lines, as the emitter breaks it; keys (indent −1) are never broken. */
function folded(
  text: string,
  indent: number,
  start: number,
  style: 'plain' | 'single' | 'double',
): string {
  if (indent < 0 || start + text.length <= WIDTH) return text;
  const pad = `\n${' '.repeat(indent)}`;
  const last = style === 'plain' ? text.length : text.length - 2;
  let out = '';
  let column = start;
  let blanks = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    const inside = style === 'plain' || (at > 1 && at < last);
    if (char === ' ' && !blanks && column > WIDTH && inside) {
      const doubled = text[at + 1] === ' ';
      if (!doubled || style === 'double') {
        out += doubled ? `${pad}\\` : pad;
        column = doubled ? indent + 1 : indent;
        blanks = true;
        continue;
      }
    }
    out += char;
    column += 1;
    blanks = char === ' ';
  }
  return out;
}

/** What the emitter takes as a plain scalar in block context. */
function isPlain(text: string): boolean {
  if (text.startsWith('---') || text.startsWith('...')) return false;
  if (/^[#,[\]{}&*!|>'"%@` ]/.test(text) || /^[-?:](?: |$)/.test(text)) return false;
  return !text.endsWith(' ') && !/:(?: |$)/.test(text) && !text.includes(' #');
}

/**
 * The emitter's idea of printable: no tabs, nothing beyond the basic plane (go-yaml v2 escapes
 * emoji).
 */
function isPrintable(text: string): boolean {
  return /^[\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text);
}

/** A literal block can hold the text: no blank at its end or before a line end. */
function blockFits(text: string): boolean {
  return isPrintable(text) && !text.endsWith(' ') && !/ \n|[\u0085\u2028\u2029]/.test(text);
}

function block(text: string, indent: number): string {
  const pad = ' '.repeat(indent);
  // A first line that begins with a blank or a line end needs its indentation said.
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text.endsWith('\n\n') || text === '\n' ? '+' : '';
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  const lines = body.split('\n').map((line) => (line === '' ? '' : pad + line));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

const DOUBLE: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0000': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\u000b': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string): string {
  let out = '"';
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    const named = Object.hasOwn(DOUBLE, char) ? DOUBLE[char] : undefined;
    if (named !== undefined) out += named;
    else if (point < 32 || (point > 126 && point < 160)) {
      out += `\\x${point.toString(16).toUpperCase().padStart(2, '0')}`;
    } else if (point > 0xffff) {
      out += `\\U${point.toString(16).toUpperCase().padStart(8, '0')}`;
    } else if (point === 0xfeff || point > 0xfffd || (point >= 0xd800 && point < 0xe000)) {
      out += `\\u${point.toString(16).toUpperCase().padStart(4, '0')}`;
    } else out += char;
  }
  return `${out}"`;
}

/**
 * go-yaml v2's order of keys: runs of digits inside names by value, letters after everything else
 * (keyList.Less).
 */
function compareKeys(a: string, b: string): number {
  const x = [...a];
  const y = [...b];
  const length = Math.min(x.length, y.length);
  for (let index = 0; index < length; index += 1) {
    const p = x[index] as string;
    const q = y[index] as string;
    if (p === q) continue;
    const pLetter = isLetter(p);
    const qLetter = isLetter(q);
    if (pLetter !== qLetter) return pLetter ? 1 : -1;
    if (pLetter) return codeOf(p) - codeOf(q);
    // Digits before a zero make the run longer, not smaller.
    const lead = (p === '0' || q === '0') && digitsBefore(x, index) ? 1 : 0;
    const left = runOf(x, index, lead);
    const right = runOf(y, index, lead);
    if (left.value !== right.value) return left.value - right.value;
    if (left.count !== right.count) return left.count - right.count;
    return codeOf(p) - codeOf(q);
  }
  return x.length - y.length;
}

function digitsBefore(text: readonly string[], at: number): boolean {
  for (let index = at - 1; index >= 0 && isDigit(text[index] as string); index -= 1) {
    if (text[index] !== '0') return true;
  }
  return false;
}

function runOf(
  text: readonly string[],
  at: number,
  lead: number,
): { readonly value: number; readonly count: number } {
  let value = lead;
  let count = 0;
  while (at + count < text.length && isDigit(text[at + count] as string)) {
    value = value * 10 + Number(text[at + count]);
    count += 1;
  }
  return { value, count };
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function isLetter(char: string): boolean {
  return /\p{L}/u.test(char);
}

function codeOf(char: string): number {
  return char.codePointAt(0) as number;
}
