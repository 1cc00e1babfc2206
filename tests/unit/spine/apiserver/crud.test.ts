import { describe, expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import type { Pod } from '../../../../src/ground/api/types.ts';
import type { WatchMessage } from '../../../../src/spine/client/api-body.ts';
import { fakeApiServer } from '../../../support/fake-apiserver.ts';

const pod = (name: string): Pod =>
  freezeDeep({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'nginx' }] },
  }) as Pod;

const PODS = '/api/v1/namespaces/default/pods';

describe('the API over the wire', () => {
  test('create, get, update, conflict, delete', () => {
    const server = fakeApiServer();
    const created = server.call('POST', PODS, pod('a'));
    expect(created.code).toBe(201);
    expect(created.body.metadata).toMatchObject({
      name: 'a',
      namespace: 'default',
      resourceVersion: '2',
      creationTimestamp: '2026-03-02T09:00:00Z',
    });
    expect(server.call('POST', PODS, pod('a'))).toMatchObject({
      code: 409,
      body: { message: 'pods "a" already exists', reason: 'AlreadyExists' },
    });
    const got = server.call('GET', `${PODS}/a`);
    expect(got.body).toBe(created.body);
    const labelled = freezeDeep({
      ...got.body,
      metadata: { ...got.body.metadata, labels: { app: 'api' } },
    });
    const updated = server.call('PUT', `${PODS}/a`, labelled);
    expect(updated).toMatchObject({ code: 200, body: { metadata: { resourceVersion: '3' } } });
    expect(server.call('PUT', `${PODS}/a`, updated.body).body).toBe(updated.body);
    expect(server.call('PUT', `${PODS}/a`, got.body)).toMatchObject({
      code: 409,
      body: {
        message:
          'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
      },
    });
    expect(server.call('DELETE', `${PODS}/a`).code).toBe(200);
    expect(server.call('GET', `${PODS}/a`)).toMatchObject({
      code: 404,
      body: { message: 'pods "a" not found' },
    });
  });

  test('a watch sees what it selects, by reference, caused by the write', () => {
    const server = fakeApiServer();
    server.call('POST', PODS, pod('a'));
    const list = server.call('GET', `${PODS}?limit=500`);
    expect(list.body).toMatchObject({ kind: 'PodList', items: [{ metadata: { name: 'a' } }] });
    const from = list.body.metadata.resourceVersion;
    const seen: [string, string, number][] = [];
    const opened = server.run(
      server.connection.request({
        method: 'GET',
        target: `/api/v1/pods?watch=1&resourceVersion=${from}&labelSelector=app%3Dweb`,
        host: 'test',
        headers: new Map(),
        body: undefined,
      }),
    );
    if (opened.ok) {
      opened.value.onReceive((event) => {
        if (!event.ok || event.value === undefined) return;
        const { type, object } = (event.value as WatchMessage).event;
        seen.push([type, object.metadata.resourceVersion ?? '', server.loop.cause]);
      });
    }
    const b = server.call('POST', PODS, pod('b'));
    const moved = { ...b.body, metadata: { ...b.body.metadata, labels: { app: 'x' } } };
    server.call('PUT', `${PODS}/b`, freezeDeep(moved));
    server.call('DELETE', `${PODS}/a`);
    server.loop.run({ until: server.loop.now + 1000 });
    expect(seen.map(([type, revision]) => `${type} ${revision}`)).toEqual([
      'ADDED 3',
      'DELETED 4',
      'DELETED 5',
    ]);
    const record = server.trace.find(seen[0]?.[2] ?? 0);
    expect(record).toMatchObject({ verb: 'create', object: 'Pod/default/b', revision: 3 });
  });

  test('pages of a list are of one revision', () => {
    const server = fakeApiServer();
    for (const name of ['a', 'b', 'c']) server.call('POST', PODS, pod(name));
    const first = server.call('GET', '/api/v1/pods?limit=2');
    expect(first.body.metadata).toMatchObject({ resourceVersion: '4', remainingItemCount: 1 });
    server.call('POST', PODS, pod('d'));
    const token = first.body.metadata.continue;
    const second = server.call('GET', `/api/v1/pods?limit=2&continue=${token}`);
    expect(second.body.metadata).toEqual({ resourceVersion: '4' });
    expect(second.body.items.map((item: Pod) => item.metadata.name)).toEqual(['c']);
  });
});
