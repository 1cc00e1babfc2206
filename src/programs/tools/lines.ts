/** sort, uniq, cut, tr, paste, fold, comm, seq, split, column: lines and columns (GNU coreutils 9.1). */
import { textOf } from '../../ground/base/bytes.ts';
import { inClass } from '../../ground/lang/glob.ts';
import { formatFloat } from '../../ground/lang/printf.ts';
import { strerror } from '../../machines/network/errno.ts';
import {
  allLines,
  complain,
  defineTool,
  displayWidth,
  eachInput,
  LineReader,
  openInput,
  Output,
  parseOptions,
  quoteName,
  readAll,
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
function parseList(text: string, what: string): readonly (readonly [number, number])[] | string {
  const out: [number, number][] = [];
  for (const part of text.split(',')) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null) return `invalid ${what} value ${quoteName(part)}`;
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
  const byField = value.has('f');
  const list = value.get('f') ?? value.get('c') ?? value.get('b');
  if (list === undefined)
    return yield* usageError(process, 'you must specify a list of bytes, characters, or fields');
  const ranges = parseList(list, byField ? 'field' : 'byte/character position');
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
      `tr: missing operand after ${quoteName(first)}\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n`,
    );
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

export const paste = defineTool('paste', function* run(process, args) {
  const options = parseOptions(args, { short: 'd:s', long: { delimiters: 'd:', serial: 's' } });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const delimiters = [
    ...(value.get('d') ?? '\t').replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\0/g, '\0'),
  ];
  const glue = (index: number): string =>
    (delimiters[index % delimiters.length] ?? '').replace('\0', '');
  const joined = (parts: readonly string[]): string =>
    parts.map((part, index) => (index === 0 ? part : glue(index - 1) + part)).join('');
  const out = new Output(process);
  if (value.has('s')) {
    const status = yield* eachInput(process, value.operands, function* serial(file) {
      const lines = textOf(yield* readAll(file))
        .replace(/\n$/, '')
        .split('\n');
      yield* out.write(`${joined(lines)}\n`);
    });
    yield* out.flush();
    return status;
  }
  const readers: LineReader[] = [];
  let shared: LineReader | undefined;
  for (const path of value.operands.length === 0 ? ['-'] : value.operands) {
    const file = openInput(process, path);
    if (!file.ok) {
      yield* complain(process, `${path}: ${strerror(file.error)}`);
      return 1;
    }
    if (path === '-') {
      shared ??= new LineReader(file.value, out);
      readers.push(shared);
    } else readers.push(new LineReader(file.value, out));
  }
  for (;;) {
    const parts: (string | undefined)[] = [];
    for (const reader of readers) parts.push((yield* reader.next())?.text);
    if (parts.every((part) => part === undefined)) break;
    yield* out.write(`${joined(parts.map((part) => part ?? ''))}\n`);
  }
  yield* out.flush();
  return 0;
});

export const fold = defineTool('fold', function* run(process, args) {
  const options = parseOptions(
    args.map((arg) => arg.replace(/^-(\d+)$/, '-w$1')),
    { short: 'w:sb', long: { width: 'w:', spaces: 's', bytes: 'b' } },
  );
  if (!options.ok) return yield* usageError(process, options.error);
  const width = Number(options.value.get('w') ?? '80');
  if (!(width > 0)) {
    yield* complain(
      process,
      `invalid number of columns: ${quoteName(options.value.get('w') ?? '')}`,
    );
    return 1;
  }
  const { lines, status } = yield* allLines(process, options.value.operands);
  const out = new Output(process);
  for (const line of lines) {
    let rest = line;
    while (displayWidth(rest) > width) {
      let end = 0;
      let taken = 0;
      for (const char of rest) {
        const next = taken + displayWidth(char);
        if (next > width) break;
        taken = next;
        end += char.length;
      }
      if (end === 0) end = 1;
      const space = options.value.has('s') ? rest.lastIndexOf(' ', end - 1) : -1;
      if (space >= 0) end = space + 1;
      yield* out.write(`${rest.slice(0, end)}\n`);
      rest = rest.slice(end);
    }
    yield* out.write(`${rest}\n`);
  }
  yield* out.flush();
  return status;
});

