/** uniq, cut, tr, split: lines and parts of lines (GNU coreutils 9.1). */
import type { Process } from '../../machines/machine/process.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { inClass } from '../../ground/lang/glob.ts';
import { strerror } from '../../machines/network/errno.ts';
import {
  LineReader,
  Output,
  allLines,
  complain,
  defineTool,
  eachInput,
  parseOptions,
  quoted,
  usageError,
} from './support.ts';

export const uniq = defineTool('uniq', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'cdDuif:s:w:z',
    long: {
      count: 'c',
      repeated: 'd',
      unique: 'u',
      'ignore-case': 'i',
      'skip-fields': 'f:',
      'skip-chars': 's:',
      'check-chars': 'w:',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const [input, target] = value.operands;
  const { lines, status } = yield* allLines(process, input === undefined ? [] : [input]);
  const keyOf = (line: string): string => {
    let key = line;
    for (let count = Number(value.get('f') ?? '0'); count > 0; count -= 1)
      key = key.replace(/^[ \t]*[^ \t]*/, '');
    key = key.slice(Number(value.get('s') ?? '0'));
    if (value.has('w')) key = key.slice(0, Number(value.get('w')));
    return value.has('i') ? key.toLowerCase() : key;
  };
  let text = '';
  for (let index = 0; index < lines.length; ) {
    const first = lines[index] as string;
    const key = keyOf(first);
    let end = index + 1;
    while (end < lines.length && keyOf(lines[end] as string) === key) end += 1;
    const count = end - index;
    const wanted = value.has('D')
      ? count > 1
      : value.has('d') && value.has('u')
        ? false
        : value.has('d')
          ? count > 1
          : value.has('u')
            ? count === 1
            : true;
    if (wanted && value.has('D'))
      text += lines
        .slice(index, end)
        .map((line) => `${line}\n`)
        .join('');
    else if (wanted) text += `${value.has('c') ? `${`${count}`.padStart(7)} ` : ''}${first}\n`;
    index = end;
  }
  if (target !== undefined) process.files.write(target, text);
  else yield* process.print(text);
  return status;
});

/** `1,3-5,7-`: ranges from 1, open ends allowed; the error's words otherwise. */
function parseList(
  process: Process,
  text: string,
  what: string,
): readonly (readonly [number, number])[] | string {
  const out: [number, number][] = [];
  for (const part of text.split(',')) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null) return `invalid ${what} value ${quoted(process, part)}`;
    if (match[1] === '' && match[3] === '')
      return match[2] === '' ? 'fields are numbered from 1' : 'invalid range with no endpoint: -';
    const low = match[1] === '' ? 1 : Number(match[1]);
    const high =
      match[2] === '' ? low : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (low === 0)
      return what === 'field'
        ? 'fields are numbered from 1'
        : 'byte/character positions are numbered from 1';
    if (high < low) return 'invalid decreasing range';
    out.push([low, high]);
  }
  return out;
}

export const cut = defineTool('cut', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'b:c:d:f:snz',
    long: {
      fields: 'f:',
      delimiter: 'd:',
      characters: 'c:',
      bytes: 'b:',
      'only-delimited': 's',
      complement: 'C',
      'output-delimiter': 'o:',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  if (['f', 'c', 'b'].filter((key) => value.has(key)).length > 1)
    return yield* usageError(process, 'only one list may be specified');
  const byField = value.has('f');
  const list = value.get('f') ?? value.get('c') ?? value.get('b');
  if (list === undefined)
    return yield* usageError(process, 'you must specify a list of bytes, characters, or fields');
  const ranges = parseList(process, list, byField ? 'field' : 'byte/character position');
  if (typeof ranges === 'string') return yield* usageError(process, ranges);
  const delimiter = value.get('d') ?? '\t';
  if ([...delimiter].length > 1)
    return yield* usageError(process, 'the delimiter must be a single character');
  const holds = (position: number): boolean =>
    ranges.some(([low, high]) => position >= low && position <= high) !== value.has('C');
  const glue = value.get('o') ?? (byField ? delimiter : '');
  const out = new Output(process);
  const status = yield* eachInput(process, value.operands, function* cutting(file) {
    const reader = new LineReader(file, out);
    for (;;) {
      const line = yield* reader.next();
      if (line === undefined) return;
      if (!byField) {
        yield* out.write(`${[...line.text].filter((_, index) => holds(index + 1)).join(glue)}\n`);
      } else if (!line.text.includes(delimiter)) {
        if (!value.has('s')) yield* out.write(`${line.text}\n`);
      } else
        yield* out.write(
          `${line.text
            .split(delimiter)
            .filter((_, index) => holds(index + 1))
            .join(glue)}\n`,
        );
    }
  });
  yield* out.flush();
  return status;
});

