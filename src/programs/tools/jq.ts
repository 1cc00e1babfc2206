/** jq 1.6 as a program: options, inputs, printing. The language is lang/jq. */
import { readWholeText } from '../../machines/machine/files/read-whole.ts';
import { textOf } from '../../ground/base/bytes.ts';
import type { Task } from '../../ground/base/task.ts';
import {
  type CompiledJq,
  compileJq,
  formatJson,
  type Inputs,
  isTruthy,
  type Json,
  JsonReader,
  parseJson,
  type PrintOptions,
} from '../../ground/lang/jq/index.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Process } from '../../machines/machine/process.ts';
import { defineTool, openInput, Output, readAll } from './support.ts';

const USAGE = `Usage:	jq [OPTIONS] FILTER [FILES...]
	jq [OPTIONS] --args FILTER [ARGUMENTS...]
	jq [OPTIONS] --jsonargs FILTER [JSON_VALUES...]
`;

interface Invocation {
  readonly flags: Set<string>;
  readonly variables: Map<string, Json>;
  readonly operands: string[];
  readonly positional: Json[];
  indent: string | undefined;
  filterFile: string | undefined;
}

const LONG: Readonly<Record<string, string>> = {
  'raw-output': 'r',
  'compact-output': 'c',
  'null-input': 'n',
  'exit-status': 'e',
  slurp: 's',
  'raw-input': 'R',
  'sort-keys': 'S',
  'color-output': 'C',
  'monochrome-output': 'M',
  'join-output': 'j',
  'ascii-output': 'a',
  tab: 'tab',
  seq: 'seq',
  stream: 'stream',
  unbuffered: 'u',
};

function* readArguments(process: Process, args: readonly string[]): Task<Invocation | number> {
  const out: Invocation = {
    flags: new Set(),
    variables: new Map(),
    operands: [],
    positional: [],
    indent: '  ',
    filterFile: undefined,
  };
  const named = new Map<string, Json>();
  let rest: 'file' | 'text' | 'json' = 'file';
  let over = false;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (over || !/^-[-A-Za-z0]/.test(arg)) {
      if (rest === 'file' || (out.operands.length === 0 && out.filterFile === undefined))
        out.operands.push(arg);
      else if (rest === 'text') out.positional.push(arg);
      else {
        const value = parseJson(arg);
        if (!value.ok) {
          yield* process.printError(`jq: Invalid JSON text passed to --jsonargs\n${USAGE}`);
          return 2;
        }
        out.positional.push(value.value);
      }
      continue;
    }
    if (arg === '--') {
      over = true;
      continue;
    }
    const long = arg.startsWith('--') ? arg.slice(2) : undefined;
    if (long === 'arg' || long === 'argjson' || long === 'slurpfile' || long === 'rawfile') {
      const name = args[at + 1];
      const text = args[at + 2];
      at += 2;
      if (name === undefined || text === undefined) {
        yield* process.printError(
          `jq: --${long} takes two parameters (e.g. --${long} varname ${long === 'arg' ? 'value' : long === 'argjson' ? 'text' : 'filename'})\n${USAGE}`,
        );
        return 2;
      }
      const value = yield* argumentValue(process, long, text);
      if (typeof value === 'number') return value;
      out.variables.set(name, value.value);
      named.set(name, value.value);
    } else if (long === 'args') rest = 'text';
    else if (long === 'jsonargs') rest = 'json';
    else if (long === 'indent') {
      at += 1;
      const count = Number(args[at]);
      out.indent = count === 0 ? undefined : ' '.repeat(Math.min(count, 7));
    } else if (long === 'tab') out.indent = '\t';
    else if (long === 'from-file') out.filterFile = args[++at];
    else if (long === 'version') {
      yield* process.print('jq-1.6\n');
      return 0;
    } else if (long !== undefined) {
      const letter = Object.hasOwn(LONG, long) ? LONG[long] : undefined;
      if (letter === undefined) {
        yield* process.printError(`jq: Unknown option: ${arg}\n${USAGE}`);
        return 2;
      }
      out.flags.add(letter);
    } else {
      for (const letter of arg.slice(1)) {
        if (!'rcnesRSCMjahVf'.includes(letter)) {
          yield* process.printError(`jq: Unknown option: ${arg}\n${USAGE}`);
          return 2;
        }
        if (letter === 'f') out.filterFile = args[++at];
        else out.flags.add(letter);
      }
    }
  }
  if (out.flags.has('c')) out.indent = undefined;
  out.variables.set('named', new Map(named));
  out.variables.set('__args', out.positional);
  return out;
}

function* argumentValue(
  process: Process,
  kind: string,
  text: string,
): Task<{ readonly value: Json } | number> {
  if (kind === 'arg') return { value: text };
  if (kind === 'argjson') {
    const parsed = parseJson(text);
    if (parsed.ok) return { value: parsed.value };
    yield* process.printError(`jq: Invalid JSON text passed to --argjson\n${USAGE}`);
    return 2;
  }
  const file = yield* readWholeText(process.files, text);
  if (!file.ok) {
    yield* process.printError(
      `jq: Bad JSON in --${kind} ${text}: Could not open ${text}: ${strerror(file.error)}\n`,
    );
    return 2;
  }
  if (kind === 'rawfile') return { value: file.value };
  const values: Json[] = [];
  const reader = new JsonReader(file.value);
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    if (!next.ok) {
      yield* process.printError(`jq: Bad JSON in --slurpfile ${text}: ${next.error}\n`);
      return 2;
    }
    values.push(next.value);
  }
  return { value: values };
}

