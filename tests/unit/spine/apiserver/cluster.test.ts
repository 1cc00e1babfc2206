import { describe, expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { fakeApiServer } from '../../../support/fake-apiserver.ts';

const CORE = '/api/v1/namespaces/default';

function server() {
  const made = fakeApiServer();
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  made.call('POST', `${CORE}/serviceaccounts`, freezeDeep(account));
  return made;
}

const pod = (name: string) =>
  freezeDeep({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'web', image: 'nginx' }] },
  });

describe('admission, authorization and deletion', () => {
  test('a pod gets its token volume, tolerations and priority', () => {
    const { body } = server().call('POST', `${CORE}/pods`, pod('a'));
    const volume = body.spec.volumes[0].name;
    expect(volume).toMatch(/^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(body.spec.containers[0].volumeMounts).toEqual([
      { name: volume, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ]);
    expect(body.spec).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    expect(body.spec.tolerations.map((each: { key: string }) => each.key)).toEqual([
      'node.kubernetes.io/not-ready',
      'node.kubernetes.io/unreachable',
    ]);
  });

  test('refusals in upstream words', () => {
    const made = server();
    const jane = made.connect('jane');
    const message = (method: string, target: string, body?: unknown) =>
      made.callAs(jane, method, target, body).body.message;
    expect(message('GET', `${CORE}/pods`)).toBe(
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    expect(message('GET', '/apis/apps/v1/deployments')).toBe(
      'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope',
    );
    expect(message('GET', `${CORE}/pods/a/log`)).toBe(
      'pods "a" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"',
    );
    const kubelet = made.connect('system:node:node-1', 'system:nodes');
    expect(made.callAs(kubelet, 'GET', `${CORE}/secrets/s`).body.message).toBe(
      `secrets "s" is forbidden: User "system:node:node-1" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node 'node-1' and this object`,
    );
    expect(made.call('POST', '/api/v1/namespaces/no/pods', pod('a')).body.message).toBe(
      'namespaces "no" not found',
    );
    expect(made.callAs(jane, 'GET', '/version').body.gitVersion).toBe('v1.34.0');
    expect(made.callAs(jane, 'GET', '/metrics').body.message).toBe(
      'forbidden: User "jane" cannot get path "/metrics"',
    );
  });

  test('binding, graceful delete by a person, final delete by the kubelet', () => {
    const made = server();
    made.call('POST', `${CORE}/pods`, pod('a'));
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'a' },
      target: { kind: 'Node', name: 'node-1' },
    };
    expect(made.call('POST', `${CORE}/pods/a/binding`, freezeDeep(binding)).code).toBe(201);
    expect(made.call('POST', `${CORE}/pods/a/binding`, freezeDeep(binding)).body.message).toBe(
      'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "node-1"',
    );
    const dying = made.call('DELETE', `${CORE}/pods/a`);
    expect(dying.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    expect(dying.body.spec.nodeName).toBe('node-1');
    const options = { gracePeriodSeconds: 0, preconditions: { uid: dying.body.metadata.uid } };
    const kubelet = made.connect('system:node:node-1', 'system:nodes');
    expect(made.callAs(kubelet, 'DELETE', `${CORE}/pods/a`, freezeDeep(options)).code).toBe(200);
    expect(made.call('GET', `${CORE}/pods/a`).code).toBe(404);
    // Nobody runs it: gone at once.
    made.call('POST', `${CORE}/pods`, pod('b'));
    made.call('DELETE', `${CORE}/pods/b`);
    expect(made.call('GET', `${CORE}/pods/b`).code).toBe(404);
  });

  test('a namespace goes when its finalizer is taken away', () => {
    const made = server();
    const namespace = freezeDeep({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
    const created = made.call('POST', '/api/v1/namespaces', namespace);
    expect(created.body).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    const dying = made.call('DELETE', '/api/v1/namespaces/x');
    expect(dying.body.status.phase).toBe('Terminating');
    expect(made.call('POST', '/api/v1/namespaces/x/pods', pod('a'))).toMatchObject({
      code: 403,
      body: {
        message:
          'pods "a" is forbidden: unable to create new content in namespace x because it is being terminated',
      },
    });
    made.call('PUT', '/api/v1/namespaces/x/finalize', freezeDeep({ ...dying.body, spec: {} }));
    expect(made.call('GET', '/api/v1/namespaces/x').code).toBe(404);
  });

  test('services get addresses and node ports; tables print them', () => {
    const made = server();
    const service = (name: string, spec: object) =>
      freezeDeep({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name },
        spec: { ports: [{ port: 80 }], ...spec },
      });
    const drawn = made.call('POST', `${CORE}/services`, service('a', {}));
    expect(drawn.body.spec.clusterIP).toMatch(/^10\.(9[6-9]|1\d\d)\./);
    const wanted = made.call(
      'POST',
      `${CORE}/services`,
      service('b', { clusterIP: '10.96.0.10', type: 'NodePort' }),
    );
    expect(wanted.body.spec.clusterIP).toBe('10.96.0.10');
    expect(wanted.body.spec.ports[0].nodePort).toBeGreaterThan(30085);
    expect(
      made.call('POST', `${CORE}/services`, service('c', { clusterIP: '10.96.0.10' })),
    ).toMatchObject({ code: 422 });
    made.call('DELETE', `${CORE}/services/b`);
    expect(
      made.call('POST', `${CORE}/services`, service('d', { clusterIP: '10.96.0.10' })).code,
    ).toBe(201);
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io, application/json';
    const table = made.call('GET', `${CORE}/services/d`, undefined, { accept });
    expect(table.body).toMatchObject({
      kind: 'Table',
      rows: [{ object: { metadata: { name: 'd' } } }],
    });
  });

  test('what a person sends is checked, what has problems is warned of', () => {
    const made = server();
    const text = JSON.stringify({
      ...pod('a'),
      spec: { containers: [{ name: 'w', image: 'x' }], bogus: 1 },
    });
    const strict = made.call('POST', `${CORE}/pods?fieldValidation=Strict`, JSON.parse(text));
    expect(strict.body.message).toBe(
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.bogus"',
    );
    const warned = made.call(
      'POST',
      `${CORE}/pods?fieldValidation=Warn&dryRun=All`,
      JSON.parse(text),
    );
    expect(warned.code).toBe(201);
    expect(warned.headers.get('warning')).toContain('unknown field \\"spec.bogus\\"');
    expect(made.call('GET', `${CORE}/pods/a`).code).toBe(404);
  });

  test('a token stands for its account until its pod is gone', () => {
    const made = server();
    const { body: made1 } = made.call('POST', `${CORE}/pods`, pod('a'));
    const asked = freezeDeep({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        expirationSeconds: 3607,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'a', uid: made1.metadata.uid },
      },
    });
    const { body } = made.call('POST', `${CORE}/serviceaccounts/default/token`, asked);
    const headers = { authorization: `Bearer ${body.status.token}` };
    const nobody = made.connect('');
    const who = freezeDeep({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    expect(made.callAs(nobody, 'POST', path, who, headers).body.status.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:default',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    made.call('DELETE', `${CORE}/pods/a`);
    expect(made.callAs(nobody, 'POST', path, who, headers)).toMatchObject({
      code: 401,
      body: { message: 'Unauthorized' },
    });
  });

  test('strategic patches merge lists by key', () => {
    const made = server();
    made.call('POST', `${CORE}/pods`, pod('a'));
    const patch = freezeDeep({ spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] } });
    const headers = { 'content-type': 'application/strategic-merge-patch+json' };
    const patched = made.call('PATCH', `${CORE}/pods/a`, patch, headers);
    expect(patched.body.spec.containers).toMatchObject([{ name: 'web', image: 'nginx:1.27' }]);
    expect(patched.body.spec.containers[0].volumeMounts).toHaveLength(1);
    const again = made.call('PATCH', `${CORE}/pods/a`, patch, headers);
    expect(again.body.metadata.resourceVersion).toBe(patched.body.metadata.resourceVersion);
  });
});
