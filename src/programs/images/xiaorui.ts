/**
 * xiaorui/backend (port 3000) and xiaorui/frontend (port 3001), the pair of the seeds' examples: two
 * small Go servers that log every request. The frontend passes requests on with two headers only.
 */
import { textOf, utf8 } from '../../ground/base/bytes.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { sortedText } from '../../ground/base/text.ts';
import { civilFromWall, formatHttpDate, type WallTime } from '../../ground/base/time.ts';
import { parseJson } from '../../ground/lang/json.ts';
import type { ImageArchive } from '../../machines/machine/image.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { resolveHost } from '../../machines/machine/resolver.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import { goError } from '../../machines/network/errno.ts';
import { openHttp } from '../../machines/network/http-client.ts';
import { serveHttp } from '../../machines/network/http-server.ts';
import type { HttpExchange } from '../../machines/network/http-types.ts';
import {
  ALPINE,
  archive,
  commonRoot,
  type ImageParts,
  imageConfig,
  PATH_VARIABLE,
  programs,
} from './image.ts';

const CLIENT_TIMEOUT = 360 * SECOND;

/** `2019/08/12 20:34:06 text`, as Go's log.Println. */
function goLog(process: Process, words: string): void {
  process.stderr.post(`${goTime(process.clock.wall())} ${words}\n`);
}

