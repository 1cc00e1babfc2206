/** kubectl's own text work, without a cluster: flags, columns, durations, order, failures, completion of templates. */
import { describe, expect, test } from 'vitest';
import { freezeDeep } from '../../../../../src/ground/api/edit.ts';
import { statusFailure, transportFailure } from '../../../../../src/spine/client/api-error.ts';
import { applyPatchOf } from '../../../../../src/programs/cli/kubectl/apply.ts';
import type { Loose } from '../../../../../src/programs/cli/kubectl/api.ts';
import {
  alignTabs,
  DescribeWriter,
} from '../../../../../src/programs/cli/kubectl/describe/writer.ts';
import {
  formatGoDuration,
  parseGoDuration,
} from '../../../../../src/programs/cli/kubectl/duration.ts';
import {
  apiFailure,
  formatFailure,
  textFailure,
} from '../../../../../src/programs/cli/kubectl/failure.ts';
import { flagSpecs, parseFlags } from '../../../../../src/programs/cli/kubectl/flags.ts';
import {
  appliedText,
  LAST_APPLIED,
  withoutApplied,
} from '../../../../../src/programs/cli/kubectl/last-applied.ts';
import { progressOf } from '../../../../../src/programs/cli/kubectl/rollout-status.ts';
import { sorterFor } from '../../../../../src/programs/cli/kubectl/sort-by.ts';
import { TableWriter } from '../../../../../src/programs/cli/kubectl/table.ts';

const SPECS = flagSpecs(
  "o output='' A all-namespaces=false f filename=[] env=[*] tail=-1 timeout=0s dry-run='none'?unchanged",
);

describe('flags', () => {
  test('mixed with arguments, bundled, bare, repeated, and ended by --', () => {
    const parsed = parseFlags(SPECS, [
      'pods',
      '-Aoyaml',
      '-f',
      'a,b',
      '--filename=c',
      '--env',
      'x,y',
      '--dry-run',
      'web',
      '--',
      '-z',
    ]);
    if (!parsed.ok) throw new Error(parsed.error);
    const { flags, args, dash } = parsed.value;
    expect([
      flags.bool('all-namespaces'),
      flags.text('output'),
      flags.text('dry-run'),
      flags.int('tail'),
    ]).toEqual([true, 'yaml', 'unchanged', -1]);
    expect(flags.list('filename')).toEqual(['a', 'b', 'c']);
    expect(flags.list('env')).toEqual(['x,y']);
    expect([args, dash]).toEqual([['pods', 'web', '-z'], 2]);
  });

  test.each([
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-Az'], "unknown shorthand flag: 'z' in -z"],
    [['--nope=1'], 'unknown flag: --nope'],
    [['--output'], 'flag needs an argument: --output'],
    [['-o'], "flag needs an argument: 'o' in -o"],
    [
      ['--tail=x'],
      'invalid argument "x" for "--tail" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      ['--timeout=5'],
      'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"',
    ],
    [
      ['--timeout=5d'],
      'invalid argument "5d" for "--timeout" flag: time: unknown unit "d" in duration "5d"',
    ],
  ])('%j', (words, problem) => {
    const parsed = parseFlags(SPECS, words);
    expect(parsed.ok ? '' : parsed.error).toBe(problem);
  });
});

test('durations as Go reads and prints them', () => {
  const micros = (text: string) => {
    const parsed = parseGoDuration(text);
    return parsed.ok ? parsed.value : parsed.error;
  };
  expect([micros('1h2m3.5s'), micros('300ms'), micros('-1s'), micros('0'), micros('x')]).toEqual([
    3_723_500_000,
    300_000,
    -1_000_000,
    0,
    'time: invalid duration "x"',
  ]);
  expect([
    formatGoDuration(90_000_000),
    formatGoDuration(3_600_000_000),
    formatGoDuration(0),
  ]).toEqual(['1m30s', '1h0m0s', '0s']);
});

describe('columns', () => {
  test('tables: six wide, three apart, the last free; widths are kept', () => {
    const writer = new TableWriter();
    expect(
      writer.format([
        ['NAME', 'AGE'],
        ['a-long-name', '5s'],
      ]),
    ).toBe('NAME          AGE\na-long-name   5s\n');
    expect(writer.format([['b', '6s']])).toBe('b             6s\n');
  });

  test('describe: a line without a cell ends its column', () => {
    expect(alignTabs('Name:\tweb\nLabels:\ta=b\n\tc=d\nTitle:\n  X:\ty\nLonger label:\tz\n')).toBe(
      'Name:    web\nLabels:  a=b\n         c=d\nTitle:\n  X:           y\nLonger label:  z\n',
    );
  });

  test("describe: long annotations go below their key, apply's is left out", () => {
    const writer = new DescribeWriter(0);
    writer.annotations({ a: 'b', long: 'x'.repeat(200), [LAST_APPLIED]: '{}' });
    expect(writer.text()).toBe(
      `Annotations:  a: b\n              long:\n                ${'x'.repeat(138)}...\n`,
    );
  });
});

