/** HTTP between ends of ours, and between one of ours and bytes typed by hand; TLS on top. */
import { expect, test } from 'vitest';
import { textOf, utf8 } from '../../../../src/ground/base/bytes.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { sleep, type Task } from '../../../../src/ground/base/task.ts';
import { bytesOf, type Message } from '../../../../src/machines/network/chunk.ts';
import {
  type HttpHost,
  openHttp,
  type OpenHttpOptions,
} from '../../../../src/machines/network/http-client.ts';
import { serveHttp } from '../../../../src/machines/network/http-server.ts';
import type { HttpExchange, HttpRequest } from '../../../../src/machines/network/http-types.ts';
import type { Connection } from '../../../../src/machines/network/socket.ts';
import type { TlsServerOptions } from '../../../../src/machines/network/tls-types.ts';
import { NOW, newAuthority, newClient, newServer } from '../../../support/authority.ts';
import {
  address,
  httpHost,
  newNetwork,
  runTask,
  type SmallNetwork,
} from '../../../support/small-network.ts';

const SERVER = address('192.168.0.10');
const authority = newAuthority('kubernetes');
const server = newServer(authority);
const client = newClient(authority);

interface World extends SmallNetwork {
  readonly near: HttpHost;
  readonly far: HttpHost;
  readonly log: string[];
}

function worldWith(
  handler: (exchange: HttpExchange) => Task<void>,
  port: number,
  tls?: TlsServerOptions,
): World {
  const network = newNetwork();
  const far = httpHost(network, network.fabric.addHost('cp-1', SERVER, 16).namespace, 'server');
  const near = httpHost(
    network,
    network.fabric.addHost('node-1', address('192.168.0.11'), 16).namespace,
    'client',
  );
  const listener = far.net.listen(0, port);
  if (!listener.ok) throw new Error(listener.error);
  const log: string[] = [];
  serveHttp(far, listener.value, handler, {
    ...(tls === undefined ? {} : { tls }),
    log: (line) => log.push(line),
  });
  return { ...network, near, far, log };
}

function* hello(exchange: HttpExchange): Task<void> {
  const { method, target, body } = exchange.request;
  const text = `${method} ${target}${body === undefined ? '' : ` ${textOf(bytesOf(body))}`}\n`;
  exchange.respond(200, new Map([['content-type', 'text/plain']]), utf8(text));
}

function get(target: string, change: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', target, host: 'web', headers: new Map(), body: undefined, ...change };
}

function* ask(
  host: HttpHost,
  options: OpenHttpOptions,
  ...requests: readonly HttpRequest[]
): Task<unknown> {
  const opened = yield* openHttp(host, { ip: SERVER, ...options });
  if (!opened.ok) return opened.error;
  const answers: unknown[] = [];
  for (const request of requests) {
    const answer = yield* opened.value.request(request, 10 * SECOND);
    if (!answer.ok) return answer.error;
    const body = yield* answer.value.whole();
    if (!body.ok) return body.error;
    answers.push(
      `${answer.value.status} ${body.value === undefined ? '' : textOf(bytesOf(body.value)).trim()}`,
    );
  }
  opened.value.close();
  return answers;
}

/** Sends text as nc does and reads to the end. */
function* typed(host: HttpHost, port: number, text: string): Task<string> {
  const dialled = yield* host.net.connect(SERVER, port);
  if (!dialled.ok) return dialled.error;
  for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) yield* dialled.value.send(utf8(piece));
  dialled.value.closeWrite();
  return yield* readAll(dialled.value);
}

function* readAll(connection: Connection): Task<string> {
  let all = '';
  for (;;) {
    const next = yield* connection.receive();
    if (!next.ok) return `${all}!${next.error}`;
    if (next.value === undefined) return all;
    all += textOf(bytesOf(next.value));
  }
}

const KINDS: readonly (readonly [string, OpenHttpOptions, TlsServerOptions | undefined])[] = [
  ['HTTP/1.1', { port: 80 }, undefined],
  ['multiplexed', { port: 80, multiplex: true }, undefined],
  [
    'h2 over TLS',
    {
      port: 443,
      tls: { serverName: 'kubernetes', roots: [authority.certificate], alpn: ['h2', 'http/1.1'] },
    },
    { identity: server, alpn: ['h2'] },
  ],
];

