/** jq's names: values, labels, definitions and arguments, innermost first. */
import type { Definition, Filter } from './filter.ts';
import type { Label } from './signals.ts';
import type { Json } from './value.ts';

/** Names in scope, innermost first. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly name: string;
  readonly value?: Json;
  readonly label?: Label;
  readonly definition?: Definition;
  /** An argument: a filter with the scope it came from. */
  readonly closure?: { readonly filter: Filter; readonly scope: Scope | undefined };
}

export function lookUp(scope: Scope | undefined, name: string): Scope | undefined {
  for (let at = scope; at !== undefined; at = at.parent) if (at.name === name) return at;
  return undefined;
}
