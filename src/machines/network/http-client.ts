/**
 * Opens HTTP connections: dials, secures, and settles on HTTP/1.1 or a multiplexed connection (by
 * ALPN `h2` under TLS; by choice, as gRPC does, without). The two clients are in `http1-client` and
 * `http-mux-client`.
 *
 *     const opened = yield* openHttp(process, { ip, port: 80 });
 *     const answer = yield* opened.value.request({ method: 'GET', target: '/', host: 'web', headers, body: undefined });
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Running, Task } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import { Http1Client } from './http1-client.ts';
import { MuxClient } from './http-mux-client.ts';
import type { HttpConnection, HttpError } from './http-types.ts';
import type { Connection, ConnectOptions, Sockets } from './socket.ts';
import { tlsClient } from './tls.ts';
import type { TlsClientOptions, TlsPeer } from './tls-types.ts';

/** Who speaks HTTP: anything with tasks, sockets and a clock. A process is one. */
export interface HttpHost {
  start<T>(name: string, task: Task<T>): Running<T>;
  readonly net: Sockets;
  readonly clock: { wall(): WallTime };
}

export interface OpenHttpOptions {
  readonly ip?: Ip;
  readonly port?: number;
  /** A unix socket instead of an address. */
  readonly path?: string;
  readonly tls?: TlsClientOptions;
  /** Without TLS: speak multiplexed HTTP at once. With TLS, ALPN decides. */
  readonly multiplex?: boolean;
  /** For the dial; without it Linux's SYN retries apply. */
  readonly dialTimeout?: Micros;
  /** For the TLS handshake. */
  readonly tlsTimeout?: Micros;
  readonly source?: { readonly ip?: Ip; readonly port?: number };
  /** Called when the dial has succeeded, before TLS. */
  readonly onDialled?: () => void;
}

/** A connection ready for requests. */
export function* openHttp(
  host: HttpHost,
  options: OpenHttpOptions,
): Task<Result<HttpConnection, HttpError>> {
  const { path, dialTimeout } = options;
  const dialled =
    path === undefined
      ? yield* host.net.connect(options.ip ?? 0, options.port ?? 0, dialOptions(options))
      : yield* host.net.connectUnix(path);
  if (!dialled.ok) {
    if (dialled.error === 'ETIMEDOUT' && dialTimeout !== undefined)
      return err({ kind: 'timeout', phase: 'dial' });
    return err({ kind: 'socket', errno: dialled.error, phase: 'dial' });
  }
  options.onDialled?.();
  if (options.tls === undefined)
    return ok(clientOn(dialled.value, undefined, options.multiplex === true));
  const secured = yield* tlsClient(
    dialled.value,
    options.tls,
    () => host.clock.wall(),
    options.tlsTimeout,
  );
  if (!secured.ok) return secured;
  const { connection, peer } = secured.value;
  return ok(clientOn(connection, peer, peer.alpn === 'h2'));
}

/** A client on a connection that is there already. */
function clientOn(
  connection: Connection,
  peer: TlsPeer | undefined,
  multiplexed: boolean,
): HttpConnection {
  return multiplexed ? new MuxClient(connection, peer) : new Http1Client(connection, peer);
}

function dialOptions({ dialTimeout, source }: OpenHttpOptions): ConnectOptions {
  if (source === undefined) return dialTimeout === undefined ? {} : { deadline: dialTimeout };
  return dialTimeout === undefined ? { source } : { deadline: dialTimeout, source };
}
