/** One HTTPS request as a Go program makes it: resolve, dial, handshake, ask; failures in Go's words. */
import { SECOND } from '../../ground/base/event-loop.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { resolveHost } from '../../machines/machine/resolver.ts';
import type { Chunk } from '../../machines/network/chunk.ts';
import { goError } from '../../machines/network/errno.ts';
import { openHttp } from '../../machines/network/http-client.ts';
import type { HttpError } from '../../machines/network/http-types.ts';

const DIAL_TIMEOUT = 30 * SECOND;
const HEADERS = new Map([
  ['user-agent', 'containerd/v2.1.4'],
  ['accept', 'application/vnd.oci.image.manifest.v1+json, */*'],
]);

export interface HttpsAnswer {
  readonly status: number;
  readonly body: Chunk | undefined;
}

/** Sends one request on a connection of its own. The registry's certificate is taken as it is. */
export function* fetchHttps(
  process: Process,
  host: string,
  port: number,
  method: string,
  path: string,
): Task<Result<HttpsAnswer, string>> {
  const resolved = yield* resolveHost(process, host);
  if (!resolved.ok)
    return err(`dial tcp: lookup ${host}${serverOf(process)}: ${lookupError(resolved.error)}`);
  const ip = resolved.value[0];
  if (ip === undefined) return err(`dial tcp: lookup ${host}: no such host`);
  const opened = yield* openHttp(process, {
    ip,
    port,
    dialTimeout: DIAL_TIMEOUT,
    tlsTimeout: DIAL_TIMEOUT,
    tls: { serverName: host, roots: [], skipVerify: true, alpn: ['http/1.1'] },
  });
  if (!opened.ok) return err(errorText(opened.error, `${formatIp(ip)}:${port}`));
  const connection = opened.value;
  const answer = yield* connection.request({
    method,
    target: path,
    host,
    headers: HEADERS,
    body: undefined,
  });
  if (!answer.ok) {
    connection.close();
    return err(errorText(answer.error, `${formatIp(ip)}:${port}`));
  }
  const body = yield* answer.value.whole();
  connection.close();
  return body.ok
    ? ok({ status: answer.value.status, body: body.value })
    : err(errorText(body.error, `${formatIp(ip)}:${port}`));
}

/** ` on 192.168.0.1:53`: Go names the server that it asked. */
function serverOf(process: Process): string {
  const text = process.files.readText('/etc/resolv.conf');
  const server = text.ok ? /^nameserver\s+(\S+)/m.exec(text.value)?.[1] : undefined;
  return server === undefined ? '' : ` on ${server}:53`;
}

function lookupError(error: string): string {
  return error === 'EAI_AGAIN' ? 'i/o timeout' : 'no such host';
}

function errorText(error: HttpError, address: string): string {
  switch (error.kind) {
    case 'socket':
      if (error.phase === 'dial')
        return `dial tcp ${address}: ${error.errno === 'ETIMEDOUT' ? 'i/o timeout' : `connect: ${goError(error.errno)}`}`;
      return `${error.phase} tcp ${address}: ${goError(error.errno)}`;
    case 'eof':
      return 'EOF';
    case 'timeout':
      return error.phase === 'dial'
        ? `dial tcp ${address}: i/o timeout`
        : 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)';
    case 'tls':
    case 'malformed':
      return error.message;
  }
}
