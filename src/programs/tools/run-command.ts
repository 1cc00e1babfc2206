/** env, timeout, xargs: programs that run another one. */
import { textOf } from '../../ground/base/bytes.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import { quoteShell } from '../../ground/lang/shell-quote.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process, Program, SpawnError } from '../../machines/machine/process.ts';
import { parseSignal } from '../../machines/machine/signals.ts';
import { parseDuration } from './basics.ts';
import {
  complain,
  defineTool,
  nameOf,
  openInput,
  parseOptions,
  quoted,
  quoteName,
  readAll,
  usageError,
} from './support.ts';

function* couldNotRun(process: Process, error: SpawnError, name: string): Task<number> {
  yield* complain(
    process,
    /^(?:timeout|nohup)$/.test(nameOf(process))
      ? `failed to run command ${nameOf(process) === 'nohup' ? quoteName(name) : quoted(process, name)}: ${strerror(error.errno)}`
      : nameOf(process) === 'xargs'
        ? `${name}: ${strerror(error.errno)}`
        : `${quoted(process, name)}: ${strerror(error.errno)}`,
  );
  return error.errno === 'ENOENT' ? 127 : 126;
}

export const env = defineTool('env', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'iu:C:0',
    long: { 'ignore-environment': 'i', unset: 'u:', chdir: 'C:', null: '0' },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error, 125);
  const { value } = options;
  const operands = [...value.operands];
  const environment = new Map(value.has('i') || operands[0] === '-' ? [] : process.env);
  if (operands[0] === '-') operands.shift();
  for (const name of value.all('u')) environment.delete(name);
  while (operands[0]?.includes('=') === true) {
    const item = operands.shift() as string;
    const equals = item.indexOf('=');
    environment.set(item.slice(0, equals), item.slice(equals + 1));
  }
  if (operands.length === 0) {
    const end = value.has('0') ? '\0' : '\n';
    yield* process.print([...environment].map(([name, text]) => `${name}=${text}${end}`).join(''));
    return 0;
  }
  const cwd = value.get('C');
  const child = process.spawn({
    argv: operands,
    env: environment,
    ...(cwd === undefined ? {} : { cwd: process.files.resolve(cwd) }),
  });
  if (!child.ok) return yield* couldNotRun(process, child.error, operands[0] as string);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.onSignal(signal, () => {
      child.value.signal(signal);
    });
  return (yield* child.value.wait()).code;
});