/** The characters that a set of tr names, in order. */
function expandSet(text: string): string[] {
  const out: string[] = [];
  const escapes: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    '\\': '\\',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
  };
  const raw: string[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const rest = text.slice(index);
    const named = /^\[:([a-z]+):\]/.exec(rest);
    if (named !== null) {
      for (let code = 0; code < 128; code += 1) {
        const char = String.fromCharCode(code);
        if (inClass(named[1] as string, char)) raw.push(char);
      }
      index += named[0].length - 1;
      continue;
    }
    const octal = /^\\([0-7]{1,3})/.exec(rest);
    const repeat = /^\[(.)\*(\d*)\]/.exec(rest);
    if (octal !== null) {
      raw.push(String.fromCharCode(Number.parseInt(octal[1] as string, 8)));
      index += octal[0].length - 1;
    } else if (repeat !== null) {
      for (let count = Number(repeat[2] === '' ? '1' : repeat[2]); count > 0; count -= 1)
        raw.push(repeat[1] as string);
      index += repeat[0].length - 1;
    } else if (text[index] === '\\' && index + 1 < text.length) {
      index += 1;
      const letter = text[index] as string;
      raw.push(Object.hasOwn(escapes, letter) ? (escapes[letter] as string) : letter);
    } else if (text[index + 1] === '-' && index + 2 < text.length && text[index] !== undefined) {
      const low = (text[index] as string).charCodeAt(0);
      const high = (text[index + 2] as string).charCodeAt(0);
      for (let code = low; code <= high; code += 1) raw.push(String.fromCharCode(code));
      index += 2;
    } else raw.push(String.fromCodePoint(text.codePointAt(index) as number));
  }
  out.push(...raw);
  return out;
}

/** What is wrong with the sets that tr was given. */
function setFault(
  process: Process,
  operands: readonly string[],
  deletes: boolean,
  squeezes: boolean,
): string | undefined {
  const help = "\nTry 'tr --help' for more information.";
  const most = deletes && !squeezes ? 1 : 2;
  const extra = operands[most];
  if (extra !== undefined)
    return `extra operand ${quoted(process, extra)}${most === 1 ? '\nOnly one string may be given when deleting without squeezing repeats.' : ''}${help}`;
  for (const set of operands) {
    const name = /\[:([^\]]*):\]/.exec(set)?.[1];
    if (name !== undefined && !CLASS_NAMES.has(name))
      return `invalid character class ${quoted(process, name)}`;
    for (const [range, low = '', high = ''] of set
      .replace(/\[:[a-z]+:\]|\\./g, '')
      .matchAll(/(.)-(.)/g))
      if (low > high)
        return `range-endpoints of '${range}' are in reverse collating sequence order`;
  }
  if (operands[1] === '' && operands[0] !== '' && !deletes)
    return 'when not truncating set1, string2 must be non-empty';
  return undefined;
}

const CLASS_NAMES = new Set(
  'alnum alpha blank cntrl digit graph lower print punct space upper xdigit'.split(' '),
);

export const tr = defineTool('tr', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'cCdst',
    long: { delete: 'd', 'squeeze-repeats': 's', complement: 'c', 'truncate-set1': 't' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const [first, second] = value.operands;
  if (first === undefined) return yield* usageError(process, 'missing operand');
  const deletes = value.has('d');
  const squeezes = value.has('s');
  if (second === undefined && !deletes && !squeezes) {
    yield* process.printError(
      `tr: missing operand after ${quoted(process, first)}\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n`,
    );
    return 1;
  }
  const fault = setFault(process, value.operands, deletes, squeezes);
  if (fault !== undefined) {
    yield* complain(process, fault);
    return 1;
  }
  const complement = value.has('c') || value.has('C');
  const one = expandSet(first);
  const two = second === undefined ? [] : expandSet(second);
  const inOne = new Set(one);
  const map = new Map<string, string>();
  if (!deletes && second !== undefined && !complement) {
    one.forEach((char, index) => {
      const target = two[index] ?? (value.has('t') ? undefined : two.at(-1));
      if (target !== undefined) map.set(char, target);
    });
  }
  const isIn = (char: string): boolean => inOne.has(char) !== complement;
  const squeezed = new Set(second === undefined ? one : two);
  const squeezing = (char: string): boolean =>
    second === undefined ? isIn(char) : squeezed.has(char);
  const out = new Output(process);
  let last: string | undefined;
  for (;;) {
    const chunk = yield* process.stdin.read();
    if (!chunk.ok || chunk.value === undefined) break;
    let text = '';
    for (const char of textOf(chunk.value)) {
      if (deletes && isIn(char)) continue;
      const shown = deletes
        ? char
        : complement && second !== undefined
          ? isIn(char)
            ? (two.at(-1) ?? char)
            : char
          : (map.get(char) ?? char);
      if (squeezes && shown === last && squeezing(shown)) continue;
      last = shown;
      text += shown;
    }
    yield* out.write(text);
    yield* out.flush();
  }
  return 0;
});

export const split = defineTool('split', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'l:b:a:d',
    long: { lines: 'l:', bytes: 'b:', 'suffix-length': 'a:', 'numeric-suffixes': 'd' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const prefix = value.operands[1] ?? 'x';
  const length = Number(value.get('a') ?? '2');
  const per = Number(value.get('l') ?? '1000');
  const { lines, status } = yield* allLines(process, value.operands.slice(0, 1));
  for (let index = 0; index * per < lines.length; index += 1) {
    const piece = lines.slice(index * per, (index + 1) * per);
    const done = process.files.write(
      prefix + suffix(index, length, value.has('d')),
      piece.map((line) => `${line}\n`).join(''),
    );
    if (!done.ok) yield* complain(process, `${prefix}: ${strerror(done.error)}`);
  }
  return status;
});

function suffix(index: number, length: number, digits: boolean): string {
  if (digits) return `${index}`.padStart(length, '0');
  let text = '';
  let rest = index;
  for (let count = 0; count < length; count += 1) {
    text = String.fromCharCode(97 + (rest % 26)) + text;
    rest = Math.floor(rest / 26);
  }
  return text;
}
