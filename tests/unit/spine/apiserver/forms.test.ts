/** Several forms of the same thing: two groups of events, protobuf bodies, ranges in etcd. */
import { expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import {
  decodeProtobuf,
  encodeEnvelope,
  encodeMessage,
  encodeProtobuf,
} from '../../../../src/ground/api/protobuf.ts';
import { definitionOf } from '../../../../src/ground/api/schema.ts';
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { startTask } from '../../../../src/ground/base/task.ts';
import { readFields } from '../../../../src/ground/lang/protobuf.ts';
import { bytesOf } from '../../../../src/machines/network/chunk.ts';
import { fakeApiServer, type FakeApiServer } from '../../../support/fake-apiserver.ts';

const OLD = '/api/v1/namespaces/default/events';
const NEW = '/apis/events.k8s.io/v1/namespaces/default/events';

test('one store of events under two groups', () => {
  const server = fakeApiServer();
  const regarding = { kind: 'Pod', namespace: 'default', name: 'web' };
  const created = server.call(
    'POST',
    NEW,
    freezeDeep({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'web.1' },
      eventTime: '2026-03-02T09:00:00.000000Z',
      reportingController: 'test',
      reportingInstance: 'test-1',
      action: 'Binding',
      reason: 'Scheduled',
      regarding,
      note: 'placed',
      type: 'Normal',
    }),
  );
  expect(created).toMatchObject({
    code: 201,
    body: { apiVersion: 'events.k8s.io/v1', note: 'placed' },
  });
  expect(server.call('GET', `${OLD}/web.1`).body).toMatchObject({
    apiVersion: 'v1',
    involvedObject: regarding,
    message: 'placed',
    reportingComponent: 'test',
  });
  const patched = server.call('PATCH', `${NEW}/web.1`, freezeDeep({ note: 'moved' }), {
    'content-type': 'application/merge-patch+json',
  });
  expect(patched).toMatchObject({ code: 200, body: { note: 'moved' } });
  const { items } = server.call('GET', NEW).body;
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'moved', regarding });
  expect(server.database.store.get('/registry/events/default/web.1')?.version).toBe(2);
});

/** A request whose body is bytes. */
function send(server: FakeApiServer, method: string, target: string, body: Uint8Array) {
  const connection = server.connect('admin', 'system:masters');
  let code = 0;
  let text = '';
  startTask(
    server.loop,
    (function* () {
      const headers = new Map([['content-type', 'application/vnd.kubernetes.protobuf']]);
      const sent = yield* connection.request({ method, target, host: 'test', headers, body });
      if (!sent.ok) return;
      code = sent.value.status;
      const whole = yield* sent.value.whole();
      if (whole.ok && whole.value !== undefined) text = textOf(bytesOf(whole.value));
    })(),
    'client',
  );
  server.loop.run({ until: server.loop.now + 1_000_000 });
  return { code, text };
}

test('protobuf bodies of objects and of DeleteOptions', () => {
  const server = fakeApiServer();
  const maps = '/api/v1/namespaces/default/configmaps';
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } };
  const definition = definitionOf('core.v1.ConfigMap');
  expect(send(server, 'POST', maps, encodeProtobuf(definition, map)).code).toBe(201);
  expect(server.call('GET', `${maps}/a`).body.data).toEqual({ k: 'v' });
  // Options are registered in every group under its own name.
  const options = encodeMessage(definitionOf('meta.v1.DeleteOptions'), {
    preconditions: { uid: 'other' },
  });
  const enveloped = encodeEnvelope('v1', 'DeleteOptions', options);
  expect(send(server, 'DELETE', `${maps}/a`, enveloped)).toMatchObject({
    code: 409,
    text: expect.stringContaining('the UID in the precondition (other) does not match'),
  });
  expect(send(server, 'POST', maps, new Uint8Array([1, 2, 3, 4, 5]))).toMatchObject({
    code: 400,
    text: expect.stringContaining('does not appear to be a protobuf message'),
  });
});

test('what etcd keeps of an object is protobuf, and reads back as the object', () => {
  const server = fakeApiServer();
  const stored = server.database.store.get('/registry/namespaces/default');
  const bytes = bytesOf(stored?.value ?? new Uint8Array(0));
  const decoded = decodeProtobuf(bytes);
  expect(decoded.ok && decoded.value.value).toMatchObject({
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name: 'default', labels: { 'kubernetes.io/metadata.name': 'default' } },
    spec: { finalizers: ['kubernetes'] },
  });
});

test('the ranges in etcd follow the Services', () => {
  const server = fakeApiServer();
  const services = '/api/v1/namespaces/default/services';
  const service = freezeDeep({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30_001 }] },
  });
  const bits = (name: string): number[] => {
    const kv = server.database.store.get(`/registry/ranges/${name}`);
    const bytes = bytesOf(kv?.value ?? new Uint8Array(0));
    const raw = readFields(bytes.subarray(4))?.find((each) => each.number === 2)?.bytes;
    const map = readFields(raw ?? bytes)?.find((each) => each.number === 3)?.bytes;
    return [...(map ?? [])];
  };
  expect(server.call('POST', services, service).code).toBe(201);
  // Offset 9 of the addresses from 10.96.0.1 on, offset 1 of the ports from 30000 on.
  expect(bits('serviceips')).toEqual([0b10, 0]);
  expect(bits('servicenodeports')).toEqual([0b10]);
  server.call('DELETE', `${services}/web`);
  expect(bits('serviceips')).toEqual([]);
  expect(bits('servicenodeports')).toEqual([]);
});
