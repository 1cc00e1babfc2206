/**
 * jq's evaluator: a filter applied to a value gives a stream of values, so every node is a generator.
 * An item may carry the path by which it was reached; assignments and `path(f)` ask for it. Errors and
 * `break` travel in the stream as signals, and so does a pause, by which long work lets time pass.
 */
import { update } from './assignment.ts';
import { destructure } from './binding.ts';
import type { Definition, Filter } from './filter.ts';
import {
  Break,
  describe,
  isEnd,
  Item,
  JqError,
  type Label,
  one,
  Pause,
  plainItem,
  type Stream,
  wrap,
} from './signals.ts';
import { callBuiltin } from './builtins.ts';
import { PRELUDE } from './prelude.ts';
import { lookUp, type Scope } from './scope.ts';
import { formatText } from './format.ts';
import { binary, indexValue, sliceValue } from './operations.ts';
import { isArray, isObject, isTruthy, type Json } from './value.ts';

export interface Inputs {
  next(): Json | undefined;
  readonly environment: ReadonlyMap<string, string>;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

const STEPS_PER_PAUSE = 5000;
const DEPTH_MAX = 900;

export class JqMachine {
  readonly inputs: Inputs;
  #steps = 0;
  #depth = 0;

  constructor(inputs: Inputs) {
    this.inputs = inputs;
  }

  /** Runs a filter. The stream ends after the first error or unhandled break. */
  *run(node: Filter, input: Item, scope: Scope | undefined): Stream {
    this.#steps += 1;
    if (this.#steps % STEPS_PER_PAUSE === 0) yield new Pause();
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) {
      this.#depth -= 1;
      yield new JqError('recursion too deep: more than 900 filters inside one another');
      return;
    }
    const stream = this.#node(node, input, scope);
    for (;;) {
      const step = stream.next();
      if (step.done === true) break;
      // What consumes an item runs outside of this filter.
      this.#depth -= 1;
      yield step.value;
      this.#depth += 1;
      if (isEnd(step.value)) break;
    }
    this.#depth -= 1;
  }

  *#node(node: Filter, input: Item, scope: Scope | undefined): Stream {
    switch (node.kind) {
      case 'identity':
        yield input;
        return;
      case 'literal':
        yield new Item(node.value, undefined);
        return;
      case 'recurse':
        yield* this.#recurse(input);
        return;
      case 'pipe':
        yield* this.each(this.run(node.left, input, scope), (item) =>
          this.run(node.right, item, scope),
        );
        return;
      case 'comma':
        for (const half of [node.left, node.right]) {
          for (const item of this.run(half, input, scope)) {
            yield item;
            if (isEnd(item)) return;
          }
        }
        return;
      case 'index':
        yield* this.each(this.run(node.target, input, scope), (target) =>
          this.each(this.run(node.key, input, scope), (key) => one(this.#index(target, key.value))),
        );
        return;
      case 'slice':
        yield* this.#slice(node, input, scope);
        return;
      case 'iterate':
        yield* this.each(this.run(node.target, input, scope), (target) => this.iterate(target));
        return;
      case 'try':
        yield* this.#try(node, input, scope);
        return;
      case 'array':
        yield* this.#collect(node.body, input, scope);
        return;
      case 'object':
        yield* this.#object(node.entries, 0, new Map(), input, scope);
        return;
      case 'if':
        yield* this.each(this.run(node.test, plainItem(input), scope), (test) => {
          if (isTruthy(test.value)) return this.run(node.yes, input, scope);
          return node.no === undefined ? one(input) : this.run(node.no, input, scope);
        });
        return;
      case 'and':
      case 'or':
        yield* this.each(this.run(node.left, input, scope), (left) => {
          if (isTruthy(left.value) !== (node.kind === 'and'))
            return one(new Item(node.kind === 'or', undefined));
          return this.each(this.run(node.right, input, scope), (right) =>
            one(new Item(isTruthy(right.value), undefined)),
          );
        });
        return;
      case 'alternative':
        yield* this.#alternative(node.left, node.right, input, scope);
        return;
      case 'negate':
        yield* this.each(this.run(node.operand, input, scope), (item) =>
          one(
            typeof item.value === 'number'
              ? new Item(-item.value, undefined)
              : new JqError(`${describe(item.value)} cannot be negated`),
          ),
        );
        return;
      case 'binary':
        // The right side varies slowest, as in jq's own code.
        yield* this.each(this.run(node.right, input, scope), (right) =>
          this.each(this.run(node.left, input, scope), (left) =>
            one(wrap(binary(node.operator, left.value, right.value))),
          ),
        );
        return;
      case 'text':
        yield* this.#text(node.parts, node.format, 0, '', input, scope);
        return;
      case 'format':
        yield wrap(formatText(node.name, input.value));
        return;
      default:
        yield* this.#binding(node, input, scope);
    }
  }

  *#binding(node: Filter, input: Item, scope: Scope | undefined): Stream {
    switch (node.kind) {
      case 'variable':
        yield* this.#variable(node.name, scope);
        return;
      case 'define':
        yield* this.run(node.body, input, {
          parent: scope,
          name: `${node.definition.name}/${node.definition.parameters.length}`,
          definition: node.definition,
        });
        return;
      case 'call':
        yield* this.#call(node.name, node.args, input, scope);
        return;
      case 'bind':
        yield* this.each(this.run(node.source, input, scope), (item) =>
          destructure(this, node.patterns, item.value, input, scope, (inner) =>
            this.run(node.body, input, inner),
          ),
        );
        return;
      case 'reduce':
        yield* this.#reduce(node, input, scope);
        return;
      case 'foreach':
        yield* this.#foreach(node, input, scope);
        return;
      case 'label': {
        const label: Label = { name: node.name };
        for (const item of this.run(node.body, input, {
          parent: scope,
          name: `*${node.name}`,
          label,
        })) {
          if (item instanceof Break && item.label === label) return;
          yield item;
          if (isEnd(item)) return;
        }
        return;
      }
      case 'break': {
        const found = lookUp(scope, `*${node.name}`);
        yield found?.label === undefined
          ? new JqError(`$*label-${node.name} is not defined`)
          : new Break(found.label);
        return;
      }
      case 'update':
        yield* update(this, node.operator, node.target, node.value, input, scope);
        return;
      default:
    }
  }

