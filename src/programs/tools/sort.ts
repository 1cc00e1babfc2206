/** sort (GNU coreutils 9.1) in the C locale: keys, numeric, general, human, version and month order. */
import { compareText } from '../../ground/base/text.ts';
import { strerror } from '../../machines/network/errno.ts';
import {
  allLines,
  complain,
  defineTool,
  openInput,
  parseOptions,
  quoted,
  usageError,
} from './support.ts';

interface Flags {
  readonly letters: string;
}

interface Key extends Flags {
  readonly startField: number;
  readonly startChar: number;
  readonly endField: number | undefined;
  readonly endChar: number;
  readonly skipStart: boolean;
  readonly skipEnd: boolean;
}

const ORDERING = 'bdfghiMnRrV';

function parseKey(text: string): Key | undefined {
  const match = new RegExp(
    `^(\\d+)(?:\\.(\\d+))?([${ORDERING}]*)(?:,(\\d+)(?:\\.(\\d+))?([${ORDERING}]*))?$`,
  ).exec(text);
  if (match === null || match[1] === '0') return undefined;
  return {
    startField: Number(match[1]),
    startChar: Number(match[2] ?? '1'),
    endField: match[4] === undefined ? undefined : Number(match[4]),
    endChar: Number(match[5] ?? '0'),
    letters: (match[3] ?? '') + (match[6] ?? ''),
    skipStart: (match[3] ?? '').includes('b'),
    skipEnd: (match[6] ?? '').includes('b'),
  };
}

/** Where fields begin and end. Without a separator a field takes the blanks before it. */
function fieldsOf(
  line: string,
  separator: string | undefined,
): readonly (readonly [number, number])[] {
  const out: [number, number][] = [];
  if (separator !== undefined) {
    let at = 0;
    for (;;) {
      const next = line.indexOf(separator, at);
      out.push([at, next < 0 ? line.length : next]);
      if (next < 0) return out;
      at = next + separator.length;
    }
  }
  let at = 0;
  while (at < line.length) {
    const start = at;
    while (line[at] === ' ' || line[at] === '\t') at += 1;
    while (at < line.length && line[at] !== ' ' && line[at] !== '\t') at += 1;
    out.push([start, at]);
  }
  return out;
}

function keyText(
  line: string,
  key: Key,
  separator: string | undefined,
  skipBlanks: boolean,
): string {
  const fields = fieldsOf(line, separator);
  const skip = (at: number): number => {
    let index = at;
    while (line[index] === ' ' || line[index] === '\t') index += 1;
    return index;
  };
  const first = fields[key.startField - 1];
  if (first === undefined) return '';
  let start = first[0];
  if (skipBlanks || key.skipStart) start = skip(start);
  start = Math.min(line.length, start + key.startChar - 1);
  if (key.endField === undefined) return line.slice(start);
  const last = fields[key.endField - 1];
  if (last === undefined) return line.slice(start);
  let end = last[1];
  if (key.endChar > 0) {
    let from = last[0];
    if (skipBlanks || key.skipEnd) from = skip(from);
    end = Math.min(line.length, from + key.endChar);
  }
  return line.slice(start, Math.max(start, end));
}

function numberOf(text: string): number {
  const match = /^[ \t]*(-?[\d,]*\.?\d*)/.exec(text);
  const value = Number((match?.[1] ?? '').replace(/,.*/, ''));
  return Number.isNaN(value) ? 0 : value;
}

/** A number of any length, compared without losing digits. */
function compareNumeric(a: string, b: string): number {
  const split = (text: string): { negative: boolean; whole: string; part: string } => {
    const match = /^[ \t]*(-?)(\d*)(?:\.(\d*))?/.exec(text);
    const whole = (match?.[2] ?? '').replace(/^0+/, '');
    const part = (match?.[3] ?? '').replace(/0+$/, '');
    return { negative: match?.[1] === '-' && (whole !== '' || part !== ''), whole, part };
  };
  const x = split(a);
  const y = split(b);
  if (x.negative !== y.negative) return x.negative ? -1 : 1;
  let result = x.whole.length - y.whole.length;
  if (result === 0) result = compareText(x.whole, y.whole);
  if (result === 0) result = compareText(x.part, y.part);
  return x.negative ? -result : result;
}

const UNITS = 'KMGTPEZY';

function compareHuman(a: string, b: string): number {
  const order = (text: string): number => {
    const match = /^[ \t]*-?[\d.]+([KkMGTPEZY]?)/.exec(text);
    return match === null || match[1] === ''
      ? 0
      : UNITS.indexOf((match[1] as string).toUpperCase()) + 1;
  };
  const x = numberOf(a);
  const y = numberOf(b);
  const left = x < 0 ? -order(a) : order(a);
  const right = y < 0 ? -order(b) : order(b);
  return left === right ? x - y : left - right;
}

