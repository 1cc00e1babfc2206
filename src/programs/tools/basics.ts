/** The smallest programs: true, false, echo, printf, test, sleep, yes, pwd, clear, env's kin. */
import type { Task } from '../../ground/base/task.ts';
import { bytesOfEscaped, decodeEscapes, formatPrintf } from '../../ground/lang/printf.ts';
import { evaluateTest, type TestView } from '../../ground/lang/test-expression.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { fileTest, isFileTest } from '../../machines/machine/file-test.ts';
import type { Process } from '../../machines/machine/process.ts';
import { complain, defineTool, usageError, quoted } from './support.ts';

export const trueTool = defineTool('true', function* yes() {
  return 0;
});

export const falseTool = defineTool('false', function* no() {
  return 1;
});

export const echo = defineTool('echo', function* run(process, args) {
  let newline = true;
  let escapes = false;
  let at = 0;
  while (/^-[neE]+$/.test(args[at] ?? '')) {
    for (const letter of (args[at] as string).slice(1)) {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
    at += 1;
  }
  const joined = args.slice(at).join(' ');
  const decoded = escapes ? decodeEscapes(joined, true) : { text: joined, stop: false };
  yield* process.stdout.write(
    bytesOfEscaped(decoded.text + (newline && !decoded.stop ? '\n' : '')),
  );
  return 0;
});

export const printf = defineTool('printf', function* run(process, args) {
  const [format, ...rest] = args;
  if (format === undefined) return yield* usageError(process, 'missing operand');
  const printed = formatPrintf(format, rest, {
    stops: true,
    time: (text, seconds) =>
      formatDate(text, seconds === undefined ? process.clock.wall() : seconds * 1_000_000),
  });
  yield* process.stdout.write(bytesOfEscaped(printed.text));
  for (const fault of printed.faults)
    yield* complain(
      process,
      fault.replace(
        /^(.*): invalid number$/,
        (_, text: string) => `${quoted(process, text)}: expected a numeric value`,
      ),
    );
  return printed.faults.length === 0 ? 0 : 1;
});

function testView(process: Process): TestView {
  const number = (text: string): number | undefined =>
    /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined;
  return {
    unary(operator, operand) {
      if (operator === '-n') return operand !== '';
      if (operator === '-z') return operand === '';
      if (operator === '-t')
        return process.descriptors.get(Number(operand))?.terminal !== undefined;
      return isFileTest(operator) ? fileTest(process, operator, operand) : undefined;
    },
    binary(left, operator, right) {
      if (operator === '=' || operator === '==') return left === right;
      if (operator === '!=') return left !== right;
      if (operator === '-nt' || operator === '-ot') {
        const a = process.files.stat(operator === '-nt' ? left : right);
        const b = process.files.stat(operator === '-nt' ? right : left);
        return a.ok && (!b.ok || a.value.modified > b.value.modified);
      }
      if (!/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) return undefined;
      const a = number(left);
      const b = number(right);
      if (a === undefined || b === undefined)
        return `invalid integer '${a === undefined ? left : right}'`;
      if (operator === '-eq') return a === b;
      if (operator === '-ne') return a !== b;
      if (operator === '-lt') return a < b;
      if (operator === '-le') return a <= b;
      return operator === '-gt' ? a > b : a >= b;
    },
  };
}

function* runTest(process: Process, args: readonly string[]): Task<number> {
  const result = evaluateTest(args, testView(process));
  if (result.ok) return result.value ? 0 : 1;
  yield* complain(process, result.error);
  return 2;
}

export const test = defineTool('test', function* run(process, args) {
  return yield* runTest(process, args);
});

export const bracket = defineTool('[', function* run(process, args) {
  if (args.at(-1) !== ']') {
    yield* complain(process, "missing ']'");
    return 2;
  }
  return yield* runTest(process, args.slice(0, -1));
});

/** Microseconds of `1`, `0.5`, `2m`, `1h`, `1d`, `infinity`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY;
  const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] === 'm' ? 60 : match[2] === 'h' ? 3600 : match[2] === 'd' ? 86_400 : 1;
  return Math.floor(Number(match[1]) * unit * 1_000_000);
}

/** Longest that a sleep is scheduled for at once: about 30 years. */
const SLEEP_MAX = 1e15;

export const sleep = defineTool('sleep', function* run(process, args) {
  if (args.length === 0) return yield* usageError(process, 'missing operand');
  let total = 0;
  for (const arg of args) {
    const span = parseDuration(arg);
    if (span === undefined)
      return yield* usageError(process, `invalid time interval ${quoted(process, arg)}`);
    total += span;
  }
  yield* process.sleep(Math.min(total, SLEEP_MAX));
  return 0;
});

export const yes = defineTool('yes', function* run(process, args) {
  const text = `${args.length === 0 ? 'y' : args.join(' ')}\n`.repeat(64);
  for (;;) {
    const written = yield* process.stdout.write(text);
    if (!written.ok) {
      if (written.error === 'EPIPE') yield* process.print(text);
      return 1;
    }
    yield* process.work(20);
  }
});

export const pwd = defineTool('pwd', function* run(process, args) {
  const real = args.includes('-P') ? process.files.realpath(process.cwd) : undefined;
  yield* process.print(`${real?.ok === true ? real.value : process.cwd}\n`);
  return 0;
});

export const clear = defineTool('clear', function* run(process) {
  yield* process.print('\x1b[H\x1b[2J\x1b[3J');
  return 0;
});
