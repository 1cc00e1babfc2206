/**
 * Words of `label`, `annotate` and `set`: resources first, then `key=value` and `key-`
 * (k8s.io/kubectl/pkg/cmd/util/helpers.go GetResourcesAndPairs and ParsePairs, v0.34).
 */
import { ok } from '../../../ground/base/result.ts';
import { fail, type Outcome } from './failure.ts';

export interface SplitWords {
  readonly resources: readonly string[];
  readonly pairs: readonly string[];
}

/** Parts resources from changes; `what` is `label`, `annotation`, `image`. */
export function resourcesAndPairs(args: readonly string[], what: string): Outcome<SplitWords> {
  const resources: string[] = [];
  const pairs: string[] = [];
  for (const arg of args) {
    const isPair = arg.indexOf('=') > 0 || (arg.endsWith('-') && arg !== '-');
    if (isPair) pairs.push(arg);
    else if (pairs.length === 0) resources.push(arg);
    else return fail(`all resources must be specified before ${what} changes: ${arg}`);
  }
  return ok({ resources, pairs });
}

export interface Pairs {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** Reads the changes; several `=` belong to the value. */
export function parsePairs(words: readonly string[], what: string): Outcome<Pairs> {
  const set = new Map<string, string>();
  const remove: string[] = [];
  const bad: string[] = [];
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) set.set(word.slice(0, equals), word.slice(equals + 1));
    else if (equals < 0 && word.endsWith('-') && word !== '-') remove.push(word.slice(0, -1));
    else bad.push(word);
  }
  return bad.length > 0 ? fail(`invalid ${what} format: ${bad.join(', ')}`) : ok({ set, remove });
}
