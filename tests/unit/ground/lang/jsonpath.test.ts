/** kubectl's JSONPath: what prints, and what it says when it cannot. */
import { expect, test } from 'vitest';
import { parseJsonPath, printJsonPath } from '../../../../src/ground/lang/jsonpath.ts';

const LIST = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'a', labels: { 'k8s.io/x': '1' } },
      spec: { n: 1, on: true, tags: ['p', 'q', 'r'] },
    },
    { metadata: { name: 'b', labels: {} }, spec: { n: 2, tags: [] } },
  ],
};

function print(template: string): string {
  const parsed = parseJsonPath(template);
  if (!parsed.ok) return `parse: ${parsed.error}`;
  const printed = printJsonPath(parsed.value, LIST);
  return printed.ok ? printed.value : `error: ${printed.error}`;
}

test.each([
  ['{.kind}', 'List'],
  ['{.items[*].metadata.name}', 'a b'],
  ['{range .items[*]}{.metadata.name}{"\\t"}{.spec.n}{"\\n"}{end}', 'a\t1\nb\t2\n'],
  ['{.items[0].metadata.labels.k8s\\.io/x}', '1'],
  ["{.items[0].metadata.labels['k8s\\.io/x']}", '1'],
  ['{.items[?(@.spec.n>1)].metadata.name}', 'b'],
  ['{.items[?(@.metadata.name=="a")].spec.on}', 'true'],
  ['{.items[?(@.spec.on)].metadata.name}', 'a'],
  ['{.items[0].spec.tags[-1:]}', 'r'],
  ['{.items[0].spec.tags[0,2]}', 'p r'],
  ['{.items[0].spec.tags[0:3:2]}', 'p r'],
  ["{.items[0]['metadata.name','spec.n']}", 'a 1'],
  ['{..name}', 'a b'],
  ['{.items[0].spec.tags}', '["p","q","r"]'],
  ['{.missing}', ''],
  ['x{.kind}y', 'xListy'],
  ['{.items[5]}', 'error: array index out of bounds: index 5, length 2'],
  ['{.items[', 'parse: unclosed action'],
  ['{.items[0}', 'parse: unterminated array'],
  ['{.items[x]}', 'parse: invalid array index x'],
  ['{end}', 'parse: not in range, nothing to end'],
])('%s', (template, text) => {
  expect(print(template)).toBe(text);
});
