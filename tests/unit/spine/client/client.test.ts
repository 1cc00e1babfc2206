/** The client over a simulated network: Go's error texts, Status, shared connection, watches, exec streams. */
import { expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { PODS } from '../../../../src/ground/api/names.ts';
import type { Pod } from '../../../../src/ground/api/types.ts';
import { bytesOf, type Chunk } from '../../../../src/machines/network/chunk.ts';
import { textOf, utf8 } from '../../../../src/ground/base/bytes.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { ok } from '../../../../src/ground/base/result.ts';
import type { Task } from '../../../../src/ground/base/task.ts';
import { certificatePem } from '../../../../src/ground/pki/certificate.ts';
import { privateKeyPem } from '../../../../src/ground/pki/keys.ts';
import type { OpenFile } from '../../../../src/machines/machine/files-types.ts';
import type { Process } from '../../../../src/machines/machine/process.ts';
import { serveHttp } from '../../../../src/machines/network/http-server.ts';
import type { HttpExchange } from '../../../../src/machines/network/http-types.ts';
import { objectMessage, watchMessage } from '../../../../src/spine/client/api-body.ts';
import { openClient } from '../../../../src/spine/client/client.ts';
import { clientConfig, parseKubeconfig } from '../../../../src/spine/client/kubeconfig.ts';
import { serveExec, streamExec } from '../../../../src/spine/client/remotecommand.ts';
import { newAuthority, newClient, newServer } from '../../../support/authority.ts';
import { fakeProcess } from '../../../support/fake-process.ts';
import {
  addNode,
  httpHost,
  newNetwork,
  runTask,
  socketsIn,
} from '../../../support/small-network.ts';

const AUTHORITY = newAuthority('kubernetes');
const POD = freezeDeep<Pod>({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', resourceVersion: '7' },
  spec: { containers: [] },
});

function kubeconfig(server: string): string {
  const identity = newClient(AUTHORITY);
  return [
    'apiVersion: v1',
    'kind: Config',
    'current-context: admin',
    `clusters: [{name: c, cluster: {server: "${server}", certificate-authority: ca.crt}}]`,
    'contexts: [{name: admin, context: {cluster: c, user: u, namespace: web}}]',
    `users: [{name: u, user: {client-certificate-data: ${btoa(certificatePem(identity.certificate))}, client-key-data: ${btoa(privateKeyPem(identity.key))}}}]`,
  ].join('\n');
}

function setUp(handler?: (exchange: HttpExchange, process: Process) => Task<void>) {
  const network = newNetwork();
  const cp = addNode(network.fabric, 'cp-1', '192.168.0.10', '10.244.0.0/24');
  const node = addNode(network.fabric, 'node-1', '192.168.0.11', '10.244.1.0/24');
  const { process } = fakeProcess(network.loop, 'kubectl', network.recorder);
  const pem = certificatePem(AUTHORITY.certificate);
  const files = {
    readContent: (path: string) =>
      path === '/etc/ca.crt' ? ok(utf8(pem)) : { ok: false as const, error: 'ENOENT' as const },
  };
  Object.assign(process, { net: socketsIn(node.namespace, 'kubectl'), files });
  const host = httpHost(network, cp.namespace, 'kube-apiserver');
  if (handler !== undefined) {
    const listener = host.net.listen(0, 6443);
    if (!listener.ok) throw new Error(listener.error);
    const tls = {
      identity: newServer(AUTHORITY),
      clientRoots: [AUTHORITY.certificate],
      alpn: ['h2'],
    };
    serveHttp(host, listener.value, (exchange) => handler(exchange, process), { tls });
  }
  const parsed = parseKubeconfig(kubeconfig('https://192.168.0.10:6443'), '/etc/config');
  if (!parsed.ok) throw new Error(parsed.error);
  const config = clientConfig(process, parsed.value, '/etc');
  if (!config.ok) throw new Error(config.error);
  const client = openClient(process, config.value, { qps: -1 });
  const run = <T>(task: Task<T>): T => runTask(network.loop, task, 200 * SECOND) as T;
  return { ...network, process, client, run, config: config.value, cp, node };
}

test('nobody listens: connection refused, in Go’s words', () => {
  const { client, run } = setUp();
  const answer = run(client.get(PODS, 'default', 'web'));
  expect(!answer.ok && answer.error.message).toBe(
    'Get "https://192.168.0.10:6443/api/v1/namespaces/default/pods/web": dial tcp 192.168.0.10:6443: connect: connection refused',
  );
});

test('objects by reference, a Status as an error, one connection for all', () => {
  const seen: string[] = [];
  const { client, run, config, node } = setUp(function* (exchange) {
    const { target, headers } = exchange.request;
    seen.push(
      `${exchange.request.method} ${target} ${exchange.peer?.certificate?.subject.commonName}`,
    );
    expect(headers.get('user-agent')).toBe('kubectl/v1.34.0 (linux/amd64) kubernetes/f28b4c9');
    if (target.endsWith('/web')) exchange.respond(200, new Map(), objectMessage(POD));
    else if (target.endsWith('/bytes')) exchange.respond(200, new Map(), utf8(JSON.stringify(POD)));
    else {
      const status = {
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        code: 404,
        message: 'pods "no" not found',
      };
      exchange.respond(404, new Map(), objectMessage(status));
    }
  });
  expect(config.namespace).toBe('web');
  const found = run(client.get<Pod>(PODS, 'default', 'web'));
  expect(found.ok && found.value).toBe(POD);
  const parsed = run(client.get<Pod>(PODS, 'default', 'bytes'));
  expect(parsed.ok && parsed.value).toEqual(POD);
  const missing = run(client.get(PODS, 'default', 'no'));
  expect(!missing.ok && [missing.error.code, missing.error.reason, missing.error.message]).toEqual([
    404,
    'NotFound',
    'pods "no" not found',
  ]);
  expect(seen[0]).toBe('GET /api/v1/namespaces/default/pods/web kubernetes-admin');
  expect(node).toBeDefined();
});

test('Retry-After is obeyed', () => {
  let calls = 0;
  const { client, run, loop } = setUp(function* (exchange) {
    calls += 1;
    if (calls === 1) exchange.respond(429, new Map([['retry-after', '3']]), undefined);
    else exchange.respond(200, new Map(), objectMessage(POD));
  });
  const before = loop.now;
  expect(run(client.get(PODS, 'default', 'web')).ok).toBe(true);
  expect(Math.floor((loop.now - before) / SECOND)).toBe(3);
});

test('watch events arrive by reference, and its end is told', () => {
  const { client, run, loop } = setUp(function* (exchange) {
    expect(exchange.request.target).toBe(
      '/api/v1/pods?allowWatchBookmarks=true&resourceVersion=5&watch=true',
    );
    exchange.start(200, new Map([['content-type', 'application/json']]));
    exchange.post(watchMessage({ type: 'ADDED', object: POD }));
    exchange.post(watchMessage({ type: 'DELETED', object: POD }).render());
    exchange.end();
  });
  const heard: unknown[] = [];
  const opened = run(
    client.watch<Pod>(PODS, '', { resourceVersion: '5', allowWatchBookmarks: true }),
  );
  if (opened.ok) opened.value.onEvent((event) => heard.push(event?.type, event?.object === POD));
  loop.run({ until: loop.now + SECOND });
  expect(heard).toEqual(['ADDED', true, 'DELETED', false, undefined, false]);
});

/** A file that gives these pieces and keeps what is written. */
function file(pieces: string[]): OpenFile & { text(): string } {
  let written = '';
  return {
    *readChunk() {
      const next = pieces.shift();
      return ok(next === undefined ? undefined : utf8(next));
    },
    *write(chunk: Chunk) {
      written += textOf(bytesOf(chunk));
      return ok(undefined);
    },
    text: () => written,
  } as unknown as OpenFile & { text(): string };
}

test('exec: input, both outputs and the exit code', () => {
  const { client, run, process } = setUp(function* (exchange, server) {
    yield* serveExec(
      server,
      exchange,
      { stdin: true, stdout: true, stderr: true, tty: false },
      function* (streams) {
        for (;;) {
          const input = yield* streams.receive();
          if (input === undefined) break;
          yield* streams.write(1, utf8(textOf(bytesOf(input)).toUpperCase()));
        }
        yield* streams.write(2, utf8('oops\n'));
        return { code: 3, message: '' };
      },
    );
  });
  const [stdout, stderr] = [file([]), file([])];
  const outcome = run(
    streamExec(process, client, '/api/v1/namespaces/default/pods/web/exec?command=cat&stdin=true', {
      stdin: file(['one\n', 'two\n']),
      stdout,
      stderr,
      tty: false,
    }),
  );
  expect(outcome).toEqual(ok({ code: 3, message: '' }));
  expect([stdout.text(), stderr.text()]).toEqual(['ONE\nTWO\n', 'oops\n']);
});

test.each([
  ['users: [', /^error loading config file "x": yaml: /],
  ['apiVersion: v2\nkind: Config', /no kind "Config" is registered for version "v2"/],
])('a broken kubeconfig %j', (text, message) => {
  const parsed = parseKubeconfig(text, 'x');
  expect(!parsed.ok && parsed.error).toMatch(message);
});

test('what a kubeconfig lacks is told in clientcmd’s words', () => {
  const { process } = setUp();
  const config = (text: string, overrides = {}) => {
    const parsed = parseKubeconfig(text, 'x');
    const result = parsed.ok ? clientConfig(process, parsed.value, '/etc', overrides) : parsed;
    return result.ok ? 'ok' : result.error;
  };
  expect(config('')).toMatch(/^invalid configuration: no configuration has been provided/);
  expect(config('', { context: 'x' })).toBe('context "x" does not exist');
  expect(config('current-context: gone')).toBe(
    'invalid configuration: context was not found for specified context: gone',
  );
  expect(config(kubeconfig('https://x').replace('ca.crt', 'no.crt'))).toBe(
    'invalid configuration: unable to read certificate-authority /etc/no.crt for c due to open /etc/no.crt: no such file or directory',
  );
});
