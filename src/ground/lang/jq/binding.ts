/** jq's `as` patterns: values taken apart into names. */
import type { Pattern } from './filter.ts';
import { indexValue } from './operations.ts';
import type { JqMachine } from './machine.ts';
import type { Scope } from './scope.ts';
import { isEnd, type Item, JqError, one, plainItem, type Stream } from './signals.ts';
import type { Json } from './value.ts';

/** Runs the body with a value taken apart; of several patterns the first that fits. */
export function* destructure(
  machine: JqMachine,
  patterns: readonly Pattern[],
  value: Json,
  input: Item,
  scope: Scope | undefined,
  body: (scope: Scope | undefined) => Stream,
): Stream {
  for (let index = 0; index < patterns.length; index += 1) {
    let inner = scope;
    if (patterns.length > 1)
      for (const pattern of patterns)
        for (const name of namesOf(pattern))
          inner = { parent: inner, name: `$${name}`, value: null };
    let failed = false;
    for (const item of bind(machine, patterns[index] as Pattern, value, input, inner, body)) {
      if (item instanceof JqError && index < patterns.length - 1) {
        failed = true;
        break;
      }
      yield item;
      if (isEnd(item)) return;
    }
    if (!failed) return;
  }
}

function* bind(
  machine: JqMachine,
  pattern: Pattern,
  value: Json,
  input: Item,
  scope: Scope | undefined,
  body: (scope: Scope | undefined) => Stream,
): Stream {
  if (pattern.kind === 'variable') {
    yield* body({ parent: scope, name: `$${pattern.name}`, value });
    return;
  }
  if (pattern.kind === 'array') {
    yield* bindItems(machine, pattern.items, 0, value, input, scope, body);
    return;
  }
  yield* bindEntries(machine, pattern.entries, 0, value, input, scope, body);
}

function* bindItems(
  machine: JqMachine,
  items: readonly Pattern[],
  at: number,
  value: Json,
  input: Item,
  scope: Scope | undefined,
  body: (scope: Scope | undefined) => Stream,
): Stream {
  const pattern = items[at];
  if (pattern === undefined) {
    yield* body(scope);
    return;
  }
  const element = indexValue(value, at);
  if (element instanceof JqError) yield element;
  else
    yield* bind(machine, pattern, element, input, scope, (inner) =>
      bindItems(machine, items, at + 1, value, input, inner, body),
    );
}

function* bindEntries(
  machine: JqMachine,
  entries: Extract<Pattern, { kind: 'object' }>['entries'],
  at: number,
  value: Json,
  input: Item,
  scope: Scope | undefined,
  body: (scope: Scope | undefined) => Stream,
): Stream {
  const entry = entries[at];
  if (entry === undefined) {
    yield* body(scope);
    return;
  }
  yield* machine.each(machine.run(entry.key, plainItem(input), scope), (key) => {
    const element = indexValue(value, key.value);
    if (element instanceof JqError) return one(element);
    const bound =
      entry.variable === undefined
        ? scope
        : { parent: scope, name: `$${entry.variable}`, value: element };
    const rest = (inner: Scope | undefined): Stream =>
      bindEntries(machine, entries, at + 1, value, input, inner, body);
    return entry.pattern === undefined
      ? rest(bound)
      : bind(machine, entry.pattern, element, input, bound, rest);
  });
}

function namesOf(pattern: Pattern): readonly string[] {
  if (pattern.kind === 'variable') return [pattern.name];
  if (pattern.kind === 'array') return pattern.items.flatMap(namesOf);
  return pattern.entries.flatMap((entry) => [
    ...(entry.variable === undefined ? [] : [entry.variable]),
    ...(entry.pattern === undefined ? [] : namesOf(entry.pattern)),
  ]);
}
