/** Laws of the object model: what is printed reads back, what is encoded decodes, patches rebuild. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAs } from '../../src/ground/api/decode.ts';
import { freezeDeep, sameValue, setIn, withFields } from '../../src/ground/api/edit.ts';
import {
  applyMergePatch,
  applyStrategicPatch,
  mergeDiff,
  threeWayPatch,
  twoWayPatch,
} from '../../src/ground/api/patch/index.ts';
import { decodeProtobuf, encodeProtobuf } from '../../src/ground/api/protobuf.ts';
import {
  allDefinitions,
  type Definition,
  objectOf,
  type Shape,
} from '../../src/ground/api/schema.ts';
import { definitionOf } from '../../src/ground/api/schema.ts';
import { formatSelector, matches, parseSelector } from '../../src/ground/api/selector.ts';
import { formatJson, parseJson } from '../../src/ground/lang/json.ts';
import type { Value, ValueMap } from '../../src/ground/lang/value.ts';
import { formatYaml, parseYaml } from '../../src/ground/lang/yaml/index.ts';

const SEED = 20260302;
const RUNS = { seed: SEED, numRuns: 300 };

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'yes', '1', '__proto__', 'constructor', 'x y', '', '- z', 'a:b'),
  fc.string({ maxLength: 6 }),
);
const scalar = fc.oneof(
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '0x1f',
    '1e3',
    '2020-01-01',
    '12:30',
    ' a',
    'b ',
    'a: b',
    'a #b',
    "it's",
    '',
    '\n',
    'x\n',
    'x\n\n',
    ' x\ny',
    'x \ny',
    '\ty',
    '...',
    '---',
    '!x',
    '&a',
    '*a',
    '{',
    '[',
    '%',
    '@',
    '`',
    '<<',
    '=',
    'é',
    '😀',
    '\u0085',
    '\u0007',
  ),
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const json = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar as fc.Arbitrary<Value>,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => {
      const map: Record<string, Value> = {};
      for (const [name, value] of entries) {
        Object.defineProperty(map, name, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
      return map as Value;
    }),
  ),
})).value;

test('YAML prints what it reads', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = formatYaml(value);
      const { documents, error } = parseYaml(text);
      expect(error, text).toBeUndefined();
      expect(sameValue(documents[0]?.value ?? null, value), text).toBe(true);
    }),
    RUNS,
  );
});

test('JSON prints what it reads', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(0, 4), (value, indent) => {
      const parsed = parseJson(formatJson(value, { indent }));
      expect(parsed.ok && sameValue(parsed.value.value, value)).toBe(true);
    }),
    RUNS,
  );
});

test('a merge patch of the difference rebuilds the modified value', () => {
  const noNull = json.filter((value) => !formatJson(value).includes('null'));
  fc.assert(
    fc.property(noNull, noNull, (a, b) => {
      expect(sameValue(applyMergePatch(a, mergeDiff(a, b)), b)).toBe(true);
    }),
    RUNS,
  );
});

const containers = fc.uniqueArray(
  fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      image: fc.constantFrom('x:1', 'x:2'),
      args: fc.array(fc.constantFrom('p', 'q')),
      env: fc.uniqueArray(
        fc.record({ name: fc.constantFrom('P', 'Q', 'R'), value: fc.constantFrom('1', '2') }),
        { selector: (each) => each.name, maxLength: 3 },
      ),
    },
    { requiredKeys: ['name'] },
  ),
  { selector: (each) => each.name, maxLength: 4 },
);
const pods = fc
  .record({
    metadata: fc.record({
      labels: fc.dictionary(fc.constantFrom('p', 'q', 'r'), fc.constantFrom('1', '2')),
      finalizers: fc.uniqueArray(fc.constantFrom('f/1', 'f/2', 'f/3')),
    }),
    spec: fc.record(
      { containers, nodeName: fc.constantFrom('n1', 'n2') },
      { requiredKeys: ['containers'] },
    ),
  })
  .map((value) => value as unknown as ValueMap);
const POD = definitionOf('core.v1.Pod');

test('a three-way patch leads from the live object to the manifest', () => {
  fc.assert(
    fc.property(pods, pods, (applied, manifest) => {
      // Nobody else changed the object: the patch must make the manifest of it, order included.
      const patch = threeWayPatch(POD, applied, manifest, applied);
      const result = applyStrategicPatch(POD, applied, patch);
      expect(
        result.ok && sameValue(pruned(result.value), pruned(manifest)),
        formatJson({ applied, manifest, patch }),
      ).toBe(true);
    }),
    RUNS,
  );
});

test('a two-way patch leads to the same items, whatever their order', () => {
  fc.assert(
    fc.property(pods, pods, (before, after) => {
      const result = applyStrategicPatch(POD, before, twoWayPatch(POD, before, after));
      expect(result.ok && sameValue(sortedItems(result.value), sortedItems(after))).toBe(true);
    }),
    RUNS,
  );
});

/** Empty lists and maps count as absent, as they do for typed objects. */
function pruned(value: Value): Value {
  if (Array.isArray(value)) return value.map(pruned);
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, Value> = {};
  for (const [name, item] of Object.entries(value as ValueMap)) {
    const next = pruned(item);
    const empty = next !== null && typeof next === 'object' && Object.keys(next).length === 0;
    if (!empty) copy[name] = next;
  }
  return copy;
}

