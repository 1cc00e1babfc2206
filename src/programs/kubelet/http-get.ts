/**
 * An HTTP request of a probe or hook: one connection, one request, redirects on the same host counted
 * as success (k8s.io/kubernetes/pkg/probe/http/request.go, v1.34). Errors are Go's.
 */
import type { Container, HTTPGetAction } from '../../ground/api/types.ts';
import { parseIp } from '../../ground/base/ip.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { goError } from '../../machines/network/errno.ts';
import { httpAnswer, type OneRequest, probeTls } from './http-once.ts';

/** A port by number, or by the name that the container gives it. */
export function portOf(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((candidate) => candidate.name === port)?.containerPort;
  if (named !== undefined) return named;
  return /^\d+$/.test(port) ? Number(port) : undefined;
}

/** A request that is sent again and again: everything about it but the answer. */
export interface PreparedGet {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly request: OneRequest;
}

/** Makes the request of a probe or hook; the error is a host that is no address. */
export function prepareGet(
  action: HTTPGetAction,
  host: string,
  port: number,
  userAgent: string,
  timeout: Micros,
): Result<PreparedGet, string> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path =
    action.path === undefined || action.path === ''
      ? '/'
      : action.path.startsWith('/')
        ? action.path
        : `/${action.path}`;
  const url = `${scheme}://${host}:${port}${path}`;
  const headers = new Map<string, string>([
    ['user-agent', userAgent],
    ['accept', '*/*'],
    ['connection', 'close'],
  ]);
  let name = `${host}:${port}`;
  for (const { name: key, value } of action.httpHeaders ?? []) {
    if (key.toLowerCase() === 'host') name = value;
    else headers.set(key.toLowerCase(), value);
  }
  const ip = parseIp(host);
  if (ip === undefined) return err(`Get "${url}": dial tcp: lookup ${host}: no such host`);
  const request: OneRequest = {
    ip,
    port,
    tls: scheme === 'https' ? probeTls(name.replace(/:\d+$/, '')) : undefined,
    http: { method: 'GET', target: path, host: name, headers, body: undefined },
    timeout,
  };
  return ok({ url, host, port, request });
}

/** Succeeds on 200 ≤ status < 400. */
export function* httpGet(process: Process, prepared: PreparedGet): Task<Result<void, string>> {
  const { url, host, port } = prepared;
  const answer = yield* httpAnswer(process, prepared.request);
  if (answer.ok) {
    if (answer.value >= 200 && answer.value < 400) return DONE;
    return err(`HTTP probe failed with statuscode: ${answer.value}`);
  }
  const head = `Get "${url}": `;
  const failure = answer.error;
  switch (failure.kind) {
    case 'socket':
      if (failure.phase !== 'dial')
        return err(`${head}read tcp ${host}:${port}: ${goError(failure.errno)}`);
      if (failure.errno === 'ETIMEDOUT') return err(`${head}dial tcp ${host}:${port}: i/o timeout`);
      return err(`${head}dial tcp ${host}:${port}: connect: ${goError(failure.errno)}`);
    case 'eof':
      return err(`${head}EOF`);
    case 'timeout':
      if (failure.phase === 'dial') return err(`${head}dial tcp ${host}:${port}: i/o timeout`);
      return err(
        `${head}context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
      );
    case 'tls':
      return err(`${head}${failure.message}`);
    case 'malformed':
      return err(
        `${head}net/http: HTTP/1.x transport connection broken: malformed HTTP response "${failure.message}"`,
      );
  }
}
