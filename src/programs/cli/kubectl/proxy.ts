/**
 * `kubectl proxy` (k8s.io/kubectl/pkg/cmd/proxy and pkg/proxy, v0.34): an HTTP server on this machine
 * that passes requests on with the identity of the kubeconfig. What a browser elsewhere may not ask is
 * filtered by host and path as upstream does.
 *
 * Not modelled: `--www`, `--unix-socket`, filters of one's own and upgraded connections.
 */
import { formatIp, parseIp } from '../../../ground/base/ip.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { Deferred, type Task } from '../../../ground/base/task.ts';
import { goError } from '../../../machines/network/errno.ts';
import { serveHttp } from '../../../machines/network/http-server.ts';
import type { HttpExchange } from '../../../machines/network/http-types.ts';
import type { Api } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import type { Verb } from './session.ts';

/** Hosts that a request may be meant for, ports left out. */
const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])$/;
/** Paths that would let a page run commands. */
const REFUSED = /^\/api\/.*\/pods\/.*\/(exec|attach)/;
const UNSUPPORTED =
  'www www-prefix unix-socket accept-hosts accept-paths append-server-path reject-methods reject-paths keepalive'.split(
    ' ',
  );
/** Headers of one connection, which are not passed on. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

export const proxy: Verb = {
  name: 'proxy',
  usage: '[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]',
  short: 'Run a proxy to the Kubernetes API server',
  flags: flagSpecs(
    `address='127.0.0.1' api-prefix='/' disable-filter=false p port=8001 keepalive=0s w www='' accept-hosts='' accept-paths=''
    append-server-path=false reject-methods='' reject-paths='' u unix-socket='' P www-prefix='/static/'`,
  ),
  *run(session) {
    const { flags, process } = session;
    const unknown = UNSUPPORTED.find((name) => flags.has(name));
    if (unknown !== undefined) return fail(`proxy --${unknown} is not supported by this simulator`);
    const address = parseIp(
      flags.text('address') === 'localhost' ? '127.0.0.1' : flags.text('address'),
    );
    const port = flags.int('port');
    const where = `${flags.text('address')}:${port}`;
    if (address === undefined)
      return fail(`listen tcp: lookup ${flags.text('address')}: no such host`);
    if (port > 65_535) return fail(`listen tcp: address ${port}: invalid port`);
    const api = session.api();
    if (!api.ok) return api;
    const opened = process.net.listen(address, port);
    if (!opened.ok) return fail(`listen tcp ${where}: bind: ${goError(opened.error)}`);
    const { local } = opened.value;
    yield* session.print(`Starting to serve on ${formatIp(local.ip)}:${local.port}\n`);
    const prefix = flags.text('api-prefix').replace(/\/$/, '');
    const filtered = !flags.bool('disable-filter');
    serveHttp(process, opened.value, (exchange) => pass(api.value, exchange, prefix, filtered), {
      name: 'proxy',
    });
    // A signal is the end of it, and nothing is left to do.
    return yield* new Deferred<Outcome<number>>().wait();
  },
};

function* pass(api: Api, exchange: HttpExchange, prefix: string, filtered: boolean): Task<void> {
  const { method, target, host, headers, body } = exchange.request;
  const path = target.replace(/\?.*$/, '');
  const refused = !HOSTS.test(host.replace(/:\d+$/, '')) || REFUSED.test(path);
  if (filtered && refused) return answer(exchange, 403, 'Forbidden');
  if (!`${path}/`.startsWith(`${prefix}/`)) return answer(exchange, 404, '404 page not found');
  const passed = new Map([...headers].filter(([name]) => !OWN_HEADERS.has(name)));
  const inner = target.slice(prefix.length);
  const response = yield* api.client.raw({ method, target: inner, headers: passed, body });
  if (!response.ok) return answer(exchange, 500, response.error.message);
  exchange.start(response.value.status, response.value.headers);
  for (;;) {
    const piece = yield* response.value.receive();
    if (!piece.ok) return exchange.abort();
    if (piece.value === undefined) return exchange.end();
    const sent = yield* exchange.write(piece.value);
    if (!sent) return response.value.cancel();
  }
}

function answer(exchange: HttpExchange, status: number, text: string): void {
  exchange.respond(
    status,
    new Map([['content-type', 'text/plain; charset=utf-8']]),
    utf8(`${text}\n`),
  );
}
