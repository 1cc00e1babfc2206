/**
 * `--sort-by` (k8s.io/kubectl/pkg/cmd/get/sorter.go, v0.34): by a JSONPath; numbers as numbers,
 * quantities by amount, texts by their bytes. Objects without the field go first, then those where it is
 * null.
 */
import { compareQuantity, parseQuantity } from '../../../ground/api/quantity.ts';
import { ok } from '../../../ground/base/result.ts';
import { compareText, quote } from '../../../ground/base/text.ts';
import { findJsonPath } from '../../../ground/lang/jsonpath.ts';
import type { Loose } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import { relaxedPath } from './print.ts';

type Sorter = <T>(items: readonly T[], objectOf: (item: T) => Loose) => Outcome<readonly T[]>;

/** The order of a field; the given order when it is ''. */
export function sorterFor(field: string): Outcome<Sorter> {
  if (field === '') return ok((items) => ok(items));
  const path = relaxedPath(field);
  if (!path.ok) return fail(path.error);
  return ok((items, objectOf) => {
    const keyed = items.map((item) => {
      const found = findJsonPath(path.value, objectOf(item));
      return { item, value: found.ok ? found.value[0] : undefined };
    });
    if (keyed.length > 0 && keyed.every(({ value }) => value === undefined)) {
      return fail(
        `couldn't find any field with path ${quote(`{${field.replace(/^\{|\}$/g, '').replace(/^\.?/, '.')}}`)} in the list of objects`,
      );
    }
    keyed.sort((a, b) => compareValues(a.value, b.value));
    return ok(keyed.map(({ item }) => item));
  });
}

function compareValues(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  const left = String(a);
  const right = String(b);
  const x = parseQuantity(left);
  const y = parseQuantity(right);
  return x.ok && y.ok ? compareQuantity(x.value, y.value) : compareText(left, right);
}
