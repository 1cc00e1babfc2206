/** expr: arithmetic, comparison and matching of arguments (GNU coreutils 9.1). */
import type { Task } from '../../ground/base/task.ts';
import { compareText } from '../../ground/base/text.ts';
import { compileBasic } from '../../ground/lang/regexp/posix.ts';
import type { Process } from '../../machines/machine/process.ts';
import { complain, defineTool, quoted, usageError } from './support.ts';

/** Parentheses inside one another. */
const DEPTH_MAX = 500;

class Evaluation {
  readonly #process: Process;
  readonly #args: readonly string[];
  #at = 0;
  #depth = 0;
  /** What was wrong first; values do not count after it. */
  fault: string | undefined;

  constructor(process: Process, args: readonly string[]) {
    this.#process = process;
    this.#args = args;
  }

  all(): string {
    const value = this.#or(true);
    const rest = this.#args[this.#at];
    if (rest !== undefined)
      this.#fail(`syntax error: unexpected argument ${quoted(this.#process, rest)}`);
    return value;
  }

  #fail(words: string): string {
    this.fault ??= words;
    this.#at = Math.max(this.#at, this.#args.length);
    return '';
  }

  #takes(...operators: readonly string[]): string | undefined {
    const next = this.#args[this.#at];
    if (next === undefined || !operators.includes(next)) return undefined;
    this.#at += 1;
    return next;
  }

  /** Where `counts` is false the value is not used, so that its faults are none. */
  #or(counts: boolean): string {
    let value = this.#and(counts);
    while (this.#takes('|') !== undefined) {
      const right = this.#and(counts && isNull(value));
      if (isNull(value)) value = isNull(right) ? '0' : right;
    }
    return value;
  }

  #and(counts: boolean): string {
    let value = this.#comparison(counts);
    while (this.#takes('&') !== undefined) {
      const right = this.#comparison(counts && !isNull(value));
      if (isNull(value) || isNull(right)) value = '0';
    }
    return value;
  }

  #comparison(counts: boolean): string {
    let left = this.#sum(counts);
    for (;;) {
      const operator = this.#takes('<', '<=', '=', '==', '!=', '>=', '>');
      if (operator === undefined) return left;
      const right = this.#sum(counts);
      const numbers = isInteger(left) && isInteger(right);
      const order = numbers ? Number(BigInt(left) - BigInt(right)) : compareText(left, right);
      left = compares(operator, order) ? '1' : '0';
    }
  }

  #sum(counts: boolean): string {
    let left = this.#product(counts);
    for (;;) {
      const operator = this.#takes('+', '-');
      if (operator === undefined) return left;
      const right = this.#product(counts);
      if (!counts) continue;
      const [a, b] = this.#numbers(left, right);
      left = `${operator === '+' ? a + b : a - b}`;
    }
  }

  #product(counts: boolean): string {
    let left = this.#match(counts);
    for (;;) {
      const operator = this.#takes('*', '/', '%');
      if (operator === undefined) return left;
      const right = this.#match(counts);
      if (!counts) continue;
      const [a, b] = this.#numbers(left, right);
      if (operator !== '*' && b === 0n) return this.#fail('division by zero');
      left = `${operator === '*' ? a * b : operator === '/' ? a / b : a % b}`;
    }
  }

  #numbers(left: string, right: string): readonly [bigint, bigint] {
    if (!isInteger(left) || !isInteger(right)) {
      this.#fail('non-integer argument');
      return [0n, 1n];
    }
    return [BigInt(left), BigInt(right)];
  }

  #match(counts: boolean): string {
    let left = this.#primary(counts);
    while (this.#takes(':') !== undefined) {
      const right = this.#primary(counts);
      if (counts) left = this.#matched(left, right);
    }
    return left;
  }

  /** The first group of a match at the beginning, or how many characters match. */
  #matched(text: string, pattern: string): string {
    const compiled = compileBasic(`^${pattern.replace(/^\^/, '')}`);
    if (!compiled.ok) return this.#fail(compiled.error);
    const match = compiled.value.match(text, 0);
    if (/\\\(/.test(pattern)) {
      const group = match?.groups[1];
      return group === undefined ? '' : text.slice(group.start, group.end);
    }
    return `${match === undefined ? 0 : [...text.slice(match.start, match.end)].length}`;
  }

  #primary(counts: boolean): string {
    const word = this.#args[this.#at];
    if (word === undefined)
      return this.#fail(
        `syntax error: missing argument after ${quoted(this.#process, this.#args[this.#at - 1] ?? '')}`,
      );
    this.#at += 1;
    if (word === '(') return this.#group(counts);
    if (word === ')') return this.#fail(`syntax error: unexpected ${quoted(this.#process, ')')}`);
    if (word === '+' && this.#at < this.#args.length) return this.#args[this.#at++] as string;
    const more = this.#at < this.#args.length;
    if (word === 'length' && more) return `${[...this.#primary(counts)].length}`;
    if (word === 'match' && more) {
      const text = this.#primary(counts);
      return this.#matched(text, this.#primary(counts));
    }
    if (word === 'index' && more) {
      const text = [...this.#primary(counts)];
      const wanted = this.#primary(counts);
      return `${text.findIndex((char) => wanted.includes(char)) + 1}`;
    }
    if (word === 'substr' && more) {
      const text = [...this.#primary(counts)];
      const start = this.#primary(counts);
      const length = this.#primary(counts);
      if (!isInteger(start) || !isInteger(length) || Number(start) < 1 || Number(length) < 1)
        return '';
      return text.slice(Number(start) - 1, Number(start) - 1 + Number(length)).join('');
    }
    return word;
  }

  #group(counts: boolean): string {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) return this.#fail(`more than ${DEPTH_MAX} parentheses`);
    const value = this.#or(counts);
    this.#depth -= 1;
    const next = this.#args[this.#at];
    if (next === undefined) {
      const last = this.#args[this.#at - 1] ?? '';
      return this.#fail(`syntax error: expecting ')' after ${quoted(this.#process, last)}`);
    }
    if (next !== ')')
      return this.#fail(`syntax error: expecting ')' instead of ${quoted(this.#process, next)}`);
    this.#at += 1;
    return value;
  }
}

function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function isNull(text: string): boolean {
  return text === '' || /^-?0+$/.test(text);
}

function compares(operator: string, order: number): boolean {
  if (operator === '=' || operator === '==') return order === 0;
  if (operator === '!=') return order !== 0;
  if (operator.startsWith('<')) return order < 0 || (operator === '<=' && order === 0);
  return order > 0 || (operator === '>=' && order === 0);
}

export const expr = defineTool('expr', function* run(process, args): Task<number> {
  const words = args[0] === '--' ? args.slice(1) : args;
  if (words.length === 0) return yield* usageError(process, 'missing operand', 2);
  const evaluation = new Evaluation(process, words);
  const value = evaluation.all();
  if (evaluation.fault !== undefined) {
    yield* complain(process, evaluation.fault);
    return 2;
  }
  yield* process.print(`${value}\n`);
  return isNull(value) ? 1 : 0;
});
