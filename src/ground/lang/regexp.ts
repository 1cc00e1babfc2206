/**
 * The one door to regular expressions over user data: RE2's syntax and error texts, linear in the
 * text whatever the pattern. Compile once per rule; the caller keeps the result.
 */
import { RE2JS } from 're2js';
import { err, ok, type Result } from '../base/result.ts';

export interface Regexp {
  readonly source: string;
  /** True when the pattern matches anywhere in the text. */
  test(text: string): boolean;
  /** True when it matches the whole text. */
  matches(text: string): boolean;
  /** The first match at or behind an offset, with its groups; undefined when there is none. */
  find(text: string, from?: number): RegexpMatch | undefined;
}

export interface RegexpMatch {
  readonly start: number;
  readonly end: number;
  /** The match itself, then its groups; undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
}

/** Compiles a pattern; the error is Go's: `error parsing regexp: missing closing ): `…``. */
export function compileRegexp(source: string, ignoreCase = false): Result<Regexp, string> {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    return err(error instanceof Error ? error.message : 'error parsing regexp');
  }
  return ok({
    source,
    test: (text) => compiled.matcher(text).find(),
    matches: (text) => compiled.matches(text),
    find(text, from = 0) {
      const matcher = compiled.matcher(text);
      if (!matcher.find(from)) return undefined;
      const groups: (string | undefined)[] = [];
      for (let index = 0; index <= matcher.groupCount(); index += 1) {
        groups.push(matcher.group(index) ?? undefined);
      }
      return { start: matcher.start(), end: matcher.end(), groups };
    },
  });
}