  /** Applies a function to every item of a stream; signals pass. */
  *each(stream: Stream, apply: (item: Item) => Stream): Stream {
    for (const item of stream) {
      if (!(item instanceof Item)) {
        yield item;
        if (isEnd(item)) return;
        continue;
      }
      for (const result of apply(item)) {
        yield result;
        if (isEnd(result)) return;
      }
    }
  }

  #index(target: Item, key: Json): Item | JqError {
    const value = indexValue(target.value, key);
    if (value instanceof JqError) return value;
    return new Item(value, target.path === undefined ? undefined : [...target.path, key]);
  }

  *#slice(node: Extract<Filter, { kind: 'slice' }>, input: Item, scope: Scope | undefined): Stream {
    const nothing: Filter = { kind: 'literal', value: null };
    yield* this.each(this.run(node.target, input, scope), (target) =>
      this.each(this.run(node.to ?? nothing, input, scope), (to) =>
        this.each(this.run(node.from ?? nothing, input, scope), (from) => {
          const value = sliceValue(target.value, from.value, to.value);
          if (value instanceof JqError) return one(value);
          const key = new Map<string, Json>([
            ['start', from.value],
            ['end', to.value],
          ]);
          return one(
            new Item(value, target.path === undefined ? undefined : [...target.path, key]),
          );
        }),
      ),
    );
  }

  /** `.[]` */
  *iterate(target: Item): Stream {
    const { value, path } = target;
    if (isArray(value)) {
      for (let index = 0; index < value.length; index += 1)
        yield new Item(value[index] as Json, path === undefined ? undefined : [...path, index]);
    } else if (isObject(value)) {
      for (const [key, item] of value)
        yield new Item(item, path === undefined ? undefined : [...path, key]);
    } else yield new JqError(`Cannot iterate over ${describe(value)}`);
  }

  *#recurse(input: Item): Stream {
    yield input;
    if (!isArray(input.value) && !isObject(input.value)) return;
    for (const child of this.iterate(input)) if (child instanceof Item) yield* this.#recurse(child);
  }

  *#try(node: Extract<Filter, { kind: 'try' }>, input: Item, scope: Scope | undefined): Stream {
    for (const item of this.run(node.body, input, scope)) {
      if (!(item instanceof JqError)) {
        yield item;
        if (isEnd(item)) return;
        continue;
      }
      if (isObject(item.value) && item.value.has('__jq')) return;
      if (node.handler !== undefined)
        yield* this.run(node.handler, new Item(item.value, undefined), scope);
      return;
    }
  }

  *#collect(body: Filter | undefined, input: Item, scope: Scope | undefined): Stream {
    const items: Json[] = [];
    if (body !== undefined) {
      for (const item of this.run(body, plainItem(input), scope)) {
        if (item instanceof Item) items.push(item.value);
        else {
          yield item;
          if (isEnd(item)) return;
        }
      }
    }
    yield new Item(items, undefined);
  }

  *#object(
    entries: Extract<Filter, { kind: 'object' }>['entries'],
    at: number,
    built: ReadonlyMap<string, Json>,
    input: Item,
    scope: Scope | undefined,
  ): Stream {
    const entry = entries[at];
    if (entry === undefined) {
      yield new Item(built, undefined);
      return;
    }
    yield* this.each(this.run(entry.key, plainItem(input), scope), (key) => {
      if (typeof key.value !== 'string') return one(new JqError(`Object keys must be strings`));
      const name = key.value;
      return this.each(this.run(entry.value, plainItem(input), scope), (value) =>
        this.#object(entries, at + 1, new Map(built).set(name, value.value), input, scope),
      );
    });
  }

  *#alternative(left: Filter, right: Filter, input: Item, scope: Scope | undefined): Stream {
    let any = false;
    for (const item of this.run(left, input, scope)) {
      // An error on the left is an error of the whole, as in jq 1.6.
      if (!(item instanceof Item)) {
        yield item;
        if (isEnd(item) || item instanceof JqError) return;
      } else if (isTruthy(item.value)) {
        any = true;
        yield item;
      }
    }
    if (!any) yield* this.run(right, input, scope);
  }

  *#text(
    parts: readonly (string | Filter)[],
    format: string | undefined,
    at: number,
    built: string,
    input: Item,
    scope: Scope | undefined,
  ): Stream {
    const part = parts[at];
    if (part === undefined) {
      yield new Item(built, undefined);
      return;
    }
    if (typeof part === 'string') {
      yield* this.#text(parts, format, at + 1, built + part, input, scope);
      return;
    }
    yield* this.each(this.run(part, plainItem(input), scope), (item) => {
      const text = formatText(format ?? '@text', item.value);
      if (text instanceof JqError) return one(text);
      return this.#text(parts, format, at + 1, built + text, input, scope);
    });
  }

  *#variable(name: string, scope: Scope | undefined): Stream {
    const found = lookUp(scope, `$${name}`);
    if (found !== undefined) yield new Item(found.value as Json, undefined);
    else if (name === 'ENV') yield new Item(new Map(this.inputs.environment), undefined);
    else yield new JqError(`$${name} is not defined`);
  }

  *#call(name: string, args: readonly Filter[], input: Item, scope: Scope | undefined): Stream {
    const key = `${name}/${args.length}`;
    const found = lookUp(scope, key);
    if (found?.closure !== undefined) {
      yield* this.run(found.closure.filter, input, found.closure.scope);
      return;
    }
    const definition = found?.definition ?? PRELUDE.get(key);
    if (definition === undefined) {
      yield* callBuiltin(this, name, args, input, scope);
      return;
    }
    // A definition sees itself and what stood before it.
    yield* this.#enter(definition, args, 0, found, input, scope);
  }

  *#enter(
    definition: Definition,
    args: readonly Filter[],
    at: number,
    inner: Scope | undefined,
    input: Item,
    outer: Scope | undefined,
  ): Stream {
    const parameter = definition.parameters[at];
    const arg = args[at];
    if (parameter === undefined || arg === undefined) {
      yield* this.run(definition.body, input, inner);
      return;
    }
    if (!parameter.startsWith('$')) {
      yield* this.#enter(
        definition,
        args,
        at + 1,
        { parent: inner, name: `${parameter}/0`, closure: { filter: arg, scope: outer } },
        input,
        outer,
      );
      return;
    }
    yield* this.each(this.run(arg, plainItem(input), outer), (value) => {
      const bound: Scope = { parent: inner, name: parameter, value: value.value };
      const asFilter: Scope = {
        parent: bound,
        name: `${parameter.slice(1)}/0`,
        closure: { filter: { kind: 'literal', value: value.value }, scope: undefined },
      };
      return this.#enter(definition, args, at + 1, asFilter, input, outer);
    });
  }

  *#reduce(
    node: Extract<Filter, { kind: 'reduce' }>,
    input: Item,
    scope: Scope | undefined,
  ): Stream {
    yield* this.each(this.run(node.start, input, scope), (start) =>
      this.#reduceFrom(node, start, input, scope),
    );
  }

  *#reduceFrom(
    node: Extract<Filter, { kind: 'reduce' }>,
    start: Item,
    input: Item,
    scope: Scope | undefined,
  ): Stream {
    let state: Item | undefined = start;
    for (const item of this.run(node.source, plainItem(input), scope)) {
      if (!(item instanceof Item)) {
        yield item;
        if (isEnd(item)) return;
        continue;
      }
      const before: Item = state ?? new Item(null, undefined);
      state = undefined;
      for (const result of destructure(this, [node.pattern], item.value, input, scope, (inner) =>
        this.run(node.update, before, inner),
      )) {
        if (result instanceof Item) state = result;
        else {
          yield result;
          if (isEnd(result)) return;
        }
      }
    }
    yield state ?? new Item(null, undefined);
  }

  *#foreach(
    node: Extract<Filter, { kind: 'foreach' }>,
    input: Item,
    scope: Scope | undefined,
  ): Stream {
    for (const start of this.run(node.start, input, scope)) {
      if (!(start instanceof Item)) {
        yield start;
        if (isEnd(start)) return;
        continue;
      }
      let state = start;
      for (const item of this.run(node.source, plainItem(input), scope)) {
        if (!(item instanceof Item)) {
          yield item;
          if (isEnd(item)) return;
          continue;
        }
        const before = state;
        const results = destructure(this, [node.pattern], item.value, input, scope, (inner) =>
          this.each(this.run(node.update, before, inner), (updated) => {
            state = updated;
            return node.extract === undefined
              ? one(updated)
              : this.run(node.extract, updated, inner);
          }),
        );
        for (const result of results) {
          yield result;
          if (isEnd(result)) return;
        }
      }
    }
  }
}
