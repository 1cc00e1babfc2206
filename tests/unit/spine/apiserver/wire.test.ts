/**
 * What the API server answers on the wire, byte for byte: routes that do not exist, options that are not
 * allowed, bodies that cannot be read, states that are gone (k8s.io/apiserver, v0.34).
 */
import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../../../src/ground/base/bytes.ts';
import { startTask } from '../../../../src/ground/base/task.ts';
import { bytesOf } from '../../../../src/machines/network/chunk.ts';
import { fakeApiServer, type FakeApiServer } from '../../../support/fake-apiserver.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const BINDING = '/api/v1/namespaces/default/pods/a/binding';
const JSON_TYPE = 'application/json';
const MERGE = 'application/merge-patch+json';

interface Sent {
  readonly type?: string;
  readonly agent?: string;
  readonly body?: string;
}

/** A request as a foreign client sends it. */
function send(server: FakeApiServer, method: string, target: string, sent: Sent = {}) {
  const connection = server.connect('admin', 'system:masters');
  const { type = JSON_TYPE, agent = 'test', body } = sent;
  let code = 0;
  let text = '';
  let seen: ReadonlyMap<string, string> = new Map();
  startTask(
    server.loop,
    (function* () {
      const headers = new Map([['user-agent', agent]]);
      if (body !== undefined) headers.set('content-type', type);
      const bytes = body === undefined ? undefined : utf8(body);
      const got = yield* connection.request({ method, target, host: 'test', headers, body: bytes });
      if (!got.ok) return;
      code = got.value.status;
      seen = got.value.headers;
      const whole = yield* got.value.whole();
      if (whole.ok && whole.value !== undefined) text = textOf(bytesOf(whole.value));
    })(),
    'client',
  );
  server.loop.run({ until: server.loop.now + 5_000_000 });
  return { code, text, headers: seen };
}

function messageOf(text: string): string {
  return text.startsWith('{') ? String(JSON.parse(text).message) : text;
}

const NO_ROUTE = 'the server could not find the requested resource';
const NO_METHOD = 'the server does not allow this method on the requested resource';
const NUMBER = 'invalid syntax';
const MATCH = 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ';
const UNREADABLE =
  "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ";