export const timeout: Program = defineTool('timeout', function* run(process, args) {
  const options = parseOptions(args, {
    short: 's:k:v',
    long: {
      signal: 's:',
      'kill-after': 'k:',
      verbose: 'v',
      'preserve-status': 'p',
      foreground: 'f',
    },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error, 125);
  const { value } = options;
  const [span, ...command] = value.operands;
  if (span === undefined || command.length === 0) {
    yield* process.printError("Try 'timeout --help' for more information.\n");
    return 125;
  }
  const limit = parseDuration(span);
  if (limit === undefined)
    return yield* usageError(process, `invalid time interval ${quoted(process, span)}`, 125);
  const signal = value.has('s') ? parseSignal(value.get('s') ?? '') : 'SIGTERM';
  if (signal === undefined)
    return yield* usageError(
      process,
      `${quoted(process, value.get('s') ?? '')}: invalid signal`,
      125,
    );
  const child = process.spawn({ argv: command });
  if (!child.ok) return yield* couldNotRun(process, child.error, command[0] as string);
  for (const each of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.onSignal(each, () => {
      child.value.signal(each);
    });
  if (limit === 0 || limit === Number.POSITIVE_INFINITY) return (yield* child.value.wait()).code;
  const first = yield* anyOf([child.value.exited], limit);
  if (first.index === 0) return (yield* child.value.wait()).code;
  const tell = function* (sent: string): Task<void> {
    if (value.has('v'))
      yield* complain(
        process,
        `sending signal ${sent.slice(3)} to command ${quoted(process, command[0] as string)}`,
      );
  };
  yield* tell(signal);
  child.value.signal(signal);
  const after = value.get('k');
  const grace = after === undefined ? undefined : parseDuration(after);
  if (grace !== undefined) {
    const second = yield* anyOf([child.value.exited], grace);
    if (second.index < 0) {
      yield* tell('SIGKILL');
      child.value.signal('SIGKILL');
      yield* child.value.wait();
      return 137;
    }
  }
  const ended = yield* child.value.wait();
  return value.has('p') ? ended.code : signal === 'SIGKILL' ? 137 : 124;
});

/** Runs a command that a hangup does not end; output at a terminal goes to nohup.out. */
export const nohup = defineTool('nohup', function* run(process, args) {
  const command = args[0] === '--' ? args.slice(1) : args;
  if (command.length === 0) return yield* usageError(process, 'missing operand', 125);
  const descriptors = new Map(process.descriptors);
  const input = process.stdin.terminal !== undefined;
  const output = process.stdout.terminal !== undefined;
  const file = output ? process.files.open('nohup.out', 'a', 0o600) : undefined;
  const empty = input ? process.files.open('/dev/null', 'r') : undefined;
  if (file?.ok === false) {
    yield* complain(process, `failed to open 'nohup.out': ${strerror(file.error)}`);
    return 125;
  }
  if (empty?.ok === true) descriptors.set(0, empty.value);
  if (file?.ok === true) {
    descriptors.set(1, file.value);
    if (process.stderr.terminal !== undefined) descriptors.set(2, file.value);
  }
  if (input || output)
    yield* complain(
      process,
      [input ? 'ignoring input' : '', output ? "appending output to 'nohup.out'" : '']
        .filter((words) => words !== '')
        .join(' and '),
    );
  process.onSignal('SIGHUP', 'ignore');
  const child = process.spawn({ argv: command, descriptors });
  if (!child.ok) return yield* couldNotRun(process, child.error, command[0] as string);
  return (yield* child.value.wait()).code;
});

/** Words of xargs: blanks separate, quotes and backslashes protect. */
function splitArguments(text: string): string[] | string {
  const out: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] as string;
    if (/[ \t\n]/.test(char)) {
      if (word !== undefined) out.push(word);
      word = undefined;
    } else if (char === '"' || char === "'") {
      const end = text.indexOf(char, index + 1);
      const line = text.indexOf('\n', index);
      if (end < 0 || (line >= 0 && line < end))
        return `unmatched ${char === '"' ? 'double' : 'single'} quote; by default quotes are special to xargs unless you use the -0 option`;
      word = (word ?? '') + text.slice(index + 1, end);
      index = end;
    } else if (char === '\\') {
      index += 1;
      word = (word ?? '') + (text[index] ?? '');
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) out.push(word);
  return out;
}

export const xargs = defineTool('xargs', function* run(process, args) {
  const options = parseOptions(args, {
    short: '0rtn:I:L:P:d:s:E:pxi::a:',
    long: {
      null: '0',
      'no-run-if-empty': 'r',
      verbose: 't',
      'max-args': 'n:',
      replace: 'I:',
      'max-lines': 'L:',
      'max-procs': 'P:',
      'max-chars': 's:',
      'arg-file': 'a:',
      interactive: 'p',
      exit: 'x',
      delimiter: 'd:',
    },
    posix: true,
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  for (const [letter, least] of [
    ['n', 1],
    ['L', 1],
    ['s', 1],
    ['P', 0],
  ] as const) {
    const text = value.get(letter);
    if (text === undefined) continue;
    if (!/^-?\d+$/.test(text))
      return yield* usageError(process, `invalid number "${text}" for -${letter} option`);
    if (Number(text) < least)
      return yield* usageError(
        process,
        `value ${text} for -${letter} option should be >= ${least}`,
      );
  }
  const command = value.operands.length === 0 ? ['echo'] : value.operands;
  const source = value.get('a');
  const input = source === undefined ? undefined : openInput(process, source);
  if (input?.ok === false) {
    yield* complain(process, `Cannot open input file '${source}': ${strerror(input.error)}`);
    return 1;
  }
  const text = textOf(yield* readAll(input?.value ?? process.stdin));
  const delimiter = value.has('0')
    ? '\0'
    : value.get('d')?.replace(/\\n/, '\n').replace(/\\t/, '\t').replace(/\\0/, '\0');
  const mark = value.get('I') ?? (value.has('i') ? value.get('i') || '{}' : undefined);
  let items: string[];
  if (delimiter !== undefined) {
    items = text.split(delimiter);
    if (items.at(-1) === '') items.pop();
  } else if (mark !== undefined || value.has('L')) {
    items = text
      .split('\n')
      .map((line) => line.replace(/^[ \t]+/, ''))
      .filter((line) => line.trim() !== '');
  } else {
    const words = splitArguments(text);
    if (typeof words === 'string') {
      yield* complain(process, words);
      return 1;
    }
    items = words;
  }
  const groups: string[][] = [];
  if (mark !== undefined)
    for (const item of items)
      groups.push(
        command.map((part, index) =>
          index === 0 && !part.includes(mark) ? part : part.split(mark).join(item),
        ),
      );
  else if (value.has('L')) {
    const per = Number(value.get('L'));
    for (let at = 0; at < items.length; at += per) {
      const words = splitArguments(items.slice(at, at + per).join('\n'));
      groups.push([...command, ...(typeof words === 'string' ? [] : words)]);
    }
  } else {
    const per = Number(value.get('n') ?? '5000');
    for (let at = 0; at < items.length; at += per)
      groups.push([...command, ...items.slice(at, at + per)]);
    if (items.length === 0 && !value.has('r')) groups.push([...command]);
  }
  let status = 0;
  const empty = process.files.open('/dev/null', 'r');
  const descriptors = new Map(process.descriptors);
  if (empty.ok) descriptors.set(0, empty.value);
  for (const argv of groups) {
    if (value.has('t')) yield* process.printError(`${argv.map(quoteShell).join(' ')}\n`);
    const child = process.spawn({ argv, descriptors });
    if (!child.ok) return yield* couldNotRun(process, child.error, argv[0] as string);
    const ended = yield* child.value.wait();
    if (ended.code === 255) {
      yield* complain(process, `${argv[0]}: exited with status 255; aborting`);
      return 124;
    }
    if (ended.signal !== undefined) return 125;
    if (ended.code !== 0) status = 123;
  }
  return status;
});
