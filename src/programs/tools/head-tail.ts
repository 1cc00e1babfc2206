/** head and tail, with `-f` (GNU coreutils 9.1). */
import { textOf } from '../../ground/base/bytes.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import {
  complain,
  defineTool,
  LineReader,
  openInput,
  Output,
  parseOptions,
  parseSize,
  type ParsedOptions,
  readAll,
  usageError,
  quoted,
} from './support.ts';

/** `-5` is `-n 5`. */
function modern(args: readonly string[]): string[] {
  const first = args[0] ?? '';
  const match = /^-(\d+)([cqv]*)$/.exec(first);
  if (match === null) return /^\+\d+$/.test(first) ? ['-n', first, ...args.slice(1)] : [...args];
  return ['-n', match[1] as string, ...args.slice(1)];
}

interface Amount {
  readonly bytes: boolean;
  readonly count: number;
  /** head: all but the last; tail: from there on. */
  readonly fromOther: boolean;
}

function* amountOf(
  process: Process,
  options: ParsedOptions,
  sign: '-' | '+',
): Task<Amount | undefined> {
  const bytes = options.has('c');
  const text = options.get(bytes ? 'c' : 'n') ?? '10';
  const count = parseSize(text.replace(/^[-+]/, ''));
  if (count === undefined) {
    yield* complain(
      process,
      `invalid number of ${bytes ? 'bytes' : 'lines'}: ${quoted(process, text)}`,
    );
    return undefined;
  }
  return { bytes, count, fromOther: text.startsWith(sign) };
}

const SPEC = {
  short: 'n:c:qvfFs:',
  long: {
    lines: 'n:',
    bytes: 'c:',
    quiet: 'q',
    silent: 'q',
    verbose: 'v',
    follow: 'f::',
    retry: 'r',
    'sleep-interval': 's:',
    pid: 'p:',
  },
} as const;

function* runEach(
  process: Process,
  options: ParsedOptions,
  out: Output,
  body: (file: OpenFile) => Task<void>,
  keep?: (path: string, file: OpenFile) => void,
): Task<number> {
  const paths = options.operands.length === 0 ? ['-'] : options.operands;
  const titles = (paths.length > 1 || options.has('v')) && !options.has('q');
  let status = 0;
  let shown = 0;
  for (const path of paths) {
    const file = openInput(process, path);
    if (!file.ok) {
      yield* out.flush();
      const words =
        file.error === 'EISDIR'
          ? `error reading '${path}': ${strerror('EISDIR')}`
          : `cannot open '${path}' for reading: ${strerror(file.error)}`;
      yield* complain(process, words);
      status = 1;
      continue;
    }
    if (titles)
      yield* out.write(
        `${shown > 0 ? '\n' : ''}==> ${path === '-' ? 'standard input' : path} <==\n`,
      );
    shown += 1;
    yield* body(file.value);
    if (keep === undefined) file.value.close();
    else keep(path, file.value);
  }
  yield* out.flush();
  return status;
}

export const head = defineTool('head', function* run(process, args) {
  const options = parseOptions(modern(args), SPEC);
  if (!options.ok) return yield* usageError(process, options.error);
  const amount = yield* amountOf(process, options.value, '-');
  if (amount === undefined) return 1;
  const out = new Output(process);
  return yield* runEach(process, options.value, out, function* show(file) {
    if (amount.bytes) {
      const bytes = amount.fromOther ? yield* readAll(file) : yield* readSome(file, amount.count);
      const end = amount.fromOther ? Math.max(0, bytes.length - amount.count) : amount.count;
      yield* out.flush();
      yield* process.stdout.write(bytes.subarray(0, end));
      return;
    }
    const reader = new LineReader(file, out);
    const held: string[] = [];
    for (let count = 0; amount.fromOther || count < amount.count; count += 1) {
      const line = yield* reader.next();
      if (line === undefined) return;
      const text = line.text + (line.ended ? '\n' : '');
      if (!amount.fromOther) yield* out.write(text);
      else {
        held.push(text);
        if (held.length > amount.count) yield* out.write(held.shift() as string);
      }
    }
  });
});

function* readSome(file: OpenFile, count: number): Task<Uint8Array> {
  const out = new Uint8Array(count);
  let length = 0;
  while (length < count) {
    const chunk = yield* file.read(count - length);
    if (!chunk.ok || chunk.value === undefined) break;
    out.set(chunk.value, length);
    length += chunk.value.length;
  }
  return out.subarray(0, length);
}

export const tail = defineTool('tail', function* run(process, args) {
  const options = parseOptions(modern(args), SPEC);
  if (!options.ok) return yield* usageError(process, options.error);
  const amount = yield* amountOf(process, options.value, '+');
  if (amount === undefined) return 1;
  const out = new Output(process);
  const follows = options.value.has('f') || options.value.has('F');
  const kept: Followed[] = [];
  const status = yield* runEach(
    process,
    options.value,
    out,
    function* show(file) {
      const bytes = yield* readAll(file);
      if (amount.bytes) {
        yield* out.flush();
        yield* process.stdout.write(
          amount.fromOther
            ? bytes.subarray(Math.max(0, amount.count - 1))
            : bytes.subarray(Math.max(0, bytes.length - amount.count)),
        );
        return;
      }
      const lines = textOf(bytes).split(/(?<=\n)/);
      if (lines.at(-1) === '') lines.pop();
      const chosen = amount.fromOther
        ? lines.slice(Math.max(0, amount.count - 1))
        : amount.count === 0
          ? []
          : lines.slice(-amount.count);
      for (const line of chosen) yield* out.write(line);
    },
    follows ? (path, file) => kept.push({ path, file }) : undefined,
  );
  if (!follows || kept.length === 0) return status;
  return yield* follow(process, kept);
});

interface Followed {
  readonly path: string;
  readonly file: OpenFile;
}

/** Waits for changes and prints what was added, until the process is ended. */
function* follow(process: Process, kept: readonly Followed[]): Task<number> {
  const watches = kept.map((item) =>
    item.path === '-' ? undefined : process.files.watch(process.files.resolve(`${item.path}/..`)),
  );
  let last = kept.at(-1)?.path;
  for (;;) {
    let grew = false;
    for (const item of kept) {
      const chunk = yield* item.file.read();
      if (!chunk.ok || chunk.value === undefined) continue;
      grew = true;
      if (kept.length > 1 && last !== item.path) yield* process.print(`\n==> ${item.path} <==\n`);
      last = item.path;
      const written = yield* process.stdout.write(chunk.value);
      if (!written.ok) {
        yield* process.print(' ');
        return 1;
      }
    }
    if (grew) continue;
    const waits = watches.flatMap((watch) => (watch?.ok === true ? [watch.value.readable] : []));
    if (waits.length === 0) yield* process.sleep(1_000_000);
    else {
      const first = yield* anyOf(waits);
      const chosen = watches.filter((watch) => watch?.ok === true)[first.index];
      if (chosen?.ok === true) yield* chosen.value.receive();
    }
  }
}
