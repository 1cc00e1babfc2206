/** What the API server lets nobody do: too much at once, too long, or more than they hold. */
import { describe, expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { startTask } from '../../../../src/ground/base/task.ts';
import { parseOptions } from '../../../../src/spine/apiserver/options.ts';
import { request, type Reply } from '../../../support/control-plane.ts';
import { fakeApiServer } from '../../../support/fake-apiserver.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ROLES = `${RBAC}/namespaces/default/roles`;
const BINDINGS = `${RBAC}/namespaces/default/rolebindings`;

const role = (name: string, ...rules: object[]) =>
  freezeDeep({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name },
    rules,
  });
const binding = (name: string, kind: string, of: string, user: string) =>
  freezeDeep({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: of },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  });

describe('escalation', () => {
  /** jane may write roles and bindings, and read pods. */
  function withJane() {
    const server = fakeApiServer();
    const own = role(
      'own',
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['roles', 'rolebindings'],
        verbs: ['create', 'update'],
      },
    );
    server.call('POST', ROLES, own);
    server.call('POST', BINDINGS, binding('jane', 'Role', 'own', 'jane'));
    const jane = server.connect('jane');
    return {
      server,
      as: (target: string, body: object) => server.callAs(jane, 'POST', target, body),
    };
  }

  test('a role may hold what its writer holds, and nothing else', () => {
    const { as } = withJane();
    expect(
      as(ROLES, role('a', { apiGroups: [''], resources: ['pods'], verbs: ['get'] })).code,
    ).toBe(201);
    const more = role(
      'b',
      { apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'watch'] },
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'], verbs: ['get'] },
    );
    expect(as(ROLES, more)).toMatchObject({
      code: 403,
      body: {
        message:
          'roles.rbac.authorization.k8s.io "b" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
          '{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}\n' +
          '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "watch"]}\n' +
          '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["web"], Verbs:["get"]}',
      },
    });
  });

  test('a role may be bound by who holds it or has the verb bind', () => {
    const { server, as } = withJane();
    const view = binding('v', 'ClusterRole', 'system:aggregate-to-view', 'joe');
    expect(as(BINDINGS, view).body.message).toMatch(
      /^rolebindings\.rbac\.authorization\.k8s\.io "v" is forbidden: user "jane" .*not currently held:\n/,
    );
    expect(as(BINDINGS, binding('n', 'ClusterRole', 'nobody', 'joe'))).toMatchObject({
      code: 404,
      body: { message: 'clusterroles.rbac.authorization.k8s.io "nobody" not found' },
    });
    const bind = {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles'],
      resourceNames: ['system:aggregate-to-view'],
      verbs: ['bind'],
    };
    server.call('POST', ROLES, role('binder', bind));
    server.call('POST', BINDINGS, binding('binder', 'Role', 'binder', 'jane'));
    expect(as(BINDINGS, view).code).toBe(201);
  });

  test('can-i --list: all rules of a user, and everything for masters', () => {
    const { server, as } = withJane();
    const target = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
    const review = (namespace: string) =>
      freezeDeep({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        spec: { namespace },
      });
    const { status } = as(target, review('default')).body;
    expect(status.incomplete).toBe(false);
    expect(status.resourceRules).toContainEqual({
      verbs: ['get', 'list'],
      apiGroups: [''],
      resources: ['pods'],
    });
    expect(server.call('POST', target, review('default')).body.status.resourceRules[0]).toEqual({
      verbs: ['*'],
      apiGroups: ['*'],
      resources: ['*'],
    });
    expect(as(target, review('')).body.message).toBe('no namespace on request');
  });
});

describe('limits', () => {
  const MAPS = '/api/v1/namespaces/default/configmaps';
  const map = (name: string) =>
    freezeDeep({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

  test('more writes than --max-mutating-requests-inflight are sent away, but not of masters', () => {
    const server = fakeApiServer(
      '--max-mutating-requests-inflight=1',
      '--authorization-mode=AlwaysAllow',
    );
    const replies: Reply[] = [];
    const send = (user: string, group: string, name: string): void => {
      const connection = server.connect(user, group);
      startTask(
        server.loop,
        (function* () {
          replies.push(yield* request(connection, 'POST', MAPS, map(name)));
        })(),
        'client',
      );
    };
    send('joe', 'people', 'a');
    send('joe', 'people', 'b');
    send('root', 'system:masters', 'c');
    server.loop.run({ until: server.loop.now + 5_000_000 });
    const codes = replies.map((reply) => reply.code).sort((a, b) => a - b);
    expect(codes).toEqual([201, 201, 429]);
    const refused = replies.find((reply) => reply.code === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(refused?.body).toBe('Too many requests, please try again later.\n');
  });

  test('--request-timeout and ?timeout= end a request whose storage hangs', () => {
    const server = fakeApiServer('--request-timeout=3s');
    server.database.store.txn = () => {
      throw new Error('unreachable');
    };
    server.service.handle = () => {};
    const before = server.loop.now;
    const late = server.call('POST', MAPS, map('a'));
    expect(late).toMatchObject({
      code: 504,
      body: {
        reason: 'Timeout',
        message: 'Timeout: request did not complete within the allotted timeout',
      },
    });
    const took = server.loop.now - before;
    expect(took).toBeGreaterThanOrEqual(3_000_000);
    expect(took).toBeLessThan(6_100_000);
    const start = server.loop.now;
    expect(server.call('POST', `${MAPS}?timeout=200ms`, map('b')).code).toBe(504);
    expect(server.loop.now - start).toBeLessThan(400_000);
    expect(server.call('POST', `${MAPS}?timeout=soon`, map('b')).code).toBe(400);
  });

  test.each([
    [
      '--max-requests-inflight=many',
      'invalid argument "many" for "--max-requests-inflight" flag: strconv.ParseInt: parsing "many": invalid syntax',
    ],
    [
      '--request-timeout=5',
      'invalid argument "5" for "--request-timeout" flag: time: missing unit in duration "5"',
    ],
    [
      '--profiling=perhaps',
      'invalid argument "perhaps" for "--profiling" flag: strconv.ParseBool: parsing "perhaps": invalid syntax',
    ],
    ['--enable-admission-plugins=Nope', 'enable-admission-plugins plugin "Nope" is unknown'],
    ['--nonsense', 'unknown flag: --nonsense'],
    ['--oidc-issuer-url=https://x', '--oidc-issuer-url is not supported by this simulator'],
  ])('%s', (flag, text) => {
    const needed = [
      '--etcd-servers=x',
      '--service-account-issuer=x',
      '--service-account-signing-key-file=x',
    ];
    expect(parseOptions([...needed, flag])).toEqual({ ok: false, error: text });
  });
});
