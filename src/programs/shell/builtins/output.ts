/** echo, printf, test and the ones that do nothing. */
import type { Task } from '../../../ground/base/task.ts';
import { decodeEscapes, formatPrintf } from '../../../ground/lang/printf.ts';
import { formatDate } from '../../../ground/lang/strftime.ts';
import { evaluateTest, type TestView } from '../../../ground/lang/test-expression.ts';
import { assign, assignElement } from '../assign.ts';
import { binaryTest, compareNumbers, unaryTest } from '../conditional.ts';
import { complainPending } from '../report.ts';
import type { Shell } from '../state.ts';
import type { Builtin } from './types.ts';

function* echo(shell: Shell, argv: string[]): Task<number> {
  let newline = true;
  let escapes = shell.shopt.has('xpg_echo');
  let at = 1;
  while (/^-[neE]+$/.test(argv[at] ?? '')) {
    for (const letter of (argv[at] as string).slice(1)) {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
    at += 1;
  }
  const joined = argv.slice(at).join(' ');
  if (!escapes) return (yield* shell.write(1, newline ? `${joined}\n` : joined)) ? 0 : 1;
  const decoded = decodeEscapes(joined, true);
  return (yield* shell.write(1, decoded.text + (newline && !decoded.stop ? '\n' : ''))) ? 0 : 1;
}

const PRINTF_USAGE = 'printf: usage: printf [-v var] format [arguments]\n';

function* printf(shell: Shell, argv: string[]): Task<number> {
  let args = argv.slice(1);
  let target: string | undefined;
  while (/^-./.test(args[0] ?? '') && shell.flavour !== 'ash') {
    const option = args[0] as string;
    args = args.slice(1);
    if (option === '--') break;
    if (!option.startsWith('-v')) {
      yield* shell.complain(`printf: -${option.charAt(1)}: invalid option`);
      yield* shell.write(2, PRINTF_USAGE);
      return 2;
    }
    target = option.length > 2 ? option.slice(2) : args.shift();
    if (target === undefined) {
      yield* shell.complain('printf: -v: option requires an argument');
      yield* shell.write(2, PRINTF_USAGE);
      return 2;
    }
  }
  const [format, ...rest] = args;
  if (format === undefined) {
    yield* shell.write(2, PRINTF_USAGE);
    return 2;
  }
  const printed = formatPrintf(format, rest, {
    time: (text, seconds) =>
      formatDate(text, seconds === undefined ? shell.process.clock.wall() : seconds * 1_000_000),
  });
  let good = true;
  if (target === undefined) good = yield* shell.write(1, printed.text);
  else {
    const match = /^([A-Za-z_]\w*)(?:\[(.*)\])?$/.exec(target);
    if (match === null) {
      yield* shell.complain(`printf: \`${target}': not a valid identifier`);
      return 2;
    }
    if (match[2] === undefined) assign(shell, match[1] as string, printed.text, false);
    else assignElement(shell, match[1] as string, match[2], printed.text, false);
    yield* complainPending(shell);
  }
  for (const warning of printed.warnings) yield* shell.complain(`printf: warning: ${warning}`);
  for (const fault of printed.faults) yield* shell.complain(`printf: ${fault}`);
  return good && printed.faults.length === 0 ? 0 : 1;
}

function testView(shell: Shell): TestView {
  return {
    unary: (operator, operand) => {
      if (operator === '-a') return unaryTest(shell, '-e', operand);
      return /^-.$/.test(operator) ? unaryTest(shell, operator, operand) : undefined;
    },
    binary: (left, operator, right) => {
      if (!/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) return binaryTest(shell, left, operator, right);
      const a = integerOf(left);
      if (a === undefined) return `${left}: integer expression expected`;
      const b = integerOf(right);
      if (b === undefined) return `${right}: integer expression expected`;
      return compareNumbers(operator, a, b);
    },
  };
}

function integerOf(text: string): bigint | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim().replace(/^\+/, '')) : undefined;
}

function* test(shell: Shell, argv: string[]): Task<number> {
  let args = argv.slice(1);
  const name = argv[0] as string;
  if (name === '[') {
    if (args.at(-1) !== ']') {
      yield* shell.complain("[: missing `]'");
      return 2;
    }
    args = args.slice(0, -1);
  }
  const result = evaluateTest(args, testView(shell));
  if (result.ok) return result.value ? 0 : 1;
  yield* shell.complain(`${name}: ${result.error}`);
  return 2;
}

function* succeed(): Task<number> {
  return 0;
}

function* fail(): Task<number> {
  return 1;
}

export const OUTPUT_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['echo', echo],
  ['printf', printf],
  ['test', test],
  ['[', test],
  [':', succeed],
  ['true', succeed],
  ['false', fail],
];