test('--sort-by: numbers, quantities, texts by their bytes; missing values first', () => {
  const objects = ['web-10', 'web-9', 'web-2'].map(
    (name) => freezeDeep({ apiVersion: 'v1', kind: 'Pod', metadata: { name } }) as Loose,
  );
  const sorter = sorterFor('.metadata.name');
  const sorted = sorter.ok ? sorter.value(objects, (object) => object) : sorter;
  expect(sorted.ok && sorted.value.map((each) => each.metadata.name)).toEqual([
    'web-10',
    'web-2',
    'web-9',
  ]);
  const missing = sorterFor('.spec.nope');
  const failed = missing.ok ? missing.value(objects, (object) => object) : missing;
  expect(failed.ok ? '' : formatFailure(failed.error).text).toBe(
    'error: couldn\'t find any field with path "{.spec.nope}" in the list of objects\n',
  );
});

describe('failures', () => {
  const invalid = (causes: readonly { reason: string; message: string; field: string }[]) =>
    statusFailure(
      freezeDeep({
        apiVersion: 'v1',
        kind: 'Status',
        metadata: {},
        status: 'Failure',
        message: 'm',
        reason: 'Invalid',
        details: { name: 'a', kind: 'Pod', causes },
        code: 422,
      }),
      422,
      0,
    );
  const one = { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.a' };
  const refused = transportFailure(
    'GET',
    'https://10.0.0.1:6443/api',
    'dial tcp 10.0.0.1:6443: connect: connection refused',
    { kind: 'socket', errno: 'ECONNREFUSED', phase: 'dial' },
  );
  const slow = transportFailure(
    'GET',
    'https://10.0.0.1:6443/api',
    'dial tcp 10.0.0.1:6443: i/o timeout',
    { kind: 'timeout', phase: 'dial' },
  );
  test.each([
    [textFailure('x'), 'error: x\n'],
    [
      apiFailure(invalid([one]), 'error when creating "f.yaml"'),
      'The Pod "a" is invalid: spec.a: Required value\n',
    ],
    [
      apiFailure(invalid([one, { ...one, field: 'spec.b' }, one])),
      'The Pod "a" is invalid: \n* spec.a: Required value\n* spec.b: Required value\n',
    ],
    [
      apiFailure(refused),
      'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?\n',
    ],
    [apiFailure(slow), 'Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n'],
    [{ kind: 'several', list: [textFailure('x'), textFailure('y')] } as const, 'x\ny\n'],
  ])('%#', (failure, text) => {
    expect(formatFailure(failure).text).toBe(text);
  });
});

describe('apply', () => {
  const object = (extra: object): Loose =>
    freezeDeep({
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 'a' },
      ...extra,
    }) as unknown as Loose;
  test('a kind without a schema gets a merge patch: what is dropped becomes null, what others set stays', () => {
    const last = object({ spec: { a: 1, b: 2 } });
    const live = object({
      spec: { a: 1, b: 2, other: 3 },
      metadata: { name: 'a', annotations: { [LAST_APPLIED]: appliedText(last) } },
    });
    const wanted = withoutApplied(object({ spec: { a: 5 } }));
    expect(applyPatchOf(undefined, live, wanted)).toEqual({ spec: { a: 5, b: null } });
  });

  test('the annotation is the manifest in one line, with empty annotations and a line end', () => {
    expect(appliedText(object({ spec: { z: '<' } }))).toBe(
      '{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"annotations":{},"name":"a"},"spec":{"z":"\\u003c"}}\n',
    );
  });
});

test.each([
  [
    { generation: 2 },
    { observedGeneration: 1 },
    'Waiting for deployment spec update to be observed...\n',
  ],
  [
    {},
    { updatedReplicas: 1 },
    'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...\n',
  ],
  [
    {},
    { updatedReplicas: 3, replicas: 4 },
    'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...\n',
  ],
  [
    {},
    { updatedReplicas: 3, replicas: 3, availableReplicas: 2 },
    'Waiting for deployment "web" rollout to finish: 2 of 3 updated replicas are available...\n',
  ],
  [
    {},
    { updatedReplicas: 3, replicas: 3, availableReplicas: 3 },
    'deployment "web" successfully rolled out\n',
  ],
])('rollout status %#', (metadata, status, text) => {
  const deployment = freezeDeep({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...metadata },
    spec: { replicas: 3, selector: {}, template: {} },
    status,
  });
  const progress = progressOf(deployment as never, 0);
  expect(progress.ok && progress.value.text).toBe(text);
});