function compareGeneral(a: string, b: string): number {
  const value = (text: string): number | undefined => {
    const match =
      /^[ \t]*([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?))/i.exec(
        text,
      );
    if (match === null) return undefined;
    if (/inf/i.test(match[1] as string))
      return (match[1] as string).startsWith('-')
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
    return Number(match[1]);
  };
  const x = value(a);
  const y = value(b);
  if (x === undefined || y === undefined)
    return (x === undefined ? 0 : 1) - (y === undefined ? 0 : 1);
  return x === y ? 0 : x - y;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** Debian's version order: digits by value, letters before the rest, `~` before everything. */
function compareVersion(a: string, b: string): number {
  let i = 0;
  let j = 0;
  const rank = (char: string | undefined): number => {
    if (char === undefined || (char >= '0' && char <= '9')) return 0;
    if (char === '~') return -1;
    return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
  };
  while (i < a.length || j < b.length) {
    while (
      (i < a.length && !/\d/.test(a[i] as string)) ||
      (j < b.length && !/\d/.test(b[j] as string))
    ) {
      const x = rank(a[i]);
      const y = rank(b[j]);
      if (x !== y) return x - y;
      i += 1;
      j += 1;
    }
    const left = /^\d*/.exec(a.slice(i))?.[0] ?? '';
    const right = /^\d*/.exec(b.slice(j))?.[0] ?? '';
    const result = compareNumeric(left, right);
    if (result !== 0) return result;
    i += left.length;
    j += right.length;
  }
  return 0;
}

function compareBy(letters: string, a: string, b: string): number {
  if (letters.includes('n')) return compareNumeric(a, b);
  if (letters.includes('g')) return compareGeneral(a, b);
  if (letters.includes('h')) return compareHuman(a, b);
  if (letters.includes('V')) return compareVersion(a, b);
  if (letters.includes('M')) {
    const month = (text: string): number =>
      MONTHS.indexOf(text.trimStart().slice(0, 3).toUpperCase());
    return month(a) - month(b);
  }
  const prepare = (text: string): string => {
    let out = text;
    if (letters.includes('d')) out = out.replace(/[^A-Za-z0-9 \t]/g, '');
    if (letters.includes('i')) out = out.replace(/[^ -~]/g, '');
    return letters.includes('f') ? out.toUpperCase() : out;
  };
  return compareText(prepare(a), prepare(b));
}

export const sort = defineTool('sort', function* run(process, args) {
  const options = parseOptions(args, {
    short: `${ORDERING}cCmsuzk:t:o:S:T:`,
    long: {
      reverse: 'r',
      'numeric-sort': 'n',
      unique: 'u',
      key: 'k:',
      'field-separator': 't:',
      output: 'o:',
      stable: 's',
      'ignore-case': 'f',
      'human-numeric-sort': 'h',
      'version-sort': 'V',
      check: 'c',
      'general-numeric-sort': 'g',
      'ignore-leading-blanks': 'b',
      'month-sort': 'M',
      'random-sort': 'R',
      'zero-terminated': 'z',
      parallel: 'p:',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error, 2);
  const { value } = options;
  let separator = value.get('t');
  if (separator === '\\0') separator = '\0';
  if (separator !== undefined && [...separator].length > 1) {
    yield* complain(process, `multi-character tab ${quoted(process, separator)}`);
    return 2;
  }
  const global = [...ORDERING].filter((letter) => value.has(letter)).join('');
  const keys: Key[] = [];
  for (const text of value.all('k')) {
    const key = parseKey(text);
    if (key === undefined) {
      yield* complain(
        process,
        `invalid number at field start: invalid count at start of ${quoted(process, text)}`,
      );
      return 2;
    }
    keys.push(key);
  }
  for (const path of value.operands) {
    const file = openInput(process, path);
    if (file.ok) {
      file.value.close();
      continue;
    }
    yield* complain(process, `cannot read: ${path}: ${strerror(file.error)}`);
    return 2;
  }
  const { lines, status } = yield* allLines(process, value.operands);
  const compareKeys = (a: string, b: string): number => {
    if (keys.length === 0) {
      const strip = (text: string): string =>
        global.includes('b') ? text.replace(/^[ \t]+/, '') : text;
      const result = compareBy(global, strip(a), strip(b));
      return global.includes('r') ? -result : result;
    }
    for (const key of keys) {
      const letters = key.letters === '' ? global : key.letters;
      const result = compareBy(
        letters,
        keyText(a, key, separator, letters.includes('b') && key.letters === ''),
        keyText(b, key, separator, letters.includes('b') && key.letters === ''),
      );
      if (result !== 0) return letters.includes('r') ? -result : result;
    }
    return 0;
  };
  const compare = (a: string, b: string): number => {
    const result = compareKeys(a, b);
    if (result !== 0 || value.has('u') || value.has('s')) return result;
    const last = compareText(a, b);
    return global.includes('r') ? -last : last;
  };
  if (value.has('c') || value.has('C')) {
    for (let index = 1; index < lines.length; index += 1) {
      const order = compare(lines[index - 1] as string, lines[index] as string);
      if (order < 0 || (order === 0 && !value.has('u'))) continue;
      if (value.has('c'))
        yield* complain(
          process,
          `${value.operands[0] ?? '-'}:${index + 1}: disorder: ${lines[index]}`,
        );
      return 1;
    }
    return 0;
  }
  yield* process.work(Math.ceil(lines.length / 4));
  let ordered = [...lines].sort(compare);
  if (value.has('u'))
    ordered = ordered.filter(
      (line, index) => index === 0 || compareKeys(ordered[index - 1] as string, line) !== 0,
    );
  const text = ordered.map((line) => `${line}\n`).join('');
  const target = value.get('o');
  if (target === undefined) yield* process.print(text);
  else {
    const done = process.files.write(target, text);
    if (!done.ok) {
      yield* complain(process, `open failed: ${target}: ${strerror(done.error)}`);
      return 2;
    }
  }
  return status === 0 ? 0 : 2;
});
