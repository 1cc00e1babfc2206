/** Shell quoting shared by bash, printf(1) and jq's `@sh`. */

/** Letters after a backslash that stand for one control character. */
export const ansiEscapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['a', '\x07'],
  ['b', '\b'],
  ['e', '\x1b'],
  ['E', '\x1b'],
  ['f', '\f'],
  ['v', '\v'],
  ['\\', '\\'],
]);

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\x1b', '\\E'],
  ['\f', '\\f'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ["'", "\\'"],
]);

export function hasControl(text: string): boolean {
  for (const char of text) if (char < ' ' || char === '\x7f') return true;
  return false;
}

/** `$'…'` with C escapes. */
export function ansiQuote(text: string): string {
  let out = "$'";
  for (const char of text) {
    const escape = ESCAPES.get(char);
    if (escape !== undefined) out += escape;
    else if (char < ' ' || char === '\x7f')
      out += `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
    else out += char;
  }
  return `${out}'`;
}

/** `'a b'`, as `${x@Q}`, `set -x` and `alias` print. */
export function singleQuote(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

/** Backslashes where needed, as `printf %q` prints. */
export function quoteShell(text: string): string {
  if (text === '') return "''";
  if (hasControl(text)) return ansiQuote(text);
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    const special =
      /[\s'"\\|&;()<>!{}*[\]?^$`,]/.test(char) || (index === 0 && (char === '#' || char === '~'));
    out += special ? `\\${char}` : char;
  }
  return out;
}
