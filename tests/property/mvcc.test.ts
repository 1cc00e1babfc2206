/**
 * The store against a model that cannot be wrong: the list of all writes. Random transactions, ranges
 * at random revisions, compactions and copies; every answer is computed anew from the list.
 */
import { expect, test } from 'vitest';
import { utf8 } from '../../src/ground/base/bytes.ts';
import { RandomStream } from '../../src/ground/base/random.ts';
import { Mvcc } from '../../src/spine/etcd/mvcc.ts';
import type {
  Compare,
  KeyValue,
  RequestOp,
  TxnRequest,
} from '../../src/spine/etcd/wire/messages.ts';
import { valueText } from '../../src/spine/etcd/values.ts';

const SEEDS = 30;
const STEPS = 120;
const KEYS = ['a', 'a/1', 'a/2', 'b', 'b/1', 'c'];
const RANGES: readonly (readonly [string, string | undefined])[] = [
  ['a', undefined],
  ['a/', 'a0'],
  ['a', 'c'],
  ['b', '\0'],
  ['\0', '\0'],
];

interface Write {
  readonly revision: number;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
}

/** All writes ever, and what follows from them. */
class Model {
  readonly writes: Write[] = [];
  revision = 1;

  /** The state of a key after a revision. */
  at(key: string, revision: number): (Omit<KeyValue, 'value'> & { value: string }) | undefined {
    let state: (Omit<KeyValue, 'value'> & { value: string }) | undefined;
    for (const write of this.writes) {
      if (write.key !== key || write.revision > revision) continue;
      state =
        write.value === undefined
          ? undefined
          : {
              key,
              value: write.value,
              createRevision: state?.createRevision ?? write.revision,
              modRevision: write.revision,
              version: (state?.version ?? 0) + 1,
              lease: 0,
            };
    }
    return state;
  }

  range(key: string, end: string | undefined, revision: number) {
    const inside = (each: string): boolean =>
      end === undefined ? each === key : each >= key && (end === '\0' || each < end);
    return KEYS.filter(inside).flatMap((each) => this.at(each, revision) ?? []);
  }

  holds(compare: Compare): boolean {
    const found = this.at(compare.key, this.revision);
    const fields = { VERSION: 'version', CREATE: 'createRevision', MOD: 'modRevision' } as const;
    if (compare.target === 'VALUE') {
      return (
        found !== undefined && (found.value === compare.operand) === (compare.result === 'EQUAL')
      );
    }
    const value = found?.[fields[compare.target as keyof typeof fields]] ?? 0;
    const operand = Number(compare.operand);
    if (compare.result === 'EQUAL') return value === operand;
    if (compare.result === 'NOT_EQUAL') return value !== operand;
    return compare.result === 'GREATER' ? value > operand : value < operand;
  }

  txn(txn: TxnRequest): boolean {
    const succeeded = txn.compare.every((compare) => this.holds(compare));
    const next = this.revision + 1;
    const made: Write[] = [];
    for (const op of succeeded ? txn.success : txn.failure) {
      if ('put' in op) {
        made.push({ revision: next, key: op.put.key, value: valueText(op.put.value) });
      } else if ('deleteRange' in op) {
        const { key, rangeEnd } = op.deleteRange;
        for (const kv of this.range(key, rangeEnd, this.revision)) {
          made.push({ revision: next, key: kv.key, value: undefined });
        }
      }
    }
    if (made.length > 0) this.revision = next;
    this.writes.push(...made);
    return succeeded;
  }
}

function pick<T>(random: RandomStream, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

/** Puts and at most one delete of other keys: what `check.ts` lets through. */
function operations(random: RandomStream, step: number): readonly RequestOp[] {
  const put = pick(random, KEYS);
  const ops: RequestOp[] = [];
  if (random.below(3) > 0) ops.push({ put: { key: put, value: utf8(`${step}`), prevKv: true } });
  const [key, rangeEnd] = pick(random, RANGES);
  const covers =
    rangeEnd === undefined ? put === key : put >= key && (rangeEnd === '\0' || put < rangeEnd);
  if (random.below(4) === 0 && !covers) {
    ops.push({ deleteRange: rangeEnd === undefined ? { key } : { key, rangeEnd } });
  }
  return ops;
}

function comparison(random: RandomStream, model: Model): Compare {
  const key = pick(random, KEYS);
  const target = pick(random, ['VERSION', 'CREATE', 'MOD', 'VALUE'] as const);
  if (target === 'VALUE') {
    const operand = model.at(key, model.revision)?.value ?? 'none';
    return { key, target, result: pick(random, ['EQUAL', 'NOT_EQUAL'] as const), operand };
  }
  const result = pick(random, ['EQUAL', 'NOT_EQUAL', 'GREATER', 'LESS'] as const);
  return {
    key,
    target,
    result,
    operand: random.below(target === 'VERSION' ? 4 : model.revision + 1),
  };
}

const plain = (kvs: readonly KeyValue[]) =>
  kvs.map((kv) => ({ ...kv, value: valueText(kv.value) }));

function check(store: Mvcc, model: Model, random: RandomStream, where: string): void {
  expect(store.revision, where).toBe(model.revision);
  const [key, rangeEnd] = pick(random, RANGES);
  const revision = random.below(model.revision + 2);
  const found = store.range(
    rangeEnd === undefined ? { key, revision } : { key, rangeEnd, revision },
  );
  const allowed =
    revision === 0 || (revision <= model.revision && revision >= store.compactRevision);
  expect(found.ok, where).toBe(allowed);
  if (!found.ok) return;
  const wanted = model.range(key, rangeEnd, revision === 0 ? model.revision : revision);
  expect(plain(found.value.kvs), where).toEqual(wanted);
  expect(found.value.count, where).toBe(wanted.length);
}

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))('seed %i', (seed) => {
  const random = new RandomStream(seed, 'mvcc');
  const model = new Model();
  const store = new Mvcc();
  const heard: [number, string][] = [];
  store.onCommit = (revision, changes) => {
    for (const change of changes) heard.push([revision, `${change.type} ${change.kv.key}`]);
  };
  for (let step = 0; step < STEPS; step += 1) {
    const where = `seed ${seed}, step ${step}`;
    const txn: TxnRequest = {
      compare: random.below(2) === 0 ? [] : [comparison(random, model)],
      success: operations(random, step),
      failure: operations(random, step),
    };
    expect(store.txn(txn).succeeded, where).toBe(model.txn(txn));
    check(store, model, random, where);
    if (random.below(25) === 0) store.compact(random.below(model.revision + 2));
    if (random.below(40) === 0) {
      // A copy answers alike, and what happens to it stays there.
      const copy = store.copy();
      check(copy, model, random, `${where}, copy`);
      copy.txn({ compare: [], success: [{ put: { key: 'a', value: utf8('x') } }], failure: [] });
      check(store, model, random, `${where}, after the copy`);
    }
  }
  // Watchers hear every write once, in the order of the list.
  expect(heard).toEqual(
    model.writes.map(({ revision, key, value }) => [
      revision,
      `${value === undefined ? 'DELETE' : 'PUT'} ${key}`,
    ]),
  );
});
