/**
 * POSIX regular expressions, basic and extended with GNU's additions, in linear time: translated to
 * RE2's syntax and run by re2js, so that no pattern can hold the loop. What RE2 cannot do in linear
 * time (back-references inside a pattern) is refused with a text of its own.
 *
 * Matching is leftmost-longest, as regexec(3).
 */
import { RE2JS } from 're2js';
import { err, ok, type Result } from '../../base/result.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RegexpMatch extends Span {
  /** Group 0 is the whole; undefined where a group took no part. */
  readonly groups: readonly (Span | undefined)[];
}

export interface Regexp {
  readonly groupCount: number;
  /** The first match at or after `from`. */
  match(text: string, from: number): RegexpMatch | undefined;
  /** Does it match anywhere? */
  test(text: string): boolean;
}

export interface RegexpOptions {
  readonly ignoreCase?: boolean;
  /** `^` and `$` match at line ends inside the text as well. */
  readonly multiline?: boolean;
}

/** Patterns longer than this are refused. */
const PATTERN_MAX = 20_000;

/** Compiles an extended expression (`grep -E`, awk, `[[ =~ ]]`). */
export function compileExtended(
  source: string,
  options: RegexpOptions = {},
): Result<Regexp, string> {
  return compile(source, translate(source, true), options);
}

/** Compiles a basic expression (`grep`, `sed`). */
export function compileBasic(source: string, options: RegexpOptions = {}): Result<Regexp, string> {
  return compile(source, translate(source, false), options);
}

/** Compiles a text that matches only itself. */
export function compileFixed(source: string, options: RegexpOptions = {}): Result<Regexp, string> {
  return compile(source, ok(RE2JS.quote(source)), options);
}

/** Compiles an expression in RE2's own syntax (jq, PCRE-like). First match, not longest. */
export function compileRe2(
  source: string,
  options: RegexpOptions & { readonly dotAll?: boolean } = {},
): Result<Regexp, string> {
  const flags =
    (options.ignoreCase === true ? RE2JS.CASE_INSENSITIVE : 0) |
    (options.dotAll === true ? RE2JS.DOTALL : 0) |
    (options.multiline === true ? RE2JS.MULTILINE : 0);
  return build(source, flags);
}

function compile(
  source: string,
  translated: Result<string, string>,
  options: RegexpOptions,
): Result<Regexp, string> {
  if (source.length > PATTERN_MAX) return err('Regular expression too big');
  if (!translated.ok) return translated;
  let flags = RE2JS.LONGEST_MATCH | RE2JS.DOTALL;
  if (options.ignoreCase === true) flags |= RE2JS.CASE_INSENSITIVE;
  if (options.multiline === true) flags |= RE2JS.MULTILINE;
  return build(translated.value, flags);
}

function build(pattern: string, flags: number): Result<Regexp, string> {
  let program: RE2JS;
  try {
    program = RE2JS.compile(pattern, flags);
  } catch (error) {
    return err(wordsFor(error instanceof Error ? error.message : ''));
  }
  return ok({
    groupCount: program.groupCount(),
    match(text, from) {
      const matcher = program.matcher(text);
      if (!matcher.find(from)) return undefined;
      const groups: (Span | undefined)[] = [];
      for (let index = 0; index <= program.groupCount(); index += 1) {
        const start = matcher.start(index);
        groups.push(start < 0 ? undefined : { start, end: matcher.end(index) });
      }
      return { start: matcher.start(), end: matcher.end(), groups };
    },
    test(text) {
      return program.matcher(text).find();
    },
  });
}

/** regcomp(3)'s words for what RE2 complains about. */
function wordsFor(message: string): string {
  if (/missing closing \]/.test(message)) return 'Unmatched [, [^, [:, [., or [=';
  if (/missing closing \)|unexpected \)/.test(message))
    return /unexpected/.test(message) ? 'Unmatched ) or \\)' : 'Unmatched ( or \\(';
  if (/character class range/.test(message)) return 'Invalid range end';
  if (/character class/.test(message)) return 'Invalid character class name';
  if (/repetition operator|missing argument/.test(message))
    return 'Invalid preceding regular expression';
  if (/repeat count|repetition/.test(message)) return 'Invalid content of \\{\\}';
  if (/trailing backslash/.test(message)) return 'Trailing backslash';
  return 'Invalid regular expression';
}

/** Escapes that GNU gives a meaning, the same in RE2 or nearly. */
const GNU_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['w', '[A-Za-z0-9_]'],
  ['W', '[^A-Za-z0-9_]'],
  ['s', '[ \\t\\n\\r\\f\\v]'],
  ['S', '[^ \\t\\n\\r\\f\\v]'],
  ['b', '\\b'],
  ['B', '\\B'],
  ['<', '\\b'],
  ['>', '\\b'],
  ['`', '\\A'],
  ["'", '\\z'],
]);

function literalOf(char: string): string {
  return /[\\.+*?()|[\]{}^$]/.test(char) ? `\\${char}` : char;
}

