/**
 * Values as the data languages give them: JSON's, and whole numbers beyond 2⁵³ as BigInt so that they
 * are told from rounded ones. Maps may have any key a user can write, `__proto__` included.
 */

export type Value = string | number | bigint | boolean | null | readonly Value[] | ValueMap;

export interface ValueMap {
  readonly [key: string]: Value;
}

/** A step into a value: a map key or a list index. */
export type PathStep = string | number;

/** A key that a map has twice; the last one counts. */
export interface DuplicateKey {
  /** Where the map is. */
  readonly path: readonly PathStep[];
  readonly key: string;
  /** Offset of the later key in the text. */
  readonly offset: number;
}

/** How deep lists and maps may nest: far below upstream's 10,000, far above any manifest. */
export const DEPTH_MAX = 1000;

export function isValueMap(value: unknown): value is ValueMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Sets an own field, also when the key is `__proto__`. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    const own = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(target, key, own);
  } else target[key] = value;
}

/** `spec.containers[0].name`, as upstream prints paths. */
export function formatPath(path: readonly PathStep[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Line and column of an offset, both from 1. */
export function lineAndColumn(
  text: string,
  offset: number,
): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = text.indexOf('\n', start);
    if (end < 0 || end >= offset) return { line, column: offset - start + 1 };
    line += 1;
    start = end + 1;
  }
}