export const comm = defineTool('comm', function* run(process, args) {
  const options = parseOptions(args, {
    short: '123',
    long: { 'check-order': 'k', 'nocheck-order': 'k' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const [left, right] = value.operands;
  if (left === undefined || right === undefined)
    return yield* usageError(
      process,
      left === undefined ? 'missing operand' : `missing operand after ${quoteName(left)}`,
    );
  const a = yield* allLines(process, [left]);
  const b = yield* allLines(process, [right]);
  if (a.status + b.status > 0) return 1;
  const tab = (column: number): string =>
    '\t'.repeat([1, 2].filter((each) => each < column && !value.has(`${each}`)).length);
  const out = new Output(process);
  let i = 0;
  let j = 0;
  while (i < a.lines.length || j < b.lines.length) {
    const x = a.lines[i];
    const y = b.lines[j];
    const column =
      y === undefined || (x !== undefined && x < y) ? 1 : x === undefined || y < x ? 2 : 3;
    const text = column === 2 ? y : x;
    if (column !== 2) i += 1;
    if (column !== 1) j += 1;
    if (!value.has(`${column}`)) yield* out.write(`${tab(column)}${text}\n`);
  }
  yield* out.flush();
  return 0;
});

export const seq = defineTool('seq', function* run(process, args) {
  const numeric = args.map((arg) => (/^-[\d.]/.test(arg) ? `\0${arg}` : arg));
  const options = parseOptions(numeric, {
    short: 's:wf:',
    long: { separator: 's:', 'equal-width': 'w', format: 'f:' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const texts = options.value.operands.map((text) => text.replace('\0', ''));
  if (texts.length === 0) return yield* usageError(process, 'missing operand');
  if (texts.length > 3)
    return yield* usageError(process, `extra operand ${quoteName(texts[3] as string)}`);
  for (const text of texts)
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
      return yield* usageError(process, `invalid floating point argument: ${quoteName(text)}`);
  const [first, step, last] =
    texts.length === 1
      ? ['1', '1', texts[0]]
      : texts.length === 2
        ? [texts[0], '1', texts[1]]
        : texts;
  const from = Number(first);
  const by = Number(step);
  const to = Number(last);
  if (by === 0)
    return yield* usageError(process, `invalid Zero increment value: ${quoteName(step as string)}`);
  const digits = Math.max(decimals(first as string), decimals(step as string));
  const count = Math.floor((to - from) / by + 1e-10) + 1;
  const format = options.value.get('f');
  const width = options.value.has('w')
    ? Math.max(from.toFixed(digits).length, (from + by * (count - 1)).toFixed(digits).length)
    : 0;
  const separator = options.value.get('s') ?? '\n';
  const out = new Output(process);
  for (let index = 0; index < count; index += 1) {
    if (index % 1000 === 999) yield* process.work(500);
    const value = from + by * index;
    const text =
      format !== undefined ? formatNumber(format, value) : signedPad(value.toFixed(digits), width);
    yield* out.write((index === 0 ? '' : separator) + text);
  }
  if (count > 0) yield* out.write('\n');
  yield* out.flush();
  return 0;
});

function decimals(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function signedPad(text: string, width: number): string {
  return text.startsWith('-')
    ? `-${text.slice(1).padStart(width - 1, '0')}`
    : text.padStart(width, '0');
}

function formatNumber(format: string, value: number): string {
  return format.replace(
    /%([-+ 0#]*)(\d*)(?:\.(\d+))?([efgEFG])/,
    (_, flags: string, width: string, precision: string | undefined, letter: string) =>
      formatFloat(letter, value, {
        flags,
        width: Number(width),
        precision: precision === undefined ? undefined : Number(precision),
      }),
  );
}

export const column = defineTool('column', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'ts:o:nc:',
    long: { table: 't', separator: 's:', 'output-separator': 'o:' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const { lines, status } = yield* allLines(process, value.operands);
  const filled = lines.filter((line) => line.trim() !== '');
  const out = new Output(process);
  if (!value.has('t')) {
    const width =
      filled.reduce((most, line) => Math.max(most, displayWidth(line)), 0) +
      8 -
      (filled.reduce((most, line) => Math.max(most, displayWidth(line)), 0) % 8);
    const across = Math.max(1, Math.floor(80 / width));
    const rows = Math.ceil(filled.length / across);
    for (let row = 0; row < rows; row += 1) {
      let text = '';
      for (let at = row; at < filled.length; at += rows) {
        const cell = filled[at] as string;
        text +=
          cell +
          (at + rows < filled.length
            ? '\t'.repeat(Math.ceil((width - displayWidth(cell)) / 8))
            : '');
      }
      yield* out.write(`${text}\n`);
    }
    yield* out.flush();
    return status;
  }
  const given = value.get('s');
  const table = filled.map((line) =>
    given === undefined
      ? line.trim().split(/[ \t]+/)
      : line.split(new Set(given).size === 1 ? given : given),
  );
  const widths: number[] = [];
  for (const row of table) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
    });
  }
  const gap = value.get('o') ?? '  ';
  for (const row of table) {
    const cells = widths.map((width, index) => {
      const cell = row[index] ?? '';
      return index === widths.length - 1 ? cell : cell + ' '.repeat(width - displayWidth(cell));
    });
    yield* out.write(`${cells.join(gap)}\n`);
  }
  yield* out.flush();
  return status;
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