/** Method, path, code, message; then what is sent. */
const TABLE: readonly (readonly [string, string, number, string, Sent?])[] = [
  // Routes.
  ['GET', '/api/v1/nopes', 404, NO_ROUTE],
  ['GET', '/api/v2', 404, NO_ROUTE],
  ['GET', '/apis/apps/v2/deployments', 404, NO_ROUTE],
  ['GET', '/apis/nope/v1/things', 404, '404 page not found\n'],
  ['GET', '/api/v1/pods/a', 404, NO_ROUTE],
  ['GET', '/api/v1/namespaces/default/nodes', 404, NO_ROUTE],
  ['GET', `${MAPS}/a/status`, 404, NO_ROUTE],
  ['POST', '/api/v1/pods', 405, NO_METHOD, { body: '{}' }],
  ['POST', `${MAPS}/a`, 405, NO_METHOD, { body: '{}' }],
  ['PUT', MAPS, 405, NO_METHOD, { body: '{}' }],
  ['PATCH', MAPS, 405, NO_METHOD, { body: '{}', type: MERGE }],
  ['DELETE', '/api/v1/namespaces/default/pods/a/status', 405, NO_METHOD],
  ['DELETE', '/api/v1/namespaces', 405, NO_METHOD],
  // Bodies.
  ['POST', MAPS, 400, `${UNREADABLE}unexpected end of JSON input (<empty>)`, { body: '' }],
  [
    'POST',
    MAPS,
    400,
    `${UNREADABLE}invalid character 'b' looking for beginning of object key string ({bad)`,
    { body: '{bad' },
  ],
  [
    'POST',
    MAPS,
    400,
    'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    { body: '{"kind":"ConfigMap","apiVersion":"v2"}' },
  ],
  [
    'POST',
    MAPS,
    400,
    `${UNREADABLE}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    { body: '[]' },
  ],
  [
    'POST',
    MAPS,
    422,
    'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    { body: 'null' },
  ],
  [
    'POST',
    BINDING,
    400,
    'name in URL does not match name in Binding object',
    { body: '{"metadata":{"name":"b"},"target":{"name":"node-1"}}' },
  ],
  [
    'POST',
    BINDING,
    500,
    '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]',
    { body: '{"metadata":{"name":"a"},"target":{"kind":"Pod"}}' },
  ],
  // Options of writes.
  [
    'POST',
    `${MAPS}?dryRun=Some`,
    422,
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    { body: '{}' },
  ],
  [
    'PUT',
    `${MAPS}/a?fieldValidation=No`,
    422,
    'UpdateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "No": supported values: "", "Ignore", "Strict", "Warn"',
    { body: '{}' },
  ],
  [
    'PATCH',
    `${MAPS}/a?force=true&fieldManager=a%0A`,
    422,
    'PatchOptions.meta.k8s.io "" is invalid: [force: Forbidden: may not be specified for non-apply patch, fieldManager: Invalid value: "a\\n": invalid character U+000A (at position 1)]',
    { body: '{}', type: MERGE },
  ],
  [
    'DELETE',
    `${MAPS}/a`,
    422,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "No": supported values: "Foreground", "Background", "Orphan", "nil"',
    { body: '{"propagationPolicy":"No"}' },
  ],
  ['DELETE', `${MAPS}/a?gracePeriodSeconds=x`, 400, `strconv.ParseInt: parsing "x": ${NUMBER}`],
  [
    'DELETE',
    `${MAPS}/a`,
    409,
    'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (RV). The object might have been modified',
    { body: '{"preconditions":{"resourceVersion":"1"}}' },
  ],
  // Which object is meant.
  [
    'PUT',
    `${MAPS}/a`,
    409,
    'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: UID',
    { body: '{"metadata":{"name":"a","uid":"x"}}' },
  ],
  [
    'PUT',
    `${MAPS}/a`,
    500,
    `strconv.ParseUint: parsing "x": ${NUMBER}`,
    { body: '{"metadata":{"name":"a","resourceVersion":"x"}}' },
  ],
  [
    'PATCH',
    `${MAPS}/a`,
    422,
    'ConfigMap "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    { body: '{"metadata":{"uid":"x"}}', type: MERGE },
  ],
  [
    'PATCH',
    `${MAPS}/a`,
    400,
    'the namespace of the provided object does not match the namespace sent on the request',
    { body: '{"metadata":{"namespace":"kube-system"}}', type: MERGE },
  ],
  // Lists and watches.
  ['GET', `${MAPS}?limit=x`, 400, `strconv.ParseInt: parsing "x": ${NUMBER}`],
  [
    'GET',
    `${MAPS}?resourceVersion=x`,
    400,
    `invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": ${NUMBER}`,
  ],
  [
    'GET',
    `${MAPS}?watch=1&resourceVersion=x`,
    422,
    `configmaps "" is invalid: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": ${NUMBER}`,
  ],
  [
    'GET',
    `${MAPS}/a?resourceVersion=99999`,
    504,
    'Timeout: Too large resource version: 99999, current: NOW',
  ],
  [
    'GET',
    `${MAPS}?continue=*`,
    400,
    'invalid continue token: continue key is not valid: illegal base64 data at input byte 0',
  ],
  [
    'GET',
    `${MAPS}?continue=${btoa('{"v":"v2"}').replace(/=/g, '')}`,
    400,
    'invalid continue token: continue key is not valid: server does not recognize this encoded version v2',
  ],
  [
    'GET',
    `${MAPS}?resourceVersion=5&continue=${btoa('{"v":"meta.k8s.io/v1","rv":5,"start":"a"}').replace(/=/g, '')}`,
    400,
    'specifying resource version is not allowed when using continue',
  ],
  [
    'GET',
    `${MAPS}?resourceVersionMatch=Exact`,
    422,
    `${MATCH}resourceVersionMatch is forbidden unless resourceVersion is provided`,
  ],
  [
    'GET',
    `${MAPS}?resourceVersionMatch=No&resourceVersion=1`,
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "No": supported values: "Exact", "NotOlderThan", ""',
  ],
  [
    'GET',
    `${MAPS}?sendInitialEvents=true`,
    422,
    'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  ],
  [
    'GET',
    `${MAPS}?watch=1&resourceVersionMatch=NotOlderThan`,
    422,
    `${MATCH}resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`,
  ],
  [
    'GET',
    `${MAPS}?watch=1&sendInitialEvents=true`,
    422,
    `${MATCH}sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
  ],
];

test('refusals say what upstream says', () => {
  const server = fakeApiServer();
  const made = send(server, 'POST', MAPS, { body: '{"metadata":{"name":"a"}}' });
  const { metadata } = JSON.parse(made.text);
  for (const [method, path, code, message, sent] of TABLE) {
    const got = send(server, method, path, sent);
    const text = messageOf(got.text)
      .replace(/current: \d+/, 'current: NOW')
      .replace(metadata.uid, 'UID')
      .replace(`(${metadata.resourceVersion})`, '(RV)');
    expect([method, path, got.code, text]).toEqual([method, path, code, message]);
  }
  // Nothing of it has changed anything.
  expect(JSON.parse(send(server, 'GET', `${MAPS}/a`).text).metadata).toEqual(metadata);
});

test('people read indented JSON without a line end, programs one line with one', () => {
  const server = fakeApiServer();
  const made = send(server, 'POST', MAPS, { body: '{"metadata":{"name":"a"},"kind":"ConfigMap"}' });
  expect(made.text).toMatch(
    /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"a","namespace":"default","uid":"[^"]*","resourceVersion":"\d+","creationTimestamp":"[^"]*"\}\}\n$/,
  );
  const curl = { agent: 'curl/8.14.1' };
  for (const path of [`${MAPS}/a`, `${MAPS}/b`, '/version']) {
    const { text, headers } = send(server, 'GET', path, curl);
    expect(text).toBe(JSON.stringify(JSON.parse(text), null, 2));
    expect(headers.get('content-length')).toBe(String(text.length));
    expect(headers.get('date')).toMatch(/GMT$/);
  }
  const head = send(server, 'HEAD', `${MAPS}/a`, curl);
  expect([head.code, head.text]).toEqual([405, '']);
});

test('a watch from a revision that is not there yet waits for it; the old form watches one name', () => {
  const server = fakeApiServer();
  for (const name of ['a', 'b'])
    send(server, 'POST', MAPS, { body: `{"metadata":{"name":"${name}"}}` });
  const future = send(server, 'GET', `${MAPS}?watch=1&resourceVersion=99999&timeoutSeconds=1`);
  expect([future.code, future.text]).toEqual([200, '']);
  const { text } = send(
    server,
    'GET',
    '/api/v1/watch/namespaces/default/configmaps/b?timeoutSeconds=1',
  );
  expect(text.split('\n').map((line) => line.slice(0, 85))).toEqual([
    '{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b"',
    '',
  ]);
});

test('the bookmark behind what is there is an empty object of its kind', () => {
  const server = fakeApiServer();
  const ask =
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const { text } = send(server, 'GET', `/api/v1/pods?${ask}&timeoutSeconds=1`);
  expect(text.replace(/"resourceVersion":"\d+"/, '"resourceVersion":"N"')).toBe(
    '{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"N","annotations":{"k8s.io/initial-events-end":"true"}},"spec":{"containers":null},"status":{}}}\n',
  );
});

test('a page whose state is compacted offers to go on with what is newest', () => {
  const server = fakeApiServer();
  for (const name of ['a', 'b', 'c'])
    send(server, 'POST', MAPS, { body: `{"metadata":{"name":"${name}"}}` });
  const first = JSON.parse(send(server, 'GET', `${MAPS}?limit=1`).text);
  send(server, 'POST', MAPS, { body: '{"metadata":{"name":"d"}}' });
  server.database.store.compact(server.database.store.revision);
  const gone = send(server, 'GET', `${MAPS}?limit=1&continue=${first.metadata.continue}`);
  const status = JSON.parse(gone.text);
  expect([gone.code, status.reason]).toEqual([410, 'Expired']);
  expect(status.message).toMatch(/^The provided continue parameter is too old to display/);
  const rest = JSON.parse(send(server, 'GET', `${MAPS}?continue=${status.metadata.continue}`).text);
  expect(rest.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
    'b',
    'c',
    'd',
  ]);
});

test('authenticators: whoever knows the caller decides, whatever else is sent; nobody is 401', () => {
  const anonymous = fakeApiServer();
  const strict = fakeApiServer('--anonymous-auth=false');
  const accounts = '/api/v1/namespaces/kube-system/serviceaccounts';
  for (const server of [anonymous, strict]) {
    const account = { kind: 'ServiceAccount', metadata: { name: 'bot' } };
    expect(send(server, 'POST', accounts, { body: JSON.stringify(account) }).code).toBe(201);
    const asked = send(server, 'POST', `${accounts}/bot/token`, { body: '{"spec":{}}' });
    const token = JSON.parse(asked.text).status.token;
    const whoIs = (certificate: string, authorization: string): unknown => {
      const reply = server.callAs(
        server.connect(certificate),
        'POST',
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
        authorization === '' ? {} : { authorization },
      );
      return reply.code === 201 ? reply.body.status.userInfo.username : reply.body;
    };
    const nobody = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    };
    const bot = 'system:serviceaccount:kube-system:bot';
    expect(whoIs('dave', '')).toBe('dave');
    expect(whoIs('dave', `Bearer ${token}`)).toBe('dave');
    expect(whoIs('dave', 'Bearer junk')).toBe('dave');
    expect(whoIs('', `Bearer ${token}`)).toBe(bot);
    expect(whoIs('', `bEARER ${token}`)).toBe(bot);
    for (const wrong of ['Bearer junk', 'Bearer a.b.c', `Bearer ${token}x`, 'Basic ZGF2ZTpw']) {
      expect(whoIs('', wrong)).toEqual(nobody);
    }
    const none = whoIs('', '');
    if (server === strict) expect(none).toEqual(nobody);
    else expect(none).toMatchObject({ reason: 'Forbidden', code: 403 });
  }
});

test('what is on its way out takes no new finalizers', () => {
  const server = fakeApiServer();
  const body = '{"metadata":{"name":"a","finalizers":["example.com/a"]}}';
  expect(send(server, 'POST', MAPS, { body }).code).toBe(201);
  expect(send(server, 'DELETE', `${MAPS}/a`).code).toBe(200);
  const patch = (finalizers: string) => {
    const sent = { type: MERGE, body: `{"metadata":{"finalizers":${finalizers}}}` };
    return messageOf(send(server, 'PATCH', `${MAPS}/a`, sent).text);
  };
  expect(patch('["example.com/a","example.com/b"]')).toBe(
    'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}',
  );
  patch('[]');
  expect(send(server, 'GET', `${MAPS}/a`).code).toBe(404);
});

test('a put that would create asks for that right as well', () => {
  const server = fakeApiServer();
  const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const writer = {
    metadata: { name: 'writer' },
    rules: [{ apiGroups: [''], resources: ['services', 'configmaps'], verbs: ['update'] }],
  };
  const binding = {
    metadata: { name: 'writer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writer' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'dave' }],
  };
  // Rules, their bindings and Services may be put where there is nothing yet; most kinds may not.
  expect(send(server, 'PUT', `${roles}/roles/writer`, { body: JSON.stringify(writer) }).code).toBe(
    201,
  );
  const bind = { body: JSON.stringify(binding) };
  expect(send(server, 'PUT', `${roles}/rolebindings/writer`, bind).code).toBe(201);
  const service = '/api/v1/namespaces/default/services/web';
  const web = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  };
  const asDave = server.callAs(server.connect('dave'), 'PUT', service, web);
  expect([asDave.code, asDave.body.message]).toEqual([
    403,
    'services "web" is forbidden: User "dave" cannot create resource "services" in API group "" in the namespace "default"',
  ]);
  expect(send(server, 'PUT', service, { body: JSON.stringify(web) }).code).toBe(201);
  expect(send(server, 'PUT', `${MAPS}/a`, { body: '{"metadata":{"name":"a"}}' }).code).toBe(404);
});
