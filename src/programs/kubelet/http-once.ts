/** One request on a connection of its own, for its status code. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { openHttp } from '../../machines/network/http-client.ts';
import type { HttpError, HttpRequest } from '../../machines/network/http-types.ts';
import type { TlsClientOptions } from '../../machines/network/tls-types.ts';

export interface OneRequest {
  readonly ip: Ip;
  readonly port: number;
  readonly tls: TlsClientOptions | undefined;
  readonly http: HttpRequest;
  readonly timeout: Micros;
}

/** TLS as probes speak it: certificates are not checked. */
export function probeTls(serverName: string): TlsClientOptions {
  return { serverName, roots: [], skipVerify: true, alpn: ['http/1.1'] };
}

/** The status of the answer. */
export function* httpAnswer(
  process: Process,
  request: OneRequest,
): Task<Result<number, HttpError>> {
  const { ip, port, tls, timeout } = request;
  const until = process.clock.monotonic() + timeout;
  const opened = yield* openHttp(
    process,
    tls === undefined
      ? { ip, port, dialTimeout: timeout }
      : { ip, port, tls, dialTimeout: timeout, tlsTimeout: timeout },
  );
  if (!opened.ok) return opened;
  const connection = opened.value;
  const left = Math.max(1, until - process.clock.monotonic());
  const answer = yield* connection.request(request.http, left);
  connection.close();
  return answer.ok ? ok(answer.value.status) : err(answer.error);
}
