/** Paths and comparisons of scenarios, as tables. */
import { describe, expect, it } from 'vitest';
import {
  holds,
  parseCondition,
  parsePath,
  seenText,
  valuesAt,
} from '../../../../src/lab/scenarios/conditions.ts';
import { conditionText } from '../../../../src/lab/scenarios/format.ts';

const POD = {
  metadata: { name: 'web-1', labels: { 'app.kubernetes.io/name': 'web' } },
  spec: {
    containers: [
      { name: 'web', image: 'web:1', resources: { requests: { cpu: '250m' } } },
      { name: 'side', image: 'side:1' },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Initialized', status: 'True' },
    ],
    restarts: 3,
  },
};

describe('paths', () => {
  it.each([
    ['metadata.name', ['web-1']],
    ["metadata.labels['app.kubernetes.io/name']", ['web']],
    ['spec.containers[1].image', ['side:1']],
    ['spec.containers[9].image', []],
    ['spec.containers[*].image', ['web:1', 'side:1']],
    ['spec.containers[resources.requests.cpu=250m].name', ['web']],
    ['status.conditions[type=Ready].status', ['True']],
    ['status.conditions[type=Absent].status', []],
    ['metadata.constructor', []],
    ['metadata.name.length', []],
    ['spec.containers.image', []],
  ] as const)('%s', (text, wanted) => {
    const path = parsePath(text);
    expect(path.ok && valuesAt(POD, path.value)).toEqual(wanted);
  });

  it.each(['', '.spec', 'spec..name', 'spec[', 'spec[name]', 'spec containers', 'a.b['])(
    'refuses "%s"',
    (text) => expect(parsePath(text).ok).toBe(false),
  );
});

describe('comparisons', () => {
  it.each([
    [3, [3], true],
    [3, ['3'], true],
    [3, [4], false],
    [3, [], false],
    ['!=3', [], true],
    ['!=3', [3, 4], false],
    ['>=3', [3, 2], false],
    ['>=3', [3, 7], true],
    ['<10', [9], true],
    ['<10', ['absent'], false],
    ['>200m', ['250m'], true],
    ['<=1Gi', ['512Mi'], true],
    ['>1Gi', ['512Mi'], false],
    ['~^web-\\d+$', ['web-1'], true],
    ['~^web-\\d+$', ['web-'], false],
    ['exists', [], false],
    ['exists', [null], true],
    ['absent', [], true],
    ['count<2', [['a', 'b']], false],
    ['count=2', ['a', 'b'], true],
    ['count>=1', [], false],
    ['10%±5', [14], true],
    ['10%±5', [15.1], false],
    ['100%', [100], true],
    ['25%', ['25%'], true],
    ['25%', ['25'], false],
    ['xiaorui/backend', ['xiaorui/backend:v2'], false],
    [true, [true], true],
    ['{…}', [{}], false],
  ] as const)('%s of %j is %s', (text, values, wanted) => {
    const condition = parseCondition(text);
    expect(condition.ok && holds(condition.value, values)).toBe(wanted);
  });

  it.each([['>many'], ['~('], ['>=10±1'], [{ a: 1 }], [null]])('refuses %j', (text) => {
    expect(parseCondition(text).ok).toBe(false);
  });

  it('answers an evil pattern at once', () => {
    const condition = parseCondition('~(a+)+$');
    expect(condition.ok && holds(condition.value, [`${'a'.repeat(50_000)}b`])).toBe(false);
  });

  it('says what was wanted and seen', () => {
    const told = (text: unknown, values: readonly unknown[]): readonly string[] => {
      const parsed = parseCondition(text);
      return parsed.ok ? [conditionText(parsed.value), seenText(parsed.value, values)] : [];
    };
    expect(told(10, [3])).toEqual(['10', '3']);
    expect(told('count>=3', [['a']])).toEqual(['>= 3', '1']);
    expect(told('10%±5', [30])).toEqual(['10%±5', '30']);
    expect(told('v2', ['v1', 'v1', 'v3'])).toEqual(['v2', 'v1, v3']);
    expect(told('exists', [])).toEqual(['exists', '']);
  });
});
