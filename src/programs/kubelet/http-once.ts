/** One request on a connection of its own, for its status code. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { openHttp } from '../../machines/network/http-client.ts';
import type { Headers, HttpError } from '../../machines/network/http-types.ts';

export interface OneRequest {
  readonly ip: Ip;
  readonly port: number;
  readonly secure: boolean;
  readonly target: string;
  readonly host: string;
  readonly headers: Headers;
  readonly timeout: Micros;
}

/** The status of the answer. Certificates are not checked, as probes do not. */
export function* httpAnswer(
  process: Process,
  request: OneRequest,
): Task<Result<number, HttpError>> {
  const { ip, port, timeout } = request;
  const until = process.clock.monotonic() + timeout;
  const tls = {
    serverName: request.host.replace(/:\d+$/, ''),
    roots: [],
    skipVerify: true,
    alpn: ['http/1.1'],
  };
  const opened = yield* openHttp(process, {
    ip,
    port,
    dialTimeout: timeout,
    tlsTimeout: timeout,
    ...(request.secure ? { tls } : {}),
  });
  if (!opened.ok) return opened;
  const connection = opened.value;
  const left = Math.max(1, until - process.clock.monotonic());
  const answer = yield* connection.request(
    {
      method: 'GET',
      target: request.target,
      host: request.host,
      headers: request.headers,
      body: undefined,
    },
    left,
  );
  connection.close();
  return answer.ok ? ok(answer.value.status) : err(answer.error);
}
