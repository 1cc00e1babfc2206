/** awk's built-in functions. */
import type { Task } from '../../../ground/base/task.ts';
import { compareText } from '../../../ground/base/text.ts';
import { wallFromCivil } from '../../../ground/base/time.ts';
import { atan2, cos, exp, log, sin } from '../../../ground/lang/float-math.ts';
import type { Regexp, RegexpMatch } from '../../../ground/lang/regexp/posix.ts';
import { formatDate } from '../../../ground/lang/strftime.ts';
import { formatAwk } from './format.ts';
import type { AwkArray, Machine } from './machine.ts';
import type { Expression } from './tree.ts';
import { comparesAsNumbers, inputValue, toNumber, toText, type Value } from './values.ts';

export function* callBuiltin(
  machine: Machine,
  name: string,
  args: readonly Expression[],
): Task<Value> {
  switch (name) {
    case 'length': {
      const arg = args[0];
      if (arg?.kind === 'variable' && machine.isArray(arg.name))
        return machine.arrayNamed(arg.name).size;
      return [
        ...(arg === undefined ? machine.recordText() : machine.text(yield* machine.eval(arg))),
      ].length;
    }
    case 'sub':
    case 'gsub':
      return yield* substitute(machine, name === 'gsub', args);
    case 'gensub':
      return yield* generalSubstitute(machine, args);
    case 'match':
      return yield* matchText(machine, args);
    case 'split':
      return yield* split(machine, args);
    case 'asort':
    case 'asorti':
      return sortArray(machine, name === 'asorti', args);
    case 'typeof':
    case 'isarray':
      return yield* typeName(machine, name, args);
    default: {
      const values: Value[] = [];
      for (const arg of args) values.push(yield* machine.eval(arg));
      return yield* plain(machine, name, values);
    }
  }
}

function* typeName(machine: Machine, name: string, args: readonly Expression[]): Task<Value> {
  const arg = args[0];
  const array = arg?.kind === 'variable' && machine.isArray(arg.name);
  if (name === 'isarray') return array ? 1 : 0;
  if (array || arg === undefined) return 'array';
  const value = yield* machine.eval(arg);
  if (value === undefined) return 'untyped';
  return typeof value === 'object' ? 'strnum' : typeof value;
}

function* plain(machine: Machine, name: string, values: readonly Value[]): Task<Value> {
  const number = toNumber(values[0]);
  const text = machine.text(values[0]);
  switch (name) {
    case 'substr':
      return substring(
        text,
        toNumber(values[1]),
        values[2] === undefined && values.length < 3
          ? Number.POSITIVE_INFINITY
          : toNumber(values[2]),
      );
    case 'index': {
      const at = text.indexOf(machine.text(values[1]));
      return at < 0 ? 0 : [...text.slice(0, at)].length + 1;
    }
    case 'sprintf':
      return formatAwk(machine, text, values.slice(1));
    case 'tolower':
      return text.toLowerCase();
    case 'toupper':
      return text.toUpperCase();
    case 'int':
      return Math.trunc(number) + 0;
    case 'sqrt':
      return Math.sqrt(number);
    case 'exp':
      return exp(number);
    case 'log':
      return log(number);
    case 'sin':
      return sin(number);
    case 'cos':
      return cos(number);
    case 'atan2':
      return atan2(number, toNumber(values[1]));
    case 'rand':
      return machine.process.random.fraction();
    case 'srand': {
      const before = machine.seed;
      machine.seed =
        values.length === 0
          ? Math.floor(machine.process.clock.wall() / 1_000_000)
          : Math.trunc(number);
      return before;
    }
    case 'system':
      return yield* machine.streams.system(text);
    case 'close':
      return yield* machine.streams.close(text);
    case 'fflush':
      yield* machine.out.flush();
      return 0;
    default:
      return rare(machine, name, values);
  }
}

function rare(machine: Machine, name: string, values: readonly Value[]): Value {
  const number = toNumber(values[0]);
  const text = machine.text(values[0]);
  const bits = (value: Value): bigint => BigInt(Math.trunc(Math.abs(toNumber(value))));
  const fold = (merge: (a: bigint, b: bigint) => bigint): number =>
    Number(values.map(bits).reduce(merge));
  switch (name) {
    case 'systime':
      return Math.floor(machine.process.clock.wall() / 1_000_000);
    case 'strftime':
      return formatDate(
        values.length === 0 ? '%a %b %e %H:%M:%S %Z %Y' : text,
        values.length < 2 ? machine.process.clock.wall() : toNumber(values[1]) * 1_000_000,
      );
    case 'mktime': {
      const parts = text.trim().split(/\s+/).map(Number);
      if (parts.length < 6 || parts.some(Number.isNaN)) return -1;
      return (
        wallFromCivil(
          parts[0] as number,
          parts[1] as number,
          parts[2] as number,
          parts[3],
          parts[4],
          parts[5],
        ) / 1_000_000
      );
    }
    case 'strtonum':
      if (/^\s*0[xX]/.test(text)) return Number.parseInt(text.trim().slice(2), 16) || 0;
      return /^\s*0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : number;
    case 'and':
      return fold((a, b) => a & b);
    case 'or':
      return fold((a, b) => a | b);
    case 'xor':
      return fold((a, b) => a ^ b);
    case 'lshift':
      return Number(bits(values[0]) << bits(values[1]));
    case 'rshift':
      return Number(bits(values[0]) >> bits(values[1]));
    default:
      return Number(BigInt.asUintN(53, ~bits(values[0])));
  }
}

/** A start before the first character counts as the first; fractions are cut off. */
function substring(text: string, start: number, length: number): string {
  const characters = [...text];
  const first = Math.max(1, Math.trunc(start));
  const end =
    length === Number.POSITIVE_INFINITY
      ? undefined
      : Math.max(first, first + Math.trunc(length)) - 1;
  return characters.slice(first - 1, end).join('');
}

