/**
 * One kept-alive, multiplexed TLS connection to an API server: what Go's http.Transport with HTTP/2
 * is to client-go. Requests share the connection; a broken one is dialled again by the next request,
 * and all requests that come meanwhile wait for the same dial.
 *
 * Times: dial 30 s (net.Dialer in client-go), TLS handshake 10 s (http.Transport).
 */
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { type Ip, parseIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { Deferred, type Task } from '../../ground/base/task.ts';
import { openHttp } from '../../machines/network/http-client.ts';
import type {
  HttpConnection,
  HttpError,
  HttpRequest,
  HttpResponse,
} from '../../machines/network/http-types.ts';
import type { Endpoint } from '../../machines/network/socket.ts';
import type { Process } from '../../machines/machine/process.ts';
import { resolveHost } from '../../machines/machine/resolver.ts';
import { goTransportError } from './api-error.ts';
import type { ClientConfig } from './kubeconfig.ts';

const DIAL_TIMEOUT = 30 * SECOND;
const TLS_TIMEOUT = 10 * SECOND;

/** Why nothing came back: Go's words, and the error behind them when it was on the wire. */
export interface TransportError {
  readonly text: string;
  readonly error: HttpError | undefined;
}

interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** The parts of `https://192.168.0.10:6443`. A server without a scheme is taken as plain HTTP. */
export function parseServer(server: string): ServerAddress | undefined {
  const match = /^(?:(https?):\/\/)?([^/:]+)(?::(\d{1,5}))?(?:\/.*)?$/.exec(server);
  if (match === null) return undefined;
  const secure = match[1] === 'https';
  const port = match[3] === undefined ? (secure ? 443 : 80) : Number(match[3]);
  return { host: match[2] as string, port, secure };
}

export class Transport {
  readonly #process: Process;
  readonly #config: ClientConfig;
  readonly #server: ServerAddress;
  #connection: HttpConnection | undefined;
  #dialling: Deferred<Result<HttpConnection, TransportError>> | undefined;
  #closed = false;

  constructor(process: Process, config: ClientConfig, server: ServerAddress) {
    this.#process = process;
    this.#config = config;
    this.#server = server;
  }

  /** The :authority of requests. */
  get host(): string {
    return `${this.#server.host}:${this.#server.port}`;
  }

  /** Sends a request on the shared connection and waits for the head of its answer. */
  *request(
    request: HttpRequest,
    deadline: Micros | undefined,
  ): Task<Result<HttpResponse, TransportError>> {
    let connection = this.#connection;
    if (connection === undefined || !connection.open) {
      const dialled = yield* this.#dial();
      if (!dialled.ok) return dialled;
      connection = dialled.value;
    }
    const response = yield* connection.request(request, deadline);
    if (response.ok) return response;
    const ends = { local: connection.connection.local, remote: connection.connection.remote };
    if (!connection.open && this.#connection === connection) this.#connection = undefined;
    const text = goTransportError(response.error, ends, deadline !== undefined);
    return err({ text, error: response.error });
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** One dial at a time, in a task of its own: whoever asked first may be killed meanwhile. */
  *#dial(): Task<Result<HttpConnection, TransportError>> {
    let dialling = this.#dialling;
    if (dialling === undefined) {
      dialling = new Deferred<Result<HttpConnection, TransportError>>();
      this.#dialling = dialling;
      this.#process.start('dial API server', this.#open(dialling));
    }
    return yield* dialling.wait();
  }

  *#open(dialling: Deferred<Result<HttpConnection, TransportError>>): Task<void> {
    const opened = yield* this.#connect();
    this.#dialling = undefined;
    if (opened.ok) {
      if (this.#closed) opened.value.close();
      else this.#connection = opened.value;
    }
    dialling.resolve(opened);
  }

  *#connect(): Task<Result<HttpConnection, TransportError>> {
    const { host, port, secure } = this.#server;
    const resolved = yield* this.#resolve(host);
    if (!resolved.ok) return resolved;
    const remote: Endpoint = { ip: resolved.value, port };
    const config = this.#config;
    const opened = yield* openHttp(this.#process, {
      ip: resolved.value,
      port,
      dialTimeout: DIAL_TIMEOUT,
      tlsTimeout: TLS_TIMEOUT,
      ...(secure
        ? {
            tls: {
              serverName: config.serverName ?? host,
              roots: config.roots,
              alpn: ['h2', 'http/1.1'],
              ...(config.identity === undefined ? {} : { identity: config.identity }),
              ...(config.skipVerify === true ? { skipVerify: true } : {}),
            },
          }
        : {}),
    });
    if (opened.ok) return ok(opened.value);
    const text = goTransportError(opened.error, { local: undefined, remote }, false);
    return err({ text, error: opened.error });
  }

  *#resolve(host: string): Task<Result<Ip, TransportError>> {
    const literal = parseIp(host);
    if (literal !== undefined) return ok(literal);
    const found = yield* resolveHost(this.#process, host);
    const ip = found.ok ? found.value[0] : undefined;
    if (ip !== undefined) return ok(ip);
    return err({ text: `dial tcp: lookup ${host}: no such host`, error: undefined });
  }
}
