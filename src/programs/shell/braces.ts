/**
 * Brace expansion: `a{b,c}d` and `{1..5..2}`, on the text of a word before anything else is expanded
 * (bash 5.2 braces.c). Quotes, `${…}` and `$(…)` are skipped over, not looked into.
 */

/** Most words that one word may become. */
const WORDS_MAX = 100_000;

/** The words that a word becomes; itself when it holds no valid brace. */
export function expandBraces(text: string): string[] {
  const open = findBrace(text);
  if (open === undefined) return [text];
  const head = text.slice(0, open.start);
  const tails = expandBraces(text.slice(open.end + 1));
  const out: string[] = [];
  for (const middle of open.items) {
    for (const tail of tails) {
      if (out.length >= WORDS_MAX) return out;
      out.push(head + middle + tail);
    }
  }
  return out;
}

interface Brace {
  readonly start: number;
  readonly end: number;
  readonly items: readonly string[];
}

function findBrace(text: string): Brace | undefined {
  for (let index = 0; index < text.length; index += 1) {
    const skip = skipQuoted(text, index);
    if (skip > index) {
      index = skip - 1;
      continue;
    }
    if (text[index] !== '{') continue;
    const items = itemsOf(text, index);
    if (items !== undefined) return items;
  }
  return undefined;
}

/** The end of a quoted or substituted span that begins here, or the same index. */
function skipQuoted(text: string, at: number): number {
  const char = text[at];
  if (char === '\\') return at + 2;
  if (char === "'") return after(text.indexOf("'", at + 1), text);
  if (char === '`') return after(text.indexOf('`', at + 1), text);
  if (char === '"') {
    let index = at + 1;
    while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
    return index + 1;
  }
  if (char === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) {
    const open = text[at + 1] as string;
    const close = open === '{' ? '}' : ')';
    let depth = 0;
    let index = at + 1;
    while (index < text.length) {
      const inner = text[index] as string;
      if (inner === '\\') index += 1;
      else if (inner === open) depth += 1;
      else if (inner === close) {
        depth -= 1;
        if (depth === 0) return index + 1;
      }
      index += 1;
    }
    return index;
  }
  return at;
}

function after(index: number, text: string): number {
  return index < 0 ? text.length : index + 1;
}

function itemsOf(text: string, start: number): Brace | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  let index = start + 1;
  while (index < text.length) {
    const skip = skipQuoted(text, index);
    if (skip > index) {
      index = skip;
      continue;
    }
    const char = text[index];
    if (char === '{') depth += 1;
    else if (char === '}' && depth > 0) depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(from, index));
      from = index + 1;
    } else if (char === '}') {
      parts.push(text.slice(from, index));
      const items = parts.length > 1 ? parts.flatMap(expandBraces) : sequence(parts[0] as string);
      return items === undefined ? undefined : { start, end: index, items };
    }
    index += 1;
  }
  return undefined;
}

function sequence(body: string): string[] | undefined {
  const match = /^(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?$/.exec(body);
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  let step = Math.abs(Number(match[3] ?? '1'));
  if (step === 0) step = 1;
  const letters = /[A-Za-z]/.test(first);
  if (letters !== /[A-Za-z]/.test(last)) return undefined;
  const low = letters ? first.charCodeAt(0) : Number(first);
  const high = letters ? last.charCodeAt(0) : Number(last);
  const padded = !letters && (/^-?0\d/.test(first) || /^-?0\d/.test(last));
  const width = padded ? Math.max(first.length, last.length) : 0;
  const out: string[] = [];
  const direction = low <= high ? step : -step;
  for (let value = low; low <= high ? value <= high : value >= high; value += direction) {
    if (out.length >= WORDS_MAX) return out;
    out.push(letters ? String.fromCharCode(value) : pad(value, width));
  }
  return out;
}

function pad(value: number, width: number): string {
  if (value < 0) return `-${`${-value}`.padStart(width - 1, '0')}`;
  return `${value}`.padStart(width, '0');
}