test.each(KINDS)('%s: requests, bodies, streams, upgrades', (_name, options, tls) => {
  function* handler(exchange: HttpExchange): Task<void> {
    if (exchange.request.target === '/stream') {
      exchange.start(200, new Map());
      for (const piece of ['a', 'b', 'c']) {
        yield* exchange.write(utf8(piece));
        yield* sleep(SECOND);
      }
      exchange.end();
    } else if (exchange.request.target === '/echo') {
      exchange.start(
        101,
        new Map([
          ['upgrade', 'echo'],
          ['connection', 'Upgrade'],
        ]),
      );
      for (;;) {
        const piece = yield* exchange.receive();
        if (!piece.ok || piece.value === undefined) break;
        yield* exchange.write(utf8(textOf(bytesOf(piece.value)).toUpperCase()));
      }
      exchange.end();
    } else yield* hello(exchange);
  }
  const world = worldWith(handler, options.port ?? 0, tls);
  const answers = runTask(
    world.loop,
    ask(
      world.near,
      options,
      get('/x'),
      get('/y', { method: 'POST', body: utf8('data') }),
      get('/stream'),
    ),
  );
  expect(answers).toEqual(['200 GET /x', '200 POST /y data', '200 abc']);
  const echoed = runTask(
    world.loop,
    (function* () {
      const opened = yield* openHttp(world.near, { ip: SERVER, ...options });
      if (!opened.ok) return opened.error;
      const answer = yield* opened.value.request(
        get('/echo', {
          headers: new Map([
            ['connection', 'Upgrade'],
            ['upgrade', 'echo'],
          ]),
        }),
      );
      if (!answer.ok) return answer.error;
      yield* answer.value.send(utf8('hi'));
      const first = yield* answer.value.receive();
      answer.value.closeWrite();
      const last = yield* answer.value.receive();
      return [
        first.ok && first.value && textOf(bytesOf(first.value)),
        last.ok && last.value === undefined,
      ];
    })(),
  );
  expect(echoed).toEqual(['HI', true]);
});

test('bytes typed by hand get exact bytes back', () => {
  const world = worldWith(hello, 80);
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ';
  expect(runTask(world.loop, typed(world.near, 80, 'GET / HTTP/1.0\r\n\r\n'))).toBe(
    `${head}6\r\nConnection: close\r\n\r\nGET /\n`,
  );
  expect(
    runTask(
      world.loop,
      typed(
        world.near,
        80,
        'GET /a HTTP/1.1\r\nHost: web\r\n\r\nPOST /b HTTP/1.1\nHost: web\nContent-Length: 2\n\nhi',
      ),
    ),
  ).toBe(`${head}7\r\n\r\nGET /a\n${head}11\r\n\r\nPOST /b hi\n`);
  expect(
    runTask(
      world.loop,
      typed(
        world.near,
        80,
        'POST /c HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n',
      ),
    ),
  ).toBe(`${head}14\r\nConnection: close\r\n\r\nPOST /c abcde\n`);
  for (const rubbish of [
    'hello\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: w\r\nContent-Length: x\r\n\r\n',
  ]) {
    expect(runTask(world.loop, typed(world.near, 80, rubbish))).toBe(
      'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request',
    );
  }
});

test('a client of ours reads a server that writes bytes', () => {
  const network = newNetwork();
  const far = httpHost(network, network.fabric.addHost('cp-1', SERVER, 16).namespace);
  const near = httpHost(
    network,
    network.fabric.addHost('node-1', address('192.168.0.11'), 16).namespace,
  );
  const answers = [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  ];
  const listener = far.net.listen(0, 80);
  if (!listener.ok) throw new Error(listener.error);
  listener.value.onAccept((connection) =>
    connection.onReceive((event) => {
      const text = answers.shift() ?? '';
      if (event.ok && event.value !== undefined)
        for (const letter of text) connection.post(utf8(letter));
      if (answers.length === 0) connection.close();
    }),
  );
  expect(runTask(network.loop, ask(near, { port: 80 }, get('/1'), get('/2'), get('/3')))).toEqual([
    '200 abc',
    '204 ',
    '200 until the end',
  ]);
});

test('plain HTTP to a TLS port, and TLS to a plain one', () => {
  const secure = worldWith(hello, 443, { identity: server });
  expect(runTask(secure.loop, ask(secure.near, { port: 443 }, get('/')))).toEqual([
    '400 Client sent an HTTP request to an HTTPS server.',
  ]);
  const plain = worldWith(hello, 80);
  const tls = { serverName: 'kubernetes', roots: [authority.certificate] };
  expect(runTask(plain.loop, ask(plain.near, { port: 80, tls }, get('/')))).toEqual({
    kind: 'malformed',
    message: 'http: server gave HTTP response to HTTPS client',
  });
});

const late = newClient(authority, NOW + SECOND);
const stranger = newClient(newAuthority('other'));
const strict: TlsServerOptions = {
  identity: server,
  clientRoots: [authority.certificate],
  requireClient: true,
};
const good = { serverName: 'kubernetes', roots: [authority.certificate] };

