/**
 * The expressions of test(1) and `[`, whose grammar depends on the number of arguments (POSIX, with
 * bash's extensions `-a`, `-o`, parentheses). Pure: what the operators mean is asked of a view.
 */
import { err, ok, type Result } from '../base/result.ts';

export interface TestView {
  /** Undefined: no such operator. */
  unary(operator: string, operand: string): boolean | undefined;
  /** Undefined: no such operator; a text: the error's words. */
  binary(left: string, operator: string, right: string): boolean | string | undefined;
}

/** True, false, or the words of an error: `a: unary operator expected`. */
export function evaluateTest(args: readonly string[], view: TestView): Result<boolean, string> {
  switch (args.length) {
    case 0:
      return ok(false);
    case 1:
      return ok(args[0] !== '');
    case 2:
      return two(args, view);
    case 3:
      return three(args, view);
    case 4:
      if (args[0] === '!') return negate(three(args.slice(1), view));
      if (args[0] === '(' && args[3] === ')') return two(args.slice(1, 3), view);
      break;
    default:
  }
  return new Parser(args, view).whole();
}

function negate(result: Result<boolean, string>): Result<boolean, string> {
  return result.ok ? ok(!result.value) : result;
}

function two(args: readonly string[], view: TestView): Result<boolean, string> {
  const [operator = '', operand = ''] = args;
  if (operator === '!') return ok(operand === '');
  const value = view.unary(operator, operand);
  return value === undefined ? err(`${operator}: unary operator expected`) : ok(value);
}

function three(args: readonly string[], view: TestView): Result<boolean, string> {
  const [left = '', operator = '', right = ''] = args;
  const value = view.binary(left, operator, right);
  if (typeof value === 'string') return err(value);
  if (value !== undefined) return ok(value);
  if (operator === '-a') return ok(left !== '' && right !== '');
  if (operator === '-o') return ok(left !== '' || right !== '');
  if (left === '!') return negate(two(args.slice(1), view));
  if (left === '(' && right === ')') return ok(operator !== '');
  return err(`${operator}: binary operator expected`);
}

class Parser {
  readonly #args: readonly string[];
  readonly #view: TestView;
  #at = 0;
  #fault: string | undefined;
  #depth = 0;

  constructor(args: readonly string[], view: TestView) {
    this.#args = args;
    this.#view = view;
  }

  whole(): Result<boolean, string> {
    const value = this.#or();
    if (this.#fault === undefined && this.#at < this.#args.length)
      this.#fault = 'too many arguments';
    return this.#fault === undefined ? ok(value) : err(this.#fault);
  }

  #or(): boolean {
    let value = this.#and();
    while (this.#args[this.#at] === '-o' && this.#fault === undefined) {
      this.#at += 1;
      const right = this.#and();
      value = value || right;
    }
    return value;
  }

  #and(): boolean {
    let value = this.#not();
    while (this.#args[this.#at] === '-a' && this.#fault === undefined) {
      this.#at += 1;
      const right = this.#not();
      value = value && right;
    }
    return value;
  }

  #not(): boolean {
    let negations = 0;
    while (this.#args[this.#at] === '!') {
      negations += 1;
      this.#at += 1;
    }
    const value = this.#primary();
    return negations % 2 === 1 ? !value : value;
  }

  #primary(): boolean {
    const first = this.#args[this.#at];
    if (first === undefined) {
      this.#fault ??= 'argument expected';
      return false;
    }
    if (first === '(') {
      this.#depth += 1;
      if (this.#depth > 500) this.#fault ??= 'too many arguments';
      this.#at += 1;
      const value = this.#fault === undefined && this.#or();
      if (this.#args[this.#at] !== ')') this.#fault ??= "`)' expected";
      this.#at += 1;
      this.#depth -= 1;
      return value;
    }
    const operator = this.#args[this.#at + 1];
    const right = this.#args[this.#at + 2];
    if (operator !== undefined && right !== undefined) {
      const value = this.#view.binary(first, operator, right);
      if (typeof value === 'string') this.#fault ??= value;
      if (value !== undefined) {
        this.#at += 3;
        return value === true;
      }
    }
    if (operator !== undefined && /^-[a-zA-Z]$/.test(first)) {
      const value = this.#view.unary(first, operator);
      if (value !== undefined) {
        this.#at += 2;
        return value;
      }
    }
    this.#at += 1;
    return first !== '';
  }
}
