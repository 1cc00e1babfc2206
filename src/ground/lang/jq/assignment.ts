/** jq's assignments: the paths that a filter leads to, and what is put there. */
import type { Filter } from './filter.ts';
import { binary } from './operations.ts';
import type { JqMachine } from './machine.ts';
import { deletePaths, getPath, setPath } from './paths.ts';
import type { Scope } from './scope.ts';
import { clip, isEnd, Item, JqError, one, plainItem, type Stream, wrap } from './signals.ts';
import { formatJson, isTruthy, type Json } from './value.ts';

/** Paths that a filter leads to, with what stands there. */
export function* pathsOf(
  machine: JqMachine,
  node: Filter,
  input: Json,
  scope: Scope | undefined,
): Stream {
  for (const item of machine.run(node, new Item(input, []), scope)) {
    if (item instanceof Item && item.path === undefined) {
      if (item.value !== null || node.kind !== 'call') {
        yield new JqError(`Invalid path expression with result ${clip(formatJson(item.value))}`);
        return;
      }
      continue;
    }
    yield item;
    if (isEnd(item)) return;
  }
}

/** `target = value`, `|=` and the arithmetic ones. */
export function* update(
  machine: JqMachine,
  operator: string,
  target: Filter,
  value: Filter,
  input: Item,
  scope: Scope | undefined,
): Stream {
  if (operator === '|=') {
    yield* modify(
      machine,
      target,
      input,
      (old) => machine.run(value, new Item(old, undefined), scope),
      scope,
    );
    return;
  }
  yield* machine.each(machine.run(value, plainItem(input), scope), (right) => {
    if (operator === '=')
      return modify(machine, target, input, () => one(new Item(right.value, undefined)), scope);
    const name = operator.slice(0, -1);
    return modify(
      machine,
      target,
      input,
      (old) =>
        one(
          wrap(
            name === '//' ? (isTruthy(old) ? old : right.value) : binary(name, old, right.value),
          ),
        ),
      scope,
    );
  });
}

/** Replaces what stands at every path by the first result of a function; none deletes it. */
function* modify(
  machine: JqMachine,
  target: Filter,
  input: Item,
  change: (old: Json) => Stream,
  scope: Scope | undefined,
): Stream {
  const paths: (readonly Json[])[] = [];
  for (const item of pathsOf(machine, target, input.value, scope)) {
    if (item instanceof Item) paths.push(item.path ?? []);
    else {
      yield item;
      if (isEnd(item)) return;
    }
  }
  let result = input.value;
  const deleted: (readonly Json[])[] = [];
  for (const path of paths) {
    const old = getPath(result, path);
    if (old instanceof JqError) {
      yield old;
      return;
    }
    let changed = false;
    for (const item of change(old)) {
      if (item instanceof Item) {
        const next = setPath(result, path, item.value);
        if (next instanceof JqError) {
          yield next;
          return;
        }
        result = next;
        changed = true;
        break;
      }
      yield item;
      if (isEnd(item)) return;
    }
    if (!changed) deleted.push(path);
  }
  const final = deleted.length === 0 ? result : deletePaths(result, deleted);
  yield wrap(final);
}
