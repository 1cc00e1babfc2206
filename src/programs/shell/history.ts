/** History expansion: `!!`, `!n`, `!-n`, `!text`, `!?text?`, `!$`, `!*`, `^old^new`. */
import { err, ok, type Result } from '../../ground/base/result.ts';

/** The line with its events put in; the event that was not found otherwise. */
export function expandHistory(line: string, history: readonly string[]): Result<string, string> {
  const quick = /^\^([^^]*)\^([^^]*)\^?$/.exec(line);
  if (quick !== null) {
    const last = history.at(-1) ?? '';
    if (quick[1] === '' || !last.includes(quick[1] as string)) return err(`:s${line}`);
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
    if (found === undefined) return err(`!${event}`);
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