const REFUSALS: readonly (readonly [string, TlsServerOptions, OpenHttpOptions['tls'], string])[] = [
  [
    'unknown authority',
    { identity: server },
    { ...good, roots: [stranger.certificate] },
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  [
    'wrong name',
    { identity: server },
    { ...good, serverName: 'web' },
    'tls: failed to verify certificate: x509: certificate is valid for cp-1, kubernetes, kubernetes.default, not web',
  ],
  ['no client certificate', strict, good, 'remote error: tls: certificate required'],
  ['expired client', strict, { ...good, identity: late }, 'remote error: tls: expired certificate'],
  [
    'stranger (its authority is not asked for)',
    strict,
    { ...good, identity: stranger },
    'remote error: tls: certificate required',
  ],
  [
    'protocol',
    { identity: server, alpn: ['h2'] },
    { ...good, alpn: ['spdy/3'] },
    'remote error: tls: no application protocol',
  ],
];

test.each(REFUSALS)('TLS refuses: %s', (_name, tls, options, message) => {
  const world = worldWith(hello, 443, tls);
  world.loop.run({ until: 2 * SECOND });
  const result = runTask(
    world.loop,
    ask(world.near, { port: 443, ...(options === undefined ? {} : { tls: options }) }, get('/')),
  );
  expect(result).toMatchObject({ kind: 'tls', message });
  world.loop.run({ until: world.loop.now + SECOND });
  expect(world.log).toHaveLength(1);
});

test('a verified client is known, a lenient server takes it as it is', () => {
  const seen: unknown[] = [];
  function* handler(exchange: HttpExchange): Task<void> {
    seen.push([
      exchange.peer?.certificate?.subject.commonName,
      exchange.peer?.clientError?.slice(0, 25),
    ]);
    exchange.respond(200, new Map());
  }
  for (const [tls, identity] of [
    [strict, client],
    [{ ...strict, lenientClient: true }, late],
  ] as const) {
    const world = worldWith(handler, 443, tls);
    world.loop.run({ until: 2 * SECOND });
    runTask(world.loop, ask(world.near, { port: 443, tls: { ...good, identity } }, get('/')));
  }
  expect(seen).toEqual([
    ['kubernetes-admin', undefined],
    ['kubernetes-admin', 'x509: certificate has exp'],
  ]);
});

test('a slow reader holds a multiplexed writer back, and one stream does not hold the others', () => {
  const big: Message = Object.freeze({
    protocol: 'big',
    wireSize: 400_000,
    render: () => new Uint8Array(400_000),
  });
  let written = 0;
  function* handler(exchange: HttpExchange): Task<void> {
    if (exchange.request.target !== '/big') return yield* hello(exchange);
    exchange.start(200, new Map());
    for (; written < 10; written += 1) yield* exchange.write(big);
    exchange.end();
  }
  const world = worldWith(handler, 80);
  const counts = runTask(
    world.loop,
    (function* () {
      const opened = yield* openHttp(world.near, { ip: SERVER, port: 80, multiplex: true });
      if (!opened.ok) return opened.error;
      const slow = yield* opened.value.request(get('/big'));
      yield* sleep(SECOND);
      const stalled = written;
      const other = yield* opened.value.request(get('/other'), SECOND);
      let pieces = 0;
      if (slow.ok)
        for (;;) {
          const piece = yield* slow.value.receive();
          if (!piece.ok || piece.value === undefined) break;
          expect(piece.value).toBe(big);
          pieces += 1;
        }
      return [stalled, other.ok && other.value.status, pieces];
    })(),
  );
  expect(counts).toEqual([3, 200, 10]);
});

test('a cut connection is found dead after 45 s by its pings, a slow one lives', () => {
  function* watch(exchange: HttpExchange): Task<void> {
    exchange.start(200, new Map());
    yield* sleep(3600 * SECOND);
  }
  for (const mended of [false, true]) {
    const world = worldWith(watch, 80);
    const [a, b] = world.fabric.hosts();
    if (a === undefined || b === undefined) throw new Error('no hosts');
    const broken = runTask(
      world.loop,
      (function* () {
        const opened = yield* openHttp(world.near, { ip: SERVER, port: 80, multiplex: true });
        if (!opened.ok) return opened.error;
        const answer = yield* opened.value.request(get('/watch'));
        if (!answer.ok) return answer.error;
        world.fabric.cut(a, b);
        const from = world.loop.now;
        if (mended) world.loop.after(20 * SECOND, () => world.fabric.mend(a, b));
        const end = yield* answer.value.receive(600 * SECOND);
        return [end.ok || end.error.kind, world.loop.now - from];
      })(),
    );
    expect(broken).toEqual(mended ? ['timeout', 600 * SECOND] : ['malformed', 45 * SECOND]);
  }
});
