/**
 * Serves HTTP on a listener: TLS if asked for, HTTP/1.1 or multiplexed by ALPN or by what the client
 * sends first, a task for each request. The two kinds of connections are in `http1-server` and
 * `http-mux-server`.
 *
 *     const listener = process.net.listen(0, 80);
 *     serveHttp(process, listener.value, function* (exchange) {
 *       exchange.respond(200, new Map([['content-type', 'text/plain']]), utf8('hello\n'));
 *     });
 */
import { Roster } from '../../ground/base/roster.ts';
import { formatIp } from '../../ground/base/ip.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Chunk } from './chunk.ts';
import type { Errno } from './errno.ts';
import { Http1Server } from './http1-server.ts';
import type { HttpHost } from './http-client.ts';
import { Frame } from './http-frame.ts';
import { MuxServer, type ServerConnection } from './http-mux-server.ts';
import type { HttpExchange, HttpServer } from './http-types.ts';
import type { Connection, Listener } from './socket.ts';
import { tlsServer } from './tls.ts';
import type { TlsPeer, TlsServerOptions } from './tls-types.ts';

export interface ServeHttpOptions {
  /** A function is asked anew for each connection, so that rotated certificates are seen. */
  readonly tls?: TlsServerOptions | (() => TlsServerOptions);
  /** Go's server log: `http: TLS handshake error from 10.0.0.1:4711: EOF`. */
  readonly log?: (line: string) => void;
  /** Name of the tasks that serve, for inspectors. */
  readonly name?: string;
}

export function serveHttp(
  host: HttpHost,
  listener: Listener,
  handler: (exchange: HttpExchange) => Task<void>,
  options: ServeHttpOptions = {},
): HttpServer {
  const server = new Server(host, listener, handler, options);
  listener.onAccept((connection) => server.accept(connection));
  return server;
}

class Server implements HttpServer {
  readonly #host: HttpHost;
  readonly #listener: Listener;
  readonly #handler: (exchange: HttpExchange) => Task<void>;
  readonly #options: ServeHttpOptions;
  readonly #name: string;
  readonly #connections = new Roster<ServerConnection>();
  readonly #idle = new Roster<Connection>();
  readonly #closed = (connection: ServerConnection): void => {
    this.#connections.delete(connection);
  };
  readonly #serve = (exchange: HttpExchange): void => {
    this.#host.start(this.#name, this.#handler(exchange));
  };

  constructor(
    host: HttpHost,
    listener: Listener,
    handler: (exchange: HttpExchange) => Task<void>,
    options: ServeHttpOptions,
  ) {
    this.#host = host;
    this.#listener = listener;
    this.#handler = handler;
    this.#options = options;
    this.#name = options.name ?? 'serve HTTP';
  }

  get connections(): number {
    return this.#connections.size + this.#idle.size;
  }

  accept(connection: Connection): void {
    const { tls } = this.#options;
    if (tls === undefined) this.#attach(connection, undefined);
    else {
      const options = typeof tls === 'function' ? tls() : tls;
      this.#host.start('TLS handshake', this.#secure(connection, options));
    }
  }

  close(): void {
    this.#listener.close();
    for (const connection of [...this.#idle]) connection.close();
    for (const connection of [...this.#connections]) connection.drain();
  }

  abort(): void {
    this.#listener.close();
    for (const connection of [...this.#idle]) connection.reset();
    for (const connection of [...this.#connections]) connection.abort();
  }

  *#secure(connection: Connection, options: TlsServerOptions): Task<void> {
    this.#idle.add(connection);
    const secured = yield* tlsServer(connection, options, () => this.#host.clock.wall());
    this.#idle.delete(connection);
    if (secured.ok) {
      this.#attach(secured.value.connection, secured.value.peer);
      return;
    }
    const { ip, port } = connection.remote;
    this.#options.log?.(`http: TLS handshake error from ${formatIp(ip)}:${port}: ${secured.error}`);
  }

  /** The first chunk shows which kind of HTTP the client speaks. */
  #attach(connection: Connection, peer: TlsPeer | undefined): void {
    let served: ServerConnection | undefined;
    this.#idle.add(connection);
    connection.onReceive((event: Result<Chunk | undefined, Errno>) => {
      if (served === undefined) {
        this.#idle.delete(connection);
        if (!event.ok || event.value === undefined) {
          connection.close();
          return;
        }
        served = this.#speak(connection, peer, event.value);
      }
      served.handle(event);
    });
  }

  #speak(connection: Connection, peer: TlsPeer | undefined, first: Chunk): ServerConnection {
    const made: ServerConnection =
      first instanceof Frame
        ? new MuxServer(connection, peer, this.#serve, this.#closed)
        : new Http1Server(connection, peer, this.#serve, this.#closed);
    this.#connections.add(made);
    return made;
  }
}
