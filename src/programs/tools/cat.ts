/** cat, tac, rev, nl, tee: text through, in other shapes (GNU coreutils 9.1). */
import { textOf } from '../../ground/base/bytes.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import {
  allLines,
  complain,
  defineTool,
  eachInput,
  LineReader,
  Output,
  parseOptions,
  readAll,
  usageError,
} from './support.ts';

export const cat = defineTool('cat', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'nbsEAeTtvu',
    long: {
      number: 'n',
      'number-nonblank': 'b',
      'squeeze-blank': 's',
      'show-ends': 'E',
      'show-all': 'A',
      'show-tabs': 'T',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const ends = value.has('E') || value.has('A') || value.has('e');
  const tabs = value.has('T') || value.has('A') || value.has('t');
  const numbers = value.has('n') || value.has('b');
  const plain = !ends && !tabs && !numbers && !value.has('s');
  const out = new Output(process);
  let count = 0;
  let blank = false;
  const status = yield* eachInput(process, value.operands, function* show(file) {
    if (plain) {
      for (;;) {
        const chunk = yield* file.read();
        if (!chunk.ok || chunk.value === undefined) return;
        const written = yield* process.stdout.write(chunk.value);
        if (!written.ok) {
          yield* process.print(' ');
          return;
        }
      }
    }
    const reader = new LineReader(file, out);
    for (;;) {
      const line = yield* reader.next();
      if (line === undefined) break;
      if (value.has('s') && line.text === '' && blank) continue;
      blank = line.text === '';
      const shown = tabs ? line.text.replace(/\t/g, '^I') : line.text;
      const skip = value.has('b') && line.text === '';
      if (numbers && !skip) count += 1;
      const head = numbers && !skip ? `${`${count}`.padStart(6)}\t` : '';
      yield* out.write(head + shown + (ends && line.ended ? '$' : '') + (line.ended ? '\n' : ''));
    }
  });
  yield* out.flush();
  return status;
});

export const tac = defineTool('tac', function* run(process, args) {
  const out = new Output(process);
  const status = yield* eachInput(process, args, function* reverse(file) {
    const text = textOf(yield* readAll(file));
    const lines = text.split(/(?<=\n)/);
    for (const line of lines.reverse()) yield* out.write(line);
  });
  yield* out.flush();
  return status;
});

export const rev = defineTool('rev', function* run(process, args) {
  const out = new Output(process);
  const status = yield* eachInput(process, args, function* reverse(file) {
    const reader = new LineReader(file, out);
    for (;;) {
      const line = yield* reader.next();
      if (line === undefined) return;
      yield* out.write([...line.text].reverse().join('') + (line.ended ? '\n' : ''));
    }
  });
  yield* out.flush();
  return status;
});

export const nl = defineTool('nl', function* run(process, args) {
  const options = parseOptions(args, { short: 'b:w:s:v:i:n:' });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const all = value.get('b') === 'a';
  const width = Number(value.get('w') ?? '6');
  const separator = value.get('s') ?? '\t';
  const step = Number(value.get('i') ?? '1');
  let count = Number(value.get('v') ?? '1');
  const form = value.get('n') ?? 'rn';
  const { lines, status } = yield* allLines(process, value.operands);
  const out = new Output(process);
  for (const line of lines) {
    if (line === '' && !all) {
      yield* out.write(`${' '.repeat(width + separator.length)}${line}\n`);
      continue;
    }
    const number =
      form === 'ln'
        ? `${count}`.padEnd(width)
        : form === 'rz'
          ? `${count}`.padStart(width, '0')
          : `${count}`.padStart(width);
    yield* out.write(`${number}${separator}${line}\n`);
    count += step;
  }
  yield* out.flush();
  return status;
});

export const tee = defineTool('tee', function* run(process, args) {
  const options = parseOptions(args, { short: 'aip', long: { append: 'a' } });
  if (!options.ok) return yield* usageError(process, options.error);
  const files: OpenFile[] = [];
  let status = 0;
  for (const path of options.value.operands) {
    const file = process.files.open(path, options.value.has('a') ? 'a' : 'w');
    if (file.ok) files.push(file.value);
    else {
      yield* complain(process, `${path}: ${strerror(file.error)}`);
      status = 1;
    }
  }
  for (;;) {
    const chunk = yield* process.stdin.read();
    if (!chunk.ok || chunk.value === undefined) break;
    for (const file of files) yield* file.write(chunk.value);
    const written = yield* process.stdout.write(chunk.value);
    if (!written.ok) yield* process.print(' ');
  }
  for (const file of files) file.close();
  return status;
});
