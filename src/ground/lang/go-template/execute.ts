/** A parsed template run over a value of JSON (text/template/exec.go, Go 1.24), with its words for what fails. */
import { quote, sortedText } from '../../base/text.ts';
import { callFunction } from './functions.ts';
import type { Call, Command, Control, GoTemplate, Node, Operand, Pipe } from './nodes.ts';
import { isTrue, NOTHING, printed, typeName } from './values.ts';

/** Nodes that one run may visit; Go has no such limit, but a loop of loops may not hold the lab. */
const STEPS_MAX = 400_000;
const DEPTH_MAX = 500;

export interface TemplateOutput {
  /** What was printed before an error, too. */
  readonly text: string;
  readonly error: string | undefined;
}

/** Runs a template; `strict`: a missing key is an error (`missingkey=error`). */
export function executeGoTemplate(
  template: GoTemplate,
  value: unknown,
  strict: boolean,
): TemplateOutput {
  const run = new Run(template, strict);
  run.list(template.body, value, new Scope(undefined, [['$', value]]));
  return { text: run.text, error: run.error };
}

/** Variables, inner ones first. */
class Scope {
  readonly #outer: Scope | undefined;
  readonly #own: Map<string, unknown>;

  constructor(outer: Scope | undefined, own: readonly (readonly [string, unknown])[] = []) {
    this.#outer = outer;
    this.#own = new Map(own);
  }

  declare(name: string, value: unknown): void {
    this.#own.set(name, value);
  }

  assign(name: string, value: unknown): void {
    if (this.#own.has(name)) this.#own.set(name, value);
    else this.#outer?.assign(name, value);
  }

  get(name: string): unknown {
    return this.#own.has(name) ? this.#own.get(name) : this.#outer?.get(name);
  }
}

type Flow = 'break' | 'continue' | undefined;

class Run {
  readonly #template: GoTemplate;
  readonly #strict: boolean;
  text = '';
  error: string | undefined;
  #steps = 0;
  #depth = 0;
  #name: string;

  constructor(template: GoTemplate, strict: boolean) {
    this.#template = template;
    this.#strict = strict;
    this.#name = template.name;
  }

  #fail(node: { readonly at: number; readonly source: string }, message: string): typeof NOTHING {
    const { source, name } = this.#template;
    const before = source.slice(0, node.at);
    const line = before.split('\n').length;
    const column = node.at - (before.lastIndexOf('\n') + 1);
    const shown = node.source.length > 20 ? `${node.source.slice(0, 20)}...` : node.source;
    this.error ??= `template: ${name}:${line}:${column}: executing ${quote(this.#name)} at <${shown}>: ${message}`;
    return NOTHING;
  }

  /** Counts a step; false when there have been too many. */
  #step(): boolean {
    this.#steps += 1;
    if (this.#steps > STEPS_MAX)
      this.error ??= 'the template takes more steps than this simulator gives one';
    return this.error === undefined;
  }

