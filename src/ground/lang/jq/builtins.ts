/** jq's built-in functions: those written in jq itself, and those that need the machine. */
import { civilFromWall, wallFromCivil } from '../../base/time.ts';
import { compareText } from '../../base/text.ts';
import { exp, log, logBase, pow, sin, cos, atan } from '../float-math.ts';
import { formatDate } from '../strftime.ts';
import { toText } from './format.ts';
import type { JqMachine, Scope } from './machine.ts';
import { describe, isEnd, Item, JqError, one, type Stream, wrap } from './signals.ts';
import { add, indexValue, splitText } from './operations.ts';
import { type Definition, type Filter, parseDefinitions } from './parser.ts';
import { deletePaths, getPath, setPath } from './paths.ts';
import { matchAll } from './regexp.ts';
import {
  compareJson,
  formatJson,
  isArray,
  isObject,
  isTruthy,
  type Json,
  parseJson,
  typeName,
} from './value.ts';

const SOURCE = `
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def select(f): if f then . else empty end;
def recurse(f): def r: ., (f | r); r;
def recurse(f; cond): def r: ., (f | select(cond) | r); r;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type|. == "array" or . == "object");
def scalars: select(type|. != "array" and . != "object");
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: reduce .[] as $x ({}; . + { ($x | if type == "object" then (if has("key") then .key elif has("k") then .k elif has("name") then .name elif has("Name") then .Name elif has("Key") then .Key elif has("K") then .K else null end) else . end | if type == "string" then . elif type == "null" then "null" else tojson end): ($x | if has("value") then .value elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;
def reverse: [.[length - 1 - range(0; length)]];
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def repeat(f): def r: ., (f | r); r;
def repeat(f; $n): if $n > 0 then ., (f | repeat(f; $n - 1)) else . end;
def while(cond; update): def w: if cond then ., (update | w) else empty end; w;
def until(cond; update): def u: if cond then . else (update | u) end; u;
def range($x): range(0; $x);
def range($from; $upto; $by): if $by > 0 then $from | while(. < $upto; . + $by) elif $by < 0 then $from | while(. > $upto; . + $by) else empty end;
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else last(limit($n + 1; f)) end;
def any: reduce .[] as $x (false; . or $x);
def all: reduce .[] as $x (true; . and $x);
def any(f): isempty(first(.[] | f | select(.))) | not;
def all(f): isempty(first(.[] | f | select(. | not)));
def any(g; cond): isempty(first(g | cond | select(.))) | not;
def all(g; cond): isempty(first(g | cond | select(. | not)));
def isvalid(f): try (f | true) catch false;
def in(xs): . as $x | xs | has($x);
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def fromdate: fromdateiso8601;
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def add(f): reduce f as $x (null; . + $x);
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def env: $ENV;
def todate(f): strftime(f);
def match(re): match(re; null);
def test(re): test(re; null);
def capture(re): capture(re; null);
def capture(re; flags): match(re; flags) | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def scan(re): scan(re; null);
def scan(re; flags): match(re; "g" + flags) | if (.captures | length) > 0 then [.captures[].string] else .string end;
def splits(re): splits(re; null);
def splits(re; flags): split(re; flags) | .[];
def sub(re; str): sub(re; str; "");
def gsub(re; str): sub(re; str; "g");
def gsub(re; str; flags): sub(re; str; flags + "g");
def ascii: [.] | implode;
def inputs: repeat_inputs;
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:][0];
def group_by(f): _group_by(map([f]));
def unique_by(f): [group_by(f)[] | .[0]];
def unique: group_by(.) | map(.[0]);
def sort_by(f): _sort_by(map([f]));
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def ascii(f): f;
def transpose: if . == [] then [] else . as $in | (map(length) | max) as $max | [range(0; $max) as $j | [range(0; $in | length) as $i | $in[$i][$j]]] end;
def tostream: path(def r: (.[]?|r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): { x: null, e: false } as $init | foreach f as $i ($init; if .e then $init else . end | if $i | length == 2 then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1]) else setpath(["e"]; $i[0] | length == 1) end; if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $input | if (.[0]|length) > $n then setpath([0];.[0][$n:]) else empty end;
def limit_(f): f;
def halt_error: halt_error(5);
def getpath_or_null(p): getpath(p);
def pick(pathexps): . as $top | reduce path(pathexps) as $p (null; setpath($p; $top | getpath($p)));
def debug(f): .;
def have_literal_numbers: true;
def abs: if type == "number" and . < 0 then -. else . end;
def toarray: if type == "array" then . else [.] end;
`;

