/**
 * Shell arithmetic: 64-bit integers in C's syntax, for `$(( ))`, `(( ))`, `let`, subscripts and slices
 * (bash 5.2 expr.c). Text in, tree out; the tree is evaluated against a small view of variables, so
 * that a variable whose value is itself an expression is evaluated in turn.
 *
 * Values are BigInt only where a number would lose bits: everything is kept as a JavaScript number
 * while it is a safe integer, and wrapped to 64 bits beyond that.
 */
import { type ArithmeticFault, type Expression, isFault } from './arithmetic-parser.ts';

/** How variables are read and written while evaluating. */
export interface ArithmeticScope {
  /** Text of a variable or element; undefined when unset. A fault is set through `fail`. */
  read(name: string, index: string | undefined): string | undefined;
  write(name: string, index: string | undefined, value: string): void;
  /** Parsed form of a text, remembered. */
  parse(text: string): Expression | ArithmeticFault;
}

const RECURSION_MAX = 1000;

/** Evaluates a text; a fault in bash's words otherwise. */
export function evaluateArithmetic(text: string, scope: ArithmeticScope): bigint | ArithmeticFault {
  const machine = new Machine(scope);
  const value = machine.text(text, 0);
  return machine.fault ?? value;
}

class Machine {
  readonly scope: ArithmeticScope;
  fault: ArithmeticFault | undefined;
  #source = '';

  constructor(scope: ArithmeticScope) {
    this.scope = scope;
  }

  text(text: string, depth: number): bigint {
    if (this.fault !== undefined) return 0n;
    if (/^[0-9]{1,15}$/.test(text) && (text === '0' || text[0] !== '0')) return BigInt(text);
    if (depth > RECURSION_MAX) {
      this.fault = {
        message: `${text}: expression recursion level exceeded (error token is "${text}")`,
      };
      return 0n;
    }
    const expression = this.scope.parse(text);
    if (isFault(expression)) {
      this.fault ??= expression;
      return 0n;
    }
    const outer = this.#source;
    this.#source = text;
    const value = this.#eval(expression, depth);
    this.#source = outer;
    return value;
  }

  #read(target: Expression, depth: number): bigint {
    if (target.kind !== 'variable') return 0n;
    const value = this.scope.read(target.name, target.index);
    return value === undefined || value === '' ? 0n : this.text(value, depth + 1);
  }

  #write(target: Expression, value: bigint): bigint {
    const wrapped = BigInt.asIntN(64, value);
    if (target.kind === 'variable' && this.fault === undefined) {
      this.scope.write(target.name, target.index, wrapped.toString());
    }
    return wrapped;
  }

  #eval(node: Expression, depth: number): bigint {
    if (this.fault !== undefined) return 0n;
    switch (node.kind) {
      case 'number':
        return node.value;
      case 'variable':
        return this.#read(node, depth);
      case 'unary': {
        const value = this.#eval(node.operand, depth);
        if (node.operator === '!') return value === 0n ? 1n : 0n;
        if (node.operator === '~') return ~value;
        return node.operator === '-' ? BigInt.asIntN(64, -value) : value;
      }
      case 'step': {
        const old = this.#read(node.target, depth);
        const fresh = this.#write(node.target, node.operator === '++' ? old + 1n : old - 1n);
        return node.prefix ? fresh : old;
      }
      case 'assign': {
        if (node.operator === '=') return this.#write(node.target, this.#eval(node.value, depth));
        const old = this.#read(node.target, depth);
        const value = this.#eval(node.value, depth);
        return this.#write(
          node.target,
          this.#apply(node.operator.slice(0, -1), old, value, node.rest),
        );
      }
      case 'choice':
        return this.#eval(node.test, depth) === 0n
          ? this.#eval(node.no, depth)
          : this.#eval(node.yes, depth);
      case 'binary': {
        const left = this.#eval(node.left, depth);
        if (node.operator === '&&')
          return left !== 0n && this.#eval(node.right, depth) !== 0n ? 1n : 0n;
        if (node.operator === '||')
          return left !== 0n || this.#eval(node.right, depth) !== 0n ? 1n : 0n;
        const right = this.#eval(node.right, depth);
        return this.#apply(node.operator, left, right, node.rest);
      }
    }
  }

  #apply(operator: string, a: bigint, b: bigint, rest: string): bigint {
    const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
    const truth = (value: boolean): bigint => (value ? 1n : 0n);
    switch (operator) {
      case ',':
        return b;
      case '+':
        return wrap(a + b);
      case '-':
        return wrap(a - b);
      case '*':
        return wrap(a * b);
      case '/':
      case '%':
        if (b === 0n) {
          this.fault ??= {
            message: `${this.#source.trimStart()}: division by 0 (error token is "${rest}")`,
          };
          return 0n;
        }
        return wrap(operator === '/' ? a / b : a % b);
      case '**':
        return this.#power(a, b, rest);
      case '<<':
        return wrap(a << (b & 63n));
      case '>>':
        return a >> (b & 63n);
      case '<':
        return truth(a < b);
      case '>':
        return truth(a > b);
      case '<=':
        return truth(a <= b);
      case '>=':
        return truth(a >= b);
      case '==':
        return truth(a === b);
      case '!=':
        return truth(a !== b);
      case '&':
        return a & b;
      case '^':
        return a ^ b;
      default:
        return a | b;
    }
  }

  #power(base: bigint, exponent: bigint, rest: string): bigint {
    if (exponent < 0n) {
      this.fault ??= {
        message: `${this.#source.trimStart()}: exponent less than 0 (error token is "${rest}")`,
      };
      return 0n;
    }
    let result = 1n;
    let factor = base;
    let left = exponent;
    while (left > 0n) {
      if ((left & 1n) === 1n) result = BigInt.asIntN(64, result * factor);
      factor = BigInt.asIntN(64, factor * factor);
      left >>= 1n;
    }
    return result;
  }
}
