/**
 * The functions of Go's templates (text/template/funcs.go, Go 1.24) and those that kubectl adds
 * (k8s.io/cli-runtime/pkg/printers/template.go, v0.34): `exists` and `base64decode`.
 *
 * Not modelled: `call` (there are no functions in JSON), `%b`, `%o`, `%e` and `%p` of printf.
 */
import { parseBase64, textOf, utf8 } from '../../base/bytes.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { goQuoted, isInteger, isTrue, NOTHING, printed, typeName } from './values.ts';

type Answer = Result<unknown, string>;

interface GoFunction {
  readonly least: number;
  readonly most: number;
  call(args: readonly unknown[]): Answer;
}

/** Strings are counted in bytes; what `len` cannot count is told as reflect does. */
function lengthOf(value: unknown): Answer {
  if (value === NOTHING) return err('reflect: call of reflect.Value.Type on zero Value');
  if (value === null) return err('len of nil pointer');
  if (typeof value === 'string') return ok(BigInt(utf8(value).length));
  if (Array.isArray(value)) return ok(BigInt(value.length));
  if (typeof value === 'object') return ok(BigInt(Object.keys(value as object).length));
  return err(`len of type ${typeName(value)}`);
}

/** `index x 1 "key"`. */
function indexed(args: readonly unknown[]): Answer {
  let value = args[0];
  if (value === NOTHING) return err('index of untyped nil');
  for (const key of args.slice(1)) {
    if (value === null || value === undefined || value === NOTHING)
      return err('index of nil pointer');
    if (Array.isArray(value) || typeof value === 'string') {
      if (!isInteger(key)) return err(`cannot index slice/array with type ${typeName(key)}`);
      const list: ArrayLike<unknown> = typeof value === 'string' ? utf8(value) : value;
      const at = Number(key);
      if (at < 0 || at >= list.length) return err(`index out of range: ${at}`);
      value = list[at];
    } else if (typeof value === 'object') {
      if (typeof key !== 'string') return err(`value has type ${typeName(key)}; should be string`);
      value = Object.hasOwn(value, key)
        ? (value as Readonly<Record<string, unknown>>)[key]
        : NOTHING;
    } else return err(`can't index item of type ${typeName(value)}`);
  }
  return ok(value);
}

function sliced(args: readonly unknown[]): Answer {
  const [value, from, to] = args;
  if (typeof value !== 'string' && !Array.isArray(value))
    return err(`can't slice item of type ${typeName(value)}`);
  const start = from === undefined ? 0 : Number(from);
  const end = to === undefined ? value.length : Number(to);
  for (const at of [start, end])
    if (!(at >= 0 && at <= value.length)) return err(`index out of range: ${at}`);
  if (start > end) return err(`invalid slice index: ${start} > ${end}`);
  return ok(value.slice(start, end));
}

function kindOf(value: unknown): string {
  if (value === NOTHING || value === null) return 'nil';
  if (isInteger(value)) return 'int';
  return Array.isArray(value) ? 'list' : typeof value;
}

function equal(args: readonly unknown[]): Answer {
  const [first, ...others] = args;
  for (const other of others) {
    const [a, b] = [kindOf(first), kindOf(other)];
    if (a === 'object' || a === 'list' || b === 'object' || b === 'list')
      return err(`non-comparable type ${printed(first)}: ${typeName(first)}`);
    if (a === 'nil' || b === 'nil') {
      if (a === b) return ok(true);
      continue;
    }
    if (a !== b) return err('incompatible types for comparison');
    if (first === other || (a === 'int' && Number(first) === Number(other))) return ok(true);
  }
  return ok(false);
}

function less(a: unknown, b: unknown): Result<boolean, string> {
  if (isInteger(a) && isInteger(b)) return ok(Number(a) < Number(b));
  if (typeof a === 'number' && typeof b === 'number' && isInteger(a) === isInteger(b))
    return ok(a < b);
  if (typeof a === 'string' && typeof b === 'string') return ok(a < b);
  return err(
    kindOf(a) === kindOf(b) ? 'invalid type for comparison' : 'incompatible types for comparison',
  );
}

/** `print`: blanks between operands when neither is a string. */
function joined(args: readonly unknown[], always: boolean): string {
  return args
    .map((each, index) => {
      const before = args[index - 1];
      const gap = index > 0 && (always || (typeof each !== 'string' && typeof before !== 'string'));
      return (gap ? ' ' : '') + (each === NOTHING ? '<nil>' : printed(each));
    })
    .join('');
}