export const PRELUDE: ReadonlyMap<string, Definition> = new Map(
  parseDefinitions(SOURCE).map((definition) => [
    `${definition.name}/${definition.parameters.length}`,
    definition,
  ]),
);

type Simple = (value: Json, machine: JqMachine) => Json | JqError;

const number =
  (apply: (value: number) => number): Simple =>
  (value) =>
    typeof value === 'number' ? apply(value) : new JqError(`${describe(value)} number required`);

const NO_ARGS: ReadonlyMap<string, Simple> = new Map<string, Simple>([
  ['not', (value) => !isTruthy(value)],
  ['length', lengthOf],
  [
    'utf8bytelength',
    (value) =>
      typeof value === 'string'
        ? [...value].reduce(
            (sum, char) =>
              sum +
              (char.charCodeAt(0) < 0x80
                ? 1
                : char.charCodeAt(0) < 0x800
                  ? 2
                  : char.length === 2
                    ? 4
                    : 3),
            0,
          )
        : new JqError(`${describe(value)} only strings have UTF-8 byte length`),
  ],
  ['type', (value) => typeName(value)],
  ['keys', (value) => keysOf(value, true)],
  ['keys_unsorted', (value) => keysOf(value, false)],
  [
    'add',
    (value) =>
      isArray(value) || isObject(value)
        ? [...value.values()].reduce<Json | JqError>(
            (sum, item) => (sum instanceof JqError ? sum : add(sum, item)),
            null,
          )
        : new JqError(`Cannot iterate over ${describe(value)}`),
  ],
  ['tostring', (value) => toText(value)],
  ['tojson', (value) => formatJson(value)],
  ['fromjson', fromJson],
  ['tonumber', toNumber],
  [
    'ascii_downcase',
    (value) =>
      typeof value === 'string'
        ? value.replace(/[A-Z]/g, (char) => char.toLowerCase())
        : new JqError('ascii_downcase input must be a string'),
  ],
  [
    'ascii_upcase',
    (value) =>
      typeof value === 'string'
        ? value.replace(/[a-z]/g, (char) => char.toUpperCase())
        : new JqError('ascii_upcase input must be a string'),
  ],
  [
    'explode',
    (value) =>
      typeof value === 'string'
        ? [...value].map((char) => char.codePointAt(0) as number)
        : new JqError(`${describe(value)} cannot be exploded`),
  ],
  [
    'implode',
    (value) =>
      isArray(value)
        ? String.fromCodePoint(
            ...value.map((each) =>
              typeof each === 'number' && each >= 0 && each <= 0x10ffff ? each : 0xfffd,
            ),
          )
        : new JqError(`${describe(value)} cannot be imploded`),
  ],
  [
    'sort',
    (value) =>
      isArray(value)
        ? [...value].sort(compareJson)
        : new JqError(`${describe(value)} cannot be sorted, as it is not an array`),
  ],
  ['min', (value) => extreme(value, -1)],
  ['max', (value) => extreme(value, 1)],
  ['flatten', (value) => flatten(value, Number.POSITIVE_INFINITY)],
  ['floor', number(Math.floor)],
  ['ceil', number(Math.ceil)],
  ['round', number((value) => (value < 0 ? -Math.floor(-value + 0.5) : Math.floor(value + 0.5)))],
  ['trunc', number(Math.trunc)],
  ['fabs', number(Math.abs)],
  ['sqrt', number(Math.sqrt)],
  ['exp', number(exp)],
  ['exp2', number((value) => pow(2, value))],
  ['exp10', number((value) => pow(10, value))],
  ['log', number(log)],
  ['log2', number((value) => logBase(value, 2))],
  ['log10', number((value) => logBase(value, 10))],
  ['sin', number(sin)],
  ['cos', number(cos)],
  ['atan', number(atan)],
  ['infinite', () => Number.POSITIVE_INFINITY],
  ['nan', () => Number.NaN],
  [
    'isinfinite',
    (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
  ],
  ['isnan', (value) => typeof value === 'number' && Number.isNaN(value)],
  ['isnormal', (value) => typeof value === 'number' && Number.isFinite(value) && value !== 0],
  ['now', (_, machine) => machine.inputs.now()],
  ['mktime', mktime],
  ['gmtime', gmtime],
  ['input_line_number', () => 0],
  ['input_filename', () => null],
  ['$__prog_args', () => []],
  ['builtins', () => []],
  ['ltrimstr', (value) => value],
  [
    'trim',
    (value) =>
      typeof value === 'string'
        ? value.trim()
        : new JqError(`${describe(value)} cannot be trimmed`),
  ],
  [
    'ltrim',
    (value) =>
      typeof value === 'string'
        ? value.trimStart()
        : new JqError(`${describe(value)} cannot be trimmed`),
  ],
  [
    'rtrim',
    (value) =>
      typeof value === 'string'
        ? value.trimEnd()
        : new JqError(`${describe(value)} cannot be trimmed`),
  ],
  ['getpath', () => null],
]);

type Applied = (value: Json, args: readonly Json[]) => Json | JqError;

const WITH_ARGS: ReadonlyMap<string, Applied> = new Map<string, Applied>([
  ['has/1', (value, [key]) => hasKey(value, key as Json)],
  ['contains/1', (value, [other]) => contains(value, other as Json)],
  [
    'startswith/1',
    (value, [head]) =>
      typeof value === 'string' && typeof head === 'string'
        ? value.startsWith(head)
        : new JqError('startswith() requires string inputs'),
  ],
  [
    'endswith/1',
    (value, [tail]) =>
      typeof value === 'string' && typeof tail === 'string'
        ? value.endsWith(tail)
        : new JqError('endswith() requires string inputs'),
  ],
  [
    'ltrimstr/1',
    (value, [head]) =>
      typeof value === 'string' && typeof head === 'string' && value.startsWith(head)
        ? value.slice(head.length)
        : value,
  ],
  [
    'rtrimstr/1',
    (value, [tail]) =>
      typeof value === 'string' && typeof tail === 'string' && tail !== '' && value.endsWith(tail)
        ? value.slice(0, -tail.length)
        : value,
  ],
  ['join/1', (value, [glue]) => join(value, glue as Json)],
  [
    'split/1',
    (value, [separator]) =>
      typeof value === 'string' && typeof separator === 'string'
        ? splitText(value, separator)
        : new JqError('split input and separator must be strings'),
  ],
  [
    'flatten/1',
    (value, [depth]) =>
      typeof depth === 'number' && depth < 0
        ? new JqError('flatten depth must not be negative')
        : flatten(value, Number(depth)),
  ],
  ['indices/1', (value, [other]) => indices(value, other as Json)],
  [
    'setpath/2',
    (value, [path, leaf]) =>
      isArray(path as Json)
        ? setPath(value, path as readonly Json[], leaf as Json)
        : new JqError('Path must be specified as an array'),
  ],
  [
    'delpaths/1',
    (value, [paths]) =>
      isArray(paths as Json)
        ? deletePaths(value, paths as readonly (readonly Json[])[])
        : new JqError('Paths must be specified as an array'),
  ],
  ['tojson/0', (value) => formatJson(value)],
  [
    'pow/2',
    (_, [base, exponent]) =>
      typeof base === 'number' && typeof exponent === 'number'
        ? pow(base, exponent)
        : new JqError(`${describe(base as Json)} number required`),
  ],
  ['fma/3', (_, [a, b, c]) => Number(a) * Number(b) + Number(c)],
  ['fmin/2', (_, [a, b]) => Math.min(Number(a), Number(b))],
  ['fmax/2', (_, [a, b]) => Math.max(Number(a), Number(b))],
  ['fmod/2', (_, [a, b]) => Number(a) % Number(b)],
  ['strftime/1', (value, [format]) => strftime(value, format as Json)],
  ['strflocaltime/1', (value, [format]) => strftime(value, format as Json)],
  ['strptime/1', (value, [format]) => strptime(value, format as Json)],
  [
    '_sort_by/1',
    (value, [keys]) =>
      orderBy(value, keys as Json, 'sorted').map((pair) => (pair as readonly Json[])[1] as Json),
  ],
  ['_group_by/1', (value, [keys]) => groupBy(value, keys as Json)],
  ['_min_by/1', (value, [keys]) => byExtreme(value, keys as Json, -1)],
  ['_max_by/1', (value, [keys]) => byExtreme(value, keys as Json, 1)],
  [
    'test/2',
    (value, [re, flags]) =>
      mapMatches(value, re as Json, flags as Json, (found) => found.length > 0),
  ],
  ['split/2', (value, [re, flags]) => splitByRegexp(value, re as Json, flags as Json)],
  ['splits/0', (value) => value],
  ['ascii/0', (value) => value],
  ['error/1', (_, [message]) => new JqError(message as Json)],
  ['bsearch/1', (value, [target]) => search(value, target as Json)],
  ['ldexp/2', (_, [mantissa, power]) => Number(mantissa) * pow(2, Number(power))],
  ['significand/0', (value) => value],
  ['tojson/1', (value) => formatJson(value)],
]);

/** Functions whose arguments are filters, or that give several values. */
export function* callBuiltin(
  machine: JqMachine,
  name: string,
  args: readonly Filter[],
  input: Item,
  scope: Scope | undefined,
): Stream {
  const [first, second] = args;
  switch (`${name}/${args.length}`) {
    case 'empty/0':
      return;
    case 'error/0':
      yield new JqError(input.value);
      return;
    case 'path/1':
      for (const item of machine.paths(first as Filter, input.value, scope)) {
        yield item instanceof Item ? new Item(item.path as readonly Json[], undefined) : item;
        if (isEnd(item)) return;
      }
      return;
    case 'recurse/0':
      yield* machine.run({ kind: 'recurse' }, input, scope);
      return;
    case 'range/2':
      yield* machine.each(machine.run(first as Filter, input, scope), (from) =>
        machine.each(machine.run(second as Filter, input, scope), (to) =>
          range(from.value, to.value),
        ),
      );
      return;
    case 'first/1':
      for (const item of machine.run(first as Filter, input, scope)) {
        yield item;
        if (item instanceof Item || isEnd(item)) return;
      }
      return;
    case 'last/1': {
      let last: Item | undefined;
      for (const item of machine.run(first as Filter, input, scope)) {
        if (item instanceof Item) last = item;
        else {
          yield item;
          if (isEnd(item)) return;
        }
      }
      if (last !== undefined) yield last;
      return;
    }
    case 'limit/2':
      yield* machine.each(machine.run(first as Filter, input, scope), (count) =>
        limit(machine.run(second as Filter, input, scope), Number(count.value)),
      );
      return;
    case 'isempty/1': {
      for (const item of machine.run(first as Filter, input, scope)) {
        if (item instanceof Item) {
          yield new Item(false, undefined);
          return;
        }
        if (item instanceof JqError) {
          yield item;
          return;
        }
      }
      yield new Item(true, undefined);
      return;
    }
    case 'getpath/1':
      yield* machine.each(machine.run(first as Filter, input, scope), (path) => {
        const keys = isArray(path.value) ? path.value : [];
        const value = getPath(input.value, keys);
        return one(
          value instanceof JqError
            ? value
            : new Item(value, input.path === undefined ? undefined : [...input.path, ...keys]),
        );
      });
      return;
    case 'match/2':
      yield* machine.each(machine.run(second as Filter, input, scope), (flags) =>
        machine.each(machine.run(first as Filter, input, scope), (re) =>
          matches(input.value, re.value, flags.value),
        ),
      );
      return;
    case 'sub/3':
      yield* machine.each(machine.run(args[2] as Filter, input, scope), (flags) =>
        machine.each(machine.run(first as Filter, input, scope), (re) =>
          substitute(machine, input.value, re.value, second as Filter, flags.value, scope),
        ),
      );
      return;
    case 'input/0': {
      const value = machine.inputs.next();
      yield value === undefined ? new JqError('No more inputs') : new Item(value, undefined);
      return;
    }
    case 'repeat_inputs/0':
      for (;;) {
        const value = machine.inputs.next();
        if (value === undefined) return;
        yield new Item(value, undefined);
      }
    case 'debug/0':
    case 'stderr/0':
      yield input;
      return;
    case 'halt/0':
      yield new JqError(new Map<string, Json>([['__halt', 0]]));
      return;
    case 'halt_error/1':
      yield* machine.each(machine.run(first as Filter, input, scope), (code) =>
        one(
          new JqError(
            new Map<string, Json>([
              ['__halt', code.value],
              ['message', input.value],
            ]),
          ),
        ),
      );
      return;
    default:
      yield* plain(machine, name, args, input, scope);
  }
}

function* plain(
  machine: JqMachine,
  name: string,
  args: readonly Filter[],
  input: Item,
  scope: Scope | undefined,
): Stream {
  const simple = args.length === 0 ? NO_ARGS.get(name) : undefined;
  if (simple !== undefined) {
    yield wrap(simple(input.value, machine));
    return;
  }
  const applied = WITH_ARGS.get(`${name}/${args.length}`);
  if (applied === undefined) {
    yield new JqError(new Map<string, Json>([['__undefined', `${name}/${args.length}`]]));
    return;
  }
  const values = function* collect(at: number, done: readonly Json[]): Stream {
    const arg = args[at];
    if (arg === undefined) yield wrap(applied(input.value, done));
    else
      yield* machine.each(machine.run(arg, new Item(input.value, undefined), scope), (item) =>
        collect(at + 1, [...done, item.value]),
      );
  };
  yield* values(0, []);
}

/** Is there a function of that name and number of arguments? */
export function isDefined(name: string, count: number): boolean {
  const key = `${name}/${count}`;
  return (
    PRELUDE.has(key) || WITH_ARGS.has(key) || SPECIAL.has(key) || (count === 0 && NO_ARGS.has(name))
  );
}

const SPECIAL = new Set([
  'empty/0',
  'error/0',
  'path/1',
  'recurse/0',
  'range/2',
  'first/1',
  'last/1',
  'limit/2',
  'isempty/1',
  'getpath/1',
  'match/2',
  'sub/3',
  'input/0',
  'repeat_inputs/0',
  'debug/0',
  'stderr/0',
  'halt/0',
  'halt_error/1',
]);

function* range(from: Json, to: Json): Stream {
  if (typeof from !== 'number' || typeof to !== 'number') {
    yield new JqError('Range bounds must be numeric');
    return;
  }
  for (let value = from; value < to; value += 1) yield new Item(value, undefined);
}

function* limit(stream: Stream, count: number): Stream {
  if (count <= 0) return;
  let left = count;
  for (const item of stream) {
    yield item;
    if (isEnd(item)) return;
    if (item instanceof Item) left -= 1;
    if (left <= 0) return;
  }
}

function lengthOf(value: Json): Json | JqError {
  if (value === null) return 0;
  if (typeof value === 'string') return [...value].length;
  if (typeof value === 'number') return Math.abs(value);
  if (isArray(value)) return value.length;
  if (isObject(value)) return value.size;
  return new JqError(`${describe(value)} has no length`);
}

function keysOf(value: Json, sorted: boolean): Json | JqError {
  if (isArray(value)) return value.map((_, index) => index);
  if (!isObject(value)) return new JqError(`${describe(value)} has no keys`);
  const keys = [...value.keys()];
  return sorted ? keys.sort(compareText) : keys;
}

function fromJson(value: Json): Json | JqError {
  if (typeof value !== 'string')
    return new JqError(`${describe(value)} only strings can be parsed`);
  const parsed = parseJson(value);
  return parsed.ok ? parsed.value : new JqError(`${parsed.error} (while parsing '${value}')`);
}

function toNumber(value: Json): Json | JqError {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string')
    return new JqError(`${describe(value)} cannot be parsed as a number`);
  const parsed = parseJson(value);
  if (parsed.ok && typeof parsed.value === 'number') return parsed.value;
  return new JqError(
    parsed.ok
      ? `${describe(value)} cannot be parsed as a number`
      : `${parsed.error.replace(/ at line .*/, '')} at EOF at line 1, column ${value.length} (while parsing '${value}')`,
  );
}

function extreme(value: Json, sign: number): Json | JqError {
  if (!isArray(value)) return new JqError(`${describe(value)} cannot be iterated over`);
  return value.reduce<Json>(
    (best, item, index) =>
      index === 0 ||
      compareJson(item, best) * sign > 0 ||
      (sign > 0 && compareJson(item, best) === 0)
        ? item
        : best,
    null,
  );
}

function flatten(value: Json, depth: number): Json | JqError {
  if (!isArray(value)) return new JqError(`Cannot iterate over ${describe(value)}`);
  return value.flatMap((item): readonly Json[] =>
    isArray(item) && depth > 0 ? (flatten(item, depth - 1) as readonly Json[]) : [item],
  );
}

function hasKey(value: Json, key: Json): Json | JqError {
  if (isObject(value) && typeof key === 'string') return value.has(key);
  if (isArray(value) && typeof key === 'number') return key >= 0 && key < value.length;
  return new JqError(
    `Cannot check whether ${typeName(value)} has a ${typeof key === 'string' ? 'string' : typeName(key)} key`,
  );
}

function contains(value: Json, other: Json): Json | JqError {
  if (isObject(value) && isObject(other)) {
    for (const [key, item] of other) {
      const mine = value.get(key);
      if (mine === undefined || contains(mine, item) !== true) return false;
    }
    return true;
  }
  if (isArray(value) && isArray(other))
    return other.every((item) => value.some((mine) => contains(mine, item) === true));
  if (typeof value === 'string' && typeof other === 'string') return value.includes(other);
  if (typeName(value) === typeName(other)) return compareJson(value, other) === 0;
  return new JqError(
    `${describe(value)} and ${describe(other)} cannot have their containment checked`,
  );
}

function join(value: Json, glue: Json): Json | JqError {
  if (!isArray(value)) return new JqError(`Cannot iterate over ${describe(value)}`);
  if (value.length === 0) return '';
  if (typeof glue !== 'string' && value.length > 1)
    return new JqError(`${describe('')} and ${describe(glue)} cannot be added`);
  const parts: string[] = [];
  for (const item of value) {
    if (item === null) parts.push('');
    else if (typeof item === 'object')
      return new JqError(
        `${describe(parts.join(String(glue)) + (parts.length > 0 ? String(glue) : ''))} and ${describe(item)} cannot be added`,
      );
    else parts.push(toText(item));
  }
  return parts.join(String(glue));
}

function indices(value: Json, other: Json): Json | JqError {
  if (value === null) return null;
  if (typeof value === 'string' && typeof other === 'string') {
    const out: Json[] = [];
    for (let at = value.indexOf(other); at >= 0 && other !== ''; at = value.indexOf(other, at + 1))
      out.push([...value.slice(0, at)].length);
    return out;
  }
  if (isArray(value) && !isArray(other))
    return value.flatMap((item, index) => (compareJson(item, other) === 0 ? [index] : []));
  return indexValue(value, other);
}

function orderBy(value: Json, keys: Json, word: string): readonly Json[] {
  if (!isArray(value) || !isArray(keys)) return [];
  const pairs = value.map((item, index): readonly Json[] => [keys[index] as Json, item]);
  return pairs.sort((a, b) =>
    compareJson(a[0] as Json, b[0] as Json),
  ) as unknown as readonly Json[] & { readonly word?: typeof word };
}

function groupBy(value: Json, keys: Json): Json | JqError {
  const groups: Json[][] = [];
  let last: Json | undefined;
  for (const pair of orderBy(value, keys, 'grouped')) {
    const [key, item] = pair as readonly Json[];
    if (last === undefined || compareJson(last, key as Json) !== 0) groups.push([]);
    last = key as Json;
    groups.at(-1)?.push(item as Json);
  }
  return groups;
}

function byExtreme(value: Json, keys: Json, sign: number): Json {
  if (!isArray(value) || !isArray(keys)) return null;
  let best = 0;
  for (let index = 1; index < value.length; index += 1) {
    const order = compareJson(keys[index] as Json, keys[best] as Json) * sign;
    if (order > 0 || (order === 0 && sign > 0)) best = index;
  }
  return value[best] ?? null;
}

function search(value: Json, target: Json): Json | JqError {
  if (!isArray(value)) return new JqError(`${describe(value)} cannot be searched from`);
  let low = 0;
  let high = value.length - 1;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const order = compareJson(value[middle] as Json, target);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1 - low;
}

// ---- dates

function gmtime(value: Json): Json | JqError {
  if (typeof value !== 'number') return new JqError('gmtime() requires a number');
  const t = civilFromWall(Math.floor(value) * 1_000_000);
  const day = Math.floor((Math.floor(value) - wallFromCivil(t.year, 1, 1) / 1_000_000) / 86_400);
  return [
    t.year,
    t.month - 1,
    t.day,
    t.hour,
    t.minute,
    t.second + (value - Math.floor(value)),
    t.weekday,
    day,
  ];
}

function mktime(value: Json): Json | JqError {
  if (!isArray(value) || value.length < 6 || value.some((item) => typeof item !== 'number'))
    return new JqError('mktime requires array of 6 numbers');
  const [year, month, day, hour, minute, second] = value as readonly number[];
  return Math.floor(
    wallFromCivil(year as number, (month as number) + 1, day as number, hour, minute, second) /
      1_000_000,
  );
}

function strftime(value: Json, format: Json): Json | JqError {
  const parts = typeof value === 'number' ? gmtime(value) : value;
  if (parts instanceof JqError || !isArray(parts))
    return new JqError('strftime/1 requires parsed datetime inputs');
  if (typeof format !== 'string') return new JqError('strftime/1 requires a string format');
  const seconds = mktime(parts);
  return seconds instanceof JqError ? seconds : formatDate(format, Number(seconds) * 1_000_000);
}

function strptime(value: Json, format: Json): Json | JqError {
  if (typeof value !== 'string')
    return new JqError(`strptime/1 requires string inputs and arguments`);
  const fault = new JqError(`date "${value}" does not match format "${format}"`);
  const names: string[] = [];
  const source = String(format)
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/%([YmdHMSZzTFj])/g, (whole, letter: string) => {
      if (letter === 'T') {
        names.push('H', 'M', 'S');
        return '(\\d+):(\\d+):(\\d+)';
      }
      if (letter === 'F') {
        names.push('Y', 'm', 'd');
        return '(\\d+)-(\\d+)-(\\d+)';
      }
      if (letter === 'Z') return '[A-Za-z]+';
      if (letter === 'z') return '[-+]\\d{4}';
      names.push(letter);
      return letter === 'Y' ? '(\\d{4})' : whole === '' ? '' : '(\\d{1,3})';
    });
  const match = new RegExp(`^${source}$`).exec(value);
  if (match === null) return fault;
  const field = (name: string, usual: number): number =>
    names.includes(name) ? Number(match[names.indexOf(name) + 1]) : usual;
  const wall = wallFromCivil(
    field('Y', 1900),
    field('m', 1),
    field('d', 1),
    field('H', 0),
    field('M', 0),
    field('S', 0),
  );
  return gmtime(wall / 1_000_000);
}

// ---- regular expressions

function mapMatches(
  value: Json,
  re: Json,
  flags: Json,
  apply: (found: readonly Json[]) => Json,
): Json | JqError {
  const found = matchAll(value, re, flags);
  return found instanceof JqError ? found : apply(found);
}

function* matches(value: Json, re: Json, flags: Json): Stream {
  const found = matchAll(value, re, flags);
  if (found instanceof JqError) yield found;
  else for (const match of found) yield new Item(match, undefined);
}

function splitByRegexp(value: Json, re: Json, flags: Json): Json | JqError {
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

function* substitute(
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
