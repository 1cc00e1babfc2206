/** jq 1.6's language as pure functions: parse a filter, run it over values. */
import { err, ok, type Result } from '../../base/result.ts';
import { isDefined } from './builtins.ts';
import { type Inputs, JqMachine } from './machine.ts';
import type { Scope } from './scope.ts';
import { Item, JqError } from './signals.ts';
import type { Filter, Pattern } from './filter.ts';
import { parseJq } from './parser.ts';
import { formatJson, isObject, type Json } from './value.ts';

export {
  COMPACT,
  formatJson,
  fromPlain,
  isTruthy,
  type Json,
  JsonReader,
  parseJson,
  type PrintOptions,
} from './value.ts';
export type { Inputs } from './machine.ts';

/** What a running filter gives next. */
export type JqStep =
  | { readonly kind: 'value'; readonly value: Json }
  /** Work was done; let time pass and go on. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'halt'; readonly code: number; readonly message: Json | undefined };

export interface CompiledJq {
  run(input: Json, inputs: Inputs): Generator<JqStep, void, void>;
}

/** Compiles a filter; the error is what stands behind `jq: error: `. */
export function compileJq(
  text: string,
  variables: ReadonlyMap<string, Json> = new Map(),
): Result<CompiledJq, string> {
  const parsed = parseJq(text);
  if (!parsed.ok) return parsed;
  const filter = parsed.value;
  const missing = findUndefined(
    filter,
    new Set([...variables.keys()].map((name) => `$${name}`).concat('$ENV', '$__prog_args')),
  );
  if (missing !== undefined) return err(missing);
  let scope: Scope | undefined;
  for (const [name, value] of variables) scope = { parent: scope, name: `$${name}`, value };
  return ok({
    *run(input, inputs) {
      const machine = new JqMachine(inputs);
      for (const item of machine.run(filter, new Item(input, undefined), scope)) {
        if (item instanceof Item) yield { kind: 'value', value: item.value };
        else if (item instanceof JqError) yield failure(item.value);
        else yield { kind: 'pause' };
      }
    },
  });
}

function failure(value: Json): JqStep {
  if (isObject(value) && value.has('__halt')) {
    return { kind: 'halt', code: Number(value.get('__halt')), message: value.get('message') };
  }
  if (typeof value === 'string') return { kind: 'error', message: value };
  return {
    kind: 'error',
    message: `${isObject(value) || Array.isArray(value) ? '(not a string): ' : '(not a string): '}${formatJson(value)}`,
  };
}

/** The first name that is not defined, in jq's words. */
function findUndefined(node: Filter, known: ReadonlySet<string>): string | undefined {
  const visit = (
    each: Filter | undefined,
    names: ReadonlySet<string> = known,
  ): string | undefined => (each === undefined ? undefined : findUndefined(each, names));
  switch (node.kind) {
    case 'variable':
      return known.has(`$${node.name}`) ? undefined : `$${node.name} is not defined`;
    case 'call': {
      const key = `${node.name}/${node.args.length}`;
      if (!known.has(key) && !isDefined(node.name, node.args.length))
        return `${key} is not defined`;
      return node.args.map((arg) => visit(arg)).find((found) => found !== undefined);
    }
    case 'define': {
      const own = `${node.definition.name}/${node.definition.parameters.length}`;
      const inner = new Set([...known, own]);
      for (const parameter of node.definition.parameters) {
        inner.add(`${parameter.replace('$', '')}/0`);
        if (parameter.startsWith('$')) inner.add(parameter);
      }
      return visit(node.definition.body, inner) ?? visit(node.body, new Set([...known, own]));
    }
    case 'bind':
      return (
        visit(node.source) ?? visit(node.body, new Set([...known, ...node.patterns.flatMap(names)]))
      );
    case 'reduce':
      return (
        visit(node.source) ??
        visit(node.start) ??
        visit(node.update, new Set([...known, ...names(node.pattern)]))
      );
    case 'foreach': {
      const inner = new Set([...known, ...names(node.pattern)]);
      return (
        visit(node.source) ??
        visit(node.start) ??
        visit(node.update, inner) ??
        visit(node.extract, inner)
      );
    }
    case 'label':
      return visit(node.body, new Set([...known, `*${node.name}`]));
    case 'break':
      return known.has(`*${node.name}`) ? undefined : `$*label-${node.name} is not defined`;
    case 'object':
      return node.entries
        .map((entry) => visit(entry.key) ?? visit(entry.value))
        .find((found) => found !== undefined);
    case 'text':
      return node.parts
        .map((part) => (typeof part === 'string' ? undefined : visit(part)))
        .find((found) => found !== undefined);
    default:
      return children(node)
        .map((child) => visit(child))
        .find((found) => found !== undefined);
  }
}

function children(node: Filter): readonly Filter[] {
  const out: Filter[] = [];
  for (const value of Object.values(node)) {
    if (typeof value === 'object' && value !== null && 'kind' in value) out.push(value as Filter);
  }
  return out;
}

function names(pattern: Pattern): readonly string[] {
  if (pattern.kind === 'variable') return [`$${pattern.name}`];
  if (pattern.kind === 'array') return pattern.items.flatMap(names);
  return pattern.entries.flatMap((entry) => [
    ...(entry.variable === undefined ? [] : [`$${entry.variable}`]),
    ...(entry.pattern === undefined ? [] : names(entry.pattern)),
  ]);
}