  list(nodes: readonly Node[], dot: unknown, scope: Scope): Flow {
    for (const node of nodes) {
      if (this.error !== undefined) return undefined;
      if (!this.#step()) return undefined;
      const flow = this.#node(node, dot, scope);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  #node(node: Node, dot: unknown, scope: Scope): Flow {
    switch (node.kind) {
      case 'text':
        this.text += node.text;
        return undefined;
      case 'action': {
        const value = this.#pipe(node.pipe, dot, scope);
        if (this.error === undefined && node.pipe.variables.length === 0)
          this.text += printed(value);
        return undefined;
      }
      case 'if':
      case 'with': {
        const inner = new Scope(scope);
        const value = this.#pipe(node.pipe, dot, inner);
        if (this.error !== undefined) return undefined;
        if (!isTrue(value)) return this.list(node.otherwise, dot, inner);
        return this.list(node.body, node.kind === 'with' ? value : dot, inner);
      }
      case 'range':
        return this.#range(node, dot, new Scope(scope));
      case 'template':
        this.#call(node, dot, scope);
        return undefined;
      default:
        return node.kind;
    }
  }

  #call(node: Call, dot: unknown, scope: Scope): void {
    const body = this.#template.defined.get(node.name);
    const place = {
      at: node.at,
      source: `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${node.pipe.source}`}}}`,
    };
    if (body === undefined) {
      this.#fail(place, `template ${quote(node.name)} not defined`);
      return;
    }
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      this.#fail(place, `exceeded maximum template depth (${DEPTH_MAX})`);
      return;
    }
    const value = node.pipe === undefined ? NOTHING : this.#pipe(node.pipe, dot, scope);
    const outer = this.#name;
    this.#name = node.name;
    this.list(body, value, new Scope(undefined, [['$', value]]));
    this.#name = outer;
    this.#depth -= 1;
  }

  #range(node: Control, dot: unknown, scope: Scope): Flow {
    // Its variables stand for element, or index and element, not for the whole value.
    const { variables } = node.pipe;
    const value = this.#pipe({ ...node.pipe, variables: [] }, dot, scope);
    if (this.error !== undefined) return undefined;
    const entries = entriesOf(value);
    if (entries === undefined) {
      this.#fail(node.pipe, `range can't iterate over ${printed(value)}`);
      return undefined;
    }
    for (const [key, element] of entries) {
      if (!this.#step()) return undefined;
      const inner = new Scope(scope);
      const put = (name: string | undefined, what: unknown): void => {
        if (name === undefined) return;
        if (node.pipe.assigns) scope.assign(name, what);
        else inner.declare(name, what);
      };
      put(variables.at(-1), element);
      if (variables.length > 1) put(variables[0], key);
      const flow = this.list(node.body, element, inner);
      if (this.error !== undefined || flow === 'break') return undefined;
    }
    return entries.length === 0 ? this.list(node.otherwise, dot, scope) : undefined;
  }

  #pipe(pipe: Pipe, dot: unknown, scope: Scope): unknown {
    let value: unknown = NOTHING;
    let final: readonly unknown[] = [];
    for (const command of pipe.commands) {
      if (this.error !== undefined) return NOTHING;
      value = this.#command(command, dot, scope, final);
      final = [value];
    }
    for (const name of pipe.variables) {
      if (pipe.assigns) scope.assign(name, value);
      else scope.declare(name, value);
    }
    return value;
  }

  #command(command: Command, dot: unknown, scope: Scope, final: readonly unknown[]): unknown {
    const [first, ...rest] = command.args;
    if (first === undefined) return NOTHING;
    if (first.kind === 'function')
      return this.#function(first.name, command, rest, dot, scope, final);
    if (rest.length > 0 || final.length > 0) {
      if (first.kind === 'field' || first.kind === 'variable' || first.kind === 'pipe')
        return this.#fail(first, `${named(first)} is not a method but has arguments`);
      return this.#fail(first, `can't give argument to non-function ${first.source}`);
    }
    if (first.kind === 'nil') return this.#fail(first, 'nil is not a command');
    return this.#operand(first, dot, scope);
  }

  #function(
    name: string,
    command: Command,
    operands: readonly Operand[],
    dot: unknown,
    scope: Scope,
    final: readonly unknown[],
  ): unknown {
    if (name === 'and' || name === 'or') {
      if (operands.length + final.length === 0)
        return this.#fail(command, `wrong number of args for ${name}: want at least 1 got 0`);
      let value: unknown = NOTHING;
      for (const operand of operands) {
        value = this.#operand(operand, dot, scope);
        if (this.error !== undefined || isTrue(value) === (name === 'or')) return value;
      }
      return final.length > 0 ? final[0] : value;
    }
    const args: unknown[] = [];
    for (const operand of operands) {
      args.push(this.#operand(operand, dot, scope));
      if (this.error !== undefined) return NOTHING;
    }
    const answer = callFunction(name, [...args, ...final]);
    if ('wrongCount' in answer)
      return this.#fail({ at: command.at, source: name }, answer.wrongCount);
    return answer.ok ? answer.value : this.#fail(command, `error calling ${name}: ${answer.error}`);
  }

  #operand(operand: Operand, dot: unknown, scope: Scope): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'nil':
        return null;
      case 'dot':
        return dot;
      case 'field':
        return this.#fields(operand, dot, operand.names);
      case 'variable':
        return this.#fields(operand, scope.get(operand.name), operand.names);
      case 'pipe':
        return this.#fields(operand, this.#pipe(operand.pipe, dot, scope), operand.names);
      case 'function':
        return this.#function(operand.name, { ...operand, args: [operand] }, [], dot, scope, []);
    }
  }

  #fields(operand: Operand, start: unknown, names: readonly string[]): unknown {
    let value = start;
    for (const name of names) {
      if (value === NOTHING) {
        if (this.#strict) return this.#fail(operand, `nil data; no entry for key ${quote(name)}`);
        continue;
      }
      if (value === null || value === undefined)
        return this.#fail(operand, `nil pointer evaluating interface {}.${name}`);
      if (typeof value !== 'object' || Array.isArray(value)) {
        const type = value === start && operand.kind !== 'field' ? typeName(value) : 'interface {}';
        return this.#fail(operand, `can't evaluate field ${name} in type ${type}`);
      }
      if (Object.hasOwn(value, name)) value = (value as Readonly<Record<string, unknown>>)[name];
      else if (this.#strict) return this.#fail(operand, `map has no entry for key ${quote(name)}`);
      else value = NOTHING;
    }
    return value;
  }
}

function named(operand: Operand): string {
  return 'names' in operand ? (operand.names.at(-1) ?? operand.source) : operand.source;
}

/** What a range goes over, with keys; undefined when it cannot. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (value === NOTHING || value === null) return [];
  if (Array.isArray(value)) return value.map((each, index) => [BigInt(index), each] as const);
  if (typeof value === 'bigint' && value <= STEPS_MAX)
    return Array.from({ length: Math.max(0, Number(value)) }, (_, index) => {
      const count = BigInt(index);
      return [count, count] as const;
    });
  if (typeof value !== 'object') return undefined;
  const map = value as Readonly<Record<string, unknown>>;
  return sortedText(Object.keys(map)).map((key) => [key, map[key]] as const);
}
