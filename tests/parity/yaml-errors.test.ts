/**
 * go-yaml's error texts and line numbers, by its rules: scanner errors name their line, parser errors
 * the line before the token that they stumbled on (go.yaml.in/yaml/v2, scannerc.go, parserc.go, decode.go).
 */
import { expect, test } from 'vitest';
import { parseYaml } from '../../src/ground/lang/yaml/index.ts';

test.each([
  ['a: b: c', 'yaml: mapping values are not allowed in this context'],
  ['x: 1\na: b: c', 'yaml: line 2: mapping values are not allowed in this context'],
  [
    'metadata:\n  name: x\n   labels: z\n',
    'yaml: line 3: mapping values are not allowed in this context',
  ],
  ['a:\n\tb: 1', 'yaml: line 2: found character that cannot start any token'],
  ['a:\n  b: 1\n c: 2', 'yaml: line 2: did not find expected key'],
  [
    'kind: Pod\nspec:\n  containers:\n  - name: a\n   image: b\n',
    'yaml: line 4: did not find expected key',
  ],
  [
    'kind: Pod\nspec:\n  containers:\n    - name: a\n   image: b\n',
    'yaml: line 4: did not find expected key',
  ],
  ['- a\nb: 1', "yaml: line 1: did not find expected '-' indicator"],
  ['a: 1\n- b', 'yaml: line 1: did not find expected key'],
  ['key: value\nkey2 value\nkey3: v', "yaml: line 3: could not find expected ':'"],
  ['foo: [\n', 'yaml: line 1: did not find expected node content'],
  ['a: {b\n', "yaml: line 1: did not find expected ',' or '}'"],
  ['a: [b\n', "yaml: line 1: did not find expected ',' or ']'"],
  ['a: {b: c,\n', 'yaml: line 1: did not find expected node content'],
  ['foo: [\n\n', 'yaml: line 2: did not find expected node content'],
  ['a: "b\n', 'yaml: line 2: found unexpected end of stream'],
  ['a: *nope', "yaml: unknown anchor 'nope' referenced"],
  ['name: {{ x }}', 'yaml: invalid map key: map[interface {}]interface {}{"x":interface {}(nil)}'],
])('%j', (text, message) => {
  expect(parseYaml(text).error?.message).toBe(message);
});

test('values as go-yaml v2 resolves them', () => {
  const text =
    'a: yes\nb: 0777\nc: 1_000\nd: 2020-01-01\ne: 1:30\nf: 08\ng: 1e3\nh: ~\ni: 0x1F\ny: 1\n1: 2\na: last';
  const [document] = parseYaml(text).documents;
  expect(document?.value).toEqual({
    a: 'last',
    b: 511,
    c: 1000,
    d: '2020-01-01',
    e: '1:30',
    f: 8,
    g: 1000,
    h: null,
    i: 31,
    true: 1,
    1: 2,
  });
  expect(document?.duplicates.map((each) => each.key)).toEqual(['a']);
});

test('bombs are refused', () => {
  expect(parseYaml('['.repeat(100_000)).error?.message).toBe(
    'yaml: exceeded max depth of 1000 of this simulator',
  );
  let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
  for (let level = 1; level < 10; level += 1) {
    const item = `*a${level - 1}`;
    bomb += `a${level}: &a${level} [${Array(9).fill(item).join(',')}]\n`;
  }
  expect(parseYaml(bomb).error?.message).toBe('yaml: document contains excessive aliasing');
});
