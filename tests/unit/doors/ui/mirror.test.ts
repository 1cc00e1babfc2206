/** The page's copy of the lab: who reads its rows is told of every batch that changes one. */
import { effect } from '@preact/signals';
import { expect, test } from 'vitest';
import { rows, takeBatch } from '../../../../src/doors/ui/mirror/mirror.ts';
import type { Batch, ObjectRow } from '../../../../src/doors/worker/protocol.ts';

const row = (name: string): ObjectRow => ({ key: `Pod/default/${name}` }) as ObjectRow;

function batch(set: readonly ObjectRow[], removed: readonly string[]): Batch {
  return {
    rows: { set, removed, reset: false },
    marks: [],
    traffic: [],
    hosts: [],
    faults: [],
    mended: [],
    problem: null,
  } as unknown as Batch;
}

test('a reader of the rows runs again with each batch that changes them, and with no other', () => {
  const sizes: number[] = [];
  const stop = effect(() => {
    sizes.push(rows.value.size);
  });
  takeBatch(batch([row('a'), row('b')], []));
  takeBatch(batch([], []));
  takeBatch(batch([], ['Pod/default/a']));
  stop();
  expect(sizes).toEqual([0, 2, 1]);
});
