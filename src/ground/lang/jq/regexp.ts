/** jq's regular expressions (Oniguruma in the original) on RE2's syntax. */
import { compileRe2 } from '../regexp/posix.ts';
import { describe, JqError } from './signals.ts';
import { isArray, type Json } from './value.ts';

/** Match objects of the text; all with the flag `g`, else the first. */
export function matchAll(value: Json, re: Json, flags: Json): readonly Json[] | JqError {
  if (isArray(re)) return matchAll(value, re[0] ?? null, re[1] ?? null);
  if (typeof value !== 'string')
    return new JqError(`${describe(value)} cannot be matched, as it is not a string`);
  if (typeof re !== 'string')
    return new JqError(`${describe(re)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string')
    return new JqError(`${describe(flags)} is not a string`);
  const letters = flags ?? '';
  if (!/^[gimnpslx]*$/.test(letters))
    return new JqError(`${letters} is not a valid modifier string`);
  const source = (letters.includes('x') ? re.replace(/\s+|#.*$/gm, '') : re).replace(
    /\(\?<([A-Za-z_]\w*)>/g,
    '(?P<$1>',
  );
  const compiled = compileRe2(source, {
    ignoreCase: letters.includes('i'),
    dotAll: /[sp]/.test(letters),
    multiline: true,
  });
  if (!compiled.ok)
    return new JqError(`${re} (at offset 0) is not a valid regex: ${compiled.error}`);
  const names = groupNames(source);
  const out: Json[] = [];
  let at = 0;
  while (at <= value.length) {
    const match = compiled.value.match(value, at);
    if (match === undefined) break;
    const empty = match.end === match.start;
    if (!(letters.includes('n') && empty)) {
      const offset = (index: number): number => [...value.slice(0, index)].length;
      const captures = match.groups.slice(1).map((group, index): Json => {
        const text = group === undefined ? null : value.slice(group.start, group.end);
        return new Map<string, Json>([
          ['offset', group === undefined ? -1 : offset(group.start)],
          ['length', text === null ? 0 : [...text].length],
          ['string', text],
          ['name', names[index] ?? null],
        ]);
      });
      const text = value.slice(match.start, match.end);
      out.push(
        new Map<string, Json>([
          ['offset', offset(match.start)],
          ['length', [...text].length],
          ['string', text],
          ['captures', captures],
        ]),
      );
      if (!letters.includes('g')) break;
    }
    at = empty ? match.end + 1 : match.end;
  }
  return out;
}

/** Names of the groups in order; undefined for plain ones. */
function groupNames(source: string): (string | undefined)[] {
  const out: (string | undefined)[] = [];
  let inSet = false;
  for (let index = 0; index < source.length; index += 1) {
    const char = source[index];
    if (char === '\\') index += 1;
    else if (char === '[') inSet = true;
    else if (char === ']') inSet = false;
    else if (char === '(' && !inSet) {
      const named = /^\(\?P<(\w+)>/.exec(source.slice(index, index + 80));
      if (named !== null) out.push(named[1]);
      else if (source[index + 1] !== '?') out.push(undefined);
    }
  }
  return out;
}