function sortedItems(value: Value): Value {
  const sort = (item: Value): Value => {
    if (Array.isArray(item)) {
      const list = item.map(sort);
      return list.sort((a, b) =>
        formatJson(a, { sortKeys: true }) < formatJson(b, { sortKeys: true }) ? -1 : 1,
      );
    }
    if (item === null || typeof item !== 'object') return item;
    return Object.fromEntries(Object.entries(item as ValueMap).map(([k, v]) => [k, sort(v)]));
  };
  return pruned(sort(value));
}

/** A value with every field of a definition set once. */
function sample(definition: Definition, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of definition.fields) {
    if (definition.gvk !== undefined && (field.name === 'kind' || field.name === 'apiVersion'))
      continue;
    if (field.proto.length === 0) continue;
    const value = sampleOf(field, depth);
    if (value !== undefined) result[field.name] = value;
  }
  return result;
}

function sampleOf(shape: Shape, depth: number): unknown {
  switch (shape.kind) {
    case 'array': {
      const item = sampleOf(shape.of as Shape, depth);
      return item === undefined ? undefined : [item];
    }
    case 'map': {
      const item = sampleOf(shape.of as Shape, depth);
      return item === undefined ? undefined : { k: item, __proto2__: item };
    }
    case 'object': {
      const definition = objectOf(shape);
      return definition === undefined || depth === 0 ? undefined : sample(definition, depth - 1);
    }
    case 'string':
      return 'text-é';
    case 'boolean':
      return true;
    case 'int32':
      return -7;
    case 'int64':
      return 4_294_967_300;
    case 'double':
      return 1.5;
    case 'bytes':
      return 'AAEC';
    case 'quantity':
      return '1536Mi';
    case 'time':
      return '2026-03-02T09:00:01Z';
    case 'microTime':
      return '2026-03-02T09:00:01.000123Z';
    case 'intOrString':
      return depth % 2 === 0 ? 80 : '25%';
    default:
      return { 'f:x': {} };
  }
}

describe('protobuf', () => {
  const kinds = allDefinitions().filter((each) => each.gvk !== undefined);
  test.each(kinds.map((each) => [each.name, each] as const))(
    '%s comes back whole',
    (_, definition) => {
      const gvk = definition.gvk as NonNullable<Definition['gvk']>;
      const apiVersion = gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`;
      const object = { kind: gvk.kind, apiVersion, ...sample(definition, 6) };
      const decoded = decodeProtobuf(encodeProtobuf(definition, object));
      expect(decoded.ok && decoded.value.value).toEqual(object);
    },
  );
});

test('selectors read back, and match as a naive reading does', () => {
  const value = fc.constantFrom('a', 'b', '');
  const term = fc.oneof(
    fc
      .tuple(fc.constantFrom('x', 'y'), fc.constantFrom('=', '==', '!='), value)
      .map(([k, o, v]) => ({
        text: `${k}${o}${v}`,
        holds: (labels: Record<string, string>) => (o === '!=' ? labels[k] !== v : labels[k] === v),
      })),
    fc
      .constantFrom('x', 'y')
      .map((k) => ({ text: k, holds: (labels: Record<string, string>) => k in labels })),
    fc
      .constantFrom('x', 'y')
      .map((k) => ({ text: `!${k}`, holds: (labels: Record<string, string>) => !(k in labels) })),
    fc
      .tuple(
        fc.constantFrom('x', 'y'),
        fc.boolean(),
        fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 }),
      )
      .map(([k, not, vs]) => ({
        text: `${k} ${not ? 'notin' : 'in'} (${vs.join(',')})`,
        holds: (labels: Record<string, string>) => {
          const inside = k in labels && vs.includes(labels[k] as 'a' | 'b');
          return not ? !inside : inside;
        },
      })),
  );
  fc.assert(
    fc.property(
      fc.array(term, { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('x', 'y'), value),
      (terms, labels) => {
        const parsed = parseSelector(terms.map((each) => each.text).join(','));
        if (!parsed.ok) throw new Error(parsed.error);
        expect(matches(parsed.value, labels)).toBe(
          terms.every((each) => each.holds({ ...labels })),
        );
        const again = parseSelector(formatSelector(parsed.value));
        expect(again.ok && again.value).toEqual(parsed.value);
      },
    ),
    RUNS,
  );
});

test('edits share what they do not touch, and end equal objects', () => {
  const pod = freezeDeep({ metadata: { labels: { a: '1' } }, spec: { nodeName: 'n' } });
  expect(withFields(pod, { spec: pod.spec })).toBe(pod);
  expect(setIn(pod, ['metadata', 'labels', 'a'], '1')).toBe(pod);
  const next = setIn(pod, ['metadata', 'labels', '__proto__'], 'x');
  expect(next.spec).toBe(pod.spec);
  expect(Object.keys(next.metadata.labels)).toEqual(['a', '__proto__']);
  expect(Object.isFrozen(next.metadata.labels)).toBe(true);
});

test('decoding keeps what encoding gave, in the order of the schema', () => {
  const object = { kind: 'Pod', apiVersion: 'v1', ...sample(POD, 5) } as unknown as Value;
  const decoded = decodeAs<ValueMap>('core.v1.Pod', object);
  if (!decoded.ok) throw new Error(decoded.error);
  expect(decoded.value.strict).toEqual([]);
  expect(Object.keys(decoded.value.object).slice(0, 3)).toEqual(['kind', 'apiVersion', 'metadata']);
});
