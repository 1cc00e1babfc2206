/**
 * awk's machine: variables, fields, expressions and statements (POSIX awk, gawk 5.2 where they are
 * silent). Steps are counted: an endless loop takes simulated time.
 */
import type { Task } from '../../../ground/base/task.ts';
import { compareText } from '../../../ground/base/text.ts';
import { pow } from '../../../ground/lang/float-math.ts';
import { compileExtended, type Regexp } from '../../../ground/lang/regexp/posix.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { Output } from '../support.ts';
import { callBuiltin } from './builtins.ts';
import type { Expression, Redirect, Statement, AwkProgram } from './tree.ts';
import { Fields, splitText } from './fields.ts';
import { MainInput } from './main-input.ts';
import type { RecordReader } from './records.ts';
import { Streams } from './streams.ts';
import { comparesAsNumbers, inputValue, isTrue, toNumber, toText, type Value } from './values.ts';
import { formatAwk } from './format.ts';

export type AwkArray = Map<string, Value>;
type Cell = { value: Value; array: AwkArray | undefined };

export type Flow = 'next' | 'nextfile' | 'exit' | 'break' | 'continue' | 'return' | undefined;

const STEPS_PER_WORK = 2000;
const CALLS_MAX = 300;

export class Machine {
  readonly process: Process;
  readonly program: AwkProgram;
  readonly out: Output;
  readonly streams: Streams;
  code = 0;
  fault: string | undefined;
  /** Set while END rules run. */
  ending = false;
  seed = 0;
  lastMatch: { readonly start: number; readonly length: number } | undefined;
  readonly #globals = new Map<string, Cell>();
  #locals: Map<string, Cell> | undefined;
  readonly #fields: Fields;
  readonly #input: MainInput;
  #returned: Value;
  #calls = 0;
  #steps = 0;
  readonly #regexps = new Map<string, Regexp>();

  constructor(process: Process, program: AwkProgram, operands: readonly string[]) {
    this.process = process;
    this.program = program;
    this.out = new Output(process);
    this.streams = new Streams(process, this.out);
    this.#fields = new Fields(this);
    this.#input = new MainInput(this);
    const initial: readonly (readonly [string, Value])[] = [
      ['FS', ' '],
      ['OFS', ' '],
      ['ORS', '\n'],
      ['RS', '\n'],
      ['NR', 0],
      ['FNR', 0],
      ['NF', 0],
      ['SUBSEP', '\x1c'],
      ['CONVFMT', '%.6g'],
      ['OFMT', '%.6g'],
      ['RSTART', 0],
      ['RLENGTH', -1],
      ['FILENAME', ''],
      ['RT', ''],
      ['IGNORECASE', 0],
    ];
    for (const [name, value] of initial) this.setVariable(name, value);
    const argv = this.arrayNamed('ARGV');
    argv.set('0', 'awk');
    for (const [index, operand] of operands.entries())
      argv.set(`${index + 1}`, inputValue(operand));
    this.setVariable('ARGC', operands.length + 1);
    const environment = this.arrayNamed('ENVIRON');
    for (const [name, value] of process.env) environment.set(name, inputValue(value));
  }

  // ---- variables

