/** Label selectors: what they match, and the parser's errors (k8s.io/apimachinery/pkg/labels/selector.go, v0.34). */
import { expect, test } from 'vitest';
import { matches, parseSelector } from '../../src/ground/api/selector.ts';

const PODS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  a: { app: 'x', tier: 'web', v: '5' },
  b: { app: 'x', tier: 'db' },
  c: { app: 'y' },
  d: {},
};

test.each([
  ['', 'a b c d'],
  ['app=x', 'a b'],
  ['app==x', 'a b'],
  ['app!=x', 'c d'],
  ['app in (x,y)', 'a b c'],
  ['app in ( x , z ),tier', 'a b'],
  ['app notin (x)', 'c d'],
  ['tier', 'a b'],
  ['!tier', 'c d'],
  ['! tier , app', 'c'],
  ['v>4', 'a'],
  ['v<4', ''],
  ['v>5', ''],
  ['app=x,tier=web', 'a'],
  ['app=', ''],
  ['app!=', 'a b c d'],
  ['app in (,x)', 'a b'],
  // Words of the language are names where a name is wanted.
  ['in', ''],
  ['notin notin (in)', 'a b c d'],
  ['example.com/tier!=web', 'a b c d'],
])('%s selects %s', (text, names) => {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.error);
  const found = Object.keys(PODS).filter((name) => matches(parsed.value, PODS[name]));
  expect(found.join(' ')).toBe(names);
});

const NO_REQUIREMENT = 'unable to parse requirement: ';

test.each([
  [
    'app in ()',
    `${NO_REQUIREMENT}values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty`,
  ],
  ['app in (x', `${NO_REQUIREMENT}found '', expected: ',' or ')'`],
  ['app in x', `${NO_REQUIREMENT}found 'x' expected: '('`],
  ['a b', `${NO_REQUIREMENT}found 'b', expected: in, notin, =, ==, !=, gt, lt`],
  [',', "found ',', expected: !, identifier, or 'end of string'"],
  ['app=x,', "found '', expected: identifier after ','"],
  ['=x', "found '=', expected: !, identifier, or 'end of string'"],
  ['app=x=y', "found '=', expected: ',' or 'end of string'"],
  ['!app=x', "found '=', expected: ',' or 'end of string'"],
  [
    'v>a',
    `${NO_REQUIREMENT}values[0]: Invalid value: "a": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
  [
    'a/b/c=x',
    `${NO_REQUIREMENT}<nil>: Invalid value: "a/b/c": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ],
  [
    'app=-x',
    `${NO_REQUIREMENT}values[0][app]: Invalid value: "-x": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  ],
])('%s is refused', (text, error) => {
  expect(parseSelector(text)).toEqual({ ok: false, error });
});
