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

/** A server whose namespace default has its service account, as the controller makes it. */
function withAccount() {
  const server = fakeApiServer();
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  server.call('POST', '/api/v1/namespaces/default/serviceaccounts', freezeDeep(account));
  return server;
}

const PODS = '/api/v1/namespaces/default/pods';

describe('the API over the wire', () => {
  test('create, get, update, conflict, delete', () => {
    const server = withAccount();
    const created = server.call('POST', PODS, pod('a'));
    expect(created.code).toBe(201);
    expect(created.body.metadata).toMatchObject({
      name: 'a',
      namespace: 'default',
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
    const next = String(Number(created.body.metadata.resourceVersion) + 1);
    expect(updated).toMatchObject({ code: 200, body: { metadata: { resourceVersion: next } } });
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
    const server = withAccount();
    server.call('POST', PODS, pod('a'));
    const list = server.call('GET', `${PODS}?limit=500`);
    expect(list.body).toMatchObject({ kind: 'PodList', items: [{ metadata: { name: 'a' } }] });
    const from = list.body.metadata.resourceVersion;
    const seen: [string, string, number][] = [];
    const opened = server.run(
      server.connect('a', 'system:masters').request({
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
    const first = Number(b.body.metadata.resourceVersion);
    expect(seen.map(([type, revision]) => `${type} ${Number(revision) - first}`)).toEqual([
      'ADDED 0',
      'DELETED 1',
      'DELETED 2',
    ]);
    const record = server.trace.find(seen[0]?.[2] ?? 0);
    expect(record).toMatchObject({ verb: 'create', object: 'Pod/default/b', revision: first });
  });

  test('pages of a list are of one revision', () => {
    const server = withAccount();
    for (const name of ['a', 'b', 'c']) server.call('POST', PODS, pod(name));
    const first = server.call('GET', '/api/v1/pods?limit=2');
    expect(first.body.metadata).toMatchObject({ remainingItemCount: 1 });
    const { resourceVersion } = first.body.metadata;
    server.call('POST', PODS, pod('d'));
    const token = first.body.metadata.continue;
    const second = server.call('GET', `/api/v1/pods?limit=2&continue=${token}`);
    expect(second.body.metadata).toEqual({ resourceVersion });
    expect(second.body.items.map((item: Pod) => item.metadata.name)).toEqual(['c']);
  });
});

test('a watch gets every event of a revision that has several', () => {
  const server = withAccount();
  for (const name of ['a', 'b']) server.call('POST', PODS, pod(name));
  const seen: string[] = [];
  const opened = server.run(
    server.connect('a', 'system:masters').request({
      method: 'GET',
      target: '/api/v1/pods?watch=1',
      host: 'test',
      headers: new Map(),
      body: undefined,
    }),
  );
  if (opened.ok) {
    opened.value.onReceive((event) => {
      if (!event.ok || event.value === undefined) return;
      const { type, object } = (event.value as WatchMessage).event;
      seen.push(`${type} ${object.metadata.name}`);
    });
  }
  server.run(server.client.deleteRange({ key: '/registry/pods/', rangeEnd: '/registry/pods0' }));
  server.loop.run({ until: server.loop.now + 1000 });
  expect(seen).toEqual(['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b']);
});