function goTime(wall: WallTime): string {
  const t = civilFromWall(wall);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${t.year}/${two(t.month)}/${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}

/** Go's fmt of a header map: keys sorted, canonical. */
function goHeaders(exchange: HttpExchange): string {
  const skipped = new Set(['host', 'connection']);
  const names = sortedText(
    [...exchange.request.headers.keys()].filter((name) => !skipped.has(name)),
  );
  return `map[${names.map((name) => `${canonical(name)}:[${exchange.request.headers.get(name)}]`).join(' ')}]`;
}

function canonical(name: string): string {
  return name.replace(
    /(^|-)([a-z])/g,
    (_, dash: string, letter: string) => dash + letter.toUpperCase(),
  );
}

function answer(
  process: Process,
  exchange: HttpExchange,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  exchange.respond(
    status,
    new Map([
      ['content-type', type],
      ['date', formatHttpDate(process.clock.wall())],
    ]),
    utf8(body),
  );
}

function logRequest(process: Process, exchange: HttpExchange): string {
  goLog(
    process,
    `new request ${formatIp(exchange.remote.ip)}:${exchange.remote.port} ${goHeaders(exchange)}`,
  );
  return exchange.request.target.split('?')[0] ?? '/';
}

function* backendHandler(process: Process, exchange: HttpExchange): Task<void> {
  yield* process.work(150);
  const path = logRequest(process, exchange);
  switch (path) {
    case '/info':
      answer(process, exchange, 200, process.hostname);
      return;
    case '/hello': {
      const version = JSON.stringify(process.env.get('VERSION') ?? '');
      answer(
        process,
        exchange,
        200,
        `{"Version":${version},"HostName":${JSON.stringify(process.hostname)}}`,
        'application/json',
      );
      return;
    }
    case '/timeout':
      yield* process.sleep(60 * SECOND);
      answer(process, exchange, 200, 'ok');
      return;
    case '/abort':
      answer(process, exchange, 555, 'active abort error');
      return;
    case '/retry':
      if (process.random.below(100) > 70) answer(process, exchange, 555, 'active raise error');
      else answer(process, exchange, 200, 'ok');
      return;
    default:
      answer(process, exchange, 404, '404 page not found\n');
  }
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** GET of the same path at the backend; the error is Go's. */
function* callBackend(process: Process, exchange: HttpExchange): Task<Result<Reply, string>> {
  const base = process.env.get('BACKEND') ?? 'http://127.0.0.1:3000';
  const url = `${base}${exchange.request.target}`;
  const match = /^http:\/\/([^:/]+)(?::(\d+))?/.exec(base);
  const host = match?.[1] ?? '127.0.0.1';
  const port = Number(match?.[2] ?? '80');
  const head = `Get "${url}": `;
  const resolved = yield* resolveHost(process, host);
  const ip = resolved.ok ? resolved.value[0] : undefined;
  if (ip === undefined) return err(`${head}dial tcp: lookup ${host}: no such host`);
  const opened = yield* openHttp(process, { ip, port, dialTimeout: CLIENT_TIMEOUT });
  if (!opened.ok) {
    const reason = opened.error.kind === 'socket' ? goError(opened.error.errno) : 'i/o timeout';
    return err(`${head}dial tcp ${formatIp(ip)}:${port}: connect: ${reason}`);
  }
  const headers = new Map([
    ['user-agent', exchange.request.headers.get('user-agent') ?? ''],
    ['content', 'Application/json'],
    ['accept-encoding', 'gzip'],
  ]);
  const response = yield* opened.value.request(
    {
      method: 'GET',
      target: exchange.request.target,
      host: match?.[2] === undefined ? host : `${host}:${port}`,
      headers,
      body: undefined,
    },
    CLIENT_TIMEOUT,
  );
  if (!response.ok) {
    opened.value.close();
    return err(
      `${head}${response.error.kind === 'timeout' ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' : 'EOF'}`,
    );
  }
  const body = yield* response.value.whole();
  opened.value.close();
  return ok({
    status: response.value.status,
    body: body.ok && body.value !== undefined ? textOf(bytesOf(body.value)) : '',
  });
}

function* frontendHandler(process: Process, exchange: HttpExchange): Task<void> {
  yield* process.work(150);
  const path = logRequest(process, exchange);
  if (path === '/info') {
    answer(process, exchange, 200, process.hostname);
    return;
  }
  if (!['/hello', '/timeout', '/abort', '/retry'].includes(path)) {
    answer(process, exchange, 404, '404 page not found\n');
    return;
  }
  const reply = yield* callBackend(process, exchange);
  if (!reply.ok) {
    answer(process, exchange, 200, reply.error);
    return;
  }
  if (path === '/hello') {
    goLog(process, `recv backend json: ${reply.value.body}`);
    // What is not JSON makes the handler follow a nil error: the connection ends without an answer.
    if (!parseJson(reply.value.body).ok) {
      goLog(
        process,
        `http: panic serving ${formatIp(exchange.remote.ip)}:${exchange.remote.port}: runtime error: invalid memory address or nil pointer dereference`,
      );
      exchange.abort();
      return;
    }
  }
  answer(process, exchange, reply.value.status, reply.value.body);
}

function server(
  name: string,
  port: number,
  handler: (process: Process, exchange: HttpExchange) => Task<void>,
): Program {
  return {
    name,
    version: '1.0',
    *main(process) {
      process.memory(6 * 1024 * 1024);
      yield* process.work(10_000);
      const listener = process.net.listen(0, port);
      if (!listener.ok) {
        goLog(process, `listen tcp :${port}: bind: ${goError(listener.error)}`);
        return 1;
      }
      serveHttp(process, listener.value, (exchange) => handler(process, exchange), {
        name: `${name} request`,
      });
      // Go's runtime ends a program on SIGTERM.
      yield process.terminated;
      return 2;
    },
  };
}

const backend = server('backend', 3000, backendHandler);
const frontend = server('frontend', 3001, frontendHandler);

/** Tags latest, v1 and v2; the version that /hello reports comes from the environment. */
export function xiaoruiImages(parts: ImageParts): readonly ImageArchive[] {
  const make = (name: string, program: Program, port: number): readonly ImageArchive[] =>
    (['v1', 'v2'] as const).map((tag) => {
      const config = imageConfig({
        entrypoint: [`/${name}`],
        exposedPorts: [`${port}/tcp`],
        environment: [PATH_VARIABLE, `VERSION=${tag}`],
      });
      const tags = tag === 'v1' ? ['latest', 'v1'] : ['v2'];
      return archive(parts.costs, `docker.io/xiaorui/${name}`, tags, config, [
        ...commonRoot(ALPINE),
        ...programs(parts.busybox),
        ...programs([{ path: `/${name}`, program }]),
      ]);
    });
  return [...make('backend', backend, 3000), ...make('frontend', frontend, 3001)];
}