/** `%s %v %d %q %f %t %x %%` with width and precision. */
function formatted(args: readonly unknown[]): string {
  const [format, ...values] = args;
  let next = 0;
  const text = printed(format).replace(
    /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const value = values[next];
      next += 1;
      const shown = verbText(verb, value, precision);
      const size = Number(width ?? 0);
      if (flags.includes('-')) return shown.padEnd(size);
      return shown.padStart(size, flags.includes('0') ? '0' : ' ');
    },
  );
  if (next >= values.length) return text;
  const extra = values.slice(next).map((value) => `${typeName(value)}=${printed(value)}`);
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function verbText(verb: string, value: unknown, precision: string | undefined): string {
  const wrong = `%!${verb}(${typeName(value)}=${printed(value)})`;
  const digits = precision === undefined ? undefined : Number(precision);
  switch (verb) {
    case 'v':
      return value === NOTHING ? '<nil>' : printed(value);
    case 's':
      if (['number', 'bigint', 'boolean'].includes(typeof value)) return wrong;
      return digits === undefined ? printed(value) : printed(value).slice(0, digits);
    case 'q':
      return typeof value === 'string' ? goQuoted(value) : wrong;
    case 'd':
      return isInteger(value) ? String(value) : wrong;
    case 'f':
      return typeof value === 'number' && !Number.isInteger(value)
        ? value.toFixed(digits ?? 6)
        : wrong;
    case 'g':
      return typeof value === 'number' ? printed(value) : wrong;
    case 't':
      return typeof value === 'boolean' ? String(value) : wrong;
    case 'T':
      return typeName(value);
    default:
      return wrong;
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (char) => HTML.get(char) ?? char);
}

/** url.QueryEscape: bytes outside of the unreserved ones in hex, blanks as `+`. */
function queryEscaped(text: string): string {
  return [...utf8(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      if (char === ' ') return '+';
      if (/[A-Za-z0-9_.~-]/.test(char)) return char;
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

const HTML: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ["'", '&#39;'],
  ['"', '&#34;'],
]);

function decoded(value: unknown): Answer {
  if (typeof value !== 'string')
    return err(`wrong type for value; expected string; got ${typeName(value)}`);
  const bytes = parseBase64(value);
  return bytes === undefined ? err('base64 decode failed: illegal base64 data') : ok(textOf(bytes));
}

/** `exists . "a" "b"`: whether that path is there. */
function exists(args: readonly unknown[]): Answer {
  let value = args[0];
  for (const key of args.slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, String(key)))
      return ok(false);
    value = (value as Readonly<Record<string, unknown>>)[String(key)];
  }
  return ok(true);
}

function of(least: number, most: number, call: GoFunction['call']): GoFunction {
  return { least, most, call };
}

function order(test: (below: boolean, same: boolean) => boolean): GoFunction {
  return of(2, 2, ([a, b]) => {
    const below = less(a, b);
    return below.ok ? ok(test(below.value, a === b || String(a) === String(b))) : below;
  });
}

const MANY = Number.POSITIVE_INFINITY;

const FUNCTIONS: ReadonlyMap<string, GoFunction> = new Map([
  ['not', of(1, 1, ([value]) => ok(!isTrue(value)))],
  ['len', of(1, 1, ([value]) => lengthOf(value))],
  ['index', of(1, MANY, indexed)],
  ['slice', of(1, 4, sliced)],
  ['print', of(0, MANY, (args) => ok(joined(args, false)))],
  ['println', of(0, MANY, (args) => ok(`${joined(args, true)}\n`))],
  ['printf', of(1, MANY, (args) => ok(formatted(args)))],
  ['html', of(1, MANY, (args) => ok(escaped(joined(args, false))))],
  ['js', of(1, MANY, (args) => ok(joined(args, false).replace(/['"\\]/g, '\\$&')))],
  ['urlquery', of(1, MANY, (args) => ok(queryEscaped(joined(args, false))))],
  ['eq', of(2, MANY, equal)],
  ['ne', of(2, 2, (args) => negated(equal(args)))],
  ['lt', order((below) => below)],
  ['le', order((below, same) => below || same)],
  ['gt', order((below, same) => !below && !same)],
  ['ge', order((below) => !below)],
  ['base64decode', of(1, 1, ([value]) => decoded(value))],
  ['exists', of(1, MANY, exists)],
]);

function negated(answer: Answer): Answer {
  return answer.ok ? ok(answer.value !== true) : answer;
}

/** `and` and `or` are functions too, but look at no more operands than they need. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(['and', 'or', ...FUNCTIONS.keys()]);

/** Calls a function; the error stands behind `error calling len: `, or alone for a wrong number of operands. */
export function callFunction(
  name: string,
  args: readonly unknown[],
): { readonly wrongCount: string } | Answer {
  const found = FUNCTIONS.get(name);
  if (found === undefined) return err(`${name} is not a function`);
  if (args.length < found.least || args.length > found.most) {
    const want = found.most === MANY ? `at least ${found.least}` : String(found.least);
    return { wrongCount: `wrong number of args for ${name}: want ${want} got ${args.length}` };
  }
  return found.call(args);
}
