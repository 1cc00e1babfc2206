/**
 * How the engine keeps stored objects: whatever way an object was changed, it stays in the hidden class
 * of its fields, never in a table of its own (dictionary mode), which reads many times slower.
 */
import { setFlagsFromString } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { freezeDeep, setIn, withEntry, withFields } from '../../../../src/ground/api/edit.ts';
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicPatch,
} from '../../../../src/ground/api/patch/index.ts';
import { definitionOf } from '../../../../src/ground/api/schema.ts';
import type { Value } from '../../../../src/ground/lang/value.ts';

setFlagsFromString('--allow-natives-syntax');
const isFast = new Function('object', 'return %HasFastProperties(object)') as (
  o: object,
) => boolean;
const sameClass = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
  a: object,
  b: object,
) => boolean;

interface Thing {
  readonly name: string;
  readonly message?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly conditions: readonly object[];
}

const made = (name: string): Thing =>
  freezeDeep({
    name,
    message: `words of ${name}`,
    labels: { app: name },
    conditions: [{ type: 'Ready', status: 'False', reason: 'Because', message: name }],
  });

function patched(thing: Thing): Thing {
  const patch = {
    message: null,
    conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }],
  };
  const pod = { status: thing } as unknown as Value;
  const result = applyStrategicPatch(definitionOf('core.v1.Pod'), pod, { status: patch } as never);
  if (!result.ok) throw new Error(result.error);
  return freezeDeep((result.value as unknown as { readonly status: Thing }).status);
}

const WAYS: readonly (readonly [string, (thing: Thing) => Thing])[] = [
  ['a field set', (thing) => withFields(thing, { message: 'other' })],
  ['a field removed', (thing) => withFields(thing, { message: undefined })],
  ['a path set', (thing) => setIn(thing, ['conditions', 0, 'status'], 'True')],
  ['an entry set', (thing) => withFields(thing, { labels: withEntry(thing.labels, 'b', 'c') })],
  ['a strategic patch with nulls', patched],
  [
    'a merge patch with a null',
    (thing) => freezeDeep(applyMergePatch(thing as never, { message: null })) as never,
  ],
  [
    'a JSON patch that removes',
    (thing) => {
      const result = applyJsonPatch(thing as never, [{ op: 'remove', path: '/message' }]);
      return freezeDeep(result.ok ? result.value : null) as never;
    },
  ],
];

describe('objects stay in the hidden class of their fields after', () => {
  test.each(WAYS)('%s', (_, change) => {
    const [first, second] = [change(made('a')), change(made('b'))];
    const parts = (thing: Thing): object[] => [thing, thing.labels, ...thing.conditions];
    for (const part of [...parts(first), ...parts(second)]) {
      expect(isFast(part)).toBe(true);
      expect(Object.isFrozen(part)).toBe(true);
    }
    parts(first).forEach((part, index) => {
      expect(sameClass(part, parts(second)[index] as object)).toBe(true);
    });
  });
});