  #cell(name: string): Cell {
    const found = this.#locals?.get(name) ?? this.#globals.get(name);
    if (found !== undefined) return found;
    const made: Cell = { value: undefined, array: undefined };
    this.#globals.set(name, made);
    return made;
  }

  variable(name: string): Value {
    if (name === 'NF') this.#fields.split();
    return this.#cell(name).value;
  }

  textVariable(name: string): string {
    return toText(this.variable(name), '%.6g');
  }

  setVariable(name: string, value: Value): void {
    if (name === 'NF') this.#fields.setCount(Math.floor(toNumber(value)));
    else this.#cell(name).value = value;
  }

  arrayNamed(name: string): AwkArray {
    const cell = this.#cell(name);
    cell.array ??= new Map();
    return cell.array;
  }

  isArray(name: string): boolean {
    return this.#cell(name).array !== undefined;
  }

  text(value: Value): string {
    return toText(
      value,
      typeof value === 'number' ? toText(this.#cell('CONVFMT').value) : undefined,
    );
  }

  // ---- records and fields

  setRecord(text: string): void {
    this.#fields.setRecord(text);
  }

  recordText(): string {
    return this.#fields.recordText();
  }

  field(index: number): Value {
    return this.#fields.get(index);
  }

  setField(index: number, value: Value): void {
    this.#fields.set(index, value);
  }

  /** Splits as FS does: blanks, one character, or an expression. */
  splitText(text: string, separator: string, regexp?: Regexp): string[] {
    return splitText(this, text, separator, regexp);
  }

  /** What NF says from now on; the fields are as they are. */
  noteFieldCount(count: number): void {
    this.#cell('NF').value = count;
  }

  /** Makes the next record of the main input the record; false at its end. */
  *nextRecord(): Task<boolean> {
    const record = yield* this.#takeRecord();
    if (record !== undefined) this.setRecord(record);
    return record !== undefined;
  }

  *#takeRecord(): Task<string | undefined> {
    const record = yield* this.#input.next();
    if (record === undefined) return undefined;
    this.#count('NR');
    this.#count('FNR');
    return record;
  }

  #count(name: string): void {
    this.#cell(name).value = toNumber(this.#cell(name).value) + 1;
  }

  skipFile(): void {
    this.#input.skipFile();
  }

  *readRecord(reader: RecordReader): Task<string | undefined> {
    const separator = toText(this.#cell('RS').value);
    const regexp = separator.length > 1 ? this.regexp(separator) : undefined;
    const record = yield* reader.next(separator, regexp, () => this.out.flush());
    if (record === undefined) return undefined;
    this.#cell('RT').value = record.terminator;
    return record.text;
  }

  // ---- running

  fail(message: string): void {
    this.fault ??= message;
  }

  regexp(source: string): Regexp | undefined {
    const key = isTrue(this.#cell('IGNORECASE').value) ? `i${source}` : source;
    const known = this.#regexps.get(key);
    if (known !== undefined) return known;
    const compiled = compileExtended(source, { ignoreCase: key !== source });
    if (!compiled.ok) {
      this.fail(`invalid regexp: ${compiled.error}: /${source}/`);
      return undefined;
    }
    if (this.#regexps.size > 1000) this.#regexps.clear();
    this.#regexps.set(key, compiled.value);
    return compiled.value;
  }

  /** The expression that a `/…/` or a text stands for. */
  *regexpOf(node: Expression): Task<Regexp | undefined> {
    if (node.kind === 'regexp') return this.regexp(node.source);
    if (node.kind === 'group' && node.items.length === 1)
      return yield* this.regexpOf(node.items[0] as Expression);
    return this.regexp(this.text(yield* this.eval(node)));
  }

  *#step(): Task<void> {
    this.#steps += 1;
    if (this.#steps < STEPS_PER_WORK) return;
    this.#steps = 0;
    yield* this.process.work(STEPS_PER_WORK / 2);
  }

  *eval(node: Expression): Task<Value> {
    if (this.fault !== undefined) return undefined;
    switch (node.kind) {
      case 'number':
      case 'string':
        return node.value;
      case 'variable':
        return this.variable(node.name);
      case 'field':
        return this.field(Math.trunc(toNumber(yield* this.eval(node.index))));
      case 'regexp':
        return this.regexp(node.source)?.test(this.recordText()) === true ? 1 : 0;
      case 'element': {
        const key = yield* this.key(node.keys);
        const array = this.arrayNamed(node.name);
        if (!array.has(key)) array.set(key, undefined);
        return array.get(key);
      }
      case 'in':
        return this.arrayNamed(node.name).has(yield* this.key(node.keys)) ? 1 : 0;
      case 'assign':
        return yield* this.#assign(node);
      case 'step': {
        const old = toNumber(yield* this.eval(node.target));
        const fresh = node.operator === '++' ? old + 1 : old - 1;
        yield* this.store(node.target, fresh);
        return node.prefix ? fresh : old;
      }
      case 'unary': {
        const value = yield* this.eval(node.operand);
        if (node.operator === '!') return isTrue(value) ? 0 : 1;
        return node.operator === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'binary':
        return this.#binary(
          node.operator,
          yield* this.eval(node.left),
          yield* this.eval(node.right),
        );
      case 'match': {
        const text = this.text(yield* this.eval(node.left));
        const regexp = yield* this.regexpOf(node.right);
        return (regexp?.test(text) === true) !== node.negated ? 1 : 0;
      }
      case 'and':
        return isTrue(yield* this.eval(node.left)) && isTrue(yield* this.eval(node.right)) ? 1 : 0;
      case 'or':
        return isTrue(yield* this.eval(node.left)) || isTrue(yield* this.eval(node.right)) ? 1 : 0;
      case 'choice':
        return isTrue(yield* this.eval(node.test))
          ? yield* this.eval(node.yes)
          : yield* this.eval(node.no);
      case 'group': {
        let last: Value;
        for (const item of node.items) last = yield* this.eval(item);
        return last;
      }
      case 'call':
        return yield* this.#call(node.name, node.args);
      case 'builtin':
        yield* this.#step();
        return yield* callBuiltin(this, node.name, node.args);
      case 'getline':
        return yield* this.#getline(node);
    }
  }

  *key(keys: readonly Expression[]): Task<string> {
    const parts: string[] = [];
    for (const key of keys) parts.push(this.text(yield* this.eval(key)));
    return parts.length === 1
      ? (parts[0] as string)
      : parts.join(toText(this.#cell('SUBSEP').value));
  }

  *store(target: Expression, value: Value): Task<void> {
    if (target.kind === 'variable') this.setVariable(target.name, value);
    else if (target.kind === 'field')
      this.setField(Math.trunc(toNumber(yield* this.eval(target.index))), value);
    else if (target.kind === 'element')
      this.arrayNamed(target.name).set(yield* this.key(target.keys), value);
    else if (target.kind === 'group' && target.items.length === 1)
      yield* this.store(target.items[0] as Expression, value);
  }

  *#assign(node: Extract<Expression, { kind: 'assign' }>): Task<Value> {
    const value = yield* this.eval(node.value);
    const result =
      node.operator === '='
        ? value
        : this.#binary(node.operator.slice(0, -1), yield* this.eval(node.target), value);
    yield* this.store(node.target, result);
    return result;
  }

  #binary(operator: string, left: Value, right: Value): Value {
    switch (operator) {
      case 'concat':
        return this.text(left) + this.text(right);
      case '+':
        return toNumber(left) + toNumber(right);
      case '-':
        return toNumber(left) - toNumber(right);
      case '*':
        return toNumber(left) * toNumber(right);
      case '/':
      case '%': {
        const divisor = toNumber(right);
        if (divisor === 0) {
          this.fail(
            operator === '/' ? 'division by zero attempted' : "division by zero attempted in `%'",
          );
          return undefined;
        }
        return operator === '/' ? toNumber(left) / divisor : toNumber(left) % divisor;
      }
      case '^':
        return pow(toNumber(left), toNumber(right));
      default: {
        const order = comparesAsNumbers(left, right)
          ? toNumber(left) - toNumber(right)
          : compareText(this.text(left), this.text(right));
        if (operator === '<') return order < 0 ? 1 : 0;
        if (operator === '<=') return order <= 0 ? 1 : 0;
        if (operator === '>') return order > 0 ? 1 : 0;
        if (operator === '>=') return order >= 0 ? 1 : 0;
        return (order === 0) === (operator === '==') ? 1 : 0;
      }
    }
  }

  *#call(name: string, args: readonly Expression[]): Task<Value> {
    const callee = this.program.functions.get(name);
    if (callee === undefined) {
      this.fail(`function \`${name}' not defined`);
      return undefined;
    }
    if (this.#calls >= CALLS_MAX) {
      this.fail(`function \`${name}': more than ${CALLS_MAX} calls inside one another`);
      return undefined;
    }
    const locals = new Map<string, Cell>();
    for (let index = 0; index < callee.parameters.length; index += 1) {
      const parameter = callee.parameters[index] as string;
      const arg = args[index];
      // Arrays go by reference; an untouched name may become one inside the function.
      const cell = arg?.kind === 'variable' ? this.#cell(arg.name) : undefined;
      if (arg === undefined) locals.set(parameter, { value: undefined, array: undefined });
      else if (cell !== undefined && (cell.array !== undefined || cell.value === undefined)) {
        if (cell.array === undefined && arg.kind === 'variable' && arg.name === 'NF')
          this.#fields.split();
        locals.set(
          parameter,
          cell.array === undefined ? untyped(cell) : { value: undefined, array: cell.array },
        );
      } else locals.set(parameter, { value: yield* this.eval(arg), array: undefined });
    }
    const outer = this.#locals;
    this.#locals = locals;
    this.#calls += 1;
    this.#returned = undefined;
    yield* this.run(callee.body);
    this.#calls -= 1;
    this.#locals = outer;
    const value = this.#returned;
    this.#returned = undefined;
    return value;
  }

  *#getline(node: Extract<Expression, { kind: 'getline' }>): Task<Value> {
    if (node.form === 'plain') {
      if (node.target === undefined) return (yield* this.nextRecord()) ? 1 : 0;
      const record = yield* this.#takeRecord();
      if (record === undefined) return 0;
      yield* this.store(node.target, inputValue(record));
      return 1;
    }
    const name = node.source === undefined ? '' : this.text(yield* this.eval(node.source));
    const reader = yield* this.streams.source(node.form, name);
    if (reader === undefined) return -1;
    const record = yield* this.readRecord(reader);
    if (record === undefined) return 0;
    if (node.form === 'command') this.#count('NR');
    if (node.target === undefined) this.setRecord(record);
    else yield* this.store(node.target, inputValue(record));
    return 1;
  }

  *run(node: Statement): Task<Flow> {
    yield* this.#step();
    if (this.fault !== undefined) return 'exit';
    switch (node.kind) {
      case 'expression':
        yield* this.eval(node.value);
        return undefined;
      case 'print':
      case 'printf':
        yield* this.#print(node);
        return undefined;
      case 'block': {
        for (const statement of node.body) {
          const flow = yield* this.run(statement);
          if (flow !== undefined) return flow;
        }
        return undefined;
      }
      case 'if':
        if (isTrue(yield* this.eval(node.test))) return yield* this.run(node.yes);
        return node.no === undefined ? undefined : yield* this.run(node.no);
      case 'while':
      case 'do':
      case 'for':
      case 'each':
        return yield* this.#loop(node);
      case 'switch':
        return yield* this.#switch(node);
      case 'delete': {
        const array = this.arrayNamed(node.name);
        if (node.keys === undefined) array.clear();
        else array.delete(yield* this.key(node.keys));
        return undefined;
      }
      case 'exit':
        if (node.value !== undefined)
          this.code = Math.trunc(toNumber(yield* this.eval(node.value))) & 255;
        return 'exit';
      case 'return':
        this.#returned = node.value === undefined ? undefined : yield* this.eval(node.value);
        return 'return';
      default:
        return node.kind;
    }
  }

  *#loop(node: Extract<Statement, { kind: 'while' | 'do' | 'for' | 'each' }>): Task<Flow> {
    if (node.kind === 'each') {
      for (const key of sortedKeys(this.arrayNamed(node.array))) {
        this.setVariable(node.variable, inputValue(key));
        const flow = yield* this.run(node.body);
        if (flow === 'break') return undefined;
        if (flow !== undefined && flow !== 'continue') return flow;
      }
      return undefined;
    }
    if (node.kind === 'for' && node.start !== undefined) yield* this.run(node.start);
    let first = node.kind === 'do';
    for (;;) {
      if (!first && node.test !== undefined && !isTrue(yield* this.eval(node.test)))
        return undefined;
      if (this.fault !== undefined) return 'exit';
      first = false;
      const flow = yield* this.run(node.body);
      if (flow === 'break') return undefined;
      if (flow !== undefined && flow !== 'continue') return flow;
      if (node.kind === 'for' && node.step !== undefined) yield* this.run(node.step);
    }
  }

  *#switch(node: Extract<Statement, { kind: 'switch' }>): Task<Flow> {
    const value = yield* this.eval(node.value);
    let start = -1;
    for (let index = 0; index < node.cases.length && start < 0; index += 1) {
      const test = node.cases[index]?.value;
      if (test === undefined) continue;
      if (
        test.kind === 'regexp'
          ? this.regexp(test.source)?.test(this.text(value))
          : toNumber(this.#binary('==', value, yield* this.eval(test))) === 1
      )
        start = index;
    }
    if (start < 0) start = node.cases.findIndex((each) => each.value === undefined);
    if (start < 0) return undefined;
    for (const each of node.cases.slice(start)) {
      for (const statement of each.body) {
        const flow = yield* this.run(statement);
        if (flow === 'break') return undefined;
        if (flow !== undefined) return flow;
      }
    }
    return undefined;
  }

  *#print(node: {
    readonly kind: 'print' | 'printf';
    readonly args: readonly Expression[];
    readonly target: Redirect | undefined;
  }): Task<void> {
    const values: Value[] = [];
    for (const arg of node.args) values.push(yield* this.eval(arg));
    let text: string;
    if (node.kind === 'printf') text = formatAwk(this, this.text(values[0]), values.slice(1));
    else {
      const format = toText(this.#cell('OFMT').value);
      const shown =
        values.length === 0 ? [this.recordText()] : values.map((value) => toText(value, format));
      text = shown.join(toText(this.#cell('OFS').value)) + toText(this.#cell('ORS').value);
    }
    if (this.fault !== undefined) return;
    if (node.target === undefined) yield* this.out.write(text);
    else {
      const name = this.text(yield* this.eval(node.target.target));
      const fault = yield* this.streams.write(node.target.operator, name, text);
      if (fault !== undefined) this.fail(fault);
    }
  }
}

/** A local that stands for a caller's untouched variable: both become the array. */
function untyped(cell: Cell): Cell {
  return {
    value: undefined,
    get array() {
      return cell.array;
    },
    set array(array: AwkArray | undefined) {
      cell.array = array;
    },
  };
}

/** The order of `for (k in a)`: gawk's is that of its hash tables, the model takes that of insertion. */
function sortedKeys(array: AwkArray): string[] {
  return [...array.keys()];
}
