/** History expansion: `!!`, `!n`, `!-n`, `!text`, `!?text?`, `!$`, `!*`, `^old^new`. */
import { err, ok, type Result } from '../../ground/base/result.ts';

/** The line with its events put in; what is wrong otherwise. */
export function expandHistory(line: string, history: readonly string[]): Result<string, string> {
  const quick = /^\^([^^]*)\^([^^]*)\^?$/.exec(line);
  if (quick !== null) {
    const last = history.at(-1) ?? '';
    if (quick[1] === '' || !last.includes(quick[1] as string))
      return err(`:s${line}: substitution failed`);
    return ok(last.replace(quick[1] as string, () => quick[2] as string));
  }
  if (!line.includes('!')) return ok(line);
  let out = '';
  let single = false;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] as string;
    if (char === '\\' && !single) {
      out += char + (line[index + 1] ?? '');
      index += 1;
      continue;
    }
    if (char === "'" && !inDouble(line, index)) single = !single;
    const next = line[index + 1];
    if (
      char !== '!' ||
      single ||
      next === undefined ||
      /[\s=(]/.test(next) ||
      (next === '"' && inDouble(line, index)) ||
      line[index - 1] === '[' ||
      (line[index - 1] === '{' && line[index - 2] === '$') ||
      line[index - 1] === '$'
    ) {
      out += char;
      continue;
    }
    const designator =
      /^!(!|\$|\*|\^|-?\d+|\?[^?]*\??|[^\s:;&|<>()"'!=]+)(:(?:\d+|\$|\^|\*|p|h|t)|\$)?/.exec(
        line.slice(index),
      );
    if (designator === null) {
      out += char;
      continue;
    }
    const event = designator[1] as string;
    const found = findEvent(event, history);
    if (found === undefined) return err(`!${event}: event not found`);
    out += selectWords(found, event, designator[2]);
    index += designator[0].length - 1;
  }
  return ok(out);
}

function inDouble(line: string, at: number): boolean {
  let inside = false;
  for (let index = 0; index < at; index += 1) {
    if (line[index] === '\\') index += 1;
    else if (line[index] === '"') inside = !inside;
  }
  return inside;
}

function findEvent(event: string, history: readonly string[]): string | undefined {
  if (event === '!' || event === '$' || event === '*' || event === '^') return history.at(-1);
  if (/^-\d+$/.test(event)) return history.at(Number(event));
  if (/^\d+$/.test(event)) return history[Number(event) - 1];
  const search = event.startsWith('?') ? event.slice(1).replace(/\?$/, '') : undefined;
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const line = history[index] as string;
    if (search === undefined ? line.startsWith(event) : line.includes(search)) return line;
  }
  return undefined;
}

function selectWords(line: string, event: string, modifier: string | undefined): string {
  const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const which =
    modifier?.replace(/^:/, '') ??
    (event === '$' || event === '*' || event === '^' ? event : undefined);
  if (which === undefined || which === 'p') return line;
  if (which === '$') return words.at(-1) ?? '';
  if (which === '^') return words[1] ?? '';
  if (which === '*') return words.slice(1).join(' ');
  if (/^\d+$/.test(which)) return words[Number(which)] ?? '';
  return line;
}

/** Words and signs after which a new line needs no semicolon. */
const GOES_ON = /(?:^|[\s;&|(){}])(?:do|then|else|elif|if|while|until|in|\{|!)$|[;&|({]$/;

/** A command of several lines as the history keeps it: on one line that can be run again (cmdhist). */
export function historyLine(text: string): string {
  if (text.includes('<<')) return text.trimEnd();
  let out = '';
  let quote = '';
  let inCase = false;
  for (const line of text.split('\n')) {
    if (out === '') out = line;
    else if (quote !== '') out += `\n${line}`;
    else if (/(?:^|[^\\])(?:\\\\)*\\$/.test(out)) out = out.slice(0, -1) + line;
    else {
      const before = out.trimEnd();
      const joins =
        GOES_ON.test(before) ||
        /^\s*\{/.test(line) ||
        (inCase && before.endsWith(')')) ||
        line.trim() === '';
      out = `${before}${joins ? ' ' : '; '}${line.trimStart()}`;
    }
    inCase ||= /(?:^|[\s;])case\s/.test(line);
    quote = quoteAfter(line, quote);
  }
  return out.trimEnd();
}

/** The quotation mark that is still open after a line; empty: none. */
function quoteAfter(line: string, before: string): string {
  let quote = before;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] as string;
    if (char === '\\' && quote !== "'") index += 1;
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else if (quote === '' && char === '#' && /\s/.test(line[index - 1] ?? ' ')) break;
  }
  return quote;
}
