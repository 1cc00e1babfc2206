/** base64, od, hexdump, xxd, cksum's kin: bytes as text. */
import { base64Of, parseBase64, textOf } from '../../ground/base/bytes.ts';
import {
  complain,
  defineTool,
  eachInput,
  Output,
  parseOptions,
  parseSize,
  readAll,
  usageError,
} from './support.ts';

export const base64 = defineTool('base64', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'diw:',
    long: { decode: 'd', 'ignore-garbage': 'i', wrap: 'w:' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const width = Number(value.get('w') ?? '76');
  let status = 0;
  const code = yield* eachInput(process, value.operands, function* convert(file) {
    const bytes = yield* readAll(file);
    if (value.has('d')) {
      const text = textOf(bytes);
      const clean = (value.has('i') ? text.replace(/[^A-Za-z0-9+/=]/g, '') : text).replace(
        /\s/g,
        '',
      );
      const good = /^[A-Za-z0-9+/]*={0,2}$/.test(clean) && clean.length % 4 === 0;
      const prefix = good ? clean : decodable(clean);
      yield* process.stdout.write(parseBase64(prefix) ?? new Uint8Array());
      if (!good) {
        yield* complain(process, 'invalid input');
        status = 1;
      }
      return;
    }
    const text = base64Of(bytes);
    const lines = width === 0 ? text : text.replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n');
    yield* process.print(lines);
  });
  return Math.max(code, status);
});

/** What of a damaged text can still be decoded: whole groups, and the bytes that a last one holds. */
function decodable(text: string): string {
  const letters = /^[A-Za-z0-9+/]*/.exec(text)?.[0] ?? '';
  const over = letters.length % 4;
  return over < 2
    ? letters.slice(0, letters.length - over)
    : letters.padEnd(letters.length + 4 - over, '=');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}

