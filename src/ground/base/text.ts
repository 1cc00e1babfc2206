/** Order and measure of text: by bytes of UTF-8, never by locale. */

/**
 * Compares as upstream compares strings: by UTF-8 bytes. UTF-16 code units order the same except for
 * surrogates against the range U+E000–U+FFFF, which are corrected for.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** A sorted copy in byte order. */
export function sortedText(texts: Iterable<string>): string[] {
  return [...texts].sort(compareText);
}

/** Go's %q of a string: double quotes, backslash escapes. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    if (char === '"') out += '\\"';
    else if (char === '\\') out += '\\\\';
    else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (point === 7) out += '\\a';
    else if (point === 8) out += '\\b';
    else if (point === 12) out += '\\f';
    else if (point === 11) out += '\\v';
    else if (point < 0x20 || point === 0x7f) out += `\\x${point.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