/** Replaces matches; the replacement is made for each. */
function replaceAll(
  regexp: Regexp,
  text: string,
  from: (count: number) => boolean,
  make: (match: RegexpMatch) => string,
  once: boolean,
): { readonly text: string; readonly count: number } {
  let out = '';
  let copied = 0;
  let at = 0;
  let seen = 0;
  let count = 0;
  let lastEnd = -1;
  while (at <= text.length) {
    const match = regexp.match(text, at);
    if (match === undefined) break;
    const empty = match.end === match.start;
    if (empty && match.start === lastEnd) {
      at = match.start + 1;
      continue;
    }
    seen += 1;
    lastEnd = match.end;
    if (from(seen)) {
      out += text.slice(copied, match.start) + make(match);
      copied = match.end;
      count += 1;
      if (once) break;
    }
    at = empty ? match.end + 1 : match.end;
  }
  return { text: out + text.slice(copied), count };
}

/** `&` is the match, `\\&` an ampersand. */
function fill(template: string, matched: string): string {
  return template.replace(/\\\\&|\\&|&|\\\\/g, (piece) =>
    piece === '&' ? matched : piece === '\\&' ? '&' : piece === '\\\\&' ? `\\${matched}` : '\\\\',
  );
}

function* substitute(machine: Machine, all: boolean, args: readonly Expression[]): Task<Value> {
  const [pattern, replacement, target] = args;
  if (pattern === undefined || replacement === undefined) return 0;
  const regexp = yield* machine.regexpOf(pattern);
  const template = machine.text(yield* machine.eval(replacement));
  const place: Expression = target ?? { kind: 'field', index: { kind: 'number', value: 0 } };
  const text = machine.text(yield* machine.eval(place));
  if (regexp === undefined) return 0;
  const result = replaceAll(
    regexp,
    text,
    () => true,
    (match) => fill(template, text.slice(match.start, match.end)),
    !all,
  );
  if (result.count > 0) yield* machine.store(place, result.text);
  return result.count;
}

function* generalSubstitute(machine: Machine, args: readonly Expression[]): Task<Value> {
  const [pattern, replacement, how, target] = args;
  if (pattern === undefined || replacement === undefined || how === undefined) return '';
  const regexp = yield* machine.regexpOf(pattern);
  const template = machine.text(yield* machine.eval(replacement));
  const mode = machine.text(yield* machine.eval(how));
  const text =
    target === undefined ? machine.recordText() : machine.text(yield* machine.eval(target));
  if (regexp === undefined) return text;
  const all = /^[gG]/.test(mode);
  const number = all ? 1 : Math.max(1, Math.trunc(Number(mode)) || 1);
  const make = (match: RegexpMatch): string =>
    template.replace(/\\(\d)|\\&|\\\\|&/g, (piece, group: string | undefined) => {
      if (piece === '\\&') return '&';
      if (piece === '\\\\') return '\\';
      const span = match.groups[Number(group ?? '0')];
      return span === undefined ? '' : text.slice(span.start, span.end);
    });
  return replaceAll(regexp, text, (count) => all || count === number, make, !all).text;
}

function* matchText(machine: Machine, args: readonly Expression[]): Task<Value> {
  const [subject, pattern, target] = args;
  if (subject === undefined || pattern === undefined) return 0;
  const text = machine.text(yield* machine.eval(subject));
  const regexp = yield* machine.regexpOf(pattern);
  const match = regexp?.match(text, 0);
  const start = match === undefined ? 0 : [...text.slice(0, match.start)].length + 1;
  const length = match === undefined ? -1 : [...text.slice(match.start, match.end)].length;
  machine.setVariable('RSTART', start);
  machine.setVariable('RLENGTH', length);
  if (target?.kind === 'variable') {
    const array = machine.arrayNamed(target.name);
    array.clear();
    match?.groups.forEach((group, index) => {
      if (group !== undefined)
        array.set(`${index}`, inputValue(text.slice(group.start, group.end)));
    });
  }
  return start;
}

function* split(machine: Machine, args: readonly Expression[]): Task<Value> {
  const [subject, target, separator] = args;
  if (subject === undefined || target?.kind !== 'variable') return 0;
  const text = machine.text(yield* machine.eval(subject));
  let parts: string[];
  if (separator === undefined) parts = machine.splitText(text, machine.textVariable('FS'));
  else if (separator.kind === 'regexp')
    parts = machine.splitText(text, '/', machine.regexp(separator.source));
  else parts = machine.splitText(text, machine.text(yield* machine.eval(separator)));
  const array = machine.arrayNamed(target.name);
  array.clear();
  for (const [index, part] of parts.entries()) array.set(`${index + 1}`, inputValue(part));
  return parts.length;
}

function sortArray(machine: Machine, byKey: boolean, args: readonly Expression[]): Value {
  const [source, target] = args;
  if (source?.kind !== 'variable') return 0;
  const array = machine.arrayNamed(source.name);
  const values: Value[] = byKey ? [...array.keys()] : [...array.values()];
  values.sort((a, b) => {
    if (comparesAsNumbers(a, b)) return toNumber(a) - toNumber(b);
    if (comparesAsNumbers(a, undefined) !== comparesAsNumbers(b, undefined))
      return comparesAsNumbers(a, undefined) ? -1 : 1;
    return compareText(toText(a), toText(b));
  });
  const into: AwkArray = target?.kind === 'variable' ? machine.arrayNamed(target.name) : array;
  into.clear();
  for (const [index, value] of values.entries()) into.set(`${index + 1}`, value);
  return values.length;
}
