/** jq's functions that match: match, split and sub on what the regular expression found. */
import { indexValue } from './operations.ts';
import type { Filter } from './filter.ts';
import type { JqMachine } from './machine.ts';
import { matchAll } from './regexp.ts';
import type { Scope } from './scope.ts';
import { describe, Item, JqError, one, type Stream } from './signals.ts';
import type { Json } from './value.ts';

export function mapMatches(
  value: Json,
  re: Json,
  flags: Json,
  apply: (found: readonly Json[]) => Json,
): Json | JqError {
  const found = matchAll(value, re, flags);
  return found instanceof JqError ? found : apply(found);
}

export function* matches(value: Json, re: Json, flags: Json): Stream {
  const found = matchAll(value, re, flags);
  if (found instanceof JqError) yield found;
  else for (const match of found) yield new Item(match, undefined);
}

export function splitByRegexp(value: Json, re: Json, flags: Json): Json | JqError {
  const found = matchAll(value, re, `g${flags ?? ''}`);
  if (found instanceof JqError) return found;
  const characters = [...String(value)];
  const out: string[] = [];
  let from = 0;
  for (const match of found) {
    const start = Number(indexValue(match, 'offset'));
    out.push(characters.slice(from, start).join(''));
    from = start + Number(indexValue(match, 'length'));
  }
  out.push(characters.slice(from).join(''));
  return out;
}

export function* substitute(
  machine: JqMachine,
  value: Json,
  re: Json,
  replacement: Filter,
  flags: Json,
  scope: Scope | undefined,
): Stream {
  const found = matchAll(value, re, flags);
  if (found instanceof JqError) {
    yield found;
    return;
  }
  const characters = [...String(value)];
  const build = function* building(at: number, from: number, text: string): Stream {
    const match = found[at];
    if (match === undefined) {
      yield new Item(text + characters.slice(from).join(''), undefined);
      return;
    }
    const start = Number(indexValue(match, 'offset'));
    const captures = new Map<string, Json>();
    for (const capture of indexValue(match, 'captures') as readonly Json[]) {
      const name = indexValue(capture, 'name');
      if (typeof name === 'string') captures.set(name, indexValue(capture, 'string') as Json);
    }
    yield* machine.each(machine.run(replacement, new Item(captures, undefined), scope), (item) => {
      if (typeof item.value !== 'string')
        return one(new JqError(`${describe(captures)} cannot be added to a string`));
      return building(
        at + 1,
        start + Number(indexValue(match, 'length')),
        text + characters.slice(from, start).join('') + item.value,
      );
    });
  };
  yield* build(0, 0, '');
}