export const xxd = defineTool('xxd', function* run(process, args) {
  const options = parseOptions(args, { short: 'prl:c:us:g:' });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const out = new Output(process);
  const status = yield* eachInput(process, value.operands.slice(0, 1), function* dump(file) {
    let bytes = yield* readAll(file);
    if (value.has('r')) {
      const text = textOf(bytes)
        .split('\n')
        .map((line) =>
          value.has('p') ? line : (line.replace(/^[0-9a-f]+:\s?/i, '').split('  ')[0] ?? ''),
        )
        .join('')
        .replace(/\s/g, '');
      const raw = new Uint8Array(Math.floor(text.length / 2));
      for (let index = 0; index < raw.length; index += 1)
        raw[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
      yield* process.stdout.write(raw);
      return;
    }
    bytes = bytes.subarray(Number(value.get('s') ?? '0'));
    if (value.has('l')) bytes = bytes.subarray(0, Number(value.get('l')));
    const per = Number(value.get('c') ?? (value.has('p') ? '30' : '16'));
    for (let at = 0; at < bytes.length; at += per) {
      const row = [...bytes.subarray(at, at + per)];
      if (value.has('p')) yield* out.write(`${row.map(hex).join('')}\n`);
      else {
        let groups = '';
        row.forEach((byte, index) => {
          groups += hex(byte) + (index % 2 === 1 ? ' ' : '');
        });
        const width = per * 2 + Math.ceil(per / 2);
        yield* out.write(
          `${at.toString(16).padStart(8, '0')}: ${groups.padEnd(width)} ${row.map(printable).join('')}\n`,
        );
      }
    }
  });
  yield* out.flush();
  return status;
});

export const hexdump = defineTool('hexdump', function* run(process, args) {
  const options = parseOptions(args, { short: 'Ccbvn:s:' });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const out = new Output(process);
  const status = yield* eachInput(process, value.operands, function* dump(file) {
    let bytes = yield* readAll(file);
    const start = parseSize(value.get('s') ?? '0') ?? 0;
    bytes = bytes.subarray(start);
    if (value.has('n')) bytes = bytes.subarray(0, parseSize(value.get('n') ?? '') ?? bytes.length);
    let last = '';
    let starred = false;
    for (let at = 0; at < bytes.length; at += 16) {
      const row = [...bytes.subarray(at, at + 16)];
      const body = value.has('C')
        ? canonical(row)
        : value.has('c')
          ? row
              .map((byte) => charCell(byte).padStart(4))
              .join('')
              .padEnd(64)
          : words(row);
      if (body === last && at + 16 < bytes.length && !value.has('v')) {
        if (!starred) yield* out.write('*\n');
        starred = true;
        continue;
      }
      starred = false;
      last = body;
      yield* out.write(
        `${(start + at).toString(16).padStart(value.has('C') ? 8 : 7, '0')}${body}\n`,
      );
    }
    if (bytes.length > 0)
      yield* out.write(
        `${(start + bytes.length).toString(16).padStart(value.has('C') ? 8 : 7, '0')}\n`,
      );
  });
  yield* out.flush();
  return status;
});

function canonical(row: readonly number[]): string {
  const left = row.slice(0, 8).map(hex).join(' ');
  const right = row.slice(8).map(hex).join(' ');
  return `  ${left.padEnd(23)}  ${right.padEnd(23)}  |${row.map(printable).join('')}|`;
}

function words(row: readonly number[]): string {
  let text = '';
  for (let index = 0; index < 16; index += 2) {
    const low = row[index];
    text += low === undefined ? '     ' : ` ${hex(row[index + 1] ?? 0)}${hex(low)}`;
  }
  return text;
}

export const od = defineTool('od', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'A:t:cxbdoN:vj:w:',
    long: {
      'address-radix': 'A:',
      format: 't:',
      'read-bytes': 'N:',
      'skip-bytes': 'j:',
      'output-duplicates': 'v',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const parts: Uint8Array[] = [];
  const status = yield* eachInput(process, value.operands, function* gather(file) {
    parts.push(yield* readAll(file));
  });
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  const skipped = parseSize(value.get('j') ?? '0') ?? 0;
  const rest = all.subarray(skipped);
  const bytes = value.has('N') ? rest.subarray(0, Number(value.get('N'))) : rest;
  const radix = value.get('A') ?? 'o';
  const address = (at: number): string =>
    radix === 'n'
      ? ''
      : radix === 'x'
        ? at.toString(16).padStart(6, '0')
        : radix === 'd'
          ? `${at}`.padStart(7, '0')
          : at.toString(8).padStart(7, '0');
  const type =
    value.get('t') ?? (value.has('c') ? 'c' : value.has('x') ? 'x2' : value.has('b') ? 'o1' : 'o2');
  const out = new Output(process);
  let last = '';
  let starred = false;
  for (let at = 0; at < bytes.length; at += 16) {
    const row = formatRow(bytes.subarray(at, at + 16), type);
    if (row === last && at + 16 < bytes.length && !value.has('v')) {
      if (!starred) yield* out.write('*\n');
      starred = true;
      continue;
    }
    starred = false;
    last = row;
    yield* out.write(`${address(skipped + at)}${row}\n`);
  }
  if (radix !== 'n' && (parts.length > 0 || status === 0))
    yield* out.write(`${address(skipped + bytes.length)}\n`);
  yield* out.flush();
  return status;
});

function formatRow(row: Uint8Array, type: string): string {
  const kind = type[0] ?? 'o';
  if (kind === 'c' || kind === 'a')
    return [...row].map((byte) => charCell(byte).padStart(4)).join('');
  const size = Number(type.slice(1).replace(/z$/, '') || '4');
  let text = '';
  for (let at = 0; at < row.length; at += size) {
    let value = 0n;
    for (let byte = size - 1; byte >= 0; byte -= 1)
      value = value * 256n + BigInt(row[at + byte] ?? 0);
    if (kind === 'x') text += ` ${value.toString(16).padStart(size * 2, '0')}`;
    else if (kind === 'o')
      text += ` ${value.toString(8).padStart(size === 1 ? 3 : size === 2 ? 6 : 11, '0')}`;
    else
      text += ` ${(kind === 'd' ? BigInt.asIntN(size * 8, value) : value).toString().padStart(size === 1 ? (kind === 'd' ? 4 : 3) : size === 2 ? (kind === 'd' ? 6 : 5) : size === 4 ? (kind === 'd' ? 11 : 10) : 20)}`;
  }
  if (!type.endsWith('z')) return text;
  const cell = row.length === 0 ? 0 : text.length / Math.ceil(row.length / size);
  return `${text.padEnd(cell * Math.ceil(16 / size))}  >${[...row].map(printable).join('')}<`;
}

function charCell(byte: number): string {
  const names: Readonly<Record<number, string>> = {
    0: '\\0',
    7: '\\a',
    8: '\\b',
    9: '\\t',
    10: '\\n',
    11: '\\v',
    12: '\\f',
    13: '\\r',
  };
  if (Object.hasOwn(names, byte)) return names[byte] as string;
  return byte >= 0x20 && byte < 0x7f
    ? String.fromCharCode(byte)
    : byte.toString(8).padStart(3, '0');
}
