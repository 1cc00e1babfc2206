import { describe, expect, test } from 'vitest';
import { textOf, utf8 } from '../../../../src/ground/base/bytes.ts';
import { startTask } from '../../../../src/ground/base/task.ts';
import { bytesOf } from '../../../../src/machines/network/chunk.ts';
import { prefixEnd, type WatchResponse } from '../../../../src/spine/etcd/wire/index.ts';
import { type FakeEtcd, fakeEtcd } from '../../../support/control-plane.ts';

const put = (etcd: FakeEtcd, key: string, value: string, lease = 0) =>
  etcd.run(etcd.client.put({ key, value: utf8(value), lease, prevKv: true }));

describe('etcd', () => {
  test('revisions start at 1, a write makes one, a generation begins after a delete', () => {
    const etcd = fakeEtcd();
    expect(put(etcd, 'a', '1')).toMatchObject({ ok: true, value: { header: { revision: 2 } } });
    put(etcd, 'a', '2');
    const first = etcd.run(etcd.client.range({ key: 'a' }));
    expect(first).toMatchObject({
      value: { count: 1, kvs: [{ createRevision: 2, modRevision: 3, version: 2 }] },
    });
    etcd.run(etcd.client.deleteRange({ key: 'a' }));
    put(etcd, 'a', '3');
    const second = etcd.run(etcd.client.range({ key: 'a' }));
    expect(second).toMatchObject({ value: { kvs: [{ createRevision: 5, version: 1 }] } });
    const past = etcd.run(etcd.client.range({ key: 'a', revision: 3 }));
    expect(past.ok && textOf(bytesOf(past.value.kvs[0]?.value as Uint8Array))).toBe('2');
  });

  test('a transaction is one revision and sees its own writes', () => {
    const etcd = fakeEtcd();
    const done = etcd.run(
      etcd.client.txn({
        compare: [{ key: 'a', target: 'MOD', result: 'EQUAL', operand: 0 }],
        success: [
          { put: { key: 'a', value: utf8('x') } },
          { put: { key: 'b', value: utf8('y') } },
          { range: { key: 'a' } },
        ],
        failure: [],
      }),
    );
    expect(done).toMatchObject({
      value: {
        succeeded: true,
        header: { revision: 2 },
        responses: [{}, {}, { range: { count: 1 } }],
      },
    });
    const twice = etcd.run(
      etcd.client.txn({
        compare: [],
        success: [{ put: { key: 'a', value: utf8('x') } }, { put: { key: 'a', value: utf8('y') } }],
        failure: [],
      }),
    );
    expect(twice).toMatchObject({
      error: { message: 'etcdserver: duplicate key given in txn request' },
    });
  });

  test('a watch gets the past and the present, in order, and hears of compaction', () => {
    const etcd = fakeEtcd();
    put(etcd, '/p/a', '1');
    put(etcd, '/p/b', '2');
    const watch = etcd.run(
      etcd.client.watch({ key: '/p/', rangeEnd: prefixEnd('/p/'), startRevision: 2, prevKv: true }),
    );
    const seen: string[] = [];
    if (watch.ok) {
      watch.value.onResponse((response: WatchResponse | undefined) => {
        for (const event of response?.events ?? []) {
          seen.push(`${event.type} ${event.kv.key}@${event.kv.modRevision}`);
        }
      });
    }
    put(etcd, '/q', 'no');
    etcd.run(etcd.client.deleteRange({ key: '/p/', rangeEnd: prefixEnd('/p/') }));
    etcd.loop.run({ until: etcd.loop.now + 100 });
    expect(seen).toEqual(['PUT /p/a@2', 'PUT /p/b@3', 'DELETE /p/a@5', 'DELETE /p/b@5']);
    etcd.run(etcd.client.compact({ revision: 5 }));
    const late = etcd.run(etcd.client.watch({ key: '/p/a', startRevision: 2 }));
    const response = late.ok
      ? [etcd.run(late.value.receive()), etcd.run(late.value.receive())][1]
      : undefined;
    expect(response).toMatchObject({ canceled: true, compactRevision: 5 });
    expect(etcd.run(etcd.client.range({ key: '/p/a', revision: 3 }))).toMatchObject({
      error: { message: 'etcdserver: mvcc: required revision has been compacted' },
    });
  });

  test('a revoked lease takes its keys in one revision', () => {
    const etcd = fakeEtcd();
    const lease = etcd.run(etcd.client.leaseGrant({ ttl: 60 }));
    const id = lease.ok ? lease.value.id : 0;
    put(etcd, 'a', '1', id);
    put(etcd, 'b', '1', id);
    put(etcd, 'b', '2');
    put(etcd, 'c', '1', id);
    etcd.run(etcd.client.leaseRevoke(id));
    const left = etcd.run(etcd.client.range({ key: 'a', rangeEnd: 'z' }));
    expect(left).toMatchObject({ value: { header: { revision: 6 }, kvs: [{ key: 'b' }] } });
    expect(put(etcd, 'd', '1', id)).toMatchObject({
      error: { message: 'etcdserver: requested lease not found' },
    });
  });

  test('writes that come together share an fsync', () => {
    const etcd = fakeEtcd();
    const start = etcd.loop.now;
    for (let n = 0; n < 50; n += 1) {
      startTask(etcd.loop, etcd.client.put({ key: `k${n}`, value: utf8('v') }), 'put');
    }
    etcd.loop.run({ when: () => etcd.database.store.revision === 51 });
    // The first pays its own, all others wait for the second.
    expect(etcd.loop.now - start).toBeLessThan(3 * 1200 + 50 * 30);
  });
});
