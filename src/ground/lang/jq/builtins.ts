/** jq's built-in functions that are not written in jq: of one value, of values, and of filters. */
import { exp, log, logBase, pow, sin, cos, atan } from '../float-math.ts';
import { toText } from './format.ts';
import type { JqMachine } from './machine.ts';
import type { Scope } from './scope.ts';
import { describe, isEnd, Item, JqError, one, type Stream, wrap } from './signals.ts';
import { add, splitText } from './operations.ts';
import { pathsOf } from './assignment.ts';
import {
  byExtreme,
  contains,
  extreme,
  flatten,
  fromJson,
  groupBy,
  hasKey,
  indices,
  join,
  keysOf,
  lengthOf,
  orderBy,
  search,
  toNumber,
} from './collections.ts';
import { gmtime, mktime, strftime, strptime } from './dates.ts';
import type { Filter } from './filter.ts';
import { mapMatches, matches, splitByRegexp, substitute } from './matches.ts';
import { PRELUDE } from './prelude.ts';
import { deletePaths, getPath, setPath } from './paths.ts';
import {
  compareJson,
  formatJson,
  isArray,
  isObject,
  isTruthy,
  type Json,
  typeName,
} from './value.ts';

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
        : new JqError('explode input must be a string'),
  ],
  [
    'ascii_upcase',
    (value) =>
      typeof value === 'string'
        ? value.replace(/[a-z]/g, (char) => char.toUpperCase())
        : new JqError('explode input must be a string'),
  ],
  [
    'explode',
    (value) =>
      typeof value === 'string'
        ? [...value].map((char) => char.codePointAt(0) as number)
        : new JqError('explode input must be a string'),
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
        : new JqError('implode input must be an array'),
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
      for (const item of pathsOf(machine, first as Filter, input.value, scope)) {
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
      yield value === undefined ? new JqError('break') : new Item(value, undefined);
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