export const jq = defineTool('jq', function* run(process, args) {
  const invocation = yield* readArguments(process, args);
  if (typeof invocation === 'number') return invocation;
  const { flags } = invocation;
  let filter: string | undefined;
  if (invocation.filterFile === undefined) filter = invocation.operands.shift();
  else {
    const text = yield* readWholeText(process.files, invocation.filterFile);
    if (!text.ok) {
      yield* process.printError(
        `jq: error: Could not open ${invocation.filterFile}: ${strerror(text.error)}\n`,
      );
      return 2;
    }
    filter = text.value;
  }
  if (filter === undefined) {
    yield* process.printError(USAGE);
    return 2;
  }
  const variables = new Map(invocation.variables);
  const named = variables.get('named') as Json;
  variables.delete('named');
  variables.set(
    'ARGS',
    new Map<string, Json>([
      ['positional', invocation.positional],
      ['named', named],
    ]),
  );
  const compiled = compileJq(filter, variables);
  if (!compiled.ok) {
    const shown = filter.split('\n')[0];
    yield* process.printError(
      `jq: error: ${compiled.error} at <top-level>, line 1:\n${shown}\njq: 1 compile error\n`,
    );
    return 3;
  }
  const texts: string[] = [];
  let status = 0;
  for (const path of invocation.operands.length === 0 ? ['-'] : invocation.operands) {
    if (path === '-' && flags.has('n') && process.stdin.terminal !== undefined) continue;
    const file = openInput(process, path);
    if (!file.ok) {
      yield* process.printError(`jq: error: Could not open ${path}: ${strerror(file.error)}\n`);
      status = 2;
      continue;
    }
    texts.push(textOf(yield* readAll(file.value)));
    file.value.close();
  }
  const session = new Session(process, compiled.value, invocation, texts.join(''));
  return yield* session.run(status);
});

class Session {
  readonly #process: Process;
  readonly #filter: CompiledJq;
  readonly #flags: ReadonlySet<string>;
  readonly #print: PrintOptions;
  readonly #out: Output;
  readonly #reader: JsonReader;
  readonly #text: string;
  #fault: string | undefined;
  #last: Json | undefined;
  #lines: string[] | undefined;

  constructor(process: Process, filter: CompiledJq, invocation: Invocation, text: string) {
    this.#process = process;
    this.#filter = filter;
    this.#flags = invocation.flags;
    const color =
      invocation.flags.has('C') ||
      (process.stdout.terminal !== undefined && !invocation.flags.has('M'));
    this.#print = {
      indent: invocation.indent,
      sortKeys: invocation.flags.has('S'),
      ascii: invocation.flags.has('a'),
      color,
    };
    this.#out = new Output(process);
    this.#text = text;
    this.#reader = new JsonReader(text);
  }

  #next(): Json | undefined {
    if (this.#flags.has('R')) {
      this.#lines ??= this.#text === '' ? [] : this.#text.replace(/\n$/, '').split('\n');
      return this.#lines.shift();
    }
    const next = this.#reader.next();
    if (next === undefined) return undefined;
    if (next.ok) return next.value;
    this.#fault ??= next.error;
    return undefined;
  }

  *run(start: number): Task<number> {
    let status = start;
    const inputs: Inputs = {
      next: () => this.#next(),
      environment: this.#process.env,
      now: () => this.#process.clock.wall() / 1_000_000,
    };
    const values: Json[] = [];
    if (this.#flags.has('n')) values.push(null);
    else if (this.#flags.has('s')) {
      if (this.#flags.has('R')) values.push(this.#text);
      else {
        const all: Json[] = [];
        for (let value = this.#next(); value !== undefined; value = this.#next()) all.push(value);
        if (this.#fault === undefined) values.push(all);
      }
    }
    const single = this.#flags.has('n') || this.#flags.has('s');
    for (;;) {
      const value = single ? values.shift() : this.#next();
      if (value === undefined) break;
      const code = yield* this.#one(value, inputs);
      if (code.halted) return code.status;
      if (code.status !== 0) status = code.status;
    }
    yield* this.#out.flush();
    if (this.#fault !== undefined) {
      yield* this.#process.printError(`parse error: ${this.#fault}\n`);
      return 2;
    }
    if (status !== 0 || !this.#flags.has('e')) return status;
    if (this.#last === undefined) return 4;
    return isTruthy(this.#last) ? 0 : 1;
  }

  *#one(value: Json, inputs: Inputs): Task<{ readonly status: number; readonly halted: boolean }> {
    for (const step of this.#filter.run(value, inputs)) {
      if (step.kind === 'pause') yield* this.#process.work(2500);
      else if (step.kind === 'value') {
        this.#last = step.value;
        yield* this.#show(step.value);
      } else {
        yield* this.#out.flush();
        if (step.kind === 'error') {
          yield* this.#process.printError(
            `jq: error (at <${this.#flags.has('n') ? 'unknown' : 'stdin'}>${this.#flags.has('n') ? '' : `:${this.#lineOf()}`}): ${step.message}\n`.replace(
              ': (not a string)',
              ' (not a string)',
            ),
          );
          return { status: 5, halted: false };
        }
        if (step.message !== undefined)
          yield* this.#process.printError(
            typeof step.message === 'string' ? step.message : `${formatJson(step.message)}\n`,
          );
        return { status: step.code, halted: true };
      }
    }
    return { status: 0, halted: false };
  }

  #lineOf(): number {
    return this.#text.split('\n').length - 1;
  }

  *#show(value: Json): Task<void> {
    const raw = (this.#flags.has('r') || this.#flags.has('j')) && typeof value === 'string';
    const text = raw ? (value as string) : formatJson(value, this.#print);
    yield* this.#out.write(text + (this.#flags.has('j') ? '' : '\n'));
  }
}