/** The expression in RE2's syntax. */
function translate(source: string, extended: boolean): Result<string, string> {
  let out = '';
  let index = 0;
  let depth = 0;
  // True where an atom may begin: a `*` there is literal in basic expressions.
  let start = true;
  while (index < source.length) {
    const char = source[index] as string;
    if (char === '[') {
      const set = bracket(source, index);
      if (!set.ok) return set;
      out += set.value.text;
      index = set.value.end;
      start = false;
      continue;
    }
    let operator: string | undefined;
    let taken = 1;
    if (char === '\\') {
      const next = source[index + 1];
      if (next === undefined) return err('Trailing backslash');
      taken = 2;
      if (!extended && '(){}|+?'.includes(next)) operator = next;
      else if (next >= '1' && next <= '9')
        return err('back-references cannot be matched in linear time and are not supported here');
      else {
        out +=
          GNU_ESCAPES.get(next) ?? (next === 'n' ? '\\n' : next === 't' ? '\\t' : literalOf(next));
        index += 2;
        start = false;
        continue;
      }
    } else if (extended && '(){}|+?'.includes(char)) operator = char;
    else if (char === '*') operator = '*';
    if (operator === undefined) {
      if (char === '^') {
        const anchors: boolean = extended || start;
        out += anchors ? '^' : '\\^';
        start = anchors;
      } else if (char === '$') {
        const rest = source.slice(index + 1);
        out +=
          extended || rest === '' || rest.startsWith('\\)') || rest.startsWith('\\|') ? '$' : '\\$';
        start = false;
      } else {
        out += char === '.' ? '.' : literalOf(char);
        start = false;
      }
      index += 1;
      continue;
    }
    if (operator === '(') {
      depth += 1;
      out += '(';
      start = true;
    } else if (operator === ')') {
      if (depth === 0) {
        if (!extended) return err('Unmatched ) or \\)');
        out += '\\)';
      } else {
        depth -= 1;
        out += ')';
      }
      start = false;
    } else if (operator === '|') {
      out += '|';
      start = true;
    } else if (operator === '{') {
      const body = (extended ? /^\{(\d*)(,?)(\d*)\}/ : /^\\\{(\d*)(,?)(\d*)\\\}/).exec(
        source.slice(index),
      );
      if (body === null || (body[1] === '' && body[2] === '')) {
        if (!extended) return err(body === null ? 'Unmatched \\{' : 'Invalid content of \\{\\}');
        out += '\\{';
        start = false;
      } else if (start) {
        return err('Invalid preceding regular expression');
      } else {
        const low = Number(body[1] === '' ? '0' : body[1]);
        const high = body[3] === '' ? undefined : Number(body[3]);
        if (low > 1000 || (high ?? 0) > 1000) return err('Regular expression too big');
        if (high !== undefined && low > high) return err('Invalid content of \\{\\}');
        out = repeated(out, `{${low}${body[2]}${body[3]}}`);
        taken = body[0].length;
      }
    } else if (operator === '}') {
      out += '\\}';
      start = false;
    } else if (start && (operator === '*' || extended)) {
      // GNU takes a leading star as itself.
      out += operator === '*' || !extended ? `\\${operator}` : '';
      if (operator !== '*') start = true;
      else start = false;
    } else if (start) {
      out += `\\${operator}`;
      start = false;
    } else out = repeated(out, operator);
    index += taken;
  }
  if (depth > 0) return err('Unmatched ( or \\(');
  return ok(out);
}

/** Adds a repetition; RE2 refuses `**` and `a{2}*`, which POSIX allows, and reads `a*?` as lazy. */
function repeated(out: string, operator: string): string {
  if (!/[*+?}]$/.test(out) || /(^|[^\\])(\\\\)*\\[*+?}]$/.test(out)) return out + operator;
  const last = out.slice(-1);
  if (last === '*' && operator.length === 1) return out;
  const atom = lastAtom(out);
  return `${out.slice(0, atom)}(?:${out.slice(atom)})${operator}`;
}

/** Where the last atom with its repetition begins. */
function lastAtom(text: string): number {
  let end = text.length;
  if (/\{[\d,]+\}$/.test(text)) end = text.lastIndexOf('{');
  else while (end > 0 && /[*+?]/.test(text[end - 1] as string) && text[end - 2] !== '\\') end -= 1;
  const last = text[end - 1];
  if (last === ')') {
    let depth = 0;
    for (let index = end - 1; index >= 0; index -= 1) {
      if (text[index - 1] === '\\') continue;
      if (text[index] === ')') depth += 1;
      else if (text[index] === '(') depth -= 1;
      if (depth === 0) return index;
    }
  }
  if (last === ']') return Math.max(0, text.lastIndexOf('[', end - 1));
  return Math.max(0, text[end - 2] === '\\' ? end - 2 : end - 1);
}

const CLASSES = 'alpha|digit|alnum|upper|lower|space|blank|punct|cntrl|print|graph|xdigit';

function bracket(
  source: string,
  open: number,
): Result<{ readonly text: string; readonly end: number }, string> {
  let index = open + 1;
  let text = '[';
  if (source[index] === '^') {
    text += '^';
    index += 1;
  }
  let first = true;
  for (;;) {
    const char = source[index];
    if (char === undefined) return err('Unmatched [, [^, [:, [., or [=');
    if (char === ']' && !first) break;
    first = false;
    if (char === '[' && source[index + 1] === ':') {
      const named = new RegExp(`^\\[:(${CLASSES}):\\]`).exec(source.slice(index, index + 14));
      if (named === null)
        return err(
          source.indexOf(':]', index + 2) < 0
            ? 'Unmatched [, [^, [:, [., or [='
            : 'Invalid character class name',
        );
      text += named[0];
      index += named[0].length;
      continue;
    }
    const next = source[index + 1];
    const after = source[index + 2];
    if (next === '-' && after !== undefined && after !== ']') {
      if (char > after) return err('Invalid range end');
      text += `${member(char)}-${member(after)}`;
      index += 3;
      continue;
    }
    text += member(char);
    index += 1;
  }
  return ok({ text: `${text}]`, end: index + 1 });
}

function member(char: string): string {
  return /[\\\]^[-]/.test(char) ? `\\${char}` : char;
}
